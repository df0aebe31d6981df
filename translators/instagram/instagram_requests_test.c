/* Every send the documentation of Instagram shows is made from a canonical message, member for member. */
#include "instagram.h"
#include "meta/request_cases.h"

#define MID                                                                                                          \
    "aWdfZAG1faXRlbToxOklHTWVzc2FnZAUlEOjE3ODQxNDAwMDAwMDAwMDA1OjM0MDI4MjM2Njg0MTcxMDMwMDk0OTEyODAwMDAwMDAwMDAwMDAw" \
    "MTozMTAwMDAwMDAwMDAwMDAwMDAwMDAwMDAwMDAwMDAwMDAwMQZDZD"

static const struct place place = {
    .account = "instagram/17841400000000005",
    .account_id = "17841400000000005",
    .page_id = "104500000000003",
    .user_id = "1234500000000006",
    .api_version = "v25.0",
};

static const struct trefoil_media pictures[] = {
    { .kind = TREFOIL_MEDIA_IMAGE, .mime = "image/jpeg", .blob = "b1" },
    { .kind = TREFOIL_MEDIA_IMAGE, .mime = "image/jpeg", .blob = "b2" },
};
static const struct trefoil_media song[] = { { .kind = TREFOIL_MEDIA_AUDIO, .mime = "audio/mp4", .blob = "b3" } };
static const struct trefoil_media film[] = { { .kind = TREFOIL_MEDIA_VIDEO, .mime = "video/mp4", .blob = "b4" } };
static const struct trefoil_media paper[] = { { .kind = TREFOIL_MEDIA_FILE, .mime = "application/pdf", .blob = "b5" } };
static const struct trefoil_option buttons[] = {
    { .title = "Site", .url = "https://example.org" },
    { .id = "BOOK", .title = "Book" },
};
static const struct trefoil_option red[] = { { .id = "PICK_RED", .title = "Red" } };

#define TEXT(words) .kind = TREFOIL_KIND_TEXT, .body.text = { (words), NULL, 0 }
#define MEDIA(files, n) .kind = TREFOIL_KIND_MEDIA, .body.media = { NULL, (files), (n) }
#define EXTRA(key, value) \
    .extra_keys = (const char *const[]){ key }, .extra_values = (const char *const[]){ value }, .n_extras = 1
#define CHOICES(shape_, body_, options_) \
    .kind = TREFOIL_KIND_CHOICES,        \
    .body.choices = { .shape = (shape_), .body = (body_), .options = (options_), .n_options = ARRAY_SIZE(options_) }

static const struct request_case cases[] = {
    { "ig-out-text", { TEXT("Hello https://example.org") } },
    { "ig-out-reply", { .in_reply_to = MID, TEXT("yes") }, .relates = MID },
    { "ig-out-image", { MEDIA(pictures, 1) }, .attachments = 1, .slots = { "https://cdn.example.org/a.jpg" } },
    { "ig-out-images",
      { MEDIA(pictures, 2) },
      .attachments = 1,
      .slots = { "https://cdn.example.org/a.jpg", "https://cdn.example.org/b.jpg" } },
    { "ig-out-audio", { MEDIA(song, 1) }, .attachments = 1, .slots = { "https://cdn.example.org/a.m4a" } },
    { "ig-out-video", { MEDIA(film, 1) }, .attachments = 1, .slots = { "https://cdn.example.org/a.mp4" } },
    { "ig-out-file", { MEDIA(paper, 1) }, .attachments = 1, .slots = { "https://cdn.example.org/a.pdf" } },
    { "ig-out-like-heart",
      { EXTRA("native.instagram", "{\"attachment\":{\"type\":\"like_heart\"}}"), TEXT("\xe2\x9d\xa4") } },
    { "ig-out-media-share",
      { EXTRA("native.instagram",
              "{\"attachment\":{\"type\":\"MEDIA_SHARE\",\"payload\":{\"id\":\"17950000000000067\"}}}"),
        TEXT("our post") } },
    { "ig-out-quick-replies", { CHOICES(TREFOIL_CHOICE_QUICK_REPLIES, "Pick", red) } },
    { "ig-out-generic-template",
      { EXTRA(
            "native.instagram",
            "{\"attachment\":{\"type\":\"template\",\"payload\":{\"template_type\":\"generic\",\"elements\":[{"
            "\"title\":"
            "\"Mug\",\"subtitle\":\"$9\",\"image_url\":\"https://cdn.example.org/m.png\",\"default_action\":{\"type\":"
            "\"web_url\",\"url\":\"https://example.org/mug\"},\"buttons\":[{\"type\":\"postback\",\"title\":\"Buy\","
            "\"payload\":\"BUY_1\"}]}]}}}"),
        TEXT("Mug") } },
    { "ig-out-button-template", { CHOICES(TREFOIL_CHOICE_BUTTONS, "What next?", buttons) } },
    { "ig-out-human-agent", { .purpose = TREFOIL_PURPOSE_HUMAN_AGENT, TEXT("Sorry for the wait") } },
    { "ig-out-private-reply", { EXTRA("recipient.comment_id", "17870000000000120"), TEXT("We sent you the details") } },
    { "ig-out-react",
      { .kind = TREFOIL_KIND_REACTION, .body.reaction = { "theirs", "\xe2\x9d\xa4\xef\xb8\x8f", false } },
      .relates = MID },
    { "ig-out-unreact", { .kind = TREFOIL_KIND_REACTION, .body.reaction = { "theirs", NULL, true } }, .relates = MID },
    { "ig-out-typing", { .kind = TREFOIL_KIND_TYPING, .body.typing = { true } } },
    { "ig-out-seen", { .kind = TREFOIL_KIND_RECEIPT, .body.receipt = { .state = TREFOIL_RECEIPT_READ } } },
    { "ig-out-upload",
      { MEDIA(pictures, 1) },
      .attachments = 2,
      .slots = { "https://cdn.example.org/a.jpg" },
      .edge = "message_attachments" },
};

static void test_every_documented_send_is_made(void **state unused_)
{
    assert_all_requests(&instagram_ops, TESTDATA, cases, ARRAY_SIZE(cases), &place);
}

int main(void)
{
    const struct CMUnitTest tests[] = { cmocka_unit_test(test_every_documented_send_is_made) };

    return cmocka_run_group_tests_name("instagram requests", tests, NULL, NULL);
}
