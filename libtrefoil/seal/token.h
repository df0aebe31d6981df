/* Pseudonyms of addresses and network message ids: equal things give equal tokens, and only holders of the channel's
 * token key get the original back. Never random, never kept in a table.
 */
#ifndef TREFOIL_SEAL_TOKEN_H
#define TREFOIL_SEAL_TOKEN_H

#include "base/arena.h"
#include "seal/keyring.h"

enum token_kind {
    TOKEN_ADDRESS = 1, /* a user id of an account */
    TOKEN_REF = 2,     /* a network's message id */
    TOKEN_NOTE = 3,    /* a word of ours the gateway keeps unread: room names, evidence */
};

struct token_plain {
    enum token_kind kind;
    struct bytes account; /* "network/account id"; empty for notes */
    struct bytes value;   /* 1 to SEAL_TOKEN_VALUE_MAX_BYTES */
};

/* Under the newest generation, into the arena. -EMSGSIZE (value empty or too long), -ENOKEY (no token key), -ENOMEM. */
must_use_ int token_seal(const struct channel_secret *secret, const struct token_plain *plain, struct arena *arena,
                         struct bytes *ret);

/* Under whichever of our generations made it. `account` is the one it was sealed for; `ret->account` is set to it.
 * -EBADMSG (no token of this account and channel), -ENOKEY (its generation is not ours), -ENOMEM.
 */
must_use_ int token_open(const struct channel_secret *secret, struct bytes account, struct bytes token,
                         struct arena *arena, struct token_plain *ret);

/* The part tables index by; empty when `token` is none. */
struct bytes token_table_key(struct bytes token);

/* The envelope id of a network's own event: the same in every replica, meaningless to the gateway. */
void token_event_id(const struct channel_secret *secret, struct bytes account, struct bytes event_key,
                    uint8_t ret[SEAL_ID_BYTES]);

/* Derives all that is made of a key whose generation and key are set. */
void token_key_derive(const uint8_t *channel, struct token_key *key);

/* Borrowed; NULL when that generation is not ours. */
const struct token_key *token_key_of_generation(const struct channel_secret *secret, uint8_t generation);

#endif
