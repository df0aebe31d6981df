/* Thin: the client's own steps, one at a time. Never used by the library itself. */
#include "client/raw.h"

#include <stdlib.h>
#include <string.h>

#include "client/inside.h"

enum trefoil_status client_seal_raw(trefoil_client *client, const struct trefoil_publication *publication,
                                    uint8_t **ret, size_t *ret_size)
{
    struct bytes envelope, content;
    enum trefoil_status status = client_seal(client, publication, &envelope, &content);
    uint8_t *copy = status == TREFOIL_OK ? malloc(envelope.size) : NULL;

    if (status == TREFOIL_OK && !copy)
        status = client_fail(client, TREFOIL_OUT_OF_MEMORY, "out of memory");
    if (copy) {
        memcpy(copy, envelope.data, envelope.size);
        *ret = copy;
        *ret_size = envelope.size;
    }
    arena_reset(&client->work);
    return status;
}

enum trefoil_status client_publish_raw(trefoil_client *client, struct bytes envelope, uint64_t *ret_ticket)
{
    return client_queue(client, envelope, BYTES_EMPTY, ret_ticket);
}

enum trefoil_status client_subscribe_raw(trefoil_client *client, const struct trefoil_subscription *subscription,
                                         uint32_t *ret_handle)
{
    enum trefoil_status status = trefoil_client_subscribe(client, subscription, ret_handle);

    if (status == TREFOIL_OK)
        subscriptions_get(&client->subscriptions, *ret_handle)->is_raw = true;
    return status;
}

struct bytes client_raw_envelope(const trefoil_client *client)
{
    return client->raw_envelope;
}
