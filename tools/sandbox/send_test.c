/* What the business sends, kind by kind: the phone shows it, the limits hold, the refusals are the networks'. */
#include "sandbox_kit/rig.h"

#define MEDIA_PATH "/v25.0/" NUMBER "/media"
#define ATTACHMENTS_PATH "/v25.0/" PAGE "/message_attachments"
#define FORM_TYPE "multipart/form-data; boundary=frontier"
#define PART(name) "--frontier\r\nContent-Disposition: form-data; name=\"" name "\"\r\n\r\n"
#define FILE_PART(name, file, type)                                                                                 \
    "--frontier\r\nContent-Disposition: form-data; name=\"" name "\"; filename=\"" file "\"\r\nContent-Type: " type \
    "\r\n\r\n"
#define END "\r\n--frontier--\r\n"

#define TO_ANA(type, rest) \
    "{\"messaging_product\":\"whatsapp\",\"to\":\"+" ANA "\",\"type\":\"" type "\",\"" type "\":" rest "}"
#define INTERACTIVE(rest) TO_ANA("interactive", "{" rest "}")
#define TO_BEN(rest) "{\"recipient\":{\"id\":\"" BEN "\"}," rest "}"
#define TO_CLEO(rest) "{\"recipient\":{\"id\":\"" CLEO "\"}," rest "}"

static int post_form(struct rig *rig, const char *path, const char *body)
{
    return request(rig, &(struct request){ "POST", path, "test_app_secret", FORM_TYPE, bytes_of_text(body) });
}

/* The id of an uploaded file of this type. */
static void upload(struct rig *rig, const char *type, char id[32])
{
    char body[512];

    (void) snprintf(body, sizeof(body),
                    PART("messaging_product") "whatsapp\r\n" FILE_PART("file", "a b.bin", "%s") "BYTES\r\n\r\nMORE" END,
                    type);
    assert_int_equal(post_form(rig, MEDIA_PATH, body), 200);
    (void) snprintf(id, 32, "%s", text_at(rig->answer, "id"));
}

/* The newest bubble on somebody's phone. */
static const json_t *newest(struct rig *rig, const char *phone)
{
    char path[96];
    const json_t *bubbles;

    (void) snprintf(path, sizeof(path), "/control/phones/%s", phone);
    assert_int_equal(ask(rig, path, NULL), 200);
    bubbles = at(rig->answer, "bubbles");
    assert_true(json_array_size(bubbles) > 0);
    return json_array_get(bubbles, json_array_size(bubbles) - 1);
}

#define ANAS "whatsapp/" ANA
#define BENS "messenger/" BEN
#define CLEOS "instagram/" CLEO

/* ---- WhatsApp ---- */

static void test_uploaded_picture_is_located_shown_and_deleted(void **state)
{
    struct rig *rig = *state;
    char id[32], path[64], body[256];

    upload(rig, "image/jpeg", id);
    (void) snprintf(path, sizeof(path), "/v25.0/%s", id);
    assert_int_equal(ask(rig, path, NULL), 200);
    assert_string_equal(text_at(rig->answer, "mime_type"), "image/jpeg");
    assert_int_equal(strlen(text_at(rig->answer, "sha256")), 64);
    assert_number(rig, "file_size", 13);
    (void) snprintf(body, sizeof(body), TO_ANA("image", "{\"id\":\"%s\",\"caption\":\"the roof\"}"), id);
    assert_int_equal(graph(rig, NUMBER, body), 200);
    assert_string_equal(text_at(newest(rig, ANAS), "caption"), "the roof");
    assert_string_equal(text_at(newest(rig, ANAS), "kind"), "image");
    assert_int_equal(ask(rig, text_at(newest(rig, ANAS), "media/0/url"), NULL), 200);
    assert_memory_equal(rig->body, "BYTES\r\n\r\nMORE", 13);
    assert_int_equal(request(rig, &(struct request){ "DELETE", path, "test_app_secret", NULL, BYTES_EMPTY }), 200);
    assert_int_equal(graph(rig, NUMBER, body), 400);
    assert_refused(rig, 400, 131009, 0);
}

