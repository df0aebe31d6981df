/* Every key of gateway.yaml, once. */
#include "settings.h"

#include <errno.h>
#include <stddef.h>
#include <stdio.h>

#include "gateway/limits.h"

#define TEXT_OF_(number) #number
#define TEXT_OF(number) TEXT_OF_(number)
#define KEY(name_, type_, ...)                                                                   \
    {                                                                                            \
        .name = #name_, .type = (type_), .offset = offsetof(struct settings, name_), __VA_ARGS__ \
    }

static const char *const formats[] = { "logfmt", "json", NULL };
static const char *const levels[] = { "debug", "info", "warning", "error", NULL };

static const struct config_key keys[] = {
    KEY(bus_endpoint, CONFIG_TEXT, .initial = "tcp://127.0.0.1:7700", .min = 1, .max = 255,
        .help = "where peers connect"),
    KEY(admin_host, CONFIG_TEXT, .initial = "127.0.0.1", .min = 1, .max = 255, .help = "of the admin page"),
    KEY(admin_port, CONFIG_NUMBER, .initial = "7701", .max = 65535, .help = "of the admin page"),
    KEY(store_dir, CONFIG_TEXT, .required = true, .min = 1, .max = 1024, .help = "folder of the store"),
    KEY(store_max_bytes, CONFIG_NUMBER, .initial = "17179869184", .min = 1 << 20, .max = UINT64_MAX / 2,
        .help = "the store never grows beyond"),
    KEY(keyring_file, CONFIG_SECRET_FILE, .required = true, .help = "the gateway's own keys"),
    KEY(bundle_file, CONFIG_TEXT, .required = true, .min = 1, .max = 1024, .help = "signed roster and wrap keys"),
    { .name = "root_pk",
      .type = CONFIG_TEXT,
      .offset = offsetof(struct settings, root_pk_hex),
      .required = true,
      .min = 64,
      .max = 64,
      .help = "the tenant's root key, in hex: whom to believe" },
    KEY(seen_window_ms, CONFIG_NUMBER, .initial = "691200000", .min = 1000, .max = (uint64_t) 366 * 24 * 3600 * 1000,
        .help = "how long envelope ids are remembered; never shorter than the longest retention"),
    KEY(in_doubt_ms, CONFIG_NUMBER, .initial = TEXT_OF(GATEWAY_IN_DOUBT_MS), .min = 1, .max = 3600000,
        .help = "how long a vanished holder's delivery waits for news before it is handed out again"),
    KEY(hold_ms, CONFIG_NUMBER, .initial = TEXT_OF(GATEWAY_HOLD_MS), .min = 1, .max = 60000,
        .help = "how long an echo waits for the answer to its send"),
    KEY(directory_cache, CONFIG_NUMBER, .initial = TEXT_OF(GATEWAY_DIRECTORY_CACHE), .min = 1024, .max = 1 << 27,
        .help = "addresses kept in memory, as many persons and rooms: half a kilobyte for one of each"),
    KEY(io_threads, CONFIG_NUMBER, .initial = "2", .min = 1, .max = 16, .help = "threads that encrypt the bus"),
    KEY(log_format, CONFIG_WORD, .words = formats, .initial = "logfmt", .help = "of the lines on stderr"),
    KEY(log_level, CONFIG_WORD, .words = levels, .initial = "info", .help = "least serious level to log"),
    KEY(allow_core_dumps, CONFIG_FLAG, .initial = "false", .help = "for tests that search the memory only"),
    { .name = NULL },
};

int settings_load(const char *path, char *const *env, struct arena *mem, struct settings *ret, char *error,
                  size_t error_room)
{
    int r = config_load(keys, path, env, mem, ret, error, error_room);

    if (r < 0)
        return r;
    if (bytes_from_hex(bytes_of_text(ret->root_pk_hex), ret->root_pk, sizeof(ret->root_pk)) < 0) {
        (void) snprintf(error, error_room, "%s: root_pk: not 64 hex digits; the file root.pub holds them", path);
        return -EBADMSG;
    }
    return 0;
}
