/* Keeps accounts, their secrets and their states. Never decides what a state means for a send. */
#include "accounts.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "formats/signature.h"

static int read_secret(struct secret *secret, const char *path, char *error, size_t error_room)
{
    int r = secret_init(secret, path);
    if (r < 0)
        snprintf(error, error_room, "%s: %s", path, r == -EBADMSG ? "is empty" : strerror(-r));
    return r;
}

static int read_secrets(struct account *account, char *error, size_t error_room)
{
    const struct config_texts *files = &account->settings->app_secret_files;

    int r = read_secret(&account->token, account->settings->token_file, error, error_room);
    if (r == 0)
        r = read_secret(&account->verify_token, account->settings->verify_token_file, error, error_room);
    for (size_t i = 0; r == 0 && i < files->n_texts && i < SETTINGS_APP_SECRETS_MAX; i++) {
        r = read_secret(&account->app_secrets[i], files->texts[i], error, error_room);
        account->n_app_secrets = i + 1;
    }
    return r;
}

int accounts_init(struct accounts *accounts, const char *network, const struct settings *settings, struct arena *mem,
                  char *error, size_t error_room)
{
    size_t n = settings->accounts.n_items;
    struct account *all = arena_array(mem, n, sizeof(*all));
    const char **ids = arena_array(mem, n, sizeof(*ids)), **pages = arena_array(mem, n, sizeof(*pages));
    if (!all || !ids || !pages)
        return -ENOMEM;

    *accounts = (struct accounts){
        .accounts = all,
        .context = { .account_ids = ids, .page_ids = pages, .n_accounts = n, .app_id = settings->app_id },
    };
    for (size_t i = 0; i < n; i++) {
        all[i].settings = settings_account(settings, i);
        all[i].health = TREFOIL_ACCOUNT_STARTING;
        ids[i] = all[i].settings->id;
        pages[i] = all[i].settings->page_id;
        all[i].name = arena_format(mem, "%s/%s", network, ids[i]);
        int r = all[i].name ? read_secrets(&all[i], error, error_room) : -ENOMEM;
        accounts->n_accounts = i + 1;
        if (r < 0) {
            accounts_deinit(accounts);
            return r;
        }
    }
    return 0;
}

void accounts_deinit(struct accounts *accounts)
{
    for (size_t i = 0; i < accounts->n_accounts; i++) {
        struct account *account = &accounts->accounts[i];
        secret_deinit(&account->token);
        secret_deinit(&account->verify_token);
        for (size_t k = 0; k < account->n_app_secrets; k++)
            secret_deinit(&account->app_secrets[k]);
    }
    *accounts = (struct accounts){ 0 };
}

long accounts_find(const struct accounts *accounts, const char *name)
{
    for (size_t i = 0; name && i < accounts->n_accounts; i++)
        if (strcmp(accounts->accounts[i].name, name) == 0)
            return (long) i;
    return -1;
}

void accounts_happened(struct accounts *accounts, size_t index, enum account_event event,
                       const struct account_remark *remark)
{
    struct account *account = &accounts->accounts[index];
    enum trefoil_account_health health = account_step(account->health, event);

    bool is_another =
        remark && remark->code != 0 && (remark->code != account->code || remark->subcode != account->subcode);

    if (health == account->health && (health == TREFOIL_ACCOUNT_CONNECTED || !is_another))
        return;
    account->health = health;
    account->code = remark ? remark->code : 0;
    account->subcode = remark ? remark->subcode : 0;
    account->next_action = remark ? remark->next_action : NULL;
    if (accounts->on_change)
        accounts->on_change(accounts->owner, index);
}

/* A file that cannot be read right now leaves the old text in force: it is being replaced, or its owner will notice. */
static bool refresh_one(struct account *account)
{
    bool is_renewed = secret_refresh(&account->token) > 0;
    is_renewed = secret_refresh(&account->verify_token) > 0 || is_renewed;
    for (size_t i = 0; i < account->n_app_secrets; i++)
        is_renewed = secret_refresh(&account->app_secrets[i]) > 0 || is_renewed;
    return is_renewed;
}

void accounts_refresh(struct accounts *accounts)
{
    for (size_t i = 0; i < accounts->n_accounts; i++) {
        if (!refresh_one(&accounts->accounts[i]))
            continue;
        accounts_happened(accounts, i, ACCOUNT_RENEWED, NULL);
        if (accounts->on_renewed)
            accounts->on_renewed(accounts->owner, i);
    }
}

size_t accounts_app_secrets(const struct accounts *accounts, struct bytes *ret, size_t room)
{
    size_t n = 0;
    for (size_t i = 0; i < accounts->n_accounts; i++)
        for (size_t k = 0; k < accounts->accounts[i].n_app_secrets && n < room; k++) {
            struct bytes secret = bytes_of_text(accounts->accounts[i].app_secrets[k].text);
            size_t seen = 0;
            while (seen < n && !bytes_equal(ret[seen], secret))
                seen++;
            if (seen == n)
                ret[n++] = secret;
        }
    return n;
}

const char *account_url(const struct account *account, const struct translator_ops *ops, const char *graph_url,
                        const char *path, struct arena *mem)
{
    char proof[SIGNATURE_PROOF_SIZE];

    if (!ops->proof_parameter || !account->settings->prove_token || account->n_app_secrets == 0)
        return arena_format(mem, "%s%s", graph_url, path);
    signature_proof(bytes_of_text(account->token.text), bytes_of_text(account->app_secrets[0].text), proof);
    return arena_format(mem, "%s%s%c%s=%s", graph_url, path, strchr(path, '?') ? '&' : '?', ops->proof_parameter,
                        proof);
}

bool accounts_know_verify_token(const struct accounts *accounts, const char *candidate)
{
    bool is_known = false;
    for (size_t i = 0; i < accounts->n_accounts; i++)
        is_known = secret_is(&accounts->accounts[i].verify_token, candidate) || is_known;
    return is_known;
}
