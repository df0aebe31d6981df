/* Keeps facts without a member under their names. Never looks at what they mean. */
#include "extras.h"

#include <string.h>

void extras_put(struct extras *extras, const char *key, const char *value)
{
    if (!value || !*value || extras->n == EXTRAS_MAX || strlen(value) > EXTRAS_VALUE_MAX_BYTES)
        return;
    extras->keys[extras->n] = key;
    extras->values[extras->n++] = value;
}

void extras_put_json(struct extras *extras, const char *key, struct json_value value)
{
    if (json_type(value) == JSON_ABSENT || json_type(value) == JSON_NULL || json_fault(value))
        return;
    extras_put(extras, key,
               json_type(value) == JSON_STRING ? json_text(value, extras->mem)
                                               : arena_text(extras->mem, json_raw(value)));
}

void extras_give(const struct extras *extras, struct trefoil_message *message)
{
    const char **keys, **values;

    if (extras->n == 0)
        return;
    keys = arena_array(extras->mem, extras->n, sizeof *keys);
    values = arena_array(extras->mem, extras->n, sizeof *values);
    if (!keys || !values)
        return;
    memcpy(keys, extras->keys, extras->n * sizeof *keys);
    memcpy(values, extras->values, extras->n * sizeof *values);
    message->extra_keys = keys;
    message->extra_values = values;
    message->n_extras = extras->n;
}
