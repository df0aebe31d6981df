/* JSON for vectors: bytes as hex, objects in the order they are made. Never used by anything that ships. */
#ifndef TREFOIL_VECTORS_JSON_H
#define TREFOIL_VECTORS_JSON_H

#include <jansson.h>

#include "seal_kit/forge.h"

/* Where vectors go while they are made. */
struct vectors {
    struct world *world;
    const char *folder, *corpus;
};

json_t *hex(struct bytes bytes);
json_t *hex_of(const void *data, size_t size);

void put(json_t *object, const char *name, json_t *value);
void put_hex(json_t *object, const char *name, struct bytes bytes);
void put_u64(json_t *object, const char *name, uint64_t value);
void put_text(json_t *object, const char *name, const char *text);

/* A new object at the end of the list, with this name. */
json_t *add(json_t *list, const char *name);

/* Writes FOLDER/FILE and gives the object up. */
void write_vectors(const struct vectors *vectors, const char *file, json_t *object);

/* One input for a fuzz target: CORPUS/TARGET/NAME. */
void write_corpus(const struct vectors *vectors, const char *target, const char *name, struct bytes bytes);

/* A copy with one bit flipped, in the world's arena. */
struct bytes flipped(struct world *world, struct bytes bytes, size_t bit);

/* objects.c */
json_t *hash_vectors(struct vectors *vectors);
json_t *padding_vectors(struct vectors *vectors);
json_t *token_vectors(struct vectors *vectors);
json_t *personal_vectors(struct vectors *vectors);
json_t *roster_vectors(struct vectors *vectors);
json_t *grant_vectors(struct vectors *vectors);
json_t *envelope_vectors(struct vectors *vectors);

/* files.c */
json_t *file_vectors(struct vectors *vectors);

/* refusals.c: what must be refused, into the list */
void refuse_tokens(struct vectors *vectors, json_t *list);
void refuse_rosters(struct vectors *vectors, json_t *list);
void refuse_wrap_keys(struct vectors *vectors, json_t *list);
void refuse_grants(struct vectors *vectors, json_t *list);
void refuse_envelopes(struct vectors *vectors, json_t *list, json_t *grants);

#endif
