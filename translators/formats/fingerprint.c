/* Names bytes by their hash. Never keyed: the same bytes have the same name everywhere. */
#include "fingerprint.h"

#include <sodium.h>

#define FINGERPRINT_BYTES 16

const char *fingerprint(struct bytes bytes, struct arena *mem)
{
    uint8_t hash[FINGERPRINT_BYTES];
    char *text = arena_alloc(mem, 2 * sizeof hash + 1);

    if (!text)
        return NULL;
    crypto_generichash(hash, sizeof hash, bytes.data, bytes.size, NULL, 0);
    bytes_to_hex(bytes_make(hash, sizeof hash), text);
    return text;
}
