/* Reply windows, purposes and consent as a table: facts of a network, a message, an age, a wish; and what is decided. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "formats/json.h"
#include "skeleton/policy.h"

#define MINUTE_MS ((uint64_t) 60 * 1000)
#define HOUR_MS (60 * MINUTE_MS)
#define NOW_MS (10000 * HOUR_MS)
#define NEVER UINT64_MAX /* as an age: nobody knows */

/* The networks of section 4, and one that knows no windows. */
enum network { OPEN, WHATSAPP, MESSENGER, INSTAGRAM };
static const struct translator_windows networks[] = {
    [OPEN] = { 0 },
    [WHATSAPP] = { .open_s = 24 * 3600, .templates_after = true },
    [MESSENGER] = { .open_s = 24 * 3600, .agent_s = 7 * 24 * 3600, .templates_after = true, .utility_only = true },
    [INSTAGRAM] = { .open_s = 24 * 3600, .agent_s = 7 * 24 * 3600 },
};

enum wish { EASY = 0, HAS_TEMPLATE = 1, REFUSE_UNKNOWN = 2, WITHDRAWN = 4, BULK = 8, INVITED = 16 };

struct row {
    enum network network;
    enum trefoil_kind kind;
    enum trefoil_purpose purpose;
    uint64_t age_ms;
    unsigned wishes;
    enum policy_verdict verdict;
    const char *reason;
};

#define TEXT TREFOIL_KIND_TEXT
#define MEDIA TREFOIL_KIND_MEDIA
#define TEMPLATE TREFOIL_KIND_TEMPLATE
#define REACTION TREFOIL_KIND_REACTION
#define RETRACT TREFOIL_KIND_RETRACT
#define RECEIPT TREFOIL_KIND_RECEIPT
#define TYPING TREFOIL_KIND_TYPING
#define PLAIN TREFOIL_PURPOSE_NONE
#define AGENT TREFOIL_PURPOSE_HUMAN_AGENT
#define UTILITY TREFOIL_PURPOSE_UTILITY
#define MARKETING TREFOIL_PURPOSE_MARKETING

