/* What every network's map promises, checked from its testdata/ alone. Compiled once per network.
 * Never knows which network it has before it: NETWORK_OPS names the map.
 *
 *   accounts          lines "account ID [PAGE_ID]", "app ID": whom the samples are addressed to
 *   NAME.webhook      a webhook body;  NAME.golden: the events it becomes, as JSON
 *   NAME.STATUS.reply an answer of the network's API; judge.golden: what they all mean
 *   NAME.replies      many of them, a line each: "NAME.STATUS.reply BODY"
 *   encode.golden     what the kit's messages become
 *
 * KIT_WRITE_GOLDENS=1 writes the goldens instead of comparing: read them before you commit them.
 */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/attributes.h"
#include "map_kit/kit.h"
#include "map_kit/messages.h"

extern const struct translator_ops NETWORK_OPS;

enum {
    ARENA_MAX = 64 << 20,
    SMALL_STEP = 512, /* arenas grow by this much until decoding fits */
    FLIP_MAX = 16384, /* bytes of a sample that are flipped */
    ANSWERS_MAX = 512,
};

#define MARK "tf1.7.3"

struct samples {
    struct arena mem;
    const char *const *names;
    size_t n;
    struct decode_context context;
};

static struct samples open_samples(const char *suffix)
{
    struct samples samples = { .mem = ARENA_EMPTY(ARENA_MAX) };
    samples.n = kit_list(&samples.mem, TESTDATA, suffix, &samples.names);
    samples.context = kit_accounts(&samples.mem, TESTDATA);
    return samples;
}

static const char *golden_of(struct arena *mem, const char *name, const char *suffix)
{
    size_t size = strlen(name) - strlen(suffix);
    return arena_format(mem, "%.*s.golden", (int) size, name);
}

static bool is_ours(const char *account, const struct decode_context *context)
{
    size_t size = strlen(NETWORK_OPS.name);
    if (strncmp(account, NETWORK_OPS.name, size) != 0 || account[size] != '/')
        return false;
    for (size_t i = 0; i < context->n_accounts; i++)
        if (strcmp(account + size + 1, context->account_ids[i]) == 0)
            return true;
    return false;
}

/* Whatever the bytes were, the events are fit to be published. */
static void check_events(const struct event_list *list, const struct decode_context *context)
{
    for (size_t i = 0; i < list->n_events; i++) {
        const struct event *event = &list->events[i];
        const struct trefoil_message *message = &event->message;
        assert_true(event->key && event->key[0]);
        assert_in_range(event->audience, TREFOIL_AUDIENCE_ROOM, TREFOIL_AUDIENCE_SERVICES);
        assert_in_range(message->kind, TREFOIL_KIND_TEXT, TREFOIL_KIND_UNSUPPORTED);
        assert_true(!event->account || is_ours(event->account, context));
        if (event->is_malformed || event->is_unsupported)
            assert_int_equal(message->kind, TREFOIL_KIND_UNSUPPORTED);
        if (message->kind == TREFOIL_KIND_UNSUPPORTED)
            assert_true(message->body.unsupported.raw.size > 0);
        assert_true(!event->echo || event->user_id);
    }
}

static void check_result(int r)
{
    assert_true(r == 0 || r == -ENOMEM || r == -EBADMSG || r == -E2BIG);
}

/* From a block of exactly its size, so that reading one byte beyond is seen. */
static int decode_exactly(struct bytes body, const struct decode_context *context, struct arena *mem,
                          struct event_list *ret)
{
    uint8_t *block = malloc(body.size ? body.size : 1);
    assert_non_null(block);
    if (body.size)
        memcpy(block, body.data, body.size);
    int r = NETWORK_OPS.decode(bytes_make(block, body.size), context, mem, ret);
    check_result(r);
    if (r == 0)
        check_events(ret, context);
    free(block);
    return r;
}

