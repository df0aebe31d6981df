/* Files for the tests of maps: samples in, goldens out. Never used outside tests. */
#include "kit.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>

#include <cmocka.h>
#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { FILE_MAX_BYTES = 4 << 20, FILES_MAX = 512, ACCOUNTS_MAX = 16, PATH_ROOM = 1024 };

static void path_of(char *path, const char *folder, const char *name)
{
    int size = snprintf(path, PATH_ROOM, "%s/%s", folder, name);
    assert_in_range(size, 1, PATH_ROOM - 1);
}

struct bytes kit_read(struct arena *mem, const char *folder, const char *name)
{
    char path[PATH_ROOM];
    path_of(path, folder, name);
    FILE *file = fopen(path, "rb");
    if (!file)
        fail_msg("%s: %s", path, strerror(errno));
    char *block = test_malloc(FILE_MAX_BYTES);
    size_t size = fread(block, 1, FILE_MAX_BYTES, file);
    assert_true(feof(file));
    fclose(file);
    char *text = arena_text(mem, bytes_make(block, size));
    test_free(block);
    assert_non_null(text);
    return bytes_make(text, size);
}

static int by_name(const void *a, const void *b)
{
    return strcmp(*(const char *const *) a, *(const char *const *) b);
}

size_t kit_list_any(struct arena *mem, const char *folder, const char *suffix, const char *const **ret)
{
    const char **names = arena_array(mem, FILES_MAX, sizeof(*names));
    size_t n = 0;
    DIR *dir = opendir(folder);
    if (!dir)
        fail_msg("%s: %s", folder, strerror(errno));
    for (struct dirent *entry; (entry = readdir(dir)) && n < FILES_MAX;) {
        size_t size = strlen(entry->d_name);
        if (size > strlen(suffix) && strcmp(entry->d_name + size - strlen(suffix), suffix) == 0)
            names[n++] = arena_text(mem, bytes_of_text(entry->d_name));
    }
    closedir(dir);
    qsort(names, n, sizeof(*names), by_name);
    *ret = names;
    return n;
}

size_t kit_list(struct arena *mem, const char *folder, const char *suffix, const char *const **ret)
{
    size_t n = kit_list_any(mem, folder, suffix, ret);
    if (n == 0)
        fail_msg("no *%s in %s", suffix, folder);
    return n;
}

struct decode_context kit_accounts(struct arena *mem, const char *folder)
{
    char *text = arena_text(mem, kit_read(mem, folder, "accounts"));
    const char **ids = arena_array(mem, ACCOUNTS_MAX, sizeof(*ids));
    const char **pages = arena_array(mem, ACCOUNTS_MAX, sizeof(*pages));
    struct decode_context context = { .account_ids = ids, .page_ids = pages };

    for (char *rest = text, *line; (line = strsep(&rest, "\n"));) {
        const char *word = strsep(&line, " "), *id = strsep(&line, " "), *page = strsep(&line, " ");
        if (word && id && strcmp(word, "app") == 0)
            context.app_id = id;
        if (word && id && strcmp(word, "account") == 0 && context.n_accounts < ACCOUNTS_MAX) {
            pages[context.n_accounts] = page;
            ids[context.n_accounts++] = id;
        }
    }
    return context;
}

struct event_list kit_decode(const struct translator_ops *ops, const struct decode_context *context, struct bytes body,
                             struct arena *mem)
{
    struct event_list list = { 0 };
    assert_int_equal(ops->decode(body, context, mem, &list), 0);
    return list;
}

static void write_golden(const char *path, const char *text)
{
    FILE *file = fopen(path, "wb");
    if (!file)
        fail_msg("%s: %s", path, strerror(errno));
    fputs(text, file);
    fclose(file);
}

void kit_golden(const char *folder, const char *name, const char *text)
{
    char path[PATH_ROOM];
    path_of(path, folder, name);
    if (getenv("KIT_WRITE_GOLDENS")) {
        write_golden(path, text);
        return;
    }
    struct arena mem = ARENA_EMPTY(2 * FILE_MAX_BYTES);
    struct bytes golden = kit_read(&mem, folder, name);
    if (!bytes_equal_text(golden, text))
        fail_msg("%s differs. It is now:\n%s", path, text);
    arena_deinit(&mem);
}
