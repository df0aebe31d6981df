/* Reads the shape a service wrote for one network. Never looks at what its members mean. */
#include "native.h"

#include <errno.h>
#include <string.h>

const char *native_extra(const struct trefoil_message *message, const char *key)
{
    for (size_t i = 0; i < message->n_extras; i++)
        if (message->extra_keys[i] && strcmp(message->extra_keys[i], key) == 0)
            return message->extra_values[i];
    return NULL;
}

int native_find(const struct trefoil_message *message, const char *network, struct arena *mem, struct json_value *ret)
{
    const char *key = arena_format(mem, "native.%s", network);
    struct bytes text = bytes_of_text(key ? native_extra(message, key) : NULL);
    struct json *json;
    int r;

    if (!key)
        return -ENOMEM;
    if (!native_extra(message, key))
        return 0;
    json = arena_alloc(mem, sizeof *json);
    if (!json)
        return -ENOMEM;
    r = text.size <= NATIVE_MAX_BYTES ? json_parse(text, mem, json) : -E2BIG;
    if (r == -ENOMEM)
        return r;
    if (r < 0 || json_type(json_root(json)) != JSON_OBJECT || json_fault(json_root(json)))
        return -ENOTSUP;
    *ret = json_root(json);
    return 1;
}

static bool is_among(const char *const *names, const char *name)
{
    for (; names && *names; names++)
        if (strcmp(*names, name) == 0)
            return true;
    return false;
}

void native_put_members(struct json_writer *writer, struct json_value object, const char *const *except,
                        struct arena *mem)
{
    json_for_each (member, object) {
        const char *key = json_key(member, mem);

        if (!key)
            writer->failed = true;
        else if (!is_among(except, key))
            json_put_raw(writer, key, json_raw(member));
    }
}