static void test_file_that_does_not_fit_its_kind_fails_afterwards(void **state)
{
    struct rig *rig = *state;
    char id[32], body[256];

    upload(rig, "application/zip", id);
    (void) snprintf(body, sizeof(body), TO_ANA("image", "{\"id\":\"%s\"}"), id);
    assert_int_equal(graph(rig, NUMBER, body), 200);
    run_until(rig, &rig->n_notes, 1);
    assert_string_equal(text_at(element(rig, 0), "status"), "failed");
    assert_int_equal(json_integer_value(at(rig->noted, "entry/0/changes/0/value/statuses/0/errors/0/code")), 131053);
    (void) snprintf(body, sizeof(body), TO_ANA("document", "{\"id\":\"%s\",\"filename\":\"x.zip\"}"), id);
    assert_int_equal(graph(rig, NUMBER, body), 200);
    assert_string_equal(text_at(newest(rig, ANAS), "media/0/name"), "x.zip");
}

static void test_picture_by_link_is_fetched_and_shown(void **state)
{
    struct rig *rig = *state;
    char body[512];

    assert_int_equal(ask(rig, "/control/files?name=x.png&mime=image/png", "PNG"), 200);
    (void) snprintf(body, sizeof(body), TO_ANA("image", "{\"link\":\"http://127.0.0.1:%u/control/files/f1\"}"),
                    http_server_port(rig->sandbox.server));
    assert_int_equal(graph(rig, NUMBER, body), 200);
    run_until(rig, &rig->n_notes, 1);
    assert_string_equal(text_at(element(rig, 0), "status"), "sent");
    assert_int_equal(json_integer_value(at(newest(rig, ANAS), "media/0/size")), 3);
    assert_int_equal(graph(rig, NUMBER, TO_ANA("image", "{\"link\":\"http://127.0.0.1:1/x.png\"}")), 200);
    run_until(rig, &rig->n_notes, 3); /* delivered, too */
    assert_non_null(strstr(rig->notes[1].body, "131053") ? rig->notes[1].body : strstr(rig->notes[2].body, "131053"));
}

static void test_voice_is_ogg_that_says_so(void **state)
{
    struct rig *rig = *state;
    char id[32], body[256];

    upload(rig, "audio/ogg; codecs=opus", id);
    (void) snprintf(body, sizeof(body), TO_ANA("audio", "{\"id\":\"%s\",\"voice\":true}"), id);
    assert_int_equal(graph(rig, NUMBER, body), 200);
    assert_string_equal(text_at(newest(rig, ANAS), "kind"), "voice");
    (void) snprintf(body, sizeof(body), TO_ANA("audio", "{\"id\":\"%s\",\"caption\":\"x\"}"), id);
    assert_int_equal(graph(rig, NUMBER, body), 400);
    assert_refused(rig, 400, 131009, 0);
}

#define BUTTON(id, title) "{\"type\":\"reply\",\"reply\":{\"id\":\"" id "\",\"title\":\"" title "\"}}"
#define BUTTONS(list) \
    INTERACTIVE("\"type\":\"button\",\"body\":{\"text\":\"Nine?\"},\"action\":{\"buttons\":[" list "]}")

/* Presses an option of the newest bubble; the webhook's element. */
static const json_t *choose(struct rig *rig, const char *phone, const char *option, int status)
{
    char body[512], network[16];
    const char *slash = strchr(phone, '/');
    int before;

    (void) snprintf(network, sizeof(network), "%.*s", (int) (slash - phone), phone);
    (void) snprintf(body, sizeof(body), "{\"network\":\"%s\",\"person\":\"%s\",\"message\":\"%s\",\"option\":\"%s\"}",
                    network, slash + 1, text_at(newest(rig, phone), "id"), option);
    before = rig->n_notes;
    assert_int_equal(ask(rig, "/control/choose", body), status);
    while (status == 200) { /* receipts come in between */
        run_until(rig, &rig->n_notes, before + 1);
        if (!strstr(rig->notes[before].body, "statuses") && !strstr(rig->notes[before].body, "is_echo") &&
            !strstr(rig->notes[before].body, "\"delivery\"") && !strstr(rig->notes[before].body, "\"read\""))
            return element(rig, before);
        before++;
    }
    return NULL;
}

