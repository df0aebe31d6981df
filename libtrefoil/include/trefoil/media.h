/* Files of received messages, read plain: so that a bot can look at the picture it was sent.
 *
 * A message carries a file's secret (struct trefoil_media), not the file; that lies sealed in the store the translators
 * are configured with. Where the store is a directory this service can read too, trefoil_media_open() finds it there; from
 * a bucket, fetch the object called CHANNEL/`media->blob` yourself, the channel's id in hex digits, and hand its
 * descriptor to trefoil_media_open_fd().
 */
#ifndef TREFOIL_MEDIA_H
#define TREFOIL_MEDIA_H

#include <trefoil/client.h>
#include <trefoil/message.h>
#include <trefoil/status.h>

#ifdef __cplusplus
extern "C" {
#endif
#pragma GCC visibility push(default)

typedef struct trefoil_media_reader trefoil_media_reader;

/* Opens the file of `media`, received in `channel`. All of it is read and verified before this returns: not a byte of what
 * is not exactly the file its sender sealed can be read. Memory does not depend on its size, time does. Blocks.
 *
 * OK; NOTHING: the store has no such file, or no longer; REFUSED: it is not what the sender sealed; BAD_ARGUMENT: the
 * message names no file, or no proper one; BROKEN: the system failed, errno tells; OUT_OF_MEMORY. */
enum trefoil_status trefoil_media_open(const char *directory, const struct trefoil_id *channel,
                                       const struct trefoil_media *media, trefoil_media_reader **ret);

/* The same from a descriptor of the sealed file, which stays the caller's and must live as long as the reader. It must be
 * able to seek; its position does not matter and does not move. Never NOTHING. */
enum trefoil_status trefoil_media_open_fd(int fd, const struct trefoil_id *channel, const struct trefoil_media *media,
                                          trefoil_media_reader **ret);

/* Reads up to `room` bytes; `*ret` is how many, 0 at the end. REFUSED: the sealed file has changed since it was opened;
 * BROKEN. After either there is nothing more. Blocks for at most a chunk of 64 KiB. */
enum trefoil_status trefoil_media_read(trefoil_media_reader *reader, void *buffer, size_t room, size_t *ret);

/* Wipes keys and plain bytes. Accepts NULL inside; sets it to NULL. */
void trefoil_media_close(trefoil_media_reader **reader);

#pragma GCC visibility pop
#ifdef __cplusplus
}
#endif

#endif
