/* The bare prototype that everything is compared with: ROUTER, CURVE, LMDB with group commit; no routing, no protobuf,
 * no sealing, no accounts of anything. Frames go to every subscriber as they came.
 */
#ifndef TREFOIL_BENCH_FLOOR_H
#define TREFOIL_BENCH_FLOOR_H

#include "crew.h"

#define FLOOR_KEY_CHARS 41
#define FLOOR_HEAD_BYTES 16                           /* kind, seven bytes of nothing, sequence or count */
#define FLOOR_ENVELOPE_BYTES(payload) (8 + (payload)) /* when it was published, content */

enum floor_kind {
    FLOOR_PUBLISH = 'P',
    FLOOR_CONFIRM = 'C',
    FLOOR_CREDIT = 'R',
    FLOOR_SUBSCRIBE = 'S',
    FLOOR_DELIVER = 'D',
    FLOOR_ACK = 'A'
};

struct floor_head {
    uint8_t kind, unused[7];
    uint64_t value;
};

struct floor_setup {
    struct plan plan;
    char public_key[FLOOR_KEY_CHARS], secret_key[FLOOR_KEY_CHARS];
};

/* The roles; `context` is a floor_setup. The gateway's tally: envelopes committed. */
void floor_gateway(const void *context, struct tally *ret);
void floor_publisher(const void *context, struct tally *ret);
void floor_subscriber(const void *context, struct tally *ret);

/* A whole run. */
void floor_run(const struct plan *plan, double warm_up, double seconds, struct outcome *ret);

#endif
