/* What people send, kind by kind and network by network, against the samples of the reference: the same members. */
#include "sandbox_kit/rig.h"

/* The file f1 with these bytes. */
static void put_file(struct rig *rig, const char *query, const char *bytes)
{
    char path[256];

    (void) snprintf(path, sizeof(path), "/control/files?%s", query);
    assert_int_equal(ask(rig, path, bytes), 200);
}

static const json_t *said(struct rig *rig, const char *body)
{
    int before = rig->n_notes;

    say(rig, body);
    run_until(rig, &rig->n_notes, before + 1);
    return element(rig, before);
}

#define FROM_ANA "{\"network\":\"whatsapp\",\"person\":\"" ANA "\","
#define FROM_BEN "{\"network\":\"messenger\",\"person\":\"" BEN "\","
#define FROM_CLEO "{\"network\":\"instagram\",\"person\":\"" CLEO "\","
#define FILE_OF(kind) "\"media\":[{\"kind\":\"" kind "\",\"file\":\"f1\"}]}"

/* Every member of `sample` is in `made`, and of the same type; but for those it names: a list that ends in NULL. */
static void assert_same_members(const json_t *made, const char *sample, const char *const *but)
{
    json_t *wanted = json_loads(sample, 0, NULL), *value;
    const char *key;

    assert_non_null(wanted);
    json_object_foreach (wanted, key, value) {
        const json_t *found = json_object_get(made, key);

        if (!found) {
            for (; *but && strcmp(*but, key) != 0; but++)
                ;
            if (!*but)
                fail_msg("%s is missing", key);
        } else if (json_is_object(value)) {
            char *text = json_dumps(value, 0);

            assert_same_members(found, text, but);
            free(text);
        } else {
            assert_int_equal(json_is_number(found), json_is_number(value));
            assert_int_equal(json_is_string(found), json_is_string(value));
            assert_int_equal(json_is_array(found), json_is_array(value));
        }
    }
    json_decref(wanted);
}

static const char *const nothing[] = { NULL };

static void test_whatsapp_picture_is_as_in_the_reference_and_can_be_fetched_with_the_token(void **state)
{
    struct rig *rig = *state;
    const json_t *message;
    char url[512], path[64];

    put_file(rig, "name=roof.jpg&mime=image/jpeg", "JPEG");
    message = said(rig, FROM_ANA "\"media\":[{\"kind\":\"image\",\"file\":\"f1\",\"caption\":\"the roof\"}]}");
    assert_same_members(message,
                        "{\"from\":\"\",\"from_user_id\":\"\",\"id\":\"\",\"timestamp\":\"\",\"type\":\"\",\"image\":{"
                        "\"caption\":\"\",\"mime_type\":\"\",\"sha256\":\"\",\"id\":\"\",\"url\":\"\"}}",
                        nothing);
    assert_int_equal(strlen(text_at(message, "image/sha256")), 44);
    (void) snprintf(url, sizeof(url), "%s", text_at(message, "image/url"));
    (void) snprintf(path, sizeof(path), "/v25.0/%s", text_at(message, "image/id"));
    assert_int_equal(request(rig, &(struct request){ "GET", url, "test_app_secret", NULL, BYTES_EMPTY }), 200);
    assert_int_equal(rig->body_size, 4);
    assert_memory_equal(rig->body, "JPEG", 4);
    assert_int_equal(request(rig, &(struct request){ "GET", url, NULL, NULL, BYTES_EMPTY }), 401);
    assert_int_equal(ask(rig, "/control/clock", "{\"advance_ms\":300000}"), 200);
    assert_int_equal(request(rig, &(struct request){ "GET", url, "test_app_secret", NULL, BYTES_EMPTY }), 404);
}

static void test_messenger_address_needs_no_token_and_expires_with_403(void **state)
{
    struct rig *rig = *state;
    char url[512];
    const json_t *item;

    put_file(rig, "name=a%20b/c.pdf&mime=application/pdf", "PDF");
    item = said(rig, FROM_BEN FILE_OF("file"));
    assert_string_equal(text_at(item, "message/attachments/0/type"), "file");
    (void) snprintf(url, sizeof(url), "%s", text_at(item, "message/attachments/0/payload/url"));
    assert_int_equal(request(rig, &(struct request){ "GET", url, NULL, NULL, BYTES_EMPTY }), 200);
    assert_memory_equal(rig->body, "PDF", 3);
    assert_int_equal(ask(rig, "/control/clock", "{\"advance_ms\":90000000}"), 200);
    assert_int_equal(request(rig, &(struct request){ "GET", url, NULL, NULL, BYTES_EMPTY }), 403);
}

