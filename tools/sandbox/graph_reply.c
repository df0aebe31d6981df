/* Answers of the Graph API: bodies, errors in their real shape, usage headers, and the books. Never decides. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "sandbox/call_log.h"
#include "sandbox/feed.h"
#include "sandbox/graph.h"

#define USAGE_SIZE 256
#define JSON_TYPE "application/json; charset=UTF-8"

const char *text_in(const json_t *object, const char *member)
{
    return json_string_value(json_object_get(object, member));
}

size_t count_characters(const char *text)
{
    size_t n = 0;

    for (; *text; text++)
        n += ((unsigned char) *text & 0xc0) != 0x80;
    return n;
}

struct graph_call *graph_keep(const struct graph_call *call)
{
    struct graph_call *kept = malloc(sizeof(*kept));

    if (kept) {
        *kept = *call;
        kept->body = json_incref(call->body);
        kept->object = NULL;
    }
    return kept;
}

void graph_let_go(struct graph_call *call)
{
    if (call)
        json_decref(call->body);
    free(call);
}

static void keep_books(struct graph_call *call, int status, int code)
{
    struct account *account = call->account ? call->account : &call->world->accounts[0];
    struct call_record record = { account->network, call->kind, status, code };
    struct hop hop = { "graph", call->kind, account->network, status,
                       (int64_t) (uv_now(call->world->loop) - call->began_ms) };

    account->n_calls++;
    account->n_accepted += call->is_accepted;
    account->n_refused += code != 0;
    call_log_add(call->world->calls, &record);
    feed_hop(call->world->feed, &hop);
    log_event(&call->world->log, code ? LOG_WARNING_ : LOG_DEBUG_, "graph",
              LOG_TEXT("network", network_name(account->network)), LOG_TEXT("kind", call->kind),
              LOG_NUMBER("status", status), LOG_NUMBER("code", code));
}

/* An answer that waits because of the fault "slow". */
struct slow {
    struct http_exchange *exchange;
    const struct account *account;
    unsigned status;
    char *text;
};

/* As the network writes it, at most a minute too long. */
static void write_usage(const struct account *account, char ret[USAGE_SIZE])
{
    const struct fault *fault = account ? &account->faults.kinds[FAULT_USAGE] : NULL;
    bool is_told = fault && fault->is_on;

    (void) snprintf(ret, USAGE_SIZE,
                    "{\"102290000000001\":[{\"type\":\"%s\",\"call_count\":%u,\"total_cputime\":1,\"total_time\":2,"
                    "\"estimated_time_to_regain_access\":%u}]}",
                    account ? network_name(account->network) : "pages", is_told ? fault->size : 3u,
                    is_told ? (fault->delay_ms + 59999) / 60000 : 0);
}

static void answer_text(struct http_exchange *exchange, const struct account *account, unsigned status,
                        const char *text, uint32_t retry_after_s)
{
    char seconds[16], usage[USAGE_SIZE];
    struct http_header headers[] = {
        { "X-App-Usage", "{\"call_count\":3,\"total_time\":2,\"total_cputime\":1}" },
        { "X-Business-Use-Case-Usage", usage },
        { "facebook-api-version", "v25.0" },
        { "Cache-Control", "private, no-cache, no-store, must-revalidate" },
        { "Retry-After", seconds },
    };

    write_usage(account, usage);
    (void) snprintf(seconds, sizeof(seconds), "%u", retry_after_s);
    if (http_answer_with(&exchange, status, JSON_TYPE, bytes_of_text(text), headers, retry_after_s ? 5 : 4) < 0)
        return; /* dropped */
}

static void answer_slowly(void *what)
{
    struct slow *slow = what;

    answer_text(slow->exchange, slow->account, slow->status, slow->text, 0);
    free(slow->text);
    free(slow);
}

