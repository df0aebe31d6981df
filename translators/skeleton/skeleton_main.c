/* What a translator understands on its command line. Never does anything of it itself. */
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>

#include "capability_record.h"
#include "daemon/memory.h"
#include "skeleton_run.h"

static void print_usage(FILE *file, const struct translator_ops *ops)
{
    fprintf(file,
            "Usage: trefoil-%s --config FILE [--check-config]\n"
            "       trefoil-%s --capabilities [--without-converter]\n"
            "Carries messages between %s and the Trefoil bus, until SIGTERM.\n\n"
            "  --config FILE        the configuration; every top-level key can be overridden in the environment:\n"
            "                       TREFOIL_WEBHOOK_PORT=7711\n"
            "  --check-config       read the configuration, say what is wrong with it, and exit\n"
            "  --capabilities       print what the network can express, as JSON, and exit\n"
            "  --without-converter  the same for a process that cannot convert files\n"
            "  --help               this\n\n"
            "SIGHUP looks for replaced secrets at once; they are noticed within two seconds anyway.\n",
            ops->name, ops->name, ops->name);
}

static int print_capabilities(const struct translator_ops *ops, bool has_converter)
{
    struct arena mem = ARENA_EMPTY(CAPABILITY_RECORD_MAX_BYTES);
    struct bytes json;

    int r = capability_record_json(ops, has_converter, &mem, &json);
    if (r == 0)
        r = fwrite(json.data, 1, json.size, stdout) == json.size && putchar('\n') != EOF ? 0 : -1;
    else
        fprintf(stderr, "%s has no table of capabilities\n", ops->name);
    arena_deinit(&mem);
    return r == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}

struct wish {
    const char *path;
    bool help, only_check, capabilities, without_converter;
};

/* True when the command line could be read. */
static bool read_wish(int argc, char **argv, struct wish *wish)
{
    static const struct option options[] = {
        { "config", required_argument, NULL, 'c' }, { "check-config", no_argument, NULL, 'k' },
        { "capabilities", no_argument, NULL, 'p' }, { "without-converter", no_argument, NULL, 'w' },
        { "help", no_argument, NULL, 'h' },         { 0 }
    };

    for (int option; (option = getopt_long(argc, argv, "", options, NULL)) != -1;) {
        wish->path = option == 'c' ? optarg : wish->path;
        wish->only_check = wish->only_check || option == 'k';
        wish->capabilities = wish->capabilities || option == 'p';
        wish->without_converter = wish->without_converter || option == 'w';
        wish->help = wish->help || option == 'h';
        if (option == '?')
            return false;
    }
    return optind == argc && (wish->help || wish->capabilities || wish->path);
}

int translator_main(int argc, char **argv, const struct translator_ops *ops)
{
    struct wish wish = { 0 };

    memory_keep_for_peer();
    if (!read_wish(argc, argv, &wish)) {
        print_usage(stderr, ops);
        return SKELETON_BAD_SETTINGS;
    }
    if (wish.help) {
        print_usage(stdout, ops);
        return EXIT_SUCCESS;
    }
    return wish.capabilities ? print_capabilities(ops, !wish.without_converter)
                             : skeleton_run(ops, wish.path, wish.only_check);
}
