/* Paths, tokens and faults of the Graph API. Never looks into a message. */
#include <ctype.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include <sodium.h>

#include "sandbox/call_log.h"
#include "sandbox/graph.h"
#include "sandbox/graph_body.h"

#define OBJECT_SIZE 64
#define EDGE_SIZE 64

struct target {
    char object[OBJECT_SIZE], edge[EDGE_SIZE];
};

static bool is_version(const char *path)
{
    return path[0] == '/' && path[1] == 'v' && isdigit((unsigned char) path[2]);
}

bool graph_owns(const char *path)
{
    return is_version(path) || (path[0] == '/' && isdigit((unsigned char) path[1])) || strncmp(path, "/me/", 4) == 0 ||
           strcmp(path, "/me") == 0;
}

/* /v25.0/OBJECT/EDGE, the version left out or not. */
static bool read_path(const char *path, struct target *ret)
{
    const char *object = path + 1, *edge;
    size_t size;

    if (is_version(path)) {
        object = strchr(object, '/');
        if (!object)
            return false;
        object++;
    }
    size = strcspn(object, "/");
    edge = object[size] ? object + size + 1 : "";
    if (size == 0 || size >= OBJECT_SIZE || strlen(edge) >= EDGE_SIZE)
        return false;
    memcpy(ret->object, object, size);
    ret->object[size] = 0;
    (void) snprintf(ret->edge, EDGE_SIZE, "%s", edge);
    return true;
}

/* A member of the query or of the body. */
static const char *parameter(struct graph_call *call, const char *name)
{
    const char *query = http_request_query(call->exchange, name);

    return query ? query : text_in(call->body, name);
}

static const char *token_of(struct graph_call *call)
{
    const char *header = http_request_header(call->exchange, "Authorization");

    if (header && strncasecmp(header, "Bearer ", 7) == 0)
        return header + 7;
    return parameter(call, "access_token");
}

static bool is_named(const struct account *account, const char *object)
{
    return strcmp(object, account->id) == 0 || strcmp(object, "me") == 0 ||
           (*account->page_id && strcmp(object, account->page_id) == 0);
}

/* A Page may be both a Messenger account and the way to an Instagram one: token and recipient decide. */
static struct account *find_account(struct graph_call *call, const char *object, const char *token)
{
    const char *recipient = text_in(json_object_get(call->body, "recipient"), "id");
    const char *platform = text_in(call->body, "platform"); /* of an upload, which names nobody */
    struct world *world = call->world;
    struct account *found = NULL;

    if (!platform && !recipient)
        platform = "messenger";
    for (size_t i = 0; i < world->n_accounts; i++) {
        struct account *account = &world->accounts[i];

        if (strcmp(account->token, token) != 0 || !is_named(account, object))
            continue;
        if (!found || (recipient && person_find(world, account->network, recipient)) ||
            (platform && strcmp(platform, network_name(account->network)) == 0))
            found = account;
    }
    return found;
}

static struct account *token_owner(struct world *world, const char *token)
{
    for (size_t i = 0; i < world->n_accounts; i++) {
        if (strcmp(world->accounts[i].token, token) == 0)
            return &world->accounts[i];
    }
    return NULL;
}

/* ---- Refusals before anything is looked at ---- */

static void refuse_token(struct graph_call *call, bool is_missing)
{
    struct graph_error error = { .status = 401, .code = 190, .is_plain = true };

    error.message = is_missing ? "An access token is required to request this resource."
                               : "Invalid OAuth access token - Cannot parse access token";
    graph_refuse(call, &error);
}

static void refuse_object(struct graph_call *call, const char *object)
{
    char message[256];
    struct graph_error error = { .status = 400, .code = 100, .subcode = 33, .message = message, .is_plain = true };

    (void) snprintf(message, sizeof(message),
                    "Unsupported request. Object with ID '%s' does not exist, cannot be loaded due to missing "
                    "permissions, or does not support this operation",
                    object);
    graph_refuse(call, &error);
}

/* The hex HMAC-SHA256 of the token under the app's secret. */
static bool is_proof(const struct account *account, const char *proof)
{
    crypto_auth_hmacsha256_state state;
    uint8_t mac[crypto_auth_hmacsha256_BYTES];
    char hex[2 * sizeof(mac) + 1];

    (void) crypto_auth_hmacsha256_init(&state, (const uint8_t *) account->app_secret, strlen(account->app_secret));
    (void) crypto_auth_hmacsha256_update(&state, (const uint8_t *) account->token, strlen(account->token));
    (void) crypto_auth_hmacsha256_final(&state, mac);
    bytes_to_hex(bytes_make(mac, sizeof(mac)), hex);
    return strcmp(hex, proof) == 0;
}

/* True when the proof is missing though asked for, or wrong; then it is refused. */
static bool lacks_proof(struct graph_call *call)
{
    const char *proof = parameter(call, "appsecret_proof");

    if (proof ? is_proof(call->account, proof) : !call->world->settings->require_proof)
        return false;
    graph_invalid(call, proof ? "Invalid appsecret_proof provided in the API argument"
                              : "API calls from the server require an appsecret_proof argument");
    return true;
}

