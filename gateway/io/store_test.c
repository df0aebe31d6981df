/* What the gateway relies on when nothing goes wrong: everything written is read back, at once and after a restart. */
#include "store_world.h"

#include "store_overlay.h"
#include "store_writer.h"

#include "seen.h"

#include <fcntl.h>

static void make_id(uint64_t n, uint8_t ret[16])
{
    memset(ret, 0, 16);
    memcpy(ret, &n, sizeof(n));
}

static void mark(struct world *world, uint64_t n, uint64_t now_ms)
{
    uint8_t id[16];

    make_id(n, id);
    assert_int_equal(store_mark_seen(world->store, id, n + 7, now_ms), 0);
}

static bool is_seen(struct world *world, uint64_t n)
{
    uint8_t id[16];
    uint64_t seq = 0;

    make_id(n, id);
    int r = store_seen(world->store, id, &seq);
    assert_true(r == 0 || r == 1);
    if (r == 1)
        assert_int_equal(seq, n + 7);
    return r == 1;
}

struct collected {
    uint64_t n, first, stop_after;
};

static int collect(void *context, uint64_t seq, struct bytes record)
{
    struct collected *collected = context;

    if (collected->n == 0)
        collected->first = seq;
    assert_int_equal(seq, collected->first + collected->n);
    expect_record(seq, record);
    return ++collected->n == collected->stop_after ? 5 : 0;
}

static struct collected read_from(struct world *world, uint64_t seq)
{
    struct collected collected = { 0 };

    assert_int_equal(store_read(world->store, seq, collect, &collected), 0);
    return collected;
}

static void test_new_store_is_empty(void **state unused_)
{
    struct world world;
    struct bytes record;

    world_open(&world);
    assert_int_equal(store_head(world.store), 0);
    assert_int_equal(store_tail(world.store), 1);
    assert_int_equal(store_durable(world.store), 0);
    assert_int_equal(read_from(&world, 0).n, 0);
    assert_int_equal(store_record(world.store, 1, &world.mem, &record), -ENOENT);
    expect(&world, STORE_ROOMS, "a", NULL);
    assert_false(is_seen(&world, 1));
    world_close(&world);
}

static void test_empty_batch_is_not_handed_over(void **state unused_)
{
    struct world world;
    bool is_empty = false;

    world_open(&world);
    assert_int_equal(store_submit(world.store, 9, &is_empty), 0);
    assert_true(is_empty);
    assert_int_equal(store_backlog_bytes(world.store), 0);
    world_close(&world);
}

static void test_records_of_all_sizes_come_back_before_and_after_a_restart(void **state unused_)
{
    static const size_t sizes[] = { 0, 1, 700, 3, 65000, 65536, 300000, 12, 700, 32000, 32000, 2000 };
    struct world world;
    struct bytes record;

    world_open(&world);
    for (uint64_t i = 1; i <= 600; i++) {
        append(&world, sizes[i % ARRAY_SIZE(sizes)]);
        if (i % 7 == 0)
            submit(&world);
    }
    submit(&world);
    for (int round = 0; round < 3; round++) {
        for (uint64_t i = 1; i <= 600; i++) {
            assert_int_equal(store_record(world.store, i, &world.mem, &record), 0);
            assert_int_equal(record.size, sizes[i % ARRAY_SIZE(sizes)]);
            expect_record(i, record);
            arena_reset(&world.mem);
        }
        assert_int_equal(store_record(world.store, 601, &world.mem, &record), -ENOENT);
        settle(&world);
        assert_int_equal(read_from(&world, 0).n, 600);
        assert_int_equal(read_from(&world, 595).n, 6);
        assert_int_equal(store_backlog_bytes(world.store), 0);
        if (round == 1)
            world_reopen(&world);
    }
    assert_int_equal(store_head(world.store), 600);
    assert_int_equal(store_durable(world.store), 600);
    world_close(&world);
}

static void test_read_gives_durable_records_only_and_passes_the_answer_on(void **state unused_)
{
    struct world world;
    struct collected collected = { .stop_after = 2 };

    world_open(&world);
    for (int i = 0; i < 5; i++)
        append(&world, 100);
    assert_int_equal(read_from(&world, 1).n, 0);
    submit(&world);
    settle(&world);
    append(&world, 100);
    assert_int_equal(read_from(&world, 1).n, 5);
    assert_int_equal(store_read(world.store, 2, collect, &collected), 5);
    assert_int_equal(collected.first, 2);
    world_close(&world);
}