static void test_every_sample_becomes_its_golden(void **state unused_)
{
    struct samples samples = open_samples(".webhook");
    for (size_t i = 0; i < samples.n; i++) {
        struct arena mem = ARENA_EMPTY(ARENA_MAX);
        struct bytes body = kit_read(&mem, TESTDATA, samples.names[i]);
        struct event_list list = kit_decode(&NETWORK_OPS, &samples.context, body, &mem);
        check_events(&list, &samples.context);
        kit_golden(TESTDATA, golden_of(&mem, samples.names[i], ".webhook"), kit_print_events(&list, &mem));
        arena_deinit(&mem);
    }
    arena_deinit(&samples.mem);
}

static void test_decoding_twice_gives_the_same_events(void **state unused_)
{
    struct samples samples = open_samples(".webhook");
    for (size_t i = 0; i < samples.n; i++) {
        struct arena mem = ARENA_EMPTY(ARENA_MAX);
        struct bytes body = kit_read(&mem, TESTDATA, samples.names[i]);
        struct event_list first = kit_decode(&NETWORK_OPS, &samples.context, body, &mem);
        struct event_list second = kit_decode(&NETWORK_OPS, &samples.context, body, &mem);
        assert_string_equal(kit_print_events(&first, &mem), kit_print_events(&second, &mem));
        arena_deinit(&mem);
    }
    arena_deinit(&samples.mem);
}

/* Two events under one key would be one envelope: the second would be lost. */
static void test_every_event_of_a_sample_has_a_key_of_its_own(void **state unused_)
{
    struct samples samples = open_samples(".webhook");
    for (size_t i = 0; i < samples.n; i++) {
        struct arena mem = ARENA_EMPTY(ARENA_MAX);
        struct bytes body = kit_read(&mem, TESTDATA, samples.names[i]);
        struct event_list list = kit_decode(&NETWORK_OPS, &samples.context, body, &mem);
        for (size_t a = 0; a < list.n_events; a++)
            for (size_t b = a + 1; b < list.n_events; b++)
                if (strcmp(list.events[a].key, list.events[b].key) == 0)
                    fail_msg("%s: events %zu and %zu share a key", samples.names[i], a + 1, b + 1);
        arena_deinit(&mem);
    }
    arena_deinit(&samples.mem);
}

static void test_every_prefix_of_every_sample_is_survived(void **state unused_)
{
    struct samples samples = open_samples(".webhook");
    struct arena text = ARENA_EMPTY(ARENA_MAX), mem = ARENA_EMPTY(ARENA_MAX);
    for (size_t i = 0; i < samples.n; i++) {
        struct bytes body = kit_read(&text, TESTDATA, samples.names[i]);
        for (size_t size = 0; size < body.size; size++) {
            struct event_list list = { 0 };
            int r = decode_exactly(bytes_slice(body, 0, size), &samples.context, &mem, &list);
            check_result(r);
            arena_reset(&mem);
        }
        arena_reset(&text);
    }
    arena_deinit(&mem);
    arena_deinit(&text);
    arena_deinit(&samples.mem);
}

static void test_every_byte_flipped_is_survived(void **state unused_)
{
    static const uint8_t flips[] = { 0x01, 0x20, 0x80, 0xff };
    struct samples samples = open_samples(".webhook");
    struct arena text = ARENA_EMPTY(ARENA_MAX), mem = ARENA_EMPTY(ARENA_MAX);
    for (size_t i = 0; i < samples.n; i++) {
        struct bytes body = kit_read(&text, TESTDATA, samples.names[i]);
        uint8_t *copy = arena_alloc(&text, body.size + 1);
        assert_non_null(copy);
        memcpy(copy, body.data, body.size);
        for (size_t at = 0; at < body.size * ARRAY_SIZE(flips) && at < FLIP_MAX; at++) {
            struct event_list list = { 0 };
            uint8_t flip = flips[at % ARRAY_SIZE(flips)];
            copy[at / ARRAY_SIZE(flips)] ^= flip;
            check_result(decode_exactly(bytes_make(copy, body.size), &samples.context, &mem, &list));
            copy[at / ARRAY_SIZE(flips)] ^= flip;
            arena_reset(&mem);
        }
        arena_reset(&text);
    }
    arena_deinit(&mem);
    arena_deinit(&text);
    arena_deinit(&samples.mem);
}

