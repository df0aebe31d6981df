/* What WhatsApp's map makes of every kind of event, beyond the samples. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "map_kit/kit.h"
#include "whatsapp.h"

#define METADATA "\"metadata\":{\"display_phone_number\":\"15550001111\",\"phone_number_id\":\"106540000000002\"}"
#define FROM "{\"from\":\"15551230001\",\"id\":\"wamid.A\",\"timestamp\":\"1790000001\","

static struct arena mem = { .max_bytes = 64u << 20 };

static struct event_list decoded(const char *body)
{
    const char *const ids[] = { "106540000000002" }, *const pages[] = { NULL };
    const struct decode_context context = { ids, pages, 1, NULL, NULL };
    struct event_list list = { 0 };

    arena_reset(&mem);
    assert_int_equal(whatsapp_ops.decode(bytes_of_text(body), &context, &mem, &list), 0);
    return list;
}

static struct event_list decoded_field(const char *field, const char *members)
{
    static char body[600000];

    snprintf(body, sizeof body,
             "{\"object\":\"whatsapp_business_account\",\"entry\":[{\"time\":1790000100,\"changes\":[{\"field\":\"%s\","
             "\"value\":{%s,%s}}]}]}",
             field, METADATA, members);
    return decoded(body);
}

/* The one event of the one message whose members, behind from, id and time, these are. */
static const struct event *decoded_message(const char *members)
{
    static char messages[500000];
    struct event_list list;

    snprintf(messages, sizeof messages, "\"messages\":[" FROM "%s}]", members);
    list = decoded_field("messages", messages);
    assert_int_equal(list.n_events, 1);
    return &list.events[0];
}

static const char *extra(const struct event *event, const char *key)
{
    for (size_t i = 0; i < event->message.n_extras; i++)
        if (strcmp(event->message.extra_keys[i], key) == 0)
            return event->message.extra_values[i];
    return NULL;
}

static void test_a_digest_is_read_in_both_writings_and_nonsense_costs_nothing_else(void **state)
{
    static const char *const writings[] = { "VTRpkZ1cXSz+wM8cGXHbgm4ebLGFlMgBu6mjIdjG8/0=",
                                            "VTRpkZ1cXSz+wM8cGXHbgm4ebLGFlMgBu6mjIdjG8/0",
                                            "553469919d5c5d2cfec0cf1c1971db826e1e6cb18594c801bba9a321d8c6f3fd" };
    static const char *const nonsense[] = { "", "SfInY0gGKTsJlUWbwxC1k+FAD0FZHv", "553469919d5c5d2cfec0cf1c1971db82",
                                            "VTRpkZ1cXSz+wM8cGXHbgm4ebLGFlMgBu6mjIdjG8/0!",
                                            "V!RpkZ1cXSz+wM8cGXHbgm4ebLGFlMgBu6mjIdjG8/0=" };
    char members[300], hex[65];

    (void) state;
    for (size_t i = 0; i < ARRAY_SIZE(writings) + ARRAY_SIZE(nonsense); i++) {
        bool is_good = i < ARRAY_SIZE(writings);

        snprintf(members, sizeof members, "\"type\":\"image\",\"image\":{\"id\":\"7\",\"sha256\":\"%s\"}",
                 is_good ? writings[i] : nonsense[i - ARRAY_SIZE(writings)]);
        const struct trefoil_media *media = decoded_message(members)->message.body.media.media;
        assert_string_equal(media->network_id, "7");
        assert_int_equal(media->sha256.size, is_good ? 32 : 0);
        if (is_good) {
            bytes_to_hex(bytes_make(media->sha256.data, media->sha256.size), hex);
            assert_string_equal(hex, writings[2]);
        }
    }
}

