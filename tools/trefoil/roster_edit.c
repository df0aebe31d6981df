/* `trefoil roster sign|add|remove`: the next version of a roster, signed by the root. Never changes one in place: each
 * version names the hash of the one before.
 */
#include "cli/commands.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "cli/members.h"
#include "cli/roster_push.h"
#include "cli/tenant.h"
#include "cli/text.h"

/* The roster under way: a copy with room for one more of everything. */
struct draft {
    struct tenant tenant;
    struct roster roster;
    struct roster_service *services;
    struct roster_channel *channels;
    struct bytes **writers, **readers; /* of the channels, same order */
    struct bytes *wrap_keys;
    size_t n_wrap_keys;
};

/* The members but `left_out`, and room for one more. */
static struct bytes *copy_members(struct cli *cli, const struct bytes *members, size_t *n, struct bytes left_out)
{
    struct bytes *copy = arena_array(&cli->mem, *n + 1, sizeof(*copy));
    size_t kept = 0;

    for (size_t i = 0; copy && i < *n; i++)
        if (!bytes_equal(members[i], left_out))
            copy[kept++] = members[i];
    *n = kept;
    return copy;
}

static int copy_channels(struct cli *cli, const struct roster *roster, struct bytes left_out, struct draft *draft)
{
    draft->channels = arena_array(&cli->mem, roster->n_channels + 1, sizeof(*draft->channels));
    draft->writers = arena_array(&cli->mem, roster->n_channels + 1, sizeof(*draft->writers));
    draft->readers = arena_array(&cli->mem, roster->n_channels + 1, sizeof(*draft->readers));
    for (size_t i = 0; !cli->mem.failed && i < roster->n_channels; i++) {
        struct roster_channel *channel = &draft->channels[i];
        *channel = roster->channels[i];
        channel->writers = draft->writers[i] = copy_members(cli, channel->writers, &channel->n_writers, left_out);
        channel->readers = draft->readers[i] = copy_members(cli, channel->readers, &channel->n_readers, left_out);
    }
    draft->roster.channels = draft->channels;
    return cli->mem.failed ? cli_fail(cli, "out of memory") : CLI_OK;
}

static int copy_services(struct cli *cli, const struct trust *trust, struct bytes left_out, struct draft *draft)
{
    draft->services = arena_array(&cli->mem, trust->roster.n_services + 1, sizeof(*draft->services));
    draft->wrap_keys = arena_array(&cli->mem, trust->n_wrap_keys + 1, sizeof(*draft->wrap_keys));
    if (!draft->services || !draft->wrap_keys)
        return cli_fail(cli, "out of memory");
    draft->roster.n_services = 0;
    for (size_t i = 0; i < trust->roster.n_services; i++)
        if (!bytes_equal(trust->roster.services[i].id, left_out))
            draft->services[draft->roster.n_services++] = trust->roster.services[i];
    for (size_t i = 0; i < trust->n_wrap_keys; i++)
        if (!bytes_equal(trust->wrap_keys[i].service, left_out))
            draft->wrap_keys[draft->n_wrap_keys++] = trust->wrap_keys_signed[i];
    draft->roster.services = draft->services;
    return CLI_OK;
}

/* The next version of the roster in `dir`, without the service `left_out`. */
static int draft_begin(struct cli *cli, const char *dir, struct bytes left_out, struct draft *draft)
{
    const char *valid = cli_option(cli, "valid");
    uint64_t now_ms = tenant_now_ms(), valid_ms = TENANT_VALID_MS;
    const struct trust *trust = &draft->tenant.trust;
    int r = tenant_open(cli, dir, &draft->tenant);

    if (r != CLI_OK)
        return r;
    if (valid && (text_to_ms(valid, &valid_ms) < 0 || valid_ms < 60000 || valid_ms > 10 * TENANT_VALID_MS))
        return cli_misuse(cli, "--valid %s; allowed: a number and d, h or m, from 1m to 3650d, as 365d", valid);
    draft->roster = trust->roster;
    draft->roster.version++;
    draft->roster.previous_hash = bytes_make(trust->roster.hash, SEAL_HASH_BYTES);
    draft->roster.not_before_ms = now_ms;
    draft->roster.not_after_ms = now_ms + valid_ms;
    r = copy_services(cli, trust, left_out, draft);
    return r == CLI_OK ? copy_channels(cli, &trust->roster, left_out, draft) : r;
}