static void test_pressed_button_comes_back_with_its_id(void **state)
{
    struct rig *rig = *state;
    const json_t *item;

    assert_int_equal(graph(rig, NUMBER, BUTTONS(BUTTON("yes-1", "Yes") "," BUTTON("no-1", "No"))), 200);
    assert_string_equal(text_at(newest(rig, ANAS), "choices/shape"), "buttons");
    assert_string_equal(text_at(newest(rig, ANAS), "text"), "Nine?");
    item = choose(rig, ANAS, "No", 200);
    assert_string_equal(text_at(item, "interactive/button_reply/id"), "no-1");
    assert_non_null(at(item, "context/id"));
    assert_string_equal(text_at(newest(rig, ANAS), "choice/title"), "No");
}

static void test_pressed_row_and_template_button_and_form(void **state)
{
    struct rig *rig = *state;
    const json_t *item;

    assert_int_equal(
        graph(rig, NUMBER,
              INTERACTIVE("\"type\":\"list\",\"body\":{\"text\":\"Which?\"},\"action\":{\"button\":\"Open\","
                          "\"sections\":[{\"title\":\"Fast\",\"rows\":[{\"id\":\"r1\",\"title\":\"Bike\","
                          "\"description\":\"Today\"}]}]}")),
        200);
    item = choose(rig, ANAS, "r1", 200);
    assert_string_equal(text_at(item, "interactive/list_reply/description"), "Today");
    assert_int_equal(
        graph(rig, NUMBER,
              TO_ANA("template", "{\"name\":\"hello\",\"language\":{\"code\":\"en\"},\"components\":[{\"type\":"
                                 "\"button\",\"sub_type\":\"quick_reply\",\"index\":\"0\",\"parameters\":[{"
                                 "\"type\":\"payload\",\"payload\":\"STOP\"}]}]}")),
        200);
    assert_string_equal(text_at(newest(rig, ANAS), "template/name"), "hello");
    item = choose(rig, ANAS, "STOP", 200);
    assert_string_equal(text_at(item, "button/payload"), "STOP");
    assert_int_equal(
        graph(rig, NUMBER,
              INTERACTIVE(
                  "\"type\":\"flow\",\"body\":{\"text\":\"Fill\"},\"action\":{\"name\":\"flow\",\"parameters\":{"
                  "\"flow_message_version\":\"3\",\"flow_token\":\"t1\",\"flow_id\":\"1\",\"flow_cta\":\"Go\"}}")),
        200);
    item = choose(rig, ANAS, "Go", 200);
    assert_non_null(strstr(text_at(item, "interactive/nfm_reply/response_json"), "\"flow_token\":\"t1\""));
}

static void test_links_cannot_be_pressed_as_buttons(void **state)
{
    struct rig *rig = *state;

    assert_int_equal(
        graph(rig, NUMBER,
              INTERACTIVE("\"type\":\"cta_url\",\"body\":{\"text\":\"See\"},\"action\":{\"name\":\"cta_url\","
                          "\"parameters\":{\"display_text\":\"Dates\",\"url\":\"https://x.org\"}}")),
        200);
    (void) choose(rig, ANAS, "Dates", 409);
    (void) choose(rig, ANAS, "Nothing", 404);
}

static void test_limits_of_whatsapp_hold_at_the_last_character(void **state)
{
    struct rig *rig = *state;
    static const char *const refused[] = {
        BUTTONS(BUTTON("a", "A") "," BUTTON("b", "B") "," BUTTON("c", "C") "," BUTTON("d", "D")),
        BUTTONS(BUTTON("a", "twenty-one characters")),
        BUTTONS(BUTTON("a", "A") "," BUTTON("a", "B")),
        INTERACTIVE(
            "\"type\":\"list\",\"body\":{\"text\":\"x\"},\"action\":{\"button\":\"y\",\"sections\":[{\"rows\":[{"
            "\"id\":\"1\",\"title\":\"exactly twenty-five chars\"}]}]}"),
        INTERACTIVE("\"type\":\"poll\",\"action\":{}"),
        TO_ANA("location", "{\"latitude\":91,\"longitude\":0}"),
        TO_ANA("image", "{\"id\":\"1\",\"link\":\"https://x.org\"}"),
        TO_ANA("image", "{\"id\":\"12345\"}"),
    };
    static const char *const missing[] = {
        BUTTONS(""),
        INTERACTIVE("\"type\":\"button\",\"action\":{\"buttons\":[" BUTTON("a", "A") "]}"),
        TO_ANA("contacts", "[{\"name\":{\"first_name\":\"Bob\"}}]"),
        TO_ANA("template", "{\"name\":\"x\"}"),
        TO_ANA("image", "{}"),
        TO_ANA("location", "{\"latitude\":1}"),
    };

    for (size_t i = 0; i < ARRAY_SIZE(refused); i++) {
        (void) graph(rig, NUMBER, refused[i]);
        assert_refused(rig, 400, 131009, 0);
    }
    for (size_t i = 0; i < ARRAY_SIZE(missing); i++) {
        (void) graph(rig, NUMBER, missing[i]);
        assert_refused(rig, 400, 131008, 0);
    }
    assert_int_equal(graph(rig, NUMBER, BUTTONS(BUTTON("a", "exactly twenty chars"))), 200);
}

