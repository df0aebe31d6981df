/* People and the bubbles on their phones. Every change goes to the live feed. Never decides who hears of it. */
#include <assert.h>
#include <errno.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "sandbox/feed.h"
#include "sandbox/webhook_sender.h"
#include "sandbox/world.h"

#define DIGEST_BYTES 16
#define BSUID_SIZE 64

static const char *const tick_names[] = { "sent", "delivered", "read" };

static const char *const kind_names[N_KINDS] = {
    "text",     "image",    "video",   "audio",  "voice",    "file",  "sticker", "animated",
    "location", "contacts", "choices", "choice", "template", "order", "note",
};

const char *kind_name(enum kind kind)
{
    return kind_names[kind];
}

int kind_of(const char *name, enum kind *ret)
{
    for (unsigned kind = 0; kind < N_KINDS; kind++) {
        if (strcmp(kind_names[kind], name) == 0) {
            *ret = (enum kind) kind;
            return 0;
        }
    }
    return -ENOENT;
}

const char *ticks_name(enum ticks ticks)
{
    return tick_names[ticks];
}

/* ---- People ---- */

static struct bytes person_key(enum network network, const char *user_id, char *room, size_t size)
{
    int n = snprintf(room, size, "%u/%s", (unsigned) network, user_id);

    return n > 0 && (size_t) n < size ? bytes_make(room, (size_t) n) : BYTES_EMPTY;
}

/* Country, dot, letters and digits. */
static bool is_bsuid(const char *user_id)
{
    return strlen(user_id) > 3 && user_id[2] == '.';
}

static struct person *find_by_bsuid(struct world *world, const char *bsuid)
{
    list_for_each (node, &world->people) {
        struct person *person = container_of(node, struct person, link);

        if (person->bsuid && strcmp(person->bsuid, bsuid) == 0)
            return person;
    }
    return NULL;
}

static struct person *find_by_dialled(const struct world *world, const char *number)
{
    list_for_each (node, &world->people) {
        struct person *person = container_of(node, struct person, link);

        if (person->dialled && strcmp(person->dialled, number) == 0)
            return person;
    }
    return NULL;
}

struct person *person_find(struct world *world, enum network network, const char *user_id)
{
    char room[MAP_KEY_MAX_BYTES];
    struct bytes key = person_key(network, user_id, room, sizeof(room));
    struct person *person = key.size ? map_get(&world->people_by_id, key) : NULL;

    if (!person && network == NETWORK_WHATSAPP)
        person = is_bsuid(user_id) ? find_by_bsuid(world, user_id) : find_by_dialled(world, user_id);
    return person;
}

const char *person_number(const struct person *person)
{
    return person->is_number_hidden || is_bsuid(person->user_id) ? NULL : person->user_id;
}

void person_heard(struct person *person, int64_t at_ms)
{
    if (at_ms > person->heard_ms)
        person->heard_ms = at_ms;
}

static int set_text(char **where, const char *text)
{
    char *copy;

    if (!text)
        return 0;
    copy = strdup(text);
    if (!copy)
        return -ENOMEM;
    free(*where);
    *where = copy;
    return 0;
}

/* What may change later: name, username, business-scoped id, whether the number shows. */
static int describe(struct person *person, const struct person_order *order)
{
    if (set_text(&person->name, order->name) < 0 || set_text(&person->username, order->username) < 0 ||
        set_text(&person->bsuid, order->bsuid) < 0 || set_text(&person->dialled, order->dialled) < 0)
        return -ENOMEM;
    person->is_number_hidden = order->is_number_hidden;
    feed_person(person->world->feed, person);
    return 0;
}

static int identify(struct person *person, const struct person_order *order)
{
    char bsuid[BSUID_SIZE];

    (void) snprintf(bsuid, sizeof(bsuid), is_bsuid(order->user_id) ? "%.60s" : "US.1349%.40s", order->user_id);
    person->user_id = strdup(order->user_id);
    if (order->network == NETWORK_WHATSAPP)
        person->bsuid = strdup(bsuid);
    return !person->user_id || (order->network == NETWORK_WHATSAPP && !person->bsuid) ? -ENOMEM : 0;
}

