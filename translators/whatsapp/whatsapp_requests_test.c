/* Everything the documentation shows as a send call is made from a canonical message, and Meta's schema takes it. */
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "map_kit/messages.h"
#include "meta/request_cases.h"
#include "whatsapp.h"

#define ADA "15551230001"
#define BSUID "US.13490000000000000001"
#define GROUP "Y2FwaV9ncm91cDoxNTU1MDAwMTExMToxMjAzNjMwMDAwMDAwMDAwMDEZD"
#define THEIRS "wamid.HBgLMTU1NTEyMzAwMDEVAgASGBQzQUE0QzEyM0IxNjEyREQyNzJEMQA="
#define BLOB "000102030405060708090a0b0c0d0e0f"

#define TEXT(words) .kind = TREFOIL_KIND_TEXT, .body.text = { (words), NULL, 0 }
#define MEDIA(caption_, media_) .kind = TREFOIL_KIND_MEDIA, .body.media = { (caption_), (media_), 1 }
#define NATIVE(values) .extra_keys = native_key, .extra_values = (values), .n_extras = 1
#define ASK(shape_, words) .kind = TREFOIL_KIND_CHOICES, .body.choices = { .shape = (shape_), .body = (words) }

static const struct trefoil_media image = { .kind = TREFOIL_MEDIA_IMAGE, .mime = "image/jpeg", .blob = BLOB };
static const struct trefoil_media video = { .kind = TREFOIL_MEDIA_VIDEO, .mime = "video/mp4", .blob = BLOB };
static const struct trefoil_media voice = { .kind = TREFOIL_MEDIA_VOICE,
                                            .mime = "audio/ogg; codecs=opus",
                                            .blob = BLOB };
static const struct trefoil_media sticker = { .kind = TREFOIL_MEDIA_STICKER, .mime = "image/webp", .blob = BLOB };
static const struct trefoil_media invoice = {
    .kind = TREFOIL_MEDIA_FILE, .mime = "application/pdf", .name = "invoice.pdf", .blob = BLOB
};
static const char *const phones[] = { "+15551230002" }, *const emails[] = { "bob@example.org" };
static const struct trefoil_contact bob = { "Bob Sample", phones, 1, emails, 1, NULL, NULL };
static const struct trefoil_option answers[] = { { "yes-1", "Yes", NULL, NULL, NULL },
                                                 { "no-1", "No", NULL, NULL, NULL } };
static const struct trefoil_option rows[] = { { "row-1", "Courier", "Today", "Fast", NULL },
                                              { "row-2", "Express", "Next day", "Fast", NULL } };
static const struct trefoil_option dates = { NULL, "See dates", NULL, NULL, "https://example.org/dates" };
static const char *const native_key[] = { "native.whatsapp" };
static const char *const flow[] = {
    "{\"type\":\"interactive\",\"interactive\":{\"type\":\"flow\",\"body\":{\"text\":\"Fill the form\"},\"action\":{"
    "\"name\":\"flow\",\"parameters\":{\"flow_message_version\":\"3\",\"flow_token\":\"t-1\",\"flow_id\":"
    "\"330000000000090\",\"flow_cta\":\"Open\",\"flow_action\":\"navigate\",\"flow_action_payload\":{\"screen\":"
    "\"START\",\"data\":{\"k\":\"v\"}}}}}}"
};
static const char *const product[] = {
    "{\"type\":\"interactive\",\"interactive\":{\"type\":\"product\",\"body\":{\"text\":\"This one\"},\"action\":{"
    "\"catalog_id\":\"194800000000020\",\"product_retailer_id\":\"sku-1\"}}}"
};
static const char *const pin[] = { "{\"to\":\"somebody else\",\"type\":\"pin\",\"pin\":{\"type\":\"pin\","
                                   "\"message_id\":\"" THEIRS "\",\"expiration_days\":7}}" };
static const char components[] =
    "[{\"type\":\"header\",\"parameters\":[{\"type\":\"image\",\"image\":{\"id\":\"1003380000000080\"}}]},{\"type\":"
    "\"body\",\"parameters\":[{\"type\":\"text\",\"parameter_name\":\"customer\",\"text\":\"Ada\"},{\"type\":"
    "\"currency\",\"currency\":{\"fallback_value\":\"$9.99\",\"code\":\"USD\",\"amount_1000\":9990}},{\"type\":"
    "\"date_time\",\"date_time\":{\"fallback_value\":\"May 1\"}}]},{\"type\":\"button\",\"sub_type\":\"quick_reply\","
    "\"index\":\"0\",\"parameters\":[{\"type\":\"payload\",\"payload\":\"STOP-PROMO\"}]},{\"type\":\"button\","
    "\"sub_type\":\"url\",\"index\":\"1\",\"parameters\":[{\"type\":\"text\",\"text\":\"track/42\"}]}]";

