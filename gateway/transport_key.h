/* The one secret the gateway has: the private half of its transport key. Never reads the rest of its keyring. */
#ifndef TREFOIL_GATEWAY_TRANSPORT_KEY_H
#define TREFOIL_GATEWAY_TRANSPORT_KEY_H

#include <stdint.h>

#include "base/attributes.h"
#include "wire/limits.h"

/* From the keyring file. -errno, -EBADMSG (no keyring). Whoever calls wipes `ret`. */
must_use_ int transport_key_load(const char *path, uint8_t ret[SEAL_KEY_BYTES]);

#endif