static void test_unsent_picture_is_gone_from_instagrams_address(void **state)
{
    struct rig *rig = *state;
    char url[512], body[768];
    const json_t *item;

    put_file(rig, "name=x.png&mime=image/png", "PNG");
    item = said(rig, FROM_CLEO FILE_OF("image"));
    (void) snprintf(url, sizeof(url), "%s", text_at(item, "message/attachments/0/payload/url"));
    (void) snprintf(body, sizeof(body), FROM_CLEO "\"message\":\"%s\"}", text_at(item, "message/mid"));
    assert_int_equal(request(rig, &(struct request){ "GET", url, NULL, NULL, BYTES_EMPTY }), 200);
    assert_int_equal(ask(rig, "/control/unsend", body), 200);
    assert_int_equal(request(rig, &(struct request){ "GET", url, NULL, NULL, BYTES_EMPTY }), 404);
}

static void test_each_kind_of_file_has_its_networks_type(void **state)
{
    struct rig *rig = *state;
    const json_t *item;

    put_file(rig, "name=x.ogg&mime=audio/ogg;%20codecs=opus", "OggS");
    item = said(rig, FROM_ANA FILE_OF("voice"));
    assert_string_equal(text_at(item, "type"), "audio");
    assert_true(json_is_true(at(item, "audio/voice")));
    assert_string_equal(text_at(item, "audio/mime_type"), "audio/ogg; codecs=opus");
    item = said(rig, FROM_ANA FILE_OF("sticker"));
    assert_string_equal(text_at(item, "type"), "sticker");
    item = said(rig, FROM_ANA FILE_OF("file"));
    assert_string_equal(text_at(item, "document/filename"), "x.ogg");
    item = said(rig, FROM_ANA FILE_OF("animated"));
    assert_string_equal(text_at(item, "type"), "unsupported");
    item = said(rig, FROM_BEN FILE_OF("sticker"));
    assert_string_equal(text_at(item, "message/attachments/0/type"), "sticker");
    assert_true(json_is_integer(at(item, "message/attachments/0/payload/sticker_id")));
    item = said(rig, FROM_CLEO FILE_OF("voice"));
    assert_string_equal(text_at(item, "message/attachments/0/type"), "audio");
}

static void test_several_pictures_are_one_message_but_on_whatsapp(void **state)
{
    struct rig *rig = *state;
    const json_t *item;

#define TWO "\"media\":[{\"kind\":\"image\",\"file\":\"f1\"},{\"kind\":\"image\",\"file\":\"f1\"}],\"text\":\"both\"}"
    put_file(rig, "name=x.png&mime=image/png", "PNG");
    item = said(rig, FROM_BEN TWO);
    assert_int_equal(json_array_size(at(item, "message/attachments")), 2);
    assert_string_equal(text_at(item, "message/text"), "both");
    say(rig, FROM_ANA TWO);
    assert_int_equal(json_array_size(at(rig->answer, "ids")), 2);
}

static void test_names_of_files_may_hold_anything(void **state)
{
    struct rig *rig = *state;
    const json_t *message;

    put_file(rig, "name=x&mime=application/pdf", "PDF");
    message = said(rig, FROM_ANA "\"media\":[{\"kind\":\"file\",\"file\":\"f1\",\"name\":\"a\\u0000b\\n\"}]}");
    assert_int_equal(json_string_length(at(message, "document/filename")), 4);
    message = said(rig, FROM_ANA "\"media\":[{\"kind\":\"file\",\"file\":\"f1\",\"name\":\"\"}]}");
    assert_string_equal(text_at(message, "document/filename"), "");
}

