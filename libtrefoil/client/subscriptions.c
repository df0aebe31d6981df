/* A short array of subscriptions, each with its answers. Never decides what a delivery means. */
#include "client/subscriptions.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <sodium.h>

void subscriptions_deinit(struct subscriptions *subscriptions)
{
    for (size_t i = 0; i < subscriptions->n; i++) {
        answers_deinit(&subscriptions->items[i]->answers);
        free((char *) (uintptr_t) subscriptions->items[i]->wish.name);
        free(subscriptions->items[i]);
    }
    subscriptions->n = 0;
}

int subscriptions_add(struct subscriptions *subscriptions, const struct trefoil_subscription *wish,
                      struct subscription **ret)
{
    if (subscriptions->n == ARRAY_SIZE(subscriptions->items))
        return -ENOSPC;
    if (wish->name && (strlen(wish->name) > SEAL_NAME_MAX_BYTES || !wish->name[0]))
        return -EINVAL;
    struct subscription *subscription = calloc(1, sizeof(*subscription));
    char *name = wish->name ? strdup(wish->name) : NULL;
    if (!subscription || (wish->name && !name)) {
        free(subscription);
        free(name);
        return -ENOMEM;
    }
    subscription->wish = *wish;
    subscription->wish.name = name;
    subscription->handle = (uint32_t) subscriptions->n + 1;
    answers_init(&subscription->answers);
    subscriptions->items[subscriptions->n++] = subscription;
    *ret = subscription;
    return 0;
}

struct subscription *subscriptions_get(const struct subscriptions *subscriptions, uint32_t handle)
{
    return handle >= 1 && handle <= subscriptions->n ? subscriptions->items[handle - 1] : NULL;
}

/* A wish to start somewhere is granted once; after that a durable name goes on where it was, and a nameless one where
 * we know it was. */
static void set_start(const struct subscription *subscription, Trefoil__Subscribe *subscribe)
{
    subscribe->start = (Trefoil__StartAt) subscription->wish.start;
    subscribe->start_at = subscription->wish.start_at;
    if (!subscription->is_confirmed)
        return;
    subscribe->start = TREFOIL__START_AT__START_SAVED;
    subscribe->start_at = 0;
    if (subscription->wish.name)
        return;
    subscribe->start = TREFOIL__START_AT__START_SEQ;
    subscribe->start_at = answers_lowest(&subscription->answers, subscription->next_seq);
}

int subscription_send(const struct subscription *subscription, struct connection *connection)
{
    Trefoil__Subscribe subscribe = TREFOIL__SUBSCRIBE__INIT;
    const struct trefoil_subscription *wish = &subscription->wish;

    subscribe.channel = frame_binary(bytes_make(wish->channel.bytes, sizeof(wish->channel.bytes)));
    if (wish->name)
        subscribe.name = (char *) (uintptr_t) wish->name;
    subscribe.kind =
        wish->targets ? TREFOIL__SUBSCRIPTION_KIND__SUBSCRIPTION_TARGETS : TREFOIL__SUBSCRIPTION_KIND__SUBSCRIPTION_ALL;
    subscribe.handle = subscription->handle;
    subscribe.ephemeral_too = wish->ephemeral_too;
    set_start(subscription, &subscribe);
    return connection_send(connection, TREFOIL__FRAME__BODY_SUBSCRIBE, &subscribe);
}

void subscription_confirm(struct subscription *subscription, const Trefoil__Subscribed *subscribed)
{
    if (!subscription->is_confirmed && subscription->next_seq <= subscribed->floor)
        subscription->next_seq = subscribed->floor + 1;
    subscription->is_confirmed = true;
}

static int give_credit(struct connection *connection, uint64_t envelopes, uint64_t bytes)
{
    Trefoil__Credit credit = TREFOIL__CREDIT__INIT;

    if (envelopes == 0 && bytes == 0)
        return 0;
    credit.envelopes = envelopes < BUS_CREDIT_MAX ? (uint32_t) envelopes : BUS_CREDIT_MAX;
    credit.bytes = bytes < BUS_CREDIT_MAX_BYTES ? (uint32_t) bytes : BUS_CREDIT_MAX_BYTES;
    return connection_send(connection, TREFOIL__FRAME__BODY_CREDIT, &credit);
}

int subscriptions_rewind(struct subscriptions *subscriptions, struct connection *connection, uint32_t receive_credit)
{
    uint64_t n_out = 0, out_bytes = 0;

    subscriptions->spare = subscriptions->spare_bytes = 0;
    for (size_t i = 0; i < subscriptions->n; i++) {
        struct subscription *subscription = subscriptions->items[i];
        int r = subscription_send(subscription, connection);

        if (r == 0)
            r = answers_rewind(&subscription->answers);
        if (r < 0)
            return r;
        n_out += subscription->answers.n_out;
        out_bytes += subscription->answers.out_bytes;
    }
    int r = subscriptions_flush(subscriptions, connection); /* what is answered need not come again */
    if (r < 0)
        return r;
    return give_credit(connection, receive_credit > n_out ? receive_credit - n_out : 0,
                       BUS_DELIVER_CREDIT_BYTES > out_bytes ? BUS_DELIVER_CREDIT_BYTES - out_bytes : 0);
}

static int flush_answers(struct subscription *subscription, struct connection *connection)
{
    struct answers *answers = &subscription->answers;

    while (answers_has_unsent(answers)) {
        zmq_msg_t message;

        if (zmq_msg_init_size(&message, answers_frame_size(answers, subscription->handle)) < 0)
            return -ENOMEM;
        answers_frame_write(answers, subscription->handle, zmq_msg_data(&message));
        int r = connection_send_message(connection, &message);
        if (r < 0) {
            zmq_msg_close(&message);
            return r;
        }
        answers_frame_sent(answers);
    }
    return 0;
}

int subscriptions_flush(struct subscriptions *subscriptions, struct connection *connection)
{
    uint64_t envelopes = subscriptions->spare, bytes = subscriptions->spare_bytes;

    for (size_t i = 0; i < subscriptions->n; i++) {
        struct answers *answers = &subscriptions->items[i]->answers;
        int r = flush_answers(subscriptions->items[i], connection);

        if (r < 0)
            return r;
        envelopes += answers->payback;
        bytes += answers->payback_bytes;
        answers->payback = answers->payback_bytes = 0;
    }
    subscriptions->spare = subscriptions->spare_bytes = 0;
    return give_credit(connection, envelopes, bytes);
}

uint64_t subscriptions_spent(const struct subscriptions *subscriptions)
{
    uint64_t n = subscriptions->spare;

    for (size_t i = 0; i < subscriptions->n; i++)
        n += subscriptions->items[i]->answers.payback;
    return n;
}

bool subscriptions_has_outcomes(const struct subscriptions *subscriptions)
{
    for (size_t i = 0; i < subscriptions->n; i++)
        if (subscriptions->items[i]->answers.n_unsent > 0)
            return true;
    return false;
}

bool subscriptions_has_unsent(const struct subscriptions *subscriptions)
{
    if (subscriptions->spare > 0)
        return true;
    for (size_t i = 0; i < subscriptions->n; i++)
        if (answers_has_unsent(&subscriptions->items[i]->answers) || subscriptions->items[i]->answers.payback > 0)
            return true;
    return false;
}

bool subscriptions_is_settled(const struct subscriptions *subscriptions)
{
    for (size_t i = 0; i < subscriptions->n; i++)
        if (!answers_is_settled(&subscriptions->items[i]->answers))
            return false;
    return true;
}