static void test_files_are_of_the_kind_they_are_said_to_be(void **state)
{
    static const struct {
        const char *members;
        enum trefoil_media_kind kind;
    } cases[] = {
        { "\"type\":\"image\",\"image\":{\"id\":\"7\"}", TREFOIL_MEDIA_IMAGE },
        { "\"type\":\"video\",\"video\":{\"id\":\"7\"}", TREFOIL_MEDIA_VIDEO },
        { "\"type\":\"audio\",\"audio\":{\"id\":\"7\"}", TREFOIL_MEDIA_AUDIO },
        { "\"type\":\"audio\",\"audio\":{\"id\":\"7\",\"voice\":false}", TREFOIL_MEDIA_AUDIO },
        { "\"type\":\"audio\",\"audio\":{\"id\":\"7\",\"voice\":true}", TREFOIL_MEDIA_VOICE },
        { "\"type\":\"document\",\"document\":{\"id\":\"7\"}", TREFOIL_MEDIA_FILE },
        { "\"type\":\"sticker\",\"sticker\":{\"url\":\"https://x\",\"animated\":true}", TREFOIL_MEDIA_STICKER },
    };

    (void) state;
    for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
        const struct event *event = decoded_message(cases[i].members);

        assert_int_equal(event->message.kind, TREFOIL_KIND_MEDIA);
        assert_int_equal(event->message.body.media.media->kind, cases[i].kind);
        assert_non_null(event->message.fallback);
        if (cases[i].kind == TREFOIL_MEDIA_STICKER)
            assert_string_equal(extra(event, "sticker.animated"), "true");
    }
}

static void test_what_cannot_be_what_it_says_is_malformed(void **state)
{
    static const char *const cases[] = {
        "\"type\":\"image\",\"image\":{\"caption\":\"neither id nor address\"}",
        "\"type\":\"image\",\"image\":{\"id\":\"7\",\"file_size\":\"large\"}",
        "\"type\":\"location\",\"location\":{\"latitude\":90.1,\"longitude\":0}",
        "\"type\":\"location\",\"location\":{\"latitude\":0,\"longitude\":-180.5}",
        "\"type\":\"location\",\"location\":{\"latitude\":0}",
        "\"type\":\"contacts\"",
        "\"type\":\"contacts\",\"contacts\":[]",
        "\"type\":\"interactive\",\"interactive\":{\"type\":\"button_reply\"}",
        "\"type\":\"order\",\"order\":{\"product_items\":5}",
        "\"type\":\"edit\",\"edit\":{\"original_message_id\":\"wamid.B\"}",
        "\"type\":\"reaction\",\"reaction\":{\"emoji\":\"x\"}",
    };

    (void) state;
    for (size_t i = 0; i < ARRAY_SIZE(cases); i++)
        if (!decoded_message(cases[i])->is_malformed)
            fail_msg("%s is taken", cases[i]);
}

static void test_places_may_be_written_as_texts(void **state)
{
    const struct event *event =
        decoded_message("\"type\":\"location\",\"location\":{\"latitude\":\"-90\",\"longitude\":\"180\"}");

    (void) state;
    assert_int_equal(event->message.kind, TREFOIL_KIND_LOCATION);
    assert_true(event->message.body.location.latitude == -90 && event->message.body.location.longitude == 180);
}

static void test_the_origin_of_cards_is_found_in_both_places(void **state)
{
    static const char *const cases[] = {
        "\"type\":\"contacts\",\"origin\":\"contact_request\",\"contacts\":[{\"phones\":[{\"wa_id\":\"1\"}]}]",
        "\"type\":\"contacts\",\"contacts\":[{\"origin\":\"contact_request\",\"phones\":[{\"wa_id\":\"1\"}]}]",
    };

    (void) state;
    for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
        const struct event *event = decoded_message(cases[i]);

        assert_string_equal(extra(event, "contacts.origin"), "contact_request");
        assert_string_equal(event->message.body.contacts.cards->phones[0], "1");
    }
}

static void test_more_cards_than_a_message_holds_are_left_out_not_refused(void **state)
{
    static char members[100000];
    size_t size = (size_t) snprintf(members, sizeof members, "\"type\":\"contacts\",\"contacts\":[");

    (void) state;
    for (size_t i = 0; i < 257; i++)
        size += (size_t) snprintf(members + size, sizeof members - size, "%s{\"name\":{\"formatted_name\":\"N%zu\"}}",
                                  i ? "," : "", i);
    snprintf(members + size, sizeof members - size, "]");
    assert_int_equal(decoded_message(members)->message.body.contacts.n_cards, 256);
}

