/* What WhatsApp answers about files: uploads, and where one is. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/attributes.h"
#include "map_kit/kit.h"
#include "whatsapp.h"

static struct arena mem = { .max_bytes = 1u << 20 };
static const struct place person = { .account_id = "106540000000002",
                                     .user_id = "15551230001",
                                     .api_version = "v25.0" };

static void test_the_answer_to_an_upload_is_judged_by_its_id(void **state)
{
    static const struct upload upload = { .file_field = "file" };
    static const struct request request = { .method = "POST", .path = "/v25.0/1/media", .upload = &upload };
    static const struct {
        int status;
        const char *body;
        enum trefoil_outcome outcome;
    } cases[] = {
        { 200, "{\"id\":\"1003380000000080\"}", TREFOIL_OUTCOME_SENT },
        { 200, "{\"id\":1003380000000080}", TREFOIL_OUTCOME_SENT },
        { 200, "{\"id\":\"\"}", TREFOIL_OUTCOME_DEFERRED },
        { 200, "{}", TREFOIL_OUTCOME_DEFERRED },
        { 200, "<html>", TREFOIL_OUTCOME_DEFERRED },
        { 400, "{\"error\":{\"code\":131053}}", TREFOIL_OUTCOME_BOUNCED },
        { 500, "", TREFOIL_OUTCOME_DEFERRED },
    };
    struct verdict verdict;

    (void) state;
    for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
        const struct reply reply = { .http_status = cases[i].status, .body = bytes_of_text(cases[i].body) };

        whatsapp_ops.judge(&request, &reply, &mem, &verdict);
        assert_int_equal(verdict.outcome, cases[i].outcome);
        if (verdict.outcome == TREFOIL_OUTCOME_SENT)
            assert_string_equal(verdict.message_id, "1003380000000080");
        else
            assert_non_null(verdict.reason);
    }
    const struct reply lost = { .failure = REPLY_LOST };
    whatsapp_ops.judge(&request, &lost, &mem, &verdict);
    assert_int_equal(verdict.outcome, TREFOIL_OUTCOME_DEFERRED);
    arena_reset(&mem);
}

static void test_the_network_is_asked_where_a_file_is(void **state)
{
    static const char *const bad[] = { NULL, "", "../me", "7?x", "7/8" };
    struct trefoil_media media = { .network_id = "1003380000000080" };
    struct request request = { 0 };
    struct located located;

    (void) state;
    assert_int_equal(whatsapp_ops.ask_media(&media, &person, &mem, &request), 0);
    assert_string_equal(request.method, "GET");
    assert_string_equal(request.path, "/v25.0/1003380000000080?phone_number_id=106540000000002");
    for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
        media.network_id = bad[i];
        assert_int_equal(whatsapp_ops.ask_media(&media, &person, &mem, &request), -ENOTSUP);
    }
    struct reply reply = { .http_status = 200, .body = kit_read(&mem, TESTDATA, "wa-resp-media.json") };
    whatsapp_ops.read_media(&reply, &mem, &located);
    assert_string_equal(located.url, "https://lookaside.fbsbx.com/whatsapp_business/attachments/"
                                     "?mid=1003380000000080&ext=1790000300&hash=ARnExample");
    assert_string_equal(located.mime, "image/jpeg");
    assert_int_equal(located.size_bytes, 303833);
    reply.http_status = 404;
    whatsapp_ops.read_media(&reply, &mem, &located);
    assert_null(located.url);
    arena_reset(&mem);
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
        cmocka_unit_test(test_the_answer_to_an_upload_is_judged_by_its_id),
        cmocka_unit_test(test_the_network_is_asked_where_a_file_is),
    };

    return cmocka_run_group_tests_name("whatsapp media", tests, NULL, free_memory);
}