static void test_places_and_cards_are_shown(void **state)
{
    struct rig *rig = *state;

    assert_int_equal(
        graph(rig, NUMBER, TO_ANA("location", "{\"latitude\":52.5,\"longitude\":\"4.25\",\"name\":\"Dam\"}")), 200);
    assert_string_equal(text_at(newest(rig, ANAS), "location/name"), "Dam");
    assert_true(json_real_value(at(newest(rig, ANAS), "location/longitude")) > 4.24);
    assert_int_equal(
        graph(rig, NUMBER,
              TO_ANA("contacts", "[{\"name\":{\"formatted_name\":\"Bob\",\"first_name\":\"Bob\"},\"phones\":[{"
                                 "\"phone\":\"+15551230002\"}]}]")),
        200);
    assert_string_equal(text_at(newest(rig, ANAS), "contacts/0/phones/0"), "+15551230002");
}

static void test_groups_and_business_scoped_ids_are_recipients(void **state)
{
    struct rig *rig = *state;

#define GROUP "Y2FwaV9ncm91cDoxNTU1"
    assert_int_equal(ask(rig, "/control/people", "{\"network\":\"whatsapp\",\"user_id\":\"" GROUP "\",\"name\":\"G\"}"),
                     200);
#define TO_GROUP(id) \
    "{\"messaging_product\":\"whatsapp\",\"recipient_type\":\"group\",\"to\":\"" id "\",\"text\":{\"body\":\"all\"}}"
    assert_int_equal(graph(rig, NUMBER, TO_GROUP(GROUP)), 200);
    assert_string_equal(text_at(rig->answer, "messages/0/group_id"), GROUP);
    (void) graph(rig, NUMBER, TO_GROUP("Y2FwaV9nobody"));
    assert_refused(rig, 400, 131041, 0);
    (void) graph(rig, NUMBER,
                 "{\"messaging_product\":\"whatsapp\",\"recipient_type\":\"group\",\"to\":\"" GROUP
                 "\",\"type\":\"reaction\",\"reaction\":{\"message_id\":\"wamid.A\",\"emoji\":\"x\"}}");
    assert_refused(rig, 400, 131051, 0);
    say(rig, "{\"network\":\"whatsapp\",\"person\":\"" GROUP "\",\"text\":\"hi all\"}");
    assert_int_equal(graph(rig, NUMBER,
                           "{\"messaging_product\":\"whatsapp\",\"recipient\":\"US.1349" ANA
                           "\",\"text\":{\"body\":\"x\"}}"),
                     200);
    assert_string_equal(text_at(rig->answer, "contacts/0/user_id"), "US.1349" ANA);
    assert_null(at(rig->answer, "contacts/0/wa_id"));
}

/* ---- Messenger and Instagram ---- */

