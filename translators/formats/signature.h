/* Proves that a webhook comes from the holder of an application secret, and proves to the network that we hold it.
 * Never looks at what the signed bytes mean, and takes the same time whatever secret matches.
 */
#ifndef TREFOIL_FORMATS_SIGNATURE_H
#define TREFOIL_FORMATS_SIGNATURE_H

#include <stddef.h>

#include "base/bytes.h"

#define SIGNATURE_HEADER "X-Hub-Signature-256"
#define SIGNATURE_HEX_CHARS 64
#define SIGNATURE_PROOF_SIZE (SIGNATURE_HEX_CHARS + 1)

/* Checks the value of X-Hub-Signature-256 against the exact bytes of the body, for any of the secrets (several during
 * rotation): 0; -EBADMSG (missing, not "sha256=" and 64 hex digits); -EACCES (no secret fits).
 */
must_use_ int signature_check(struct bytes body, struct bytes header, const struct bytes *secrets, size_t n_secrets);

/* The value the network would send: "sha256=" and 64 lower-case hex digits. For the sandbox and tests. */
#define SIGNATURE_VALUE_SIZE (7 + SIGNATURE_HEX_CHARS + 1)
void signature_make(struct bytes body, struct bytes secret, char ret[SIGNATURE_VALUE_SIZE]);

/* appsecret_proof of an access token, as 64 lower-case hex digits and a NUL. */
void signature_proof(struct bytes token, struct bytes secret, char ret[SIGNATURE_PROOF_SIZE]);

#endif
