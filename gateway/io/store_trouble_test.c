/* What the gateway relies on when things go wrong: full disks, a cap reached, broken writes, SIGKILL at any moment.
 * Nothing told durable is ever lost, nothing is half there, and it goes on by itself when the trouble is over.
 */
#include "store_world.h"

#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include "store_log.h"

#define KILLS 16
#define REPORTS_MAX 60 /* the child is killed after a random number of them */
#define CHILD_SKIPPED 77

/* Runs the loop until the trouble is (or is no longer) there. */
static void wait_for_trouble(struct world *world, bool is_trouble)
{
    while ((world->trouble != 0) != is_trouble)
        uv_run(&world->loop, UV_RUN_ONCE);
}

static int count(void *context, uint64_t seq, struct bytes record)
{
    uint64_t *n = context;

    expect_record(seq, record);
    (*n)++;
    return 0;
}

static uint64_t count_records(struct world *world)
{
    uint64_t n = 0;

    assert_int_equal(store_read(world->store, 0, count, &n), 0);
    return n;
}

/* Submits batches until commits fail. */
static void fill_up(struct world *world)
{
    while (!world->trouble) {
        for (int i = 0; i < 100; i++)
            append(world, 700);
        submit(world);
        uv_run(&world->loop, UV_RUN_NOWAIT);
        while (!world->trouble && store_backlog_bytes(world->store) > 512 << 10)
            uv_run(&world->loop, UV_RUN_ONCE);
    }
}

static void test_cap_reached_is_told_and_pruning_behind_the_stuck_batches_ends_it(void **state unused_)
{
    struct world world;
    struct store_facts facts;

    world_open(&world);
    world_close_store(&world);
    world.max_bytes = 8 << 20;
    assert_int_equal(world_try_open(&world), 0);
    for (int round = 0; round < 3; round++) {
        wait_for_trouble(&world, false); /* what was dropped last may still be on its way, and short of room */
        fill_up(&world);
        assert_int_equal(world.trouble, -ENOSPC);
        append(&world, 700);
        submit(&world);
        uv_run(&world.loop, UV_RUN_NOWAIT); /* with no room in the tables the log takes nothing either */
        assert_true(store_backlog_bytes(world.store) > 0);
        assert_true(store_durable(world.store) < store_head(world.store));

        uint64_t head = store_head(world.store);
        assert_int_equal(store_prune(world.store, store_durable(world.store) - 100, NOW_MS), 0);
        submit(&world);
        wait_for_trouble(&world, false);
        settle(&world);
        assert_int_equal(store_durable(world.store), head);
        assert_int_equal(count_records(&world), head + 1 - store_tail(world.store));
    }
    store_facts(world.store, &facts);
    assert_true(facts.file_bytes <= world.max_bytes + (16 << 20));
    world_close(&world);
}

/* A child fills the store up to its cap and is killed then: its log has more than the tables have room for. */
static void fill_up_and_die(struct world *world)
{
    pid_t child = fork();
    int status;

    if (child == 0) {
        if (uv_loop_init(&world->loop) != 0 || world_try_open(world) != 0)
            _exit(1);
        fill_up(world);
        raise(SIGKILL);
    }
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_true(WIFSIGNALED(status));
}

static void test_killed_at_the_cap_it_opens_again_and_pruning_ends_that_trouble_too(void **state unused_)
{
    struct world world;

    world_open(&world);
    world_close_store(&world);
    world.max_bytes = 8 << 20;
    fill_up_and_die(&world);
    assert_int_equal(world_try_open(&world), 0);
    uint64_t head = store_head(world.store);
    assert_true(head > 0);
    assert_int_equal(store_durable(world.store), head);
    assert_int_equal(count_records(&world), head);
    assert_int_equal(store_prune(world.store, head - 100, NOW_MS), 0);
    append(&world, 700);
    submit(&world);
    settle(&world);
    wait_for_trouble(&world, false);
    assert_int_equal(count_records(&world), 101);
    world_reopen(&world);
    assert_int_equal(count_records(&world), 101);
    world_close(&world);
}

/* With much in front of the batch that makes room, which also says what becomes of what goes. Killed as soon as something
 * is gone and that is not said to be durable; 0 when it always was. */