static void test_attachment_uploaded_as_a_form_is_sent_by_its_id_and_echoed(void **state)
{
    struct rig *rig = *state;
    char body[512];

    assert_int_equal(post_form(rig, ATTACHMENTS_PATH,
                               PART("platform") "messenger\r\n" PART(
                                   "message") "{\"attachment\":{\"type\":\"image\",\"payload\":{\"is_reusable\":true}}}"
                                              "\r\n" FILE_PART("filedata", "a.png", "image/png") "PNG" END),
                     200);
    (void) snprintf(body, sizeof(body),
                    TO_BEN("\"message\":{\"attachment\":{\"type\":\"image\",\"payload\":{\"attachment_id\":\"%s\"}}}"),
                    text_at(rig->answer, "attachment_id"));
    assert_int_equal(graph(rig, PAGE, body), 200);
    run_until(rig, &rig->n_notes, 1);
    assert_string_equal(text_at(element(rig, 0), "message/attachments/0/type"), "image");
    assert_true(json_is_true(at(element(rig, 0), "message/is_echo")));
    assert_string_equal(text_at(newest(rig, BENS), "kind"), "image");
    (void) graph(rig, PAGE,
                 TO_BEN("\"message\":{\"attachment\":{\"type\":\"image\",\"payload\":{\"attachment_id\":\"1\"}}}"));
    assert_refused(rig, 400, 100, 2018074);
}

/* A message to Instagram with an attachment of this type by link to a file of that type. */
static int send_link(struct rig *rig, const char *type, const char *mime)
{
    char path[128], body[512];

    (void) snprintf(path, sizeof(path), "/control/files?name=x&mime=%s", mime);
    assert_int_equal(ask(rig, path, "BYTES"), 200);
    (void) snprintf(body, sizeof(body),
                    TO_CLEO("\"message\":{\"attachment\":{\"type\":\"%s\",\"payload\":{\"url\":\"http://127.0.0.1:%u/"
                            "control/files/%s\"}}}"),
                    type, http_server_port(rig->sandbox.server), text_at(rig->answer, "file"));
    return graph(rig, PAGE, body);
}

static void test_instagram_fetches_links_and_takes_its_types_only(void **state)
{
    struct rig *rig = *state;

    (void) send_link(rig, "file", "application/zip");
    assert_refused(rig, 400, 100, 2018047);
    (void) send_link(rig, "image", "image/webp");
    assert_refused(rig, 400, 100, 2018047);
    assert_int_equal(send_link(rig, "file", "application/pdf"), 200);
    assert_int_equal(send_link(rig, "image", "image/gif"), 200);
    assert_string_equal(text_at(newest(rig, CLEOS), "kind"), "animated");
    assert_int_equal(send_link(rig, "image", "image/png"), 200);
    assert_int_equal(json_integer_value(at(newest(rig, CLEOS), "media/0/size")), 5);
    (void) graph(
        rig, PAGE,
        TO_CLEO("\"message\":{\"attachment\":{\"type\":\"image\",\"payload\":{\"url\":\"http://127.0.0.1:1/\"}}}"));
    assert_refused(rig, 400, 100, 2018008);
    (void) graph(rig, PAGE, TO_CLEO("\"message\":{\"attachment\":{\"type\":\"image\"},\"text\":\"x\"}"));
    assert_refused(rig, 400, 100, 2018034);
    assert_int_equal(graph(rig, PAGE, TO_CLEO("\"message\":{\"attachment\":{\"type\":\"like_heart\"}}")), 200);
    assert_string_equal(text_at(newest(rig, CLEOS), "kind"), "sticker");
    assert_int_equal(
        graph(rig, PAGE,
              TO_CLEO("\"message\":{\"attachment\":{\"type\":\"MEDIA_SHARE\",\"payload\":{\"id\":\"17\"}}}")),
        200);
}

static void test_quick_replies_and_buttons_come_back(void **state)
{
    struct rig *rig = *state;
    const json_t *item;

#define RED "{\"content_type\":\"text\",\"title\":\"Red\",\"payload\":\"PICK_RED\"}"
    assert_int_equal(graph(rig, PAGE, TO_BEN("\"message\":{\"text\":\"Pick\",\"quick_replies\":[" RED "]}")), 200);
    assert_string_equal(text_at(newest(rig, BENS), "choices/body"), "Pick");
    item = choose(rig, BENS, "Red", 200);
    assert_string_equal(text_at(item, "message/quick_reply/payload"), "PICK_RED");
    assert_string_equal(text_at(item, "message/text"), "Red");
#define TEMPLATE                                                                                                       \
    "\"message\":{\"attachment\":{\"type\":\"template\",\"payload\":{\"template_type\":\"button\",\"text\":\"Next?\"," \
    "\"buttons\":[{\"type\":\"postback\",\"title\":\"Book\",\"payload\":\"BOOK\"}]}}}"
    assert_int_equal(graph(rig, PAGE, TO_CLEO(TEMPLATE)), 200);
    item = choose(rig, CLEOS, "Book", 200);
    assert_string_equal(text_at(item, "postback/payload"), "BOOK");
    assert_int_equal(graph(rig, PAGE, TO_BEN(TEMPLATE)), 200);
    assert_string_equal(text_at(newest(rig, BENS), "choices/body"), "Next?");
}