static const struct {
    const char *user_id;
    struct request_case shape;
} cases[] = {
    { ADA, { .name = "wa-out-text", .message = { TEXT("Hello https://example.org") }, .mark = "bus-msg-42" } },
    { BSUID, { .name = "wa-out-text-bsuid", .message = { TEXT("Hello") } } },
    { ADA, { .name = "wa-out-reply", .message = { TEXT("You are welcome") }, .relates = THEIRS } },
    { GROUP, { .name = "wa-out-group-text", .message = { TEXT("hi group") } } },
    { ADA,
      { .name = "wa-out-image-id",
        .message = { MEDIA("the roof", &image) },
        .slots = { "1003380000000080" },
        .which = 1 } },
    { ADA,
      { .name = "wa-out-image-link",
        .message = { MEDIA(NULL, &image) },
        .slots = { "https://cdn.example.org/roof.jpg" },
        .attachments = 1 } },
    { ADA,
      { .name = "wa-out-video", .message = { MEDIA("tour", &video) }, .slots = { "1003380000000081" }, .which = 1 } },
    { ADA,
      { .name = "wa-out-audio-voice",
        .message = { MEDIA(NULL, &voice) },
        .slots = { "1003380000000082" },
        .which = 1 } },
    { ADA,
      { .name = "wa-out-document",
        .message = { MEDIA("invoice", &invoice) },
        .slots = { "1003380000000083" },
        .which = 1 } },
    { ADA,
      { .name = "wa-out-sticker", .message = { MEDIA(NULL, &sticker) }, .slots = { "1003380000000084" }, .which = 1 } },
    { ADA,
      { .name = "wa-out-reaction",
        .message = { .kind = TREFOIL_KIND_REACTION, .body.reaction = { "x", "👍", false } },
        .relates = THEIRS } },
    { ADA,
      { .name = "wa-out-reaction-remove",
        .message = { .kind = TREFOIL_KIND_REACTION, .body.reaction = { "x", NULL, true } },
        .relates = THEIRS } },
    { ADA,
      { .name = "wa-out-location",
        .message = { .kind = TREFOIL_KIND_LOCATION,
                     .body.location = { 52.370216, 4.895168, "Dam", "Dam Square, Amsterdam", NULL } } } },
    { ADA, { .name = "wa-out-contacts", .message = { .kind = TREFOIL_KIND_CONTACTS, .body.contacts = { &bob, 1 } } } },
    { ADA,
      { .name = "wa-out-buttons",
        .message = { .kind = TREFOIL_KIND_CHOICES,
                     .body.choices = { TREFOIL_CHOICE_BUTTONS, "Booking", "Tomorrow 9am ok?", "Acme", NULL, answers,
                                       2 } } } },
    { ADA,
      { .name = "wa-out-list",
        .message = { .kind = TREFOIL_KIND_CHOICES,
                     .body.choices = { TREFOIL_CHOICE_LIST, "Shipping", "Choose one", NULL, "Options", rows, 2 } } } },
    { ADA,
      { .name = "wa-out-cta-url",
        .message = { .kind = TREFOIL_KIND_CHOICES,
                     .body.choices = { TREFOIL_CHOICE_LINK, NULL, "See dates", NULL, NULL, &dates, 1 } } } },
    { ADA,
      { .name = "wa-out-location-request",
        .message = { ASK(TREFOIL_CHOICE_ASK_LOCATION, "Where shall we pick you up?") } } },
    { BSUID,
      { .name = "wa-out-contact-request",
        .message = { ASK(TREFOIL_CHOICE_ASK_CONTACT, "Please share your number") } } },
    { ADA, { .name = "wa-out-flow", .message = { TEXT("a form"), NATIVE(flow) } } },
    { ADA, { .name = "wa-out-product", .message = { TEXT("a product"), NATIVE(product) } } },
    { GROUP, { .name = "wa-out-pin", .message = { TEXT("pinned"), NATIVE(pin) } } },
    { ADA,
      { .name = "wa-out-template",
        .message = { .kind = TREFOIL_KIND_TEMPLATE,
                     .body.template_ = { "order_update", "en_US", components, NULL } } } },
    { ADA,
      { .name = "wa-out-mark-read",
        .message = { .kind = TREFOIL_KIND_RECEIPT, .body.receipt = { .state = TREFOIL_RECEIPT_READ } },
        .relates = THEIRS } },
    { ADA, { .name = "wa-out-typing", .message = { .kind = TREFOIL_KIND_TYPING, .body.typing = { true } } } },
};

