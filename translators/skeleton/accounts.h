/* The accounts this process speaks for: their secrets and how they are. Never talks to the network itself. */
#ifndef TREFOIL_SKELETON_ACCOUNTS_H
#define TREFOIL_SKELETON_ACCOUNTS_H

#include <stddef.h>
#include <stdint.h>

#include "account_state.h"
#include "base/arena.h"
#include "secret.h"
#include "settings.h"
#include "skeleton_types/translator.h"

struct account {
    const struct account_settings *settings;
    const char *name; /* "network/account id" */
    struct secret token, verify_token;
    struct secret app_secrets[SETTINGS_APP_SECRETS_MAX];
    size_t n_app_secrets;
    enum trefoil_account_health health;
    uint32_t code, subcode;
    const char *next_action; /* constant words, NULL when there is nothing to do */
    uint64_t since_ms;       /* Unix ms of the last change; its owner's to set */
};

struct accounts {
    struct account *accounts;
    size_t n_accounts;
    struct decode_context context;
    void *owner;
    void (*on_change)(void *owner, size_t account);  /* its health is another one now */
    void (*on_renewed)(void *owner, size_t account); /* one of its secrets was replaced */
};

/* What the network said about an account, and what a human can do. */
struct account_remark {
    uint32_t code, subcode;
    const char *next_action;
};

/* Reads every secret; `mem` and `settings` outlive it. -EBADMSG, -EACCES, -errno with the file in `error`. */
must_use_ int accounts_init(struct accounts *accounts, const char *network, const struct settings *settings,
                            struct arena *mem, char *error, size_t error_room);
void accounts_deinit(struct accounts *accounts);

/* By "network/account id": its index, or -1. */
long accounts_find(const struct accounts *accounts, const char *name);

void accounts_happened(struct accounts *accounts, size_t index, enum account_event event,
                       const struct account_remark *remark);

/* Looks whether secret files were replaced. */
void accounts_refresh(struct accounts *accounts);

/* All application secrets of all accounts: how many. */
size_t accounts_app_secrets(const struct accounts *accounts, struct bytes *ret, size_t room);

/* Where a call of this account goes: the network's address and the path, and with `prove_token` the proof that we hold the
 * secret, under the name the network has for it. NULL: no memory. */
const char *account_url(const struct account *account, const struct translator_ops *ops, const char *graph_url,
                        const char *path, struct arena *mem);

/* True when it is the verify token of some account. */
bool accounts_know_verify_token(const struct accounts *accounts, const char *candidate);

#endif
