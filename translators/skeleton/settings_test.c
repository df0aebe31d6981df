/* A translator's configuration as people write it. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "skeleton/settings.h"

static const char minimal[] = "gateway_endpoint: tcp://127.0.0.1:7700\n"
                              "keyring_file: %s\n"
                              "webhook_port: 7711\n"
                              "admin_port: 7712\n"
                              "accounts:\n"
                              "  - id: \"100\"\n"
                              "    token_file: %s\n"
                              "    verify_token_file: %s\n"
                              "    app_secret_files:\n"
                              "      - %s\n"
                              "%s";

struct file {
    char folder[64], config[96], secret[96];
};

static void write_file(const char *path, const char *text)
{
    FILE *file = fopen(path, "w");
    assert_non_null(file);
    assert_int_equal(fchmod(fileno(file), 0600), 0);
    fputs(text, file);
    fclose(file);
}

static int load(struct file *file, const char *more, struct arena *mem, struct settings *ret, char *error)
{
    static char *const no_env[] = { NULL };
    char text[2048];
    snprintf(file->folder, sizeof(file->folder), "/tmp/settings-test-XXXXXX");
    assert_non_null(mkdtemp(file->folder));
    snprintf(file->config, sizeof(file->config), "%s/a.yaml", file->folder);
    snprintf(file->secret, sizeof(file->secret), "%s/secret", file->folder);
    write_file(file->secret, "secret\n");
    snprintf(text, sizeof(text), minimal, file->secret, file->secret, file->secret, file->secret, more);
    write_file(file->config, text);
    int r = settings_load(file->config, no_env, mem, ret, error, 512);
    unlink(file->config);
    unlink(file->secret);
    rmdir(file->folder);
    return r;
}

static void test_what_is_not_written_has_its_documented_value(void **state unused_)
{
    struct arena mem = ARENA_EMPTY(1 << 20);
    struct settings settings = { 0 };
    struct file file;
    char error[512] = "";

    assert_int_equal(load(&file, "", &mem, &settings, error), 0);
    assert_string_equal(error, "");
    assert_string_equal(settings.webhook_path, "/webhook");
    assert_string_equal(settings.graph_url, "https://graph.facebook.com");
    assert_int_equal(settings.confirm_wait_ms, 4000);
    assert_int_equal(settings.unknown_wait_ms, 5000);
    assert_int_equal(settings.unknown_policy, UNKNOWN_RESEND);
    assert_int_equal(settings.window_margin_ms, 120000);
    assert_int_equal(settings.unknown_window, UNKNOWN_WINDOW_TRY);
    assert_int_equal(settings.options.n_texts, 0);
    assert_false(settings_account(&settings, 0)->strict);
    assert_null(settings_account(&settings, 0)->window_template);
    assert_int_equal(settings.accounts.n_items, 1);
    assert_string_equal(settings_account(&settings, 0)->id, "100");
    assert_null(settings_account(&settings, 0)->page_id);
    assert_int_equal(settings_account(&settings, 0)->app_secret_files.n_texts, 1);
    arena_deinit(&mem);
}

static void test_what_is_wrong_is_named_with_what_is_allowed(void **state unused_)
{
    static const struct {
        const char *line, *words;
    } wrong[] = { { "unknown_policy: guess\n", "give-up" },
                  { "webhook_pth: /x\n", "webhook_pth" },
                  { "confirm_wait_ms: 10\n", "confirm_wait_ms" },
                  { "unknown_window: maybe\n", "try, refuse" },
                  { "window_margin_ms: 86400001\n", "a number from 0 to 86400000" },
                  { "options: edit=note\n", "is not a list" },
                  { "    strict: yes\n", "true or false" } };
    for (size_t i = 0; i < ARRAY_SIZE(wrong); i++) {
        struct arena mem = ARENA_EMPTY(1 << 20);
        struct settings settings = { .drain_ms = 77 };
        struct file file;
        char error[512] = "";
        assert_int_equal(load(&file, wrong[i].line, &mem, &settings, error), -EBADMSG);
        assert_non_null(strstr(error, wrong[i].words));
        assert_non_null(strstr(error, "a.yaml:11"));
        assert_int_equal(settings.drain_ms, 77);
        arena_deinit(&mem);
    }
}

static void test_settings_of_files_have_their_documented_values(void **state unused_)
{
    struct arena mem = ARENA_EMPTY(1 << 20);
    struct settings settings = { 0 };
    struct file file;
    char error[512] = "";

    assert_int_equal(load(&file, "", &mem, &settings, error), 0);
    assert_null(settings.blob_store);
    assert_null(settings.public_url);
    assert_null(settings.converter);
    assert_int_equal(settings.blob_keep_ms, 0);
    assert_int_equal(settings.media_max_bytes, 100u << 20);
    assert_int_equal(settings.media_wait_ms, 60000);
    arena_deinit(&mem);
}

static void test_settings_of_files_that_contradict_each_other_are_refused(void **state unused_)
{
    static const struct {
        const char *lines, *words;
    } cases[] = {
        { "blob_store: var/blobs\n", "blob_store: neither an absolute path nor a URL" },
        { "public_url: https://files.example\n", "public_url: there are no files to offer without blob_store" },
        { "blob_store: /var\npublic_url: files.example\n", "public_url: not https://host[/prefix]" },
        { "blob_store: /var\npublic_url: https://files.example/\n", "public_url: not https://host[/prefix]" },
        { "converter: ffmpeg\n", "converter: not an absolute path" },
        { "media_allow:\n  - localhost\n", "media_allow: an entry is not host:port" },
        { "media_wait_ms: 5\n", "media_wait_ms" },
    };

    for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
        struct arena mem = ARENA_EMPTY(1 << 20);
        struct settings settings = { 0 };
        struct file file;
        char error[512] = "";
        assert_int_equal(load(&file, cases[i].lines, &mem, &settings, error), -EBADMSG);
        assert_non_null(strstr(error, cases[i].words));
        arena_deinit(&mem);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_what_is_not_written_has_its_documented_value),
        cmocka_unit_test(test_what_is_wrong_is_named_with_what_is_allowed),
        cmocka_unit_test(test_settings_of_files_have_their_documented_values),
        cmocka_unit_test(test_settings_of_files_that_contradict_each_other_are_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
