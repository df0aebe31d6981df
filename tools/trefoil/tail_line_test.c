/* Lines of `trefoil tail`: who said what, about what, on one line whatever it is. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <cmocka.h>

#include "base/attributes.h"
#include "cli/tail_line.h"

static struct tail_memory memory;

static int set_up(void **state unused_)
{
    setenv("TZ", "UTC", 1);
    tzset();
    memory = (struct tail_memory){ .next = 0 };
    return 0;
}

static struct trefoil_delivery hello(void)
{
    return (struct trefoil_delivery){
        .seq = 7,
        .envelope = { { 1 } },
        .room = { { 0xab, 0xcd } },
        .accepted_ms = 1700000000123,
        .sender = "whatsapp",
        .from = { "whatsapp/1065", "1555" },
        .message = { .kind = TREFOIL_KIND_TEXT,
                     .author = { .network = "whatsapp", .name = "Ana" },
                     .body.text.body = "Hello" },
    };
}

static char *line_of(const struct trefoil_delivery *delivery, const char *room)
{
    char *text = NULL;
    size_t size;
    FILE *out = open_memstream(&text, &size);

    assert_non_null(out);
    tail_put_line(out, &memory, delivery, room);
    assert_int_equal(fclose(out), 0);
    return text;
}

static void assert_line(const struct trefoil_delivery *delivery, const char *room, const char *expected)
{
    char *text = line_of(delivery, room);

    assert_string_equal(text, expected);
    free(text);
}

static void test_line_has_time_room_author_network_and_text(void **state unused_)
{
    struct trefoil_delivery delivery = hello();

    assert_line(&delivery, "Trefoil", "22:13:20  Trefoil  Ana (whatsapp): Hello\n");
    assert_line(&delivery, NULL, "22:13:20  abcd0000  Ana (whatsapp): Hello\n");
}

static void test_reply_and_reaction_quote_what_was_seen(void **state unused_)
{
    const struct trefoil_id related[] = { { { 1 } } }, unknown[] = { { { 9 } } };
    struct trefoil_delivery delivery = hello();

    free(line_of(&delivery, "T"));
    delivery.envelope = (struct trefoil_id){ { 2 } };
    delivery.relates_ids = related;
    delivery.n_relates_ids = 1;
    delivery.message.kind = TREFOIL_KIND_REACTION;
    delivery.message.body.reaction = (struct trefoil_reaction){ .emoji = "\xe2\x9d\xa4" };
    assert_line(&delivery, "T", "22:13:20  T  Ana (whatsapp): [reacts] \xe2\x9d\xa4  ↩ “Hello”\n");
    delivery.relates_ids = unknown;
    assert_line(&delivery, "T",
                "22:13:20  T  Ana (whatsapp): [reacts] \xe2\x9d\xa4  ↩ 09000000000000000000000000000000\n");
}

static void test_unsupported_shows_its_fallback_and_stays_one_line(void **state unused_)
{
    struct trefoil_delivery delivery = hello();

    delivery.message.kind = TREFOIL_KIND_UNSUPPORTED;
    delivery.message.fallback = "Ana ordered\n2 things";
    delivery.message.body.unsupported = (struct trefoil_unsupported){ .network_kind = "order" };
    assert_line(&delivery, "T", "22:13:20  T  Ana (whatsapp): [unsupported] order Ana ordered 2 things\n");
}

static void test_unreadable_says_why(void **state unused_)
{
    struct trefoil_delivery delivery = hello();

    delivery.unreadable = true;
    delivery.why = "no grant for us";
    delivery.message = (struct trefoil_message){ .kind = TREFOIL_KIND_NONE };
    assert_line(&delivery, "T", "22:13:20  T  whatsapp: [cannot be opened] no grant for us\n");
}

static void test_long_text_is_quoted_up_to_a_characters_border(void **state unused_)
{
    const struct trefoil_id related[] = { { { 1 } } };
    struct trefoil_delivery delivery = hello();
    char *text;

    delivery.message.body.text.body = "aaaaaaaaaabbbbbbbbbbccccccccccddddd\xc3\xa9\xc3\xa9\xc3\xa9";
    free(line_of(&delivery, "T"));
    delivery.relates_ids = related;
    delivery.n_relates_ids = 1;
    text = line_of(&delivery, "T");
    assert_non_null(strstr(text, "“aaaaaaaaaabbbbbbbbbbccccccccccddddd…”"));
    free(text);
}

static void test_json_has_ids_names_and_text(void **state unused_)
{
    struct trefoil_delivery delivery = hello();
    char *text = NULL;
    size_t size;
    FILE *out = open_memstream(&text, &size);

    assert_non_null(out);
    tail_put_json(out, &delivery, "T");
    assert_int_equal(fclose(out), 0);
    assert_string_equal(
        text,
        "{\"seq\":7,\"accepted_ms\":1700000000123,\"attempt\":0,\"envelope\":\"01000000000000000000000000000000\","
        "\"room\":\"abcd0000000000000000000000000000\",\"room_name\":\"T\",\"sender\":\"whatsapp\","
        "\"account\":\"whatsapp/1065\",\"user_id\":\"1555\",\"echo\":false,\"relates\":[],\"kind\":\"text\","
        "\"sent_ms\":0,\"author\":{\"network\":\"whatsapp\",\"user_id\":null,\"name\":\"Ana\"},\"text\":\"Hello\","
        "\"fallback\":null,"
        "\"content\":{\"author\":{\"network\":\"whatsapp\",\"name\":\"Ana\"},\"text\":{\"body\":\"Hello\"}}}\n");
    free(text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(test_line_has_time_room_author_network_and_text, set_up),
        cmocka_unit_test_setup(test_reply_and_reaction_quote_what_was_seen, set_up),
        cmocka_unit_test_setup(test_unsupported_shows_its_fallback_and_stays_one_line, set_up),
        cmocka_unit_test_setup(test_unreadable_says_why, set_up),
        cmocka_unit_test_setup(test_long_text_is_quoted_up_to_a_characters_border, set_up),
        cmocka_unit_test_setup(test_json_has_ids_names_and_text, set_up),
    };
    return cmocka_run_group_tests_name("tail_line", tests, NULL, NULL);
}