static void test_unknown_kinds_are_kept_with_their_bytes_and_a_readable_line(void **state)
{
    static const struct {
        const char *members, *kind;
    } cases[] = {
        { "\"type\":\"hologram\",\"hologram\":{\"depth\":3}", "hologram" },
        { "\"type\":\"interactive\",\"interactive\":{\"type\":\"shake\",\"shake\":{}}", "interactive/shake" },
        { "\"type\":\"system\",\"system\":{\"type\":\"grew_older\",\"body\":\"Ada grew older\"}", "system/grew_older" },
        { "\"type\":\"edit\",\"edit\":{\"original_message_id\":\"w\",\"message\":{\"type\":\"dance\"}}", "edit/dance" },
        { "\"type\":\"unsupported\",\"unsupported\":{\"type\":\"gif\"}", "unsupported/gif" },
        { "\"type\":\"unknown\",\"errors\":[{\"code\":131051,\"title\":\"Unknown\"}]", "unsupported" },
        { "\"type\":\"video\",\"errors\":[{\"code\":131052,\"title\":\"Too large\"}]", "unsupported" },
    };

    (void) state;
    for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
        const struct event *event = decoded_message(cases[i].members);
        const struct trefoil_unsupported *body = &event->message.body.unsupported;

        assert_true(event->is_unsupported);
        assert_false(event->is_malformed);
        assert_string_equal(body->network_kind, cases[i].kind);
        assert_non_null(memmem(body->raw.data, body->raw.size, cases[i].members, strlen(cases[i].members)));
        assert_true(event->message.fallback && *event->message.fallback == '[');
    }
}

static void test_only_what_a_person_says_now_opens_a_window(void **state)
{
    static const struct {
        const char *field, *items;
        bool opens;
    } cases[] = {
        { "messages", "\"messages\":[" FROM "\"type\":\"text\",\"text\":{\"body\":\"x\"}}]", true },
        { "messages", "\"messages\":[" FROM "\"type\":\"reaction\",\"reaction\":{\"message_id\":\"w\"}}]", true },
        { "messages", "\"messages\":[" FROM "\"type\":\"unsupported\"}]", true },
        { "messages", "\"messages\":[" FROM "\"type\":\"button\",\"button\":{\"text\":\"Yes\"}}]", true },
        { "messages", "\"messages\":[" FROM "\"type\":\"revoke\",\"revoke\":{\"original_message_id\":\"w\"}}]", false },
        { "messages", "\"messages\":[" FROM "\"type\":\"text\",\"group_id\":\"g\",\"text\":{\"body\":\"x\"}}]", false },
        { "messages", "\"messages\":[" FROM "\"type\":\"system\",\"system\":{\"type\":\"user_changed_number\"}}]",
          false },
        { "messages", "\"statuses\":[{\"id\":\"w\",\"status\":\"read\",\"timestamp\":\"1790000001\"}]", false },
        { "history", "\"messages\":[" FROM "\"type\":\"text\",\"text\":{\"body\":\"x\"}}]", false },
        { "smb_message_echoes",
          "\"message_echoes\":[{\"to\":\"1\",\"id\":\"w\",\"timestamp\":\"1790000001\",\"type\":\"text\",\"text\":{"
          "\"body\":\"x\"}}]",
          false },
        { "calls", "\"calls\":[" FROM "\"event\":\"connect\",\"direction\":\"USER_INITIATED\"}]", true },
        { "calls", "\"calls\":[" FROM "\"event\":\"terminate\",\"direction\":\"USER_INITIATED\"}]", false },
        { "calls", "\"calls\":[" FROM "\"to\":\"2\",\"event\":\"connect\",\"direction\":\"BUSINESS_INITIATED\"}]",
          false },
    };

    (void) state;
    for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
        struct event_list list = decoded_field(cases[i].field, cases[i].items);

        assert_int_equal(list.n_events, 1);
        assert_false(list.events[0].is_malformed);
        if (list.events[0].opens_window_ms != (cases[i].opens ? 1790000001000 : 0))
            fail_msg("%s", cases[i].items);
    }
}

