/* What concerns the account and its groups, not a person: errors, groups, the progress of old messages, notices.
 * Never in anybody's thread.
 */
#include <string.h>

#include "formats/fingerprint.h"
#include "formats/text.h"
#include "whatsapp_map.h"

#define FIELD_KEY_MAX_BYTES 64

/* Events without an id of their own: the same one again has the same bytes and came with the same entry. */
static const char *named(const struct whatsapp_reading *reading, const char *kind)
{
    struct arena *mem = whatsapp_memory(reading);
    const char *name = fingerprint(json_raw(reading->item.value), mem), *time = reading->change->entry_time;

    return arena_format(mem, "%s/%s%s%s", kind, time ? time : "", time ? "/" : "", name ? name : "-");
}

static uint64_t entry_ms(const struct whatsapp_change *change)
{
    uint64_t seconds;

    if (!change->entry_time || bytes_to_u64(bytes_of_text(change->entry_time), META_TIME_MAX_S, &seconds) < 0)
        return 0;
    return seconds * 1000;
}

static void make_account(struct whatsapp_reading *reading, enum trefoil_account_health health, const char *action,
                         const char *detail)
{
    struct trefoil_message *message = &reading->event.message;

    message->kind = TREFOIL_KIND_ACCOUNT;
    message->body.account = (struct trefoil_account_state){ .health = health, .next_action = action };
    message->fallback = text_fallback(whatsapp_memory(reading), "account", detail);
}

/* What an error at nobody's message says about the account. */
static enum trefoil_account_health health_of(const struct meta_rule *rule)
{
    switch (rule ? rule->class : META_RETRY) {
    case META_RETRY_NUMBER:
    case META_WAIT:
        return TREFOIL_ACCOUNT_RATE_LIMITED;
    case META_CREDENTIALS:
        return TREFOIL_ACCOUNT_BAD_CREDENTIALS;
    case META_POLICY:
        return TREFOIL_ACCOUNT_POLICY_BLOCKED;
    default:
        return TREFOIL_ACCOUNT_DEGRADED;
    }
}

void whatsapp_error(struct whatsapp_change *change, struct json_value value)
{
    if (!json_exists(json_get(value, "code"))) { /* 0 is one of them */
        meta_add_whole(change->reading, value, change->account_id, "errors", "missing: code");
        return;
    }
    struct whatsapp_reading reading = whatsapp_begin(change, value, "errors");
    struct meta_item *item = &reading.item;
    uint32_t code = (uint32_t) meta_may_number(item, value, "code", UINT32_MAX);
    const struct meta_rule *rule = whatsapp_rule(code);
    const char *title = text_first_of(meta_may_text(item, value, "title"), meta_may_text(item, value, "message"));

    reading.event.audience = TREFOIL_AUDIENCE_SERVICES;
    reading.event.key = named(&reading, "error");
    reading.event.message.sent_ms = entry_ms(change);
    make_account(&reading, health_of(rule), rule && rule->next_action ? rule->next_action : "see the error's code",
                 title);
    reading.event.message.body.account.code = code;
    extras_put(&reading.extras, "error.title", title);
    extras_put_json(&reading.extras, "error.details", json_get(json_get(value, "error_data"), "details"));
    whatsapp_end(&reading);
}

static const struct {
    const char *type, *word;
} group_types[] = {
    { "group_create", "group created" },
    { "group_delete", "group deleted" },
    { "group_participants_add", "group members added" },
    { "group_participants_remove", "group members removed" },
    { "group_join_request_created", "asked to join the group" },
    { "group_join_request_revoked", "asks no more to join the group" },
    { "group_settings_update", "group settings changed" },
    { "group_suspend", "group suspended" },
    { "group_suspend_cleared", "group no longer suspended" },
};

static const struct {
    const char *outer, *inner, *key;
} group_facts[] = {
    { "type", NULL, "group.type" },
    { "request_id", NULL, "group.request_id" },
    { "subject", NULL, "group.subject" },
    { "description", NULL, "group.description" },
    { "invite_link", NULL, "group.invite_link" },
    { "join_approval_mode", NULL, "group.join_approval_mode" },
    { "reason", NULL, "group.reason" },
    { "join_request_id", NULL, "group.join_request_id" },
    { "group_subject", "text", "group.subject" },
    { "group_subject", "update_successful", "group.subject_changed" },
    { "group_description", "text", "group.description" },
    { "group_description", "update_successful", "group.description_changed" },
    { "profile_picture", "update_successful", "group.picture_changed" },
    { "profile_picture", "mime_type", "group.picture_mime" },
    { "errors", NULL, "group.errors" },
};

/* "15551230001, 15551230002": whoever is in the list, by the best id each has. */
static const char *people_of(struct json_value list, struct arena *mem)
{
    const char *words = NULL;

    json_for_each (person, list) {
        const char *id = text_first_of(
            json_id(json_get(person, "wa_id"), mem),
            text_first_of(json_id(json_get(person, "user_id"), mem), json_id(json_get(person, "input"), mem)));

        if (words && strlen(words) > TEXT_FALLBACK_MAX_CHARS * 4)
            break;
        if (id)
            words = words ? arena_format(mem, "%s, %s", words, id) : id;
    }
    return words;
}

