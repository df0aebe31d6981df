/* Secrets on disk, by way of a temporary file in the same folder. Never follows a half-written one. */
#include "seal/secret_file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <sodium.h>

#define PATH_ROOM 4096

void secret_file_wipe(uint8_t *bytes, size_t size)
{
    if (bytes)
        sodium_memzero(bytes, size);
    free(bytes);
}

static int read_all(int fd, uint8_t *bytes, size_t size)
{
    for (size_t done = 0; done < size;) {
        ssize_t n = read(fd, bytes + done, size - done);

        if (n < 0 && errno == EINTR)
            continue;
        if (n <= 0)
            return n < 0 ? -errno : -EIO; /* it shrank while we read */
        done += (size_t) n;
    }
    return 0;
}

static int load(int fd, size_t max, uint8_t **ret, size_t *ret_size)
{
    struct stat stat;

    if (fstat(fd, &stat) < 0)
        return -errno;
    if (!S_ISREG(stat.st_mode) || (stat.st_mode & (S_IRWXG | S_IRWXO)) != 0)
        return -EACCES;
    if (stat.st_size < 0 || (uintmax_t) stat.st_size > max)
        return -EMSGSIZE;
    const size_t size = (size_t) stat.st_size;
    uint8_t *bytes = malloc(size > 0 ? size : 1);
    if (!bytes)
        return -ENOMEM;
    int r = read_all(fd, bytes, size);
    if (r < 0) {
        secret_file_wipe(bytes, size);
        return r;
    }
    *ret = bytes;
    *ret_size = size;
    return 0;
}

int secret_file_load(const char *path, size_t max, uint8_t **ret, size_t *ret_size)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);

    if (fd < 0)
        return -errno;
    int r = load(fd, max, ret, ret_size);
    close(fd);
    return r;
}

static int write_all(int fd, struct bytes bytes)
{
    while (bytes.size > 0) {
        ssize_t n = write(fd, bytes.data, bytes.size);

        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return -errno;
        bytes = bytes_slice(bytes, (size_t) n, bytes.size);
    }
    return fsync(fd) < 0 ? -errno : 0;
}

/* Makes the new name itself durable. */
static int sync_folder(const char *path)
{
    char folder[PATH_ROOM];
    const char *slash = strrchr(path, '/');

    if (!slash)
        snprintf(folder, sizeof(folder), ".");
    else
        snprintf(folder, sizeof(folder), "%.*s", slash == path ? 1 : (int) (slash - path), path);
    int fd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0)
        return -errno;
    int r = fsync(fd) < 0 ? -errno : 0;
    close(fd);
    return r;
}

int secret_file_save(const char *path, struct bytes bytes, bool replace)
{
    char draft[PATH_ROOM];
    int size = snprintf(draft, sizeof(draft), "%s.XXXXXX", path);

    if (size < 0 || (size_t) size >= sizeof(draft))
        return -ENAMETOOLONG;
    int fd = mkostemp(draft, O_CLOEXEC); /* mode 0600 */
    if (fd < 0)
        return -errno;
    int r = write_all(fd, bytes);
    if (close(fd) < 0 && r == 0)
        r = -errno;
    if (r == 0 && replace)
        r = rename(draft, path) < 0 ? -errno : 0;
    else if (r == 0)
        r = link(draft, path) < 0 ? -errno : 0; /* unlike rename, refuses what exists */
    if (r < 0 || !replace)
        unlink(draft);
    return r < 0 ? r : sync_folder(path);
}
