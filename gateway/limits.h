/* Every bound the gateway puts on frames, batches, credit, memory and time. Facts only; the protocol's own sizes are in
 * wire/limits.h and seal/limits.h.
 */
#ifndef TREFOIL_GATEWAY_LIMITS_H
#define TREFOIL_GATEWAY_LIMITS_H

/* Frames. */
/* One ZeroMQ message, one batch, credit and its caps: BUS_… in wire/limits.h. */
#define GATEWAY_ENVELOPE_MAX_BYTES (5 << 20) /* one envelope */
#define GATEWAY_FRAMES_PER_TURN 256          /* read before anything else gets its turn */
#define GATEWAY_SOCKET_HWM 4096              /* frames queued per peer inside ZeroMQ, each way */
#define GATEWAY_STRANGER_ERRORS_PER_S 100    /* "say hello first" answers */

/* Peers. */
#define GATEWAY_PEERS_MAX 4096
#define GATEWAY_SUBSCRIPTIONS_MAX 131072
#define GATEWAY_NAMES_PER_SERVICE 256 /* durable subscriptions a service may have named, ever */
#define GATEWAY_NAME_MAX_BYTES 64     /* a subscription's name */
#define GATEWAY_HEARTBEAT_MS 1000

/* Memory. */
#define GATEWAY_LIVE_RECORDS 32768u         /* newest records kept in memory; a power of two … */
#define GATEWAY_LIVE_BYTES (16u << 20)      /* … within this many bytes, in blocks of … */
#define GATEWAY_LIVE_BLOCK_BYTES (2u << 20) /* … this many (more, when one record needs more), which go as a whole */
#define GATEWAY_CATCH_UP_RECORDS 128        /* read from the journal at a time, per subscription … */
#define GATEWAY_CATCH_UP_BYTES (1 << 20)    /* … within this many bytes */
#define GATEWAY_PUMP_RECORDS 16384u         /* a subscription passes in one turn: then it is the others' */
#define GATEWAY_WINDOW 8192u                /* deliveries out of one ALL subscription; a power of two */
#define GATEWAY_GAPS_STORED 64              /* runs acknowledged above the floor that survive a restart */
#define GATEWAY_HELD_MAX 1024               /* deliveries out at a stop in order that the next life asks for by name */
#define GATEWAY_LOOKAHEAD 4096              /* deliveries of one TARGETS subscription in memory */
#define GATEWAY_LOOKAHEAD_BULK 2048    /* from so many on, further bulk waits in the store: a reply behind it is seen */
#define GATEWAY_LINE_MEMORY 16         /* of them per room; more wait in the store */
#define GATEWAY_LINES_MAX 262144       /* rooms waiting, per subscription */
#define GATEWAY_HOLDS_MAX 1024         /* echoes and receipts waiting for an acknowledgement */
#define GATEWAY_DIRECTORY_CACHE 262144 /* addresses, persons, rooms each, unless configured otherwise … */
#define GATEWAY_DIRECTORY_SLACK 65536u /* … and what one turn may add before the oldest go */
#define GATEWAY_SCRATCH_BYTES (64u << 20) /* one envelope's or question's arena */

/* Directory. */
#define GATEWAY_ROOM_PERSONS_MAX 256
#define GATEWAY_ROOM_SPEAKERS_MAX 32
#define GATEWAY_PERSON_ADDRESSES_MAX 16
#define GATEWAY_ROOM_NAME_MAX_BYTES 2048 /* sealed */
#define GATEWAY_TARGETS_MAX GATEWAY_ROOM_PERSONS_MAX
#define GATEWAY_REFS_PER_TARGET_MAX 64 /* messages one delivery may become */
#define GATEWAY_LAST_SENT 4            /* newest deliveries remembered per address, for watermarks */

/* Activity written behind: the rows of addresses that spoke. */
#define GATEWAY_BEHIND_RECORDS 16384u  /* journal records read again after a kill, about; a row waits no longer … */
#define GATEWAY_BEHIND_MS 5000         /* … nor than this … */
#define GATEWAY_BEHIND_PER_BATCH 1024u /* … unless more are due than one batch should hold */

/* Time. */
#define GATEWAY_TICK_MS 50
#define GATEWAY_PATIENT_ACKS \
    1024                         /* plain acknowledgements that wait for the tick before a peer is told they are safe */
#define GATEWAY_CLOCK_SET_MS 500 /* a wall clock that differs by more from one look to the next was set by somebody */
#define GATEWAY_IN_DOUBT_MS 3000
#define GATEWAY_HOLD_MS 8000
#define GATEWAY_WATERMARK_SLACK_MS 2000
#define GATEWAY_RETRY_FIRST_MS 1000           /* deferred without a time of its own: doubles … */
#define GATEWAY_RETRY_LAST_MS (5 * 60 * 1000) /* … up to this */
#define GATEWAY_ATTEMPTS_MAX 50
#define GATEWAY_RETENTION_MS (7ull * 24 * 3600 * 1000) /* of a channel that names none */
#define GATEWAY_DRAIN_MS 500
#define GATEWAY_PRUNE_RECORDS 1024u      /* per tick at least, if so many are over … */
#define GATEWAY_PRUNE_PER_NEW 2u         /* … and so many for each that came in since the last tick … */
#define GATEWAY_PRUNE_RECORDS_MAX 32768u /* … but no more than this */
#define GATEWAY_LETTERS_PER_TICK 512     /* dead letters looked at: may they go? */
#define GATEWAY_RELIEF_RECORDS 8192u     /* while the store is full, until it works again: some whole segments … */
#define GATEWAY_RELIEF_MS 1000u          /* … looked for so often */

/* Store. */
#define GATEWAY_BATCHES_OUT 64            /* submitted and not yet durable: the writer takes all there are */
#define GATEWAY_BACKLOG_BYTES (64u << 20) /* more than this not yet durable: reading stops */

/* Answers. */
#define GATEWAY_LIST_MAX 256 /* rooms or dead letters per answer */
#define GATEWAY_HOPS_PER_ENVELOPE 64
#define GATEWAY_FORGET_RECORDS (1u << 14)     /* journal records one step of forgetting reads */
#define GATEWAY_AUDIT_STEPS (1u << 17)        /* entries, rows and records one audit looks at */
#define GATEWAY_AUDIT_GLANCE_STEPS (1u << 13) /* the same for /metrics … */
#define GATEWAY_AUDIT_GLANCE_MS 2000          /* … at most this often */

#endif
