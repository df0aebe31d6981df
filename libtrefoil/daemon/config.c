/* Walks the events of a YAML file down a table of keys, with a stack of fixed depth. Never recurses, never opens a file
 * (config_file.c does), never accepts what the table does not name.
 */
#include "daemon/config_walk.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <yaml.h>

#include "daemon/config_value.h"
#include "daemon/suggest.h"

enum frame_kind { FRAME_MAP, FRAME_LIST, FRAME_TEXTS };

/* One level: a map being filled, or a list being collected. */
struct frame {
    enum frame_kind kind;
    const struct config_key *keys; /* MAP: what is allowed here */
    const struct config_key *key;  /* MAP: whose value comes next, or NULL; LIST and TEXTS: the list's own key */
    uint8_t *base;                 /* MAP: the struct; LIST and TEXTS: the struct the list goes to */
    uint64_t seen;                 /* MAP: one bit per key */
    uint8_t *items;                /* LIST: collected items; TEXTS: pointers */
    uint32_t *lines;               /* where each began */
    size_t n_items, room, item_size;
    size_t line;
};

struct walk {
    struct config_error error;
    struct arena *mem;
    char *const *env;
    struct frame frames[CONFIG_DEPTH_MAX];
    size_t depth;
    bool is_done; /* the document's map has been closed */
    struct config_secret_use **secrets;
};

static struct frame *top(struct walk *walk)
{
    return &walk->frames[walk->depth - 1];
}

/* "accounts[2].token_file": the way down to `leaf`, or to the top frame when it is NULL. */
static void write_path(const struct walk *walk, const char *leaf, char *path, size_t room)
{
    struct writer out = writer_make(path, room - 1);

    for (size_t i = 0; i < walk->depth; i++) {
        const struct frame *frame = &walk->frames[i];
        char index[24];
        if (frame->kind == FRAME_MAP)
            continue;
        if (out.size > 0)
            writer_text(&out, ".");
        writer_text(&out, frame->key->name);
        if (i + 1 < walk->depth || frame->kind == FRAME_TEXTS) {
            snprintf(index, sizeof(index), "[%zu]", frame->n_items - (frame->kind == FRAME_LIST));
            writer_text(&out, index);
        }
    }
    if (leaf && out.size > 0)
        writer_text(&out, ".");
    if (leaf)
        writer_text(&out, leaf);
    path[out.size] = '\0';
}

static int complain(const struct walk *walk, size_t line, const char *leaf, const struct config_key *key,
                    const char *what)
{
    char path[160];

    write_path(walk, leaf, path, sizeof(path));
    return config_complain(&walk->error, line, path, key, what);
}

static int remember_secret(struct walk *walk, const struct config_key *key, uint8_t *base, size_t line)
{
    struct config_secret_use *use;
    char path[160];

    if (key->type != CONFIG_SECRET_FILE || !walk->secrets)
        return 0;
    use = arena_alloc(walk->mem, sizeof(*use));
    if (!use)
        return -ENOMEM;
    write_path(walk, key->name, path, sizeof(path));
    *use = (struct config_secret_use){ *walk->secrets, key, *(const char **) (void *) (base + key->offset),
                                       arena_text(walk->mem, bytes_of_text(path)), line };
    *walk->secrets = use;
    return use->path ? 0 : -ENOMEM;
}

static int set_value(struct walk *walk, const struct config_key *key, struct bytes text, size_t line)
{
    uint8_t *base = top(walk)->base;
    const char *what = NULL;
    int r = config_set(key, text, walk->mem, base, &what);

    if (r == -EBADMSG)
        return complain(walk, line, key->name, key, what);
    return r < 0 ? r : remember_secret(walk, key, base, line);
}

static int push(struct walk *walk, const struct frame *frame)
{
    if (walk->depth == CONFIG_DEPTH_MAX)
        return complain(walk, frame->line, NULL, NULL, "is nested too deeply");
    walk->frames[walk->depth++] = *frame;
    return 0;
}

