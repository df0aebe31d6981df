/* Tests only: every documented error code, and what it must bring about; networks add their own. Written from the
 * networks' documents, not from our tables.
 */
#ifndef TREFOIL_META_VERDICT_CASES_H
#define TREFOIL_META_VERDICT_CASES_H

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/arena.h"
#include "skeleton_types/translator.h"

struct verdict_case {
    uint32_t code, subcode;
    char class; /* a letter of the documents: see expect_class() */
};

/* All networks behind the Graph API. */
static const struct verdict_case graph_cases[] = {
    { 1, 0, 'R' },     { 2, 0, 'R' },       { 3, 0, 'A' },     { 4, 0, 'W' },      { 17, 0, 'W' },
    { 32, 0, 'W' },    { 613, 0, 'W' },     { 10, 0, 'A' },    { 200, 0, 'A' },    { 210, 0, 'A' },
    { 299, 0, 'A' },   { 33, 0, 'P' },      { 100, 33, 'P' },  { 100, 0, 'P' },    { 102, 0, 'A' },
    { 190, 0, 'A' },   { 190, 458, 'A' },   { 190, 459, 'A' }, { 190, 460, 'A' },  { 190, 463, 'A' },
    { 190, 464, 'A' }, { 190, 467, 'A' },   { 190, 492, 'A' }, { 341, 0, 'W' },    { 368, 0, 'B' },
    { 506, 0, 'P' },   { 1609005, 0, 'P' }, { 80001, 0, 'W' }, { 80002, 0, 'W' },  { 80006, 0, 'W' },
    { 80007, 0, 'W' }, { 80008, 0, 'W' },   { 190, 999, 'A' }, { 987654, 0, 'R' }, { 100, 4711, 'P' },
};

/* Messenger and Instagram. */
static const struct verdict_case messaging_cases[] = {
    { 1, 99, 'A' },        { 1, 1357046, 'U' },   { 2, 5, 'R' },         { 4, 2018354, 'P' },   { 9, 2018352, 'P' },
    { 613, 1893016, 'P' }, { 613, 2018338, 'p' }, { 10, 1893015, 'P' },  { 10, 1404170, 'P' },  { 10, 2018108, 'P' },
    { 10, 1893063, 'B' },  { 10, 2018336, 'P' },  { 100, 2018001, 'P' }, { 100, 2018008, 'O' }, { 100, 2018014, 'P' },
    { 100, 2018047, 'P' }, { 100, 2018074, 'P' }, { 100, 2018109, 'P' }, { 100, 2018164, 'P' }, { 100, 2018294, 'O' },
    { 100, 2018320, 'P' }, { 100, 2018328, 'P' }, { 200, 2018027, 'A' }, { 200, 2018028, 'A' }, { 200, 1545041, 'P' },
    { 551, 1545041, 'P' }, { 551, 0, 'P' },       { 2022, 0, 'B' },      { 10303, 0, 'P' },     { 2018218, 0, 'P' },
    { 2018247, 0, 'A' },   { 2018300, 0, 'P' },   { 2018321, 0, 'P' },   { 2018171, 0, 'P' },   { 9000001, 0, 'P' },
    { 10, 2018300, 'P' },  { 100, 2018321, 'P' }, { 100, 9000001, 'P' }, { 2018001, 0, 'P' },   { 10, 1545041, 'P' },
    { 100, 1545041, 'P' },
};

struct expected_class {
    char letter;
    enum trefoil_outcome outcome;
    enum pause pause;
    bool bounded;
    enum trefoil_account_health health;
    bool grows, once;
};

/* R: retry, bounded. O: once more. p: this pair waits. n: the whole number was too fast. a: it is away. W: a limit. P: permanent. A: account or token.
 * B: blocked by policy. U: nobody knows. */
