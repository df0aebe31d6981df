/* Faults switched on and off, and webhooks sent as they should never be. Never checks what the translator makes of it. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "sandbox/control.h"
#include "sandbox/webhook_sender.h"

#define MAX_REPLY_BYTES 65536
#define MAX_FAULT_MS 3600000 /* and of other small numbers */

static int64_t number_of(const json_t *body, const char *name, int64_t otherwise)
{
    const json_t *value = json_object_get(body, name);

    return json_is_integer(value) ? json_integer_value(value) : otherwise;
}

static uint32_t small_number_of(const json_t *body, const char *name, uint32_t otherwise)
{
    int64_t value = number_of(body, name, otherwise);

    return value < 0 || value > MAX_FAULT_MS ? otherwise : (uint32_t) value;
}

/* What a fault's number is called. */
static const char *size_name(enum fault_kind kind)
{
    switch (kind) {
    case FAULT_MEDIA_SLOW:
        return "bytes_per_s";
    case FAULT_LIMITS:
        return "per_s";
    case FAULT_USAGE:
        return "percent";
    default:
        return "size";
    }
}

static void switch_on(struct faults *faults, enum fault_kind kind, const json_t *body)
{
    const char *text = json_string_value(json_object_get(body, kind == FAULT_MEDIA_LIE ? "mime" : "to"));
    const json_t *probability = json_object_get(body, "probability");
    int64_t count = number_of(body, "count", -1);

    free(faults->kinds[kind].text);
    faults->kinds[kind] = (struct fault){
        .is_on = count != 0 && !(json_is_number(probability) && json_number_value(probability) <= 0),
        .probability = json_is_number(probability) ? json_number_value(probability) : 1.0,
        .count = count,
        .delay_ms =
            small_number_of(body, kind == FAULT_USAGE ? "regain_ms" : "delay_ms", kind == FAULT_USAGE ? 0 : 1000),
        .size = small_number_of(body, size_name(kind), 0),
        .retry_after_s = small_number_of(body, "retry_after", 0),
        .code = (int) small_number_of(body, "code", 1),
        .subcode = (int) small_number_of(body, "subcode", 0),
        .status = (int) small_number_of(body, "status", 400),
        .text = text ? strdup(text) : NULL,
        .n_struck = faults->kinds[kind].n_struck,
    };
}

/* {"network": …|"all", "fault": …, "probability"?, "count"?, …} or {"clear": true, "network"?} */
void control_faults(struct control_call *call)
{
    const char *name = json_string_value(json_object_get(call->body, "network"));
    const char *fault = json_string_value(json_object_get(call->body, "fault"));
    bool is_clear = json_is_true(json_object_get(call->body, "clear"));
    enum network network = NETWORK_WHATSAPP;
    enum fault_kind kind = FAULT_DUPLICATE;
    bool is_all = !name || strcmp(name, "all") == 0;

    if (!is_all && network_of(name, &network) < 0) {
        control_refuse(call, 400, "network: one of whatsapp, messenger, instagram, all");
        return;
    }
    if (!is_clear && (!fault || fault_of(fault, &kind) < 0)) {
        control_refuse(call, 400,
                       "fault: one of duplicate, reorder, delay, batch, rate_limited, limits, usage, server_error, "
                       "drop_answer, expired_token, reset, error, slow, media_slow, media_expired, media_gone, "
                       "media_lie, media_redirect, media_endless, upload_error, window_closed");
        return;
    }
    for (size_t i = 0; i < call->world->n_accounts; i++) {
        struct account *account = &call->world->accounts[i];

        if (!is_all && account->network != network)
            continue;
        if (is_clear)
            faults_clear(&account->faults);
        else
            switch_on(&account->faults, kind, call->body);
        if (kind == FAULT_LIMITS)
            account->throttle = (struct throttle){ 0 };
    }
    control_list_faults(call);
}

