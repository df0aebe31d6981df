/* What a translator is configured with: the same keys for every network. Never holds a secret, only where it lies. */
#ifndef TREFOIL_SKELETON_SETTINGS_H
#define TREFOIL_SKELETON_SETTINGS_H

#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/attributes.h"
#include "daemon/config.h"

#define SETTINGS_ACCOUNTS_MAX 256
#define SETTINGS_APP_SECRETS_MAX 8 /* per account: two during a rotation, some to spare */

enum unknown_policy { UNKNOWN_RESEND, UNKNOWN_GIVE_UP };

/* What is done where nobody knows whether the reply window is open. */
enum unknown_window { UNKNOWN_WINDOW_TRY, UNKNOWN_WINDOW_REFUSE };

struct account_settings {
    const char *id;      /* as the network calls it */
    const char *page_id; /* NULL where it has none */
    const char *token_file;
    const char *verify_token_file;
    struct config_texts app_secret_files;
    bool prove_token;            /* calls show that we hold the first of the secrets, too */
    bool strict;                 /* nothing is sent with something missing */
    bool tell_authors;           /* of this account's people: told in words when what they said did not arrive */
    const char *window_template; /* what stands for a message when the window is closed; NULL: nothing does */
    const char *window_template_language;
};

struct settings {
    const char *gateway_endpoint;
    const char *keyring_file;
    const char *channel; /* NULL: the only one we are in */
    const char *webhook_host;
    uint64_t webhook_port;
    const char *webhook_path;
    const char *admin_host;
    uint64_t admin_port;
    const char *graph_url;
    const char *api_version;
    const char *app_id;
    uint64_t confirm_wait_ms;
    uint64_t send_timeout_ms;
    uint64_t unknown_wait_ms;
    int unknown_policy;
    uint64_t window_margin_ms; /* windows are taken for closed so much earlier */
    int unknown_window;
    const char *blob_store; /* where files lie; NULL: they travel as words */
    const char *blob_region, *blob_access_key_file, *blob_secret_key_file; /* of a bucket; NULL */
    uint64_t blob_keep_ms;                                                 /* 0: nothing is deleted */
    struct config_texts media_allow; /* "host:port" that files may be fetched from although they are not public */
    struct config_texts token_hosts; /* who is shown the access token, in place of what the network says */
    const char *public_url;          /* where our webhook listener is reached from outside; NULL: nowhere */
    uint64_t media_max_bytes;
    uint64_t media_wait_ms;      /* longest one file may take */
    const char *converter;       /* NULL: where it usually is; empty: none */
    struct config_texts options; /* "name=value", of the network's own */
    uint64_t drain_ms;
    int log_format; /* logfmt, json */
    int log_level;
    struct config_list accounts; /* of struct account_settings */
};

/* Reads the file, the environment over it. -EBADMSG or -errno with a line for a human in `error`. */
must_use_ int settings_load(const char *path, char *const *env, struct arena *mem, struct settings *ret, char *error,
                            size_t error_room);

static inline const struct account_settings *settings_account(const struct settings *settings, size_t index)
{
    return &((const struct account_settings *) settings->accounts.items)[index];
}

#endif
