/* One post per account; a change while it is out makes another when it is in. Never queues more than the newest. */
#include "notices.h"

#include <errno.h>

struct account_notice {
    struct post post;
    struct trefoil_message message;
    struct notices *notices;
    bool is_out, is_stale;
    bool is_owed; /* refused for now */
};

static void on_done(struct post *post, enum post_end end)
{
    struct account_notice *notice = container_of(post, struct account_notice, post);
    notice->is_out = false;
    notice->is_owed = end == POST_RETRY;
    if (notice->is_stale)
        notices_tell(notice->notices, (size_t) (notice - notice->notices->all));
}

void notices_tell(struct notices *notices, size_t index)
{
    struct account_notice *notice = &notices->all[index];
    const struct account *account = &notices->accounts->accounts[index];

    notice->is_stale = notice->is_out;
    if (notice->is_out)
        return;
    notice->message = (struct trefoil_message){
        .kind = TREFOIL_KIND_ACCOUNT,
        .author = { .network = notices->network },
        .body.account = { account->health, account->code, account->subcode, account->next_action },
    };
    notice->post = (struct post){
        .publication = { .audience = TREFOIL_AUDIENCE_SERVICES,
                         .message = &notice->message,
                         .from = { .account = account->name } },
        .on_done = on_done,
    };
    notice->is_out = true;
    notice->is_owed = false;
    bus_post(notices->bus, &notice->post);
}

void notices_again(struct notices *notices)
{
    for (size_t i = 0; notices->all && i < notices->accounts->n_accounts; i++)
        if (notices->all[i].is_owed)
            notices_tell(notices, i);
}

int notices_init(struct notices *notices, struct bus *bus, const struct accounts *accounts, const char *network,
                 struct arena *mem)
{
    struct account_notice *all = arena_array(mem, accounts->n_accounts, sizeof(*all));
    if (!all)
        return -ENOMEM;
    *notices = (struct notices){ bus, accounts, network, all };
    for (size_t i = 0; i < accounts->n_accounts; i++)
        all[i].notices = notices;
    return 0;
}

void notices_deinit(struct notices *notices)
{
    for (size_t i = 0; notices->all && i < notices->accounts->n_accounts; i++)
        bus_withdraw(notices->bus, &notices->all[i].post);
    *notices = (struct notices){ 0 };
}
