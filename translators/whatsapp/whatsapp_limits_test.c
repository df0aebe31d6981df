/* Every limit of WhatsApp's sends, at the limit and one beyond. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "formats/json.h"
#include "formats/text.h"
#include "map_kit/kit.h"
#include "whatsapp.h"
#include "whatsapp_map.h"

#define BLOB "000102030405060708090a0b0c0d0e0f"
#define KB 1024ull
#define MB (1024 * KB)
#define OPTIONS_MAX 12

static struct arena mem = { .max_bytes = 256u << 20 };
static uint8_t options[TRANSLATOR_OPTIONS_MAX];
static const struct place person = {
    .account = "whatsapp/106540000000002",
    .account_id = "106540000000002",
    .user_id = "15551230001",
    .last_message_id = "wamid.LAST",
    .mark = "tf1.7.3",
    .api_version = "v25.0",
    .options = options,
};

static struct request_list sent(const struct trefoil_message *message, const struct place *place)
{
    struct request_list list = { 0 };

    assert_int_equal(whatsapp_ops.encode(message, place, &mem, &list), 0);
    return list;
}

static bool has_lost(const struct request_list *list, const char *word)
{
    for (size_t i = 0; i < list->n_lost; i++)
        if (strcmp(list->lost[i], word) == 0)
            return true;
    return false;
}

static struct json_value body_of(const struct request_list *list, size_t i)
{
    struct json *json = arena_alloc(&mem, sizeof *json);

    assert_true(i < list->n_requests);
    assert_int_equal(json_parse(list->requests[i].body, &mem, json), 0);
    return json_root(json);
}

/* "interactive.action.buttons.0": what is there, in the last request. */
static struct json_value at(const struct request_list *list, const char *path)
{
    struct json_value value = body_of(list, list->n_requests - 1);
    char *copy = arena_text(&mem, bytes_of_text(path));

    for (char *word; (word = strsep(&copy, "."));) {
        if (*word < '0' || *word > '9') {
            value = json_get(value, word);
            continue;
        }
        struct json_value list_value = value;

        value = json_first(list_value);
        for (int n = *word - '0'; n > 0; n--)
            value = json_next(list_value, value);
    }
    return value;
}

static const char *text_at(const struct request_list *list, const char *path)
{
    return json_text(at(list, path), &mem);
}

static char *repeated(const char *unit, size_t n)
{
    size_t size = strlen(unit);
    char *text = arena_alloc(&mem, n * size + 1);

    assert_non_null(text);
    for (size_t i = 0; i < n; i++)
        memcpy(text + i * size, unit, size);
    return text;
}

static struct trefoil_message choices_of(enum trefoil_choice_shape shape, size_t n)
{
    struct trefoil_option *made = arena_array(&mem, OPTIONS_MAX, sizeof *made);

    assert_non_null(made);
    for (size_t i = 0; i < n; i++) {
        made[i].id = arena_format(&mem, "id-%zu", i);
        made[i].title = arena_format(&mem, "Title %zu", i);
        if (shape == TREFOIL_CHOICE_LINK)
            made[i].url = "https://example.org/";
    }
    return (struct trefoil_message){
        .kind = TREFOIL_KIND_CHOICES,
        .body.choices = { .shape = shape, .body = "Which?", .options = made, .n_options = n },
    };
}

static struct trefoil_option *option_of(struct trefoil_message *message, size_t i)
{
    return (struct trefoil_option *) (uintptr_t) &message->body.choices.options[i];
}

static void test_as_many_options_as_a_shape_takes_and_one_more_are_lines(void **state)
{
    static const struct {
        enum trefoil_choice_shape shape;
        size_t max;
        const char *type, *lost;
    } cases[] = {
        { TREFOIL_CHOICE_BUTTONS, 3, "button", "options>3" },
        { TREFOIL_CHOICE_LIST, 10, "list", "options>10" },
        { TREFOIL_CHOICE_QUICK_REPLIES, 10, "list", "options>10" },
        { TREFOIL_CHOICE_LINK, 1, "cta_url", "link→text" },
    };

    (void) state;
    for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
        struct trefoil_message fits = choices_of(cases[i].shape, cases[i].max);
        struct trefoil_message over = choices_of(cases[i].shape, cases[i].max + 1);
        struct request_list list = sent(&fits, &person);

        assert_string_equal(text_at(&list, "interactive.type"), cases[i].type);
        assert_false(has_lost(&list, cases[i].lost));
        list = sent(&over, &person);
        assert_string_equal(text_at(&list, "type"), "text");
        assert_non_null(strstr(text_at(&list, "text.body"), "2. Title 1"));
        assert_true(has_lost(&list, cases[i].lost));
        arena_reset(&mem);
    }
}