/* Documents show `initiated_by` inside the element and beside it. */
static void put_group_facts(struct whatsapp_reading *reading, struct json_value value)
{
    struct json_value by = json_get(value, "initiated_by");

    for (size_t i = 0; i < ARRAY_SIZE(group_facts); i++) {
        struct json_value found = json_get(value, group_facts[i].outer);

        extras_put_json(&reading->extras, group_facts[i].key,
                        group_facts[i].inner ? json_get(found, group_facts[i].inner) : found);
    }
    extras_put_json(&reading->extras, "group.initiated_by",
                    json_exists(by) ? by : json_get(reading->change->value, "initiated_by"));
}

static const char *group_people(struct whatsapp_reading *reading, struct json_value value)
{
    static const char *const lists[][2] = { { "added_participants", "group.added" },
                                            { "removed_participants", "group.removed" },
                                            { "failed_participants", "group.failed" } };
    struct arena *mem = whatsapp_memory(reading);
    const char *words = json_id(json_get(value, "wa_id"), mem);

    for (size_t i = 0; i < ARRAY_SIZE(lists); i++) {
        const char *people = people_of(json_get(value, lists[i][0]), mem);

        extras_put(&reading->extras, lists[i][1], people);
        words = text_first_of(words, people);
    }
    return words;
}

void whatsapp_group(struct whatsapp_change *change, struct json_value value)
{
    struct whatsapp_reading reading = whatsapp_begin(change, value, "groups");
    struct meta_item *item = &reading.item;
    struct trefoil_message *message = &reading.event.message;
    const char *type = meta_need_text(item, value, "type"), *word = NULL;
    const char *people;

    reading.event.key = named(&reading, "group");
    reading.event.audience = TREFOIL_AUDIENCE_SERVICES;
    message->sent_ms = meta_may_seconds(item, value, "timestamp");
    message->thread = message->group_id = meta_may_id(item, value, "group_id");
    put_group_facts(&reading, value);
    people = group_people(&reading, value);
    for (size_t i = 0; type && i < ARRAY_SIZE(group_types); i++)
        if (strcmp(type, group_types[i].type) == 0)
            word = group_types[i].word;
    if (word) {
        whatsapp_make_system(&reading, TREFOIL_SYSTEM_GROUP_CHANGED, word, people);
        message->body.system.text = people ? message->fallback : word;
        message->body.system.from_id = meta_may_id(item, value, "wa_id");
    } else {
        item->kind = type ? type : "groups";
        meta_make_unsupported(item, &reading.event, text_fallback(whatsapp_memory(&reading), item->kind, people));
    }
    whatsapp_end(&reading);
}

/* How far the old messages are, or why none will come. */
static void add_progress(struct whatsapp_change *change, struct json_value chunk)
{
    struct whatsapp_reading reading = whatsapp_begin(change, chunk, "history");
    struct json_value metadata = json_get(chunk, "metadata"), error = json_first(json_get(chunk, "errors"));
    struct arena *mem = change->reading->mem;
    const char *progress = json_id(json_get(metadata, "progress"), mem);
    const char *title = json_text(json_get(error, "title"), mem);

    reading.item.fault = json_own_fault(chunk);
    reading.event.key = named(&reading, "history-progress");
    reading.event.message.sent_ms = entry_ms(change);
    extras_put_json(&reading.extras, "history.phase", json_get(metadata, "phase"));
    extras_put_json(&reading.extras, "history.chunk", json_get(metadata, "chunk_order"));
    extras_put(&reading.extras, "history.progress", progress);
    extras_put_json(&reading.extras, "error.code", json_get(error, "code"));
    extras_put_json(&reading.extras, "error.details", json_get(json_get(error, "error_data"), "details"));
    whatsapp_make_system(&reading, TREFOIL_SYSTEM_HISTORY, "history",
                         title ? title : arena_format(mem, "%s %%", progress ? progress : "0"));
    whatsapp_end(&reading);
}

/* Old messages of the phone app, in threads. History declined comes as errors. */
void whatsapp_history(struct whatsapp_change *change, struct json_value chunk)
{
    struct json_value threads = json_get(chunk, "threads");
    struct arena *mem = change->reading->mem;
    bool is_declined = json_exists(json_first(json_get(chunk, "errors")));

    if (json_type(chunk) != JSON_OBJECT || json_own_fault(chunk) ||
        (json_type(threads) != JSON_ARRAY && !is_declined)) {
        meta_add_whole(change->reading, chunk, change->account_id, "history", json_fault(chunk));
        return;
    }
    change->is_history = true;
    if (is_declined || json_exists(json_get(chunk, "metadata")))
        add_progress(change, chunk);
    json_for_each (thread, threads) {
        struct json_value messages = json_get(thread, "messages");
        const char *id = json_id(json_get(thread, "id"), mem);
        bool is_too_long = id && strlen(id) > META_ID_MAX_BYTES;

        if (json_own_fault(thread) || json_type(messages) != JSON_ARRAY || is_too_long) {
            meta_add_whole(change->reading, thread, change->account_id, "history",
                           is_too_long ? "length out of range: id" : json_fault(thread));
            continue;
        }
        change->thread_id = id;
        json_for_each (message, messages)
            whatsapp_message(change, message);
        change->thread_id = NULL;
    }
}

