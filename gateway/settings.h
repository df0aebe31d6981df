/* The gateway's configuration file as a struct. Never reads anything but that file. */
#ifndef TREFOIL_GATEWAY_SETTINGS_H
#define TREFOIL_GATEWAY_SETTINGS_H

#include <stdbool.h>
#include <stdint.h>

#include "base/arena.h"
#include "daemon/config.h"
#include "wire/limits.h"

struct settings {
    const char *bus_endpoint, *admin_host, *store_dir, *keyring_file, *bundle_file, *root_pk_hex;
    uint64_t admin_port, store_max_bytes, seen_window_ms, in_doubt_ms, hold_ms, io_threads, directory_cache;
    int log_format, log_level;
    bool allow_core_dumps;
    uint8_t root_pk[SEAL_KEY_BYTES]; /* from root_pk_hex */
};

/* -errno or -EBADMSG with one line in `error`. */
must_use_ int settings_load(const char *path, char *const *env, struct arena *mem, struct settings *ret, char *error,
                            size_t error_room);

#endif
