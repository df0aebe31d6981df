/* Reads JSON that strangers sent: one pass, no recursion, every value with the bytes it came in.
 * Never copies a value before it is asked for, and never lets one bad value spoil its neighbours: what is wrong inside a
 * value (a duplicate key, broken UTF-8, a number out of range) is a fault of that value; only broken structure refuses
 * the whole text.
 */
#ifndef TREFOIL_FORMATS_JSON_H
#define TREFOIL_FORMATS_JSON_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/bytes.h"

#define JSON_TEXT_MAX_BYTES (16u << 20)
#define JSON_DEPTH_MAX 64
#define JSON_NODES_MAX (1u << 19) /* keys and values together; 16 bytes each */
#define JSON_KEYS_MAX 256         /* of one object; more is a fault of that object */

enum json_type {
    JSON_ABSENT = 0, /* no such value */
    JSON_NULL,
    JSON_FALSE,
    JSON_TRUE,
    JSON_NUMBER,
    JSON_STRING,
    JSON_ARRAY,
    JSON_OBJECT,
};

/* One key or value of the index. Read it through the functions below. */
struct json_node {
    uint32_t start, size; /* bytes of the text, quotes and brackets included */
    uint32_t after;       /* first node behind this one and all it holds; of a key: its hash */
    uint8_t type, fault;
    bool is_escaped; /* a string with backslashes */
    bool is_member;  /* a value in an object: the node before is its key */
};

struct json {
    struct bytes text;
    struct json_node *nodes;
    size_t n_nodes;
    size_t n_faults;
    size_t stopped_at; /* byte where parsing gave up; written on failure too */
};

/* A value by reference: cheap to copy, legal to ask anything when absent. */
struct json_value {
    const struct json *json;
    const struct json_node *node; /* NULL: absent */
};

#define JSON_NOTHING ((struct json_value){ NULL, NULL })

/* The index of `text`, which must outlive it: 0; -EBADMSG (not JSON: `ret->stopped_at` tells where); -E2BIG (longer,
 * deeper or richer than the limits above); -ENOMEM.
 */
must_use_ int json_parse(struct bytes text, struct arena *mem, struct json *ret);

struct json_value json_root(const struct json *json);

enum json_type json_type(struct json_value value);
static inline bool json_exists(struct json_value value)
{
    return value.node != NULL;
}

/* The bytes it came in; empty when absent. */
struct bytes json_raw(struct json_value value);

/* The member of that name; absent when there is none or `object` is not an object. */
struct json_value json_get(struct json_value object, const char *key);

/* The items of an array, or the values of an object, in order. */
struct json_value json_first(struct json_value container);
struct json_value json_next(struct json_value container, struct json_value value);

#define json_for_each(value, container) \
    for (struct json_value value = json_first(container); json_exists(value); value = json_next(container, value))

/* The name of an object's member, NULL for anything else or when the arena is exhausted. */
const char *json_key(struct json_value value, struct arena *mem);

/* A string, unescaped, NUL-terminated UTF-8 with U+FFFD where it held U+0000. NULL when it is no string, has a fault,
 * or the arena is exhausted (`mem->failed` tells).
 */
const char *json_text(struct json_value value, struct arena *mem);

/* The same, and an integer as its digits: identifiers come both ways. */
const char *json_id(struct json_value value, struct arena *mem);

/* True for exactly this string. */
bool json_is_text(struct json_value value, const char *text);
bool json_is_true(struct json_value value);

/* An integer, or a string of decimal digits: 0, -EBADMSG. */
must_use_ int json_i64(struct json_value value, int64_t *ret);

/* Any number in range, or a string holding one: 0, -EBADMSG. */
must_use_ int json_double(struct json_value value, double *ret);

/* What is wrong with the value or anything inside it, in constant words; NULL when it is sound. */
const char *json_fault(struct json_value value);

/* What is wrong with the value itself, whatever its members look like. */
const char *json_own_fault(struct json_value value);

#endif