int person_add(struct world *world, const struct person_order *order)
{
    char room[MAP_KEY_MAX_BYTES];
    struct bytes key = person_key(order->network, order->user_id, room, sizeof(room));
    struct person *person = key.size ? map_get(&world->people_by_id, key) : NULL;
    int r;

    if (person) {
        r = describe(person, order);
        return r < 0 ? r : -EEXIST;
    }
    if (!world_account(world, order->network))
        return -ENOENT;
    person = calloc(1, sizeof(*person));
    if (!person)
        return -ENOMEM;
    list_init(&person->link);
    list_init(&person->bubbles);
    person->world = world;
    person->account = world_account(world, order->network);
    person->is_looking = true;
    person->heard_ms = world_now_ms(world);
    r = identify(person, order);
    if (r == 0)
        r = describe(person, order);
    if (r == 0)
        r = map_set(&world->people_by_id, key, person);
    if (r < 0) {
        person_free(person);
        return r;
    }
    list_append(&world->people, &person->link);
    return 0;
}

static void bubble_free(struct bubble *bubble)
{
    list_remove(&bubble->link);
    free(bubble->id);
    free(bubble->text);
    free(bubble->reply_to);
    free(bubble->mark);
    json_decref(bubble->content);
    json_decref(bubble->attachments);
    free(bubble->reactions[SIDE_PERSON]);
    free(bubble->reactions[SIDE_BUSINESS]);
    free(bubble);
}

void person_forget(struct person *person)
{
    list_for_each_safe (node, after, &person->bubbles)
        bubble_free(container_of(node, struct bubble, link));
    person->is_looking = true;
    person->is_typing_shown = false;
    person->heard_ms = world_now_ms(person->world);
    person->messages = person->receipts = NULL;
}

struct person *person_free(struct person *person)
{
    person_forget(person);
    list_remove(&person->link);
    free(person->user_id);
    free(person->name);
    free(person->username);
    free(person->bsuid);
    free(person->dialled);
    free(person);
    return NULL;
}

static void typing_over(void *what)
{
    struct person *person = what;

    if (person->is_typing_shown && uv_now(person->world->loop) >= person->typing_until_ms) {
        person->is_typing_shown = false;
        feed_typing(person->world->feed, person);
    }
}

void person_typing(struct person *person, uint64_t for_ms)
{
    bool is_change = person->is_typing_shown != (for_ms > 0);

    person->is_typing_shown = for_ms > 0;
    person->typing_until_ms = uv_now(person->world->loop) + for_ms;
    if (is_change)
        feed_typing(person->world->feed, person);
    if (for_ms > 0)
        later(person->world, for_ms, typing_over, person);
}

/* ---- Files in bubbles ---- */

#define FILES_PATH "/control/files/"

json_t *file_json(const struct file *file, enum kind kind)
{
    char url[sizeof(FILES_PATH) + FILE_ID_SIZE];

    (void) snprintf(url, sizeof(url), FILES_PATH "%s", file->id);
    return json_pack("{s:s,s:s,s:O,s:I,s:s}", "kind", kind_name(kind), "mime", file->mime, "name", file->name, "size",
                     (json_int_t) file->size, "url", url);
}

const struct file *file_of_json(const struct world *world, const json_t *json, enum kind *ret_kind)
{
    const char *url = json_string_value(json_object_get(json, "url"));
    const char *kind = json_string_value(json_object_get(json, "kind"));

    if (!url || !kind || strlen(url) <= strlen(FILES_PATH) || kind_of(kind, ret_kind) < 0)
        return NULL;
    return file_find(&world->files, url + strlen(FILES_PATH));
}

/* ---- Bubbles ---- */

/* Ids are longer than a map's keys: their digests are the keys. */
static struct bytes digest(const char *text, uint8_t room[DIGEST_BYTES])
{
    (void) crypto_generichash(room, DIGEST_BYTES, (const uint8_t *) text, strlen(text), NULL, 0);
    return bytes_make(room, DIGEST_BYTES);
}

