/* What the store relies on of its redo log: what was appended is found again, whole and in order, or not at all. */
#include "store_world.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include "store_log.h"
#include "store_log_entry.h"

static const uint64_t seed[2] = { 0x1122334455667788, 0x99aabbccddeeff00 };

struct logged {
    char directory[64];
    struct store_log *log;
    uint64_t next; /* number of the next batch */
};

static void logged_open(struct logged *logged)
{
    *logged = (struct logged){ .next = 1 };
    snprintf(logged->directory, sizeof(logged->directory), "/tmp/store-log-XXXXXX");
    assert_non_null(mkdtemp(logged->directory));
    assert_int_equal(store_log_open(logged->directory, seed, &logged->log), 0);
}

static void logged_reopen(struct logged *logged)
{
    logged->log = store_log_close(logged->log);
    assert_int_equal(store_log_open(logged->directory, seed, &logged->log), 0);
}

static void logged_path(const struct logged *logged, int number, char ret[128])
{
    snprintf(ret, 128, "%s/log.%d", logged->directory, number);
}

static void logged_close(struct logged *logged)
{
    char path[128];

    logged->log = store_log_close(logged->log);
    for (int i = 0; i < LOG_FILES; i++) {
        logged_path(logged, i, path);
        unlink(path);
    }
    rmdir(logged->directory);
}

/* Large ones are filled, not computed byte by byte: there are many. */
static struct bytes record_of(uint64_t number, size_t i, size_t size)
{
    static uint8_t record[1 << 20];

    memset(record, (int) ((number * 2 + i) % 251), size);
    return bytes_make(record, size);
}

/* A batch that has some of everything, of a size and content that depend on its number. */
static struct batch *make_batch(uint64_t number, size_t record_bytes)
{
    struct batch *batch = batch_new();
    struct change *change;

    assert_non_null(batch);
    batch->number = number;
    batch->first_seq = number * 10;
    batch->prune_to = number / 2;
    batch->next_generation = 3;
    batch->first_kept_run = 2;
    for (size_t i = 0; i < 2; i++)
        assert_int_equal(batch_add_record(batch, record_of(number, i, record_bytes)), 0);
    assert_int_equal(batch_add_record(batch, BYTES_EMPTY), 0);
    assert_int_equal(batch_add_mark(batch, (struct seen_mark){ { number, ~number }, number * 10 }, NOW_MS), 0);
    assert_int_equal(batch_add_change(batch, STORE_ROOMS, bytes_of_text("old"), bytes_of_text("gone"), &change), 0);
    change->is_replaced = true;
    assert_int_equal(
        batch_add_change(batch, STORE_ROOMS, bytes_of_text("key"), bytes_make(&number, sizeof(number)), &change), 0);
    assert_int_equal(batch_add_change(batch, STORE_PARKED, bytes_of_text("other"), BYTES_EMPTY, &change), 0);
    change->is_deletion = true;
    return batch;
}

static void expect_batch(const struct batch *batch, uint64_t number)
{
    assert_int_equal(batch->number, number);
    assert_int_equal(batch->first_seq, number * 10);
    assert_int_equal(batch->prune_to, number / 2);
    assert_int_equal(batch->next_generation, 3);
    assert_int_equal(batch->first_kept_run, 2);
    assert_int_equal(batch->n_records, 3);
    for (size_t i = 0; i < 2; i++)
        assert_true(bytes_equal(batch_record(batch, i), record_of(number, i, batch_record(batch, i).size)));
    assert_int_equal(batch_record(batch, 2).size, 0);
    assert_int_equal(batch->n_marks, 1);
    assert_int_equal(batch->marks_ms, NOW_MS);
    assert_true(batch->marks[0].id.high == number && batch->marks[0].id.low == ~number);
    assert_int_equal(batch->marks[0].seq, number * 10);
    assert_int_equal(batch->n_changes, 2);
    const struct change *first = batch->first_change, *second = first->next;
    assert_int_equal(first->table, STORE_ROOMS);
    assert_true(bytes_equal_text(change_key(first), "key"));
    assert_true(bytes_equal(change_value(first), bytes_make(&number, sizeof(number))));
    assert_false(first->is_deletion);
    assert_int_equal(second->table, STORE_PARKED);
    assert_true(second->is_deletion);
    assert_true(bytes_equal_text(change_key(second), "other"));
}

static void free_batches(struct list *batches)
{
    list_for_each_safe (node, after, batches) {
        list_remove(node);
        batch_free(container_of(node, struct batch, link));
    }
}

