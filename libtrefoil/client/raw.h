/* A door for our own benchmarks and tests: envelopes published and delivered as they are, without sealing and opening.
 * Never installed, never exported by the shared library.
 */
#ifndef TREFOIL_CLIENT_RAW_H
#define TREFOIL_CLIENT_RAW_H

#include <trefoil/client.h>

#include "base/bytes.h"

/* Seals as trefoil_client_publish() would, into malloc'ed memory the caller frees, and publishes nothing. AGAIN until the
 * grant is stored: drive the client and ask again. */
enum trefoil_status client_seal_raw(trefoil_client *client, const struct trefoil_publication *publication,
                                    uint8_t **ret, size_t *ret_size);

/* Queues a sealed envelope, copied. As trefoil_client_publish(). */
enum trefoil_status client_publish_raw(trefoil_client *client, struct bytes envelope, uint64_t *ret_ticket);

/* A subscription whose deliveries are handed on unopened: `message` is of KIND_NONE, clear members are empty. */
enum trefoil_status client_subscribe_raw(trefoil_client *client, const struct trefoil_subscription *subscription,
                                         uint32_t *ret_handle);

/* The envelope of the delivery told last, from such a subscription; valid as long as the event. */
struct bytes client_raw_envelope(const trefoil_client *client);

#endif
