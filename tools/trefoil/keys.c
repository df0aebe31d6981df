/* `trefoil keys renew|show`: wrap keys of services, one generation after the other. Never shows a secret, and never
 * publishes a key before its private half is on disk.
 */
#include "cli/commands.h"

#include <errno.h>
#include <inttypes.h>
#include <sodium.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cli/tenant.h"
#include "cli/text.h"
#include "seal/roster_sign.h"

#define AFTER_DEFAULT_MS (3600ull * 1000)

/* All generations still needed fit into a ring when each lives at least this part of the retention. */
#define RETENTION_PARTS (SEAL_WRAP_GENERATIONS - 3)

struct renewal {
    const char *path, *bundle_path;
    struct keyring *ring;
    struct trust trust;
    bool has_bundle;
    unsigned n_renewed;
    uint64_t now_ms, after_ms, due_ms, retention_ms;
};

static int load(struct cli *cli, const char *path, struct keyring **ret)
{
    int r = keyring_load(path, ret);

    if (r == -EACCES)
        return cli_fail(cli, "%s can be read by others, or not by you: chmod 600 it", path);
    if (r == -EBADMSG)
        return cli_fail(cli, "%s is no keyring", path);
    return r < 0 ? cli_fail(cli, "cannot read %s: %s", path, strerror(-r)) : CLI_OK;
}

static bool is_gateway(const struct keyring *ring)
{
    return sodium_is_zero(ring->gateway_transport_pk, sizeof(ring->gateway_transport_pk));
}

static int read_times(struct cli *cli, struct renewal *renewal)
{
    const char *after = cli_option(cli, "after"), *due = cli_option(cli, "due");

    renewal->now_ms = tenant_now_ms();
    renewal->after_ms = AFTER_DEFAULT_MS;
    renewal->due_ms = UINT64_MAX;
    /* senders look so far ahead for clocks that differ: less would be at once, without saying so */
    if (after && (text_to_ms(after, &renewal->after_ms) < 0 || renewal->after_ms > SEAL_WRAP_ACTIVE_MS ||
                  (renewal->after_ms > 0 && renewal->after_ms <= SEAL_CLOCK_SKEW_MS)))
        return cli_misuse(cli, "--after %s; allowed: 0s, or a number and d, h, m or s, more than 5m, up to 30d, as 1h",
                          after);
    if (due && (text_to_ms(due, &renewal->due_ms) < 0 || renewal->due_ms > UINT64_MAX / 2))
        return cli_misuse(cli, "--due %s; allowed: a number and d, h or m, as 10d", due);
    return CLI_OK;
}

/* Without --bundle, none is needed: a service tells the gateway of its key itself. */
static int open_bundle(struct cli *cli, struct renewal *renewal)
{
    const char *named = cli_option(cli, "bundle"), *dir = named ? "" : tenant_dir_of(cli, renewal->path);

    renewal->bundle_path = named ? named : dir ? tenant_path(cli, dir, "trust.bundle") : NULL;
    if (!renewal->bundle_path)
        return cli_fail(cli, "out of memory");
    int r = tenant_open_bundle(cli, renewal->bundle_path, renewal->ring->root_pk, &renewal->trust);
    renewal->has_bundle = r == 0;
    if (r == -ENOENT && !named)
        return CLI_OK;
    if (r < 0)
        return cli_fail(cli, "%s: %s", renewal->bundle_path,
                        r == -EBADMSG ? "no bundle signed by the root this keyring pins" : strerror(-r));
    if (!roster_service_by_id(&renewal->trust.roster, bytes_make(renewal->ring->service, SEAL_ID_BYTES)))
        return cli_fail(cli, "%s is not in the roster of %s", renewal->ring->service_name, renewal->bundle_path);
    renewal->retention_ms = 0;
    for (size_t i = 0; i < renewal->trust.roster.n_channels; i++)
        if (renewal->trust.roster.channels[i].retention_ms > renewal->retention_ms)
            renewal->retention_ms = renewal->trust.roster.channels[i].retention_ms;
    return CLI_OK;
}

/* The next generation begins while the one before is good: others change over in between, and nobody is without. */
static int add_next(struct cli *cli, struct renewal *renewal, size_t *ret_dropped)
{
    const struct wrap_secret *newest = keyring_newest_wrap(renewal->ring);
    uint64_t from_ms = renewal->now_ms + renewal->after_ms, life_ms = SEAL_WRAP_ACTIVE_MS;
    uint64_t kept_ms = renewal->retention_ms + SEAL_GRANT_LIFE_MS + SEAL_CLOCK_SKEW_MS;

    if (!newest || newest->not_after_ms < renewal->now_ms)
        from_ms = renewal->now_ms;
    else if (newest->not_after_ms < from_ms)
        from_ms = newest->not_after_ms;
    if (renewal->has_bundle && renewal->retention_ms / RETENTION_PARTS > life_ms)
        life_ms = renewal->retention_ms / RETENTION_PARTS;
    *ret_dropped =
        renewal->has_bundle ? keyring_drop_wraps(renewal->ring, renewal->now_ms - kept_ms) : 0; /* 1970 is long past */
    int r = keyring_add_wrap(renewal->ring, from_ms, from_ms + life_ms);
    if (r == -ENOSPC)
        return cli_fail(cli, "%s holds %d wrap keys already, and messages under all of them may still be kept%s",
                        renewal->path, SEAL_WRAP_GENERATIONS,
                        renewal->has_bundle ? "" : "; with --bundle those past the retention can be told apart");
    return r < 0 ? cli_fail(cli, "cannot make a key for %s: %s", renewal->path, strerror(-r)) : CLI_OK;
}

