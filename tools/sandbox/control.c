/* Routes of the control API, and what only reads. Never keeps state of its own. */
#include <stdlib.h>
#include <string.h>

#include "sandbox/call_log.h"
#include "sandbox/control.h"
#include "sandbox/feed.h"
#include "sandbox/webhook_sender.h"

#define JSON_TYPE "application/json"

void control_reply(struct control_call *call, json_t *body)
{
    char *text;

    body = body ? body : json_object();
    text = json_dumps(body, JSON_COMPACT);
    json_decref(body);
    if (!text)
        http_drop(&call->exchange);
    else if (http_answer(&call->exchange, 200, JSON_TYPE, bytes_of_text(text)) < 0)
        call->exchange = NULL; /* dropped */
    free(text);
}

void control_refuse(struct control_call *call, unsigned status, const char *why)
{
    json_t *json = json_pack("{s:s}", "error", why);
    char *text = json_dumps(json, JSON_COMPACT);

    json_decref(json);
    if (http_answer(&call->exchange, status, JSON_TYPE, bytes_of_text(text)) < 0)
        call->exchange = NULL;
    free(text);
}

static bool read_network(struct control_call *call, enum network *ret)
{
    const char *name = json_string_value(json_object_get(call->body, "network"));

    if (name && network_of(name, ret) == 0)
        return true;
    control_refuse(call, 400, "network: one of whatsapp, messenger, instagram");
    return false;
}

struct account *control_account(struct control_call *call)
{
    enum network network;
    struct account *account;

    if (!read_network(call, &network))
        return NULL;
    account = world_account(call->world, network);
    if (!account)
        control_refuse(call, 404, "network: no account is configured there");
    return account;
}

struct person *control_person(struct control_call *call)
{
    const char *user_id = json_string_value(json_object_get(call->body, "person"));
    enum network network;
    struct person *person;

    if (!read_network(call, &network))
        return NULL;
    person = user_id ? person_find(call->world, network, user_id) : NULL;
    if (!person)
        control_refuse(call, 404, "person: nobody with this user id on this network; add one with /control/people");
    return person;
}

/* ---- Reading ---- */

static json_t *account_state(const struct account *account)
{
    return json_pack("{s:s,s:b,s:I,s:I,s:I,s:I,s:I,s:I,s:I,s:I,s:I,s:I}", "account", account->id, "subscribed",
                     account->is_subscribed, "events", (json_int_t) account->n_events, "webhooks",
                     (json_int_t) account->n_webhooks, "webhook_retries", (json_int_t) account->n_retries,
                     "webhooks_given_up", (json_int_t) account->n_given_up, "requests", (json_int_t) account->n_calls,
                     "accepted", (json_int_t) account->n_accepted, "refused", (json_int_t) account->n_refused,
                     "duplicates", (json_int_t) account->n_duplicates, "answers_lost",
                     (json_int_t) account->n_answers_lost, "rate_limited", (json_int_t) account->n_rate_limited);
}

static void state(struct control_call *call)
{
    struct world *world = call->world;
    json_t *networks = json_object();
    uint64_t n_accepted = 0, n_duplicates = 0, n_lost = 0;

    for (size_t i = 0; i < world->n_accounts; i++) {
        const struct account *account = &world->accounts[i];

        n_accepted += account->n_accepted;
        n_duplicates += account->n_duplicates;
        n_lost += account->n_answers_lost;
        (void) json_object_set_new(networks, network_name(account->network), account_state(account));
    }
    control_reply(call, json_pack("{s:I,s:I,s:I,s:I,s:{s:b,s:b,s:I,s:I},s:o}", "accepted", (json_int_t) n_accepted,
                                  "duplicates", (json_int_t) n_duplicates, "answers_lost", (json_int_t) n_lost,
                                  "events_waiting", (json_int_t) lanes_n_waiting(world), "settings", "auto_read",
                                  world->auto_read, "echoes", world->echoes, "read_delay_ms",
                                  (json_int_t) world->read_delay_ms, "delivered_delay_ms",
                                  (json_int_t) world->delivered_delay_ms, "networks", networks));
}

static void people(struct control_call *call, bool with_bubbles)
{
    json_t *list = json_array();

    list_for_each (node, &call->world->people)
        (void) json_array_append_new(list, person_json(container_of(node, struct person, link), with_bubbles));
    control_reply(call, json_pack("{s:o}", with_bubbles ? "phones" : "people", list));
}

