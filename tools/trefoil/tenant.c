/* Files of a tenant: read with limits, written by way of a temporary file. Never keeps the root's seed longer than one
 * signature.
 */
#include "cli/tenant.h"

#include <errno.h>
#include <fcntl.h>
#include <sodium.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "seal/roster_sign.h"

uint64_t tenant_now_ms(void)
{
    struct timespec now;

    clock_gettime(CLOCK_REALTIME, &now);
    return (uint64_t) now.tv_sec * 1000 + (uint64_t) now.tv_nsec / 1000000;
}

const char *tenant_path(struct cli *cli, const char *dir, const char *name)
{
    return arena_format(&cli->mem, "%s/%s", dir, name);
}

const char *tenant_dir(struct cli *cli)
{
    const char *dir = cli_option(cli, "dir");

    if (dir && cli->is_default_keyring)
        cli->keyring = arena_format(&cli->mem, "%s/keys/admin.keyring", dir);
    if (!cli->keyring)
        return NULL;
    return dir ? dir : tenant_dir_of(cli, cli->keyring);
}

const char *tenant_dir_of(struct cli *cli, const char *keyring)
{
    const char *end = strrchr(keyring, '/');

    if (!end)
        return "..";
    if (end - keyring >= 5 && strncmp(end - 5, "/keys", 5) == 0)
        return arena_text(&cli->mem, bytes_make(keyring, (size_t) (end - 5 - keyring)));
    return strncmp(keyring, "keys/", 5) == 0 ? "."
                                             : arena_text(&cli->mem, bytes_make(keyring, (size_t) (end - keyring)));
}

/* The whole file, at most `max` bytes. 0, -EFBIG, -errno. */
static int read_file(struct cli *cli, const char *path, size_t max, struct bytes *ret)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY), r = 0;
    struct stat stat;
    uint8_t *data;
    size_t size = 0;

    if (fd < 0)
        return -errno;
    if (fstat(fd, &stat) < 0)
        r = -errno;
    else if (!S_ISREG(stat.st_mode))
        r = -EINVAL;
    else if (stat.st_size > (off_t) max)
        r = -EFBIG;
    data = r == 0 ? arena_alloc(&cli->mem, (size_t) stat.st_size + 1) : NULL;
    if (r == 0 && !data)
        r = -ENOMEM;
    while (r == 0 && size < (size_t) stat.st_size) {
        ssize_t n = read(fd, data + size, (size_t) stat.st_size - size);
        if (n < 0 && errno != EINTR)
            r = -errno;
        if (n == 0)
            break;
        size += n > 0 ? (size_t) n : 0;
    }
    close(fd);
    if (r == 0)
        *ret = bytes_make(data, size);
    return r;
}

static int write_all(int fd, struct bytes bytes)
{
    for (size_t done = 0; done < bytes.size;) {
        ssize_t n = write(fd, bytes.data + done, bytes.size - done);
        if (n < 0 && errno != EINTR)
            return -errno;
        done += n > 0 ? (size_t) n : 0;
    }
    return fsync(fd) < 0 ? -errno : 0;
}

/* Makes a new name itself durable. */
static int sync_folder(struct cli *cli, const char *path)
{
    const char *slash = strrchr(path, '/');
    size_t size = slash == path ? 1 : (size_t) (slash ? slash - path : 0);
    const char *folder = slash ? arena_text(&cli->mem, bytes_make(path, size)) : ".";
    int fd, r;

    if (!folder)
        return -ENOMEM;
    fd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0)
        return -errno;
    r = fsync(fd) < 0 ? -errno : 0;
    close(fd);
    return r;
}

