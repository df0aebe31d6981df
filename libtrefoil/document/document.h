/* What people said as JSON, and back: names as in proto/content.proto, words for enumerated values ("image",
 * "quick_replies"), bytes in base64, the body under its own name, and nothing that equals its default:
 *
 *   {"author":{"network":"whatsapp","name":"Ana"},"text":{"body":"hi"}}
 *
 * Driven by the descriptors of content.proto, so that no member can be forgotten. Never carries what belongs to the
 * envelope: claims and the sealed personal part.
 */
#ifndef TREFOIL_DOCUMENT_H
#define TREFOIL_DOCUMENT_H

#include <trefoil/message.h>

#include "base/arena.h"
#include "base/attributes.h"
#include "base/bytes.h"
#include "document/limits.h"

/* One line of JSON, NUL-terminated, in the arena. -EINVAL (what content_write() refuses), -EMSGSIZE, -ENOMEM. */
must_use_ int document_write(const struct trefoil_message *message, struct arena *arena, const char **ret_text);

/* Out of the arena's copy; `bytes` may go. -EBADMSG (no JSON, or no message: `error` says which member and what is wrong
 * with it), -EMSGSIZE (`error` too), -ENOMEM. `error` is left alone on success. */
must_use_ int document_read(struct bytes bytes, struct arena *arena, struct trefoil_message *ret, char *error,
                            size_t error_room);

#endif