static void make_room_and_die(struct world *world)
{
    struct store_facts facts;

    if (uv_loop_init(&world->loop) != 0 || world_try_open(world) != 0)
        _exit(1);
    fill_up(world);
    for (int i = 0; i < 50; i++) {
        append(world, 60000);
        submit(world);
    }
    store_facts(world->store, &facts);
    uint64_t used_bytes = facts.used_bytes;
    put(world, STORE_DEAD, "letter", "it was not delivered");
    if (store_prune(world->store, store_durable(world->store) - 100, NOW_MS) != 0)
        _exit(1);
    submit(world);
    while (world->last_durable + 1 < world->next_tag) {
        uv_run(&world->loop, UV_RUN_NOWAIT);
        store_facts(world->store, &facts);
        if (facts.used_bytes < used_bytes && world->last_durable + 1 < world->next_tag)
            raise(SIGKILL);
    }
    _exit(0);
}

static void test_killed_while_room_is_made_nothing_is_gone_without_the_word_of_it(void **state unused_)
{
    struct world world;
    struct bytes word;
    int status;

    world_open(&world);
    world_close_store(&world);
    world.max_bytes = 8 << 20;
    pid_t child = fork();
    if (child == 0)
        make_room_and_die(&world);
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_true(WIFSIGNALED(status) || WEXITSTATUS(status) == 0);
    assert_int_equal(world_try_open(&world), 0);
    if (store_tail(world.store) > 1)
        assert_int_equal(store_get(world.store, STORE_DEAD, bytes_of_text("letter"), &world.mem, &word), 0);
    world_close(&world);
}

/* The descriptor of one of the store's files; `is_head` picks the one LMDB writes its two head pages with. */
static int find_descriptor(const struct world *world, const char *name, bool is_head)
{
    char wanted[128];
    struct stat file, open_file;

    snprintf(wanted, sizeof(wanted), "%s/%s", world->directory, name);
    assert_int_equal(stat(wanted, &file), 0);
    for (int fd = 3; fd < 256; fd++)
        if (fstat(fd, &open_file) == 0 && open_file.st_ino == file.st_ino && open_file.st_dev == file.st_dev &&
            ((fcntl(fd, F_GETFL) & O_DSYNC) != 0) == is_head)
            return fd;
    fail();
    return -1;
}

/* From now on writes to `fd` fail with ENOSPC. The answer is what it was. */
static int break_descriptor(int fd)
{
    int good = dup(fd), full = open("/dev/full", O_WRONLY);

    assert_true(good >= 0 && full >= 0);
    assert_true(dup2(full, fd) == fd);
    close(full);
    return good;
}

static void test_writes_that_fail_are_tried_again_until_they_work(void **state unused_)
{
    struct world world;

    world_open(&world);
    int fd = find_descriptor(&world, "data.mdb", false), good = break_descriptor(fd);

    fill_up(&world);
    /* the writer's first tidying may have been between a write and its fdatasync, which /dev/full does not know */
    assert_true(world.trouble == -ENOSPC || world.trouble == -EINVAL);
    append(&world, 700); /* and one submitted while it lasts */
    put(&world, STORE_COUNTERS, "published", "all");
    submit(&world);
    expect(&world, STORE_COUNTERS, "published", "all");
    assert_true(dup2(good, fd) == fd);
    close(good);
    settle(&world);
    assert_int_equal(world.trouble, 0);
    assert_int_equal(world.n_troubles, 2);
    uint64_t head = store_head(world.store);
    assert_int_equal(count_records(&world), head);
    world_reopen(&world);
    assert_int_equal(store_head(world.store), head);
    assert_int_equal(count_records(&world), head);
    expect(&world, STORE_COUNTERS, "published", "all");
    world_close(&world);
}

static void test_log_that_cannot_be_written_is_passed_over(void **state unused_)
{
    struct world world;
    int good[LOG_FILES], fds[LOG_FILES];

    world_open(&world);
    for (size_t i = 0; i < LOG_FILES; i++) {
        fds[i] = find_descriptor(&world, i == 0 ? "log.0" : "log.1", false);
        good[i] = break_descriptor(fds[i]);
    }
    for (int i = 0; i < 20; i++) {
        append(&world, 700);
        submit(&world);
        settle(&world);
    }
    assert_int_equal(world.n_troubles, 0);
    assert_int_equal(count_records(&world), 20);
    for (size_t i = 0; i < LOG_FILES; i++) {
        assert_true(dup2(good[i], fds[i]) == fds[i]);
        close(good[i]);
    }
    append(&world, 700);
    submit(&world);
    settle(&world);
    world_reopen(&world);
    assert_int_equal(count_records(&world), 21);
    world_close(&world);
}