static void test_messages_of_the_wrong_kind_are_refused_with_the_networks_codes(void **state)
{
    struct rig *rig = *state;
    static const char *const refused[] = {
        TO_BEN("\"messaging_type\":\"MESSAGE_TAG\",\"tag\":\"ACCOUNT_UPDATE\",\"message\":{\"text\":\"x\"}"),
        TO_BEN("\"messaging_type\":\"MESSAGE_TAG\",\"message\":{\"text\":\"x\"}"),
        TO_BEN("\"messaging_type\":\"UTILITY\",\"message\":{\"text\":\"x\"}"),
        TO_BEN("\"message\":{\"text\":\"x\",\"quick_replies\":[{\"content_type\":\"text\",\"title\":\"no payload\"}]}"),
        TO_BEN("\"message\":{\"text\":\"x\",\"quick_replies\":[]}"),
        TO_BEN("\"message\":{\"attachment\":{\"type\":\"template\",\"payload\":{\"template_type\":\"button\",\"text\":"
               "\"x\","
               "\"buttons\":[{\"type\":\"postback\",\"title\":\"twenty-one characters\",\"payload\":\"P\"}]}}}"),
        TO_BEN("\"message\":{\"attachments\":[{\"type\":\"video\"}]}"),
    };

    for (size_t i = 0; i < ARRAY_SIZE(refused); i++) {
        (void) graph(rig, PAGE, refused[i]);
        assert_refused(rig, 400, 100, 0);
    }
}

static void test_forms_and_tokens_in_the_body_are_as_good(void **state)
{
    struct rig *rig = *state;
    static const char form[] =
        "access_token=test_app_secret&recipient=%7B%22id%22%3A%22" BEN "%22%7D&message=%7B%22text%22%3A%22a+b%22%7D";

    assert_int_equal(request(rig, &(struct request){ "POST", "/v25.0/me/messages", NULL,
                                                     "application/x-www-form-urlencoded", bytes_of_text(form) }),
                     200);
    assert_string_equal(text_at(newest(rig, BENS), "text"), "a b");
}

static void test_control_of_a_thread_is_passed_for_somebody(void **state)
{
    struct rig *rig = *state;

    assert_int_equal(ask(rig, "/v25.0/" PAGE "/pass_thread_control", TO_BEN("\"target_app_id\":263902037430900")), 200);
    assert_true(json_is_true(at(rig->answer, "success")));
    (void) ask(rig, "/v25.0/" PAGE "/take_thread_control", "{}");
    assert_refused(rig, 400, 100, 0);
}

static void test_wrong_proof_of_the_secret_is_refused(void **state)
{
    struct rig *rig = *state;

    (void) ask(rig, "/v25.0/" PAGE "?appsecret_proof=00", NULL);
    assert_refused(rig, 400, 100, 0);
    rig->settings.require_proof = true;
    (void) graph(rig, NUMBER, TO_ANA("text", "{\"body\":\"x\"}"));
    assert_refused(rig, 400, 100, 0);
}

/* ---- Windows ---- */

