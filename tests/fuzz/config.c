/* A process's configuration, as an operator, a template engine or a broken disk may leave it: the walk over its YAML,
 * every type of value, the words of its errors. Responsible for config.c and config_value.c.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "daemon/config.h"

struct item {
    const char *name;
    struct config_texts files;
};

struct settings {
    const char *endpoint;
    uint64_t port;
    bool flag;
    int level;
    const char *token_file;
    struct config_texts words;
    struct config_list items;
};

static const char *const levels[] = { "debug", "info", NULL };

static const struct config_key item_keys[] = {
    { .name = "id", .type = CONFIG_TEXT, .offset = offsetof(struct item, name), .required = true, .max = 16 },
    { .name = "files", .type = CONFIG_TEXTS, .offset = offsetof(struct item, files), .max = 3 },
    { 0 },
};

static const struct config_key keys[] = {
    { .name = "bus_endpoint", .type = CONFIG_TEXT, .offset = offsetof(struct settings, endpoint), .initial = "tcp" },
    { .name = "admin_port", .type = CONFIG_NUMBER, .offset = offsetof(struct settings, port), .max = 65535 },
    { .name = "flag", .type = CONFIG_FLAG, .offset = offsetof(struct settings, flag) },
    { .name = "log_level", .type = CONFIG_WORD, .offset = offsetof(struct settings, level), .words = levels },
    { .name = "token_file", .type = CONFIG_SECRET_FILE, .offset = offsetof(struct settings, token_file) },
    { .name = "words", .type = CONFIG_TEXTS, .offset = offsetof(struct settings, words) },
    { .name = "accounts",
      .type = CONFIG_LIST,
      .offset = offsetof(struct settings, items),
      .items = item_keys,
      .item_size = sizeof(struct item),
      .max = 4 },
    { 0 },
};

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char error[CONFIG_ERROR_MAX_BYTES] = "";
    struct settings settings = { 0 };
    struct arena mem = ARENA_EMPTY(1 << 20);
    int r = config_parse(keys, "fuzz.yaml", bytes_make(data, size), NULL, &mem, &settings, error, sizeof(error));

    if (r == 0 && (!settings.endpoint || settings.port > 65535 || settings.items.n_items > 4))
        abort();
    if (r < 0 && mem.failed == false && (!*error || strchr(error, '\n')))
        abort();
    arena_deinit(&mem);
    return 0;
}
