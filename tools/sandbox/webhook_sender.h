/* Posts what happened to the translators as the networks do: ASCII JSON, signed, tried again until the answer is 200.
 * Never sends to a translator that has not passed the subscription handshake; its events wait.
 *
 * Per person there are two lanes, one for what he says and one for receipts and echoes: each in order, one POST at a
 * time. That is kinder than the real networks, which promise no order at all; the reorder fault takes it away.
 */
#ifndef TREFOIL_SANDBOX_WEBHOOK_SENDER_H
#define TREFOIL_SANDBOX_WEBHOOK_SENDER_H

#include <jansson.h>

#include "sandbox/world.h"

enum lane_kind { LANE_MESSAGES, LANE_RECEIPTS };

/* Takes `item`: on WhatsApp the value of one change, else one element of messaging[]. When `bubble` is given it gets
 * its second tick as the translator accepts. */
void webhook_event(struct person *person, enum lane_kind kind, json_t **item, struct bubble *bubble);

/* The same in another place than "messages" or messaging[]: a field of WhatsApp, "standby" elsewhere. Copied. */
void webhook_event_in(struct person *person, const char *field, json_t **item);

/* The text as the networks write it, malloc'd: ASCII, lower-case \uXXXX, \/ . NULL: no memory. */
char *webhook_text(const json_t *body);

/* "X-Hub-Signature-256: sha256=…" of exactly these bytes. */
#define SIGNATURE_LINE_SIZE 96
void webhook_signature(const struct account *account, struct bytes body, char ret[SIGNATURE_LINE_SIZE]);

/* Forgets all lanes and what is under way. */
void lanes_clear(struct world *world);

/* Sets the account's lanes going, once it is subscribed. */
void lanes_run(struct world *world, const struct account *account);

/* Events not yet accepted. */
size_t lanes_n_waiting(const struct world *world);

#endif