static int draft_finish(struct cli *cli, const struct draft *draft)
{
    struct bytes bundle;
    int r = tenant_publish(cli, draft->tenant.dir, &draft->roster, draft->wrap_keys, draft->n_wrap_keys, &bundle);

    if (r != CLI_OK)
        return r;
    printf("Roster version %" PRIu64 " is signed and in %s/trust.bundle.\n", draft->roster.version, draft->tenant.dir);
    if (cli_option(cli, "push"))
        return roster_push(cli, bundle);
    printf("The gateway learns of it at its next start, or at once by: trefoil roster push\n");
    return CLI_OK;
}

int command_roster_sign(struct cli *cli)
{
    const char *dir = tenant_dir(cli);
    struct draft draft = { 0 };
    int r = dir ? draft_begin(cli, dir, BYTES_EMPTY, &draft) : cli_fail(cli, "out of memory");

    return r == CLI_OK ? draft_finish(cli, &draft) : r;
}

static int read_newcomer(struct cli *cli, struct members *members, struct newcomer **ret)
{
    const char *role_words = cli_option(cli, "role"), *accounts = cli_option(cli, "accounts");
    uint32_t role = accounts ? ROLE_TRANSLATOR | ROLE_ADDRESSES : ROLE_SERVICE;
    int r = role_words ? members_parse_role(cli, role_words, &role) : CLI_OK;

    if (r == CLI_OK)
        r = members_add(cli, members, cli->arguments[0], role, ret);
    while (r == CLI_OK && accounts && *accounts) {
        size_t size = strcspn(accounts, ",");
        const char *account = arena_text(&cli->mem, bytes_make(accounts, size));
        r = account ? members_add_account(cli, members, *ret, account) : cli_fail(cli, "out of memory");
        accounts += size + (accounts[size] == ',');
    }
    if (r == CLI_OK && (role & ROLE_TRANSLATOR) && (*ret)->n_accounts == 0)
        r = cli_misuse(cli, "a translator owns accounts: --accounts NETWORK/ACCOUNT-ID,…");
    if (r == CLI_OK && !(role & ROLE_TRANSLATOR) && (*ret)->n_accounts > 0)
        r = cli_misuse(cli, "only a translator owns accounts: --role translator,addresses");
    return r;
}

/* Nothing of the newcomer's may be in the roster already. */
static int check_new(struct cli *cli, const struct roster *roster, const struct newcomer *newcomer)
{
    if (roster_service_by_name(roster, bytes_of_text(newcomer->name)))
        return cli_fail(cli, "%s is in the roster already", newcomer->name);
    for (size_t i = 0; i < newcomer->n_accounts; i++) {
        const struct roster_service *owner = roster_service_by_account(roster, bytes_of_text(newcomer->accounts[i]));
        if (owner)
            return cli_fail(cli, "account %s is owned by %s already", newcomer->accounts[i], owner->name);
    }
    return CLI_OK;
}

static const struct roster_service *find_gateway(const struct roster *roster)
{
    for (size_t i = 0; i < roster->n_services; i++)
        if (roster->services[i].role & ROLE_GATEWAY && roster->services[i].n_transport_pks > 0)
            return &roster->services[i];
    return NULL;
}

/* The token keys a newcomer in role addresses needs come from a ring of this tenant that has them. `*ret`, once set, is
 * to be freed whatever comes of it. */