static void test_places_cards_carts_and_what_was_forwarded(void **state)
{
    struct rig *rig = *state;
    const json_t *item;

    item = said(rig, FROM_ANA "\"location\":{\"latitude\":52.370216,\"longitude\":4.895168,\"name\":\"Dam\"}}");
    assert_true(json_is_real(at(item, "location/latitude")));
    item =
        said(rig, FROM_ANA "\"contacts\":[{\"name\":\"Bob\",\"phones\":[\"+15551230002\"],\"emails\":[\"b@x.org\"]}]}");
    assert_string_equal(text_at(item, "contacts/0/name/formatted_name"), "Bob");
    assert_string_equal(text_at(item, "contacts/0/phones/0/phone"), "+15551230002");
    item =
        said(rig, FROM_ANA "\"order\":{\"catalog\":\"1\",\"text\":\"wrap\",\"items\":[{\"id\":\"sku-1\",\"quantity\":2,"
                           "\"price\":30,\"currency\":\"USD\"}]}}");
    assert_string_equal(text_at(item, "order/product_items/0/product_retailer_id"), "sku-1");
    item = said(rig,
                FROM_BEN "\"order\":{\"items\":[{\"id\":\"sku-1\",\"quantity\":2,\"price\":9,\"currency\":\"USD\"}]}}");
    assert_string_equal(text_at(item, "order/products/0/retailer_id"), "sku-1");
    item = said(rig, FROM_ANA "\"text\":\"pass it on\",\"forwarded\":true}");
    assert_true(json_is_true(at(item, "context/forwarded")));
    item = said(rig, FROM_BEN "\"location\":{\"latitude\":1.5,\"longitude\":2.5}}");
    assert_true(json_is_real(at(item, "message/attachments/0/payload/coordinates/lat")));
}

static void test_stories_and_shares(void **state)
{
    struct rig *rig = *state;
    const json_t *item;

    item = said(rig, FROM_CLEO "\"story_reply\":{\"url\":\"https://x.org/s\",\"text\":\"wow\"}}");
    assert_string_equal(text_at(item, "message/reply_to/story/url"), "https://x.org/s");
    assert_string_equal(text_at(item, "message/text"), "wow");
    item = said(rig, FROM_CLEO "\"story_mention\":{\"url\":\"https://x.org/s\"}}");
    assert_string_equal(text_at(item, "message/attachments/0/type"), "story_mention");
    assert_null(at(item, "message/text"));
    item = said(rig, FROM_CLEO "\"share\":{\"kind\":\"post\",\"url\":\"https://x.org/p\",\"title\":\"Autumn\"}}");
    assert_string_equal(text_at(item, "message/attachments/0/type"), "ig_post");
    item = said(rig, FROM_BEN "\"share\":{\"kind\":\"link\",\"url\":\"https://x.org/p\",\"title\":\"Page\"}}");
    assert_string_equal(text_at(item, "message/attachments/0/type"), "fallback");
    assert_string_equal(text_at(item, "message/attachments/0/payload/title"), "Page");
}

static void test_what_a_networks_people_cannot_send_is_refused(void **state)
{
    struct rig *rig = *state;

    assert_int_equal(ask(rig, "/control/say", FROM_CLEO "\"location\":{\"latitude\":1,\"longitude\":2}}"), 400);
    assert_int_equal(ask(rig, "/control/say", FROM_BEN "\"contacts\":[{\"name\":\"Bob\"}]}"), 400);
    assert_int_equal(ask(rig, "/control/say", FROM_BEN "\"story_mention\":{\"url\":\"https://x.org\"}}"), 400);
    assert_int_equal(ask(rig, "/control/say", FROM_BEN "\"text\":\"x\",\"forwarded\":true}"), 400);
    assert_int_equal(ask(rig, "/control/say", FROM_ANA FILE_OF("image")), 400); /* no such file */
    assert_int_equal(ask(rig, "/control/say", FROM_ANA "}"), 400);
    assert_int_equal(rig->n_notes, 0);
}

static void test_phone_shows_what_kind_it_was(void **state)
{
    struct rig *rig = *state;

    put_file(rig, "name=roof.jpg&mime=image/jpeg", "JPEG");
    say(rig, FROM_BEN "\"media\":[{\"kind\":\"image\",\"file\":\"f1\",\"caption\":\"the roof\"}]}");
    assert_int_equal(ask(rig, "/control/phones/messenger/" BEN, NULL), 200);
    assert_string_equal(text_at(rig->answer, "bubbles/0/kind"), "image");
    assert_string_equal(text_at(rig->answer, "bubbles/0/caption"), "the roof");
    assert_string_equal(text_at(rig->answer, "bubbles/0/media/0/name"), "roof.jpg");
    assert_string_equal(text_at(rig->answer, "bubbles/0/media/0/url"), "/control/files/f1");
    assert_int_equal(ask(rig, "/control/files/f1", NULL), 200);
    assert_string_equal(rig->content_type, "image/jpeg");
    assert_int_equal(rig->body_size, 4);
}