int tenant_write_file(struct cli *cli, const char *path, struct bytes bytes, bool replace)
{
    const char *temporary = arena_format(&cli->mem, "%s.%ld.new", path, (long) getpid());
    int fd, r;

    if (!temporary)
        return -ENOMEM;
    fd = open(temporary, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0644);
    if (fd < 0)
        return -errno;
    if (fchmod(fd, 0644) < 0) /* public things: the umask of secrets does not fit them */
        r = -errno;
    else
        r = write_all(fd, bytes);
    close(fd);
    if (r == 0 && (replace ? rename(temporary, path) : link(temporary, path)) < 0)
        r = -errno;
    if (!replace || r < 0)
        unlink(temporary);
    return r < 0 ? r : sync_folder(cli, path);
}

static int open_root_pk(struct cli *cli, const char *dir, uint8_t *ret)
{
    const char *path = tenant_path(cli, dir, "root.pub");
    struct bytes text;
    int r = path ? read_file(cli, path, 256, &text) : -ENOMEM;

    if (r == -ENOENT)
        return cli_fail(cli, "there is no tenant in %s: %s is missing. Make one with: trefoil init %s", dir, path, dir);
    if (r < 0)
        return cli_fail(cli, "cannot read %s: %s", path, strerror(-r));
    while (text.size > 0 && (text.data[text.size - 1] == '\n' || text.data[text.size - 1] == '\r'))
        text.size--;
    if (bytes_from_hex(text, ret, SEAL_KEY_BYTES) < 0)
        return cli_fail(cli, "%s does not hold 64 hex digits, a root's public key", path);
    return CLI_OK;
}

int tenant_open(struct cli *cli, const char *dir, struct tenant *ret)
{
    const char *path = tenant_path(cli, dir, "trust.bundle");
    int r = open_root_pk(cli, dir, ret->root_pk);

    if (r != CLI_OK)
        return r;
    r = path ? read_file(cli, path, SEAL_BUNDLE_MAX_BYTES, &ret->bundle) : -ENOMEM;
    if (r < 0)
        return cli_fail(cli, "cannot read %s: %s", path ? path : dir, strerror(-r));
    r = trust_open(ret->bundle, ret->root_pk, 0, &cli->mem, &ret->trust);
    if (r == -EBADMSG)
        return cli_fail(cli, "%s holds no roster signed by the root in root.pub", path);
    if (r < 0)
        return cli_fail(cli, "cannot open %s: %s", path, strerror(-r));
    ret->dir = dir;
    return CLI_OK;
}

int tenant_open_bundle(struct cli *cli, const char *path, const uint8_t *root_pk, struct trust *ret)
{
    struct bytes bundle;
    int r = read_file(cli, path, SEAL_BUNDLE_MAX_BYTES, &bundle);

    return r < 0 ? r : trust_open(bundle, root_pk, 0, &cli->mem, ret);
}

/* What the roster says about the ring's owner, copied out of guarded memory. */
static int describe(struct cli *cli, const struct keyring *ring, struct newcomer *newcomer)
{
    struct bytes *transports = arena_alloc(&cli->mem, sizeof(*transports));

    if (!transports)
        return -ENOMEM;
    *transports = arena_copy(&cli->mem, bytes_make(ring->transport_pk, SEAL_KEY_BYTES));
    newcomer->entry = (struct roster_service){
        .id = arena_copy(&cli->mem, bytes_make(ring->service, SEAL_ID_BYTES)),
        .name = newcomer->name,
        .role = newcomer->role,
        .identity_pk = arena_copy(&cli->mem, bytes_make(ring->identity_pk, SEAL_KEY_BYTES)),
        .transport_pks = transports,
        .n_transport_pks = 1,
        .accounts = newcomer->accounts,
        .n_accounts = newcomer->n_accounts,
    };
    if (cli->mem.failed)
        return -ENOMEM;
    return newcomer->role & ROLE_GATEWAY ? 0 : wrap_key_sign(ring, 0, &cli->mem, &newcomer->wrap_key);
}

int tenant_make_keyring(struct cli *cli, const char *dir, const uint8_t *tenant, const uint8_t *root_pk,
                        struct newcomer *newcomer)
{
    const char *path = arena_format(&cli->mem, "%s/keys/%s.keyring", dir, newcomer->name);
    struct keyring *ring = NULL;
    int r = path ? keyring_generate(newcomer->name, tenant, root_pk, tenant_now_ms(), &ring) : -ENOMEM;

