/* The index of a JSON text, made in one pass over its bytes.
 * Never recurses, never copies a value, never decides what a value means.
 */
#include "json.h"

#include <errno.h>
#include <string.h>

#include "json_string.h"

/* Where the parser is: which containers are open, and what may come next. */
struct parser {
    struct json *json;
    size_t at;
    size_t room;                   /* nodes allocated */
    uint32_t open[JSON_DEPTH_MAX]; /* nodes of the open containers, outermost first */
    size_t depth;
};

static void fault(struct parser *parser, struct json_node *node, enum json_fault_kind kind)
{
    if (kind == JSON_SOUND || node->fault != JSON_SOUND)
        return;
    node->fault = (uint8_t) kind;
    parser->json->n_faults++;
}

static bool is_space(uint8_t byte)
{
    return byte == ' ' || byte == '\n' || byte == '\t' || byte == '\r';
}

/* The next byte that is no white space, 0 at the end (a NUL in the text is no JSON either). */
static uint8_t peek(struct parser *parser)
{
    const struct bytes *text = &parser->json->text;

    while (parser->at < text->size && is_space(text->data[parser->at]))
        parser->at++;
    return parser->at < text->size ? text->data[parser->at] : 0;
}

static struct json_node *add_node(struct parser *parser, enum json_type type, bool is_member)
{
    struct json *json = parser->json;

    if (json->n_nodes == parser->room)
        return NULL;
    struct json_node *node = &json->nodes[json->n_nodes++];
    node->type = (uint8_t) type;
    node->is_member = is_member;
    node->start = (uint32_t) parser->at;
    node->after = (uint32_t) json->n_nodes;
    return node;
}

static void end_node(struct parser *parser, struct json_node *node)
{
    node->size = (uint32_t) (parser->at - node->start);
    node->after = (uint32_t) parser->json->n_nodes;
}

static int read_string(struct parser *parser, bool is_member, struct json_node **ret)
{
    struct json_node *node = add_node(parser, JSON_STRING, is_member);
    struct json_string_scan scan;

    if (!node)
        return -E2BIG;
    if (json_string_scan(bytes_slice(parser->json->text, parser->at, SIZE_MAX), &scan) < 0)
        return -EBADMSG;
    parser->at += scan.size;
    node->is_escaped = scan.is_escaped;
    fault(parser, node, scan.fault);
    end_node(parser, node);
    *ret = node;
    return 0;
}

static size_t skip_digits(struct bytes text, size_t at)
{
    while (at < text.size && text.data[at] >= '0' && text.data[at] <= '9')
        at++;
    return at;
}

/* A number by the grammar of RFC 8259; what it is worth is checked when the index is complete. */
static int read_number(struct parser *parser, bool is_member)
{
    struct bytes text = parser->json->text;
    struct json_node *node = add_node(parser, JSON_NUMBER, is_member);

    if (!node)
        return -E2BIG;
    size_t at = parser->at + (text.data[parser->at] == '-');
    size_t end = skip_digits(text, at);
    if (end == at || (end > at + 1 && text.data[at] == '0'))
        return -EBADMSG;
    if (end < text.size && text.data[end] == '.') {
        at = end + 1;
        end = skip_digits(text, at);
        if (end == at)
            return -EBADMSG;
    }
    if (end < text.size && (text.data[end] == 'e' || text.data[end] == 'E')) {
        at = end + 1;
        if (at < text.size && (text.data[at] == '+' || text.data[at] == '-'))
            at++;
        end = skip_digits(text, at);
        if (end == at)
            return -EBADMSG;
    }
    parser->at = end;
    end_node(parser, node);
    fault(parser, node, json_number_fault(json_raw((struct json_value){ parser->json, node })));
    return 0;
}

static int read_word(struct parser *parser, enum json_type type, const char *word, bool is_member)
{
    size_t size = strlen(word);
    struct bytes here = bytes_slice(parser->json->text, parser->at, size);
    struct json_node *node;

    if (!bytes_equal_text(here, word))
        return -EBADMSG;
    node = add_node(parser, type, is_member);
    if (!node)
        return -E2BIG;
    parser->at += size;
    end_node(parser, node);
    return 0;
}

static int open_container(struct parser *parser, enum json_type type, bool is_member)
{
    struct json_node *node;

    if (parser->depth == JSON_DEPTH_MAX)
        return -E2BIG;
    node = add_node(parser, type, is_member);
    if (!node)
        return -E2BIG;
    parser->open[parser->depth++] = (uint32_t) (node - parser->json->nodes);
    parser->at++;
    return 0;
}

static struct json_node *innermost(struct parser *parser)
{
    return parser->depth > 0 ? &parser->json->nodes[parser->open[parser->depth - 1]] : NULL;
}

