/* Keeps the newest verified roster and the wrap keys of its services: from the file, from the store, from peers.
 * Never signs, never holds a secret.
 */
#ifndef TREFOIL_GATEWAY_KEEPER_H
#define TREFOIL_GATEWAY_KEEPER_H

#include "base/arena.h"
#include "core/members.h"
#include "core/tables.h"
#include "trust/trust_bundle.h"

struct keeper {
    const uint8_t *root_pk;
    struct arena mem; /* what is in force lives here */
    struct trust trust;
    struct bytes bundle; /* roster and wrap keys, to be handed on */
};

void keeper_init(struct keeper *keeper, const uint8_t *root_pk);
void keeper_deinit(struct keeper *keeper);

/* The longest time a channel of the file's roster keeps its records; 0 when the file cannot be read. */
uint64_t keeper_retention_ms(const struct keeper *keeper, const char *file);

/* At start: the file's bundle and what the store knows, the newer roster of the two. -errno with words in `error`. */
must_use_ int keeper_start(struct keeper *keeper, const char *file, struct tables *tables, char *error,
                           size_t error_room);

/* The file again. 1: something new is in force, 0: nothing new; -errno with words. */
must_use_ int keeper_reload(struct keeper *keeper, const char *file, struct tables *tables, char *error,
                            size_t error_room);

/* A bundle from a peer: verified against the root and the roster in force. 1, 0, -EBADMSG, -ESTALE, -ENOMEM. */
must_use_ int keeper_put(struct keeper *keeper, struct bytes bundle, struct tables *tables);

/* One more wrap key. 1: new, 0: known; -EBADMSG, -EACCES, -ENOSPC, -ENOMEM. */
must_use_ int keeper_put_wrap(struct keeper *keeper, struct bytes wrap_key, struct tables *tables);

/* The roster as the core needs it. -ENOMEM, -EBADMSG. */
must_use_ int keeper_members(const struct keeper *keeper, struct members **ret);

#endif