static void test_few_quick_replies_are_buttons_and_more_a_list(void **state)
{
    (void) state;
    for (size_t n = 3; n <= 4; n++) {
        struct trefoil_message message = choices_of(TREFOIL_CHOICE_QUICK_REPLIES, n);
        struct request_list list = sent(&message, &person);

        assert_string_equal(text_at(&list, "interactive.type"), n == 3 ? "button" : "list");
        assert_true(has_lost(&list, n == 3 ? "quick replies→buttons" : "quick replies→list"));
    }
    arena_reset(&mem);
}

static void test_what_a_shape_that_was_not_sent_would_have_lost_is_not_said(void **state)
{
    struct trefoil_message message = choices_of(TREFOIL_CHOICE_QUICK_REPLIES, 2);
    struct request_list list;

    (void) state;
    option_of(&message, 0)->title = "Monday in the morning 1"; /* the same when cut to 20, not to 24 */
    option_of(&message, 1)->title = "Monday in the morning 2";
    list = sent(&message, &person);
    assert_string_equal(text_at(&list, "interactive.type"), "list");
    assert_false(has_lost(&list, "title>20"));
    assert_true(has_lost(&list, "quick replies→list"));
    arena_reset(&mem);
}

/* A text of a choice: where it goes, how long it may be, and what is said when it is cut. */
struct trimming {
    enum trefoil_choice_shape shape;
    size_t max;
    const char *path, *lost;
    enum { HEADER, FOOTER, LABEL, TITLE, DESCRIPTION, SECTION } what;
};

static void set(struct trefoil_message *message, const struct trimming *trimming, const char *text)
{
    struct trefoil_choices *choices = &message->body.choices;

    switch (trimming->what) {
    case HEADER:
        choices->header = text;
        break;
    case FOOTER:
        choices->footer = text;
        break;
    case LABEL:
        choices->label = text;
        break;
    case TITLE:
        option_of(message, 0)->title = text;
        break;
    case DESCRIPTION:
        option_of(message, 0)->description = text;
        break;
    case SECTION:
        option_of(message, 0)->section = text;
        break;
    }
}

static void test_texts_of_choices_are_whole_at_their_limit_and_cut_with_a_note_beyond(void **state)
{
    static const struct trimming trimmings[] = {
        { TREFOIL_CHOICE_BUTTONS, 60, "interactive.header.text", "header>60", HEADER },
        { TREFOIL_CHOICE_BUTTONS, 60, "interactive.footer.text", "footer>60", FOOTER },
        { TREFOIL_CHOICE_BUTTONS, 20, "interactive.action.buttons.0.reply.title", "title>20", TITLE },
        { TREFOIL_CHOICE_LIST, 60, "interactive.header.text", "header>60", HEADER },
        { TREFOIL_CHOICE_LIST, 60, "interactive.footer.text", "footer>60", FOOTER },
        { TREFOIL_CHOICE_LIST, 20, "interactive.action.button", "label>20", LABEL },
        { TREFOIL_CHOICE_LIST, 24, "interactive.action.sections.0.rows.0.title", "title>24", TITLE },
        { TREFOIL_CHOICE_LIST, 72, "interactive.action.sections.0.rows.0.description", "description>72", DESCRIPTION },
        { TREFOIL_CHOICE_LIST, 24, "interactive.action.sections.0.title", "section>24", SECTION },
        { TREFOIL_CHOICE_LINK, 20, "interactive.action.parameters.display_text", "title>20", TITLE },
    };

    (void) state;
    for (size_t i = 0; i < 2 * ARRAY_SIZE(trimmings); i++) {
        const struct trimming *trimming = &trimmings[i / 2];
        bool is_over = i % 2;
        struct trefoil_message message = choices_of(trimming->shape, 1);
        struct request_list list;

        set(&message, trimming, repeated("é", trimming->max + is_over));
        list = sent(&message, &person);
        if (has_lost(&list, trimming->lost) != is_over)
            fail_msg("%s", trimming->path);
        assert_int_equal(text_length(bytes_of_text(text_at(&list, trimming->path)), TEXT_CODE_POINTS), trimming->max);
        arena_reset(&mem);
    }
}

