/* Reads secrets and notices when their files were replaced. Never keeps more than one copy of one. */
#include "secret.h"

#include <errno.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "daemon/config.h"

static int read_text(const char *path, char **ret)
{
    struct arena mem = ARENA_EMPTY(64 << 10);
    const char *line;
    char *text = NULL;

    int r = config_secret(path, &mem, &line);
    if (r == 0) {
        size_t size = strlen(line);
        text = strdup(line);
        explicit_bzero((void *) (uintptr_t) line, size); /* ours: it lies in our arena */
        if (!text)
            r = -ENOMEM;
    }
    arena_deinit(&mem);
    if (r < 0)
        return r;
    *ret = text;
    return 0;
}

static void wipe(char *text)
{
    if (text)
        explicit_bzero(text, strlen(text));
    free(text);
}

static bool is_same_file(const struct stat *a, const struct stat *b)
{
    return a->st_dev == b->st_dev && a->st_ino == b->st_ino && a->st_size == b->st_size &&
           a->st_mtim.tv_sec == b->st_mtim.tv_sec && a->st_mtim.tv_nsec == b->st_mtim.tv_nsec;
}

static int load(struct secret *secret)
{
    struct stat now;
    char *text;

    /* The state of the file is read before its text: a change in between shows at the next refresh. */
    if (stat(secret->path, &now) < 0)
        return -errno;
    if (secret->text && is_same_file(&now, &secret->seen))
        return 0;
    int r = read_text(secret->path, &text);
    if (r < 0)
        return r;
    bool is_other = !secret->text || strcmp(secret->text, text) != 0;
    wipe(secret->text);
    secret->text = text;
    secret->seen = now;
    return is_other;
}

int secret_init(struct secret *secret, const char *path)
{
    *secret = (struct secret){ .path = path };
    int r = load(secret);
    return r < 0 ? r : 0;
}

void secret_deinit(struct secret *secret)
{
    wipe(secret->text);
    *secret = (struct secret){ 0 };
}

int secret_refresh(struct secret *secret)
{
    return load(secret);
}

bool secret_is(const struct secret *secret, const char *candidate)
{
    size_t size = strlen(candidate);
    size_t own = strlen(secret->text);
    volatile unsigned char difference = size != own;

    for (size_t i = 0; i < size; i++)
        difference = (unsigned char) (difference | (candidate[i] ^ secret->text[i % (own ? own : 1)]));
    return difference == 0;
}
