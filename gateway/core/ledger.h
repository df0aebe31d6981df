/* What became of every target of every envelope, and by which token each network knows it: rows `sent`, `refs`, `dead`.
 * Never hands anything out.
 */
#ifndef TREFOIL_CORE_LEDGER_H
#define TREFOIL_CORE_LEDGER_H

#include "core/audit.h"
#include "core/directory.h"
#include "core/outcome.h"
#include "core/record.h"

#define LEDGER_AUTHOR UINT32_MAX /* as a ref's target: the envelope's own message */

struct ledger {
    struct tables *tables;
    struct arena *scratch;
    struct audit *audit;
    struct directory *directory;
};

/* How one target ended, as stored. Slices live in the scratch. */
struct ending {
    enum outcome_kind kind;
    uint64_t at_ms, handed_ms;
    uint32_t attempts, code, subcode;
    uint8_t replica[8];
    struct bytes reason;
    struct bytes lost; /* words joined by "; " */
    struct bytes refs[GATEWAY_REFS_PER_TARGET_MAX];
    size_t n_refs;
};

/* How it was handed out last, for the row. */
struct handed {
    uint64_t at_ms, now_ms;
    uint32_t attempts;
    uint8_t replica[8];
};

/* -ENOENT: still pending. */
must_use_ int ledger_ending(struct ledger *ledger, uint64_t seq, uint32_t target, struct ending *ret);

/* Records a final outcome (sent, bounced, dead) of a target: 1; 0 when it had ended before (further refs of a sent one
 * are added). -ENOMEM, -EIO, -ENOENT (no such target). */
must_use_ int ledger_settle(struct ledger *ledger, const struct record *record, const struct outcome *outcome,
                            const struct handed *handed);

/* Makes a bounced or dead target pending again. -ENOENT when it is neither. */
must_use_ int ledger_revive(struct ledger *ledger, const struct record *record, uint32_t target);

/* Which envelope a network's message belongs to, and as which target it was written. -ENOENT. */
must_use_ int ledger_find(struct ledger *ledger, const struct id *channel, struct bytes ref, uint64_t *ret_seq,
                          uint32_t *ret_target);
void ledger_remember(struct ledger *ledger, const struct id *channel, struct bytes ref, uint64_t seq, uint32_t target);

/* The token by which the network of `address` knows the envelope; empty when it does not. */
must_use_ int ledger_ref_for(struct ledger *ledger, const struct record *related, struct bytes address,
                             struct bytes *ret);

/* Deletes the ref unless it belongs to a newer envelope by now: 1 when it went, else 0. */
must_use_ int ledger_forget_ref(struct ledger *ledger, const struct record *record, struct bytes ref);

/* Leaves of a target's ending the fact and nothing by which a network knows it: no refs, no dead letter. */
must_use_ int ledger_forget(struct ledger *ledger, const struct record *record, uint32_t target, size_t *ret_n_refs,
                            bool *ret_had_letter);

/* Removes everything about a record that is about to be pruned; targets still pending die of `expired` first. */
must_use_ int ledger_prune(struct ledger *ledger, const struct record *record, uint64_t now_ms);

#endif
