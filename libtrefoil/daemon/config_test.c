/* What a configuration accepts, and the one line everybody gets who writes something else. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "daemon/config.h"

struct account {
    const char *id, *token_file;
    struct config_texts app_secret_files;
};

struct settings {
    const char *bus_endpoint;
    uint64_t webhook_port;
    bool echoes;
    int log_level;
    const char *token_file;
    struct config_list accounts;
};

static const char *const levels[] = { "debug", "info", "warning", NULL };

static const struct config_key account_keys[] = {
    { .name = "id", .type = CONFIG_TEXT, .offset = offsetof(struct account, id), .required = true, .max = 16 },
    { .name = "token_file", .type = CONFIG_SECRET_FILE, .offset = offsetof(struct account, token_file) },
    { .name = "app_secret_files",
      .type = CONFIG_TEXTS,
      .offset = offsetof(struct account, app_secret_files),
      .max = 2 },
    { 0 },
};

static const struct config_key keys[] = {
    { .name = "bus_endpoint",
      .type = CONFIG_TEXT,
      .offset = offsetof(struct settings, bus_endpoint),
      .initial = "tcp://127.0.0.1:7700" },
    { .name = "webhook_port",
      .type = CONFIG_NUMBER,
      .offset = offsetof(struct settings, webhook_port),
      .required = true,
      .min = 1,
      .max = 65535 },
    { .name = "echoes", .type = CONFIG_FLAG, .offset = offsetof(struct settings, echoes), .initial = "true" },
    { .name = "log_level",
      .type = CONFIG_WORD,
      .offset = offsetof(struct settings, log_level),
      .words = levels,
      .initial = "info" },
    { .name = "token_file", .type = CONFIG_SECRET_FILE, .offset = offsetof(struct settings, token_file) },
    { .name = "accounts",
      .type = CONFIG_LIST,
      .offset = offsetof(struct settings, accounts),
      .items = account_keys,
      .item_size = sizeof(struct account),
      .max = 3 },
    { 0 },
};

struct outcome {
    struct arena mem;
    struct settings settings;
    char error[CONFIG_ERROR_MAX_BYTES];
    int r;
};

/* The text in a block of exactly its size, so that a sanitizer sees one byte over. */
static void parse(struct outcome *outcome, const char *text, char *const *env)
{
    size_t size = strlen(text);
    uint8_t *copy = malloc(size > 0 ? size : 1);

    assert_non_null(copy);
    memcpy(copy, text, size);
    *outcome = (struct outcome){ .mem = ARENA_EMPTY(1 << 20) };
    outcome->r = config_parse(keys, "t.yaml", bytes_make(copy, size), env, &outcome->mem, &outcome->settings,
                              outcome->error, sizeof(outcome->error));
    free(copy);
}

static void assert_refused(const char *text, const char *error)
{
    struct outcome outcome;

    parse(&outcome, text, NULL);
    assert_int_equal(outcome.r, -EBADMSG);
    assert_string_equal(outcome.error, error);
    arena_deinit(&outcome.mem);
}

static void test_every_type_reaches_its_member(void **state unused_)
{
    struct outcome outcome;
    const struct account *accounts;

    parse(&outcome,
          "# a comment\nwebhook_port: 7711\nechoes: false\nlog_level: \"warning\"\nbus_endpoint: tcp://[::1]:1\n"
          "accounts:\n  - id: '106'\n    app_secret_files: [a, b]\n  - {id: x, token_file: f}\n",
          NULL);
    assert_int_equal(outcome.r, 0);
    assert_int_equal(outcome.settings.webhook_port, 7711);
    assert_false(outcome.settings.echoes);
    assert_int_equal(outcome.settings.log_level, 2);
    assert_string_equal(outcome.settings.bus_endpoint, "tcp://[::1]:1");
    assert_int_equal(outcome.settings.accounts.n_items, 2);
    accounts = outcome.settings.accounts.items;
    assert_string_equal(accounts[0].id, "106");
    assert_int_equal(accounts[0].app_secret_files.n_texts, 2);
    assert_string_equal(accounts[0].app_secret_files.texts[1], "b");
    assert_non_null(accounts[0].app_secret_files.lines);
    assert_null(accounts[0].token_file);
    assert_string_equal(accounts[1].token_file, "f");
    arena_deinit(&outcome.mem);
}