static inline const struct expected_class *expect_class(char letter)
{
    static const struct expected_class classes[] = {
        { 'R', TREFOIL_OUTCOME_DEFERRED, PAUSE_NONE, true, TREFOIL_ACCOUNT_NONE },
        { 'O', TREFOIL_OUTCOME_DEFERRED, PAUSE_NONE, true, TREFOIL_ACCOUNT_NONE, .once = true },
        { 'p', TREFOIL_OUTCOME_DEFERRED, PAUSE_PAIR, false, TREFOIL_ACCOUNT_NONE, .grows = true },
        { 'n', TREFOIL_OUTCOME_DEFERRED, PAUSE_ACCOUNT, false, TREFOIL_ACCOUNT_RATE_LIMITED, .grows = true },
        { 'a', TREFOIL_OUTCOME_DEFERRED, PAUSE_ACCOUNT, false, TREFOIL_ACCOUNT_NONE, .grows = true },
        { 'W', TREFOIL_OUTCOME_DEFERRED, PAUSE_ACCOUNT, false, TREFOIL_ACCOUNT_RATE_LIMITED, .grows = true },
        { 'P', TREFOIL_OUTCOME_BOUNCED, PAUSE_NONE, false, TREFOIL_ACCOUNT_NONE },
        { 'A', TREFOIL_OUTCOME_DEFERRED, PAUSE_ACCOUNT, false, TREFOIL_ACCOUNT_BAD_CREDENTIALS },
        { 'B', TREFOIL_OUTCOME_DEFERRED, PAUSE_ACCOUNT, false, TREFOIL_ACCOUNT_POLICY_BLOCKED },
        { 'U', TREFOIL_OUTCOME_UNKNOWN, PAUSE_NONE, false, TREFOIL_ACCOUNT_NONE },
    };

    for (size_t i = 0; i < sizeof classes / sizeof *classes; i++)
        if (classes[i].letter == letter)
            return &classes[i];
    fail_msg("no class %c", letter);
    return classes;
}

static inline void assert_verdict(const struct translator_ops *ops, const struct verdict_case *wanted)
{
    const struct expected_class *class = expect_class(wanted->class);
    const struct request request = { .method = "POST", .path = "/v25.0/1/messages", .is_message = true };
    struct arena mem = ARENA_EMPTY(1u << 20);
    const char *text = arena_format(&mem, "{\"error\":{\"message\":\"(#%u)\",\"code\":%u,\"error_subcode\":%u}}",
                                    wanted->code, wanted->code, wanted->subcode);
    const struct reply reply = { .http_status = 400, .body = bytes_of_text(text) };
    struct verdict verdict;

    ops->judge(&request, &reply, &mem, &verdict);
    if (verdict.outcome != class->outcome || verdict.pause != class->pause || verdict.bounded != class->bounded ||
        verdict.health != class->health || verdict.grows != class->grows || verdict.once != class->once)
        fail_msg("%s: %u/%u is no %c", ops->name, wanted->code, wanted->subcode, wanted->class);
    assert_int_equal(verdict.code, wanted->code);
    assert_int_equal(verdict.subcode, wanted->subcode);
    assert_non_null(verdict.reason);
    assert_int_equal(verdict.next_action != NULL, verdict.health != TREFOIL_ACCOUNT_NONE);
    assert_null(verdict.message_id);
    arena_deinit(&mem);
}

static inline void assert_verdicts(const struct translator_ops *ops, const struct verdict_case *cases, size_t n)
{
    for (size_t i = 0; i < n; i++)
        assert_verdict(ops, &cases[i]);
}

/* Answers without a code: the same on every network. */
static inline void assert_verdicts_without_code(const struct translator_ops *ops)
{
    static const struct {
        struct reply reply;
        char class;
    } cases[] = {
        { { .failure = REPLY_LOST }, 'U' },
        { { .http_status = 200, .failure = REPLY_LOST }, 'U' },
        { { .http_status = 200, .body = { (const uint8_t *) "{}", 2 } }, 'U' },
        { { .http_status = 200 }, 'U' },
        { { .http_status = 500 }, 'R' },
        { { .http_status = 502, .body = { (const uint8_t *) "<html>", 6 } }, 'U' },
        { { .http_status = 504 }, 'U' },
        { { .http_status = 503 }, 'R' },
        { { .http_status = 404 }, 'R' },
        { { .http_status = 302 }, 'R' },
        { { .http_status = 429 }, 'W' },
        { { .http_status = 401 }, 'A' },
        { { .http_status = 400, .body = { (const uint8_t *) "{\"error\":{\"code\":\"\"}}", 21 } }, 'R' },
    };
    const struct request request = { .method = "POST", .path = "/v25.0/1/messages", .is_message = true };

    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        const struct expected_class *class = expect_class(cases[i].class);
        struct arena mem = ARENA_EMPTY(1u << 20);
        struct verdict verdict;

        ops->judge(&request, &cases[i].reply, &mem, &verdict);
        assert_int_equal(verdict.outcome, class->outcome);
        assert_int_equal(verdict.pause, class->pause);
        assert_int_equal(verdict.bounded, class->bounded);
        assert_int_equal(verdict.health, class->health);
        arena_deinit(&mem);
    }
}