void bubble_mint_id(struct person *person, enum side from, char ret[MESSAGE_ID_SIZE])
{
    struct dice *dice = &person->world->dice;

    switch (person->account->network) {
    case NETWORK_WHATSAPP:
        whatsapp_message_id(dice, person->user_id, from == SIDE_PERSON, ret);
        break;
    case NETWORK_MESSENGER:
        messenger_message_id(dice, ret);
        break;
    case NETWORK_INSTAGRAM:
    case N_NETWORKS:
        instagram_message_id(dice, person->account->id, ret);
        break;
    }
}

struct bubble *bubble_add(struct person *person, const struct bubble_order *order)
{
    struct world *world = person->world;
    struct bubble *bubble = calloc(1, sizeof(*bubble));
    char id[MESSAGE_ID_SIZE];
    uint8_t key[DIGEST_BYTES];

    if (!bubble)
        return NULL;
    list_init(&bubble->link);
    if (order->id)
        (void) snprintf(id, sizeof(id), "%s", order->id);
    else
        bubble_mint_id(person, order->from, id);
    bubble->person = person;
    bubble->from = order->from;
    bubble->kind = order->kind;
    bubble->content = json_incref(order->content);
    bubble->attachments = json_incref(order->attachments);
    bubble->at_ms = wall_ms();
    bubble->is_by_agent = order->is_by_agent;
    bubble->id = strdup(id);
    bubble->text = strdup(order->text ? order->text : "");
    bubble->reply_to = order->reply_to ? strdup(order->reply_to) : NULL;
    bubble->mark = order->mark ? strdup(order->mark) : NULL;
    if (!bubble->id || !bubble->text || map_set(&world->bubbles_by_id, digest(bubble->id, key), bubble) < 0) {
        bubble_free(bubble);
        return NULL;
    }
    list_append(&person->bubbles, &bubble->link);
    if (order->from == SIDE_BUSINESS)
        person_typing(person, 0);
    feed_bubble(world->feed, bubble);
    return bubble;
}

struct bubble *bubble_find(struct world *world, const char *id)
{
    uint8_t key[DIGEST_BYTES];

    return map_get(&world->bubbles_by_id, digest(id, key));
}

void bubble_raise(struct bubble *bubble, enum ticks ticks)
{
    if (ticks <= bubble->ticks)
        return;
    bubble->ticks = ticks;
    feed_bubble(bubble->person->world->feed, bubble);
}

void bubble_react(struct bubble *bubble, enum side side, const char *emoji)
{
    free(bubble->reactions[side]);
    bubble->reactions[side] = emoji && *emoji ? strdup(emoji) : NULL;
    feed_bubble(bubble->person->world->feed, bubble);
}

void bubble_rewrite(struct bubble *bubble, const char *text)
{
    char *copy = strdup(text);

    if (!copy)
        return;
    free(bubble->text);
    bubble->text = copy;
    bubble->n_edits++;
    feed_bubble(bubble->person->world->feed, bubble);
}

void bubble_unsend(struct bubble *bubble)
{
    bubble->is_unsent = true;
    bubble->text[0] = 0;
    json_decref(bubble->content);
    bubble->content = NULL;
    feed_bubble(bubble->person->world->feed, bubble);
}

bool mark_seen_before(struct person *person, const char *mark, const char *text)
{
    struct map *seen = &person->world->seen_marks;
    crypto_generichash_state state;
    uint8_t key[DIGEST_BYTES];
    const char *parts[] = { person->account->id, person->user_id, mark, text };

    (void) crypto_generichash_init(&state, NULL, 0, DIGEST_BYTES);
    for (size_t i = 0; i < ARRAY_SIZE(parts); i++)
        (void) crypto_generichash_update(&state, (const uint8_t *) parts[i], strlen(parts[i]) + 1);
    (void) crypto_generichash_final(&state, key, DIGEST_BYTES);
    if (map_get(seen, bytes_make(key, DIGEST_BYTES)))
        return true;
    if (map_set(seen, bytes_make(key, DIGEST_BYTES), person) < 0)
        return false;
    return false;
}