static int borrow_secrets(struct cli *cli, const struct draft *draft, struct newcomer *newcomer, struct keyring **ret)
{
    struct keyring *ring;
    int r = keyring_load(cli->keyring, &ring);
    size_t n = 0;

    if (r < 0)
        return cli_fail(cli, "cannot take the token keys from %s: %s; name a keyring in role addresses with --keyring",
                        cli->keyring, strerror(-r));
    *ret = ring;
    if (!bytes_equal(bytes_make(ring->tenant, SEAL_ID_BYTES), draft->roster.tenant))
        return cli_fail(cli, "%s is of another tenant than %s; name a keyring of that one with --keyring", cli->keyring,
                        draft->tenant.dir);
    for (size_t i = 0; i < ring->n_channels; i++)
        if (roster_channel_by_id(&draft->roster, bytes_make(ring->channels[i].channel, SEAL_ID_BYTES)))
            ring->channels[n++] = ring->channels[i];
    if (n == 0)
        return cli_fail(cli, "%s has no token keys to hand on; name a keyring in role addresses with --keyring",
                        cli->keyring);
    newcomer->secrets = ring->channels;
    newcomer->n_secrets = n;
    return CLI_OK;
}

static int make_keyring(struct cli *cli, const struct draft *draft, struct newcomer *newcomer)
{
    const struct roster_service *gateway = find_gateway(&draft->roster);
    struct keyring *ring = NULL;
    int r = newcomer->role & ROLE_ADDRESSES ? borrow_secrets(cli, draft, newcomer, &ring) : CLI_OK;

    newcomer->gateway_transport_pk = gateway ? gateway->transport_pks[0].data : NULL;
    newcomer->min_roster_version = draft->roster.version;
    if (r == CLI_OK)
        r = tenant_make_keyring(cli, draft->tenant.dir, draft->roster.tenant.data, draft->tenant.root_pk, newcomer);
    newcomer->secrets = NULL;
    keyring_free(ring);
    return r;
}

static void enrol(struct draft *draft, const struct newcomer *newcomer)
{
    draft->services[draft->roster.n_services++] = newcomer->entry;
    draft->wrap_keys[draft->n_wrap_keys++] = newcomer->wrap_key;
    for (size_t i = 0; i < draft->roster.n_channels; i++) {
        draft->writers[i][draft->channels[i].n_writers++] = newcomer->entry.id;
        draft->readers[i][draft->channels[i].n_readers++] = newcomer->entry.id;
    }
}

int command_roster_add(struct cli *cli)
{
    struct members *members = arena_alloc(&cli->mem, sizeof(*members));
    const char *dir = tenant_dir(cli);
    struct draft draft = { 0 };
    struct newcomer *newcomer;
    int r = members && dir ? read_newcomer(cli, members, &newcomer) : cli_fail(cli, "out of memory");

    if (r == CLI_OK)
        r = draft_begin(cli, dir, BYTES_EMPTY, &draft);
    if (r == CLI_OK)
        r = check_new(cli, &draft.tenant.trust.roster, newcomer);
    if (r == CLI_OK)
        r = tenant_check_root(cli, dir); /* keys of somebody whom nobody enrols would be in the way ever after */
    if (r == CLI_OK)
        r = make_keyring(cli, &draft, newcomer);
    if (r != CLI_OK)
        return r;
    enrol(&draft, newcomer);
    printf("%s has its keys in %s/keys/%s.keyring.\n", newcomer->name, dir, newcomer->name);
    return draft_finish(cli, &draft);
}

int command_roster_remove(struct cli *cli)
{
    const char *dir = tenant_dir(cli), *name = cli->arguments[0];
    const struct roster_service *service;
    struct draft draft = { 0 };
    struct tenant tenant;
    int r = dir ? tenant_open(cli, dir, &tenant) : cli_fail(cli, "out of memory");

    if (r != CLI_OK)
        return r;
    service = roster_service_by_name(&tenant.trust.roster, bytes_of_text(name));
    if (!service)
        return cli_fail(cli, "%s is not in the roster; trefoil roster show lists who is", name);
    if (service->role & ROLE_GATEWAY)
        return cli_fail(cli, "%s is the gateway; without it the roster would be of no use", name);
    r = draft_begin(cli, dir, service->id, &draft);
    if (r == CLI_OK)
        r = draft_finish(cli, &draft);
    if (r == CLI_OK)
        printf("%s reads and writes nothing new from then on. Destroy its keyring: %s/keys/%s.keyring\n", name, dir,
               name);
    if (r == CLI_OK && service->role & ROLE_ADDRESSES)
        printf("It held the token keys: whoever has its keyring can still name the people behind old tokens.\n");
    return r;
}
