/* The reading side of one process: the grants it has opened, and envelopes opened under them. Never gives out content
 * of which a single check failed.
 */
#ifndef TREFOIL_SEAL_READER_H
#define TREFOIL_SEAL_READER_H

#include "seal/grant.h"
#include "wire/envelope.h"

#define READER_GRANTS_MAX 4096            /* the one used longest ago makes room */
#define READER_SEEN_MAX_BYTES (16u << 20) /* for remembering sequences, over all grants; the same rule */

/* One per subscription: what it has opened once it takes for a replay. */
struct reader;

/* -ENOMEM. `keyring` outlives it. */
must_use_ int reader_new(const struct keyring *keyring, struct reader **ret);

/* Wipes and frees; accepts NULL and returns NULL. */
struct reader *reader_free(struct reader *reader);

/* True when envelopes under this key id (SEAL_KEY_ID_BYTES) can be opened. */
bool reader_knows(struct reader *reader, struct bytes key_id);

/* Checks a serialized Grant against the roster, opens it and keeps its key. 0 also when known already.
 * -EAGAIN (made under a newer roster: fetch that first), -ENOKEY (not wrapped for us), -EBADMSG, -ENOMEM.
 */
must_use_ int reader_add_grant(struct reader *reader, const struct roster *roster, struct bytes grant);

/* Forgets every key and what was seen: after a new roster, so that grants are judged again; before a rewind. */
void reader_forget(struct reader *reader);

/* Where envelopes are refused. For counters inside; outside it is always the same -EBADMSG. */
enum reader_step {
    READER_OPENED,
    READER_FORM,    /* lengths, limits, or another suite */
    READER_CHANNEL, /* not the channel it was asked for */
    READER_GRANT,   /* no such grant yet: parked, not refused */
    READER_SENDER,  /* the grant is for another channel */
    READER_WINDOW,  /* outside the grant's time or numbers */
    READER_SIGNATURE,
    READER_COMMIT,
    READER_CIPHER,
    READER_PADDING,
    READER_CONTENT, /* not a message with claims */
    READER_CLAIMS,  /* the claims inside are not the header's */
    READER_REPLAY,
    READER_MEMORY, /* no fault of the envelope */
    READER_N_STEPS,
};

/* A constant word for a metric's label. */
const char *reader_step_name(enum reader_step step);
uint64_t reader_count(const struct reader *reader, enum reader_step step);

struct open_request {
    struct bytes envelope; /* as delivered; `ret` slices into it */
    struct bytes channel;  /* that of the subscription */
    bool redelivered;      /* a second delivery is expected, so what was seen before is told, not refused */
};

struct opened {
    struct envelope_header header;
    struct bytes content;           /* a serialized Content, in the arena */
    uint8_t service[SEAL_ID_BYTES]; /* who sealed it */
    const char *service_name;       /* in the arena */
    bool seen_before;               /* only with `redelivered` */
};

/* 0; -EAGAIN when the grant is missing (park it; `ret_key_id` says which); -EBADMSG; -ENOMEM. */
must_use_ int envelope_open(struct reader *reader, const struct open_request *request, struct arena *arena,
                            struct opened *ret, uint8_t ret_key_id[SEAL_KEY_ID_BYTES]);

#endif