static void test_failed_write_of_the_head_page_opens_the_files_anew(void **state unused_)
{
    struct world world;

    world_open(&world);
    append(&world, 700);
    submit(&world);
    settle(&world);
    assert_int_equal(count_records(&world), 1); /* the reader holds on to what will be closed */
    int good = break_descriptor(find_descriptor(&world, "data.mdb", true));

    append(&world, 700);
    submit(&world);
    settle(&world);
    wait_for_trouble(
        &world,
        false); /* nobody repairs the descriptor: opening anew does. How long that took, and whether the loop was
                     * awake to see the trouble before it was over, is the machine's affair. */
    assert_true(find_descriptor(&world, "data.mdb", true) >= 3);
    uint64_t head = store_head(world.store);
    assert_int_equal(count_records(&world), head);
    world_reopen(&world);
    assert_int_equal(count_records(&world), head);
    close(good);
    world_close(&world);
}

/* In a child with mounts of its own: a file system of 6 MB, filled, and room made again. */
static int use_small_disk(void)
{
    char parent[] = "/tmp/store-disk-XXXXXX", ballast[64];
    struct world world;

    if (!mkdtemp(parent))
        return 1;
    if (unshare(CLONE_NEWNS) < 0 || mount("none", "/", NULL, MS_REC | MS_PRIVATE, NULL) < 0 ||
        mount("tmpfs", parent, "tmpfs", 0, "size=6m") < 0) {
        rmdir(parent);
        return CHILD_SKIPPED;
    }
    snprintf(ballast, sizeof(ballast), "%s/ballast", parent);
    int fd = open(ballast, O_CREAT | O_WRONLY, 0600);
    if (posix_fallocate(fd, 0, 3 << 20) != 0)
        return 1;
    close(fd);

    world_open_at(&world, parent);
    fill_up(&world);
    int trouble = world.trouble;
    unlink(ballast);
    settle(&world);
    uint64_t head = store_head(world.store), n = count_records(&world);
    world_reopen(&world);
    bool is_all = n == head && count_records(&world) == head && world.trouble == 0;
    world_close(&world);
    umount(parent);
    rmdir(parent);
    return trouble == -ENOSPC && is_all ? 0 : 1;
}

static void test_full_disk_is_survived_and_left_behind(void **state unused_)
{
    int status;
    pid_t child = fork();

    if (child == 0)
        _exit(use_small_disk());
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_true(WIFEXITED(status));
    if (WEXITSTATUS(status) == CHILD_SKIPPED) {
        print_message("skipped: mounting a small file system is not allowed here\n");
        skip();
    }
    assert_int_equal(WEXITSTATUS(status), 0);
}

/* ---- SIGKILL ---- */

struct witness {
    struct world world;
    int fd;
    bool is_log_troubled;
};

static void report_durable(void *owner, uint64_t tag)
{
    struct witness *witness = owner;

    (void) tag;
    uint64_t durable = store_durable(witness->world.store);
    if (write(witness->fd, &durable, sizeof(durable)) != (ssize_t) sizeof(durable))
        _exit(1);
}

static void ignore_trouble(void *owner, int error)
{
    (void) owner;
    (void) error;
}

static void seq_id(uint64_t seq, uint8_t ret[16])
{
    memset(ret, 0, 16);
    memcpy(ret, &seq, sizeof(seq));
}

/* The log's files cannot be written for a while, and again, so that batches go into the tables past it. */
static void trouble_the_log(const struct world *world, uint64_t n)
{
    static int good[LOG_FILES] = { -1, -1 }, fds[LOG_FILES];

    for (size_t i = 0; i < LOG_FILES; i++) {
        if (n % 40 == 13) {
            fds[i] = find_descriptor(world, i == 0 ? "log.0" : "log.1", false);
            good[i] = break_descriptor(fds[i]);
        } else if (n % 40 == 22 && good[i] >= 0) {
            if (dup2(good[i], fds[i]) != fds[i])
                _exit(1);
            close(good[i]);
            good[i] = -1;
        }
    }
}