static bool same_key(const struct json *json, const struct json_node *a, const struct json_node *b)
{
    return a->after == b->after && json_string_equal(json_raw((struct json_value){ json, a }), a->is_escaped,
                                                     json_raw((struct json_value){ json, b }), b->is_escaped);
}

/* Two members of one name: which of them is meant is anybody's guess, so nobody guesses. */
static enum json_fault_kind check_keys(const struct json *json, const struct json_node *object)
{
    const struct json_node *keys[JSON_KEYS_MAX];
    size_t n_keys = 0;

    for (const struct json_node *key = object + 1; key < json->nodes + object->after;
         key = json->nodes + key[1].after) {
        if (n_keys == JSON_KEYS_MAX)
            return JSON_TOO_MANY_KEYS;
        for (size_t i = 0; i < n_keys; i++)
            if (same_key(json, keys[i], key))
                return JSON_DUPLICATE_KEY;
        keys[n_keys++] = key;
    }
    return JSON_SOUND;
}

static void close_container(struct parser *parser)
{
    struct json_node *node = innermost(parser);

    parser->at++;
    parser->depth--;
    end_node(parser, node);
    if (node->type == JSON_OBJECT)
        fault(parser, node, check_keys(parser->json, node));
}

/* A key and its colon. */
static int read_key(struct parser *parser)
{
    struct json_node *key;
    int r;

    if (peek(parser) != '"')
        return -EBADMSG;
    r = read_string(parser, false, &key);
    if (r < 0)
        return r;
    key->after = json_string_hash(json_raw((struct json_value){ parser->json, key }), key->is_escaped);
    if (peek(parser) != ':')
        return -EBADMSG;
    parser->at++;
    return 0;
}

/* One value; of a container only its opening bracket. */
static int read_value(struct parser *parser, bool is_member)
{
    struct json_node *node;
    uint8_t byte = peek(parser);

    switch (byte) {
    case '"':
        return read_string(parser, is_member, &node);
    case '{':
        return open_container(parser, JSON_OBJECT, is_member);
    case '[':
        return open_container(parser, JSON_ARRAY, is_member);
    case 't':
        return read_word(parser, JSON_TRUE, "true", is_member);
    case 'f':
        return read_word(parser, JSON_FALSE, "false", is_member);
    case 'n':
        return read_word(parser, JSON_NULL, "null", is_member);
    default:
        return byte == '-' || (byte >= '0' && byte <= '9') ? read_number(parser, is_member) : -EBADMSG;
    }
}

static uint8_t closing(const struct json_node *container)
{
    return container->type == JSON_OBJECT ? '}' : ']';
}

/* Closes what ends here; then, inside a container, the comma before its next member. False: the text is complete. */
static int read_separator(struct parser *parser, bool *ret_more)
{
    struct json_node *container;

    while ((container = innermost(parser))) {
        uint8_t byte = peek(parser);

        if (byte == closing(container)) {
            close_container(parser);
        } else if (container->after == parser->json->n_nodes) { /* just opened: its first member needs no comma */
            break;
        } else if (byte == ',') {
            parser->at++;
            if (peek(parser) == closing(container))
                return -EBADMSG;
            break;
        } else {
            return -EBADMSG;
        }
    }
    *ret_more = container != NULL;
    return 0;
}

static int parse(struct parser *parser)
{
    bool more = true;
    int r = read_value(parser, false);

    while (r == 0) {
        r = read_separator(parser, &more);
        if (r < 0 || !more)
            break;
        bool in_object = innermost(parser)->type == JSON_OBJECT;

        if (in_object)
            r = read_key(parser);
        if (r == 0)
            r = read_value(parser, in_object);
    }
    if (r < 0)
        return r;
    return peek(parser) == 0 && parser->at == parser->json->text.size ? 0 : -EBADMSG;
}

/* How many values and keys the text can hold at most: each but the first follows one of these bytes. */
static size_t count_nodes(struct bytes text)
{
    size_t n = 1;

    for (size_t i = 0; i < text.size; i++) {
        uint8_t byte = text.data[i];

        n += byte == ',' || byte == ':' || byte == '{' || byte == '[';
    }
    return n < JSON_NODES_MAX ? n : JSON_NODES_MAX;
}

int json_parse(struct bytes text, struct arena *mem, struct json *ret)
{
    struct parser parser = { .json = ret };
    int r;

    *ret = (struct json){ .text = text };
    if (text.size > JSON_TEXT_MAX_BYTES)
        return -E2BIG;
    parser.room = count_nodes(text);
    ret->nodes = arena_array(mem, parser.room, sizeof *ret->nodes);
    if (!ret->nodes)
        return -ENOMEM;
    r = parse(&parser);
    ret->stopped_at = parser.at;
    return r;
}