static void test_ids_of_one_event_are_one_person(void **state)
{
    struct event_list list = decoded_field(
        "messages",
        "\"messages\":[{\"from\":\"1\",\"from_user_id\":\"US.9\",\"from_parent_user_id\":\"US.ENT.8\","
        "\"id\":\"wamid.A\",\"timestamp\":\"1\",\"type\":\"text\",\"text\":{\"body\":\"x\"}}],\"statuses\":[{"
        "\"id\":\"w\",\"status\":\"sent\",\"recipient_user_id\":\"US.9\",\"parent_recipient_user_id\":"
        "\"US.ENT.8\"}]");

    (void) state;
    assert_string_equal(list.events[0].user_id, "1");
    assert_int_equal(list.events[0].n_alias_ids, 2);
    assert_string_equal(list.events[0].alias_ids[0], "US.9");
    assert_string_equal(list.events[0].message.author.alias_evidence[1], "same event");
    assert_string_equal(list.events[1].user_id, "US.9");
    assert_int_equal(list.events[1].n_alias_ids, 1);
    assert_string_equal(list.events[1].alias_ids[0], "US.ENT.8");
}

static void test_a_new_number_is_the_person_and_the_old_one_an_alias(void **state)
{
    const struct event *event = decoded_message("\"type\":\"system\",\"system\":{\"body\":\"changed\",\"wa_id\":"
                                                "\"15559\",\"type\":\"user_changed_number\"}");

    (void) state;
    assert_int_equal(event->message.body.system.kind, TREFOIL_SYSTEM_NUMBER_CHANGED);
    assert_string_equal(event->user_id, "15559");
    assert_string_equal(event->alias_ids[0], "15551230001");
    assert_string_equal(event->message.author.alias_evidence[0], "user_changed_number");
    assert_int_equal(event->audience, TREFOIL_AUDIENCE_SERVICES);
}

static void test_wishes_about_marketing_are_consent(void **state)
{
    static const struct {
        const char *value;
        enum trefoil_consent consent;
        enum trefoil_system_kind kind;
    } cases[] = { { "stop", TREFOIL_CONSENT_WITHDRAWN, TREFOIL_SYSTEM_OPT_OUT },
                  { "resume", TREFOIL_CONSENT_GIVEN, TREFOIL_SYSTEM_OPT_IN },
                  { "ponder", TREFOIL_CONSENT_UNSAID, TREFOIL_SYSTEM_NONE } };
    char items[300];

    (void) state;
    for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
        snprintf(items, sizeof items, "\"user_preferences\":[{\"wa_id\":\"1\",\"value\":\"%s\",\"timestamp\":5}]",
                 cases[i].value);
        struct event_list list = decoded_field("user_preferences", items);
        assert_int_equal(list.events[0].consent, cases[i].consent);
        assert_string_equal(list.events[0].user_id, "1");
        if (cases[i].kind)
            assert_int_equal(list.events[0].message.body.system.kind, cases[i].kind);
        else
            assert_true(list.events[0].is_unsupported);
    }
}

static void test_who_began_a_change_of_a_group_is_found_inside_and_beside(void **state)
{
    static const char *const cases[] = {
        "\"groups\":[{\"type\":\"group_participants_remove\",\"group_id\":\"g\",\"initiated_by\":\"participant\"}]",
        "\"groups\":[{\"type\":\"group_participants_remove\",\"group_id\":\"g\"}],\"initiated_by\":\"participant\"",
    };

    (void) state;
    for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
        struct event_list list = decoded_field("group_participants_update", cases[i]);

        assert_int_equal(list.events[0].message.body.system.kind, TREFOIL_SYSTEM_GROUP_CHANGED);
        assert_string_equal(extra(&list.events[0], "group.initiated_by"), "participant");
        assert_string_equal(list.events[0].message.group_id, "g");
    }
}