/* Either there was room for all of it, or it says so. */
static void test_too_small_an_arena_is_refused_and_never_half_filled(void **state unused_)
{
    struct samples samples = open_samples(".webhook");
    for (size_t i = 0; i < samples.n; i++) {
        struct arena text = ARENA_EMPTY(ARENA_MAX);
        struct bytes body = kit_read(&text, TESTDATA, samples.names[i]);
        struct event_list whole = kit_decode(&NETWORK_OPS, &samples.context, body, &text);
        int r = -ENOMEM;
        for (size_t max = 0; r == -ENOMEM; max += SMALL_STEP + max / 8) {
            struct arena mem = ARENA_EMPTY(max);
            struct event_list list = { 0 };
            r = NETWORK_OPS.decode(body, &samples.context, &mem, &list);
            check_result(r);
            if (r == 0)
                assert_string_equal(kit_print_events(&list, &text), kit_print_events(&whole, &text));
            arena_deinit(&mem);
        }
        assert_int_equal(r, 0);
        arena_deinit(&text);
    }
    arena_deinit(&samples.mem);
}

static void test_a_body_for_nobody_of_ours_names_no_account(void **state unused_)
{
    struct samples samples = open_samples(".webhook");
    struct decode_context nobody = { .app_id = samples.context.app_id };
    for (size_t i = 0; i < samples.n; i++) {
        struct arena mem = ARENA_EMPTY(ARENA_MAX);
        struct event_list list = kit_decode(&NETWORK_OPS, &nobody, kit_read(&mem, TESTDATA, samples.names[i]), &mem);
        for (size_t k = 0; k < list.n_events; k++)
            assert_null(list.events[k].account);
        arena_deinit(&mem);
    }
    arena_deinit(&samples.mem);
}

/* ---- outwards --------------------------------------------------------------------------------------------------- */

static struct place place_for(struct arena *mem, const struct decode_context *context,
                              const struct kit_message *message)
{
    return (struct place){
        .account = arena_format(mem, "%s/%s", NETWORK_OPS.name, context->account_ids[0]),
        .account_id = context->account_ids[0],
        .page_id = context->page_ids[0],
        .user_id = "user-1",
        .relates = message->relates,
        .n_relates = message->n_relates,
        .last_message_id = "their-last-message-id",
        .attribute = message->attribute,
        .mark = MARK,
        .api_version = "v25.0",
        .conversions = (1u << N_CONVERSIONS) - 2,
        .has_public_url = true,
    };
}

static bool has_mark(const struct request *request)
{
    return request->body.size && memmem(request->body.data, request->body.size, MARK, strlen(MARK));
}

/* Fit to be sent, and the mark proves the whole: it is on the last part or nowhere. */
static void check_requests(const struct request_list *list)
{
    for (size_t i = 0; i < list->n_requests; i++) {
        const struct request *request = &list->requests[i];
        assert_true(request->method && request->method[0]);
        assert_true(request->path && request->path[0] == '/');
        assert_true(request->body.size == 0 || request->content_type);
        assert_true(bytes_is_utf8(request->body));
        assert_false(request->best_effort && request->is_message);
        for (size_t later = i + 1; has_mark(request) && later < list->n_requests; later++)
            assert_false(list->requests[later].is_message);
    }
    for (size_t i = 0; i < list->n_lost; i++)
        assert_true(list->lost[i] && list->lost[i][0]);
}

static int encode(const struct kit_message *message, const struct place *place, struct arena *mem,
                  struct request_list *ret)
{
    int r = NETWORK_OPS.encode(&message->message, place, mem, ret);
    assert_true(r == 0 || r == -ENOMEM || r == -ENOTSUP);
    check_requests(ret);
    return r;
}