static int save_ring(struct cli *cli, const struct renewal *renewal)
{
    struct stat before, after;
    int r = stat(renewal->path, &before) < 0 ? -errno : keyring_save(renewal->ring, renewal->path, true);

    if (r == 0 && stat(renewal->path, &after) < 0)
        r = -errno;
    /* root renews for a service that runs as somebody else */
    if (r == 0 && (before.st_uid != after.st_uid || before.st_gid != after.st_gid) &&
        chown(renewal->path, before.st_uid, before.st_gid) < 0)
        r = -errno;
    return r < 0 ? cli_fail(cli, "cannot write %s: %s", renewal->path, strerror(-r)) : CLI_OK;
}

static int save_bundle(struct cli *cli, const struct renewal *renewal)
{
    const struct trust *trust = &renewal->trust;
    struct bytes *wraps = arena_array(&cli->mem, trust->n_wrap_keys + 1, sizeof(*wraps)), bundle;
    size_t n = 0;
    int r = wraps ? 0 : -ENOMEM;

    for (size_t i = 0; r == 0 && i < trust->n_wrap_keys; i++)
        if (trust->wrap_keys[i].not_after_ms + SEAL_CLOCK_SKEW_MS >= renewal->now_ms)
            wraps[n++] = trust->wrap_keys_signed[i];
    if (r == 0)
        r = wrap_key_sign(renewal->ring, renewal->ring->n_wraps - 1, &cli->mem, &wraps[n]);
    if (r == 0)
        r = trust_bundle_write(trust->roster_signed, wraps, n + 1, &cli->mem, &bundle);
    if (r == 0)
        r = tenant_write_file(cli, renewal->bundle_path, bundle, true);
    return r < 0 ? cli_fail(cli, "cannot write %s: %s; the keyring has the key, and its service will tell of it",
                            renewal->bundle_path, strerror(-r))
                 : CLI_OK;
}

static void report(const struct renewal *renewal, size_t n_dropped)
{
    const struct wrap_secret *newest = keyring_newest_wrap(renewal->ring);
    char from[TEXT_TIME_BYTES], until[TEXT_TIME_BYTES];

    printf("%s: generation %" PRIu32 ", used from %s, good until %s", renewal->ring->service_name, newest->generation,
           text_of_time(newest->not_before_ms, from), text_of_time(newest->not_after_ms, until));
    if (n_dropped > 0)
        printf("; %zu older dropped", n_dropped);
    printf(renewal->has_bundle ? "; in %s\n" : "; no bundle at %s, it tells the gateway itself\n",
           renewal->bundle_path);
}

/* CLI_OK with `renewal->n_renewed` one higher, or not when there was no need. */
static int renew_ring(struct cli *cli, struct renewal *renewal)
{
    const struct wrap_secret *newest = keyring_newest_wrap(renewal->ring);
    char until[TEXT_TIME_BYTES];
    size_t n_dropped = 0;

    if (is_gateway(renewal->ring)) {
        printf("%s: a gateway reads nothing and needs no wrap key\n", renewal->ring->service_name);
        return CLI_OK;
    }
    if (newest && renewal->due_ms < UINT64_MAX && newest->not_after_ms > renewal->now_ms + renewal->due_ms) {
        printf("%s: good until %s\n", renewal->ring->service_name, text_of_time(newest->not_after_ms, until));
        return CLI_OK;
    }
    int r = open_bundle(cli, renewal);
    if (r == CLI_OK)
        r = add_next(cli, renewal, &n_dropped);
    if (r == CLI_OK)
        r = save_ring(cli, renewal);
    if (r == CLI_OK && renewal->has_bundle)
        r = save_bundle(cli, renewal);
    if (r == CLI_OK)
        report(renewal, n_dropped);
    renewal->n_renewed += r == CLI_OK;
    return r;
}

int command_keys_renew(struct cli *cli)
{
    struct renewal renewal = { 0 };
    int r = read_times(cli, &renewal);

    if (r != CLI_OK)
        return r;
    for (unsigned i = 0; i < cli->n_arguments; i++) { /* one that is bad lets no other run out */
        renewal.path = cli->arguments[i];
        renewal.ring = NULL;
        int renewed = load(cli, renewal.path, &renewal.ring);
        if (renewed == CLI_OK)
            renewed = renew_ring(cli, &renewal);
        keyring_free(renewal.ring);
        r = renewed > r ? renewed : r;
    }
    if (renewal.n_renewed > 0)
        printf("Restart what was renewed before its new key is used, one replica after the other.\n");
    return r;
}

static void show_ring(const struct keyring *ring, uint64_t now_ms)
{
    char from[TEXT_TIME_BYTES], until[TEXT_TIME_BYTES];

    printf("%s%s\n", ring->service_name, is_gateway(ring) ? " (the gateway: nobody wraps for it)" : "");
    for (size_t i = 0; i < ring->n_wraps; i++) {
        const struct wrap_secret *wrap = &ring->wraps[i];
        printf("  generation %-4" PRIu32 " from %s until %s%s\n", wrap->generation,
               text_of_time(wrap->not_before_ms, from), text_of_time(wrap->not_after_ms, until),
               wrap->not_after_ms < now_ms    ? " (over; opens what is older)"
               : wrap->not_before_ms > now_ms ? " (not yet)"
                                              : "");
    }
}

int command_keys_show(struct cli *cli)
{
    uint64_t now_ms = tenant_now_ms();
    int r = CLI_OK;

    for (unsigned i = 0; i < cli->n_arguments; i++) {
        struct keyring *ring = NULL;
        int loaded = load(cli, cli->arguments[i], &ring);

        if (loaded == CLI_OK)
            show_ring(ring, now_ms);
        keyring_free(ring);
        r = loaded > r ? loaded : r;
    }
    return r;
}
