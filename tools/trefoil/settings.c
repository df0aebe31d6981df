/* The two things every command on the bus needs. Never opens what they name. */
#include "cli/settings.h"

#include <string.h>

#include "daemon/config.h"

#define DEFAULT_KEYRING "run/keys/admin.keyring"

struct settings {
    const char *keyring, *gateway;
};

static const struct config_key keys[] = {
    { .name = "keyring",
      .type = CONFIG_TEXT,
      .offset = offsetof(struct settings, keyring),
      .min = 1,
      .max = 1024,
      .help = "who is asking" },
    { .name = "gateway",
      .type = CONFIG_TEXT,
      .offset = offsetof(struct settings, gateway),
      .min = 1,
      .max = 256,
      .initial = "tcp://127.0.0.1:7700",
      .help = "where the gateway listens" },
    { 0 },
};

static const char *from_environment(char *const *env, const char *name)
{
    size_t size = strlen(name);

    for (; env && *env; env++)
        if (strncmp(*env, name, size) == 0 && (*env)[size] == '=')
            return *env + size + 1;
    return NULL;
}

int settings_settle(struct cli *cli, char *const *env)
{
    const char *path = cli_option(cli, "config"), *keyring = cli_option(cli, "keyring");
    const char *gateway = cli_option(cli, "gateway");
    struct settings settings = { 0 };
    char error[CONFIG_ERROR_MAX_BYTES] = "out of memory";
    int r;

    if (!path)
        path = from_environment(env, "TREFOIL_CONFIG");
    if (path)
        r = config_load(keys, path, env, &cli->mem, &settings, error, sizeof(error));
    else
        r = config_parse(keys, "environment", BYTES_EMPTY, env, &cli->mem, &settings, error, sizeof(error));
    if (r < 0)
        return cli_fail(cli, "%s", error);
    if (!keyring)
        keyring = settings.keyring;
    cli->is_default_keyring = !keyring;
    cli->keyring = keyring ? keyring : DEFAULT_KEYRING;
    cli->gateway = gateway ? gateway : settings.gateway;
    return CLI_OK;
}