/* The next `n` batches as one entry. */
static int append_entry(struct logged *logged, size_t n, size_t record_bytes, uint64_t settled)
{
    struct list batches;

    list_init(&batches);
    for (size_t i = 0; i < n; i++)
        list_append(&batches, &make_batch(logged->next + i, record_bytes)->link);
    int r = store_log_append(logged->log, &batches, settled);
    free_batches(&batches);
    logged->next += r == 0 ? n : 0;
    return r;
}

/* Exactly the batches `first` to `last` are beyond `after`. */
static void expect_loaded(struct logged *logged, uint64_t after, uint64_t first, uint64_t last)
{
    struct list batches;
    uint64_t number = first;

    list_init(&batches);
    assert_int_equal(store_log_load(logged->log, after, &batches), 0);
    list_for_each (node, &batches)
        expect_batch(container_of(node, struct batch, link), number++);
    assert_int_equal(number, last + 1);
    free_batches(&batches);
}

static void test_what_was_appended_is_found_again_beyond_what_the_tables_have(void **state unused_)
{
    struct logged logged;

    logged_open(&logged);
    expect_loaded(&logged, 0, 1, 0);
    for (size_t i = 0; i < 20; i++)
        assert_int_equal(append_entry(&logged, 1 + i % 3, 50 + i * 997 % 3000, 0), 0);
    logged_reopen(&logged);
    uint64_t last = logged.next - 1;
    expect_loaded(&logged, 0, 1, last);
    expect_loaded(&logged, 7, 8, last);
    expect_loaded(&logged, last, 1, 0);
    expect_loaded(&logged, last + 5, 1, 0); /* the tables are ahead: written without the log */
    logged_close(&logged);
}

static void test_files_are_written_in_turns_and_never_over_what_the_tables_lack(void **state unused_)
{
    struct logged logged;
    uint64_t settled = 0;
    int n_full = 0;

    logged_open(&logged);
    while (logged.next < 120) {
        int r = append_entry(&logged, 1, 300000, settled);

        assert_true(r == 0 || r == -EAGAIN);
        if (r == 0)
            continue;
        n_full++;
        logged_reopen(&logged);
        expect_loaded(&logged, settled, settled + 1, logged.next - 1);
        settled = logged.next - 1; /* as opening a store does */
    }
    assert_true(n_full >= 2);
    struct stat stat_of;
    char path[128];
    logged_path(&logged, 0, path);
    assert_int_equal(stat(path, &stat_of), 0);
    assert_true((size_t) stat_of.st_size <= LOG_FILE_BYTES);
    logged_close(&logged);
}

static void test_room_behind_settled_batches_is_used_again_without_opening(void **state unused_)
{
    struct logged logged;

    logged_open(&logged);
    while (logged.next < 150) /* 90 MB */
        assert_int_equal(append_entry(&logged, 1, 300000, logged.next > 20 ? logged.next - 20 : 0), 0);
    logged_reopen(&logged);
    expect_loaded(&logged, logged.next - 20, logged.next - 19, logged.next - 1);
    logged_close(&logged);
}

static off_t size_of(const struct logged *logged, int number)
{
    struct stat stat_of;
    char path[128];

    logged_path(logged, number, path);
    assert_int_equal(stat(path, &stat_of), 0);
    return stat_of.st_size;
}

static void append_until_full(struct logged *logged, uint64_t settled)
{
    int r;

    while ((r = append_entry(logged, 1, 300000, settled)) == 0)
        ;
    assert_int_equal(r, -EAGAIN);
}

static void test_what_an_earlier_life_left_stays_until_the_tables_have_it_and_leaves_room_for_more(void **state unused_)
{
    struct logged logged;

    logged_open(&logged);
    append_until_full(&logged, 0);
    assert_true(size_of(&logged, 0) <= (off_t) LOG_FILE_BYTES && size_of(&logged, 1) <= (off_t) LOG_FILE_BYTES);
    for (int life = 0; life < 3; life++) { /* killed again and again before anything has reached the tables */
        uint64_t left = logged.next - 1;

        logged_reopen(&logged);
        expect_loaded(&logged, 0, 1, left);
        for (int i = 0; i < 3; i++)
            assert_int_equal(append_entry(&logged, 1, 300000, 0), 0);
        assert_int_equal(logged.next - 1, left + 3);
    }
    append_until_full(&logged, 0);
    assert_true(size_of(&logged, 1) > (off_t) LOG_FILE_BYTES && size_of(&logged, 1) <= (off_t) LOG_FILE_MAX_BYTES);
    logged_reopen(&logged);
    expect_loaded(&logged, 0, 1, logged.next - 1);
    uint64_t settled = logged.next - 1;
    assert_int_equal(append_entry(&logged, 1, 300000, settled), 0);
    logged_reopen(&logged);
    expect_loaded(&logged, settled, settled + 1, logged.next - 1);
    logged_close(&logged);
}

