/* A multipart/form-data body as it comes in, piece by piece: fields in memory, the one file on disk. Never holds more
 * than a piece and a boundary of the file.
 */
#ifndef TREFOIL_SANDBOX_MULTIPART_H
#define TREFOIL_SANDBOX_MULTIPART_H

#include <jansson.h>

#include "sandbox/files.h"

struct multipart;

/* -EBADMSG: no boundary; -ENOMEM. `files` outlives it. */
must_use_ int multipart_new(struct files *files, const char *content_type, struct multipart **ret);
struct multipart *multipart_free(struct multipart *multipart);

/* -EBADMSG, -EMSGSIZE (fields too large), -EFBIG and the like (the file). After an error: only to be freed. */
must_use_ int multipart_feed(struct multipart *multipart, struct bytes piece);

/* All fields, each a text, once the end has come; borrowed. NULL: it has not. */
json_t *multipart_fields(const struct multipart *multipart);

/* The file and the field it came in; NULL: none. */
struct file *multipart_file(const struct multipart *multipart, const char *field);

#endif
