/* sandbox.yaml as a struct. Never holds a secret itself, only the names of files. */
#ifndef TREFOIL_SANDBOX_SETTINGS_H
#define TREFOIL_SANDBOX_SETTINGS_H

#include "daemon/config.h"

struct account_settings {
    int network;
    const char *id, *page_id;
    const char *token_file, *app_secret_file, *verify_token_file;
    const char *webhook_url;
};

struct person_settings {
    int network;
    const char *user_id, *name;
};

struct settings {
    const char *host;
    uint64_t port;
    const char *app_id;
    const char *public_url;
    bool require_proof;
    uint64_t seed;
    bool auto_read, echoes;
    uint64_t delivered_delay_ms, read_delay_ms;
    uint64_t retry_first_ms, retry_max_ms, retry_for_ms, webhook_timeout_ms;
    uint64_t max_webhooks_in_flight;
    int log_format, log_level;
    struct config_list accounts, people;
};

extern const struct config_key settings_keys[];

#endif