static const struct row rows[] = {
    /* a network without windows takes anything at any time */
    { OPEN, TEXT, PLAIN, 9000 * HOUR_MS, EASY, POLICY_GO, NULL },
    { OPEN, TEXT, PLAIN, NEVER, REFUSE_UNKNOWN, POLICY_GO, NULL },
    { OPEN, TEXT, PLAIN, 0, WITHDRAWN, POLICY_GO, NULL },
    { OPEN, TEXT, MARKETING, 0, WITHDRAWN, POLICY_REFUSE, POLICY_UNWANTED },
    /* inside the window everything goes, up to the margin and not a millisecond longer */
    { WHATSAPP, TEXT, PLAIN, 0, EASY, POLICY_GO, NULL },
    { WHATSAPP, MEDIA, PLAIN, 23 * HOUR_MS, EASY, POLICY_GO, NULL },
    { WHATSAPP, TYPING, PLAIN, 23 * HOUR_MS, EASY, POLICY_GO, NULL },
    { WHATSAPP, TEXT, PLAIN, 24 * HOUR_MS - 2 * MINUTE_MS - 1, EASY, POLICY_GO, NULL },
    { WHATSAPP, TEXT, PLAIN, 24 * HOUR_MS - 2 * MINUTE_MS, EASY, POLICY_REFUSE, POLICY_CLOSED },
    { WHATSAPP, TEXT, PLAIN, 25 * HOUR_MS, EASY, POLICY_REFUSE, POLICY_CLOSED },
    { INSTAGRAM, MEDIA, PLAIN, 25 * HOUR_MS, EASY, POLICY_REFUSE, POLICY_CLOSED },
    /* an act in the future (clocks differ) opens the window like one just now */
    { WHATSAPP, TEXT, PLAIN, (uint64_t) - (int64_t) MINUTE_MS, EASY, POLICY_GO, NULL },
    /* human agents have longer where the network says so, and no longer than that */
    { WHATSAPP, TEXT, AGENT, 25 * HOUR_MS, EASY, POLICY_REFUSE, POLICY_CLOSED },
    { MESSENGER, TEXT, AGENT, 25 * HOUR_MS, EASY, POLICY_GO, NULL },
    { INSTAGRAM, TEXT, AGENT, 7 * 24 * HOUR_MS - 3 * MINUTE_MS, EASY, POLICY_GO, NULL },
    { INSTAGRAM, TEXT, AGENT, 7 * 24 * HOUR_MS - 1 * MINUTE_MS, EASY, POLICY_REFUSE, POLICY_CLOSED },
    { MESSENGER, TEXT, UTILITY, 25 * HOUR_MS, EASY, POLICY_REFUSE, POLICY_CLOSED },
    /* templates go later where the network takes them */
    { WHATSAPP, TEMPLATE, PLAIN, 900 * HOUR_MS, EASY, POLICY_GO, NULL },
    { WHATSAPP, TEMPLATE, MARKETING, 900 * HOUR_MS, EASY, POLICY_GO, NULL },
    { WHATSAPP, TEMPLATE, PLAIN, NEVER, REFUSE_UNKNOWN, POLICY_GO, NULL },
    { MESSENGER, TEMPLATE, UTILITY, 900 * HOUR_MS, EASY, POLICY_GO, NULL },
    { MESSENGER, TEMPLATE, PLAIN, 900 * HOUR_MS, EASY, POLICY_GO, NULL },
    { MESSENGER, TEMPLATE, MARKETING, 900 * HOUR_MS, EASY, POLICY_REFUSE, POLICY_CLOSED },
    { MESSENGER, TEMPLATE, AGENT, 900 * HOUR_MS, EASY, POLICY_REFUSE, POLICY_CLOSED },
    { INSTAGRAM, TEMPLATE, UTILITY, 900 * HOUR_MS, EASY, POLICY_REFUSE, POLICY_CLOSED },
    /* the account's template stands for words, never for a heart, and only where templates go */
    { WHATSAPP, TEXT, PLAIN, 25 * HOUR_MS, HAS_TEMPLATE, POLICY_REPLACE, POLICY_CLOSED },
    { WHATSAPP, MEDIA, PLAIN, 25 * HOUR_MS, HAS_TEMPLATE, POLICY_REPLACE, POLICY_CLOSED },
    { WHATSAPP, REACTION, PLAIN, 25 * HOUR_MS, HAS_TEMPLATE, POLICY_REFUSE, POLICY_CLOSED },
    { WHATSAPP, RETRACT, PLAIN, 25 * HOUR_MS, HAS_TEMPLATE, POLICY_REFUSE, POLICY_CLOSED },
    { WHATSAPP, TEXT, MARKETING, 25 * HOUR_MS, HAS_TEMPLATE, POLICY_REFUSE, POLICY_CLOSED },
    { MESSENGER, TEXT, AGENT, 8 * 24 * HOUR_MS, HAS_TEMPLATE, POLICY_REPLACE, POLICY_CLOSED },
    { WHATSAPP, TEXT, PLAIN, NEVER, HAS_TEMPLATE | REFUSE_UNKNOWN, POLICY_REPLACE, POLICY_NEVER_OPENED },
    { MESSENGER, TEXT, AGENT, 25 * HOUR_MS, HAS_TEMPLATE, POLICY_GO, NULL },
    { INSTAGRAM, TEXT, PLAIN, 25 * HOUR_MS, HAS_TEMPLATE, POLICY_REFUSE, POLICY_CLOSED },
    /* read marks and typing are dropped without a word */
    { WHATSAPP, RECEIPT, PLAIN, 25 * HOUR_MS, EASY, POLICY_DROP, POLICY_CLOSED },
    { MESSENGER, TYPING, AGENT, 25 * HOUR_MS, HAS_TEMPLATE, POLICY_DROP, POLICY_CLOSED },
    /* what is not known is tried, or refused, as configured */
    { WHATSAPP, TEXT, PLAIN, NEVER, EASY, POLICY_GO, NULL },
    { MESSENGER, TEXT, AGENT, NEVER, REFUSE_UNKNOWN, POLICY_REFUSE, POLICY_NEVER_OPENED },
    { WHATSAPP, RECEIPT, PLAIN, NEVER, REFUSE_UNKNOWN, POLICY_DROP, POLICY_NEVER_OPENED },
    /* by a token the person gave, or below his comment: the network knows how long, and no window is asked for */
    { MESSENGER, TEXT, MARKETING, 25 * HOUR_MS, INVITED, POLICY_GO, NULL },
    { INSTAGRAM, TEXT, PLAIN, 25 * HOUR_MS, INVITED, POLICY_GO, NULL },
    { MESSENGER, TEXT, PLAIN, NEVER, INVITED | REFUSE_UNKNOWN, POLICY_GO, NULL },
    { MESSENGER, TEXT, MARKETING, 25 * HOUR_MS, INVITED | WITHDRAWN, POLICY_REFUSE, POLICY_UNWANTED },
    /* who does not want to be written to unasked is answered, and nothing else */
    { WHATSAPP, TEXT, PLAIN, HOUR_MS, WITHDRAWN, POLICY_GO, NULL },
    { WHATSAPP, TEXT, PLAIN, HOUR_MS, WITHDRAWN | BULK, POLICY_REFUSE, POLICY_UNWANTED },
    { WHATSAPP, TEXT, PLAIN, HOUR_MS, BULK, POLICY_GO, NULL },
    { WHATSAPP, TEXT, MARKETING, HOUR_MS, WITHDRAWN, POLICY_REFUSE, POLICY_UNWANTED },
    { WHATSAPP, TEMPLATE, MARKETING, HOUR_MS, WITHDRAWN, POLICY_REFUSE, POLICY_UNWANTED },
    { WHATSAPP, TEMPLATE, MARKETING, 25 * HOUR_MS, WITHDRAWN, POLICY_REFUSE, POLICY_UNWANTED },
    { WHATSAPP, TEMPLATE, UTILITY, 25 * HOUR_MS, WITHDRAWN, POLICY_GO, NULL },
    { WHATSAPP, TEXT, PLAIN, 25 * HOUR_MS, WITHDRAWN | HAS_TEMPLATE, POLICY_REFUSE, POLICY_UNWANTED },
    { WHATSAPP, TYPING, PLAIN, HOUR_MS, WITHDRAWN | BULK, POLICY_DROP, POLICY_UNWANTED },
};

