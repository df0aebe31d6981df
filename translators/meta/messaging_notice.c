/* Members of an element that tell rather than say: buttons pressed, carts, ways in, consents, hand-overs, feedback.
 * One function per member, found by its name. Never sees more than one element.
 */
#include <string.h>

#include "base/attributes.h"
#include "formats/text.h"
#include "messaging_item.h"

#define ITEMS_MAX 100 /* of one cart */

/* One member between its JSON and its event. */
struct notice {
    struct messaging_item *element;
    struct arena *mem;
    struct json_value body;
    struct event event;
    struct extras extras;
};

struct member {
    const char *name;
    enum trefoil_audience audience;
    const char *word; /* for the line that stands for it */
    void (*fill)(struct notice *notice, const char *word);
};

static const char *text_in(struct notice *notice, const char *key)
{
    return meta_may_text(&notice->element->item, notice->body, key);
}

static void fill_system(struct notice *notice, enum trefoil_system_kind kind, const char *word, const char *detail)
{
    struct trefoil_message *message = &notice->event.message;

    message->kind = TREFOIL_KIND_SYSTEM;
    message->fallback = text_fallback(notice->mem, word, detail);
    message->body.system.kind = kind;
    message->body.system.text = text_first_of(detail, word);
}

static void fill_postback(struct notice *notice, const char *word)
{
    struct trefoil_message *message = &notice->event.message;
    struct json_value referral = meta_may_object(&notice->element->item, notice->body, "referral");
    const char *mid = meta_may_id(&notice->element->item, notice->body, "mid");

    message->kind = TREFOIL_KIND_CHOICE;
    message->body.choice = (struct trefoil_choice){
        .shape = TREFOIL_CHOICE_BUTTONS,
        .id = text_first_of(text_in(notice, "payload"), NULL), /* kept from us in standby */
        .title = text_in(notice, "title"),
    };
    message->fallback = text_fallback(notice->mem, word, message->body.choice.title);
    if (json_exists(referral)) {
        struct trefoil_referral made = messaging_referral(referral, &notice->extras);

        message->referral = messaging_keep_referral(&made, notice->mem);
    }
    if (mid) {
        notice->event.key = arena_format(notice->mem, "postback/%s", mid);
        message->message_id = mid;
    }
    messaging_open_window(notice->element, &notice->event);
}

/* A price comes as a number or as text. */
static const char *price_of(struct json_value product, struct arena *mem)
{
    struct json_value price = json_get(product, "unit_price");

    return json_type(price) == JSON_NUMBER ? arena_text(mem, json_raw(price)) : json_text(price, mem);
}

static void fill_order(struct notice *notice, const char *word)
{
    struct json_value products = meta_may_array(&notice->element->item, notice->body, "products");
    struct trefoil_order_item *items = arena_array(notice->mem, ITEMS_MAX, sizeof *items);
    struct trefoil_order *order = &notice->event.message.body.order;
    size_t n = 0;

    json_for_each (product, products) {
        if (!items || n == ITEMS_MAX)
            break;
        const char *retailer = json_id(json_get(product, "retailer_id"), notice->mem);
        items[n++] = (struct trefoil_order_item){
            .id = retailer ? retailer : json_id(json_get(product, "id"), notice->mem),
            .name = json_text(json_get(product, "name"), notice->mem),
            .price = price_of(product, notice->mem),
            .currency = json_text(json_get(product, "currency"), notice->mem),
            .quantity = (uint32_t) meta_may_number(&notice->element->item, product, "quantity", UINT32_MAX),
        };
    }
    notice->event.message.kind = TREFOIL_KIND_ORDER;
    order->items = items;
    order->n_items = n;
    order->note = text_in(notice, "note");
    notice->event.message.fallback =
        text_fallback(notice->mem, word, text_first_of(order->note, n > 0 ? items[0].name : NULL));
    messaging_open_window(notice->element, &notice->event);
}

