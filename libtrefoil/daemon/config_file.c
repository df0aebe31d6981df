/* Configuration and secrets from files: sizes and permissions first, content after. Never keeps a file open. */
#include "daemon/config.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "daemon/config_walk.h"

/* 0, or -errno: -EACCES when others may read it, -EINVAL when it is no regular file. */
static int check_private(int fd)
{
    struct stat stat;

    if (fstat(fd, &stat) < 0)
        return -errno;
    if (!S_ISREG(stat.st_mode))
        return -EINVAL;
    return stat.st_mode & 077 ? -EACCES : 0;
}

static int read_all(int fd, uint8_t *data, size_t room, size_t *ret_size)
{
    size_t size = 0;

    while (size < room) {
        ssize_t n = read(fd, data + size, room - size);
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return -errno;
        if (n == 0)
            break;
        size += (size_t) n;
    }
    *ret_size = size;
    return 0;
}

/* A regular file of at most `max` bytes, into the arena. */
static int read_file(const char *path, size_t max, struct arena *mem, struct bytes *ret)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK), r = 0;
    struct stat stat;
    uint8_t *data = NULL;
    size_t size;

    if (fd < 0)
        return -errno;
    if (fstat(fd, &stat) < 0)
        r = -errno;
    else if (!S_ISREG(stat.st_mode))
        r = -EINVAL;
    else if (stat.st_size > (off_t) max)
        r = -EFBIG;
    if (r == 0) {
        data = arena_alloc(mem, (size_t) stat.st_size + 1);
        r = data ? read_all(fd, data, (size_t) stat.st_size, &size) : -ENOMEM;
    }
    close(fd);
    if (r == 0)
        *ret = bytes_make(data, size);
    return r;
}

static int check_secret_file(const struct config_secret_use *use, const struct config_error *error)
{
    int fd = open(use->file, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK), r;
    char what[256];

    if (fd < 0) { /* the path is not repeated: a secret itself may stand where its file's path should */
        snprintf(what, sizeof(what), "the file cannot be opened: %s", strerror(errno));
        return config_complain(error, use->line, use->path, use->key, what);
    }
    r = check_private(fd);
    close(fd);
    if (r == -EACCES) {
        snprintf(what, sizeof(what), "others can read %s (chmod 600 it)", use->file);
        return config_complain(error, use->line, use->path, use->key, what);
    }
    if (r < 0)
        return config_complain(error, use->line, use->path, use->key, "this is no regular file");
    return 0;
}

int config_load(const struct config_key *keys, const char *path, char *const *env, struct arena *mem, void *ret,
                char *error, size_t error_room)
{
    struct config_error to = { error, error_room, path };
    struct config_secret_use *secrets = NULL;
    struct config_source source = { .env = env, .secrets = &secrets };
    int r = read_file(path, CONFIG_FILE_MAX_BYTES, mem, &source.text);

    if (r < 0) {
        char what[128];
        snprintf(what, sizeof(what), "cannot read the configuration: %s",
                 r == -EINVAL ? "no regular file" : strerror(-r));
        (void) !config_complain(&to, 0, "", NULL, what);
        return r;
    }
    r = config_walk(keys, &source, mem, ret, &to);
    for (const struct config_secret_use *use = secrets; r == 0 && use; use = use->next)
        if (*use->file)
            r = check_secret_file(use, &to);
    return r;
}

int config_secret(const char *path, struct arena *mem, const char **ret)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK), r;
    size_t size = 0;
    char *text;

    if (fd < 0)
        return -errno;
    r = check_private(fd);
    text = r == 0 ? arena_alloc(mem, CONFIG_SECRET_MAX_BYTES + 2) : NULL;
    if (r == 0 && !text)
        r = -ENOMEM;
    if (r == 0)
        r = read_all(fd, (uint8_t *) text, CONFIG_SECRET_MAX_BYTES + 1, &size);
    close(fd);
    if (r < 0)
        return r;
    size = strcspn(text, "\r\n");
    if (size == 0 || size > CONFIG_SECRET_MAX_BYTES) {
        explicit_bzero(text, CONFIG_SECRET_MAX_BYTES + 2);
        return -EBADMSG;
    }
    explicit_bzero(text + size, CONFIG_SECRET_MAX_BYTES + 2 - size);
    *ret = text;
    return 0;
}