static void test_ids_are_never_cut(void **state)
{
    static const struct {
        enum trefoil_choice_shape shape;
        size_t max;
    } cases[] = { { TREFOIL_CHOICE_BUTTONS, 256 }, { TREFOIL_CHOICE_LIST, 200 } };

    (void) state;
    for (size_t i = 0; i < 2 * ARRAY_SIZE(cases); i++) {
        struct trefoil_message message = choices_of(cases[i / 2].shape, 2);

        option_of(&message, 1)->id = repeated("x", cases[i / 2].max + i % 2);
        struct request_list list = sent(&message, &person);
        assert_string_equal(text_at(&list, "type"), i % 2 ? "text" : "interactive");
        arena_reset(&mem);
    }
}

static void test_options_that_cannot_be_told_apart_are_lines(void **state)
{
    struct trefoil_message same_id = choices_of(TREFOIL_CHOICE_BUTTONS, 2);
    struct trefoil_message same_title = choices_of(TREFOIL_CHOICE_BUTTONS, 2);
    struct request_list list;

    (void) state;
    option_of(&same_id, 1)->id = "id-0";
    option_of(&same_title, 1)->title = "Title 0";
    list = sent(&same_id, &person);
    assert_string_equal(text_at(&list, "type"), "text");
    list = sent(&same_title, &person);
    assert_string_equal(text_at(&list, "type"), "text");
    arena_reset(&mem);
}

static void test_a_question_that_is_too_long_goes_ahead_in_part(void **state)
{
    static const struct {
        enum trefoil_choice_shape shape;
        size_t max;
    } cases[] = { { TREFOIL_CHOICE_BUTTONS, 1024 },
                  { TREFOIL_CHOICE_LIST, 4096 },
                  { TREFOIL_CHOICE_LINK, 1024 },
                  { TREFOIL_CHOICE_ASK_LOCATION, 1024 },
                  { TREFOIL_CHOICE_ASK_CONTACT, 1024 } };

    (void) state;
    for (size_t i = 0; i < 2 * ARRAY_SIZE(cases); i++) {
        struct trefoil_message message = choices_of(cases[i / 2].shape, 1);

        message.body.choices.body = repeated("y", cases[i / 2].max + i % 2);
        struct request_list list = sent(&message, &person);
        assert_int_equal(list.n_requests, 1 + i % 2);
        assert_string_equal(text_at(&list, "type"), "interactive");
        assert_true(json_exists(at(&list, "biz_opaque_callback_data")));
        if (i % 2)
            assert_false(json_exists(json_get(body_of(&list, 0), "biz_opaque_callback_data")));
        arena_reset(&mem);
    }
}

static struct trefoil_message media_of(const struct trefoil_media *media, const char *caption)
{
    return (struct trefoil_message){ .kind = TREFOIL_KIND_MEDIA, .body.media = { caption, media, 1 } };
}

static void test_captions_are_whole_at_1024_and_follow_as_text_beyond(void **state)
{
    static const struct trefoil_media image = { .kind = TREFOIL_MEDIA_IMAGE, .mime = "image/png", .blob = BLOB };

    (void) state;
    for (size_t over = 0; over <= 1; over++) {
        struct trefoil_message message = media_of(&image, repeated("😀", 1024 + over));
        struct request_list list = sent(&message, &person);

        assert_int_equal(list.n_requests, 2 + over);
        assert_string_equal(text_at(&list, "type"), over ? "text" : "image");
        assert_int_equal(json_exists(json_get(json_get(body_of(&list, 1), "image"), "caption")), !over);
        assert_int_equal(has_lost(&list, "caption>1024"), over == 1);
        arena_reset(&mem);
    }
}

