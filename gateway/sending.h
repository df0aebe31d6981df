/* Frames on their way out: small ones packed at once, deliveries collected per seat until the turn ends or a frame is
 * full. Never decides who gets what.
 */
#ifndef TREFOIL_GATEWAY_SENDING_H
#define TREFOIL_GATEWAY_SENDING_H

#include "gateway.h"
#include "promise.h"

struct confirm_part {
    const struct run *accepted;
    size_t n_accepted;
    const struct run *duplicate;
    size_t n_duplicate;
    const struct rejected *rejected;
    size_t n_rejected;
};

/* The session has something to send before the turn ends. */
void sending_mark(struct gateway *gateway, struct session *session);

/* A frame as malloc'ed bytes. -ENOMEM, -EMSGSIZE. */
must_use_ int sending_pack(const Trefoil__Frame *frame, uint8_t **ret, size_t *ret_size);
void sending_block(struct gateway *gateway, struct session *session, uint8_t *block, uint8_t *data, size_t size);
void sending_frame(struct gateway *gateway, struct session *session, Trefoil__Frame__BodyCase kind, const void *body);
void sending_confirm(struct gateway *gateway, struct session *session, const struct confirm_part *part);
void sending_acked(struct gateway *gateway, struct session *session, uint32_t handle, const struct run *runs,
                   size_t n_runs);
void sending_error(struct gateway *gateway, const struct routing_id *to, int code, const char *text);

/* One delivery into the frame being filled for its seat. */
void sending_hand(struct gateway *gateway, const struct handing *handing);

/* Sends everything collected. */
void sending_flush(struct gateway *gateway);

/* What was collected for the session is dropped. */
void sending_session_gone(struct session *session);

#endif
