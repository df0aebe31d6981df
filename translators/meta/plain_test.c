/* What every kind of message says in words. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <math.h>
#include <string.h>

#include "base/attributes.h"
#include "plain.h"

static struct arena mem = { .max_bytes = 1u << 20 };

static void says(const struct trefoil_message *message, const char *words)
{
    const char *said = plain_text(message, &mem);

    if (!words)
        assert_null(said);
    else if (!said)
        fail_msg("says nothing instead of \"%s\"", words);
    else
        assert_string_equal(said, words);
    arena_reset(&mem);
}

#define LOCATION(...) \
    (&(const struct trefoil_message){ .kind = TREFOIL_KIND_LOCATION, .body.location = { __VA_ARGS__ } })

static void test_a_link_keeps_its_address(void **state unused_)
{
    static const struct trefoil_span spans[] = {
        { TREFOIL_SPAN_BOLD, 0, 3, NULL },
        { TREFOIL_SPAN_LINK, 4, 4, "https://example.org/" },
        { TREFOIL_SPAN_LINK, 9, 3, "https://example.com/" },
        { TREFOIL_SPAN_LINK, 9, 300, "https://example.net/" }, /* beyond the text */
    };
    static const struct trefoil_span known[] = { { TREFOIL_SPAN_LINK, 0, 14, "https://x.org/" } };

    says(&(const struct trefoil_message){ .kind = TREFOIL_KIND_TEXT, .body.text = { "See this and that", spans, 4 } },
         "See this (https://example.org/) and (https://example.com/) that");
    says(&(const struct trefoil_message){ .kind = TREFOIL_KIND_TEXT, .body.text = { "https://x.org/ !", known, 1 } },
         "https://x.org/ !");
}

static void test_a_location_is_its_name_and_a_map_link(void **state unused_)
{
    says(LOCATION(52.370216, 4.895168, "Dam", "Dam Square, Amsterdam", NULL),
         "📍 Dam, Dam Square, Amsterdam\nhttps://maps.google.com/?q=52.370216,4.895168");
    says(LOCATION(-0.5, -180, NULL, NULL, NULL), "📍 location\nhttps://maps.google.com/?q=-0.500000,-180.000000");
    says(LOCATION(0, 0, NULL, "Sea", NULL), "📍 Sea\nhttps://maps.google.com/?q=0.000000,0.000000");
}

static void test_a_location_off_the_earth_has_no_link(void **state unused_)
{
    says(LOCATION(90.5, 0, "Nowhere", NULL, NULL), "📍 Nowhere");
    says(LOCATION((double) NAN, 0, "Nowhere", NULL, "https://example.org/"), "📍 Nowhere\nhttps://example.org/");
    says(LOCATION((double) INFINITY, 0, NULL, NULL, NULL), "📍 location");
}

static void test_contact_cards_show_numbers_and_addresses(void **state unused_)
{
    static const char *const phones[] = { "+1555", "+1556" }, *const emails[] = { "ada@example.org" };
    static const struct trefoil_contact cards[] = {
        { .name = "Ada", .phones = phones, .n_phones = 2, .emails = emails, .n_emails = 1, .organization = "Mills" },
        { 0 },
    };

    says(&(const struct trefoil_message){ .kind = TREFOIL_KIND_CONTACTS, .body.contacts = { cards, 2 } },
         "👤 Ada, Mills\n+1555\n+1556\nada@example.org\n\n👤 contact");
}

static void test_choices_are_numbered_under_their_sections(void **state unused_)
{
    static const struct trefoil_option options[] = {
        { .id = "R", .title = "Red", .description = "warm", .section = "Colours" },
        { .id = "B", .title = "Blue", .section = "Colours" },
        { .title = "Site", .url = "https://example.org", .section = "Else" },
        { .url = "https://example.com" },
    };

    says(&(const struct trefoil_message){ .kind = TREFOIL_KIND_CHOICES,
                                          .body.choices = { TREFOIL_CHOICE_LIST, "Shop", "Pick", "Thanks", "Open",
                                                            options, 4 } },
         "Shop\nPick\nColours:\n1. Red – warm\n2. Blue\nElse:\n3. Site: https://example.org\n4. https://example.com\n"
         "Thanks");
}

static void test_a_choice_made_is_its_title(void **state unused_)
{
    struct trefoil_message message = { .kind = TREFOIL_KIND_CHOICE, .body.choice = { .id = "R", .title = "Red" } };

    says(&message, "Red");
    message.body.choice.title = NULL;
    says(&message, "R");
    message.fallback = "[form]";
    says(&message, "[form]");
}