static void test_files_go_as_what_they_are_up_to_their_size_then_as_documents_then_as_words(void **state)
{
    static const struct {
        struct trefoil_media media;
        const char *fits, *over;
    } cases[] = {
        { { .kind = TREFOIL_MEDIA_IMAGE, .mime = "image/jpeg", .size_bytes = 5 * MB }, "image", "document" },
        { { .kind = TREFOIL_MEDIA_VIDEO, .mime = "video/mp4", .size_bytes = 16 * MB }, "video", "document" },
        { { .kind = TREFOIL_MEDIA_AUDIO, .mime = "audio/mpeg", .size_bytes = 16 * MB }, "audio", "document" },
        { { .kind = TREFOIL_MEDIA_VOICE, .mime = "audio/ogg", .size_bytes = 16 * MB }, "audio", "document" },
        { { .kind = TREFOIL_MEDIA_STICKER, .mime = "image/webp", .size_bytes = 100 * KB }, "sticker", "document" },
        { { .kind = TREFOIL_MEDIA_FILE, .mime = "text/plain", .size_bytes = 100 * MB }, "document", "text" },
    };

    (void) state;
    for (size_t i = 0; i < 2 * ARRAY_SIZE(cases); i++) {
        struct trefoil_media media = cases[i / 2].media;
        struct trefoil_message message = media_of(&media, NULL);

        media.blob = BLOB;
        media.size_bytes += i % 2;
        struct request_list list = sent(&message, &person);
        assert_string_equal(text_at(&list, "type"), i % 2 ? cases[i / 2].over : cases[i / 2].fits);
        if (media.kind == TREFOIL_MEDIA_FILE)
            assert_int_equal(has_lost(&list, "file too large"), i % 2);
        arena_reset(&mem);
    }
}

static void test_what_the_network_does_not_take_is_converted_where_that_can_be_done(void **state)
{
    static const struct {
        struct trefoil_media media;
        enum conversion conversion;
        const char *with, *without;
    } cases[] = {
        { { .kind = TREFOIL_MEDIA_VOICE, .mime = "audio/mp4" }, CONVERT_VOICE_OGG, "audio", "audio" },
        { { .kind = TREFOIL_MEDIA_IMAGE, .mime = "image/heic" }, CONVERT_IMAGE_JPEG, "image", "document" },
        { { .kind = TREFOIL_MEDIA_IMAGE, .mime = "image/webp" }, CONVERT_IMAGE_JPEG, "image", "document" },
        { { .kind = TREFOIL_MEDIA_STICKER, .mime = "image/png" }, CONVERT_STICKER_WEBP, "sticker", "image" },
        { { .kind = TREFOIL_MEDIA_ANIMATED, .mime = "image/gif" }, CONVERT_VIDEO_MP4, "video", "document" },
        { { .kind = TREFOIL_MEDIA_VIDEO, .mime = "video/webm" }, CONVERT_VIDEO_MP4, "video", "document" },
    };

    (void) state;
    for (size_t i = 0; i < 2 * ARRAY_SIZE(cases); i++) {
        struct trefoil_media media = cases[i / 2].media;
        struct trefoil_message message = media_of(&media, NULL);
        struct place place = person;

        media.blob = BLOB;
        place.conversions = i % 2 ? 0 : 1u << cases[i / 2].conversion;
        struct request_list list = sent(&message, &place);
        assert_string_equal(text_at(&list, "type"), i % 2 ? cases[i / 2].without : cases[i / 2].with);
        assert_int_equal(list.requests[0].upload->conversion, i % 2 ? CONVERT_NONE : cases[i / 2].conversion);
        if (media.kind == TREFOIL_MEDIA_VOICE)
            assert_int_equal(has_lost(&list, "voice→audio"), i % 2);
        arena_reset(&mem);
    }
}

static void test_files_without_their_bytes_are_words(void **state)
{
    static const struct trefoil_media lost = { .kind = TREFOIL_MEDIA_IMAGE, .mime = "image/png" };
    struct trefoil_message message = media_of(&lost, "Look");
    struct request_list list = sent(&message, &person);

    (void) state;
    assert_int_equal(list.n_requests, 1);
    assert_string_equal(text_at(&list, "text.body"), "[image] Look");
    assert_true(has_lost(&list, "image→text"));
    arena_reset(&mem);
}

static void test_names_that_could_act_are_not_sent(void **state)
{
    static const char *const names[] = { "../../x.pdf", "a\r\nb.pdf", ".hidden", "a\"b.pdf", "\u202e.exe", "" };

    (void) state;
    for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
        struct trefoil_media media = { .kind = TREFOIL_MEDIA_FILE, .mime = "application/pdf", .blob = BLOB };
        struct trefoil_message message = media_of(&media, NULL);

        media.name = names[i];
        struct request_list list = sent(&message, &person);
        assert_string_not_equal(text_at(&list, "document.filename"), names[i]);
        assert_null(strpbrk(list.requests[0].upload->file_name, "/\r\n\""));
    }
    arena_reset(&mem);
}