/* Fields whose value is about the account, and what we call them. */
static const struct {
    const char *field, *word;
} fields[] = {
    { "account_alerts", "account alert" },
    { "account_review_update", "account review" },
    { "account_update", "account update" },
    { "business_capability_update", "business capability" },
    { "business_username_update", "business user name" },
    { "calls", "call" },
    { "flows", "flow" },
    { "message_template_components_update", "template changed" },
    { "message_template_quality_update", "template quality" },
    { "message_template_status_update", "template" },
    { "template_category_update", "template category" },
    { "partner_solutions", "partner solution" },
    { "payment_configuration_update", "payment configuration" },
    { "phone_number_name_update", "display name" },
    { "phone_number_quality_update", "number quality" },
    { "security", "security" },
    { "account_settings_update", "account settings" },
    { "automatic_events", "automatic event" },
    { "tracking_events", "tracking event" },
    { "group_lifecycle_update", "group" },
    { "group_participants_update", "group" },
    { "group_settings_update", "group" },
    { "group_status_update", "group" },
};

/* Values that say how the account is. */
static const struct statement {
    const char *field, *member, *value;
    enum trefoil_account_health health;
    const char *action;
} statements[] = {
    { "account_update", "event", "DISABLED_UPDATE", TREFOIL_ACCOUNT_POLICY_BLOCKED, "see the account in the manager" },
    { "account_update", "event", "ACCOUNT_VIOLATION", TREFOIL_ACCOUNT_DEGRADED, "see the policy violation" },
    { "account_update", "event", "ACCOUNT_RESTRICTION", TREFOIL_ACCOUNT_POLICY_BLOCKED, "appeal the restriction" },
    { "account_update", "event", "ACCOUNT_DELETED", TREFOIL_ACCOUNT_STOPPED, "the account was deleted" },
    { "account_review_update", "decision", "REJECTED", TREFOIL_ACCOUNT_POLICY_BLOCKED, "ask for another review" },
    { "phone_number_quality_update", "event", "FLAGGED", TREFOIL_ACCOUNT_DEGRADED, "see the number's quality rating" },
    { "phone_number_quality_update", "event", "DOWNGRADE", TREFOIL_ACCOUNT_DEGRADED,
      "see the number's quality rating" },
};

static const struct statement *statement_of(const char *field, struct json_value value)
{
    for (size_t i = 0; i < ARRAY_SIZE(statements); i++)
        if (strcmp(field, statements[i].field) == 0 &&
            json_is_text(json_get(value, statements[i].member), statements[i].value))
            return &statements[i];
    return NULL;
}

static bool is_plain_key(const char *key)
{
    return key && strlen(key) <= FIELD_KEY_MAX_BYTES && key[strspn(key, "abcdefghijklmnopqrstuvwxyz_0123456789")] == 0;
}

/* Each member by its name, and the whole behind them: what is nested is not lost. */
static const char *put_members(struct whatsapp_reading *reading, const char *field, struct json_value value)
{
    struct arena *mem = whatsapp_memory(reading);

    json_for_each (member, value) {
        const char *key = json_key(member, mem);

        if (reading->extras.n < EXTRAS_MAX - 2 && is_plain_key(key) && json_type(member) < JSON_ARRAY)
            extras_put_json(&reading->extras, arena_format(mem, "%s.%s", field, key), member);
    }
    extras_put(&reading->extras, "notice.field", field);
    extras_put_json(&reading->extras, "notice.value", value);
    return text_first_of(json_text(json_get(value, "event"), mem), json_text(json_get(value, "decision"), mem));
}

bool whatsapp_field(struct whatsapp_change *change, struct json_value value, const char *field)
{
    struct whatsapp_reading reading;
    const struct statement *statement;
    const char *word = NULL, *detail;

    for (size_t i = 0; i < ARRAY_SIZE(fields); i++)
        if (strcmp(field, fields[i].field) == 0)
            word = fields[i].word;
    if (!word)
        return false;
    reading = whatsapp_begin(change, value, field);
    reading.event.key = named(&reading, "notice");
    reading.event.message.sent_ms = entry_ms(change);
    detail = put_members(&reading, field, change->value);
    statement = statement_of(field, change->value);
    whatsapp_make_system(&reading, TREFOIL_SYSTEM_ACCOUNT_NOTICE, word, detail);
    reading.event.message.body.system.text = reading.event.message.fallback;
    if (statement)
        make_account(&reading, statement->health, statement->action, detail);
    whatsapp_end(&reading);
    return true;
}
