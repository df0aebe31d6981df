/* Writes JSON into an arena. Whatever it is given, what it has written is well-formed: broken UTF-8 becomes U+FFFD.
 * Never formats numbers by locale.
 */
#ifndef TREFOIL_FORMATS_JSON_WRITE_H
#define TREFOIL_FORMATS_JSON_WRITE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/bytes.h"

struct json_writer {
    struct arena *mem;
    uint8_t *text;
    size_t size, room;
    bool needs_comma;
    bool failed; /* the arena is exhausted */
};

struct json_writer json_writer_make(struct arena *mem);

/* Every function below takes the key the value gets in its object, NULL in an array and for the root. */
void json_open_object(struct json_writer *writer, const char *key);
void json_close_object(struct json_writer *writer);
void json_open_array(struct json_writer *writer, const char *key);
void json_close_array(struct json_writer *writer);
void json_put_text(struct json_writer *writer, const char *key, const char *text);
void json_put_slice(struct json_writer *writer, const char *key, struct bytes text);
void json_put_i64(struct json_writer *writer, const char *key, int64_t value);
void json_put_bool(struct json_writer *writer, const char *key, bool value);

/* `json` is one value as somebody else wrote it, parsed and free of faults: the one thing that is not checked here. */
void json_put_raw(struct json_writer *writer, const char *key, struct bytes json);

/* What was written: 0, or -ENOMEM. */
must_use_ int json_written(const struct json_writer *writer, struct bytes *ret);

#endif