static void test_somebody_without_a_number_has_a_business_scoped_id_only(void **state)
{
    struct rig *rig = *state;
    const json_t *message;

    assert_int_equal(ask(rig, "/control/people",
                         "{\"network\":\"whatsapp\",\"user_id\":\"US.13499\",\"name\":\"Dora\",\"username\":\"dora\"}"),
                     200);
    message = said(rig, "{\"network\":\"whatsapp\",\"person\":\"US.13499\",\"text\":\"hi\"}");
    assert_null(at(message, "from"));
    assert_string_equal(text_at(message, "from_user_id"), "US.13499");
    assert_string_equal(text_at(rig->noted, "entry/0/changes/0/value/contacts/0/profile/username"), "dora");
    assert_null(at(rig->noted, "entry/0/changes/0/value/contacts/0/wa_id"));
}

static void test_elements_by_hand_get_what_is_missing(void **state)
{
    struct rig *rig = *state;
    const json_t *item;

    assert_int_equal(
        ask(rig, "/control/raw", FROM_ANA "\"element\":{\"type\":\"poll\",\"poll\":{\"name\":\"which?\"}}}"), 200);
    run_until(rig, &rig->n_notes, 1);
    item = element(rig, 0);
    assert_string_equal(text_at(item, "from"), ANA);
    assert_string_equal(text_at(item, "poll/name"), "which?");
    assert_int_equal(ask(rig, "/control/raw",
                         "{\"network\":\"whatsapp\",\"field\":\"account_alerts\",\"element\":{\"alert\":\"x\"}}"),
                     200);
    run_until(rig, &rig->n_notes, 2);
    assert_non_null(strstr(rig->notes[1].body, "\"field\":\"account_alerts\""));
    assert_int_equal(
        ask(rig, "/control/raw", FROM_BEN "\"field\":\"standby\",\"element\":{\"message\":{\"text\":\"psst\"}}}"), 200);
    run_until(rig, &rig->n_notes, 3);
    assert_non_null(strstr(rig->notes[2].body, "\"standby\":["));
}

static int ask_media(struct rig *rig, const char *fault, const char *url)
{
    assert_int_equal(ask(rig, "/control/faults", fault), 200);
    return request(rig, &(struct request){ "GET", url, NULL, NULL, BYTES_EMPTY });
}

static void test_media_go_wrong_as_asked(void **state)
{
    struct rig *rig = *state;
    char url[512];

    put_file(rig, "name=x.png&mime=image/png", "0123456789");
    (void) snprintf(url, sizeof(url), "%s",
                    text_at(said(rig, FROM_BEN FILE_OF("image")), "message/attachments/0/payload/url"));
#define STRIKE(rest) "{\"network\":\"messenger\",\"count\":1,\"fault\":\"media_" rest "}"
    assert_int_equal(ask_media(rig, STRIKE("gone\""), url), 404);
    assert_int_equal(ask_media(rig, STRIKE("expired\""), url), 403);
    assert_int_equal(ask_media(rig, STRIKE("redirect\",\"to\":\"http://10.0.0.1/\""), url), 302);
    assert_int_equal(ask_media(rig, STRIKE("slow\",\"bytes_per_s\":100"), url), 200);
    assert_int_equal(rig->body_size, 10);
    assert_int_equal(ask_media(rig, STRIKE("endless\""), url), 0);
    assert_int_equal(ask(rig, "/control/faults", STRIKE("lie\",\"mime\":\"image/gif\"")), 200);
    (void) snprintf(url, sizeof(url), "%s",
                    text_at(said(rig, FROM_BEN FILE_OF("image")), "message/attachments/0/payload/url"));
    assert_int_equal(request(rig, &(struct request){ "GET", url, NULL, NULL, BYTES_EMPTY }), 200);
    assert_string_equal(rig->content_type, "image/gif");
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        in_rig(test_whatsapp_picture_is_as_in_the_reference_and_can_be_fetched_with_the_token),
        in_rig(test_messenger_address_needs_no_token_and_expires_with_403),
        in_rig(test_unsent_picture_is_gone_from_instagrams_address),
        in_rig(test_each_kind_of_file_has_its_networks_type),
        in_rig(test_several_pictures_are_one_message_but_on_whatsapp),
        in_rig(test_names_of_files_may_hold_anything),
        in_rig(test_places_cards_carts_and_what_was_forwarded),
        in_rig(test_stories_and_shares),
        in_rig(test_what_a_networks_people_cannot_send_is_refused),
        in_rig(test_phone_shows_what_kind_it_was),
        in_rig(test_somebody_without_a_number_has_a_business_scoped_id_only),
        in_rig(test_elements_by_hand_get_what_is_missing),
        in_rig(test_media_go_wrong_as_asked),
    };

    return cmocka_run_group_tests_name("say", tests, NULL, NULL);
}