static void test_errors_at_nobodys_message_say_how_the_account_is(void **state)
{
    static const struct {
        unsigned code;
        enum trefoil_account_health health;
    } cases[] = { { 130429, TREFOIL_ACCOUNT_RATE_LIMITED },   { 131048, TREFOIL_ACCOUNT_RATE_LIMITED },
                  { 131031, TREFOIL_ACCOUNT_POLICY_BLOCKED }, { 190, TREFOIL_ACCOUNT_BAD_CREDENTIALS },
                  { 131000, TREFOIL_ACCOUNT_DEGRADED },       { 4242, TREFOIL_ACCOUNT_DEGRADED } };
    char items[200];

    (void) state;
    for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
        snprintf(items, sizeof items, "\"errors\":[{\"code\":%u,\"title\":\"Oh\"}]", cases[i].code);
        const struct event *event = decoded_field("messages", items).events;
        assert_int_equal(event->message.kind, TREFOIL_KIND_ACCOUNT);
        assert_int_equal(event->message.body.account.health, cases[i].health);
        assert_int_equal(event->message.body.account.code, cases[i].code);
        assert_non_null(event->message.body.account.next_action);
        assert_int_equal(event->audience, TREFOIL_AUDIENCE_SERVICES);
    }
}

/* As the network documents it: errors of a flow are no errors of the account. */
static void test_alert_about_a_flow_is_a_notice_and_says_nothing_of_the_account(void **state)
{
    struct event_list list =
        decoded("{\"object\":\"whatsapp_business_account\",\"entry\":[{\"id\":\"1\",\"time\":1790000100,\"changes\":["
                "{\"field\":\"flows\",\"value\":{\"event\":\"CLIENT_ERROR_RATE\",\"flow_id\":\"3\",\"alert_state\":"
                "\"ACTIVATED\",\"errors\":[{\"error_type\":\"INVALID_SCREEN_TRANSITION\",\"error_rate\":66.66}]}}]}]}");

    (void) state;
    assert_int_equal(list.n_events, 1);
    assert_int_equal(list.events[0].message.kind, TREFOIL_KIND_SYSTEM);
    assert_non_null(strstr(extra(&list.events[0], "notice.value"), "INVALID_SCREEN_TRANSITION"));
}

static void test_error_without_a_code_is_kept_as_it_came(void **state)
{
    struct event_list list = decoded_field("messages", "\"errors\":[{\"title\":\"Oh\"}]");

    (void) state;
    assert_int_equal(list.n_events, 1);
    assert_int_equal(list.events[0].message.kind, TREFOIL_KIND_UNSUPPORTED);
}

static void test_every_documented_field_is_a_notice_and_others_are_kept_whole(void **state)
{
    static const char *const fields[] = {
        "account_alerts",
        "account_review_update",
        "account_update",
        "business_capability_update",
        "business_username_update",
        "calls",
        "flows",
        "message_template_components_update",
        "message_template_quality_update",
        "message_template_status_update",
        "template_category_update",
        "partner_solutions",
        "payment_configuration_update",
        "phone_number_name_update",
        "phone_number_quality_update",
        "security",
    };

    (void) state;
    for (size_t i = 0; i < ARRAY_SIZE(fields); i++) {
        const struct event *event = decoded_field(fields[i], "\"nested\":{\"a\":[1]},\"event\":\"X\"").events;

        assert_int_equal(event->message.body.system.kind, TREFOIL_SYSTEM_ACCOUNT_NOTICE);
        assert_string_equal(extra(event, "notice.field"), fields[i]);
        assert_non_null(strstr(extra(event, "notice.value"), "\"nested\":{\"a\":[1]}"));
        assert_true(event->message.sent_ms == 1790000100000);
    }
    assert_true(decoded_field("weather_update", "\"sun\":true").events->is_unsupported);
}

static void test_a_ban_is_the_accounts_health(void **state)
{
    const struct event *event = decoded_field("account_update", "\"event\":\"DISABLED_UPDATE\"").events;

    (void) state;
    assert_int_equal(event->message.kind, TREFOIL_KIND_ACCOUNT);
    assert_int_equal(event->message.body.account.health, TREFOIL_ACCOUNT_POLICY_BLOCKED);
}

