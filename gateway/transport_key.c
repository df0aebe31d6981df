/* Reads field 7 of a serialized Keyring and wipes what else came along. */
#include "transport_key.h"

#include <errno.h>
#include <fcntl.h>
#include <sodium.h>
#include <unistd.h>

#include "base/bytes.h"
#include "wire/proto_reader.h"

enum { KEYRING_TRANSPORT_SK = 7 };

static int find(struct bytes file, uint8_t *ret)
{
    struct proto_reader reader = proto_reader_make(file);
    struct proto_field field;
    struct bytes secret;

    while (proto_next(&reader, &field) > 0)
        if (field.number == KEYRING_TRANSPORT_SK)
            return proto_take_bytes(&field, SEAL_KEY_BYTES, SEAL_KEY_BYTES, &secret) < 0
                       ? -EBADMSG
                       : bytes_copy(secret, ret, SEAL_KEY_BYTES);
    return -EBADMSG;
}

int transport_key_load(const char *path, uint8_t ret[SEAL_KEY_BYTES])
{
    static const size_t room = SEAL_KEYRING_MAX_BYTES;
    uint8_t *file = sodium_malloc(room);
    size_t size = 0;
    ssize_t got = 0;
    int r = 0;

    if (!file)
        return -ENOMEM;
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0) {
        r = -errno;
        sodium_free(file);
        return r;
    }
    while (size < room && (got = read(fd, file + size, room - size)) > 0)
        size += (size_t) got;
    if (got < 0)
        r = -errno;
    close(fd);
    if (r == 0)
        r = find(bytes_make(file, size), ret);
    sodium_free(file); /* wipes */
    return r;
}