/* The environment speaks last, about top-level keys only: lists have no place in it. */
static int apply_environment(struct walk *walk, size_t index)
{
    struct frame *frame = top(walk);
    const struct config_key *key = &frame->keys[index];
    struct config_error saved = walk->error;
    char name[96] = "TREFOIL_";
    size_t size = strlen(name);

    if (walk->depth != 1 || !walk->env || key->type == CONFIG_LIST || key->type == CONFIG_TEXTS)
        return 0;
    for (const char *c = key->name; *c && size + 2 < sizeof(name); c++)
        name[size++] = (char) (*c >= 'a' && *c <= 'z' ? *c - 'a' + 'A' : *c);
    name[size++] = '=';
    for (char *const *entry = walk->env; *entry; entry++) {
        int r;
        if (strncmp(*entry, name, size) != 0)
            continue;
        name[size - 1] = '\0';
        walk->error.where = name;
        r = set_value(walk, key, bytes_of_text(*entry + size), 0);
        walk->error = saved;
        if (r == 0)
            frame->seen |= UINT64_C(1) << index;
        return r;
    }
    return 0;
}

/* A map is complete: what the environment says, what is missing, what is left to its default. */
static int close_map(struct walk *walk)
{
    struct frame *frame = top(walk);

    for (size_t i = 0; frame->keys[i].name; i++) {
        const struct config_key *key = &frame->keys[i];
        int r = apply_environment(walk, i);
        if (r < 0)
            return r;
        if (frame->seen & (UINT64_C(1) << i))
            continue;
        if (key->required)
            return complain(walk, frame->line, key->name, key, "is missing");
        if (key->initial) {
            r = set_value(walk, key, bytes_of_text(key->initial), 0);
            if (r < 0)
                return r;
        }
    }
    walk->depth--;
    if (walk->depth == 0)
        walk->is_done = true;
    return 0;
}

static int unknown_key(struct walk *walk, const char *name, size_t line)
{
    struct suggestion near = { .word = name };
    char what[128];

    for (const struct config_key *key = top(walk)->keys; key->name; key++)
        suggestion_offer(&near, key->name);
    if (near.best)
        snprintf(what, sizeof(what), "is no key known here; did you mean %s?", near.best);
    else
        snprintf(what, sizeof(what), "is no key known here");
    return complain(walk, line, name, NULL, what);
}

static int take_key(struct walk *walk, struct bytes text, size_t line)
{
    struct frame *frame = top(walk);
    char name[SUGGEST_WORD_MAX_BYTES + 1];

    for (size_t i = 0; frame->keys[i].name; i++) {
        if (!bytes_equal_text(text, frame->keys[i].name))
            continue;
        if (frame->seen & (UINT64_C(1) << i))
            return complain(walk, line, frame->keys[i].name, NULL, "is given twice");
        frame->seen |= UINT64_C(1) << i;
        frame->key = &frame->keys[i];
        return 0;
    }
    for (size_t i = 0; i < text.size; i++)
        if (text.data[i] <= ' ' || text.data[i] >= 0x7f)
            return complain(walk, line, NULL, NULL, "a key must be a word of letters, digits and _");
    if (bytes_copy(text, name, sizeof(name) - 1) < 0)
        return complain(walk, line, NULL, NULL, "a key is longer than any known here");
    name[text.size] = '\0';
    return unknown_key(walk, name, line);
}

