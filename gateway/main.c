/* trefoil-gateway: options, confinement, and the only exits. Everything else is in gateway.c. */
#include <errno.h>
#include <getopt.h>
#include <signal.h>
#include <sodium.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>

#include "daemon/confine.h"
#include "daemon/memory.h"
#include "gateway.h"
#include "trust/roster.h"

enum exit_code { EXIT_OK = 0, EXIT_FAILED = 1, EXIT_USAGE = 2 };

extern char **environ;

static const char usage[] =
    "Usage: trefoil-gateway --config FILE [--check-config]\n"
    "\n"
    "The bus between translators and services: authenticates peers, journals envelopes, routes, hands out.\n"
    "\n"
    "  --config FILE    configuration, YAML; every key can be overridden by TREFOIL_KEY in the environment\n"
    "  --check-config   read the configuration, say what is wrong with it, and exit\n"
    "  --help           this text\n"
    "\n"
    "SIGTERM, SIGINT: finish what is under way and stop. SIGHUP: read the trust bundle again.\n";

struct options {
    const char *config;
    bool check_only, help;
};

static int read_options(int argc, char **argv, struct options *ret)
{
    static const struct option longs[] = { { "config", required_argument, NULL, 'c' },
                                           { "check-config", no_argument, NULL, 'k' },
                                           { "help", no_argument, NULL, 'h' },
                                           { NULL, 0, NULL, 0 } };
    int option;

    while ((option = getopt_long(argc, argv, "c:h", longs, NULL)) != -1) {
        if (option == 'c')
            ret->config = optarg;
        else if (option == 'k')
            ret->check_only = true;
        else if (option == 'h')
            ret->help = true;
        else
            return -EINVAL;
    }
    if (!ret->help && (!ret->config || optind < argc)) {
        fprintf(stderr, "trefoil-gateway: %s\n", ret->config ? "unexpected argument" : "--config FILE is missing");
        return -EINVAL;
    }
    return 0;
}

/* For the test that searches a core dump for what people wrote: it must find nothing. */
static void allow_core_dumps(void)
{
    (void) prctl(PR_SET_DUMPABLE, 1L, 0L, 0L, 0L);
    (void) setrlimit(RLIMIT_CORE, &(struct rlimit){ RLIM_INFINITY, RLIM_INFINITY });
}

static int run(const struct settings *settings)
{
    static struct gateway gateway; /* large; lives as long as the process */
    char error[512] = "";
    int r = gateway_open(&gateway, settings, error, sizeof(error));

    if (r < 0)
        fprintf(stderr, "trefoil-gateway: %s\n", *error ? error : strerror(-r));
    else
        r = gateway_run(&gateway);
    gateway_close(&gateway);
    return r < 0 ? EXIT_FAILED : EXIT_OK;
}

int main(int argc, char **argv)
{
    struct arena mem = ARENA_EMPTY((size_t) 1 << 20);
    struct settings settings = { 0 };
    struct options options = { 0 };
    const char *step = "";
    char error[512] = "";
    int r = read_options(argc, argv, &options);

    if (r < 0 || options.help) {
        fputs(usage, r < 0 ? stderr : stdout);
        return r < 0 ? EXIT_USAGE : EXIT_OK;
    }
    memory_keep_for_gateway();
    r = confine_process(&step);
    if (r < 0 || sodium_init() < 0) {
        fprintf(stderr, "trefoil-gateway: cannot confine the process (%s): %s\n", step, strerror(-r));
        return EXIT_FAILED;
    }
    r = settings_load(options.config, environ, &mem, &settings, error, sizeof(error));
    if (r < 0) {
        fprintf(stderr, "trefoil-gateway: %s\n", *error ? error : strerror(-r));
        arena_deinit(&mem);
        return EXIT_USAGE;
    }
    if (settings.allow_core_dumps)
        allow_core_dumps();
    r = options.check_only ? EXIT_OK : run(&settings);
    arena_deinit(&mem);
    return r;
}
