/* Sizes of sealing, suite 1, of the bus protocol, and the limits on what strangers send in them. Facts only.
 * Here, in the lowest room that needs them, because the gateway may not see the room `seal`.
 */
#ifndef TREFOIL_WIRE_LIMITS_H
#define TREFOIL_WIRE_LIMITS_H

#define SEAL_ID_BYTES 16
#define SEAL_KEY_BYTES 32
#define SEAL_SIGN_SECRET_BYTES 64
#define SEAL_SIGNATURE_BYTES 64
#define SEAL_HASH_BYTES 32
#define SEAL_NAME_MAX_BYTES 64
#define SEAL_ACCOUNT_MAX_BYTES 128
#define SEAL_REPLICA_BYTES 8
#define SEAL_KEY_ID_BYTES 16
#define SEAL_SALT_BYTES 32
#define SEAL_COMMIT_BYTES 32
#define SEAL_TAG_BYTES 16

#define SEAL_TOKEN_GENERATIONS 2
#define SEAL_TOKEN_KEY_BYTES 17         /* generation and iv: what tables index by */
#define SEAL_TOKEN_BLOCK_BYTES 32       /* sealed part: a multiple of it */
#define SEAL_TOKEN_VALUE_MAX_BYTES 1021 /* of an address or a message id */
#define SEAL_TOKEN_MIN_BYTES (1 + 16 + 32)
#define SEAL_TOKEN_MAX_BYTES (1 + 16 + 1024)

#define SEAL_WRAP_GENERATIONS 8
#define SEAL_WRAP_ACTIVE_MS (30ull * 24 * 3600 * 1000)
#define SEAL_WRAP_SHARE_BYTES 80 /* crypto_box_seal of a share */
#define SEAL_CHANNELS_MAX 64
#define SEAL_SERVICES_MAX 256
#define SEAL_ACCOUNTS_MAX 256  /* per service */
#define SEAL_TRANSPORTS_MAX 32 /* per service */
#define SEAL_WRAPS_MAX 256     /* per grant */
#define SEAL_WRAP_KEYS_MAX (SEAL_SERVICES_MAX * SEAL_WRAP_GENERATIONS)
#define SEAL_WRAP_KEY_MAX_BYTES 512
#define SEAL_ROSTER_MAX_BYTES (1 << 20)
#define SEAL_BUNDLE_MAX_BYTES (2 << 20)
#define SEAL_GRANT_MAX_BYTES (64 << 10)
#define SEAL_KEYRING_MAX_BYTES (64 << 10)

#define SEAL_GRANT_LIFE_MS (3600ull * 1000)
#define SEAL_GRANT_MAX_SEQ (1ull << 20)
#define SEAL_CLOCK_SKEW_MS (5ull * 60 * 1000)

#define SEAL_CONTENT_MAX_BYTES (4 << 20) /* before padding */
#define SEAL_SEALED_MIN_BYTES (256 + SEAL_TAG_BYTES)
#define SEAL_HEADER_MAX_BYTES (8 << 10)
#define SEAL_RELATES_MAX 64
#define SEAL_ALIASES_MAX 4 /* further addresses of one person, told by one event */
#define SEAL_ENVELOPE_MAX_BYTES (5 << 20)
#define SEAL_HOPS_MAX 4

/* Content: what one message may hold. All of it together is at most SEAL_CONTENT_MAX_BYTES. */
#define CONTENT_TEXT_MAX_BYTES (1u << 20) /* any one text */
#define CONTENT_SPANS_MAX 1024
#define CONTENT_MEDIA_MAX 64
#define CONTENT_CARDS_MAX 256
#define CONTENT_CARD_ENTRIES_MAX 64 /* phones, or emails, of a card */
#define CONTENT_OPTIONS_MAX 256
#define CONTENT_ITEMS_MAX 1024   /* of an order */
#define CONTENT_TARGETS_MAX 1024 /* of a receipt */
#define CONTENT_ALIASES_MAX 16
#define CONTENT_EXTRAS_MAX 64
#define CONTENT_HASH_MAX_BYTES 256           /* keys, hashes and commitments of media */
#define CONTENT_MEMORY_MAX_BYTES (16u << 20) /* what reading or writing one may cost: the cap of its arena */

/* The bus protocol: versions spoken, and what one frame may hold. */
#define BUS_VERSION_MIN 1
#define BUS_VERSION_MAX 2
#define BUS_VERSION_PAUSE 2                    /* from which on a peer may pause */
#define BUS_FRAME_MAX_BYTES (8u << 20)         /* also ZMQ_MAXMSGSIZE */
#define BUS_FRAME_MEMORY_MAX_BYTES (32u << 20) /* what unpacking one frame may cost: the cap of its arena */
#define BUS_BATCH_MAX_ENVELOPES 1024           /* per Publish and per Deliver, when both sides say so … */
#define BUS_BATCH_UNSAID_ENVELOPES 256         /* … and to a peer that did not say: what all take */
#define BUS_BATCH_FULL_BYTES (1u << 20)        /* a batch that has this much is sent, not filled further */
#define BUS_ANSWERS_FULL 256                   /* an Ack with so many outcomes told is sent, not filled further */
#define BUS_TARGETS_MAX 1024                   /* per delivery */
#define BUS_RUNS_MAX 4096                      /* per Confirm, Ack, Acked */
#define BUS_OUTCOMES_MAX 4096                  /* per Ack, over all its items */
#define BUS_REFS_MAX 64                        /* messages one target's delivery may become */
#define BUS_LOST_MAX 16                        /* things one target's network could not express */
#define BUS_TEXT_MAX_BYTES 512                 /* reasons, names, errors */
#define BUS_ANSWER_MAX_ITEMS 1000              /* rooms, dead letters, hops, counters, records per Answer */
#define BUS_CAPABILITIES_MAX_BYTES (16u << 10) /* one account's capability record */
#define BUS_CAPABILITIES_MAX 64                /* features in one */
#define BUS_CAPABILITY_MIMES_MAX 64            /* of one feature */

/* What a peer may have under way. A delivery costs one and the bytes of its envelope; Credit adds, acknowledgement by
 * the application is what makes the peer give credit again. A publication costs the same from Welcome's window and is
 * paid back by its Confirm. */
#define BUS_PUBLISH_CREDIT 4096
#define BUS_PUBLISH_CREDIT_BYTES (16u << 20)
#define BUS_DELIVER_CREDIT 1024
#define BUS_DELIVER_CREDIT_BYTES (16u << 20)
#define BUS_CREDIT_MAX (1u << 20) /* more than this is counted as this */
#define BUS_CREDIT_MAX_BYTES (256u << 20)
#define BUS_SUBSCRIPTIONS_MAX 64 /* per peer */

/* Life signs: a peer is told its interval in Welcome; this many intervals of silence, in either direction, are a
 * death. */
#define BUS_HEARTBEATS_MISSED 3
#define BUS_HELLO_WAIT_MS 5000
#define BUS_NAME_WAIT_MS 1000 /* for a resolver, where it is known what the name stood for last */
#define BUS_RECONNECT_FIRST_MS 50
#define BUS_RECONNECT_LAST_MS 2000
#define BUS_RETURN_MS 2000 /* so long a gateway that said goodbye is looked for without pauses that grow */

#endif