static void test_257_cards_go_and_the_next_is_noted(void **state)
{
    static struct trefoil_contact cards[258];
    struct trefoil_message message = { .kind = TREFOIL_KIND_CONTACTS };

    (void) state;
    for (size_t i = 0; i < ARRAY_SIZE(cards); i++)
        cards[i].name = "Bo";
    for (size_t over = 0; over <= 1; over++) {
        size_t n = 0;

        message.body.contacts = (struct trefoil_contacts){ cards, 257 + over };
        struct request_list list = sent(&message, &person);
        json_for_each (card, at(&list, "contacts"))
            n++;
        assert_int_equal(n, 257);
        assert_int_equal(has_lost(&list, "contacts>257"), over == 1);
    }
    arena_reset(&mem);
}

static void test_groups_get_text_files_and_templates_and_words_for_the_rest(void **state)
{
    static const struct trefoil_media image = { .kind = TREFOIL_MEDIA_IMAGE, .mime = "image/png", .blob = BLOB };
    struct trefoil_message buttons = choices_of(TREFOIL_CHOICE_BUTTONS, 2), picture = media_of(&image, NULL);
    struct trefoil_message place_ = { .kind = TREFOIL_KIND_LOCATION, .body.location = { 1, 2, "Dam", NULL, NULL } };
    struct trefoil_message typing = { .kind = TREFOIL_KIND_TYPING, .body.typing = { true } };
    struct trefoil_message heart = { .kind = TREFOIL_KIND_REACTION, .body.reaction = { "wamid.A", "❤", false } };
    struct place group = person;
    struct request_list list;

    (void) state;
    group.user_id = "Y2FwaV9ncm91cDoxNTU1MDAwMTExMToxMjAzNjMwMDAwMDAwMDAwMDEZD";
    list = sent(&buttons, &group);
    assert_string_equal(text_at(&list, "recipient_type"), "group");
    assert_string_equal(text_at(&list, "to"), group.user_id);
    assert_string_equal(text_at(&list, "type"), "text");
    list = sent(&place_, &group);
    assert_string_equal(text_at(&list, "type"), "text");
    list = sent(&picture, &group);
    assert_string_equal(text_at(&list, "type"), "image");
    list = sent(&typing, &group);
    assert_int_equal(list.n_requests, 0);
    assert_true(has_lost(&list, "typing"));
    list = sent(&heart, &group);
    assert_string_equal(text_at(&list, "type"), "text");
    arena_reset(&mem);
}

static void test_options_change_what_the_documentation_leaves_open(void **state)
{
    static const struct trefoil_media program = { .kind = TREFOIL_MEDIA_FILE,
                                                  .mime = "application/octet-stream",
                                                  .blob = BLOB };
    struct trefoil_message file = media_of(&program, NULL);
    struct trefoil_message text = { .kind = TREFOIL_KIND_TEXT };
    struct trefoil_message taken = { .kind = TREFOIL_KIND_REACTION, .body.reaction = { "x", NULL, true } };
    static const char *const relates[] = { "wamid.X" };
    struct place place = person;
    struct request_list list;

    (void) state;
    place.relates = relates;
    place.n_relates = 1;
    text.body.text.body = repeated("é", 4096);
    list = sent(&text, &person);
    assert_int_equal(list.n_requests, 1);
    options[WHATSAPP_TEXT_UNIT] = WHATSAPP_UNIT_BYTES;
    list = sent(&text, &person);
    assert_int_equal(list.n_requests, 2);
    options[WHATSAPP_DOCUMENT_TYPES] = WHATSAPP_DOCUMENTS_LISTED;
    list = sent(&file, &person);
    assert_string_equal(text_at(&list, "type"), "text");
    options[WHATSAPP_REACTION_REMOVAL] = WHATSAPP_REMOVAL_DROPPED;
    list = sent(&taken, &place);
    assert_int_equal(list.n_requests, 0);
    memset(options, 0, sizeof options);
    list = sent(&taken, &place);
    assert_string_equal(text_at(&list, "reaction.emoji"), "");
    arena_reset(&mem);
}