static struct policy_decision decide(const struct row *row)
{
    struct policy_rules rules = { networks[row->network], 2 * MINUTE_MS, row->wishes & REFUSE_UNKNOWN,
                                  row->wishes & HAS_TEMPLATE };
    struct policy_case one = { .kind = row->kind,
                               .purpose = row->purpose,
                               .lane = row->wishes & BULK ? TREFOIL_LANE_BULK : TREFOIL_LANE_REPLY,
                               .window_ms = row->age_ms == NEVER ? 0 : NOW_MS - row->age_ms,
                               .consent_withdrawn = row->wishes & WITHDRAWN,
                               .is_invited = row->wishes & INVITED };
    return policy_decide(&rules, &one, NOW_MS);
}

static bool same(const char *a, const char *b)
{
    return a && b ? strcmp(a, b) == 0 : a == b;
}

static void test_every_row_of_the_table_holds(void **state unused_)
{
    for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
        struct policy_decision decision = decide(&rows[i]);
        if (decision.verdict != rows[i].verdict || !same(decision.reason, rows[i].reason))
            fail_msg("row %zu: %s (%s)", i, policy_verdict_name(decision.verdict),
                     decision.reason ? decision.reason : "no reason");
    }
}

static void test_what_may_go_says_until_when(void **state unused_)
{
    struct row inside = { WHATSAPP, TEXT, PLAIN, HOUR_MS, EASY, POLICY_GO, NULL };
    struct row agent = { INSTAGRAM, TEXT, AGENT, 25 * HOUR_MS, EASY, POLICY_GO, NULL };
    struct row template = { WHATSAPP, TEMPLATE, PLAIN, 25 * HOUR_MS, EASY, POLICY_GO, NULL };

    assert_int_equal(decide(&inside).until_ms, NOW_MS + 23 * HOUR_MS - 2 * MINUTE_MS);
    assert_int_equal(decide(&agent).until_ms, NOW_MS + (7 * 24 - 25) * HOUR_MS - 2 * MINUTE_MS);
    assert_int_equal(decide(&template).until_ms, 0);
}

static void test_margin_longer_than_the_window_leaves_none(void **state unused_)
{
    struct policy_rules rules = { { .open_s = 60 }, HOUR_MS, false, false };
    struct policy_case one = { .kind = TEXT, .window_ms = NOW_MS };
    assert_int_equal(policy_decide(&rules, &one, NOW_MS).verdict, POLICY_REFUSE);
}

/* ---- the stand-in ----------------------------------------------------------------------------------------------- */

