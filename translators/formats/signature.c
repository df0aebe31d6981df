/* HMAC-SHA256 over the exact bytes of a webhook body, and over access tokens.
 * Never stops early: a wrong signature takes as long as a right one.
 */
#include "signature.h"

#include <errno.h>
#include <string.h>

#include <sodium.h>

#define PREFIX "sha256="

/* The library wants an address even for no bytes. */
static const uint8_t *address(struct bytes bytes)
{
    static const uint8_t nowhere[1];

    return bytes.size > 0 ? bytes.data : nowhere;
}

static void digest(struct bytes text, struct bytes secret, uint8_t ret[crypto_auth_hmacsha256_BYTES])
{
    crypto_auth_hmacsha256_state state;

    crypto_auth_hmacsha256_init(&state, address(secret), secret.size);
    crypto_auth_hmacsha256_update(&state, address(text), text.size);
    crypto_auth_hmacsha256_final(&state, ret);
    sodium_memzero(&state, sizeof state);
}

int signature_check(struct bytes body, struct bytes header, const struct bytes *secrets, size_t n_secrets)
{
    size_t prefix_size = strlen(PREFIX);
    uint8_t claimed[crypto_auth_hmacsha256_BYTES], computed[crypto_auth_hmacsha256_BYTES];
    unsigned fits = 0;

    if (!bytes_equal_text(bytes_slice(header, 0, prefix_size), PREFIX))
        return -EBADMSG;
    if (bytes_from_hex(bytes_slice(header, prefix_size, SIZE_MAX), claimed, sizeof claimed) < 0)
        return -EBADMSG;
    for (size_t i = 0; i < n_secrets; i++) {
        digest(body, secrets[i], computed);
        fits |= secrets[i].size > 0 && sodium_memcmp(claimed, computed, sizeof computed) == 0;
    }
    sodium_memzero(computed, sizeof computed);
    return fits ? 0 : -EACCES;
}

void signature_make(struct bytes body, struct bytes secret, char ret[SIGNATURE_VALUE_SIZE])
{
    uint8_t computed[crypto_auth_hmacsha256_BYTES];

    digest(body, secret, computed);
    memcpy(ret, PREFIX, strlen(PREFIX));
    bytes_to_hex(bytes_make(computed, sizeof computed), ret + strlen(PREFIX));
}

void signature_proof(struct bytes token, struct bytes secret, char ret[SIGNATURE_PROOF_SIZE])
{
    uint8_t computed[crypto_auth_hmacsha256_BYTES];

    digest(token, secret, computed);
    bytes_to_hex(bytes_make(computed, sizeof computed), ret);
}
