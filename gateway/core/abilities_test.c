/* Games on paper: an account's capability record is its owner's word, kept as long as the roster knows the account. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "core/abilities.h"
#include "core_kit/game.h"

static int put(struct game *game, enum game_service service, const char *account, const char *record)
{
    struct id channel = game_channel(), id = game_id(service);
    struct ability ability = { bytes_of_text(account), bytes_of_text(record), game->broker.now_ms };

    arena_reset(&game->broker.scratch);
    return abilities_put(&game->broker, &id, &channel, &ability);
}

struct seen {
    char accounts[8][32], records[8][32];
    uint64_t since_ms[8];
    int n;
};

static int see(void *context, const struct ability *ability)
{
    struct seen *seen = context;

    assert_int_equal(bytes_copy(ability->account, seen->accounts[seen->n], 31), 0);
    assert_int_equal(bytes_copy(ability->record, seen->records[seen->n], 31), 0);
    seen->since_ms[seen->n++] = ability->since_ms;
    return 0;
}

static struct seen list(struct game *game, const char *after)
{
    struct id channel = game_channel();
    struct seen seen = { .n = 0 };

    assert_int_equal(abilities_list(&game->broker, &channel, bytes_of_text(after), see, &seen), 0);
    return seen;
}

static void test_record_is_kept_listed_by_account_and_survives_a_restart(void **state)
{
    struct game *game = *state;

    assert_int_equal(put(game, WHATSAPP, "whatsapp/1", "voice"), 1);
    assert_int_equal(put(game, MESSENGER, "messenger/2", "text"), 1);
    game_restart(game);
    struct seen seen = list(game, "");
    assert_int_equal(seen.n, 2);
    assert_string_equal(seen.accounts[0], "messenger/2");
    assert_string_equal(seen.accounts[1], "whatsapp/1");
    assert_string_equal(seen.records[1], "voice");
    seen = list(game, "messenger/2");
    assert_int_equal(seen.n, 1);
    assert_string_equal(seen.accounts[0], "whatsapp/1");
}

static void test_identical_record_is_not_written_again(void **state)
{
    struct game *game = *state;
    uint64_t first_ms = game->broker.now_ms;

    assert_int_equal(put(game, WHATSAPP, "whatsapp/1", "voice"), 1);
    game_pass_ms(game, 5000);
    assert_int_equal(put(game, WHATSAPP, "whatsapp/1", "voice"), 0);
    assert_int_equal(list(game, "").since_ms[0], first_ms);
    assert_int_equal(put(game, WHATSAPP, "whatsapp/1", "stickers"), 1);
    assert_int_equal(list(game, "").since_ms[0], first_ms + 5000);
    assert_int_equal(memory_tables_count(game->memory, TABLE_CAPABILITIES), 1);
}

static void test_only_the_owner_of_the_account_speaks_for_it(void **state)
{
    struct game *game = *state;

    assert_int_equal(put(game, MESSENGER, "whatsapp/1", "nothing"), -EACCES);
    assert_int_equal(put(game, BOT, "whatsapp/1", "nothing"), -EACCES);
    assert_int_equal(put(game, WHATSAPP, "whatsapp/9", "an account nobody has"), -EACCES);
    assert_int_equal(list(game, "").n, 0);
}

static void test_record_is_bounded(void **state)
{
    struct game *game = *state;
    static const uint8_t large[BUS_CAPABILITIES_MAX_BYTES + 1];
    struct id channel = game_channel(), id = game_id(WHATSAPP);
    struct ability ability = { bytes_of_text("whatsapp/1"), bytes_make(large, sizeof(large)), 1 };

    assert_int_equal(abilities_put(&game->broker, &id, &channel, &ability), -EMSGSIZE);
    ability.record.size--;
    assert_int_equal(abilities_put(&game->broker, &id, &channel, &ability), 1);
}

static void test_record_goes_with_the_account(void **state)
{
    struct game *game = *state;
    struct id channel = game_channel(), whatsapp = game_id(WHATSAPP);
    struct members *members;

    assert_int_equal(put(game, WHATSAPP, "whatsapp/1", "voice"), 1);
    assert_int_equal(put(game, MESSENGER, "messenger/2", "text"), 1);
    assert_int_equal(members_new(2, 1, 1, &members), 0);
    assert_int_equal(members_add_channel(members, &channel, bytes_of_text("main"), 3600000), 0);
    assert_int_equal(members_add_service(members, &whatsapp, bytes_of_text("whatsapp"), MEMBER_TRANSLATOR), 0);
    assert_int_equal(members_add_account(members, &whatsapp, bytes_of_text("whatsapp/1")), 0);
    assert_int_equal(members_allow(members, &channel, &whatsapp, true, true), 0);
    assert_int_equal(broker_set_members(&game->broker, &members), 0);
    assert_int_equal(list(game, "").n, 1);
    assert_int_equal(memory_tables_count(game->memory, TABLE_CAPABILITIES), 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        ON_PAPER(test_record_is_kept_listed_by_account_and_survives_a_restart),
        ON_PAPER(test_identical_record_is_not_written_again),
        ON_PAPER(test_only_the_owner_of_the_account_speaks_for_it),
        ON_PAPER(test_record_is_bounded),
        ON_PAPER(test_record_goes_with_the_account),
    };

    return cmocka_run_group_tests_name("abilities", tests, NULL, NULL);
}
