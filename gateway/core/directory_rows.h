/* Directory entries as table rows and back. Never looks anything up. */
#ifndef TREFOIL_CORE_DIRECTORY_ROWS_H
#define TREFOIL_CORE_DIRECTORY_ROWS_H

#include "core/directory.h"

#define ADDRESS_KEY_BYTES (ID_BYTES + TOKEN_KEY_BYTES)

struct key address_row_key(const struct id *channel, struct bytes token);

must_use_ int address_new(const struct id *channel, struct bytes account, struct bytes token, struct address **ret);
struct address *address_free(struct address *address);
struct room *room_new(const struct id *id, const struct id *channel);
struct room *room_free(struct room *room);

/* Both: -ENOSPC when the room is full, -ENOMEM. What was reserved cannot fail. */
must_use_ int room_reserve(struct room *room, size_t n_persons);
must_use_ int room_add_person(struct room *room, const struct id *person);

/* -ENOMEM when the scratch is exhausted; -EBADMSG when a row has rotted. */
must_use_ int address_pack(const struct address *address, struct arena *mem, struct bytes *ret);
must_use_ int address_unpack(const struct id *channel, struct bytes row, struct address **ret);
must_use_ int person_pack(const struct person *person, struct arena *mem, struct bytes *ret);
must_use_ int person_unpack(const struct id *id, struct bytes row, struct person **ret);
must_use_ int room_pack(const struct room *room, struct arena *mem, struct bytes *ret);

/* The row of a room that was merged away: only where it leads. */
must_use_ int room_pack_moved(const struct id *channel, const struct id *to, struct arena *mem, struct bytes *ret);
bool room_has_moved(struct bytes row, struct id *ret_to);

must_use_ int room_unpack(const struct id *id, struct bytes row, struct room **ret);

#endif