static void flip(const struct logged *logged, off_t at)
{
    char path[128];
    uint8_t byte = 0;

    logged_path(logged, 0, path);
    int fd = open(path, O_RDWR);
    assert_true(fd >= 0 && pread(fd, &byte, 1, at) == 1);
    byte ^= 0x10;
    assert_int_equal(pwrite(fd, &byte, 1, at), 1);
    close(fd);
}

static void test_torn_entry_ends_what_is_found(void **state unused_)
{
    struct logged logged;

    logged_open(&logged);
    for (int i = 0; i < 3; i++)
        assert_int_equal(append_entry(&logged, 1, 100, 0), 0);
    for (off_t at = 0; at < 4096; at += 61) {
        flip(&logged, 2 * 4096 + at);
        logged_reopen(&logged);
        expect_loaded(&logged, 0, 1, 2);
        flip(&logged, 2 * 4096 + at);
    }
    flip(&logged, 4096 + 100);
    logged_reopen(&logged);
    expect_loaded(&logged, 0, 1, 1);
    logged_close(&logged);
}

static void test_gap_between_the_tables_and_the_log_is_told(void **state unused_)
{
    struct logged logged;
    struct list batches;

    logged_open(&logged);
    logged.next = 5;
    assert_int_equal(append_entry(&logged, 2, 100, 4), 0);
    logged_reopen(&logged);
    list_init(&batches);
    assert_int_equal(store_log_load(logged.log, 3, &batches), -EBADMSG);
    assert_true(list_is_empty(&batches));
    expect_loaded(&logged, 4, 5, 6);
    logged_close(&logged);
}

static void test_batches_that_passed_the_log_by_leave_no_gap_in_it(void **state unused_)
{
    struct logged logged;
    struct list batches;

    logged_open(&logged);
    assert_int_equal(append_entry(&logged, 2, 100, 0), 0);
    logged.next = 5; /* 3 and 4 went into the tables at once */
    assert_int_equal(append_entry(&logged, 2, 100, 4), 0);
    logged.next = 8;
    assert_int_equal(append_entry(&logged, 1, 100, 7), 0);
    assert_int_equal(append_entry(&logged, 1, 100, 7), 0);
    logged_reopen(&logged);
    expect_loaded(&logged, 7, 8, 9);
    expect_loaded(&logged, 8, 9, 9);
    list_init(&batches);
    assert_int_equal(store_log_load(logged.log, 4, &batches), -EBADMSG); /* 7 is nowhere */
    assert_int_equal(store_log_load(logged.log, 2, &batches), -EBADMSG);
    assert_true(list_is_empty(&batches));
    logged_close(&logged);
}

static void test_log_of_another_store_holds_nothing(void **state unused_)
{
    static const uint64_t other[2] = { 1, 2 };
    struct logged logged;

    logged_open(&logged);
    assert_int_equal(append_entry(&logged, 2, 100, 0), 0);
    store_log_close(logged.log);
    assert_int_equal(store_log_open(logged.directory, other, &logged.log), 0);
    expect_loaded(&logged, 0, 1, 0);
    logged_close(&logged);
}

static void test_entry_that_is_too_large_is_refused(void **state unused_)
{
    struct logged logged;

    logged_open(&logged);
    assert_int_equal(append_entry(&logged, 8, 300000, 0), -EMSGSIZE);
    assert_int_equal(append_entry(&logged, 1, 300000, 0), 0);
    logged_close(&logged);
}

static void test_space_is_given_back_but_for_what_the_tables_lack(void **state unused_)
{
    struct logged logged;
    struct stat stat_of;
    char path[128];

    logged_open(&logged);
    assert_int_equal(append_entry(&logged, 2, 100, 0), 0);
    assert_int_equal(append_entry(&logged, 1, 100, 0), 0);
    store_log_shrink(logged.log, 2);
    logged_path(&logged, 0, path);
    assert_int_equal(stat(path, &stat_of), 0);
    assert_int_equal(stat_of.st_size, 2 * 4096);
    assert_int_equal(append_entry(&logged, 1, 100, 2), 0);
    store_log_shrink(logged.log, 4);
    assert_int_equal(stat(path, &stat_of), 0);
    assert_int_equal(stat_of.st_size, 0);
    assert_int_equal(append_entry(&logged, 1, 100, 4), 0);
    logged_reopen(&logged);
    expect_loaded(&logged, 4, 5, 5);
    logged_close(&logged);
}

/* ---- the store with it ---- */

static int count(void *context, uint64_t seq, struct bytes record)
{
    uint64_t *n = context;

    expect_record(seq, record);
    (*n)++;
    return 0;
}

