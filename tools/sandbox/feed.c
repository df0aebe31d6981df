/* Server-sent events to every open page. Never waits for a slow one: it is dropped and comes back by itself. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "sandbox/feed.h"

#define MAX_READERS 64
#define MAX_BACKLOG_BYTES (4 * 1024 * 1024)
#define HEARTBEAT_MS 10000

struct feed {
    struct world *world;
    struct http_exchange *readers[MAX_READERS];
    size_t n_readers;
    uv_timer_t heartbeat;
};

/* ---- What a phone looks like ---- */

static json_t *reactions_json(const struct bubble *bubble)
{
    static const char *const by[] = { "person", "business" };
    json_t *list = json_array();

    for (unsigned side = 0; side < 2; side++) {
        if (bubble->reactions[side])
            (void) json_array_append_new(list,
                                         json_pack("{s:s,s:s}", "by", by[side], "emoji", bubble->reactions[side]));
    }
    return list;
}

json_t *bubble_json(const struct bubble *bubble)
{
    json_t *json = json_pack("{s:s,s:s,s:s,s:s,s:s?,s:s?,s:s,s:I,s:b,s:b,s:o}", "id", bubble->id, "direction",
                             bubble->from == SIDE_PERSON ? "out" : "in", "kind", kind_name(bubble->kind), "text",
                             bubble->text, "reply_to", bubble->reply_to, "mark", bubble->mark, "ticks",
                             ticks_name(bubble->ticks), "at_ms", (json_int_t) bubble->at_ms, "edited",
                             bubble->n_edits > 0, "unsent", bubble->is_unsent, "reactions", reactions_json(bubble));

    if (json && bubble->content)
        (void) json_object_update_missing(json, bubble->content);
    return json;
}

json_t *person_json(const struct person *person, bool with_bubbles)
{
    json_t *json =
        json_pack("{s:s,s:s,s:s,s:b,s:b}", "network", network_name(person->account->network), "person", person->user_id,
                  "name", person->name, "typing", person->is_typing_shown, "looking", person->is_looking);

    if (json && person->username)
        (void) json_object_set_new(json, "username", json_string(person->username));
    if (json && person->bsuid)
        (void) json_object_set_new(json, "bsuid", json_string(person->bsuid));
    if (json && with_bubbles) {
        json_t *bubbles = json_array();

        list_for_each (node, &person->bubbles)
            (void) json_array_append_new(bubbles, bubble_json(container_of(node, struct bubble, link)));
        (void) json_object_set_new(json, "bubbles", bubbles);
    }
    return json;
}

/* ---- Readers ---- */

static void say(struct feed *feed, const char *text)
{
    for (size_t i = 0; i < feed->n_readers; i++) {
        /* A reader that is too slow is dropped by the server, which then calls feed_leave(). */
        if (http_stream_send(feed->readers[i], bytes_of_text(text)) < 0)
            continue;
    }
}

static void publish(struct feed *feed, const char *event, json_t *json)
{
    char *data = json ? json_dumps(json, JSON_COMPACT) : NULL, *text = NULL;
    size_t size;

    json_decref(json);
    if (data) {
        size = strlen(event) + strlen(data) + 32;
        text = malloc(size);
    }
    if (text) {
        (void) snprintf(text, size, "event: %s\ndata: %s\n\n", event, data);
        say(feed, text);
    }
    free(text);
    free(data);
}

static bool has_readers(const struct feed *feed)
{
    return feed && feed->n_readers > 0;
}

static void on_heartbeat(uv_timer_t *timer)
{
    say(timer->data, ": still here\n\n");
}

int feed_new(struct world *world, struct feed **ret)
{
    struct feed *feed = calloc(1, sizeof(*feed));

    if (!feed)
        return -ENOMEM;
    feed->world = world;
    (void) uv_timer_init(world->loop, &feed->heartbeat);
    feed->heartbeat.data = feed;
    (void) uv_timer_start(&feed->heartbeat, on_heartbeat, HEARTBEAT_MS, HEARTBEAT_MS);
    *ret = feed;
    return 0;
}

static void on_feed_closed(uv_handle_t *handle)
{
    free(handle->data);
}

struct feed *feed_free(struct feed *feed)
{
    if (!feed)
        return NULL;
    while (feed->n_readers > 0)
        http_stream_end(&feed->readers[--feed->n_readers]);
    uv_close((uv_handle_t *) &feed->heartbeat, on_feed_closed);
    return NULL;
}

void feed_join(struct feed *feed, struct http_exchange *exchange)
{
    if (feed->n_readers == MAX_READERS || http_stream_begin(exchange, "text/event-stream", MAX_BACKLOG_BYTES) < 0) {
        http_drop(&exchange);
        return;
    }
    if (http_stream_send(exchange, bytes_of_text("retry: 1000\n\n")) == 0)
        feed->readers[feed->n_readers++] = exchange;
}

void feed_leave(struct feed *feed, struct http_exchange *exchange)
{
    for (size_t i = 0; i < feed->n_readers; i++) {
        if (feed->readers[i] == exchange) {
            feed->readers[i] = feed->readers[--feed->n_readers];
            return;
        }
    }
}

/* ---- What happened ---- */

void feed_bubble(struct feed *feed, const struct bubble *bubble)
{
    const struct person *person = bubble->person;

    if (has_readers(feed))
        publish(feed, "bubble",
                json_pack("{s:s,s:s,s:o}", "network", network_name(person->account->network), "person", person->user_id,
                          "bubble", bubble_json(bubble)));
}

void feed_typing(struct feed *feed, const struct person *person)
{
    if (has_readers(feed))
        publish(feed, "typing", person_json(person, false));
}

void feed_person(struct feed *feed, const struct person *person)
{
    if (has_readers(feed))
        publish(feed, "person", person_json(person, false));
}

void feed_reset(struct feed *feed)
{
    if (has_readers(feed))
        publish(feed, "reset", json_object());
}

void feed_hop(struct feed *feed, const struct hop *hop)
{
    if (has_readers(feed))
        publish(feed, "hop",
                json_pack("{s:s,s:s,s:s,s:i,s:I}", "hop", hop->name, "kind", hop->kind, "network",
                          network_name(hop->network), "status", hop->status, "ms", (json_int_t) hop->took_ms));
}