static void fill_referral(struct notice *notice, const char *word)
{
    struct trefoil_referral made = messaging_referral(notice->body, &notice->extras);

    notice->event.message.referral = messaging_keep_referral(&made, notice->mem);
    fill_system(notice, TREFOIL_SYSTEM_REFERRAL, word, text_first_of(made.ref, made.source));
    if (!json_is_text(json_get(notice->body, "source"), "ADS")) /* who clicks an advertisement has yet to write */
        messaging_open_window(notice->element, &notice->event);
}

static void fill_optin(struct notice *notice, const char *word)
{
    static const char *const kept[][2] = {
        { "type", "optin.type" },
        { "payload", "optin.payload" },
        { "ref", "optin.ref" },
        { "user_ref", "optin.user_ref" },
        { "notification_messages_token", "optin.token" },
        { "notification_messages_timezone", "optin.timezone" },
        { "notification_messages_frequency", "optin.frequency" },
        { "token_expiry_timestamp", "optin.token_expires_ms" },
        { "user_token_status", "optin.token_status" },
        { "notification_messages_status", "optin.status" },
    };
    const char *status = text_in(notice, "notification_messages_status");
    bool is_out = status && strcmp(status, "STOP_NOTIFICATIONS") == 0;
    const char *type = text_in(notice, "type");

    for (size_t i = 0; i < ARRAY_SIZE(kept); i++)
        extras_put_json(&notice->extras, kept[i][1], json_get(notice->body, kept[i][0]));
    fill_system(notice, is_out ? TREFOIL_SYSTEM_OPT_OUT : TREFOIL_SYSTEM_OPT_IN, is_out ? "opt-out" : word,
                text_first_of(text_in(notice, "title"), text_in(notice, "ref")));
    notice->event.consent = is_out ? TREFOIL_CONSENT_WITHDRAWN : TREFOIL_CONSENT_GIVEN;
    if (!type) /* a plug-in's; topics of marketing messages open no window */
        messaging_open_window(notice->element, &notice->event);
}

static void fill_linking(struct notice *notice, const char *word)
{
    extras_put_json(&notice->extras, "linking.status", json_get(notice->body, "status"));
    extras_put_json(&notice->extras, "linking.authorization_code", json_get(notice->body, "authorization_code"));
    fill_system(notice, TREFOIL_SYSTEM_LINKED, word, text_in(notice, "status"));
}

/* Who had the thread and who has it now, as application ids. */
static void fill_thread(struct notice *notice, const char *word)
{
    struct meta_item *item = &notice->element->item;
    const char *now = meta_may_id(item, notice->body, "new_owner_app_id");
    const char *wanted = meta_may_id(item, notice->body, "requested_owner_app_id");

    extras_put_json(&notice->extras, "thread.metadata", json_get(notice->body, "metadata"));
    fill_system(notice, TREFOIL_SYSTEM_THREAD_CONTROL, word, NULL);
    notice->event.message.body.system.from_id = meta_may_id(item, notice->body, "previous_owner_app_id");
    notice->event.message.body.system.to_id = now ? now : wanted;
}

static void fill_roles(struct notice *notice, const char *word)
{
    extras_put_json(&notice->extras, "app_roles", notice->body);
    fill_system(notice, TREFOIL_SYSTEM_ACCOUNT_NOTICE, word, NULL);
}

static void fill_policy(struct notice *notice, const char *word)
{
    const char *action = text_in(notice, "action"), *reason = text_in(notice, "reason");

    extras_put(&notice->extras, "policy.action", action);
    extras_put(&notice->extras, "policy.reason", reason);
    fill_system(notice, TREFOIL_SYSTEM_POLICY, word,
                action && reason ? arena_format(notice->mem, "%s: %s", action, reason) : text_first_of(action, reason));
}

static void fill_feedback(struct notice *notice, const char *word)
{
    const char *mid = meta_may_id(&notice->element->item, notice->body, "mid");

    meta_relate(&notice->element->item, &notice->event, mid);
    notice->event.message.in_reply_to = mid;
    fill_system(notice, TREFOIL_SYSTEM_FEEDBACK, word, text_in(notice, "feedback"));
}

