/* Facts of one network that no member of a message holds, collected for its extra keys and values.
 * Never holds more than EXTRAS_MAX: what is more is not a fact but a flood.
 */
#ifndef TREFOIL_META_EXTRAS_H
#define TREFOIL_META_EXTRAS_H

#include "base/arena.h"
#include "formats/json.h"
#include "skeleton_types/translator.h"

#define EXTRAS_MAX 24
#define EXTRAS_VALUE_MAX_BYTES 16384

struct extras {
    struct arena *mem;
    const char *keys[EXTRAS_MAX], *values[EXTRAS_MAX];
    size_t n;
};

/* `key` is a constant; a value that is NULL, empty or too long is not kept. */
void extras_put(struct extras *extras, const char *key, const char *value);

/* A string or a number as its text, anything else as its JSON. */
void extras_put_json(struct extras *extras, const char *key, struct json_value value);

/* Into the message, behind none of its own. */
void extras_give(const struct extras *extras, struct trefoil_message *message);

#endif
