/* What was sent as a file: bytes in unlinked temporary files, their names, types and digests in memory.
 * Never keeps the bytes in memory, never leaves one behind: the disk has them back when the process ends.
 */
#ifndef TREFOIL_SANDBOX_FILES_H
#define TREFOIL_SANDBOX_FILES_H

#include <jansson.h>
#include <sodium.h>

#include "base/list.h"
#include "base/map.h"
#include "daemon/http_server.h"

#define MAX_FILE_BYTES (120u * 1024 * 1024)
#define FILE_ID_SIZE 16

struct file {
    struct list link;
    char id[FILE_ID_SIZE]; /* "f1" */
    json_t *name;          /* a text, as it came: it may hold anything */
    char *mime;
    int fd;
    uint64_t size;
    uint8_t sha256[crypto_hash_sha256_BYTES];
};

struct files {
    struct list list;
    struct map by_id;
    uint64_t n_ever;
};

void files_init(struct files *files, uint64_t seed);
void files_clear(struct files *files);

struct file *file_find(const struct files *files, const char *id); /* NULL */

/* Writing one, piece by piece. */
struct file_writer {
    int fd;
    uint64_t size;
    crypto_hash_sha256_state hash;
};

/* -EMFILE, -ENOSPC and the like. */
must_use_ int file_begin(struct file_writer *writer);
must_use_ int file_write(struct file_writer *writer, struct bytes piece); /* -EFBIG, -errno */
void file_abandon(struct file_writer *writer);                            /* legal when nothing is open */

/* Takes what was written; copies the rest. NULL: no memory, too many; then nothing is left. */
struct file *file_finish(struct files *files, struct file_writer *writer, const json_t *name, const char *mime);

/* The same bytes under another name or type; NULL for what stays. NULL: no memory, too many. */
struct file *file_again(struct files *files, const struct file *file, const json_t *name, const char *mime);

/* Reads at most `room` bytes from `at` on: how many, or -errno. */
long file_read(int fd, uint64_t at, uint8_t *buffer, size_t room);

/* Answers with the bytes, as the client takes them; the file may go meanwhile. `mime`: another type than its own; NULL:
 * its own. */
void file_answer(const struct file *file, struct http_exchange *exchange, const char *mime);

/* The usual ending for a type, without the dot: "jpg"; "bin" when there is none. */
const char *mime_ending(const char *mime);

#endif
