/* Forms carry nested objects as JSON text: here they become members like any other. Never fails on a plain text. */
#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "sandbox/graph_body.h"

/* Takes `text`. */
static json_t *member_of(json_t *text)
{
    const char *value = json_string_value(text);
    json_t *nested = value && (*value == '{' || *value == '[') ? json_loads(value, JSON_REJECT_DUPLICATES, NULL) : NULL;

    if (!nested)
        return text;
    json_decref(text);
    return nested;
}

json_t *body_of_json(struct bytes body)
{
    return json_loadb((const char *) body.data, body.size, JSON_REJECT_DUPLICATES, NULL);
}

json_t *body_of_fields(json_t *fields)
{
    json_t *body = json_object(), *value;
    const char *key;

    json_object_foreach (fields, key, value)
        (void) json_object_set_new(body, key, member_of(json_incref(value)));
    return body;
}

static int hex(char c)
{
    return isdigit((unsigned char) c)    ? c - '0'
           : isxdigit((unsigned char) c) ? tolower((unsigned char) c) - 'a' + 10
                                         : -1;
}

/* In place; the new size. */
static size_t unescape(char *text, size_t size)
{
    size_t n = 0;

    for (size_t i = 0; i < size; i++) {
        if (text[i] == '%' && i + 2 < size && hex(text[i + 1]) >= 0 && hex(text[i + 2]) >= 0) {
            text[n++] = (char) (hex(text[i + 1]) * 16 + hex(text[i + 2]));
            i += 2;
        } else {
            text[n++] = text[i] == '+' ? ' ' : text[i];
        }
    }
    text[n] = 0;
    return n;
}

json_t *body_of_form(struct bytes body)
{
    json_t *json = json_object();
    char *text = strndup((const char *) body.data, body.size), *rest = NULL;

    for (char *pair = text ? strtok_r(text, "&", &rest) : NULL; pair; pair = strtok_r(NULL, "&", &rest)) {
        char *equals = strchr(pair, '=');
        size_t size;
        json_t *value;

        if (!equals)
            continue;
        *equals = 0;
        (void) unescape(pair, strlen(pair));
        size = unescape(equals + 1, strlen(equals + 1));
        value = json_stringn(equals + 1, size);
        if (value)
            (void) json_object_set_new(json, pair, member_of(value));
    }
    free(text);
    return json;
}