static void test_every_message_becomes_its_requests(void **state unused_)
{
    struct arena mem = ARENA_EMPTY(ARENA_MAX);
    struct decode_context context = kit_accounts(&mem, TESTDATA);
    const char **names = arena_array(&mem, kit_n_messages, sizeof(*names));
    const char **pages = arena_array(&mem, kit_n_messages, sizeof(*pages));
    for (size_t i = 0; i < kit_n_messages; i++) {
        struct request_list list = { 0 }, again = { 0 };
        struct place place = place_for(&mem, &context, &kit_messages[i]);
        int r = encode(&kit_messages[i], &place, &mem, &list);
        assert_int_equal(encode(&kit_messages[i], &place, &mem, &again), r);
        if (r < 0)
            assert_int_equal(list.n_requests, 0);
        names[i] = arena_format(&mem, "%s%s", kit_messages[i].name, r < 0 ? ": cannot be expressed" : "");
        pages[i] = kit_print_requests(&list, &mem);
        assert_string_equal(pages[i], kit_print_requests(&again, &mem));
    }
    kit_golden(TESTDATA, "encode.golden", kit_print_page(names, pages, kit_n_messages, &mem));
    arena_deinit(&mem);
}

static void test_encoding_in_too_small_an_arena_is_refused(void **state unused_)
{
    struct arena text = ARENA_EMPTY(ARENA_MAX);
    struct decode_context context = kit_accounts(&text, TESTDATA);
    for (size_t i = 0; i < kit_n_messages; i++) {
        struct place place = place_for(&text, &context, &kit_messages[i]);
        struct request_list whole = { 0 };
        int wanted = encode(&kit_messages[i], &place, &text, &whole), r = -ENOMEM;
        for (size_t max = 0; r == -ENOMEM; max += SMALL_STEP) {
            struct arena mem = ARENA_EMPTY(max);
            struct request_list list = { 0 };
            r = encode(&kit_messages[i], &place, &mem, &list);
            if (r == 0)
                assert_string_equal(kit_print_requests(&list, &text), kit_print_requests(&whole, &text));
            arena_deinit(&mem);
        }
        assert_int_equal(r, wanted);
    }
    arena_deinit(&text);
}

/* Around every limit a network may have, in one-byte and four-byte characters, with and without places to cut. */
static void test_texts_of_every_length_stay_well_formed(void **state unused_)
{
    static const char *const units[] = { "a", "word ", "\xc3\xa9", "\xf0\x9f\x98\x80", "line\n" };
    static const size_t sizes[] = { 1, 319, 320, 639, 640, 999, 1000, 1001, 1999, 2000, 2001, 4095, 4096, 4097, 70000 };
    struct arena mem = ARENA_EMPTY(ARENA_MAX);
    struct decode_context context = kit_accounts(&mem, TESTDATA);
    for (size_t i = 0; i < ARRAY_SIZE(units) * ARRAY_SIZE(sizes); i++) {
        const char *unit = units[i % ARRAY_SIZE(units)];
        size_t n = sizes[i / ARRAY_SIZE(units)], step = strlen(unit);
        char *body = malloc(n * step + 1);
        assert_non_null(body);
        for (size_t k = 0; k < n; k++)
            memcpy(body + k * step, unit, step);
        body[n * step] = '\0';
        struct kit_message message = { .message = { .kind = TREFOIL_KIND_TEXT,
                                                    .author = { .network = "whatsapp", .name = "Ana" },
                                                    .body.text = { body, NULL, 0 } },
                                       .attribute = i % 2 };
        struct place place = place_for(&mem, &context, &message);
        struct request_list list = { 0 };
        assert_int_equal(encode(&message, &place, &mem, &list), 0);
        assert_true(list.n_requests > 0);
        free(body);
        arena_reset(&mem);
        context = kit_accounts(&mem, TESTDATA);
    }
    arena_deinit(&mem);
}

/* ---- answers ---------------------------------------------------------------------------------------------------- */

static const struct request requests[] = {
    { .method = "POST", .path = "/v25.0/1/messages", .content_type = "application/json", .is_message = true },
    { .method = "POST", .path = "/v25.0/1/messages", .content_type = "application/json", .best_effort = true },
};

