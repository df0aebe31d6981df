/* Who is who and who talks with whom: address → person → room. Tokens only: the gateway does not know a single name.
 * Writes through to the tables; keeps what it used lately in memory.
 */
#ifndef TREFOIL_CORE_DIRECTORY_H
#define TREFOIL_CORE_DIRECTORY_H

#include <stdbool.h>

#include "core/id.h"
#include "core/pool.h"
#include "core/tables.h"
#include "gateway/limits.h"

struct sent_mark { /* a delivery that reached this address */
    uint64_t seq, at_ms;
    uint32_t target;
};

/* What routing asks of an address comes first and lies together: of ten million, each look costs a cache line. */
struct address {
    struct pool_head head;
    struct id channel;
    uint8_t key[TOKEN_KEY_BYTES]; /* of the token */
    uint8_t consent;              /* enum envelope_consent */
    bool is_new;                  /* made since it was written last */
    uint32_t person_at;           /* where the person was in memory last */
    struct id person;
    struct id alone_in;  /* the room in which this person is the only one … */
    uint32_t alone_size; /* … and how many that makes with the services; 0: not known by heart … */
    uint32_t alone_turn; /* … or not any more, when this is not the directory's */
    uint64_t last_active_ms;
    uint64_t last_seq;      /* the newest event that said something of it, or was there before it was */
    uint64_t behind_seq;    /* the oldest event its row does not know of: activity.h; 0: the row is as new as this */
    uint64_t window_ms;     /* the newest time at which this person opened the network's reply window; 0: never */
    uint64_t consent_seq;   /* the event that said `consent`; 0: none did */
    uint64_t linked_seq;    /* the event whose word made this an address of its person; 0: none */
    struct sent_mark *sent; /* GATEWAY_LAST_SENT of them, newest first, seq 0: none; NULL: none at all */
    struct bytes account, token; /* in `text` */
    struct bytes last_ref;       /* newest message from here; in `ref` */
    uint8_t *ref, *text;
};

struct person {
    struct pool_head head;
    struct id id, room;
    uint32_t room_at; /* where the room was in memory last */
    uint16_t n_addresses;
    struct id channel;
    uint8_t (
        *addresses)[TOKEN_KEY_BYTES]; /* has place for the next power of two; GATEWAY_PERSON_ADDRESSES_MAX at most */
};

struct room {
    struct pool_head head;
    struct id id, channel;
    uint16_t n_persons, n_speakers;
    uint16_t persons_room, speakers_room; /* what the two have place for */
    struct id *persons;                   /* GATEWAY_ROOM_PERSONS_MAX at most */
    struct id *speakers;                  /* GATEWAY_ROOM_SPEAKERS_MAX at most */
    struct bytes name;                    /* sealed; in the same allocation as nothing else */
};

struct directory {
    struct tables *tables;
    struct arena *scratch;
    struct pool addresses, persons, rooms; /* what was used lately */
    size_t cache_max;                      /* of each */
    uint32_t alone_turn;                   /* counts up when everything known by heart has to be looked up again */
};

/* `cache_max`: how many of each stay in memory. */
void directory_init(struct directory *directory, struct tables *tables, struct arena *scratch, uint32_t cache_max);
void directory_deinit(struct directory *directory);

/* Lets go what was not used for long when the cache has grown too large. Pointers handed out before are dead
 * afterwards. */
void directory_turn(struct directory *directory);

/* Borrowed until the next turn. -ENOENT, -ENOMEM, -EIO. A room that was merged away is the room it leads to. */
must_use_ int directory_address(struct directory *directory, const struct id *channel, struct bytes token,
                                struct address **ret);
must_use_ int directory_address_by_key(struct directory *directory, const struct id *channel, const uint8_t *key,
                                       struct address **ret);
must_use_ int directory_person(struct directory *directory, const struct id *id, struct person **ret);
must_use_ int directory_room(struct directory *directory, const struct id *id, struct room **ret);

/* Somebody will ask for this address soon; says so twice, some time apart. */
void directory_expect(const struct directory *directory, const struct key *key, bool is_again);

/* The same for whoever has the address or the person in hand: mostly one look where it was last. */
must_use_ int directory_person_of(struct directory *directory, struct address *address, struct person **ret);
must_use_ int directory_room_of(struct directory *directory, struct person *person, struct room **ret);

/* Most people are alone in a room with services, and that hardly ever changes: it is kept with the address, so that
 * routing need not look at person and room. True: the room is `address->alone_in`, its size `address->alone_size`. */
static inline bool directory_is_alone(const struct directory *directory, const struct address *address)
{
    return address->alone_size > 0 && address->alone_turn == directory->alone_turn;
}

/* `room` is where the address' person is. */
void directory_learn_alone(const struct directory *directory, struct address *address, const struct room *room);

/* The address, made with a person and a room of its own when it is new. */
must_use_ int directory_meet(struct directory *directory, const struct id *channel, struct bytes account,
                             struct bytes token, struct address **ret);

/* The person's address that was active last; NULL when there is none. */
must_use_ int directory_active(struct directory *directory, const struct person *person, struct address **ret);

/* Writes the address back. */
void directory_touch(struct directory *directory, struct address *address);
must_use_ int address_set_last_ref(struct address *address, struct bytes ref);
must_use_ int address_mark(struct address *address, const struct sent_mark *mark); /* the newest one; -ENOMEM */

/* What people ask for. `ret_room` tells where the person is now.
 * -ENOENT (no such room or address), -ENOSPC (full), -EEXIST, -EXDEV (another channel), -ENOMEM, -EIO. */
must_use_ int directory_create(struct directory *directory, const struct id *channel, const struct id *id,
                               struct bytes name, struct id *ret_room);
must_use_ int directory_join(struct directory *directory, struct address *address, const struct id *room);
must_use_ int directory_leave(struct directory *directory, struct address *address, struct id *ret_room);
must_use_ int directory_link(struct directory *directory, struct address *address, struct address *to);

/* A new address of the person of `of`, on the same account. -ENOSPC, -ENOMEM. */
must_use_ int directory_adopt(struct directory *directory, const struct address *of, struct bytes token,
                              struct address **ret);

/* `lose` and `keep` are one: its addresses go over, and `lose` is gone. A room that is left empty leads to the one of
 * `keep` from then on. -ENOSPC (too many addresses, nothing has changed), -ENOMEM, -EIO. */
must_use_ int directory_merge(struct directory *directory, struct person *keep, struct person *lose);
must_use_ int directory_unlink(struct directory *directory, struct address *address, struct id *ret_room);
must_use_ int directory_forget(struct directory *directory, struct address *address);

/* A service has spoken in the room: it counts as one of those present. */
must_use_ int directory_speaks(struct directory *directory, struct room *room, const struct id *service);

/* Walks the rooms of a channel after `after` (zero: from the first), in id order. */
must_use_ int directory_list(struct directory *directory, const struct id *channel, const struct id *after,
                             int (*each)(void *context, const struct id *room), void *context);

#endif
