/* Verdicts on the Graph API's answers: rules shared by its networks, and what a class of rules brings about.
 * Never asks twice: every answer has a verdict.
 */
#include "verdict.h"

#include <errno.h>
#include <string.h>

#include "base/attributes.h"

#define SECOND_MS 1000u
#define MINUTE_MS (60u * SECOND_MS)

/* Below this a number is an ordinary code and means something else in the other place. */
#define UNMISTAKABLE 10000u

static const struct meta_rule shared_rules[] = {
    { 1, 0, 0, META_RETRY, "unknown error of the network" },
    { 2, 0, 0, META_RETRY, "network temporarily unavailable" },
    { 3, 0, 0, META_CREDENTIALS, "the app lacks a capability", "give the app the capability it needs" },
    { 4, 0, 0, META_WAIT, "application call limit reached" },
    { 17, 0, 0, META_WAIT, "user call limit reached" },
    { 32, 0, 0, META_WAIT, "page call limit reached" },
    { 613, 0, 0, META_WAIT, "call limit reached" },
    { 10, 0, 0, META_CREDENTIALS, "permission missing", "grant the app the messaging permission" },
    { 200, 299, 0, META_CREDENTIALS, "permission missing", "grant the app the messaging permission" },
    { 33, 0, 0, META_PERMANENT, "object does not exist or is not visible" },
    { 100, 0, 33, META_PERMANENT, "object does not exist or is not visible" },
    { 100, 0, 0, META_PERMANENT, "invalid parameter" },
    { 102, 0, 0, META_CREDENTIALS, "session invalid" },
    { 190, 0, 458, META_CREDENTIALS, "app removed by the user", "connect the account to the app again" },
    { 190, 0, 459, META_CREDENTIALS, "account checkpoint", "log in at the network and clear the checkpoint" },
    { 190, 0, 460, META_CREDENTIALS, "password changed" },
    { 190, 0, 463, META_CREDENTIALS, "access token expired" },
    { 190, 0, 464, META_CREDENTIALS, "account unconfirmed", "confirm the account at the network" },
    { 190, 0, 467, META_CREDENTIALS, "access token invalid" },
    { 190, 0, 492, META_CREDENTIALS, "no role on the page", "give the token's owner a role on the page" },
    { 190, 0, 0, META_CREDENTIALS, "access token invalid" },
    { 341, 0, 0, META_WAIT, "application limit reached" },
    { 368, 0, 0, META_POLICY, "blocked for policy violations" },
    { 506, 0, 0, META_PERMANENT, "duplicate message" },
    { 1609005, 0, 0, META_PERMANENT, "link could not be read" },
    { 80001, 0, 0, META_WAIT, "page call limit reached" },
    { 80002, 0, 0, META_WAIT, "instagram call limit reached" },
    { 80006, 0, 0, META_WAIT, "messenger call limit reached" },
    { 80007, 0, 0, META_WAIT, "business account call limit reached" },
    { 80008, 0, 0, META_WAIT, "business management call limit reached" },
};

/* What a class of errors brings about. */
struct consequence {
    enum trefoil_outcome outcome;
    enum pause pause;
    bool bounded, grows, is_too_fast;
    uint32_t wait_ms; /* 0: the skeleton's back-off */
    enum trefoil_account_health health;
    const char *next_action;
};

static const struct consequence consequences[] = {
    [META_RETRY] = { TREFOIL_OUTCOME_DEFERRED, PAUSE_NONE, true },
    [META_RETRY_ONCE] = { TREFOIL_OUTCOME_DEFERRED, PAUSE_NONE, true },
    [META_RETRY_PAIR] = { TREFOIL_OUTCOME_DEFERRED, PAUSE_PAIR, false, true },
    [META_RETRY_NUMBER] = { TREFOIL_OUTCOME_DEFERRED, PAUSE_ACCOUNT, false, true, true, 0, TREFOIL_ACCOUNT_RATE_LIMITED,
                            "none: it slows down by itself" },
    [META_AWAY] = { TREFOIL_OUTCOME_DEFERRED, PAUSE_ACCOUNT, false, true },
    [META_WAIT] = { TREFOIL_OUTCOME_DEFERRED, PAUSE_ACCOUNT, false, true, true, MINUTE_MS, TREFOIL_ACCOUNT_RATE_LIMITED,
                    "wait; if it lasts, send less or ask the network for a higher limit" },
    [META_PERMANENT] = { TREFOIL_OUTCOME_BOUNCED },
    [META_CREDENTIALS] = { TREFOIL_OUTCOME_DEFERRED, PAUSE_ACCOUNT, false, false, false, 30 * SECOND_MS,
                           TREFOIL_ACCOUNT_BAD_CREDENTIALS, "put a new access token into the token file" },
    [META_POLICY] = { TREFOIL_OUTCOME_DEFERRED, PAUSE_ACCOUNT, false, false, false, 5 * MINUTE_MS,
                      TREFOIL_ACCOUNT_POLICY_BLOCKED, "see the account quality page of the network and appeal there" },
    [META_IN_DOUBT] = { TREFOIL_OUTCOME_UNKNOWN },
};