static void test_the_same_notice_at_another_time_is_another_event(void **state)
{
    static const char body[] =
        "{\"object\":\"whatsapp_business_account\",\"entry\":[{\"time\":%d,\"changes\":[{\"field\":"
        "\"phone_number_quality_update\",\"value\":{\"event\":\"FLAGGED\"}}]}]}";
    char text[300], key[200];

    (void) state;
    snprintf(text, sizeof text, body, 1);
    snprintf(key, sizeof key, "%s", decoded(text).events[0].key);
    assert_string_equal(decoded(text).events[0].key, key);
    snprintf(text, sizeof text, body, 2);
    assert_string_not_equal(decoded(text).events[0].key, key);
}

static void test_colleagues_edit_and_unsend_in_the_persons_thread(void **state)
{
    struct event_list list = decoded_field(
        "smb_message_echoes",
        "\"message_echoes\":[{\"to_user_id\":\"US.9\",\"id\":\"w1\",\"timestamp\":\"1\",\"type\":\"edit\",\"edit\":{"
        "\"original_message_id\":\"w0\",\"message\":{\"type\":\"text\",\"text\":{\"body\":\"new\"}}}},{\"to\":\"1\","
        "\"id\":\"w2\",\"timestamp\":\"1\",\"type\":\"revoke\",\"revoke\":{\"original_message_id\":\"w0\"}}]");

    (void) state;
    assert_int_equal(list.n_events, 2);
    assert_true(list.events[0].echo && list.events[0].message.is_edit && list.events[0].message.by_business);
    assert_string_equal(list.events[0].user_id, "US.9");
    assert_string_equal(list.events[0].relates[0], "w0");
    assert_int_equal(list.events[1].message.kind, TREFOIL_KIND_RETRACT);
}

static void test_old_messages_are_their_own_kind_on_the_right_side_and_for_services(void **state)
{
    struct event_list list = decoded_field(
        "history",
        "\"history\":[{\"metadata\":{\"phase\":0,\"chunk_order\":1,\"progress\":100},\"threads\":[{\"id\":\"1\","
        "\"messages\":[{\"from\":\"15550001111\",\"id\":\"w1\",\"type\":\"text\",\"text\":{\"body\":\"ours\"},"
        "\"history_context\":{\"status\":\"READ\"}},{\"from\":\"1\",\"id\":\"w2\",\"type\":\"image\",\"image\":{"
        "\"id\":\"7\"}}]}]}]");

    (void) state;
    assert_int_equal(list.n_events, 3);
    assert_int_equal(list.events[0].message.body.system.kind, TREFOIL_SYSTEM_HISTORY);
    assert_string_equal(extra(&list.events[0], "history.progress"), "100");
    assert_true(list.events[1].message.by_business);
    assert_string_equal(list.events[1].user_id, "1");
    assert_string_equal(extra(&list.events[1], "history.status"), "READ");
    assert_int_equal(list.events[2].message.kind, TREFOIL_KIND_MEDIA);
    assert_false(list.events[2].message.by_business);
    for (size_t i = 0; i < 3; i++)
        assert_int_equal(list.events[i].audience, TREFOIL_AUDIENCE_SERVICES);
}

static void test_a_stray_leaves_no_trace_of_a_person(void **state)
{
    struct event_list list =
        decoded("{\"object\":\"whatsapp_business_account\",\"entry\":[{\"changes\":[{\"field\":\"messages\",\"value\":{"
                "\"metadata\":{\"phone_number_id\":\"5\"},\"messages\":[{\"from\":\"1\",\"from_user_id\":\"US.9\","
                "\"id\":\"wamid.A\",\"timestamp\":\"1\",\"type\":\"text\",\"text\":{\"body\":\"x\"}}]}}]}]}");

    (void) state;
    assert_null(list.events[0].user_id);
    assert_int_equal(list.events[0].n_alias_ids, 0);
    assert_true(list.events[0].opens_window_ms == 0);
}

static void check_example(const char *folder, const char *name)
{
    struct arena text = ARENA_EMPTY(16u << 20);
    struct bytes body = kit_read(&text, folder, name);
    struct event_list list = decoded((const char *) body.data);

    assert_true(list.n_events > 0);
    for (size_t i = 0; i < list.n_events; i++)
        if (list.events[i].is_malformed ||
            (list.events[i].is_unsupported && !memmem(body.data, body.size, "\"unsupported\"", 13)))
            fail_msg("%s: %s", name, list.events[i].message.body.unsupported.reason);
    arena_deinit(&text);
}