static void test_closed_windows_are_told_in_each_networks_manner(void **state)
{
    struct rig *rig = *state;

    assert_int_equal(ask(rig, "/control/clock", "{\"advance_ms\":86400000}"), 200);
    assert_int_equal(graph(rig, NUMBER, TO_ANA("text", "{\"body\":\"x\"}")), 200);
    run_until(rig, &rig->n_notes, 1);
    assert_string_equal(text_at(element(rig, 0), "status"), "failed");
    assert_int_equal(json_integer_value(at(element(rig, 0), "errors/0/code")), 131047);
    assert_int_equal(graph(rig, NUMBER, TO_ANA("template", "{\"name\":\"x\",\"language\":{\"code\":\"en\"}}")), 200);
    assert_string_equal(text_at(rig->answer, "messages/0/message_status"), "accepted");
    (void) graph(rig, PAGE, TO_BEN("\"message\":{\"text\":\"x\"}"));
    assert_refused(rig, 400, 10, 2018278);
    (void) graph(rig, PAGE, TO_CLEO("\"message\":{\"text\":\"x\"}"));
    assert_refused(rig, 400, 10, 2534022);
#define AGENT(text) "\"messaging_type\":\"MESSAGE_TAG\",\"tag\":\"HUMAN_AGENT\",\"message\":{\"text\":\"" text "\"}"
    assert_int_equal(graph(rig, PAGE, TO_BEN(AGENT("six days"))), 200);
    assert_int_equal(ask(rig, "/control/clock", "{\"advance_ms\":518400000}"), 200);
    (void) graph(rig, PAGE, TO_BEN(AGENT("too late")));
    assert_refused(rig, 400, 10, 2018278);
    assert_int_equal(
        graph(rig, PAGE,
              TO_BEN("\"messaging_type\":\"UTILITY\",\"message\":{\"template\":{\"name\":\"n\",\"language\":{"
                     "\"code\":\"en\"}}}")),
        200);
    say(rig, "{\"network\":\"messenger\",\"person\":\"" BEN "\",\"text\":\"still there?\"}");
    assert_int_equal(graph(rig, PAGE, TO_BEN("\"message\":{\"text\":\"yes\"}")), 200);
}

static void test_faults_close_a_window_and_spoil_an_upload(void **state)
{
    struct rig *rig = *state;

    assert_int_equal(ask(rig, "/control/faults", "{\"network\":\"all\",\"fault\":\"window_closed\",\"count\":1}"), 200);
    (void) graph(rig, PAGE, TO_CLEO("\"message\":{\"text\":\"x\"}"));
    assert_refused(rig, 400, 10, 2534022);
    assert_int_equal(graph(rig, PAGE, TO_CLEO("\"message\":{\"text\":\"x\"}")), 200);
    assert_int_equal(ask(rig, "/control/faults", "{\"network\":\"all\",\"fault\":\"upload_error\",\"count\":1}"), 200);
    (void) post_form(rig, MEDIA_PATH,
                     PART("messaging_product") "whatsapp\r\n" FILE_PART("file", "a", "image/png") "PNG" END);
    assert_refused(rig, 400, 131053, 0);
    assert_int_equal(send_link(rig, "image", "image/png"), 400);
    assert_refused(rig, 400, 100, 2018047);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        in_rig(test_uploaded_picture_is_located_shown_and_deleted),
        in_rig(test_file_that_does_not_fit_its_kind_fails_afterwards),
        in_rig(test_picture_by_link_is_fetched_and_shown),
        in_rig(test_voice_is_ogg_that_says_so),
        in_rig(test_pressed_button_comes_back_with_its_id),
        in_rig(test_pressed_row_and_template_button_and_form),
        in_rig(test_links_cannot_be_pressed_as_buttons),
        in_rig(test_limits_of_whatsapp_hold_at_the_last_character),
        in_rig(test_places_and_cards_are_shown),
        in_rig(test_groups_and_business_scoped_ids_are_recipients),
        in_rig(test_attachment_uploaded_as_a_form_is_sent_by_its_id_and_echoed),
        in_rig(test_instagram_fetches_links_and_takes_its_types_only),
        in_rig(test_quick_replies_and_buttons_come_back),
        in_rig(test_messages_of_the_wrong_kind_are_refused_with_the_networks_codes),
        in_rig(test_forms_and_tokens_in_the_body_are_as_good),
        in_rig(test_control_of_a_thread_is_passed_for_somebody),
        in_rig(test_wrong_proof_of_the_secret_is_refused),
        in_rig(test_closed_windows_are_told_in_each_networks_manner),
        in_rig(test_faults_close_a_window_and_spoil_an_upload),
    };

    return cmocka_run_group_tests_name("send", tests, NULL, NULL);
}
