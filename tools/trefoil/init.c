/* `trefoil init`: a tenant from nothing. Everything is checked before the first key is made; nothing is ever
 * overwritten.
 */
#include "cli/commands.h"

#include <errno.h>
#include <sodium.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cli/members.h"
#include "cli/tenant.h"
#include "cli/text.h"
#include "seal/roster_sign.h"

#define RETENTION_MIN_MS (60ull * 1000)
#define RETENTION_MAX_MS (3650ull * 24 * 3600 * 1000)

struct plan {
    const char *dir, *channel;
    uint64_t retention_ms, valid_ms;
    uint8_t tenant[SEAL_ID_BYTES], channel_id[SEAL_ID_BYTES];
    uint8_t root_seed[SEAL_KEY_BYTES], root_pk[SEAL_KEY_BYTES];
    struct channel_secret secret;
    struct members members; /* the gateway first */
};

static int read_plan(struct cli *cli, struct plan *plan)
{
    const char *services = cli_option(cli, "services"), *channel = cli_option(cli, "channel");
    const char *retention = cli_option(cli, "retention"), *valid = cli_option(cli, "valid");
    struct newcomer *member;
    int r;

    plan->dir = cli->arguments[0];
    plan->channel = channel ? channel : "main";
    if (!text_is_name(bytes_of_text(plan->channel)))
        return cli_misuse(cli, "'%s' is no name of a channel; allowed: up to 64 of a-z 0-9 . _ -", plan->channel);
    if (text_to_ms(retention ? retention : "14d", &plan->retention_ms) < 0 || plan->retention_ms < RETENTION_MIN_MS ||
        plan->retention_ms > RETENTION_MAX_MS)
        return cli_misuse(cli, "--retention %s; allowed: a number and d, h or m, from 1m to 3650d, as 14d", retention);
    if (text_to_ms(valid ? valid : "365d", &plan->valid_ms) < 0 || plan->valid_ms < RETENTION_MIN_MS ||
        plan->valid_ms > RETENTION_MAX_MS)
        return cli_misuse(cli, "--valid %s; allowed: a number and d, h or m, from 1m to 3650d, as 365d", valid);
    r = members_add(cli, &plan->members, "gateway", ROLE_GATEWAY, &member);
    if (r == CLI_OK)
        r = members_add(cli, &plan->members, "admin", ROLE_ADMIN | ROLE_SERVICE | ROLE_ADDRESSES, &member);
    return r == CLI_OK && services ? members_parse(cli, services, &plan->members) : r;
}

static int make_folder(struct cli *cli, const char *dir)
{
    static const char *const names[] = { "root.key", "root.pub", "trust.bundle", "keys" };

    if (!*dir)
        return cli_misuse(cli, "DIR is empty; allowed: the path of a folder");
    for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
        const char *path = tenant_path(cli, dir, names[i]);
        if (path && access(path, F_OK) == 0)
            return cli_fail(
                cli,
                "%s is there already: a tenant lives in %s and is never overwritten. Choose another folder, or "
                "change this one with: trefoil roster --help",
                path, dir);
    }
    if (mkdir(dir, 0700) < 0 && errno != EEXIST)
        return cli_fail(cli, "cannot make the folder %s: %s", dir, strerror(errno));
    if (mkdir(tenant_path(cli, dir, "keys"), 0700) < 0)
        return cli_fail(cli, "cannot make the folder %s/keys: %s", dir, strerror(errno));
    return CLI_OK;
}

static int make_root(struct cli *cli, struct plan *plan)
{
    char hex[2 * SEAL_KEY_BYTES + 2];
    int r;

    randombytes_buf(plan->tenant, sizeof(plan->tenant));
    randombytes_buf(plan->channel_id, sizeof(plan->channel_id));
    root_key_generate(plan->root_seed, plan->root_pk);
    channel_secret_generate(plan->channel_id, &plan->secret);
    r = root_key_save(tenant_path(cli, plan->dir, "root.key"), plan->root_seed);
    sodium_memzero(plan->root_seed, sizeof(plan->root_seed));
    if (r < 0)
        return cli_fail(cli, "cannot write %s/root.key: %s", plan->dir, strerror(-r));
    bytes_to_hex(bytes_make(plan->root_pk, SEAL_KEY_BYTES), hex);
    hex[2 * SEAL_KEY_BYTES] = '\n';
    r = tenant_write_file(cli, tenant_path(cli, plan->dir, "root.pub"), bytes_make(hex, 2 * SEAL_KEY_BYTES + 1), false);
    return r < 0 ? cli_fail(cli, "cannot write %s/root.pub: %s", plan->dir, strerror(-r)) : CLI_OK;
}

