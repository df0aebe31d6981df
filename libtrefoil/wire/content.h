/* What people said, between struct trefoil_message and the bytes of content.proto. Never seals, never sees a key; only
 * ever runs where content is open anyway.
 *
 * An empty text and an absent one are the same: NULL in the message. Enumerated values a newer writer may have added
 * are read as NONE, and a body of a kind this library does not know as KIND_UNSUPPORTED, so that the fallback text can
 * still be shown.
 */
#ifndef TREFOIL_WIRE_CONTENT_H
#define TREFOIL_WIRE_CONTENT_H

#include <trefoil/message.h>

#include "base/arena.h"
#include "base/attributes.h"
#include "base/bytes.h"
#include "wire/limits.h"

/* What the content says about its own envelope, which a receiver compares with the header; and what it carries for
 * some readers only. */
struct content_claims {
    struct bytes envelope_id, channel; /* SEAL_ID_BYTES each */
    const char *service;               /* who sealed it */
    const char *account;               /* NULL: none */
    struct bytes personal;             /* the sealed personal part; empty: none */
};

/* Into the arena. -EINVAL (a member outside its range: no UTF-8, a span off its text, an unknown kind), -EMSGSIZE (too
 * many or too large), -ENOMEM. */
must_use_ int content_write(const struct trefoil_message *message, const struct content_claims *claims,
                            struct arena *arena, struct bytes *ret);

/* Out of the arena's copy; `bytes` may go. -EBADMSG, -EMSGSIZE, -ENOMEM. */
must_use_ int content_read(struct bytes bytes, struct arena *arena, struct trefoil_message *ret,
                           struct content_claims *ret_claims);

/* Takes the personal part out: `ret_readable` is the message without it, `ret_personal` a serialized Personal, empty
 * when there is nothing personal. Both borrow from the message and the arena. -EINVAL, -EMSGSIZE, -ENOMEM. */
must_use_ int content_split(const struct trefoil_message *message, struct arena *arena,
                            struct trefoil_message *ret_readable, struct bytes *ret_personal);

/* Puts a Personal back into the message it was taken out of; `personal` may go. The message is left alone unless 0.
 * -EBADMSG (none, or of another message), -EMSGSIZE, -ENOMEM. */
must_use_ int content_join(struct bytes personal, struct arena *arena, struct trefoil_message *message);

/* True when every span lies in the text and starts and ends between characters. */
bool content_spans_fit(const struct trefoil_text *text);

#endif