static void answer_html(struct graph_call *call)
{
    static const char page[] = "<!DOCTYPE html><html><head><title>Error</title></head><body><h1>Sorry, something went "
                               "wrong.</h1></body></html>";
    struct call_record record = { call->account->network, call->kind, 502, 0 };

    call->account->n_calls++;
    call_log_add(call->world->calls, &record);
    if (http_answer(&call->exchange, 502, "text/html; charset=utf-8", bytes_of_text(page)) < 0)
        return; /* dropped */
}

static void refuse_rate(struct graph_call *call, const struct fault *fault)
{
    bool is_whatsapp = call->account->network == NETWORK_WHATSAPP;
    struct graph_error error = { .status = 400,
                                 .code = is_whatsapp ? 130429 : 613,
                                 .message =
                                     is_whatsapp ? "Rate limit hit" : "Calls to this api have exceeded the rate limit.",
                                 .details =
                                     "Message failed to send because there were too many messages sent from this "
                                     "phone number in a short period of time",
                                 .retry_after_s = fault->retry_after_s };

    call->account->n_rate_limited++;
    graph_refuse(call, &error);
}

static void refuse_pair(struct graph_call *call)
{
    struct graph_error error = { .status = 400,
                                 .code = 131056,
                                 .message = "(Business Account, Consumer Account) pair rate limit hit",
                                 .details =
                                     "Message failed to send because there were too many messages sent from this "
                                     "phone number to the same phone number in a short period of time" };

    call->account->n_rate_limited++;
    graph_refuse(call, &error);
}

/* Whom the message is for; NULL: it is none, or for nobody we know. */
static struct person *reader_of(const struct graph_call *call)
{
    const char *id = graph_whatsapp_recipient(call);

    return id && !text_in(call->body, "status") ? person_find(call->world, NETWORK_WHATSAPP, id) : NULL;
}

/* True when somebody who is faster than the network allows has been told so. */
static bool is_too_fast(struct graph_call *call)
{
    struct account *account = call->account;
    const struct fault *fault = &account->faults.kinds[FAULT_LIMITS];
    uint64_t now_ms = uv_now(call->world->loop), per_s = account_calls_per_s(account);
    struct person *person = account->network == NETWORK_WHATSAPP ? reader_of(call) : NULL;

    if (!fault->is_on)
        return false;
    if (!throttle_take(&account->throttle, per_s, 1000000 / per_s, now_ms))
        refuse_rate(call, fault);
    else if (person && !throttle_take(&person->throttle, PAIR_BURST, PAIR_REFILL_US, now_ms))
        refuse_pair(call);
    else
        return false;
    account->faults.kinds[FAULT_LIMITS].n_struck++;
    return true;
}

static void refuse_expired(struct graph_call *call)
{
    struct graph_error error = { .status = 401, .code = 190, .subcode = 463, .is_plain = true };

    error.message = "Error validating access token: Session has expired on Monday, 01-Jan-26 00:00:00 PST. The current "
                    "time is Tuesday, 02-Jan-26 00:00:00 PST.";
    graph_refuse(call, &error);
}

static void refuse_as_asked(struct graph_call *call, const struct fault *fault)
{
    struct graph_error error = { .status = fault->status ? fault->status : 400,
                                 .code = fault->code,
                                 .subcode = fault->subcode,
                                 .message = "Asked for by the sandbox's control API",
                                 .retry_after_s = fault->retry_after_s };

    graph_refuse(call, &error);
}

/* True when a fault has answered. */
static bool struck(struct graph_call *call)
{
    struct faults *faults = &call->account->faults;
    struct dice *dice = &call->world->dice;

    if (fault_strikes(faults, FAULT_RESET, dice)) {
        struct call_record record = { call->account->network, call->kind, 0, 0 };

        call_log_add(call->world->calls, &record);
        http_drop(&call->exchange);
    } else if (fault_strikes(faults, FAULT_EXPIRED_TOKEN, dice)) {
        refuse_expired(call);
    } else if (fault_strikes(faults, FAULT_RATE_LIMITED, dice)) {
        refuse_rate(call, &faults->kinds[FAULT_RATE_LIMITED]);
    } else if (fault_strikes(faults, FAULT_SERVER_ERROR, dice)) {
        answer_html(call);
    } else if (fault_strikes(faults, FAULT_ERROR, dice)) {
        refuse_as_asked(call, &faults->kinds[FAULT_ERROR]);
    } else {
        return is_too_fast(call);
    }
    return true;
}

/* ---- Routes ---- */

static void answer_account(struct graph_call *call)
{
    struct account *account = call->account;
    json_t *json;

    call->kind = "account";
    if (account->network == NETWORK_WHATSAPP)
        json = json_pack("{s:s,s:s,s:s,s:s}", "verified_name", "Trefoil Sandbox", "display_phone_number",
                         "+1 555-000-1111", "quality_rating", "GREEN", "id", account->id);
    else
        json = json_pack("{s:s,s:s}", "name", "Trefoil Sandbox", "id", account->id);
    graph_reply(call, &json);
}