static const char *parameter(const struct trefoil_message *message, struct arena *mem)
{
    struct json json;
    assert_int_equal(json_parse(bytes_of_text(message->body.template_.components_json), mem, &json), 0);
    struct json_value body = json_first(json_root(&json));
    assert_true(json_is_text(json_get(body, "type"), "body"));
    struct json_value text = json_first(json_get(body, "parameters"));
    assert_true(json_is_text(json_get(text, "type"), "text"));
    return json_text(json_get(text, "text"), mem);
}

static void test_stand_in_carries_the_words_as_its_one_parameter(void **state unused_)
{
    static const char *const keys[] = { "native.whatsapp" }, *const values[] = { "{}" };
    struct arena mem = ARENA_EMPTY(1 << 20);
    struct trefoil_message said = { .kind = TEXT,
                                    .author.name = "Ben",
                                    .in_reply_to = "m0",
                                    .extra_keys = keys,
                                    .extra_values = values,
                                    .n_extras = 1,
                                    .body.text.body = " He said \"yes\".\n\n\tWhen?  " };
    struct trefoil_message ret;
    bool is_cut = true;

    assert_int_equal(policy_replace(&said, "we_answer", "nl", NULL, &mem, &ret, &is_cut), 0);
    assert_int_equal(ret.kind, TEMPLATE);
    assert_string_equal(ret.body.template_.name, "we_answer");
    assert_string_equal(ret.body.template_.language, "nl");
    assert_string_equal(parameter(&ret, &mem), "He said \"yes\". When?");
    assert_string_equal(ret.body.template_.rendered, "He said \"yes\". When?");
    assert_false(is_cut);
    assert_null(ret.in_reply_to);
    assert_int_equal(ret.n_extras, 0);
    assert_int_equal(ret.purpose, UTILITY);
    assert_int_equal(policy_replace(&said, "we_answer", "nl", "Ben", &mem, &ret, &is_cut), 0);
    assert_string_equal(parameter(&ret, &mem), "Ben: He said \"yes\". When?");
    arena_deinit(&mem);
}

static void test_long_words_are_cut_to_what_a_template_takes(void **state unused_)
{
    struct arena mem = ARENA_EMPTY(1 << 20);
    static char words[3001];
    struct trefoil_message said = { .kind = TEXT, .body.text.body = words }, ret;
    bool is_cut = false;

    for (size_t i = 0; i < 1500; i++) /* "é", two bytes each */
        memcpy(words + 2 * i, "\xc3\xa9", 2);
    assert_int_equal(policy_replace(&said, "t", "en", NULL, &mem, &ret, &is_cut), 0);
    assert_true(is_cut);
    assert_int_equal(strlen(parameter(&ret, &mem)), 2 * POLICY_TEMPLATE_TEXT_MAX);
    arena_deinit(&mem);
}

static void test_what_has_no_words_has_no_stand_in(void **state unused_)
{
    struct arena mem = ARENA_EMPTY(1 << 20);
    struct trefoil_message blank = { .kind = TEXT, .body.text.body = " \n " }, silent = { .kind = MEDIA }, ret;
    struct trefoil_message shown = { .kind = MEDIA, .fallback = "[image]" };
    bool is_cut;

    assert_int_equal(policy_replace(&blank, "t", "en", NULL, &mem, &ret, &is_cut), -ENOTSUP);
    assert_int_equal(policy_replace(&silent, "t", "en", NULL, &mem, &ret, &is_cut), -ENOTSUP);
    assert_int_equal(policy_replace(&shown, "t", "en", NULL, &mem, &ret, &is_cut), 0);
    assert_string_equal(parameter(&ret, &mem), "[image]");
    arena_deinit(&mem);
}

static void test_arena_that_is_too_small_is_refused(void **state unused_)
{
    struct arena mem = ARENA_EMPTY(16);
    struct trefoil_message said = { .kind = TEXT, .body.text.body = "more than there is room for" }, ret;
    bool is_cut;

    assert_int_equal(policy_replace(&said, "t", "en", NULL, &mem, &ret, &is_cut), -ENOMEM);
    arena_deinit(&mem);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_every_row_of_the_table_holds),
        cmocka_unit_test(test_what_may_go_says_until_when),
        cmocka_unit_test(test_margin_longer_than_the_window_leaves_none),
        cmocka_unit_test(test_stand_in_carries_the_words_as_its_one_parameter),
        cmocka_unit_test(test_long_words_are_cut_to_what_a_template_takes),
        cmocka_unit_test(test_what_has_no_words_has_no_stand_in),
        cmocka_unit_test(test_arena_that_is_too_small_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