static int make_members(struct cli *cli, struct plan *plan)
{
    struct newcomer *gateway = &plan->members.list[0];

    for (size_t i = 0; i < plan->members.n; i++) {
        struct newcomer *member = &plan->members.list[i];
        int r;
        member->secrets = &plan->secret;
        member->n_secrets = 1;
        if (i > 0)
            member->gateway_transport_pk = gateway->entry.transport_pks[0].data;
        r = tenant_make_keyring(cli, plan->dir, plan->tenant, plan->root_pk, member);
        if (r != CLI_OK)
            return r;
    }
    return CLI_OK;
}

/* Everybody but the gateway reads and writes the one channel. */
static int publish(struct cli *cli, const struct plan *plan)
{
    size_t n = plan->members.n, n_users = n - 1;
    struct roster_service *services = arena_array(&cli->mem, n, sizeof(*services));
    struct bytes *users = arena_array(&cli->mem, n, sizeof(*users));
    struct bytes *wraps = arena_array(&cli->mem, n, sizeof(*wraps));
    uint64_t now_ms = tenant_now_ms();
    struct roster_channel channel = { .id = bytes_make(plan->channel_id, SEAL_ID_BYTES),
                                      .name = plan->channel,
                                      .writers = users,
                                      .readers = users,
                                      .n_writers = n_users,
                                      .n_readers = n_users,
                                      .retention_ms = plan->retention_ms };
    struct roster roster = { .tenant = bytes_make(plan->tenant, SEAL_ID_BYTES),
                             .version = 1,
                             .not_before_ms = now_ms,
                             .not_after_ms = now_ms + plan->valid_ms,
                             .services = services,
                             .n_services = n,
                             .channels = &channel,
                             .n_channels = 1 };
    struct bytes bundle;

    if (!services || !users || !wraps)
        return cli_fail(cli, "out of memory");
    for (size_t i = 0; i < n; i++) {
        services[i] = plan->members.list[i].entry;
        if (i == 0)
            continue;
        users[i - 1] = services[i].id;
        wraps[i - 1] = plan->members.list[i].wrap_key;
    }
    return tenant_publish(cli, plan->dir, &roster, wraps, n_users, &bundle);
}

static void report(const struct plan *plan)
{
    char hex[2 * SEAL_KEY_BYTES + 1], retention[24], role[64];

    bytes_to_hex(bytes_make(plan->root_pk, SEAL_KEY_BYTES), hex);
    text_of_ms(plan->retention_ms, retention, sizeof(retention));
    printf("A tenant is made in %s:\n"
           "  %-24s signs rosters; keep it offline, nothing that runs needs it\n"
           "  %-24s what everybody pins\n"
           "  %-24s roster version 1 (channel %s, retention %s) and wrap keys, public\n",
           plan->dir, "root.key", "root.pub", "trust.bundle", plan->channel, retention);
    for (size_t i = 0; i < plan->members.n; i++) {
        const struct newcomer *member = &plan->members.list[i];
        char file[96];
        snprintf(file, sizeof(file), "keys/%s.keyring", member->name);
        printf("  %-24s %s", file, tenant_role_words(member->role, role, sizeof(role)));
        for (size_t j = 0; j < member->n_accounts; j++)
            printf("%s%s", j > 0 ? ", " : " for ", member->accounts[j]);
        printf("\n");
    }
    printf("\nNext:\n"
           "  1. gateway.yaml:    keyring_file: %s/keys/gateway.keyring\n"
           "                      bundle_file: %s/trust.bundle\n"
           "                      root_pk: %s\n"
           "  2. each translator: keyring_file: %s/keys/NAME.keyring\n"
           "  3. this command:    export TREFOIL_KEYRING=%s/keys/admin.keyring\n"
           "  4. move root.key to a safe place; to change who is in: trefoil roster --help\n",
           plan->dir, plan->dir, hex, plan->dir, plan->dir);
}

int command_init(struct cli *cli)
{
    struct plan *plan = sodium_malloc(sizeof(*plan)); /* holds the root's seed for a moment */
    int r;

    if (!plan)
        return cli_fail(cli, "no guarded memory for keys: %s (ulimit -l)", strerror(errno));
    memset(plan, 0, sizeof(*plan));
    r = read_plan(cli, plan);
    if (r == CLI_OK)
        r = make_folder(cli, plan->dir);
    if (r == CLI_OK)
        r = make_root(cli, plan);
    if (r == CLI_OK)
        r = make_members(cli, plan);
    if (r == CLI_OK)
        r = publish(cli, plan);
    if (r == CLI_OK)
        report(plan);
    sodium_free(plan);
    return r;
}