/* The next free item of the top list, zeroed. Room doubles; what was outgrown stays in the arena. */
static int add_item(struct walk *walk, size_t line, void **ret)
{
    struct frame *frame = top(walk);
    size_t max = frame->key->max > 0 ? (size_t) frame->key->max : CONFIG_ITEMS_MAX;

    if (frame->n_items >= max)
        return complain(walk, line, NULL, frame->key, "is too long");
    if (frame->n_items == frame->room) {
        size_t room = frame->room > 0 ? frame->room * 2 : 4;
        uint8_t *items = arena_array(walk->mem, room, frame->item_size);
        uint32_t *lines = arena_array(walk->mem, room, sizeof(*lines));
        if (!items || !lines)
            return -ENOMEM;
        if (frame->n_items > 0) {
            memcpy(items, frame->items, frame->n_items * frame->item_size);
            memcpy(lines, frame->lines, frame->n_items * sizeof(*lines));
        }
        frame->items = items;
        frame->lines = lines;
        frame->room = room;
    }
    frame->lines[frame->n_items] = (uint32_t) line;
    *ret = frame->items + frame->n_items++ * frame->item_size;
    return 0;
}

static int add_text(struct walk *walk, struct bytes text, size_t line)
{
    const struct config_key key = { .name = "", .type = CONFIG_TEXT, .required = true };
    const char *value = NULL, *what = NULL;
    void *item;
    int r = config_set(&key, text, walk->mem, &value, &what);

    if (r == -EBADMSG)
        return complain(walk, line, NULL, top(walk)->key, what);
    if (r == 0)
        r = add_item(walk, line, &item);
    if (r == 0)
        *(const char **) item = value;
    return r;
}

static int on_scalar(struct walk *walk, struct bytes text, size_t line)
{
    struct frame *frame = walk->depth > 0 ? top(walk) : NULL;
    const struct config_key *key;

    if (!frame)
        return complain(walk, line, NULL, NULL, "the file must hold a map of keys and values");
    if (frame->kind == FRAME_TEXTS)
        return add_text(walk, text, line);
    if (frame->kind == FRAME_LIST)
        return complain(walk, line, NULL, frame->key, "has an item that is no map");
    if (!frame->key)
        return take_key(walk, text, line);
    key = frame->key;
    frame->key = NULL;
    return set_value(walk, key, text, line);
}

static int on_list_start(struct walk *walk, size_t line)
{
    struct frame *frame = walk->depth > 0 ? top(walk) : NULL;
    struct frame list = { .line = line };

    if (!frame)
        return complain(walk, line, NULL, NULL, "the file must hold a map of keys and values");
    if (frame->kind != FRAME_MAP || !frame->key)
        return complain(walk, line, NULL, frame->kind == FRAME_MAP ? NULL : frame->key, "a list has no place here");
    list.key = frame->key;
    list.base = frame->base;
    if (frame->key->type != CONFIG_LIST && frame->key->type != CONFIG_TEXTS)
        return complain(walk, line, frame->key->name, frame->key, "is a list");
    list.kind = frame->key->type == CONFIG_LIST ? FRAME_LIST : FRAME_TEXTS;
    list.item_size = list.kind == FRAME_LIST ? frame->key->item_size : sizeof(const char *);
    frame->key = NULL;
    return push(walk, &list);
}

static int on_list_end(struct walk *walk)
{
    struct frame *frame = top(walk);
    void *member = frame->base + frame->key->offset;

    if (frame->n_items < frame->key->min || (frame->n_items == 0 && frame->key->required)) {
        const struct config_key *key = frame->key;
        size_t line = frame->line;
        walk->depth--;
        return complain(walk, line, key->name, key, "is too short");
    }
    if (frame->kind == FRAME_LIST)
        *(struct config_list *) member = (struct config_list){ frame->items, frame->n_items };
    else
        *(struct config_texts *) member =
            (struct config_texts){ (const char *const *) (void *) frame->items, frame->n_items, frame->lines };
    walk->depth--;
    return 0;
}

static int on_map_start(struct walk *walk, const struct config_key *keys, void *base, size_t line)
{
    struct frame map = { .kind = FRAME_MAP, .keys = keys, .base = base, .line = line };
    struct frame *frame = walk->depth > 0 ? top(walk) : NULL;
    void *item;
    int r;

    if (!frame)
        return push(walk, &map);
    if (frame->kind == FRAME_MAP)
        return complain(walk, line, frame->key ? frame->key->name : NULL, frame->key, "a map has no place here");
    if (frame->kind == FRAME_TEXTS)
        return complain(walk, line, NULL, frame->key, "has an item that is no text");
    r = add_item(walk, line, &item);
    if (r < 0)
        return r;
    map.keys = frame->key->items;
    map.base = item;
    return push(walk, &map);
}

