/* trefoil-sandbox: WhatsApp, Messenger and Instagram on one port of this machine, for tests and for looking at.
 * Never talks to the real ones.
 */
#include <getopt.h>
#include <signal.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "daemon/config.h"
#include "daemon/confine.h"
#include "sandbox/sandbox.h"

#define CONFIG_ARENA_BYTES (4 * 1024 * 1024)
#define ERROR_SIZE 512

extern char **environ;

struct options {
    const char *config, *page_folder, *seed;
    bool only_check;
};

static void print_help(FILE *out)
{
    fputs("Usage: trefoil-sandbox --config FILE [--check-config] [--seed NUMBER] [--page-dir FOLDER]\n"
          "\n"
          "Plays WhatsApp, Messenger and Instagram: the Graph API, signed webhooks, people with phones, a control API\n"
          "under /control/ and a page with the phones under /.\n"
          "\n"
          "  --config FILE      sandbox.yaml: accounts, people, delays\n"
          "  --check-config     read the configuration, say what is wrong with it, and exit\n"
          "  --seed NUMBER      ids and faults come out the same again\n"
          "  --page-dir FOLDER  read the page from here instead of what was built in\n"
          "  --help             this\n",
          out);
}

/* 0: go on; 1: done; -1: wrong. */
static int read_options(int argc, char **argv, struct options *ret)
{
    static const struct option names[] = {
        { "config", required_argument, NULL, 'c' }, { "check-config", no_argument, NULL, 'k' },
        { "seed", required_argument, NULL, 's' },   { "page-dir", required_argument, NULL, 'p' },
        { "help", no_argument, NULL, 'h' },         { 0 }
    };
    int option;

    while ((option = getopt_long(argc, argv, "h", names, NULL)) != -1) {
        if (option == 'c')
            ret->config = optarg;
        else if (option == 'k')
            ret->only_check = true;
        else if (option == 's')
            ret->seed = optarg;
        else if (option == 'p')
            ret->page_folder = optarg;
        else if (option == 'h') {
            print_help(stdout);
            return 1;
        } else
            return -1;
    }
    if (!ret->config || optind != argc) {
        fputs("trefoil-sandbox: --config FILE is needed, and nothing else without a name; see --help\n", stderr);
        return -1;
    }
    return 0;
}

static int choose_seed(const char *text, struct settings *settings)
{
    if (text && bytes_to_u64(bytes_of_text(text), UINT64_MAX, &settings->seed) < 0) {
        fprintf(stderr, "trefoil-sandbox: --seed: a number from 0 to 18446744073709551615\n");
        return -1;
    }
    if (settings->seed == 0)
        randombytes_buf(&settings->seed, sizeof(settings->seed) - 1);
    return 0;
}

static void on_signal(uv_signal_t *handle, unused_ int number)
{
    uv_stop(handle->loop);
}

static int run(const struct settings *settings, const char *page_folder)
{
    static struct sandbox sandbox; /* too large for a stack's taste */
    uv_loop_t loop;
    uv_signal_t signals[2];
    const char *what = "";
    int r;

    if (uv_loop_init(&loop) < 0)
        return EXIT_FAILURE;
    sandbox.page_folder = page_folder;
    sandbox.world.log = (struct log){ (enum log_level) settings->log_level, settings->log_format == 1, "sandbox" };
    for (unsigned i = 0; i < 2; i++) {
        (void) uv_signal_init(&loop, &signals[i]);
        (void) uv_signal_start(&signals[i], on_signal, i ? SIGTERM : SIGINT);
    }
    r = sandbox_start(&sandbox, &loop, settings, &what);
    if (r < 0) {
        fprintf(stderr, "trefoil-sandbox: %s: %s\n", what, strerror(-r));
    } else {
        log_event(&sandbox.world.log, LOG_INFO_, "listening", LOG_TEXT("host", settings->host),
                  LOG_NUMBER("port", http_server_port(sandbox.server)), LOG_NUMBER("seed", settings->seed));
        (void) uv_run(&loop, UV_RUN_DEFAULT);
    }
    for (unsigned i = 0; i < 2; i++)
        uv_close((uv_handle_t *) &signals[i], NULL);
    sandbox_stop(&sandbox);
    (void) uv_run(&loop, UV_RUN_DEFAULT);
    sandbox_deinit(&sandbox);
    (void) uv_loop_close(&loop);
    return r < 0 ? EXIT_FAILURE : EXIT_SUCCESS;
}

int main(int argc, char **argv)
{
    struct options options = { 0 };
    struct settings settings = { 0 };
    struct arena mem = ARENA_EMPTY(CONFIG_ARENA_BYTES);
    char error[ERROR_SIZE] = "";
    const char *step = "";
    int r = read_options(argc, argv, &options);

    if (r != 0)
        return r > 0 ? EXIT_SUCCESS : 2;
    if (confine_process(&step) < 0 || sodium_init() < 0) {
        fprintf(stderr, "trefoil-sandbox: cannot confine the process: %s\n", step);
        return EXIT_FAILURE;
    }
    r = config_load(settings_keys, options.config, environ, &mem, &settings, error, sizeof(error));
    if (r < 0) {
        fprintf(stderr, "trefoil-sandbox: %s\n", *error ? error : strerror(-r));
        arena_deinit(&mem);
        return 2;
    }
    r = choose_seed(options.seed, &settings) < 0 ? 2 : EXIT_SUCCESS;
    if (r == EXIT_SUCCESS && !options.only_check)
        r = run(&settings, options.page_folder);
    arena_deinit(&mem);
    return r;
}