/* Writes until it is killed. Each batch: some records, their ids, one row that names the last of them. */
static void write_forever(struct witness *witness)
{
    struct world *world = &witness->world;
    struct store_options options = { world->directory, world->max_bytes, WINDOW_MS, NOW_MS };
    struct store_events events = { witness, report_durable, ignore_trouble };

    if (uv_loop_init(&world->loop) != 0 || store_open(&options, &world->loop, &events, &world->store) != 0)
        _exit(1);
    for (uint64_t n = 0;; n++) {
        uint64_t seq = 0;
        uint8_t id[16];
        bool is_empty;

        for (uint64_t i = 0; i < 1 + n * 13 % 50; i++) {
            seq = append(world, 100 + n * 37 % 1400);
            seq_id(seq, id);
            if (store_mark_seen(world->store, id, seq, NOW_MS) != 0)
                _exit(1);
        }
        if (store_put(world->store, STORE_COUNTERS, bytes_of_text("last"), bytes_make(&seq, sizeof(seq))) != 0 ||
            (n % 9 == 8 && seq > 3000 && store_prune(world->store, seq - 3000, NOW_MS) != 0) ||
            store_submit(world->store, n, &is_empty) != 0)
            _exit(1);
        if (witness->is_log_troubled)
            trouble_the_log(world, n);
        while (store_backlog_bytes(world->store) > 1 << 20)
            uv_run(&world->loop, UV_RUN_ONCE);
        uv_run(&world->loop, UV_RUN_NOWAIT);
    }
}

/* Everything up to the head is there, the row names the head, and so do the ids. */
static void expect_whole(struct world *world, uint64_t told)
{
    struct bytes row;
    uint64_t head, seq = 0;
    uint8_t id[16];

    assert_int_equal(world_try_open(world), 0);
    head = store_head(world->store);
    assert_true(head >= told);
    assert_int_equal(count_records(world), head + 1 - store_tail(world->store));
    if (head > 0) {
        assert_int_equal(store_get(world->store, STORE_COUNTERS, bytes_of_text("last"), &world->mem, &row), 0);
        assert_int_equal(row.size, sizeof(head));
        assert_memory_equal(row.data, &head, sizeof(head));
    }
    for (uint64_t i = 1; i <= head; i += i + 100 < head ? 97 : 1) {
        seq_id(i, id);
        assert_int_equal(store_seen(world->store, id, &seq), 1);
        assert_int_equal(seq, i);
    }
    seq_id(head + 1, id);
    assert_int_equal(store_seen(world->store, id, &seq), 0);
    arena_reset(&world->mem);
    world_close_store(world);
}

/* One life of the writing process; the answer is the newest record it was told to be durable. */
static uint64_t live_and_die(const struct world *world, unsigned n_reports, bool is_log_troubled)
{
    int ends[2], status;
    uint64_t told = 0, durable = 0;

    assert_int_equal(pipe(ends), 0);
    pid_t child = fork();
    if (child == 0) {
        struct witness witness = { *world, ends[1], is_log_troubled };

        close(ends[0]);
        write_forever(&witness);
    }
    close(ends[1]);
    for (unsigned i = 0; i < n_reports; i++)
        assert_true(read(ends[0], &durable, sizeof(durable)) == (ssize_t) sizeof(durable));
    kill(child, SIGKILL);
    while (read(ends[0], &durable, sizeof(durable)) == (ssize_t) sizeof(durable))
        told = durable;
    close(ends[0]);
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_true(WIFSIGNALED(status));
    return told;
}

static void die_often(bool is_log_troubled)
{
    struct world world;
    unsigned seed = 1;

    world_open(&world);
    world_close_store(&world);
    for (int i = 0; i < KILLS; i++) {
        uint64_t told = live_and_die(&world, 1 + (unsigned) rand_r(&seed) % REPORTS_MAX, is_log_troubled);

        expect_whole(&world, told);
    }
    world_close(&world);
}

static void test_killed_at_any_moment_nothing_told_durable_is_lost_or_torn(void **state unused_)
{
    die_often(false);
}

static void test_killed_while_some_batches_pass_the_log_by_nothing_is_lost_either(void **state unused_)
{
    die_often(true);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_cap_reached_is_told_and_pruning_behind_the_stuck_batches_ends_it),
        cmocka_unit_test(test_killed_at_the_cap_it_opens_again_and_pruning_ends_that_trouble_too),
        cmocka_unit_test(test_killed_while_room_is_made_nothing_is_gone_without_the_word_of_it),
        cmocka_unit_test(test_writes_that_fail_are_tried_again_until_they_work),
        cmocka_unit_test(test_log_that_cannot_be_written_is_passed_over),
        cmocka_unit_test(test_failed_write_of_the_head_page_opens_the_files_anew),
        cmocka_unit_test(test_full_disk_is_survived_and_left_behind),
        cmocka_unit_test(test_killed_at_any_moment_nothing_told_durable_is_lost_or_torn),
        cmocka_unit_test(test_killed_while_some_batches_pass_the_log_by_nothing_is_lost_either),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