static void test_emphasis_is_marked_where_it_can_be_shown(void **state)
{
    static const struct {
        const char *body;
        struct trefoil_span spans[2];
        const char *marked;
        bool is_lost;
    } cases[] = {
        { "Hello quiet",
          { { TREFOIL_SPAN_BOLD, 0, 5, NULL }, { TREFOIL_SPAN_ITALIC, 6, 5, NULL } },
          "*Hello* _quiet_",
          0 },
        { "both", { { TREFOIL_SPAN_BOLD, 0, 4, NULL }, { TREFOIL_SPAN_STRIKE, 0, 4, NULL } }, "*~both~*", 0 },
        { "ab", { { TREFOIL_SPAN_MONO, 0, 1, NULL }, { TREFOIL_SPAN_BOLD, 1, 1, NULL } }, "`a`*b*", 0 },
        { "an edge ", { { TREFOIL_SPAN_BOLD, 2, 6, NULL }, { TREFOIL_SPAN_BOLD, 2, 1, NULL } }, "an *edge* ", 0 },
        { "shop",
          { { TREFOIL_SPAN_LINK, 0, 4, "https://x.y" }, { TREFOIL_SPAN_BOLD, 0, 4, NULL } },
          "*shop* (https://x.y)",
          0 },
        { "https://x.y",
          { { TREFOIL_SPAN_LINK, 0, 11, "https://x.y" }, { TREFOIL_SPAN_BOLD, 0, 0, NULL } },
          "https://x.y",
          0 },
        { "two\nlines", { { TREFOIL_SPAN_BOLD, 0, 9, NULL }, { TREFOIL_SPAN_BOLD, 0, 3, NULL } }, "*two*\nlines", 1 },
        { "@Ana", { { TREFOIL_SPAN_MENTION, 0, 4, "1" }, { TREFOIL_SPAN_BOLD, 0, 99, NULL } }, "@Ana", 1 },
    };

    (void) state;
    for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
        struct trefoil_message message = { .kind = TREFOIL_KIND_TEXT,
                                           .body.text = { cases[i].body, cases[i].spans, 2 } };
        struct request_list list = sent(&message, &person);

        assert_string_equal(text_at(&list, "text.body"), cases[i].marked);
        assert_int_equal(has_lost(&list, "formatting"), cases[i].is_lost);
    }
    arena_reset(&mem);
}

static void test_a_shape_of_a_services_own_is_taken_whole_or_refused(void **state)
{
    static const char *const key[] = { "native.whatsapp" };
    static const char *const bad[] = { "[]", "{", "", "{\"a\":1,\"a\":2}" };
    struct trefoil_message message = {
        .kind = TREFOIL_KIND_TEXT, .body.text = { "x", NULL, 0 }, .extra_keys = key, .n_extras = 1
    };

    (void) state;
    for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
        struct request_list list = { 0 };

        message.extra_values = &bad[i];
        assert_int_equal(whatsapp_ops.encode(&message, &person, &mem, &list), -ENOTSUP);
        assert_int_equal(list.n_requests, 0);
        assert_true(has_lost(&list, "native"));
    }
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
        cmocka_unit_test(test_as_many_options_as_a_shape_takes_and_one_more_are_lines),
        cmocka_unit_test(test_few_quick_replies_are_buttons_and_more_a_list),
        cmocka_unit_test(test_what_a_shape_that_was_not_sent_would_have_lost_is_not_said),
        cmocka_unit_test(test_texts_of_choices_are_whole_at_their_limit_and_cut_with_a_note_beyond),
        cmocka_unit_test(test_ids_are_never_cut),
        cmocka_unit_test(test_options_that_cannot_be_told_apart_are_lines),
        cmocka_unit_test(test_a_question_that_is_too_long_goes_ahead_in_part),
        cmocka_unit_test(test_captions_are_whole_at_1024_and_follow_as_text_beyond),
        cmocka_unit_test(test_files_go_as_what_they_are_up_to_their_size_then_as_documents_then_as_words),
        cmocka_unit_test(test_what_the_network_does_not_take_is_converted_where_that_can_be_done),
        cmocka_unit_test(test_files_without_their_bytes_are_words),
        cmocka_unit_test(test_names_that_could_act_are_not_sent),
        cmocka_unit_test(test_257_cards_go_and_the_next_is_noted),
        cmocka_unit_test(test_groups_get_text_files_and_templates_and_words_for_the_rest),
        cmocka_unit_test(test_options_change_what_the_documentation_leaves_open),
        cmocka_unit_test(test_emphasis_is_marked_where_it_can_be_shown),
        cmocka_unit_test(test_a_shape_of_a_services_own_is_taken_whole_or_refused),
    };

    return cmocka_run_group_tests_name("whatsapp limits", tests, NULL, free_memory);
}
