/* libtrefoil on the loop: publications wait here for credit and end here confirmed or refused; deliveries go to whoever
 * takes them. Never looks into a message.
 */
#ifndef TREFOIL_SKELETON_BUS_H
#define TREFOIL_SKELETON_BUS_H

#include <stdbool.h>
#include <stdint.h>

#include <uv.h>

#include <trefoil/client.h>

#include "base/attributes.h"
#include "base/list.h"

#define BUS_POSTS_MAX (1u << 20) /* published and not confirmed yet */

struct bus;

enum post_end {
    POST_CONFIRMED,
    POST_DUPLICATE, /* on disk already: as good */
    POST_RETRY,     /* refused for now */
    POST_REFUSED,   /* for good: whatever anybody does, it would be refused again */
};

/* One thing to be published, embedded in what waits for it. What the publication points to lives until it has gone
 * out; the post itself until `on_done`, or bus_withdraw(). */
struct post {
    struct trefoil_publication publication;
    void (*on_done)(struct post *post, enum post_end end);
    struct list node;
    uint64_t ticket; /* 0: waits for credit */
    bool is_refused; /* by the library, for good */
};

struct bus_options {
    const char *endpoint, *keyring_file;
    const char *channel; /* by name; NULL: the only one */
    const char *subscription;
    uint32_t receive_credit;
    void *owner;
    void (*on_connected)(void *owner);
    void (*on_disconnected)(void *owner);
    void (*on_delivery)(void *owner, const struct trefoil_delivery *delivery); /* borrowed for the call */
    void (*on_closed)(void *owner);                                            /* after bus_drain() */
    void (*on_trouble)(void *owner, const char *words);
};

/* Reads the keyring and starts connecting. -EACCES (keyring), -ENOMEM, -EIO; words in `error`. */
must_use_ int bus_open(uv_loop_t *loop, const struct bus_options *options, struct bus **ret, char *error,
                       size_t error_room);

/* Accepts NULL, returns NULL. */
struct bus *bus_close(struct bus *bus);

bool bus_is_connected(const struct bus *bus);
/* The channel everything goes through; false while that is not known. `ret` has room for 16 bytes. */
bool bus_channel(const struct bus *bus, uint8_t *ret);

/* How long the channel keeps its messages, in ms; 0: not known yet. */
uint64_t bus_retention_ms(const struct bus *bus);

const char *bus_service(const struct bus *bus);

/* When the roster and our newest wrap key end, in Unix ms; 0: not known. */
void bus_expiry(const struct bus *bus, uint64_t *ret_roster_ms, uint64_t *ret_wrap_key_ms);

/* Publishes at once or when there is credit, in order. `on_done` is called exactly once, never inside this call. */
void bus_post(struct bus *bus, struct post *post);

/* Nobody waits for it any more: `on_done` is not called. What has gone out stays out. Legal after `on_done`. */
void bus_withdraw(struct bus *bus, struct post *post);

/* Publishes something nobody waits for, now or never. */
void bus_mention(struct bus *bus, struct trefoil_publication *publication);

/* How targets of a delivery ended. */
void bus_outcome(struct bus *bus, uint32_t handle, uint64_t seq, const struct trefoil_target_outcome *outcome);

/* Tells the gateway what an account's network can express, and how the account is. Legal inside on_connected(); a
 * refusal is a trouble. `wake`: what waits at the gateway for us is to be tried at once. */
void bus_declare(struct bus *bus, const struct trefoil_capabilities *capabilities, bool wake);

/* Asks the gateway for no more deliveries. True: what goes back to it now does not come here again. */
void bus_pause(struct bus *bus);
bool bus_is_paused(const struct bus *bus);

/* Nothing new is taken; `on_closed` when the gateway has everything. */
void bus_drain(struct bus *bus);

#endif
