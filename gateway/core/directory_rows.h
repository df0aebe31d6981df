/* Directory entries as table rows and back. Never looks anything up. */
#ifndef TREFOIL_CORE_DIRECTORY_ROWS_H
#define TREFOIL_CORE_DIRECTORY_ROWS_H

#include "core/directory.h"

#define ADDRESS_KEY_BYTES (ID_BYTES + TOKEN_KEY_BYTES)

struct key address_row_key(const struct id *channel, struct bytes token);

/* Gives an empty address its texts; what it owns goes with address_empty(). -ENOMEM. */
must_use_ int address_name(struct address *address, struct bytes account, struct bytes token);
void address_empty(struct address *address);

/* -ENOSPC when there are too many, -ENOMEM. */
must_use_ int person_add_address(struct person *person, const uint8_t *key);
void person_empty(struct person *person);

/* All: -ENOSPC when the room is full, -ENOMEM. What was reserved cannot fail. */
must_use_ int room_reserve(struct room *room, size_t n_persons);
must_use_ int room_add_person(struct room *room, const struct id *person);
must_use_ int room_add_speaker(struct room *room, const struct id *service);
void room_empty(struct room *room);

/* -ENOMEM when the scratch is exhausted; -EBADMSG when a row has rotted. Unpacking fills something empty that has its
 * key; what it could not finish is the caller's to empty. */
must_use_ int address_pack(const struct address *address, struct arena *mem, struct bytes *ret);
must_use_ int address_unpack(struct bytes row, struct address *to);
must_use_ int person_pack(const struct person *person, struct arena *mem, struct bytes *ret);
must_use_ int person_unpack(struct bytes row, struct person *to);
must_use_ int room_pack(const struct room *room, struct arena *mem, struct bytes *ret);

/* The row of a room that was merged away: only where it leads. */
must_use_ int room_pack_moved(const struct id *channel, const struct id *to, struct arena *mem, struct bytes *ret);
bool room_has_moved(struct bytes row, struct id *ret_to);

must_use_ int room_unpack(struct bytes row, struct room *to);

#endif
