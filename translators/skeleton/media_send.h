/* What a send needs to go out with files: they are brought and proven before its first request, uploaded as they are
 * read, and named in the requests that follow. For the sender's own files. Never holds more of a file than a chunk.
 */
#ifndef TREFOIL_SKELETON_MEDIA_SEND_H
#define TREFOIL_SKELETON_MEDIA_SEND_H

#include "send.h"

#define MEDIA_SEND_FILES_MAX 64 /* different ones of one send */

struct media_send;

/* Keeps what it takes to encode it once more, when the message carries files. The delivery is borrowed for the call.
 * -ENOMEM, -EMSGSIZE. */
must_use_ int media_send_keep(struct send *send, const struct trefoil_delivery *delivery, const struct place *place);

/* Its requests have files in them that are not here yet: they are being brought, and send_advance() follows, or
 * send_encode_again(), or the end. False: nothing to wait for. */
bool media_send_prepare(struct send *send);

/* Puts the present request's body together: the upload or the slots. -ENOMEM, -EINVAL (there is no such file). */
must_use_ int media_send_compose(struct send *send, struct http_call *call);

/* The present request was answered, or will not be. */
void media_send_answered(struct send *send);

/* The answer to an upload gave this id. */
void media_send_note(struct send *send, size_t request, const char *id);

/* The message and the place as they were kept, with what turned out to be missing left out. */
const struct trefoil_message *media_send_message(const struct send *send);
const struct place *media_send_place(const struct send *send);

/* Lets go of the files. Legal for sends that never had any. */
void media_send_end(struct send *send);

#endif