static bool covers(const struct meta_rule *rule, uint32_t code)
{
    return code == rule->code || (rule->last != 0 && code >= rule->code && code <= rule->last);
}

/* The ways a rule can match, the most telling first. */
enum { MATCH_EXACT, MATCH_SUBCODE_AS_CODE, MATCH_CODE_AS_SUBCODE, MATCH_ANY_SUBCODE, N_MATCHES };

static bool matches(const struct meta_rule *rule, int how, uint32_t code, uint32_t subcode)
{
    switch (how) {
    case MATCH_EXACT:
        return subcode != 0 && rule->subcode == subcode && covers(rule, code);
    case MATCH_SUBCODE_AS_CODE:
        return subcode >= UNMISTAKABLE && rule->subcode == 0 && covers(rule, subcode);
    case MATCH_CODE_AS_SUBCODE:
        return code >= UNMISTAKABLE && rule->subcode == code;
    default:
        return rule->subcode == 0 && covers(rule, code);
    }
}

static const struct meta_rule *find_in(const struct meta_table *table, int how, uint32_t code, uint32_t subcode)
{
    for (size_t i = 0; i < table->n_rules; i++)
        if (matches(&table->rules[i], how, code, subcode))
            return &table->rules[i];
    return NULL;
}

const struct meta_rule *meta_rule_find(const struct meta_rules *rules, uint32_t code, uint32_t subcode)
{
    const struct meta_table shared = { shared_rules, ARRAY_SIZE(shared_rules) };

    for (int how = 0; how < N_MATCHES; how++) {
        const struct meta_rule *rule = NULL;

        for (size_t i = 0; i < META_TABLES_MAX && !rule; i++)
            rule = find_in(&rules->tables[i], how, code, subcode);
        if (!rule)
            rule = find_in(&shared, how, code, subcode);
        if (rule)
            return rule;
    }
    return NULL;
}

/* How long the network wants us to wait, where it says so. Without that each refusal in a row waits longer. */
static void apply_wait(const struct meta_rule *rule, const struct reply *reply, struct verdict *ret)
{
    const struct consequence *consequence = &consequences[rule->class];
    bool is_limit = rule->class == META_WAIT || rule->class == META_RETRY_NUMBER;
    uint32_t told_ms = reply->retry_after_ms, regain_ms = is_limit ? reply->usage.regain_ms : 0;

    if (regain_ms > told_ms)
        told_ms = regain_ms;
    ret->grows = consequence->grows && told_ms == 0;
    ret->retry_ms = told_ms ? told_ms : rule->wait_ms ? rule->wait_ms : consequence->wait_ms;
}

static void apply_rule(const struct meta_rule *rule, const struct reply *reply, struct verdict *ret)
{
    const struct consequence *consequence = &consequences[rule->class];

    ret->outcome = consequence->outcome;
    ret->pause = consequence->pause;
    ret->bounded = consequence->bounded;
    ret->once = rule->class == META_RETRY_ONCE;
    ret->is_too_fast = consequence->is_too_fast;
    ret->health = consequence->health;
    ret->reason = rule->reason;
    ret->next_action = rule->next_action ? rule->next_action : consequence->next_action;
    if (ret->outcome == TREFOIL_OUTCOME_DEFERRED)
        apply_wait(rule, reply, ret);
}

static void apply(enum meta_class class, const char *reason, const struct reply *reply, struct verdict *ret)
{
    const struct meta_rule rule = { .class = class, .reason = reason };

    apply_rule(&rule, reply, ret);
}

/* No code to go by: a proxy's page, an empty body. What stands in front of the network and got no answer from it (502,
 * 504) cannot know what became of it. */