static void test_defaults_fill_what_is_not_written(void **state unused_)
{
    struct outcome outcome;

    parse(&outcome, "webhook_port: 1", NULL);
    assert_int_equal(outcome.r, 0);
    assert_string_equal(outcome.settings.bus_endpoint, "tcp://127.0.0.1:7700");
    assert_true(outcome.settings.echoes);
    assert_int_equal(outcome.settings.log_level, 1);
    assert_int_equal(outcome.settings.accounts.n_items, 0);
    arena_deinit(&outcome.mem);
}

static void test_environment_overrides_and_can_supply_what_is_required(void **state unused_)
{
    char port[] = "TREFOIL_WEBHOOK_PORT=99", level[] = "TREFOIL_LOG_LEVEL=debug", other[] = "WEBHOOK_PORT=5";
    char *env[] = { other, port, level, NULL };
    struct outcome outcome;

    parse(&outcome, "log_level: info\n", env);
    assert_int_equal(outcome.r, 0);
    assert_int_equal(outcome.settings.webhook_port, 99);
    assert_int_equal(outcome.settings.log_level, 0);
    arena_deinit(&outcome.mem);

    parse(&outcome, "", env);
    assert_int_equal(outcome.r, 0);
    assert_int_equal(outcome.settings.webhook_port, 99);
    arena_deinit(&outcome.mem);
}

static void test_environment_is_held_to_the_same_rules(void **state unused_)
{
    char port[] = "TREFOIL_WEBHOOK_PORT=70000";
    char *env[] = { port, NULL };
    struct outcome outcome;

    parse(&outcome, "webhook_port: 1\n", env);
    assert_int_equal(outcome.r, -EBADMSG);
    assert_string_equal(outcome.error,
                        "TREFOIL_WEBHOOK_PORT: webhook_port: is too large; allowed: a number from 1 to 65535");
    arena_deinit(&outcome.mem);
}

static void test_errors_name_file_line_key_and_what_is_allowed(void **state unused_)
{
    assert_refused("\nwebhook_port: 0\n", "t.yaml:2: webhook_port: is too small; allowed: a number from 1 to 65535");
    assert_refused("webhook_port: 7e3\n", "t.yaml:1: webhook_port: is not a number; allowed: a number from 1 to 65535");
    assert_refused("webhook_port: 1\nechoes: yes\n",
                   "t.yaml:2: echoes: is neither true nor false; allowed: true or false");
    assert_refused("webhook_port: 1\nlog_level: loud\n",
                   "t.yaml:2: log_level: is none of the words known here; allowed: one of debug, info, warning");
    assert_refused("echoes: true\n", "t.yaml:1: webhook_port: is missing; allowed: a number from 1 to 65535");
    assert_refused("webhook_port: 1\naccounts: 106\n",
                   "t.yaml:2: accounts: is not a list; allowed: a list of 0 to 3 maps with the keys id, token_file, "
                   "app_secret_files");
    assert_refused("webhook_port: [1]\n", "t.yaml:1: webhook_port: is a list; allowed: a number from 1 to 65535");
    assert_refused("webhook_port: {a: 1}\n",
                   "t.yaml:1: webhook_port: a map has no place here; allowed: a number from 1 to 65535");
}

static void test_errors_inside_lists_say_which_item(void **state unused_)
{
    assert_refused("webhook_port: 1\naccounts:\n  - id: a\n  - token_file: b\n",
                   "t.yaml:4: accounts[1].id: is missing; allowed: a text of 1 to 16 bytes");
    assert_refused("webhook_port: 1\naccounts:\n  - id: a\n    ide: b\n",
                   "t.yaml:4: accounts[0].ide: is no key known here; did you mean id?");
    assert_refused("webhook_port: 1\naccounts:\n  - id: aaaaaaaaaaaaaaaaa\n",
                   "t.yaml:3: accounts[0].id: is too long; allowed: a text of 1 to 16 bytes");
    assert_refused("webhook_port: 1\naccounts:\n  - id: a\n    app_secret_files: [a, b, c]\n",
                   "t.yaml:4: accounts[0].app_secret_files[2]: is too long; allowed: a list of 0 to 2 texts");
    assert_refused("webhook_port: 1\naccounts: [{id: a}, {id: b}, {id: c}, {id: d}]\n",
                   "t.yaml:2: accounts: is too long; allowed: a list of 0 to 3 maps with the keys id, token_file, "
                   "app_secret_files");
}

