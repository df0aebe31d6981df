/* One label per purpose, so that no hash or signature made for one thing means anything for another. Facts only.
 *
 * 9 to 16 bytes each: with 8 or fewer a label could equal a context of crypto_kdf, which we never use.
 */
#ifndef TREFOIL_TRUST_LABELS_H
#define TREFOIL_TRUST_LABELS_H

#define LABEL_MIN_BYTES 9
#define LABEL_MAX_BYTES 16

#define LABEL_ROSTER "trefoil.roster"             /* signature by the root */
#define LABEL_ROSTER_HASH "trefoil.roshash"       /* names a roster */
#define LABEL_WRAP_KEY "trefoil.wrapkey"          /* signature by the service */
#define LABEL_GRANT_BODY "trefoil.grant"          /* hash of a grant's body */
#define LABEL_GRANT_IDENTITY "trefoil.grantid"    /* signature by the service */
#define LABEL_GRANT_SESSION "trefoil.grantses"    /* signature by the session key */
#define LABEL_SEND_KEY "trefoil.sendkey"          /* share → K_send */
#define LABEL_SEND_COMMIT "trefoil.sendcom"       /* K_send → key_commit */
#define LABEL_KEY_ID "trefoil.keyid"              /* names a grant */
#define LABEL_SALT "trefoil.salt1"                /* hedged salt of an envelope */
#define LABEL_ENVELOPE_KEY "trefoil.envkey"       /* K_send → key and commitment of an envelope */
#define LABEL_ENVELOPE_SIGNATURE "trefoil.envsig" /* signature by the session key */
#define LABEL_TOKEN_MAC "trefoil.tokmac"          /* token key → K_mac */
#define LABEL_TOKEN_ENC "trefoil.tokenc"          /* token key → K_enc */
#define LABEL_TOKEN_IV "trefoil.token1"           /* iv of a token */
#define LABEL_EVENT_ID "trefoil.eventid"          /* envelope id of a network's event */

#define LABEL_PRIVATE "trefoil.private" /* token key → key of personal parts */

#define LABEL_FILE_KEY "trefoil.filekey"    /* key of a file → key of its stream */
#define LABEL_FILE_COMMIT "trefoil.filecom" /* key of a file → commitment */

/* All of them, for the test that no two are equal. */
#define LABELS                                                                                                     \
    LABEL_ROSTER, LABEL_ROSTER_HASH, LABEL_WRAP_KEY, LABEL_GRANT_BODY, LABEL_GRANT_IDENTITY, LABEL_GRANT_SESSION,  \
        LABEL_SEND_KEY, LABEL_SEND_COMMIT, LABEL_KEY_ID, LABEL_SALT, LABEL_ENVELOPE_KEY, LABEL_ENVELOPE_SIGNATURE, \
        LABEL_TOKEN_MAC, LABEL_TOKEN_ENC, LABEL_TOKEN_IV, LABEL_EVENT_ID, LABEL_PRIVATE, LABEL_FILE_KEY,           \
        LABEL_FILE_COMMIT

#endif
