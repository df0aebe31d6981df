/* What the business said and nobody has accounted for yet: an echo may be of a send that an earlier process, or another
 * replica, began. Knows words by their hash only. Never decides what is a proof.
 */
#ifndef TREFOIL_SKELETON_ECHOES_H
#define TREFOIL_SKELETON_ECHOES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/attributes.h"
#include "formats/signature.h"

#define ECHOES_MAX 256             /* remembered at once, of each kind; then the oldest go */
#define ECHOES_AGE_MS (600 * 1000) /* by then the network has brought it back, or never will */
#define ECHO_ID_MAX_BYTES 512      /* longer ids are not remembered */
#define ECHO_PLACE_MAX_BYTES 512   /* account and user id together */

/* Who was told what. */
struct utterance {
    const char *account, *user_id, *words;
};

struct echo {
    char said[SIGNATURE_VALUE_SIZE]; /* a hash of the utterance; empty: nothing here */
    char id[ECHO_ID_MAX_BYTES + 1];
    uint64_t at_ms;
};

/* A send that was repeated, or will be, because nothing proved the first try. */
struct repeat {
    char said[SIGNATURE_VALUE_SIZE];
    char id[ECHO_ID_MAX_BYTES + 1]; /* of the echo that was explained by it; empty: none yet */
    uint64_t seq, at_ms;
    uint32_t target;
};

struct echoes {
    struct echo list[ECHOES_MAX];
    struct repeat repeats[ECHOES_MAX];
    size_t n, n_repeats; /* ever kept: the next takes the place of the oldest */
};

/* The network calls an utterance this; the gateway has not said yet whose it is. */
void echoes_keep(struct echoes *echoes, const struct utterance *said, const char *id, uint64_t now_ms);

/* The gateway knows whose it is. */
void echoes_forget(struct echoes *echoes, const char *id);

/* The oldest id kept for just this, which is then forgotten; NULL: none. Valid until the next call. */
const char *echoes_take(struct echoes *echoes, const struct utterance *said, uint64_t now_ms);

/* This target is sent to once more; the echo of the first try may still come. */
void echoes_repeat(struct echoes *echoes, const struct utterance *said, uint64_t seq, uint32_t target, uint64_t now_ms);

/* We have waited in vain for a proof of it. */
bool echoes_is_repeat(const struct echoes *echoes, uint64_t seq, uint32_t target);

/* Was this said by the first try of a repeated send? Each explains one echo, however often that comes. */
must_use_ bool echoes_explain(struct echoes *echoes, const struct utterance *said, const char *id, uint64_t now_ms,
                              uint64_t *ret_seq, uint32_t *ret_target);

#endif