static void test_unknown_and_repeated_keys_are_errors(void **state unused_)
{
    assert_refused("webhok_port: 1\n", "t.yaml:1: webhok_port: is no key known here; did you mean webhook_port?");
    assert_refused("zebra: 1\n", "t.yaml:1: zebra: is no key known here");
    assert_refused("webhook_port: 1\nwebhook_port: 1\n", "t.yaml:2: webhook_port: is given twice");
}

static void test_a_secret_in_the_wrong_place_is_not_repeated(void **state unused_)
{
    struct outcome outcome;

    parse(&outcome, "webhook_port: EAAG-secret\n", NULL);
    assert_int_equal(outcome.r, -EBADMSG);
    assert_null(strstr(outcome.error, "secret"));
    arena_deinit(&outcome.mem);
}

static void test_yaml_beyond_maps_and_lists_is_refused(void **state unused_)
{
    assert_refused("a: &x 1\n", "t.yaml:1: a: is no key known here");
    assert_refused("webhook_port: &x 1\n", "t.yaml:1: tags and anchors are not allowed");
    assert_refused("webhook_port: !!int 1\n", "t.yaml:1: tags and anchors are not allowed");
    assert_refused("webhook_port: *x\n", "t.yaml:1: aliases are not allowed");
    assert_refused("webhook_port: 1\n---\nwebhook_port: 1\n", "t.yaml:2: a second document is not allowed");
    assert_refused("- 1\n", "t.yaml:1: the file must hold a map of keys and values");
    assert_refused("just words\n", "t.yaml:1: the file must hold a map of keys and values");
    assert_refused("[[[[[[[[", "t.yaml:1: the file must hold a map of keys and values");
    assert_refused("? [a]\n: 1\n", "t.yaml:1: a list has no place here");
    assert_refused("bus_endpoint: \"a\\0b\"\nwebhook_port: 1\n",
                   "t.yaml:1: bus_endpoint: has a control character in it; allowed: a text of 0 to 4096 bytes");
}

static void test_broken_yaml_names_its_line(void **state unused_)
{
    struct outcome outcome;

    parse(&outcome, "webhook_port: 1\nechoes: \"true\n", NULL);
    assert_int_equal(outcome.r, -EBADMSG);
    assert_non_null(strstr(outcome.error, "t.yaml:3: this is not YAML: "));
    arena_deinit(&outcome.mem);
}

static void test_every_prefix_of_a_good_file_is_answered(void **state unused_)
{
    const char *whole = "webhook_port: 7711\nlog_level: debug\naccounts:\n  - {id: a, app_secret_files: [x]}\n";
    char part[128];

    for (size_t size = 0; size <= strlen(whole); size++) {
        struct outcome outcome;
        snprintf(part, size + 1, "%s", whole);
        parse(&outcome, part, NULL);
        assert_true(outcome.r == 0 || (outcome.r == -EBADMSG && *outcome.error));
        arena_deinit(&outcome.mem);
    }
}

static void test_arena_that_is_full_is_out_of_memory(void **state unused_)
{
    struct settings settings = { 0 };
    struct arena mem = ARENA_EMPTY(16);
    char error[CONFIG_ERROR_MAX_BYTES] = "";

    assert_int_equal(
        config_parse(keys, "t.yaml", bytes_of_text("webhook_port: 1"), NULL, &mem, &settings, error, sizeof(error)),
        -ENOMEM);
    arena_deinit(&mem);
}

static void write_file(const char *path, const char *text, mode_t mode)
{
    FILE *file = fopen(path, "w");

    assert_non_null(file);
    fputs(text, file);
    assert_int_equal(fclose(file), 0);
    assert_int_equal(chmod(path, mode), 0);
}