static void test_changes_are_visible_in_the_open_batch_in_flight_and_on_disk(void **state unused_)
{
    struct world world;

    world_open(&world);
    put(&world, STORE_ROOMS, "one", "1");
    put(&world, STORE_REFS, "one", "another table");
    expect(&world, STORE_ROOMS, "one", "1");
    put(&world, STORE_ROOMS, "one", "a value that needs more room than the first had, and then some");
    expect(&world, STORE_ROOMS, "one", "a value that needs more room than the first had, and then some");
    submit(&world);
    expect(&world, STORE_ROOMS, "one", "a value that needs more room than the first had, and then some");
    put(&world, STORE_ROOMS, "one", "2");
    drop(&world, STORE_REFS, "one");
    expect(&world, STORE_REFS, "one", NULL);
    submit(&world);
    drop(&world, STORE_REFS, "never was");
    submit(&world);
    settle(&world);
    expect(&world, STORE_ROOMS, "one", "2");
    expect(&world, STORE_REFS, "one", NULL);
    world_reopen(&world);
    expect(&world, STORE_ROOMS, "one", "2");
    expect(&world, STORE_REFS, "one", NULL);
    world_close(&world);
}

static void test_keys_that_cannot_be_are_refused(void **state unused_)
{
    struct world world;
    char key[STORE_KEY_MAX_BYTES + 2];

    world_open(&world);
    memset(key, 'k', sizeof(key));
    key[STORE_KEY_MAX_BYTES + 1] = '\0';
    assert_int_equal(store_put(world.store, STORE_ROOMS, BYTES_EMPTY, BYTES_EMPTY), -EMSGSIZE);
    assert_int_equal(store_put(world.store, STORE_ROOMS, bytes_of_text(key), BYTES_EMPTY), -EMSGSIZE);
    key[STORE_KEY_MAX_BYTES] = '\0';
    put(&world, STORE_ROOMS, key, "");
    submit(&world);
    settle(&world);
    expect(&world, STORE_ROOMS, key, "");
    world_close(&world);
}

static int write_down(void *context, struct bytes key, struct bytes value)
{
    char *text = context;
    size_t n = strlen(text);

    snprintf(text + n, 256 - n, "%.*s=%.*s ", (int) key.size, (const char *) key.data, (int) value.size,
             (const char *) value.data);
    return bytes_equal_text(key, "stop") ? 3 : 0;
}

static void expect_scan(struct world *world, const char *prefix, const char *after, const char *wanted)
{
    char text[256] = "";

    assert_int_equal(
        store_scan(world->store, STORE_PARKED, bytes_of_text(prefix), bytes_of_text(after), write_down, text), 0);
    assert_string_equal(text, wanted);
}

/* Long keys are found by what they begin with: none of the room is missing, and none of another is shown. */
static void test_scan_of_one_room_finds_its_changes_among_many_others(void **state unused_)
{
    static const char room[] = "channel-channel-service-service-room-room-room-r";
    struct world world;
    char key[80];

    world_open(&world);
    assert_int_equal(sizeof(room) - 1, OVERLAY_GROUP_BYTES);
    put(&world, STORE_PARKED, "channel-channel-service-service-room-room-room-r1", "disk");
    submit(&world);
    settle(&world);
    for (unsigned i = 0; i < 20000; i++) {
        (void) snprintf(key, sizeof(key), "channel-channel-service-service-other%011u1", i);
        put(&world, STORE_PARKED, key, "other");
        put(&world, STORE_SUBSCRIPTIONS, key, "other table");
    }
    submit(&world);
    put(&world, STORE_PARKED, room, "itself");
    put(&world, STORE_PARKED, "channel-channel-service-service-room-room-room-r3", "open");
    put(&world, STORE_PARKED, "channel-channel-service-service-room-room-room-r2", "replaced");
    put(&world, STORE_PARKED, "channel-channel-service-service-room-room-room-r2", "open");
    expect_scan(&world, room, "channel-channel-service-service-room-room-room-r1",
                "channel-channel-service-service-room-room-room-r2=open "
                "channel-channel-service-service-room-room-room-r3=open ");
    expect_scan(&world, room, "channel-channel-service-service-room-room-room-r2",
                "channel-channel-service-service-room-room-room-r3=open ");
    drop(&world, STORE_PARKED, "channel-channel-service-service-room-room-room-r3");
    expect_scan(&world, room, "",
                "channel-channel-service-service-room-room-room-r=itself "
                "channel-channel-service-service-room-room-room-r1=disk "
                "channel-channel-service-service-room-room-room-r2=open ");
    world_close(&world);
}

