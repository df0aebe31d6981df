/* `trefoil roster show`: who is in, as the root signed it. Never shows a secret: a roster holds none. */
#include "cli/commands.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "cli/tenant.h"
#include "cli/text.h"

static void put_hex(const char *before, struct bytes bytes, const char *after)
{
    char hex[2 * 64 + 1];

    bytes_to_hex(bytes_slice(bytes, 0, 64), hex);
    printf("%s%s%s", before, hex, after);
}

static const char *name_of(const struct roster *roster, struct bytes id)
{
    const struct roster_service *service = roster_service_by_id(roster, id);

    return service ? service->name : "unknown";
}

static void show_services(const struct roster *roster)
{
    char role[64];

    printf("\nservices\n");
    for (size_t i = 0; i < roster->n_services; i++) {
        const struct roster_service *service = &roster->services[i];
        printf("  %-16s %-*s", service->name, service->n_accounts > 0 ? 24 : 0,
               tenant_role_words(service->role, role, sizeof(role)));
        for (size_t j = 0; j < service->n_accounts; j++)
            printf("%s%s", j > 0 ? ", " : " ", service->accounts[j]);
        printf("\n");
    }
}

static void show_channels(const struct roster *roster)
{
    printf("\nchannels\n");
    for (size_t i = 0; i < roster->n_channels; i++) {
        const struct roster_channel *channel = &roster->channels[i];
        char retention[24];
        text_of_ms(channel->retention_ms, retention, sizeof(retention));
        printf("  %-16s retention %s\n    writers:", channel->name, retention);
        for (size_t j = 0; j < channel->n_writers; j++)
            printf(" %s", name_of(roster, channel->writers[j]));
        printf("\n    readers:");
        for (size_t j = 0; j < channel->n_readers; j++)
            printf(" %s", name_of(roster, channel->readers[j]));
        put_hex("\n    id:      ", channel->id, "\n");
    }
}

static void show_wrap_keys(const struct trust *trust, uint64_t now_ms)
{
    char until[TEXT_TIME_BYTES];

    printf("\nwrap keys\n");
    for (size_t i = 0; i < trust->n_wrap_keys; i++) {
        const struct wrap_key *key = &trust->wrap_keys[i];
        printf("  %-16s generation %" PRIu32 ", until %s%s\n", name_of(&trust->roster, key->service), key->generation,
               text_of_time(key->not_after_ms, until), key->not_after_ms < now_ms ? " (over)" : "");
    }
    if (trust->n_refused > 0)
        printf("  %zu more are in the bundle and good for nothing\n", trust->n_refused);
}

static void show(const struct tenant *tenant)
{
    const struct roster *roster = &tenant->trust.roster;
    char from[TEXT_TIME_BYTES], until[TEXT_TIME_BYTES];
    uint64_t now_ms = tenant_now_ms();

    printf("roster version %" PRIu64 " in %s, good from %s until %s%s\n", roster->version, tenant->dir,
           text_of_time(roster->not_before_ms, from), text_of_time(roster->not_after_ms, until),
           roster_is_current(roster, now_ms) ? "" : " (NOT NOW: sign it again with trefoil roster sign)");
    put_hex("  tenant  ", roster->tenant, "\n");
    put_hex("  root    ", bytes_make(tenant->root_pk, SEAL_KEY_BYTES), "\n");
    put_hex("  hash    ", bytes_make(roster->hash, SEAL_HASH_BYTES), "\n");
    show_services(roster);
    show_channels(roster);
    show_wrap_keys(&tenant->trust, now_ms);
}

static void show_services_json(const struct roster *roster)
{
    for (size_t i = 0; i < roster->n_services; i++) {
        const struct roster_service *service = &roster->services[i];
        char role[64];
        printf("%s{\"name\":\"%s\"", i > 0 ? "," : "", service->name);
        put_hex(",\"id\":\"", service->id, "\"");
        put_hex(",\"identity_pk\":\"", service->identity_pk, "\",\"transport_pks\":[");
        for (size_t j = 0; j < service->n_transport_pks; j++)
            put_hex(j > 0 ? ",\"" : "\"", service->transport_pks[j], "\"");
        printf("],\"role\":\"%s\",\"accounts\":[", tenant_role_words(service->role, role, sizeof(role)));
        for (size_t j = 0; j < service->n_accounts; j++) {
            fputs(j > 0 ? "," : "", stdout);
            text_put_json(stdout, service->accounts[j]);
        }
        printf("],\"void_before_ms\":%" PRIu64 "}", service->void_before_ms);
    }
}

static void show_members_json(const char *name, const struct roster *roster, const struct bytes *ids, size_t n)
{
    printf(",\"%s\":[", name);
    for (size_t i = 0; i < n; i++)
        printf("%s\"%s\"", i > 0 ? "," : "", name_of(roster, ids[i]));
    printf("]");
}

static void show_json(const struct tenant *tenant)
{
    const struct roster *roster = &tenant->trust.roster;

    printf("{\"version\":%" PRIu64, roster->version);
    put_hex(",\"tenant\":\"", roster->tenant, "\"");
    put_hex(",\"root_pk\":\"", bytes_make(tenant->root_pk, SEAL_KEY_BYTES), "\"");
    put_hex(",\"hash\":\"", bytes_make(roster->hash, SEAL_HASH_BYTES), "\"");
    printf(",\"not_before_ms\":%" PRIu64 ",\"not_after_ms\":%" PRIu64 ",\"services\":[", roster->not_before_ms,
           roster->not_after_ms);
    show_services_json(roster);
    printf("],\"channels\":[");
    for (size_t i = 0; i < roster->n_channels; i++) {
        const struct roster_channel *channel = &roster->channels[i];
        printf("%s{\"name\":\"%s\"", i > 0 ? "," : "", channel->name);
        put_hex(",\"id\":\"", channel->id, "\"");
        printf(",\"retention_ms\":%" PRIu64, channel->retention_ms);
        show_members_json("writers", roster, channel->writers, channel->n_writers);
        show_members_json("readers", roster, channel->readers, channel->n_readers);
        printf("}");
    }
    printf("]}\n");
}

int command_roster_show(struct cli *cli)
{
    const char *dir = tenant_dir(cli);
    struct tenant tenant;
    int r = dir ? tenant_open(cli, dir, &tenant) : cli_fail(cli, "out of memory");

    if (r != CLI_OK)
        return r;
    if (cli_option(cli, "json"))
        show_json(&tenant);
    else
        show(&tenant);
    return CLI_OK;
}