static int enter_folder(void **state)
{
    static char folder[32];

    snprintf(folder, sizeof(folder), "/tmp/config_test.XXXXXX");
    *state = mkdtemp(folder);
    return *state ? chdir(folder) : -1;
}

static int leave_folder(void **state)
{
    unlink("t.yaml");
    unlink("token");
    return chdir("/") < 0 ? -1 : rmdir(*state);
}

static int load(char *error)
{
    struct settings settings = { 0 };
    struct arena mem = ARENA_EMPTY(1 << 20);
    int r = config_load(keys, "t.yaml", NULL, &mem, &settings, error, CONFIG_ERROR_MAX_BYTES);

    arena_deinit(&mem);
    return r;
}

static void test_secret_files_others_can_read_are_refused(void **state unused_)
{
    char error[CONFIG_ERROR_MAX_BYTES] = "";

    write_file("t.yaml", "webhook_port: 1\naccounts:\n  - id: a\n    token_file: token\n", 0644);
    write_file("token", "EAAG\n", 0640);
    assert_int_equal(load(error), -EBADMSG);
    assert_string_equal(error, "t.yaml:4: accounts[0].token_file: others can read token (chmod 600 it); "
                               "allowed: the path of a file that only its owner can read (mode 0600 or 0400)");
    assert_int_equal(chmod("token", 0400), 0);
    assert_int_equal(load(error), 0);
    assert_int_equal(unlink("token"), 0);
    assert_int_equal(load(error), -EBADMSG);
    assert_non_null(strstr(error, "cannot be opened: No such file"));
}

static void test_missing_file_says_so(void **state unused_)
{
    char error[CONFIG_ERROR_MAX_BYTES] = "";

    assert_int_equal(load(error), -ENOENT);
    assert_string_equal(error, "t.yaml: cannot read the configuration: No such file or directory");
}

static void test_secret_is_the_first_line_of_a_private_file(void **state unused_)
{
    struct arena mem = ARENA_EMPTY(1 << 16);
    const char *secret = "untouched";

    write_file("token", "EAAG-x\r\nsecond line\n", 0600);
    assert_int_equal(config_secret("token", &mem, &secret), 0);
    assert_string_equal(secret, "EAAG-x");
    write_file("token", "\nEAAG", 0600);
    assert_int_equal(config_secret("token", &mem, &secret), -EBADMSG);
    assert_int_equal(chmod("token", 0604), 0);
    assert_int_equal(config_secret("token", &mem, &secret), -EACCES);
    assert_int_equal(config_secret("/", &mem, &secret), -EINVAL);
    assert_int_equal(config_secret("none", &mem, &secret), -ENOENT);
    assert_string_equal(secret, "EAAG-x");
    arena_deinit(&mem);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_every_type_reaches_its_member),
        cmocka_unit_test(test_defaults_fill_what_is_not_written),
        cmocka_unit_test(test_environment_overrides_and_can_supply_what_is_required),
        cmocka_unit_test(test_environment_is_held_to_the_same_rules),
        cmocka_unit_test(test_errors_name_file_line_key_and_what_is_allowed),
        cmocka_unit_test(test_errors_inside_lists_say_which_item),
        cmocka_unit_test(test_unknown_and_repeated_keys_are_errors),
        cmocka_unit_test(test_a_secret_in_the_wrong_place_is_not_repeated),
        cmocka_unit_test(test_yaml_beyond_maps_and_lists_is_refused),
        cmocka_unit_test(test_broken_yaml_names_its_line),
        cmocka_unit_test(test_every_prefix_of_a_good_file_is_answered),
        cmocka_unit_test(test_arena_that_is_full_is_out_of_memory),
        cmocka_unit_test_setup_teardown(test_secret_files_others_can_read_are_refused, enter_folder, leave_folder),
        cmocka_unit_test_setup_teardown(test_missing_file_says_so, enter_folder, leave_folder),
        cmocka_unit_test_setup_teardown(test_secret_is_the_first_line_of_a_private_file, enter_folder, leave_folder),
    };
    return cmocka_run_group_tests_name("config", tests, NULL, NULL);
}