static int on_event(struct walk *walk, const struct config_key *keys, void *base, const yaml_event_t *event)
{
    size_t line = event->start_mark.line + 1;

    switch (event->type) {
    case YAML_SCALAR_EVENT:
        if (event->data.scalar.tag || event->data.scalar.anchor)
            return complain(walk, line, NULL, NULL, "tags and anchors are not allowed");
        return on_scalar(walk, bytes_make(event->data.scalar.value, event->data.scalar.length), line);
    case YAML_SEQUENCE_START_EVENT:
        if (event->data.sequence_start.tag || event->data.sequence_start.anchor)
            return complain(walk, line, NULL, NULL, "tags and anchors are not allowed");
        return on_list_start(walk, line);
    case YAML_MAPPING_START_EVENT:
        if (event->data.mapping_start.tag || event->data.mapping_start.anchor)
            return complain(walk, line, NULL, NULL, "tags and anchors are not allowed");
        return on_map_start(walk, keys, base, line);
    case YAML_SEQUENCE_END_EVENT:
        return on_list_end(walk);
    case YAML_MAPPING_END_EVENT:
        return close_map(walk);
    case YAML_ALIAS_EVENT:
        return complain(walk, line, NULL, NULL, "aliases are not allowed");
    case YAML_DOCUMENT_START_EVENT:
        return walk->is_done ? complain(walk, line, NULL, NULL, "a second document is not allowed") : 0;
    default:
        return 0;
    }
}

static int syntax_error(const struct walk *walk, const yaml_parser_t *parser)
{
    char what[160];

    snprintf(what, sizeof(what), "this is not YAML: %s", parser->problem ? parser->problem : "unreadable");
    return complain(walk, parser->problem_mark.line + 1, NULL, NULL, what);
}

static int walk_events(struct walk *walk, const struct config_key *keys, void *base, yaml_parser_t *parser)
{
    bool is_end = false;
    int r = 0;

    while (r == 0 && !is_end) {
        yaml_event_t event;
        if (!yaml_parser_parse(parser, &event))
            return parser->error == YAML_MEMORY_ERROR ? -ENOMEM : syntax_error(walk, parser);
        is_end = event.type == YAML_STREAM_END_EVENT;
        r = on_event(walk, keys, base, &event);
        yaml_event_delete(&event);
    }
    if (r == 0 && !walk->is_done) { /* an empty file is an empty map */
        r = on_map_start(walk, keys, base, 1);
        if (r == 0)
            r = close_map(walk);
    }
    return r;
}

int config_walk(const struct config_key *keys, const struct config_source *source, struct arena *mem, void *ret,
                const struct config_error *error)
{
    struct walk walk = { .error = *error, .mem = mem, .env = source->env, .secrets = source->secrets };
    yaml_parser_t parser;
    int r;

    if (source->text.size > CONFIG_FILE_MAX_BYTES)
        return complain(&walk, 0, NULL, NULL, "the file is larger than 1 MB");
    if (!yaml_parser_initialize(&parser))
        return -ENOMEM;
    yaml_parser_set_encoding(&parser, YAML_UTF8_ENCODING);
    yaml_parser_set_input_string(&parser, source->text.data ? source->text.data : (const uint8_t *) "",
                                 source->text.size);
    r = walk_events(&walk, keys, ret, &parser);
    yaml_parser_delete(&parser);
    return r;
}

int config_parse(const struct config_key *keys, const char *file, struct bytes text, char *const *env,
                 struct arena *mem, void *ret, char *error, size_t error_room)
{
    struct config_source source = { .text = text, .env = env };
    struct config_error to = { error, error_room, file };

    return config_walk(keys, &source, mem, ret, &to);
}