    if (r < 0)
        return cli_fail(cli, "cannot make keys for %s: %s", newcomer->name, strerror(-r));
    ring->min_roster_version = newcomer->min_roster_version;
    if (newcomer->gateway_transport_pk)
        memcpy(ring->gateway_transport_pk, newcomer->gateway_transport_pk, SEAL_KEY_BYTES);
    for (size_t i = 0; r == 0 && newcomer->role & ROLE_ADDRESSES && i < newcomer->n_secrets; i++)
        r = keyring_add_channel(ring, &newcomer->secrets[i]);
    if (r == 0)
        r = describe(cli, ring, newcomer);
    if (r == 0)
        r = keyring_save(ring, path, false);
    keyring_free(ring);
    if (r == -EEXIST)
        return cli_fail(cli, "%s is there already; keys are never overwritten", path);
    return r < 0 ? cli_fail(cli, "cannot write %s: %s", path, strerror(-r)) : CLI_OK;
}

/* Whoever calls wipes the seed. */
static int load_root(struct cli *cli, const char *dir, uint8_t seed[SEAL_KEY_BYTES])
{
    const char *root = tenant_path(cli, dir, "root.key");
    int r = root ? root_key_load(root, seed) : -ENOMEM;

    if (r == -ENOENT)
        return cli_fail(cli, "%s is not here: bring the root's key to sign a roster", root);
    if (r == -EACCES)
        return cli_fail(cli, "%s can be read by others, or not by you: chmod 600 it", root);
    return r < 0 ? cli_fail(cli, "cannot read %s: %s", root ? root : dir, strerror(-r)) : CLI_OK;
}

int tenant_check_root(struct cli *cli, const char *dir)
{
    uint8_t seed[SEAL_KEY_BYTES];
    int r = load_root(cli, dir, seed);

    sodium_memzero(seed, sizeof(seed));
    return r;
}

int tenant_publish(struct cli *cli, const char *dir, const struct roster *roster, const struct bytes *wrap_keys,
                   size_t n_wrap_keys, struct bytes *ret_bundle)
{
    const char *path = tenant_path(cli, dir, "trust.bundle");
    uint8_t seed[SEAL_KEY_BYTES];
    struct bytes roster_signed;
    int r = path ? load_root(cli, dir, seed) : cli_fail(cli, "out of memory");

    if (r != CLI_OK)
        return r;
    r = roster_sign(roster, seed, &cli->mem, &roster_signed);
    sodium_memzero(seed, sizeof(seed));
    if (r == 0)
        r = trust_bundle_write(roster_signed, wrap_keys, n_wrap_keys, &cli->mem, ret_bundle);
    if (r < 0)
        return cli_fail(cli, "no roster can be made of this: %s", r == -EINVAL ? "a limit is exceeded" : strerror(-r));
    r = tenant_write_file(cli, path, *ret_bundle, true);
    return r < 0 ? cli_fail(cli, "cannot write %s: %s", path, strerror(-r)) : CLI_OK;
}

const char *tenant_role_words(uint32_t role, char *text, size_t room)
{
    static const struct {
        uint32_t bit;
        const char *word;
    } words[] = {
        { ROLE_TRANSLATOR, "translator" }, { ROLE_SERVICE, "service" }, { ROLE_ADDRESSES, "addresses" },
        { ROLE_ADMIN, "admin" },           { ROLE_GATEWAY, "gateway" },
    };
    struct writer out = writer_make(text, room - 1);

    for (size_t i = 0; i < ARRAY_SIZE(words); i++) {
        if (!(role & words[i].bit))
            continue;
        if (out.size > 0)
            writer_text(&out, ", ");
        writer_text(&out, words[i].word);
    }
    text[out.size] = '\0';
    return text;
}