static void check_verdict(const struct verdict *verdict, const struct reply *reply)
{
    assert_in_range(verdict->outcome, TREFOIL_OUTCOME_SENT, TREFOIL_OUTCOME_UNKNOWN);
    assert_in_range(verdict->pause, PAUSE_NONE, PAUSE_ACCOUNT);
    assert_in_range(verdict->health, TREFOIL_ACCOUNT_NONE, TREFOIL_ACCOUNT_POLICY_BLOCKED);
    if (reply->failure != REPLY_ANSWERED)
        assert_int_not_equal(verdict->outcome, TREFOIL_OUTCOME_SENT);
    if (reply->failure == REPLY_NOT_SENT)
        assert_int_not_equal(verdict->outcome, TREFOIL_OUTCOME_UNKNOWN);
    if (verdict->outcome == TREFOIL_OUTCOME_BOUNCED)
        assert_non_null(verdict->reason);
    if (verdict->health > TREFOIL_ACCOUNT_DEGRADED)
        assert_non_null(verdict->next_action);
}

static void judge(const struct request *request, const struct reply *reply, struct arena *mem, struct verdict *ret)
{
    *ret = (struct verdict){ 0 };
    NETWORK_OPS.judge(request, reply, mem, ret);
    check_verdict(ret, reply);
}

static void test_every_status_has_a_verdict(void **state unused_)
{
    static const char *const bodies[] = {
        "",
        "{}",
        "[]",
        "null",
        "{\"error\":{}}",
        "{\"error\":{\"code\":-1}}",
        "{\"error\":{\"code\":\"x\"}}",
        "{\"error\":{\"code\":99999999999999999999}}",
        "{\"error\":{\"code\":190,\"error_subcode\":463}}",
        "<html>",
        "{\"messages\":[]}",
        "{\"messages\":[{\"id\":5}]}",
        "{\"message_id\":null}",
        "\xff\xfe",
    };
    struct arena mem = ARENA_EMPTY(ARENA_MAX);
    for (int status = 0; status < 600; status++)
        for (size_t i = 0; i < ARRAY_SIZE(bodies) * ARRAY_SIZE(requests); i++) {
            struct reply reply = { .http_status = status, .body = bytes_of_text(bodies[i / 2]) };
            struct verdict verdict;
            judge(&requests[i % 2], &reply, &mem, &verdict);
            arena_reset(&mem);
        }
    arena_deinit(&mem);
}

static void test_no_answer_is_never_sent(void **state unused_)
{
    static const enum reply_failure failures[] = { REPLY_NOT_SENT, REPLY_LOST };
    struct arena mem = ARENA_EMPTY(ARENA_MAX);
    for (size_t i = 0; i < ARRAY_SIZE(failures) * ARRAY_SIZE(requests); i++) {
        struct reply reply = { .failure = failures[i / 2] };
        struct verdict verdict;
        judge(&requests[i % 2], &reply, &mem, &verdict);
        assert_int_equal(verdict.outcome,
                         failures[i / 2] == REPLY_LOST ? TREFOIL_OUTCOME_UNKNOWN : TREFOIL_OUTCOME_DEFERRED);
    }
    arena_deinit(&mem);
}

static void test_profiles_are_asked_for_and_read_whatever_comes(void **state unused_)
{
    static const char *const bodies[] = {
        "", "{}", "[]", "null", "{\"name\":5}", "{\"name\":\"A\"}", "<html>", "\xff"
    };
    struct arena mem = ARENA_EMPTY(ARENA_MAX), nothing = ARENA_EMPTY(0);
    struct request request = { 0 };
    struct place place = { .user_id = "user-1", .account_id = "1", .api_version = "v25.0" };
    assert_int_equal(!NETWORK_OPS.ask_profile, !NETWORK_OPS.read_profile);
    if (!NETWORK_OPS.ask_profile)
        return;
    assert_int_equal(NETWORK_OPS.ask_profile(&place, &mem, &request), 0);
    assert_true(request.method && request.path && request.path[0] == '/');
    assert_int_equal(NETWORK_OPS.ask_profile(&place, &nothing, &request), -ENOMEM);
    for (size_t i = 0; i < ARRAY_SIZE(bodies); i++) {
        struct reply reply = { .http_status = 200, .body = bytes_of_text(bodies[i]) };
        struct profile profile = { 0 }, none = { 0 };
        NETWORK_OPS.read_profile(&reply, &mem, &profile);
        assert_true(!profile.name || bytes_is_utf8(bytes_of_text(profile.name)));
        NETWORK_OPS.read_profile(&reply, &nothing, &none);
        assert_null(none.name);
    }
    arena_deinit(&nothing);
    arena_deinit(&mem);
}

