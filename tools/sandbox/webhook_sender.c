/* Lanes of events, each with at most one POST under way. Never drops an event before its time is over. */
#include <assert.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "sandbox/feed.h"
#include "sandbox/webhook_sender.h"

#define MAX_REPLY_BYTES 65536
#define STRAY_DELAY_MS 300
#define GATHER_MS 100
#define DEFAULT_BATCH 10

struct event {
    struct list link;
    json_t *item;
    char *field; /* NULL: the usual place */
    struct bubble *bubble;
};

struct lane {
    struct list link;
    struct world *world;
    struct account *account;
    struct list events;
    struct post *post; /* under way or waiting to be tried again */
    uint32_t batch_size;
    bool is_stray; /* for one event; goes away with it */
    bool is_held;  /* until an appointment comes */
};

struct post {
    struct lane *lane; /* NULL: forgotten, frees itself when the answer comes */
    struct list events;
    char *body;
    unsigned n_tries;
    bool is_in_flight;
    uint64_t began_ms, tried_ms;
};

static void lane_run(struct lane *lane);
static void post_try(struct post *post);

/* ---- The bytes ---- */

char *webhook_text(const json_t *body)
{
    char *text = json_dumps(body, JSON_COMPACT | JSON_ENSURE_ASCII | JSON_ESCAPE_SLASH);

    for (char *c = text; c && *c; c++) {
        if (*c != '\\')
            continue;
        c++;
        if (*c == 'u') {
            for (unsigned i = 1; i <= 4; i++)
                c[i] = (char) (c[i] >= 'A' && c[i] <= 'F' ? c[i] + ('a' - 'A') : c[i]);
        }
    }
    return text;
}

void webhook_signature(const struct account *account, struct bytes body, char ret[SIGNATURE_LINE_SIZE])
{
    crypto_auth_hmacsha256_state state;
    uint8_t mac[crypto_auth_hmacsha256_BYTES];
    static const char name[] = "X-Hub-Signature-256: sha256=";

    (void) crypto_auth_hmacsha256_init(&state, (const uint8_t *) account->app_secret, strlen(account->app_secret));
    (void) crypto_auth_hmacsha256_update(&state, body.data, body.size);
    (void) crypto_auth_hmacsha256_final(&state, mac);
    memcpy(ret, name, sizeof(name) - 1);
    bytes_to_hex(bytes_make(mac, sizeof(mac)), ret + sizeof(name) - 1);
}

static json_t *whatsapp_entry(const struct list *events)
{
    json_t *changes = json_array();

    list_for_each (node, events) {
        const struct event *event = container_of(node, struct event, link);
        const char *field = event->field ? event->field : "messages";

        (void) json_array_append_new(changes, json_pack("{s:s,s:O}", "field", field, "value", event->item));
    }
    return json_pack("{s:s,s:o}", "id", "102290000000001", "changes", changes);
}

static json_t *meta_entry(const struct account *account, const struct list *events)
{
    json_t *entry = json_pack("{s:s,s:I}", "id", account->id, "time", (json_int_t) wall_ms());

    list_for_each (node, events) {
        const struct event *event = container_of(node, struct event, link);
        const char *field = event->field ? event->field : "messaging";

        if (!json_object_get(entry, field))
            (void) json_object_set_new(entry, field, json_array());
        (void) json_array_append(json_object_get(entry, field), event->item);
    }
    return entry;
}

static char *body_of(const struct account *account, const struct list *events)
{
    static const char *const objects[] = { "whatsapp_business_account", "page", "instagram" };
    json_t *entry = account->network == NETWORK_WHATSAPP ? whatsapp_entry(events) : meta_entry(account, events);
    json_t *body = json_pack("{s:s,s:[o]}", "object", objects[account->network], "entry", entry);
    char *text = webhook_text(body);

    json_decref(body);
    return text;
}

/* ---- Posts ---- */

static void events_free(struct list *events)
{
    list_for_each_safe (node, after, events) {
        struct event *event = container_of(node, struct event, link);

        list_remove(&event->link);
        json_decref(event->item);
        free(event->field);
        free(event);
    }
}

static void post_free(struct post *post)
{
    if (post->lane)
        post->lane->post = NULL;
    events_free(&post->events);
    free(post->body);
    free(post);
}

static void lane_free(struct lane *lane)
{
    list_remove(&lane->link);
    events_free(&lane->events);
    free(lane);
}

