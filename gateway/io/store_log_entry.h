/* Batches as bytes and back. Never touches a file, never trusts the bytes.
 *
 * An entry: its head (checksum, size, number of the first batch, how many), then the batches, zeros up to the page.
 */
#ifndef TREFOIL_GATEWAY_IO_STORE_LOG_ENTRY_H
#define TREFOIL_GATEWAY_IO_STORE_LOG_ENTRY_H

#include "store_batch.h"

#define ENTRY_HEAD_BYTES ((size_t) 32)
#define ENTRY_PAGE_BYTES ((size_t) 4096)

/* Can it be an entry, or part of one? A generation of ids as a whole cannot. */
bool entry_can_hold(const struct batch *batch);

/* What an entry of these batches takes, whole pages. */
size_t entry_size(const struct list *batches);

/* Writes it. `size` is what entry_size() said. */
void entry_write(const struct list *batches, const uint64_t seed[2], uint8_t *to, size_t size);

/* The entry at the front of `bytes`: appends its batches to the list. 0, and what it takes; -EBADMSG, there is none;
 * -ENOMEM. In both the list is as it was. */
must_use_ int entry_read(struct bytes bytes, const uint64_t seed[2], struct list *ret_batches, size_t *ret_size);

#endif