static void put_off(struct graph_call *call, char **text)
{
    struct slow *slow = calloc(1, sizeof(*slow));

    if (!slow) {
        http_drop(&call->exchange);
        return;
    }
    slow->exchange = call->exchange;
    slow->account = call->account;
    slow->status = 200;
    slow->text = *text;
    *text = NULL;
    later(call->world, call->account->faults.kinds[FAULT_SLOW].delay_ms, answer_slowly, slow);
}

void graph_reply(struct graph_call *call, json_t **body)
{
    struct account *account = call->account;
    struct dice *dice = &call->world->dice;
    char *text = json_dumps(*body, JSON_COMPACT | JSON_ENSURE_ASCII | JSON_ESCAPE_SLASH);

    json_decref(*body);
    *body = NULL;
    if (!text || (call->is_accepted && fault_strikes(&account->faults, FAULT_DROP_ANSWER, dice))) {
        account->n_answers_lost++;
        keep_books(call, 0, 0);
        http_drop(&call->exchange);
    } else {
        keep_books(call, 200, 0);
        if (fault_strikes(&account->faults, FAULT_SLOW, dice))
            put_off(call, &text);
        else
            answer_text(call->exchange, call->account, 200, text, 0);
    }
    free(text);
}

void graph_refuse(struct graph_call *call, const struct graph_error *error)
{
    char trace[TRACE_ID_SIZE], message[512];
    json_t *json;
    char *text;

    trace_id(&call->world->dice, trace);
    if (error->is_plain)
        (void) snprintf(message, sizeof(message), "%s", error->message);
    else
        (void) snprintf(message, sizeof(message), "(#%d) %s", error->code, error->message);
    json = json_pack("{s:s,s:s,s:i}", "message", message, "type", "OAuthException", "code", error->code);
    if (call->account && call->account->network == NETWORK_WHATSAPP && error->code != 190)
        (void) json_object_set_new(json, "error_data",
                                   json_pack("{s:s,s:s}", "messaging_product", "whatsapp", "details",
                                             error->details ? error->details : error->message));
    else if (error->subcode)
        (void) json_object_set_new(json, "error_subcode", json_integer(error->subcode));
    (void) json_object_set_new(json, "fbtrace_id", json_string(trace));
    json = json_pack("{s:o}", "error", json);
    text = json_dumps(json, JSON_COMPACT | JSON_ENSURE_ASCII | JSON_ESCAPE_SLASH);
    json_decref(json);
    keep_books(call, error->status, error->code);
    if (text)
        answer_text(call->exchange, call->account, (unsigned) error->status, text, error->retry_after_s);
    else
        http_drop(&call->exchange);
    free(text);
}

void graph_missing(struct graph_call *call, const char *parameter)
{
    char message[128];
    struct graph_error error = { .status = 400, .code = 100, .message = message };

    (void) snprintf(message, sizeof(message), "The parameter %s is required.", parameter);
    graph_refuse(call, &error);
}

void graph_invalid(struct graph_call *call, const char *message)
{
    struct graph_error error = { .status = 400, .code = 100, .message = message };

    graph_refuse(call, &error);
}

void graph_profile(struct graph_call *call, const struct person *person)
{
    json_t *json;

    call->kind = "profile";
    if (person->account->network == NETWORK_INSTAGRAM)
        json = json_pack("{s:s,s:s,s:s,s:i,s:b,s:b,s:b,s:s}", "name", person->name, "username",
                         person->username ? person->username : person->name, "profile_pic",
                         "https://scontent.cdninstagram.com/p.jpg", "follower_count", 10, "is_user_follow_business", 1,
                         "is_business_follow_user", 0, "is_verified_user", 0, "id", person->user_id);
    else
        json = json_pack("{s:s,s:s,s:s,s:s}", "first_name", person->name, "last_name", "", "profile_pic",
                         "https://platform-lookaside.fbsbx.com/platform/profilepic/", "id", person->user_id);
    graph_reply(call, &json);
}
