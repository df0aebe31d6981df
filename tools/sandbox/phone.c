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

static const char *const tick_names[] = { "sent", "delivered", "read" };

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

struct person *person_find(struct world *world, enum network network, const char *user_id)
{
    char room[MAP_KEY_MAX_BYTES];
    struct bytes key = person_key(network, user_id, room, sizeof(room));

    return key.size ? map_get(&world->people_by_id, key) : NULL;
}

static int rename_person(struct person *person, const char *name)
{
    char *copy = strdup(name);

    if (!copy)
        return -ENOMEM;
    free(person->name);
    person->name = copy;
    feed_person(person->world->feed, person);
    return -EEXIST;
}

int person_add(struct world *world, enum network network, const char *user_id, const char *name)
{
    struct person *person = person_find(world, network, user_id);
    char room[MAP_KEY_MAX_BYTES];
    int r = -ENOMEM;

    if (person)
        return rename_person(person, name);
    if (!world_account(world, network))
        return -ENOENT;
    person = calloc(1, sizeof(*person));
    if (!person)
        return -ENOMEM;
    list_init(&person->link);
    list_init(&person->bubbles);
    person->world = world;
    person->account = world_account(world, network);
    person->user_id = strdup(user_id);
    person->name = strdup(name);
    person->is_looking = true;
    if (person->user_id && person->name)
        r = map_set(&world->people_by_id, person_key(network, user_id, room, sizeof(room)), person);
    if (r < 0) {
        person_free(person);
        return r;
    }
    list_append(&world->people, &person->link);
    feed_person(world->feed, person);
    return 0;
}

static void bubble_free(struct bubble *bubble)
{
    list_remove(&bubble->link);
    free(bubble->id);
    free(bubble->text);
    free(bubble->reply_to);
    free(bubble->mark);
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
    person->messages = person->receipts = NULL;
}

struct person *person_free(struct person *person)
{
    person_forget(person);
    list_remove(&person->link);
    free(person->user_id);
    free(person->name);
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

/* ---- Bubbles ---- */

/* Ids are longer than a map's keys: their digests are the keys. */
static struct bytes digest(const char *text, uint8_t room[DIGEST_BYTES])
{
    (void) crypto_generichash(room, DIGEST_BYTES, (const uint8_t *) text, strlen(text), NULL, 0);
    return bytes_make(room, DIGEST_BYTES);
}

static void mint_id(struct person *person, enum side from, char ret[MESSAGE_ID_SIZE])
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
    mint_id(person, order->from, id);
    bubble->person = person;
    bubble->from = order->from;
    bubble->at_ms = wall_ms();
    bubble->is_by_agent = order->is_by_agent;
    bubble->id = strdup(id);
    bubble->text = strdup(order->text);
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