/* The answers to a form of ours; its shape is documented only for older versions. */
static void fill_form(struct notice *notice, const char *word)
{
    extras_put_json(&notice->extras, "feedback.screens", json_get(notice->body, "feedback_screens"));
    fill_system(notice, TREFOIL_SYSTEM_FEEDBACK, word, NULL);
}

static void fill_game(struct notice *notice, const char *word)
{
    static const char *const kept[][2] = {
        { "game_id", "game.id" },
        { "player_id", "game.player_id" },
        { "context_type", "game.context_type" },
        { "context_id", "game.context_id" },
        { "score", "game.score" },
        { "payload", "game.payload" },
    };

    for (size_t i = 0; i < ARRAY_SIZE(kept); i++)
        extras_put_json(&notice->extras, kept[i][1], json_get(notice->body, kept[i][0]));
    fill_system(notice, TREFOIL_SYSTEM_ACCOUNT_NOTICE, word, NULL);
}

static const struct member members[] = {
    { "postback", TREFOIL_AUDIENCE_ROOM, "button", fill_postback },
    { "order", TREFOIL_AUDIENCE_ROOM, "order", fill_order },
    { "referral", TREFOIL_AUDIENCE_SERVICES, "referral", fill_referral },
    { "optin", TREFOIL_AUDIENCE_SERVICES, "opt-in", fill_optin },
    { "account_linking", TREFOIL_AUDIENCE_SERVICES, "account linking", fill_linking },
    { "pass_thread_control", TREFOIL_AUDIENCE_SERVICES, "thread passed", fill_thread },
    { "take_thread_control", TREFOIL_AUDIENCE_SERVICES, "thread taken", fill_thread },
    { "request_thread_control", TREFOIL_AUDIENCE_SERVICES, "thread requested", fill_thread },
    { "app_roles", TREFOIL_AUDIENCE_SERVICES, "app roles", fill_roles },
    { "policy_enforcement", TREFOIL_AUDIENCE_SERVICES, "policy", fill_policy },
    { "response_feedback", TREFOIL_AUDIENCE_SERVICES, "feedback", fill_feedback },
    { "messaging_feedback", TREFOIL_AUDIENCE_SERVICES, "feedback form", fill_form },
    { "game_play", TREFOIL_AUDIENCE_SERVICES, "game", fill_game },
};

static void add(struct messaging_item *element, const struct member *member)
{
    struct arena *mem = element->item.reading->mem;
    struct notice notice = {
        .element = element,
        .mem = mem,
        .body = meta_need_object(&element->item, element->item.value, member->name),
        .event = messaging_event(element, member->audience),
        .extras = { .mem = mem },
    };

    notice.event.key = messaging_key(element, member->name);
    member->fill(&notice, member->word);
    extras_give(&notice.extras, &notice.event.message);
    meta_item_add(&element->item, &notice.event);
}

bool messaging_notice(struct messaging_item *element)
{
    for (size_t i = 0; i < ARRAY_SIZE(members); i++)
        if (json_exists(json_get(element->item.value, members[i].name))) {
            element->item.kind = members[i].name;
            add(element, &members[i]);
            return true;
        }
    return false;
}

/* Days since 1970 as a date of the Gregorian calendar, by counting years from March. */
const char *messaging_date(int64_t time_s, struct arena *mem)
{
    long long day = time_s / 86400, second = time_s % 86400, era, year, month;

    if (time_s < 0 || time_s > META_TIME_MAX_S)
        return "?";
    day += 719468; /* since 1 March of the year 0 */
    era = day / 146097;
    day %= 146097;
    year = (day - day / 1460 + day / 36524 - day / 146096) / 365;
    day -= 365 * year + year / 4 - year / 100;
    month = (5 * day + 2) / 153;
    day -= (153 * month + 2) / 5;
    return arena_format(mem, "%04lld-%02lld-%02lld %02lld:%02lld UTC", year + era * 400 + (month >= 10),
                        month < 10 ? month + 3 : month - 9, day + 1, second / 3600, second / 60 % 60);
}
