/* Questions to a value of a JSON index.
 * Never fails loudly: what is absent, of another type or faulty answers like nothing.
 */
#include "json.h"

#include <errno.h>
#include <string.h>

#include "json_string.h"

struct json_value json_root(const struct json *json)
{
    return json->n_nodes > 0 ? (struct json_value){ json, json->nodes } : JSON_NOTHING;
}

enum json_type json_type(struct json_value value)
{
    return value.node ? (enum json_type) value.node->type : JSON_ABSENT;
}

struct bytes json_raw(struct json_value value)
{
    return value.node ? bytes_slice(value.json->text, value.node->start, value.node->size) : BYTES_EMPTY;
}

static bool is_sound_string(struct json_value value)
{
    return json_type(value) == JSON_STRING && value.node->fault == JSON_SOUND;
}

static struct bytes inside(struct json_value string)
{
    return bytes_slice(string.json->text, string.node->start + 1, string.node->size - 2);
}

static bool string_is(struct json_value string, struct bytes text)
{
    if (!string.node->is_escaped)
        return bytes_equal(inside(string), text);

    /* An escaped name is rare: compare it piece by piece. What we look for is short and without backslashes. */
    char copy[256];
    struct bytes raw = json_raw(string);

    if (text.size + 2 > sizeof copy || memchr(text.data, '\\', text.size))
        return false;
    copy[0] = copy[text.size + 1] = '"';
    memcpy(copy + 1, text.data, text.size);
    return json_string_equal(raw, true, bytes_make(copy, text.size + 2), false);
}

/* The value at node `at`, or nothing behind the container's end. In an object a key is stepped over. */
static struct json_value value_at(struct json_value container, size_t at)
{
    const struct json *json = container.json;

    if (container.node->type == JSON_OBJECT)
        at++;
    return at < container.node->after ? (struct json_value){ json, json->nodes + at } : JSON_NOTHING;
}

struct json_value json_first(struct json_value container)
{
    if (json_type(container) != JSON_ARRAY && json_type(container) != JSON_OBJECT)
        return JSON_NOTHING;
    return value_at(container, (size_t) (container.node - container.json->nodes) + 1);
}

struct json_value json_next(struct json_value container, struct json_value value)
{
    return value_at(container, value.node->after);
}

struct json_value json_get(struct json_value object, const char *key)
{
    struct bytes name = bytes_of_text(key);

    if (json_type(object) != JSON_OBJECT)
        return JSON_NOTHING;
    json_for_each (member, object)
        if (string_is((struct json_value){ member.json, member.node - 1 }, name))
            return member;
    return JSON_NOTHING;
}

const char *json_text(struct json_value value, struct arena *mem)
{
    return is_sound_string(value) ? json_string_text(json_raw(value), value.node->is_escaped, mem) : NULL;
}

const char *json_key(struct json_value value, struct arena *mem)
{
    if (!value.node || !value.node->is_member)
        return NULL;
    return json_text((struct json_value){ value.json, value.node - 1 }, mem);
}

const char *json_id(struct json_value value, struct arena *mem)
{
    if (json_type(value) == JSON_NUMBER && value.node->fault == JSON_SOUND && json_number_is_integer(json_raw(value)))
        return arena_text(mem, json_raw(value));
    return json_text(value, mem);
}

bool json_is_text(struct json_value value, const char *text)
{
    return is_sound_string(value) && string_is(value, bytes_of_text(text));
}

bool json_is_true(struct json_value value)
{
    return json_type(value) == JSON_TRUE;
}

/* The bytes of a number, or of the digits in a string. */
static struct bytes digits(struct json_value value)
{
    if (json_type(value) == JSON_NUMBER)
        return json_raw(value);
    return is_sound_string(value) && !value.node->is_escaped ? inside(value) : BYTES_EMPTY;
}

int json_i64(struct json_value value, int64_t *ret)
{
    return json_number_i64(digits(value), ret);
}

int json_double(struct json_value value, double *ret)
{
    return json_number_double(digits(value), ret);
}

const char *json_fault(struct json_value value)
{
    if (!value.node || value.json->n_faults == 0)
        return NULL;

    /* A key's `after` is its hash, so the walk goes node by node; the last node of the subtree is known. */
    const struct json_node *end = value.json->nodes + value.node->after;
    for (const struct json_node *node = value.node; node < end; node++)
        if (node->fault != JSON_SOUND)
            return json_fault_words((enum json_fault_kind) node->fault);
    return NULL;
}

const char *json_own_fault(struct json_value value)
{
    return value.node ? json_fault_words((enum json_fault_kind) value.node->fault) : NULL;
}