static const struct place place_of_ours = {
    .account = "whatsapp/106540000000002",
    .account_id = "106540000000002",
    .user_id = ADA,
    .last_message_id = THEIRS,
    .api_version = "v25.0",
    .conversions = (1u << N_CONVERSIONS) - 2,
};

static void test_every_documented_send_is_made_from_a_canonical_message(void **state)
{
    struct arena mem = ARENA_EMPTY(4u << 20);
    const char *const *names;
    size_t n = kit_list(&mem, TESTDATA, ".request", &names);

    (void) state;
    for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
        struct place place = place_of_ours;

        place.user_id = cases[i].user_id;
        assert_request(&whatsapp_ops, TESTDATA, &cases[i].shape, place);
    }
    for (size_t k = 0; k < n; k++) {
        bool found = false;

        for (size_t i = 0; i < ARRAY_SIZE(cases); i++)
            found |= strcmp(names[k], arena_format(&mem, "%s.request", cases[i].shape.name)) == 0;
        if (!found)
            fail_msg("%s has no case", names[k]);
    }
    arena_deinit(&mem);
}

static void test_a_file_is_uploaded_as_the_documentation_wants_it(void **state)
{
    const struct trefoil_message message = { MEDIA("invoice", &invoice) };
    struct arena mem = ARENA_EMPTY(4u << 20);
    struct request_list list = { 0 };

    (void) state;
    assert_int_equal(whatsapp_ops.encode(&message, &place_of_ours, &mem, &list), 0);
    assert_int_equal(list.n_requests, 2);
    const struct upload *upload = list.requests[0].upload;
    assert_string_equal(list.requests[0].path, "/v25.0/106540000000002/media");
    assert_false(list.requests[0].is_message);
    assert_int_equal(upload->n_fields, 2);
    assert_string_equal(upload->fields[0].name, "messaging_product");
    assert_string_equal(upload->fields[0].value, "whatsapp");
    assert_string_equal(upload->fields[1].name, "type");
    assert_string_equal(upload->fields[1].value, "application/pdf");
    assert_string_equal(upload->file_field, "file");
    assert_string_equal(upload->file_name, "invoice.pdf");
    assert_null(list.requests[1].upload);
    assert_int_equal(list.requests[1].slots[0].kind, SLOT_UPLOADED);
    assert_int_equal(list.requests[1].slots[0].which, 0);
    arena_deinit(&mem);
}

/* ---- Meta's own schema ------------------------------------------------------------------------------------------ */

static void write_body(const char *folder, size_t number, struct bytes body)
{
    char path[256];
    FILE *file;

    snprintf(path, sizeof path, "%s/%zu.json", folder, number);
    file = fopen(path, "wb");
    assert_non_null(file);
    assert_int_equal(fwrite(body.data, body.size, 1, file), 1);
    fclose(file);
}

/* All requests of the message that go to "messages", and are of a type the schema has. */
static void write_requests(const char *folder, const struct trefoil_message *message, struct place place, size_t *n)
{
    static const char *const id[] = { "1003380000000080", NULL };
    struct arena mem = ARENA_EMPTY(16u << 20);
    struct request_list list = { 0 };

    assert_int_equal(whatsapp_ops.encode(message, &place, &mem, &list), 0);
    for (size_t i = 0; i < list.n_requests; i++) {
        struct bytes body = request_filled(&list.requests[i], id, &mem);

        if (!list.requests[i].upload && !memmem(body.data, body.size, "\"pin\"", 5))
            write_body(folder, (*n)++, body);
    }
    arena_deinit(&mem);
}

#define BESIDE SOURCE_DIR "/../shared/reference/openapi/patched_validator.py"

/* The one beside this project, when it and what it needs are there. */
static const char *validator_beside(void)
{
    return access(BESIDE, R_OK) == 0 && system("python3 -c 'import yaml, jsonschema' 2>/dev/null") == 0
               ? "python3 '" BESIDE "'"
               : NULL;
}