static uint64_t count_records(struct world *world, uint64_t from_seq)
{
    uint64_t n = 0;

    assert_int_equal(store_read(world->store, from_seq, count, &n), 0);
    return n;
}

static void test_what_only_the_log_has_is_read_like_the_rest(void **state unused_)
{
    struct world world;
    struct bytes record;

    world_open(&world);
    for (int i = 0; i < 5; i++) {
        append(&world, 100);
        append(&world, 200);
        put(&world, STORE_ROOMS, "room", i % 2 ? "odd" : "even");
        submit(&world);
        settle(&world);
        append(&world, 300); /* in the open batch */
        assert_int_equal(count_records(&world, 0), (uint64_t) i * 3 + 2);
        assert_int_equal(count_records(&world, (uint64_t) i * 3 + 2), 1);
        for (uint64_t seq = 1; seq <= (uint64_t) i * 3 + 3; seq++) {
            assert_int_equal(store_record(world.store, seq, &world.mem, &record), 0);
            expect_record(seq, record);
        }
        expect(&world, STORE_ROOMS, "room", i % 2 ? "odd" : "even");
    }
    world_close(&world);
}

static void an_id(uint64_t n, uint8_t ret[16])
{
    memset(ret, 0, 16);
    memcpy(ret, &n, sizeof(n));
}

/* Writes what is told durable and dies at once: nothing of it has reached the tables. */
static void live_briefly(struct world *world, uint64_t n)
{
    uint8_t id[16];

    pid_t child = fork();
    int status;

    if (child == 0) {
        if (uv_loop_init(&world->loop) != 0 || world_try_open(world) != 0)
            _exit(1);
        for (uint64_t i = 0; i < n; i++) {
            uint64_t seq = append(world, 400);

            an_id(seq, id);
            if (store_mark_seen(world->store, id, seq, NOW_MS) != 0)
                _exit(1);
            put(world, STORE_COUNTERS, "last", "there");
            put(world, STORE_ROOMS, seq % 2 ? "odd" : "even", "there");
            drop(world, STORE_ROOMS, seq % 2 ? "even" : "odd");
            submit(world);
        }
        settle(world);
        struct store_facts facts;
        store_facts(world->store, &facts);
        if (facts.commits == 0)
            _exit(1);
        raise(SIGKILL);
    }
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_true(WIFSIGNALED(status));
}

static int expect_one_room(void *context, struct bytes key, struct bytes value unused_)
{
    const uint64_t *head = context;

    assert_true(bytes_equal_text(key, *head % 2 ? "odd" : "even"));
    return 0;
}

static void test_killed_before_anything_reached_the_tables_all_of_it_is_there(void **state unused_)
{
    struct world world;
    uint64_t head, seq;
    uint8_t id[16];

    world_open(&world);
    world_close_store(&world);
    for (uint64_t life = 1; life <= 4; life++) { /* each goes on where the last one ended */
        live_briefly(&world, 25);
        assert_int_equal(world_try_open(&world), 0);
        assert_int_equal(store_head(world.store), life * 25);
        assert_int_equal(count_records(&world, 0), life * 25);
        expect(&world, STORE_COUNTERS, "last", "there");
        head = life * 25;
        expect(&world, STORE_ROOMS, head % 2 ? "even" : "odd", NULL);
        assert_int_equal(store_scan(world.store, STORE_ROOMS, BYTES_EMPTY, BYTES_EMPTY, expect_one_room, &head), 0);
        for (uint64_t n = 1; n <= head; n++) {
            an_id(n, id);
            assert_int_equal(store_seen(world.store, id, &seq), 1);
            assert_int_equal(seq, n);
        }
        world_close_store(&world);
    }
    world_close(&world);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_what_was_appended_is_found_again_beyond_what_the_tables_have),
        cmocka_unit_test(test_files_are_written_in_turns_and_never_over_what_the_tables_lack),
        cmocka_unit_test(test_room_behind_settled_batches_is_used_again_without_opening),
        cmocka_unit_test(test_what_an_earlier_life_left_stays_until_the_tables_have_it_and_leaves_room_for_more),
        cmocka_unit_test(test_torn_entry_ends_what_is_found),
        cmocka_unit_test(test_gap_between_the_tables_and_the_log_is_told),
        cmocka_unit_test(test_batches_that_passed_the_log_by_leave_no_gap_in_it),
        cmocka_unit_test(test_log_of_another_store_holds_nothing),
        cmocka_unit_test(test_entry_that_is_too_large_is_refused),
        cmocka_unit_test(test_space_is_given_back_but_for_what_the_tables_lack),
        cmocka_unit_test(test_what_only_the_log_has_is_read_like_the_rest),
        cmocka_unit_test(test_killed_before_anything_reached_the_tables_all_of_it_is_there),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