void control_list_faults(struct control_call *call)
{
    json_t *networks = json_object();

    for (size_t i = 0; i < call->world->n_accounts; i++) {
        const struct account *account = &call->world->accounts[i];
        json_t *faults = json_object();

        for (unsigned kind = 0; kind < N_FAULTS; kind++) {
            const struct fault *fault = &account->faults.kinds[kind];

            if (fault->is_on || fault->n_struck)
                (void) json_object_set_new(faults, fault_name((enum fault_kind) kind),
                                           json_pack("{s:b,s:f,s:I,s:I}", "on", fault->is_on, "probability",
                                                     fault->probability, "count", (json_int_t) fault->count, "struck",
                                                     (json_int_t) fault->n_struck));
        }
        (void) json_object_set_new(networks, network_name(account->network), faults);
    }
    control_reply(call, json_pack("{s:o}", "faults", networks));
}

/* ---- A webhook by hand ---- */

struct by_hand {
    struct world *world;
    struct http_exchange *exchange;
};

static void on_reply(void *context, const struct http_reply *reply)
{
    struct by_hand *by_hand = context;
    struct control_call call = { .world = by_hand->world, .exchange = by_hand->exchange };

    free(by_hand);
    if (reply->result == HTTP_ANSWERED)
        control_reply(&call, json_pack("{s:i,s:s%}", "status", reply->status, "body",
                                       reply->body.size ? (const char *) reply->body.data : "", reply->body.size));
    else
        control_reply(&call, json_pack("{s:i,s:s}", "status", 0, "why", reply->why));
}

/* The signature line as asked for; "" leaves it out. False: unknown word. */
static bool spoil(const char *how, char line[SIGNATURE_LINE_SIZE])
{
    char *hex = strchr(line, '=') + 1;

    if (strcmp(how, "good") == 0)
        return true;
    if (strcmp(how, "bad") == 0)
        hex[0] = hex[0] == '0' ? '1' : '0';
    else if (strcmp(how, "missing") == 0)
        line[0] = 0;
    else if (strcmp(how, "truncated") == 0)
        hex[32] = 0;
    else if (strcmp(how, "sha1") == 0)
        memcpy(hex - 7, "sha1=00", 7);
    else if (strcmp(how, "uppercase") == 0)
        for (; *hex; hex++)
            *hex = (char) (*hex >= 'a' ? *hex - ('a' - 'A') : *hex);
    else
        return false;
    return true;
}

static void send_by_hand(struct control_call *call, const struct account *account, struct bytes body, const char *line)
{
    const char *headers[] = { line };
    struct by_hand *by_hand = calloc(1, sizeof(*by_hand));
    struct http_call order = { .method = "POST",
                               .url = account->webhook_url,
                               .content_type = "application/json",
                               .headers = headers,
                               .n_headers = *line ? 1 : 0,
                               .body = body,
                               .timeout_ms = (uint32_t) call->world->settings->webhook_timeout_ms,
                               .max_reply_bytes = MAX_REPLY_BYTES,
                               .context = by_hand,
                               .on_reply = on_reply };
    const char *url = json_string_value(json_object_get(call->body, "url"));

    if (url)
        order.url = url;
    if (by_hand) {
        by_hand->world = call->world;
        by_hand->exchange = call->exchange;
    }
    if (!by_hand || http_send(call->world->client, &order) < 0) {
        free(by_hand);
        control_refuse(call, 500, "the webhook could not be sent");
    }
}

/* {"network", "body": text or document, "signature"?: good|bad|missing|truncated|uppercase|sha1, "url"?} */
void control_webhook(struct control_call *call)
{
    struct account *account = control_account(call);
    const json_t *body = json_object_get(call->body, "body");
    const char *how = json_string_value(json_object_get(call->body, "signature"));
    char line[SIGNATURE_LINE_SIZE];
    char *text;

    if (!account)
        return;
    if (!body) {
        control_refuse(call, 400, "body: a text sent as it is, or a document written as the networks write it");
        return;
    }
    text = json_is_string(body) ? strdup(json_string_value(body)) : webhook_text(body);
    if (text)
        webhook_signature(account, bytes_of_text(text), line);
    if (!text)
        control_refuse(call, 500, "no memory");
    else if (!spoil(how ? how : "good", line))
        control_refuse(call, 400, "signature: one of good, bad, missing, truncated, uppercase, sha1");
    else
        send_by_hand(call, account, bytes_of_text(text), line);
    free(text);
}