static void judge_status(bool is_repeatable, const struct reply *reply, struct verdict *ret)
{
    bool is_lost = reply->http_status == 502 || reply->http_status == 504;

    if (is_lost && !is_repeatable)
        apply(META_IN_DOUBT, "answer lost on its way", reply, ret);
    else if (reply->http_status == 429)
        apply(META_WAIT, "call limit reached", reply, ret);
    else if (reply->http_status == 401)
        apply(META_CREDENTIALS, "not authorised", reply, ret);
    else
        apply(META_RETRY, reply->http_status >= 500 ? "network failed to answer properly" : "answer without a code",
              reply, ret);
}

static int read_code(struct json_value value, uint32_t *ret)
{
    int64_t wide;

    if (json_i64(value, &wide) < 0 || wide < 0 || wide > UINT32_MAX)
        return -EBADMSG;
    *ret = (uint32_t) wide;
    return 0;
}

static void judge_error(const struct meta_rules *rules, bool is_repeatable, struct json_value error,
                        const struct reply *reply, struct verdict *ret)
{
    const struct meta_rule *rule;

    if (read_code(json_get(error, "code"), &ret->code) < 0) {
        judge_status(is_repeatable, reply, ret);
        return;
    }
    if (read_code(json_get(error, "error_subcode"), &ret->subcode) < 0)
        ret->subcode = 0;
    rule = meta_rule_find(rules, ret->code, ret->subcode);
    if (rule && rule->class == META_IN_DOUBT && is_repeatable)
        apply(META_RETRY, rule->reason, reply, ret);
    else if (rule)
        apply_rule(rule, reply, ret);
    else if (reply->http_status == 429)
        apply(META_WAIT, "call limit reached", reply, ret);
    else
        apply(META_RETRY, json_is_true(json_get(error, "is_transient")) ? "passing error" : "unknown error code", reply,
              ret);
}

/* A file on its way to the network, as bytes or by a URL of ours. Nobody sees one of those twice. */
static bool is_upload(const struct request *request)
{
    static const char edge[] = "/message_attachments";
    size_t size = request->path ? strlen(request->path) : 0;

    return request->upload || (size >= sizeof edge - 1 && strcmp(request->path + size - (sizeof edge - 1), edge) == 0);
}

/* What the file is known by from now on. */
static void judge_uploaded(struct json_value answer, const struct reply *reply, struct arena *mem, struct verdict *ret)
{
    const char *id = json_id(json_get(answer, "attachment_id"), mem);

    if (!id)
        id = json_id(json_get(answer, "id"), mem);
    if (!id || !*id) {
        apply(META_RETRY, "file accepted without an id", reply, ret);
        return;
    }
    ret->outcome = TREFOIL_OUTCOME_SENT;
    ret->message_id = id;
}

static void judge_success(const struct meta_rules *rules, const struct request *request, struct json_value answer,
                          struct arena *mem, struct verdict *ret)
{
    const char *id = request->is_message ? rules->message_id(answer, mem) : NULL;

    ret->outcome = TREFOIL_OUTCOME_SENT;
    ret->message_id = id;
    if (id && rules->user_id)
        ret->user_id = rules->user_id(answer, mem);
    if (request->is_message && !id) {
        ret->outcome = TREFOIL_OUTCOME_UNKNOWN;
        ret->reason = "accepted without a message id";
    }
}

static const struct meta_rule unreached = { .class = META_AWAY,
                                            .reason = "network not reached",
                                            .wait_ms = 5 * SECOND_MS };

void meta_judge(const struct meta_rules *rules, const struct request *request, const struct reply *reply,
                struct arena *mem, struct verdict *ret)
{
    struct json json;
    struct json_value answer = JSON_NOTHING;

    *ret = (struct verdict){ 0 };
    if (reply->failure == REPLY_NOT_SENT) {
        apply_rule(&unreached, reply, ret); /* nothing was tried: it uses up no attempt */
        ret->grows = false;
        return;
    }
    if (reply->failure == REPLY_LOST || reply->http_status == 0) {
        apply(is_upload(request) ? META_RETRY : META_IN_DOUBT, "answer lost", reply, ret);
        return;
    }
    if (json_parse(reply->body, mem, &json) == 0)
        answer = json_root(&json);
    if (json_type(json_get(answer, "error")) == JSON_OBJECT)
        judge_error(rules, is_upload(request), json_get(answer, "error"), reply, ret);
    else if (reply->http_status >= 200 && reply->http_status < 300 && is_upload(request))
        judge_uploaded(answer, reply, mem, ret);
    else if (reply->http_status >= 200 && reply->http_status < 300)
        judge_success(rules, request, answer, mem, ret);
    else
        judge_status(is_upload(request), reply, ret);
}