static void test_scan_merges_disk_and_what_is_not_there_yet_in_key_order(void **state unused_)
{
    struct world world;
    char text[256] = "";

    world_open(&world);
    put(&world, STORE_PARKED, "a1", "disk");
    put(&world, STORE_PARKED, "a3", "disk");
    put(&world, STORE_PARKED, "a5", "disk");
    put(&world, STORE_PARKED, "b1", "disk");
    submit(&world);
    settle(&world);
    put(&world, STORE_PARKED, "a2", "flying");
    put(&world, STORE_PARKED, "a3", "flying");
    drop(&world, STORE_PARKED, "a5");
    submit(&world);
    put(&world, STORE_PARKED, "a6", "open");
    put(&world, STORE_PARKED, "a0", "open");
    put(&world, STORE_PARKED, "a7", "open");
    drop(&world, STORE_PARKED, "a7");

    expect_scan(&world, "a", "", "a0=open a1=disk a2=flying a3=flying a6=open ");
    expect_scan(&world, "a", "a2", "a3=flying a6=open ");
    expect_scan(&world, "", "a3", "a6=open b1=disk ");
    expect_scan(&world, "c", "", "");
    submit(&world);
    settle(&world);
    expect_scan(&world, "a", "", "a0=open a1=disk a2=flying a3=flying a6=open ");
    put(&world, STORE_PARKED, "stop", "");
    assert_int_equal(store_scan(world.store, STORE_PARKED, bytes_of_text("s"), BYTES_EMPTY, write_down, text), 3);
    world_close(&world);
}

static void test_many_batches_in_flight_keep_their_order(void **state unused_)
{
    struct world world;
    char value[16];

    world_open(&world);
    for (int i = 0; i < 3000; i++) {
        snprintf(value, sizeof(value), "%d", i);
        append(&world, 50);
        put(&world, STORE_COUNTERS, "published", value);
        submit(&world);
    }
    expect(&world, STORE_COUNTERS, "published", "2999");
    settle(&world);
    struct store_facts facts;
    store_facts(world.store, &facts);
    assert_int_equal(facts.commit_batches, 3000);
    assert_true(facts.commits < 3000); /* several batches in one */
    assert_int_equal(facts.records, 3000);
    assert_true(facts.used_bytes > 0 && facts.used_bytes <= facts.file_bytes);
    world_reopen(&world);
    expect(&world, STORE_COUNTERS, "published", "2999");
    assert_int_equal(read_from(&world, 1).n, 3000);
    world_close(&world);
}

static void test_ids_are_remembered_through_turns_of_the_generation_and_restarts(void **state unused_)
{
    const uint64_t n = (SEEN_GENERATION_IDS / 1000 + 30) * 1000; /* a full generation and some */
    struct world world;

    world_open(&world);
    for (uint64_t i = 0; i < n; i++) {
        mark(&world, i, NOW_MS);
        if (i % 1000 == 999)
            submit(&world);
    }
    for (int round = 0; round < 3; round++) {
        for (uint64_t i = 0; i < n; i += round ? 7 : 101)
            assert_true(is_seen(&world, i));
        for (uint64_t i = n; i < n + 50000; i++)
            assert_false(is_seen(&world, i));
        settle(&world);
        struct store_facts facts;
        store_facts(world.store, &facts);
        assert_int_equal(facts.seen_ids, n);
        if (round == 1)
            world_reopen(&world);
    }
    world_close(&world);
}

static void test_ids_outside_the_window_are_forgotten_those_inside_never(void **state unused_)
{
    struct world world;

    world_open(&world);
    for (uint64_t day = 0; day < 20; day++) {
        world.now_ms = NOW_MS + day * DAY_MS;
        for (uint64_t i = 0; i < 100; i++)
            mark(&world, day * 100 + i, world.now_ms);
        assert_int_equal(store_prune(world.store, 0, world.now_ms), 0);
        submit(&world);
        if (day % 6 == 5) {
            settle(&world);
            world_reopen(&world);
        }
        for (uint64_t old = day > 7 ? day - 7 : 0; old <= day; old++)
            assert_true(is_seen(&world, old * 100 + 50));
    }
    assert_false(is_seen(&world, 50));
    assert_false(is_seen(&world, 1050));
    settle(&world);
    struct store_facts facts;
    store_facts(world.store, &facts);
    assert_true(facts.seen_ids <= 1000);
    world_close(&world);
}

