/* Vectors into JSON files. Never draws randomness: two runs write the same bytes. */
#include "vectors_json.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

static void must(bool held)
{
    if (!held)
        abort();
}

json_t *hex(struct bytes bytes)
{
    char *text = malloc(2 * bytes.size + 1);

    must(text != NULL);
    bytes_to_hex(bytes, text);
    json_t *value = json_string(text);
    free(text);
    must(value != NULL);
    return value;
}

json_t *hex_of(const void *data, size_t size)
{
    return hex(bytes_make(data, size));
}

void put(json_t *object, const char *name, json_t *value)
{
    must(json_object_set_new(object, name, value) == 0);
}

void put_hex(json_t *object, const char *name, struct bytes bytes)
{
    put(object, name, hex(bytes));
}

void put_u64(json_t *object, const char *name, uint64_t value)
{
    put(object, name, json_integer((json_int_t) value));
}

void put_text(json_t *object, const char *name, const char *text)
{
    put(object, name, json_string(text));
}

json_t *add(json_t *list, const char *name)
{
    json_t *object = json_object();

    put_text(object, "name", name);
    must(json_array_append_new(list, object) == 0);
    return object;
}

static void write_file(const char *path, struct bytes bytes)
{
    FILE *file = fopen(path, "wbe");

    must(file != NULL);
    must(bytes.size == 0 || fwrite(bytes.data, 1, bytes.size, file) == bytes.size);
    must(fclose(file) == 0);
}

void write_vectors(const struct vectors *vectors, const char *file, json_t *object)
{
    char *path = arena_format(&vectors->world->arena, "%s/%s", vectors->folder, file);
    char *text = json_dumps(object, JSON_INDENT(1) | JSON_PRESERVE_ORDER);

    must(path && text);
    const char *whole = arena_format(&vectors->world->arena, "%s\n", text);
    write_file(path, bytes_of_text(whole));
    free(text);
    json_decref(object);
}

void write_corpus(const struct vectors *vectors, const char *target, const char *name, struct bytes bytes)
{
    const char *folder = arena_format(&vectors->world->arena, "%s/%s", vectors->corpus, target);

    mkdir(folder, 0777);
    write_file(arena_format(&vectors->world->arena, "%s/%s", folder, name), bytes);
}

struct bytes flipped(struct world *world, struct bytes bytes, size_t bit)
{
    uint8_t *copy = arena_alloc(&world->arena, bytes.size);

    must(copy != NULL);
    memcpy(copy, bytes.data, bytes.size);
    copy[bit / 8] ^= (uint8_t) (1u << (bit % 8));
    return bytes_make(copy, bytes.size);
}