/* The minutes a limit still lasts come in a header, by what is used up: the longest counts, and what is no such header says
 * nothing. */
static inline void assert_regains(const struct translator_ops *ops)
{
    static const struct {
        const char *usage;
        uint32_t code, retry_after_ms, wait_ms;
    } cases[] = {
        { "{\"1\":[{\"type\":\"messenger\",\"call_count\":101,\"estimated_time_to_regain_access\":3}]}", 4, 0, 180000 },
        { "{\"1\":[{\"estimated_time_to_regain_access\":3},{\"estimated_time_to_regain_access\":9}],"
          "\"2\":[{\"estimated_time_to_regain_access\":5}]}",
          80006, 0, 540000 },
        { "{\"1\":[{\"estimated_time_to_regain_access\":3}]}", 4, 240000, 240000 },
        { "{\"1\":[{\"estimated_time_to_regain_access\":3}]}", 4, 1000, 180000 },
        { "{\"1\":[{\"estimated_time_to_regain_access\":99999999999}]}", 4, 0, 86400000 },
        { "{\"1\":[{\"estimated_time_to_regain_access\":0}]}", 4, 0, 60000 },
        { "{\"1\":[{\"estimated_time_to_regain_access\":-1}]}", 4, 0, 60000 },
        { "{\"1\":[{\"estimated_time_to_regain_access\":\"3", 4, 0, 60000 },
        { "[[3]]", 4, 0, 60000 },
        { "{\"1\":[{\"estimated_time_to_regain_access\":3}]}", 190, 0, 30000 },
    };
    const struct request request = { .method = "POST", .path = "/v25.0/1/messages", .is_message = true };
    struct arena mem = ARENA_EMPTY(1u << 20);

    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        const char *const headers[] = { NULL, cases[i].usage };
        struct verdict verdict;
        struct usage usage;

        ops->read_usage(headers, &mem, &usage);
        const struct reply reply = {
            .http_status = 400,
            .body = bytes_of_text(arena_format(&mem, "{\"error\":{\"code\":%u}}", cases[i].code)),
            .retry_after_ms = cases[i].retry_after_ms,
            .usage = usage,
        };

        ops->judge(&request, &reply, &mem, &verdict);
        assert_int_equal(verdict.retry_ms, cases[i].wait_ms);
        assert_int_equal(verdict.grows, cases[i].wait_ms == 60000);
    }
    arena_deinit(&mem);
}

/* Nothing was tried, so nothing is lost by waiting; and a Retry-After is obeyed. */
static inline void assert_waits(const struct translator_ops *ops)
{
    const struct request request = { .method = "POST", .path = "/v25.0/1/messages", .is_message = true };
    const struct request action = { .method = "POST", .path = "/v25.0/1/messages", .best_effort = true };
    struct reply reply = { .failure = REPLY_NOT_SENT };
    struct arena mem = ARENA_EMPTY(1u << 20);
    struct verdict verdict;

    ops->judge(&request, &reply, &mem, &verdict);
    assert_int_equal(verdict.outcome, TREFOIL_OUTCOME_DEFERRED);
    assert_false(verdict.bounded);
    assert_int_equal(verdict.pause, PAUSE_ACCOUNT); /* goes back and uses up no attempt, however long it takes */
    assert_int_equal(verdict.retry_ms, 5000);
    assert_int_equal(verdict.health, TREFOIL_ACCOUNT_NONE);
    reply = (struct reply){ .http_status = 429, .retry_after_ms = 7000 };
    ops->judge(&request, &reply, &mem, &verdict);
    assert_int_equal(verdict.retry_ms, 7000);
    assert_false(verdict.grows);
    assert_true(verdict.is_too_fast);
    assert_regains(ops);
    reply = (struct reply){ .http_status = 200, .body = bytes_of_text("{\"success\":true}") };
    ops->judge(&action, &reply, &mem, &verdict);
    assert_int_equal(verdict.outcome, TREFOIL_OUTCOME_SENT);
    assert_null(verdict.message_id);
    arena_deinit(&mem);
}

#endif