/* With Meta's OpenAPI file at hand: beside this project, or where TREFOIL_OPENAPI_EXAMPLES says. */
static void test_published_examples_are_understood(void **state)
{
    const char *named = getenv("TREFOIL_OPENAPI_EXAMPLES");
    const char *file = named ? named : SOURCE_DIR "/../shared/reference/openapi/business-messaging-api_v23.0.yaml";
    char folder[] = "/tmp/trefoil-examples-XXXXXX", command[2048];
    struct arena text = ARENA_EMPTY(1u << 20);
    const char *const *names;
    size_t n = 0;

    (void) state;
    assert_non_null(mkdtemp(folder));
    snprintf(command, sizeof command, "python3 '%s/openapi_examples.py' '%s' %s 2>/dev/null", TESTDATA, file, folder);
    int r = system(command);
    if (r == 0)
        n = kit_list(&text, folder, ".json", &names);
    for (size_t i = 0; i < n; i++)
        check_example(folder, names[i]);
    snprintf(command, sizeof command, "rm -r %s", folder);
    assert_int_equal(system(command), 0);
    arena_deinit(&text);
    if (r != 0)
        skip();
    assert_true(n >= 16);
}

static void test_no_thread_has_an_id_of_any_length(void **state)
{
    char members[1024];

    (void) state;
    for (int size = 512; size <= 513; size++) {
        snprintf(members, sizeof members,
                 "\"history\":[{\"threads\":[{\"id\":\"%0*d\",\"messages\":[" FROM
                 "\"type\":\"text\",\"text\":{\"body\":\"x\"}}]}]}]",
                 size, 7);
        struct event_list list = decoded_field("history", members);
        assert_int_equal(list.n_events, 1);
        assert_int_equal(list.events[0].is_malformed, size > 512);
    }
}

static int free_memory(void **state)
{
    (void) state;
    arena_deinit(&mem);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_digest_is_read_in_both_writings_and_nonsense_costs_nothing_else),
        cmocka_unit_test(test_files_are_of_the_kind_they_are_said_to_be),
        cmocka_unit_test(test_what_cannot_be_what_it_says_is_malformed),
        cmocka_unit_test(test_places_may_be_written_as_texts),
        cmocka_unit_test(test_the_origin_of_cards_is_found_in_both_places),
        cmocka_unit_test(test_more_cards_than_a_message_holds_are_left_out_not_refused),
        cmocka_unit_test(test_unknown_kinds_are_kept_with_their_bytes_and_a_readable_line),
        cmocka_unit_test(test_only_what_a_person_says_now_opens_a_window),
        cmocka_unit_test(test_ids_of_one_event_are_one_person),
        cmocka_unit_test(test_a_new_number_is_the_person_and_the_old_one_an_alias),
        cmocka_unit_test(test_wishes_about_marketing_are_consent),
        cmocka_unit_test(test_who_began_a_change_of_a_group_is_found_inside_and_beside),
        cmocka_unit_test(test_errors_at_nobodys_message_say_how_the_account_is),
        cmocka_unit_test(test_alert_about_a_flow_is_a_notice_and_says_nothing_of_the_account),
        cmocka_unit_test(test_error_without_a_code_is_kept_as_it_came),
        cmocka_unit_test(test_every_documented_field_is_a_notice_and_others_are_kept_whole),
        cmocka_unit_test(test_a_ban_is_the_accounts_health),
        cmocka_unit_test(test_the_same_notice_at_another_time_is_another_event),
        cmocka_unit_test(test_colleagues_edit_and_unsend_in_the_persons_thread),
        cmocka_unit_test(test_old_messages_are_their_own_kind_on_the_right_side_and_for_services),
        cmocka_unit_test(test_a_stray_leaves_no_trace_of_a_person),
        cmocka_unit_test(test_published_examples_are_understood),
        cmocka_unit_test(test_no_thread_has_an_id_of_any_length),
    };

    return cmocka_run_group_tests_name("whatsapp decode", tests, NULL, free_memory);
}