static void test_pruning_drops_the_front_and_its_space_is_used_again(void **state unused_)
{
    struct world world;
    struct bytes record;
    struct store_facts facts;

    world_open(&world);
    for (uint64_t i = 1; i <= 100; i++) {
        for (int k = 0; k < 1000; k++)
            append(&world, 700);
        if (i > 4)
            assert_int_equal(store_prune(world.store, (i - 4) * 1000, NOW_MS), 0);
        submit(&world);
        settle(&world);
    }
    assert_int_equal(store_tail(world.store), 96001);
    assert_int_equal(store_record(world.store, 96000, &world.mem, &record), -ENOENT);
    assert_int_equal(store_record(world.store, 96001, &world.mem, &record), 0);
    expect_record(96001, record);
    store_facts(world.store, &facts);
    assert_int_equal(facts.records, 4000);
    /* 70 MB went through it; what a commit frees is used again two commits later, and one takes many batches */
    assert_true(facts.file_bytes < (4 << 20) + 3 * WRITER_COMMIT_BYTES);
    world_reopen(&world);
    assert_int_equal(store_tail(world.store), 96001);
    assert_int_equal(read_from(&world, 0).first, 96001);

    assert_int_equal(store_prune(world.store, UINT64_MAX, NOW_MS), 0);
    submit(&world);
    settle(&world);
    world_reopen(&world);
    assert_int_equal(store_head(world.store), 100000);
    assert_int_equal(store_tail(world.store), 100001);
    assert_int_equal(read_from(&world, 0).n, 0);
    assert_int_equal(append(&world, 5), 100001); /* sequences are never used again */
    world_close(&world);
}

static void test_second_owner_is_refused(void **state unused_)
{
    struct world world, other;

    world_open(&world);
    other = world;
    assert_int_equal(world_try_open(&other), -EBUSY);
    world_close(&world);
}

static void test_files_of_somebody_else_are_refused(void **state unused_)
{
    struct world world;
    char path[128];

    world_open(&world);
    world_close_store(&world);
    snprintf(path, sizeof(path), "%s/data.mdb", world.directory);
    int fd = open(path, O_WRONLY | O_TRUNC);
    assert_int_equal(write(fd, path, sizeof(path)), sizeof(path));
    close(fd);
    assert_int_equal(world_try_open(&world), -EBADMSG);
    uv_run(&world.loop, UV_RUN_DEFAULT);
    world_close(&world);
}

static void test_what_was_submitted_is_on_disk_after_closing(void **state unused_)
{
    struct world world;

    world_open(&world);
    append(&world, 10);
    put(&world, STORE_TRUST, "roster", "r");
    submit(&world);
    append(&world, 10);
    world_reopen(&world); /* at once; the second record was not submitted */
    expect(&world, STORE_TRUST, "roster", "r");
    assert_int_equal(store_head(world.store), 1);
    world_close(&world);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_new_store_is_empty),
        cmocka_unit_test(test_empty_batch_is_not_handed_over),
        cmocka_unit_test(test_records_of_all_sizes_come_back_before_and_after_a_restart),
        cmocka_unit_test(test_read_gives_durable_records_only_and_passes_the_answer_on),
        cmocka_unit_test(test_changes_are_visible_in_the_open_batch_in_flight_and_on_disk),
        cmocka_unit_test(test_keys_that_cannot_be_are_refused),
        cmocka_unit_test(test_scan_of_one_room_finds_its_changes_among_many_others),
        cmocka_unit_test(test_scan_merges_disk_and_what_is_not_there_yet_in_key_order),
        cmocka_unit_test(test_many_batches_in_flight_keep_their_order),
        cmocka_unit_test(test_ids_are_remembered_through_turns_of_the_generation_and_restarts),
        cmocka_unit_test(test_ids_outside_the_window_are_forgotten_those_inside_never),
        cmocka_unit_test(test_pruning_drops_the_front_and_its_space_is_used_again),
        cmocka_unit_test(test_second_owner_is_refused),
        cmocka_unit_test(test_files_of_somebody_else_are_refused),
        cmocka_unit_test(test_what_was_submitted_is_on_disk_after_closing),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