/* "too-fast.400.reply" → 400 */
static int status_of(const char *name)
{
    const char *dot = strchr(name, '.');
    return dot ? (int) strtol(dot + 1, NULL, 10) : 0;
}

struct answers {
    const char *names[ANSWERS_MAX];
    struct bytes bodies[ANSWERS_MAX];
    size_t n;
};

static void add_answer(struct answers *answers, const char *name, struct bytes body)
{
    assert_true(answers->n < ANSWERS_MAX);
    answers->names[answers->n] = name;
    answers->bodies[answers->n++] = body;
}

/* Those with a file of their own, then those that share one; not every network has such. */
static struct answers *read_answers(struct arena *mem)
{
    struct answers *answers = arena_alloc(mem, sizeof(*answers));
    const char *const *names;
    size_t n = kit_list(mem, TESTDATA, ".reply", &names);
    for (size_t i = 0; i < n; i++)
        add_answer(answers, names[i], kit_read(mem, TESTDATA, names[i]));
    n = kit_list_any(mem, TESTDATA, ".replies", &names);
    for (size_t i = 0; i < n; i++) {
        char *rest = arena_text(mem, kit_read(mem, TESTDATA, names[i]));
        for (char *line; (line = strsep(&rest, "\n"));) {
            const char *name = strsep(&line, " ");
            if (line)
                add_answer(answers, name, bytes_of_text(line));
        }
    }
    return answers;
}

static void test_every_answer_has_its_golden_verdict(void **state unused_)
{
    struct arena all = ARENA_EMPTY(ARENA_MAX);
    const struct answers *answers = read_answers(&all);
    const char **pages = arena_array(&all, answers->n, sizeof(*pages));
    for (size_t i = 0; i < answers->n; i++) {
        struct verdict verdict;
        struct reply reply = { .http_status = status_of(answers->names[i]), .body = answers->bodies[i] };
        judge(&requests[0], &reply, &all, &verdict);
        pages[i] = kit_print_verdict(&verdict, &all);
        for (size_t size = 0; size < reply.body.size; size++) {
            struct reply cut = { .http_status = reply.http_status, .body = bytes_slice(reply.body, 0, size) };
            struct arena mem = ARENA_EMPTY(ARENA_MAX);
            judge(&requests[0], &cut, &mem, &verdict);
            arena_deinit(&mem);
        }
        struct arena nothing = ARENA_EMPTY(0);
        judge(&requests[0], &reply, &nothing, &verdict);
        arena_deinit(&nothing);
    }
    kit_golden(TESTDATA, "judge.golden", kit_print_page(answers->names, pages, answers->n, &all));
    arena_deinit(&all);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_every_sample_becomes_its_golden),
        cmocka_unit_test(test_decoding_twice_gives_the_same_events),
        cmocka_unit_test(test_every_event_of_a_sample_has_a_key_of_its_own),
        cmocka_unit_test(test_every_prefix_of_every_sample_is_survived),
        cmocka_unit_test(test_every_byte_flipped_is_survived),
        cmocka_unit_test(test_too_small_an_arena_is_refused_and_never_half_filled),
        cmocka_unit_test(test_a_body_for_nobody_of_ours_names_no_account),
        cmocka_unit_test(test_every_message_becomes_its_requests),
        cmocka_unit_test(test_encoding_in_too_small_an_arena_is_refused),
        cmocka_unit_test(test_texts_of_every_length_stay_well_formed),
        cmocka_unit_test(test_every_status_has_a_verdict),
        cmocka_unit_test(test_no_answer_is_never_sent),
        cmocka_unit_test(test_profiles_are_asked_for_and_read_whatever_comes),
        cmocka_unit_test(test_every_answer_has_its_golden_verdict),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
