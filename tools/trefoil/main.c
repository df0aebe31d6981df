/* The program `trefoil`: gives up what it does not need, then does what the command line says. */
#include <sodium.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "cli/cli.h"
#include "daemon/confine.h"
#include "daemon/memory.h"

int main(int argc, char **argv)
{
    const char *step = NULL;
    int r = confine_process(&step);

    memory_keep_for_peer();

    if (r < 0) {
        fprintf(stderr, "trefoil: cannot confine itself (%s): %s\n", step, strerror(-r));
        return CLI_FAILED;
    }
    if (sodium_init() < 0) {
        fprintf(stderr, "trefoil: no randomness on this machine\n");
        return CLI_FAILED;
    }
    return cli_main(argc, argv, environ);
}
