/* A tenant's folder: root.key, root.pub, trust.bundle and keys/, read and written whole or not at all.
 * Never decides who is in it.
 */
#ifndef TREFOIL_CLI_TENANT_H
#define TREFOIL_CLI_TENANT_H

#include "cli/cli.h"
#include "seal/keyring.h"
#include "trust/trust_bundle.h"

#define TENANT_VALID_MS (365ull * 24 * 3600 * 1000) /* how long a roster is good unless told otherwise */

struct tenant {
    const char *dir;
    uint8_t root_pk[SEAL_KEY_BYTES];
    struct trust trust;
    struct bytes bundle; /* as it is in the file */
};

/* One member as it is made: what others may know of it. All of it lives in cli->mem. */
struct newcomer {
    const char *name;
    uint32_t role;
    const char *const *accounts;
    size_t n_accounts;
    const uint8_t *gateway_transport_pk;  /* NULL for the gateway itself */
    const struct channel_secret *secrets; /* given to roles with ROLE_ADDRESSES */
    size_t n_secrets;
    uint64_t min_roster_version;

    struct roster_service entry; /* filled in by tenant_make_keyring() */
    struct bytes wrap_key;       /* signed; empty for a gateway */
};

/* "dir/name", or NULL when out of memory. */
const char *tenant_path(struct cli *cli, const char *dir, const char *name);

/* The folder in --dir, or else the one the keyring lies in (DIR/keys/x.keyring); NULL when out of memory. When nobody
 * has named a keyring, that folder's admin asks. */
const char *tenant_dir(struct cli *cli);

/* The folder a keyring of this path lies in; NULL when out of memory. */
const char *tenant_dir_of(struct cli *cli, const char *keyring);

/* A bundle alone, verified with a root's key from elsewhere. As trust_open(), -errno, -EFBIG. */
must_use_ int tenant_open_bundle(struct cli *cli, const char *path, const uint8_t *root_pk, struct trust *ret);

/* Reads and verifies root.pub and trust.bundle. CLI_OK, or CLI_FAILED after a complaint. */
must_use_ int tenant_open(struct cli *cli, const char *dir, struct tenant *ret);

/* Makes keys/NAME.keyring with fresh keys and describes it in `newcomer`. CLI_OK, or CLI_FAILED after a complaint. */
must_use_ int tenant_make_keyring(struct cli *cli, const char *dir, const uint8_t *tenant, const uint8_t *root_pk,
                                  struct newcomer *newcomer);

/* Whether dir/root.key can sign. CLI_OK, or CLI_FAILED after a complaint. */
must_use_ int tenant_check_root(struct cli *cli, const char *dir);

/* Signs the roster with dir/root.key and replaces trust.bundle. CLI_OK, or CLI_FAILED after a complaint. */
must_use_ int tenant_publish(struct cli *cli, const char *dir, const struct roster *roster,
                             const struct bytes *wrap_keys, size_t n_wrap_keys, struct bytes *ret_bundle);

/* Writes a new file and makes it durable; an existing one stays, or is replaced in one step. 0, -EEXIST, -errno. */
must_use_ int tenant_write_file(struct cli *cli, const char *path, struct bytes bytes, bool replace);

/* "translator, addresses" */
const char *tenant_role_words(uint32_t role, char *text, size_t room);

uint64_t tenant_now_ms(void);

#endif