/* The post is over, one way or the other. */
static void post_finish(struct post *post, bool is_accepted)
{
    struct lane *lane = post->lane;

    if (is_accepted) {
        list_for_each (node, &post->events) {
            struct event *event = container_of(node, struct event, link);

            if (event->bubble)
                bubble_raise(event->bubble, TICKS_DELIVERED);
        }
    }
    post_free(post);
    if (lane->is_stray)
        lane_free(lane);
    else
        lane_run(lane);
}

static void try_again(void *what)
{
    post_try(what);
}

static void post_failed(struct post *post)
{
    struct world *world = post->lane->world;
    const struct settings *settings = world->settings;
    uint64_t pause_ms = settings->retry_first_ms;

    if (uv_now(world->loop) - post->began_ms > settings->retry_for_ms) {
        post->lane->account->n_given_up++;
        log_event(&world->log, LOG_ERROR_, "webhook-given-up",
                  LOG_TEXT("network", network_name(post->lane->account->network)));
        post_finish(post, false);
        return;
    }
    for (unsigned i = 1; i < post->n_tries && pause_ms < settings->retry_max_ms; i++)
        pause_ms *= 2;
    later(world, pause_ms < settings->retry_max_ms ? pause_ms : settings->retry_max_ms, try_again, post);
}

static void on_reply(void *context, const struct http_reply *reply)
{
    struct post *post = context;
    struct lane *lane = post->lane;
    struct hop hop = { .name = "webhook", .kind = "events" };

    post->is_in_flight = false;
    if (!lane) {
        post_free(post);
        return;
    }
    hop.network = lane->account->network;
    hop.status = reply->result == HTTP_ANSWERED ? reply->status : 0;
    hop.took_ms = (int64_t) (uv_now(lane->world->loop) - post->tried_ms);
    feed_hop(lane->world->feed, &hop);
    log_event(&lane->world->log, hop.status == 200 ? LOG_DEBUG_ : LOG_WARNING_, "webhook",
              LOG_TEXT("network", network_name(hop.network)), LOG_NUMBER("status", hop.status),
              LOG_TEXT("why", reply->why ? reply->why : "answered"), LOG_NUMBER("try", post->n_tries),
              LOG_NUMBER("took_ms", hop.took_ms));
    if (hop.status == 200)
        post_finish(post, true);
    else
        post_failed(post);
}

static void post_try(struct post *post)
{
    struct account *account = post->lane->account;
    struct world *world = post->lane->world;
    struct bytes body = bytes_of_text(post->body);
    char signature[SIGNATURE_LINE_SIZE];
    const char *headers[] = { signature };
    struct http_call call = { .method = "POST",
                              .url = account->webhook_url,
                              .content_type = "application/json",
                              .headers = headers,
                              .n_headers = 1,
                              .body = body,
                              .timeout_ms = (uint32_t) world->settings->webhook_timeout_ms,
                              .max_reply_bytes = MAX_REPLY_BYTES,
                              .context = post,
                              .on_reply = on_reply };

    webhook_signature(account, body, signature);
    account->n_webhooks++;
    account->n_retries += post->n_tries > 0;
    post->n_tries++;
    post->tried_ms = uv_now(world->loop);
    post->is_in_flight = http_send(world->client, &call) == 0;
    if (!post->is_in_flight)
        post_failed(post);
}

/* ---- Lanes ---- */

static void lane_run(struct lane *lane)
{
    struct post *post;
    uint32_t n = 0;

    if (lane->post || lane->is_held || !lane->account->is_subscribed || list_is_empty(&lane->events))
        return;
    post = calloc(1, sizeof(*post));
    if (!post)
        return;
    list_init(&post->events);
    while (n++ < lane->batch_size && !list_is_empty(&lane->events)) {
        struct list *node = list_first(&lane->events);

        list_remove(node);
        list_append(&post->events, node);
    }
    post->lane = lane;
    post->began_ms = uv_now(lane->world->loop);
    post->body = body_of(lane->account, &post->events);
    lane->post = post;
    if (post->body)
        post_try(post);
    else
        post_finish(post, false);
}

static void release(void *what)
{
    struct lane *lane = what;

    lane->is_held = false;
    lane_run(lane);
}

static struct lane *lane_new(struct world *world, struct account *account)
{
    struct lane *lane = calloc(1, sizeof(*lane));

    if (!lane)
        return NULL;
    lane->world = world;
    lane->account = account;
    lane->batch_size = 1;
    list_init(&lane->events);
    list_append(&world->lanes, &lane->link);
    return lane;
}