/* With several numbers under one token, whose media it is. */
static bool with_media(struct graph_call *call, const char *id, bool (*act)(struct graph_call *call, const char *id))
{
    struct account *first = call->account;

    for (size_t i = 0; i < call->world->n_accounts; i++) {
        struct account *account = &call->world->accounts[i];

        call->account = account;
        if (account->network == NETWORK_WHATSAPP && strcmp(account->token, first->token) == 0 && act(call, id))
            return true;
    }
    call->account = first;
    return false;
}

static void get(struct graph_call *call, const struct target *target)
{
    const struct person *person = person_find(call->world, call->account->network, target->object);

    call->kind = "get";
    if (*target->edge == 0 && is_named(call->account, target->object))
        answer_account(call);
    else if (*target->edge == 0 && person && call->account->network != NETWORK_WHATSAPP)
        graph_profile(call, person);
    else if (*target->edge != 0 || !with_media(call, target->object, graph_locate))
        refuse_object(call, target->object);
}

static void delete (struct graph_call *call, const struct target *target)
{
    call->kind = "delete";
    if (*target->edge != 0 || !with_media(call, target->object, graph_delete))
        refuse_object(call, target->object);
}

static void answer_success(struct graph_call *call, const char *kind)
{
    json_t *success = json_pack("{s:b}", "success", 1);

    call->kind = kind;
    graph_reply(call, &success);
}

/* Whose conversation it is: nobody else is here to take it. */
static bool is_thread_control(const char *edge)
{
    static const char *const edges[] = { "pass_thread_control", "take_thread_control", "release_thread_control",
                                         "request_thread_control", "extend_thread_control" };

    for (size_t i = 0; i < ARRAY_SIZE(edges); i++) {
        if (strcmp(edge, edges[i]) == 0)
            return true;
    }
    return false;
}

static void post(struct graph_call *call, const struct target *target)
{
    bool is_whatsapp = call->account->network == NETWORK_WHATSAPP;

    if (strcmp(target->edge, "subscribed_apps") == 0) {
        answer_success(call, "subscribe");
    } else if (!is_whatsapp && is_thread_control(target->edge)) {
        if (json_object_get(call->body, "recipient"))
            answer_success(call, "thread");
        else
            graph_missing(call, "recipient");
    } else if (is_whatsapp && strcmp(target->edge, "media") == 0) {
        if (!struck(call))
            graph_upload(call);
    } else if (!is_whatsapp && strcmp(target->edge, "message_attachments") == 0) {
        if (!struck(call))
            graph_attachment_upload(call);
    } else if (strcmp(target->edge, "messages") != 0) {
        refuse_object(call, target->object);
    } else if (struck(call)) {
        return;
    } else if (is_whatsapp) {
        graph_whatsapp_messages(call);
    } else {
        graph_meta_messages(call);
    }
}

static void route(struct graph_call *call, const struct http_request *request)
{
    struct target target;
    const char *token = token_of(call);
    bool is_post = strcmp(request->method, "POST") == 0, is_delete = strcmp(request->method, "DELETE") == 0;
    struct account *owner = token ? token_owner(call->world, token) : NULL, *named;

    if (!owner) {
        refuse_token(call, !token);
        return;
    }
    call->account = owner;
    if (!read_path(request->path, &target)) {
        refuse_object(call, request->path);
        return;
    }
    call->object = target.object;
    named = find_account(call, target.object, token);
    call->account = named ? named : owner;
    if (lacks_proof(call))
        return;
    if (is_delete)
        delete (call, &target);
    else if (!is_post)
        get(call, &target);
    else if (!named)
        refuse_object(call, target.object);
    else if (!json_is_object(call->body))
        graph_invalid(call, "Invalid parameter: the body is neither a JSON object nor a form");
    else
        post(call, &target);
}

static json_t *read_body(struct graph_call *call, const struct http_request *request, const struct intake *intake)
{
    const char *type = http_request_header(call->exchange, "Content-Type");
    const struct multipart *form = intake ? intake_form(intake) : NULL;
    json_t *fields = form && intake_result(intake) == 0 ? multipart_fields(form) : NULL;

    if (form) {
        call->upload = multipart_file(form, "file");
        call->upload = call->upload ? call->upload : multipart_file(form, "filedata");
        return fields ? body_of_fields(fields) : NULL;
    }
    if (type && strncasecmp(type, "application/x-www-form-urlencoded", 33) == 0)
        return body_of_form(request->body);
    return request->body.size > 0 ? body_of_json(request->body) : NULL;
}

void graph_answer(struct world *world, struct http_exchange *exchange, const struct http_request *request,
                  const struct intake *intake)
{
    struct graph_call call = { .world = world, .exchange = exchange, .kind = "other", .began_ms = uv_now(world->loop) };

    call.body = read_body(&call, request, intake);
    route(&call, request);
    json_decref(call.body);
}
