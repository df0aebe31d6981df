/* A message's own shape for one network, which a service attached as the extra "native.<network>": a JSON object that
 * replaces the canonical body there. Never accepts what is not one sound JSON object within NATIVE_MAX_BYTES.
 *
 *     struct json_value shape;
 *     int r = native_find(message, "whatsapp", mem, &shape);
 *     if (r == 1)
 *         native_put_members(&writer, shape, mem);    (or json_put_raw(&writer, "message", json_raw(shape)))
 *
 * A shape that is not usable answers -ENOTSUP: the author wrote it, so the author is told; nothing else is sent instead.
 */
#ifndef TREFOIL_META_NATIVE_H
#define TREFOIL_META_NATIVE_H

#include "formats/json.h"
#include "formats/json_write.h"
#include "skeleton_types/translator.h"

#define NATIVE_MAX_BYTES 16384

/* The value of the message's extra of that name, NULL when it has none. */
const char *native_extra(const struct trefoil_message *message, const char *key);

/* 1 and the object; 0: the message has none for this network; -ENOTSUP, -ENOMEM. */
must_use_ int native_find(const struct trefoil_message *message, const char *network, struct arena *mem,
                          struct json_value *ret);

/* The object's members into the object that is open, as they came, except those named in `except`, which may be NULL
 * and ends with NULL. */
void native_put_members(struct json_writer *writer, struct json_value object, const char *const *except,
                        struct arena *mem);

#endif