static void lane_put(struct lane *lane, const char *field, json_t *item, struct bubble *bubble)
{
    struct event *event = calloc(1, sizeof(*event));

    if (!event)
        return;
    event->item = json_incref(item);
    event->field = field ? strdup(field) : NULL;
    event->bubble = bubble;
    list_append(&lane->events, &event->link);
    lane_run(lane);
}

static struct lane *stray_lane(struct person *person, uint64_t delay_ms)
{
    struct lane *lane = lane_new(person->world, person->account);

    if (!lane)
        return NULL;
    lane->is_stray = true;
    lane->is_held = true;
    later(person->world, delay_ms, release, lane);
    return lane;
}

static struct lane *batch_lane(struct person *person, uint32_t size)
{
    struct account *account = person->account;

    if (!account->batch)
        account->batch = lane_new(person->world, account);
    if (account->batch) {
        account->batch->batch_size = size ? size : DEFAULT_BATCH;
        if (!account->batch->is_held && list_is_empty(&account->batch->events)) {
            account->batch->is_held = true; /* a moment, for others to come along */
            later(person->world, GATHER_MS, release, account->batch);
        }
    }
    return account->batch;
}

static struct lane *own_lane(struct person *person, enum lane_kind kind)
{
    struct lane **lane = kind == LANE_MESSAGES ? &person->messages : &person->receipts;

    if (!*lane)
        *lane = lane_new(person->world, person->account);
    return *lane;
}

static struct lane *lane_for(struct person *person, enum lane_kind kind)
{
    struct faults *faults = &person->account->faults;
    struct dice *dice = &person->world->dice;
    uint32_t delay_ms = faults->kinds[FAULT_DELAY].delay_ms, size = faults->kinds[FAULT_BATCH].size;

    if (fault_strikes(faults, FAULT_DELAY, dice))
        return stray_lane(person, delay_ms);
    if (fault_strikes(faults, FAULT_REORDER, dice))
        return stray_lane(person, STRAY_DELAY_MS);
    if (fault_strikes(faults, FAULT_BATCH, dice))
        return batch_lane(person, size);
    return own_lane(person, kind);
}

/* Takes `item`. */
static void put(struct person *person, enum lane_kind kind, const char *field, json_t *item, struct bubble *bubble)
{
    struct lane *lane;

    if (!item || person->world->is_closing) {
        json_decref(item);
        return;
    }
    person->account->n_events++;
    if (person->account->network == NETWORK_WHATSAPP && kind == LANE_MESSAGES) { /* both ways count there */
        uint64_t per_s = account_calls_per_s(person->account);
        throttle_count(&person->account->throttle, per_s, 1000000 / per_s, uv_now(person->world->loop));
    }
    if (fault_strikes(&person->account->faults, FAULT_DUPLICATE, &person->world->dice)) {
        lane = stray_lane(person, 0);
        if (lane)
            lane_put(lane, field, item, NULL);
    }
    lane = lane_for(person, kind);
    if (lane)
        lane_put(lane, field, item, bubble);
    json_decref(item);
}

void webhook_event(struct person *person, enum lane_kind kind, json_t **item_, struct bubble *bubble)
{
    json_t *item = *item_;

    *item_ = NULL;
    put(person, kind, NULL, item, bubble);
}

void webhook_event_in(struct person *person, const char *field, json_t **item_)
{
    json_t *item = *item_;

    *item_ = NULL;
    put(person, LANE_MESSAGES, field, item, NULL);
}

/* Appointments that point here are cancelled before. */
void lanes_clear(struct world *world)
{
    list_for_each_safe (node, after, &world->lanes) {
        struct lane *lane = container_of(node, struct lane, link);

        if (lane->post && lane->post->is_in_flight && !world->is_closing) {
            events_free(&lane->post->events);
            lane->post->lane = NULL; /* its answer frees it */
        } else if (lane->post) {
            post_free(lane->post);
        }
        lane_free(lane);
    }
}

size_t lanes_n_waiting(const struct world *world)
{
    size_t n = 0;

    list_for_each (lane_node, &world->lanes) {
        const struct lane *lane = container_of(lane_node, struct lane, link);

        list_for_each (node, &lane->events)
            n++;
        if (lane->post) {
            list_for_each (node, &lane->post->events)
                n++;
        }
    }
    return n;
}

void lanes_run(struct world *world, const struct account *account)
{
    list_for_each_safe (node, after, &world->lanes) {
        struct lane *lane = container_of(node, struct lane, link);

        if (lane->account == account)
            lane_run(lane);
    }
}
