/* Every send the documentation of Messenger shows is made from a canonical message, member for member. */
#include "messenger.h"
#include "meta/request_cases.h"

#define MID "m_YYZYn9ZhyiA4uoRgnatmUdjAWtGSU8po_799NksnRH9ucAUsdMlHUvTCQCyEZDz-TddJ8HyS5SUkCnD8zRA9a9"

static const struct place place = {
    .account = "messenger/104500000000003",
    .account_id = "104500000000003",
    .user_id = "6543210000000004",
    .api_version = "v25.0",
};

static const struct trefoil_media pictures[] = {
    { .kind = TREFOIL_MEDIA_IMAGE, .mime = "image/png", .blob = "b1" },
    { .kind = TREFOIL_MEDIA_IMAGE, .mime = "image/png", .blob = "b2" },
};
static const struct trefoil_media film[] = { { .kind = TREFOIL_MEDIA_VIDEO, .mime = "video/mp4", .blob = "b3" } };
static const struct trefoil_option buttons[] = {
    { .id = "BOOK", .title = "Book" },
    { .title = "Site", .url = "https://example.org" },
    { .title = "Call", .url = "tel:+15550001111" },
};

#define TEXT(words) .kind = TREFOIL_KIND_TEXT, .body.text = { (words), NULL, 0 }
#define MEDIA(files, n) .kind = TREFOIL_KIND_MEDIA, .body.media = { NULL, (files), (n) }
#define EXTRA(key, value) \
    .extra_keys = (const char *const[]){ key }, .extra_values = (const char *const[]){ value }, .n_extras = 1

static const struct request_case cases[] = {
    { "ms-out-text", { TEXT("Hello") }, .mark = "bus-msg-42" },
    { "ms-out-reply", { .in_reply_to = MID, TEXT("yes") }, .relates = MID },
    { "ms-out-quick-replies",
      { EXTRA("native.messenger",
              "{\"text\":\"Pick\",\"quick_replies\":[{\"content_type\":\"text\",\"title\":\"Red\",\"payload\":\"PICK_"
              "RED\","
              "\"image_url\":\"https://cdn.example.org/r.png\"},{\"content_type\":\"user_phone_number\"},"
              "{\"content_type\":\"user_email\"}]}"),
        .kind = TREFOIL_KIND_TEXT } },
    { "ms-out-image-url", { MEDIA(pictures, 1) }, .attachments = 1, .slots = { "https://cdn.example.org/a.png" } },
    { "ms-out-attachment-id", { MEDIA(film, 1) }, .which = 1, .slots = { "1857770000000100" } },
    { "ms-out-images",
      { MEDIA(pictures, 2) },
      .attachments = 1,
      .slots = { "https://cdn.example.org/a.png", "https://cdn.example.org/b.png" } },
    { "ms-out-sticker",
      { EXTRA("native.messenger", "{\"sticker_id\":\"369239263222822\"}"), .kind = TREFOIL_KIND_MEDIA } },
    { "ms-out-button-template",
      { .kind = TREFOIL_KIND_CHOICES,
        .body.choices = { .shape = TREFOIL_CHOICE_BUTTONS,
                          .body = "What next?",
                          .options = buttons,
                          .n_options = 3 } } },
    { "ms-out-generic-template",
      { EXTRA(
            "native.messenger",
            "{\"attachment\":{\"type\":\"template\",\"payload\":{\"template_type\":\"generic\",\"elements\":[{"
            "\"title\":"
            "\"Mug\",\"subtitle\":\"$9\",\"image_url\":\"https://cdn.example.org/m.png\",\"default_action\":{\"type\":"
            "\"web_url\",\"url\":\"https://example.org/mug\"},\"buttons\":[{\"type\":\"postback\",\"title\":\"Buy\","
            "\"payload\":\"BUY_1\"}]}]}}}"),
        .kind = TREFOIL_KIND_TEXT } },
    { "ms-out-human-agent", { .purpose = TREFOIL_PURPOSE_HUMAN_AGENT, TEXT("Sorry for the wait") } },
    { "ms-out-utility",
      { .purpose = TREFOIL_PURPOSE_UTILITY,
        .kind = TREFOIL_KIND_TEMPLATE,
        .body.template_ = { "order_update", "en_US",
                            "[{\"type\":\"body\",\"parameters\":[{\"type\":\"text\",\"parameter_name\":\"customer\","
                            "\"text\":\"Ada\"}]}]",
                            NULL } } },
    { "ms-out-private-reply",
      { EXTRA("recipient.comment_id", "104500000000003_110"), TEXT("We sent you the details") } },
    { "ms-out-typing", { .kind = TREFOIL_KIND_TYPING, .body.typing = { true } } },
    { "ms-out-seen", { .kind = TREFOIL_KIND_RECEIPT, .body.receipt = { .state = TREFOIL_RECEIPT_READ } } },
    { "ms-out-react",
      { .kind = TREFOIL_KIND_REACTION, .body.reaction = { "theirs", "\xe2\x9d\xa4\xef\xb8\x8f", false } },
      .relates = MID },
    { "ms-out-unreact", { .kind = TREFOIL_KIND_REACTION, .body.reaction = { "theirs", NULL, true } }, .relates = MID },
    { "ms-out-marketing",
      { EXTRA("recipient.notification_messages_token", "110000000000000001"), .purpose = TREFOIL_PURPOSE_MARKETING,
        TEXT("This week's news") } },
    { "ms-out-upload",
      { MEDIA(pictures, 1) },
      .attachments = 2,
      .slots = { "https://cdn.example.org/a.png" },
      .edge = "message_attachments" },
};

static void test_every_documented_send_is_made(void **state unused_)
{
    assert_all_requests(&messenger_ops, TESTDATA, cases, ARRAY_SIZE(cases), &place);
}

int main(void)
{
    const struct CMUnitTest tests[] = { cmocka_unit_test(test_every_documented_send_is_made) };

    return cmocka_run_group_tests_name("messenger requests", tests, NULL, NULL);
}