/* A program that takes files of request bodies: what TREFOIL_OPENAPI_VALIDATOR names, or the one beside. */
static void test_a_published_schema_accepts_every_kind_we_send(void **state)
{
    const char *named = getenv("TREFOIL_OPENAPI_VALIDATOR"), *validator = named ? named : validator_beside();
    char folder[] = "/tmp/trefoil-bodies-XXXXXX", command[1024];
    size_t n = 0;

    (void) state;
    if (!validator)
        skip();
    assert_non_null(mkdtemp(folder));
    for (size_t i = 0; i < ARRAY_SIZE(cases) + kit_n_messages; i++) {
        bool is_kit = i >= ARRAY_SIZE(cases);
        const struct kit_message *kit = is_kit ? &kit_messages[i - ARRAY_SIZE(cases)] : NULL;
        const char *relates[] = { THEIRS };
        struct place place = place_of_ours;

        place.relates = relates;
        place.n_relates = is_kit ? kit->n_relates : cases[i].shape.relates != NULL;
        place.user_id = is_kit ? ADA : cases[i].user_id;
        place.attribute = is_kit && kit->attribute;
        place.mark = "tf1.7.3";
        write_requests(folder, is_kit ? &kit->message : &cases[i].shape.message, place, &n);
    }
    assert_true(n > ARRAY_SIZE(cases));
    snprintf(command, sizeof command, "%s %s/*.json >%s/out 2>&1", validator, folder, folder);
    int r = system(command);
    if (r != 0) {
        snprintf(command, sizeof command, "grep -v ' ok$' %s/out", folder);
        (void) !system(command);
    }
    snprintf(command, sizeof command, "rm -r %s", folder);
    assert_int_equal(system(command), 0);
    assert_int_equal(r, 0);
}

/* WhatsApp's buttons and lists lead nowhere: an address is said in words, or as its one link. */
static void test_address_of_a_button_is_said_and_never_left_out(void **state unused_)
{
    static const enum trefoil_choice_shape shapes[] = { TREFOIL_CHOICE_BUTTONS, TREFOIL_CHOICE_LIST,
                                                        TREFOIL_CHOICE_QUICK_REPLIES };
    const struct trefoil_option options[] = { answers[0], { NULL, "Site", NULL, NULL, "https://example.org/a" } };
    const struct place place = { .account = "whatsapp/1", .account_id = "1", .user_id = ADA, .api_version = "v25.0" };
    struct arena mem = ARENA_EMPTY(1u << 20);

    for (size_t i = 0; i < sizeof(shapes) / sizeof(*shapes); i++) {
        struct trefoil_message message = { ASK(shapes[i], "Which?") };
        struct request_list list = { 0 };

        message.body.choices.options = options;
        message.body.choices.n_options = 2;
        assert_int_equal(whatsapp_ops.encode(&message, &place, &mem, &list), 0);
        assert_int_equal(list.n_requests, 1);
        char *body = arena_text(&mem, list.requests[0].body);
        assert_non_null(strstr(body, "\"type\":\"text\""));
        assert_non_null(strstr(body, "example.org"));
        assert_true(list.n_lost > 0);
    }
    arena_deinit(&mem);
}

/* WhatsApp has no such recipients: its windows hold whatever a message says. */
static void test_nothing_goes_by_invitation(void **state unused_)
{
    static const char *const keys[] = { "recipient.notification_messages_token" }, *const values[] = { "t0ken" };
    const struct place place = { .account = "whatsapp/1", .account_id = "1", .user_id = ADA, .api_version = "v25.0" };
    struct trefoil_message news = { TEXT("News"), .extra_keys = keys, .extra_values = values, .n_extras = 1 };
    struct arena mem = ARENA_EMPTY(1u << 20);
    struct request_list list = { 0 };

    assert_int_equal(whatsapp_ops.encode(&news, &place, &mem, &list), 0);
    assert_int_equal(list.n_requests, 1);
    assert_false(list.requests[0].is_invited);
    arena_deinit(&mem);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_every_documented_send_is_made_from_a_canonical_message),
        cmocka_unit_test(test_a_file_is_uploaded_as_the_documentation_wants_it),
        cmocka_unit_test(test_address_of_a_button_is_said_and_never_left_out),
        cmocka_unit_test(test_nothing_goes_by_invitation),
        cmocka_unit_test(test_a_published_schema_accepts_every_kind_we_send),
    };

    return cmocka_run_group_tests_name("whatsapp requests", tests, NULL, NULL);
}
