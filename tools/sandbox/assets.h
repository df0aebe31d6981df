/* Files as the networks name them: media ids that die, addresses that expire, each at its time of the virtual clock.
 * Never gives bytes to somebody without the right, as long as no fault says otherwise.
 */
#ifndef TREFOIL_SANDBOX_ASSETS_H
#define TREFOIL_SANDBOX_ASSETS_H

#include "daemon/http_server.h"
#include "sandbox/world.h"

#define ASSET_ID_SIZE 24
#define ASSET_URL_SIZE 1024
#define HOUR_MS ((int64_t) 3600 * 1000)
#define DAY_MS (24 * HOUR_MS)

struct asset {
    struct list link;
    char id[ASSET_ID_SIZE]; /* decimal digits */
    struct account *account;
    const struct file *file;
    char *message;    /* it came or went with this one; NULL: uploaded */
    char *false_mime; /* of the fault "media_lie"; NULL: the file's */
    int64_t dies_ms;  /* of the virtual clock */
};

/* NULL: no memory. `message` may be NULL. */
struct asset *asset_new(struct account *account, const struct file *file, const char *message, int64_t lives_ms);
struct asset *asset_find(struct world *world, const struct account *account, const char *id); /* NULL: none, or dead */
void asset_delete(struct asset *asset);
void assets_clear(struct world *world);

const char *asset_mime(const struct asset *asset);

/* Where its bytes are, from now on for as long as the network says. */
void asset_url(const struct asset *asset, char ret[ASSET_URL_SIZE]);

/* Downloads. */
bool assets_own(const char *path);
void assets_answer(struct world *world, struct http_exchange *exchange, const char *path);

#endif
