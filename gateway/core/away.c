/* Counts sends per address and keeps what waits for them. Never routes. */
#include "core/away.h"

#include <errno.h>
#include <stdlib.h>

#include "core/broker.h"

static struct key away_key(const struct id *channel, struct bytes address)
{
    struct key key = { .size = 0 };

    key_put(&key, id_bytes(channel));
    key_put(&key, token_key(address));
    return key;
}

void away_out(struct broker *broker, const struct id *channel, struct bytes address)
{
    struct key key = away_key(channel, address);
    struct away *away = map_get(&broker->away, key_bytes(&key));

    if (!away) {
        away = calloc(1, sizeof(*away));
        if (!away)
            return; /* an echo may then be taken for a human's: worse than waiting, better than stopping */
        list_init(&away->holds);
        if (map_set(&broker->away, key_bytes(&key), away) < 0) {
            free(away);
            return;
        }
    }
    away->n_out++;
}

static void close_if_idle(struct broker *broker, const struct key *key, struct away *away)
{
    if (away->n_out > 0 || !list_is_empty(&away->holds))
        return;
    map_remove(&broker->away, key_bytes(key));
    free(away);
}

void away_back(struct broker *broker, const struct id *channel, struct bytes address)
{
    struct key key = away_key(channel, address);
    struct away *away = map_get(&broker->away, key_bytes(&key));

    if (!away)
        return;
    if (away->n_out > 0)
        away->n_out--;
    list_for_each (node, &away->holds)
        container_of(node, struct hold, in_away)->is_due = true;
    close_if_idle(broker, &key, away);
}

bool away_is_out(const struct broker *broker, const struct id *channel, struct bytes address)
{
    struct key key = away_key(channel, address);
    const struct away *away = map_get(&broker->away, key_bytes(&key));

    return away && away->n_out > 0;
}

struct peer *away_heard_by(const struct broker *broker, const struct id *channel, struct bytes address)
{
    struct key key = away_key(channel, address);
    const struct away *away = map_get(&broker->away, key_bytes(&key));

    if (!away)
        return NULL;
    list_for_each (node, &away->holds) {
        struct hold *hold = container_of(node, struct hold, in_away);

        if (hold->is_echo && hold->peer)
            return hold->peer;
    }
    return NULL;
}

int hold_add(struct broker *broker, const struct waiting *waiting)
{
    struct bytes address = waiting->address, envelope = waiting->envelope;
    struct key key = away_key(waiting->channel, address);
    struct away *away = map_get(&broker->away, key_bytes(&key));

    if (!away || broker->n_holds >= GATEWAY_HOLDS_MAX)
        return -ENOSPC;
    struct hold *hold = calloc(1, sizeof(*hold) + envelope.size);
    if (!hold)
        return -ENOMEM;
    hold->size = envelope.size;
    if (bytes_copy(envelope, hold->envelope, hold->size) < 0) {
        free(hold);
        return -EMSGSIZE;
    }
    hold->peer = waiting->peer;
    hold->ticket = waiting->ticket;
    hold->is_echo = waiting->is_echo;
    hold->until_ms = broker->now_ms + broker->options.hold_ms;
    hold->channel = *waiting->channel;
    memcpy(hold->key, address.data, TOKEN_KEY_BYTES);
    list_append(&broker->holds, &hold->in_all);
    list_append(&away->holds, &hold->in_away);
    broker->n_holds++;
    broker->tally.held++;
    return 0;
}

void hold_free(struct broker *broker, struct hold *hold)
{
    struct key key = away_key(&hold->channel, bytes_make(hold->key, TOKEN_KEY_BYTES));
    struct away *away = map_get(&broker->away, key_bytes(&key));

    list_remove(&hold->in_all);
    list_remove(&hold->in_away);
    broker->n_holds--;
    if (away)
        close_if_idle(broker, &key, away);
    free(hold);
}

void hold_peer_gone(struct broker *broker, const struct peer *peer)
{
    list_for_each_safe (node, after, &broker->holds) {
        struct hold *hold = container_of(node, struct hold, in_all);

        if (hold->peer == peer)
            hold_free(broker, hold); /* the network will tell its next replica again */
    }
}

struct hold *hold_next(struct broker *broker)
{
    list_for_each (node, &broker->holds) {
        struct hold *hold = container_of(node, struct hold, in_all);

        if (hold->is_due || hold->until_ms <= broker->now_ms)
            return hold;
    }
    return NULL;
}