static void test_an_order_lists_items_and_note(void **state unused_)
{
    static const struct trefoil_order_item items[] = { { "sku-1", "Mug", "9", "USD", 2 },
                                                       { "sku-2", NULL, NULL, NULL, 0 } };

    says(&(const struct trefoil_message){ .kind = TREFOIL_KIND_ORDER, .body.order = { NULL, "no rush", items, 2 } },
         "🛒 2 × Mug, 9 USD\n1 × sku-2\nno rush");
    says(&(const struct trefoil_message){ .kind = TREFOIL_KIND_ORDER, .body.order = { NULL, "no rush", NULL, 0 } },
         "🛒 no rush");
}

static void test_files_are_words_before_their_caption(void **state unused_)
{
    static const struct trefoil_media media[] = { { .kind = TREFOIL_MEDIA_IMAGE },
                                                  { .kind = TREFOIL_MEDIA_FILE, .name = "plan.pdf" } };

    says(&(const struct trefoil_message){ .kind = TREFOIL_KIND_MEDIA, .body.media = { "Look", media, 2 } },
         "[image] [file: plan.pdf] Look");
    says(&(const struct trefoil_message){ .kind = TREFOIL_KIND_MEDIA,
                                          .is_edit = true,
                                          .body.media = { "Look", media, 1 } },
         "✎ [image] Look");
    says(&(const struct trefoil_message){ .kind = TREFOIL_KIND_MEDIA }, "[media]");
}

static void test_relations_have_a_line_each(void **state unused_)
{
    says(&(const struct trefoil_message){ .kind = TREFOIL_KIND_TEXT, .is_edit = true, .body.text = { "new", NULL, 0 } },
         "✎ new");
    says(&(const struct trefoil_message){ .kind = TREFOIL_KIND_TEXT, .is_edit = true }, "✎ ");
    says(&(const struct trefoil_message){ .kind = TREFOIL_KIND_LOCATION,
                                          .is_edit = true,
                                          .body.location = { 0, 0, "Sea", NULL, NULL } },
         "✎ 📍 Sea\nhttps://maps.google.com/?q=0.000000,0.000000");
    says(&(const struct trefoil_message){ .kind = TREFOIL_KIND_RETRACT }, "🗑 unsent a message");
    says(&(const struct trefoil_message){ .kind = TREFOIL_KIND_REACTION, .body.reaction = { "m", "👍", false } }, "👍");
    says(&(const struct trefoil_message){ .kind = TREFOIL_KIND_REACTION, .body.reaction = { "m", NULL, true } },
         "took back a reaction");
}

static void test_what_has_no_words_brings_its_own_line_or_is_named(void **state unused_)
{
    for (size_t kind = TREFOIL_KIND_NONE; kind < TREFOIL_N_KINDS; kind++) {
        struct trefoil_message message = { .kind = (enum trefoil_kind) kind };
        bool is_silent = kind == TREFOIL_KIND_NONE || kind == TREFOIL_KIND_RECEIPT || kind == TREFOIL_KIND_TYPING ||
                         kind == TREFOIL_KIND_PRESENCE || kind == TREFOIL_KIND_SYSTEM || kind == TREFOIL_KIND_ACCOUNT ||
                         kind == TREFOIL_KIND_TEXT;

        arena_reset(&mem);
        assert_int_equal(plain_text(&message, &mem) == NULL, is_silent);
        message.fallback = "a line";
        if (kind == TREFOIL_KIND_SYSTEM || kind == TREFOIL_KIND_UNSUPPORTED || kind == TREFOIL_KIND_TEMPLATE)
            says(&message, "a line");
    }
}

static void test_an_exhausted_arena_says_nothing_and_says_so(void **state unused_)
{
    struct arena nothing = ARENA_EMPTY(0);

    assert_null(plain_text(LOCATION(1, 2, "x", "y", NULL), &nothing));
    assert_true(nothing.failed);
}

static int free_memory(void **state unused_)
{
    arena_deinit(&mem);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_link_keeps_its_address),
        cmocka_unit_test(test_a_location_is_its_name_and_a_map_link),
        cmocka_unit_test(test_a_location_off_the_earth_has_no_link),
        cmocka_unit_test(test_contact_cards_show_numbers_and_addresses),
        cmocka_unit_test(test_choices_are_numbered_under_their_sections),
        cmocka_unit_test(test_a_choice_made_is_its_title),
        cmocka_unit_test(test_an_order_lists_items_and_note),
        cmocka_unit_test(test_files_are_words_before_their_caption),
        cmocka_unit_test(test_relations_have_a_line_each),
        cmocka_unit_test(test_what_has_no_words_brings_its_own_line_or_is_named),
        cmocka_unit_test(test_an_exhausted_arena_says_nothing_and_says_so),
    };

    return cmocka_run_group_tests_name("plain", tests, NULL, free_memory);
}