static void list_people(struct control_call *call)
{
    people(call, false);
}

static void list_phones(struct control_call *call)
{
    people(call, true);
}

/* phones/NETWORK/PERSON */
static void one_phone(struct control_call *call, const char *rest)
{
    const char *slash = strchr(rest, '/');
    char name[16] = "";
    enum network network;
    const struct person *person;

    if (slash && (size_t) (slash - rest) < sizeof(name))
        memcpy(name, rest, (size_t) (slash - rest));
    person = slash && network_of(name, &network) == 0 ? person_find(call->world, network, slash + 1) : NULL;
    if (person)
        control_reply(call, person_json(person, true));
    else
        control_refuse(call, 404, "no such phone: /control/phones/NETWORK/USER_ID");
}

static void show_log(struct control_call *call)
{
    control_reply(call, call_log_json(call->world->calls));
}

/* ---- Switching ---- */

static void set_number(const json_t *body, const char *name, uint64_t *ret)
{
    const json_t *value = json_object_get(body, name);

    if (json_is_integer(value) && json_integer_value(value) >= 0)
        *ret = (uint64_t) json_integer_value(value);
}

static void settings(struct control_call *call)
{
    const json_t *auto_read = json_object_get(call->body, "auto_read"), *echoes = json_object_get(call->body, "echoes");

    if (json_is_boolean(auto_read))
        call->world->auto_read = json_is_true(auto_read);
    if (json_is_boolean(echoes))
        call->world->echoes = json_is_true(echoes);
    set_number(call->body, "read_delay_ms", &call->world->read_delay_ms);
    set_number(call->body, "delivered_delay_ms", &call->world->delivered_delay_ms);
    state(call);
}

static void reset(struct control_call *call)
{
    world_reset(call->world);
    call_log_clear(call->world->calls);
    control_reply(call, NULL);
}

/* ---- Routes ---- */

struct route {
    const char *method, *path;
    void (*act)(struct control_call *call);
};

static const struct route routes[] = {
    { "POST", "say", control_say },
    { "POST", "choose", control_choose },
    { "POST", "raw", control_raw },
    { "POST", "clock", control_set_clock },
    { "GET", "clock", control_show_clock },
    { "POST", "agent", control_agent },
    { "POST", "react", control_react },
    { "POST", "unreact", control_unreact },
    { "POST", "read", control_read },
    { "POST", "open", control_open },
    { "POST", "typing", control_typing },
    { "POST", "edit", control_edit },
    { "POST", "unsend", control_unsend },
    { "POST", "people", control_add_person },
    { "GET", "people", list_people },
    { "GET", "phones", list_phones },
    { "GET", "log", show_log },
    { "GET", "state", state },
    { "POST", "faults", control_faults },
    { "GET", "faults", control_list_faults },
    { "POST", "webhook", control_webhook },
    { "POST", "settings", settings },
    { "POST", "reset", reset },
};

static void dispatch(struct control_call *call, const char *method, const char *path)
{
    bool is_known = false, is_get = strcmp(method, "GET") == 0;

    if (is_get && strncmp(path, "phones/", 7) == 0) {
        one_phone(call, path + 7);
        return;
    }
    if (is_get && strncmp(path, "files/", 6) == 0) {
        control_get_file(call, path + 6);
        return;
    }
    for (size_t i = 0; i < ARRAY_SIZE(routes); i++) {
        if (strcmp(routes[i].path, path) != 0)
            continue;
        is_known = true;
        if (strcmp(routes[i].method, method) == 0) {
            routes[i].act(call);
            return;
        }
    }
    control_refuse(call, is_known ? 405 : 404, is_known ? "another method, please" : "no such part of the control API");
}

void control_answer(struct world *world, struct http_exchange *exchange, const struct http_request *request)
{
    struct control_call call = { .world = world, .exchange = exchange };

    /* Names of files may hold anything. */
    if (request->body.size > 0)
        call.body = json_loadb((const char *) request->body.data, request->body.size,
                               JSON_REJECT_DUPLICATES | JSON_ALLOW_NUL, NULL);
    if (request->body.size > 0 && !json_is_object(call.body))
        control_refuse(&call, 400, "the body is not a JSON object");
    else
        dispatch(&call, request->method, request->path + strlen("/control/"));
    json_decref(call.body);
}
