/* Whether a message may go to a person now: reply windows, consent, purpose. On paper: time comes in with the question.
 * Never looks at what is said, never asks a clock.
 */
#ifndef TREFOIL_SKELETON_POLICY_H
#define TREFOIL_SKELETON_POLICY_H

#include <trefoil/client.h>

#include "base/arena.h"
#include "base/attributes.h"
#include "skeleton_types/translator.h"

#define POLICY_TEMPLATE_TEXT_MAX 1024 /* code points of a template's body parameter */

/* Constant words: they are told to authors, counted and shown in traces. */
#define POLICY_CLOSED "outside the reply window"
#define POLICY_NEVER_OPENED "no reply window is known"
#define POLICY_UNWANTED "the person asked not to be written to"

struct policy_rules {
    struct translator_windows windows;
    uint64_t margin_ms;  /* windows close so much earlier for us */
    bool refuse_unknown; /* what is not known to be open counts as closed */
    bool has_template;   /* something can stand for a message when the window is closed */
};

struct policy_case {
    enum trefoil_kind kind;
    enum trefoil_purpose purpose;
    enum trefoil_lane lane;
    uint64_t window_ms; /* when the person acted last, Unix ms; 0: not known */
    bool consent_withdrawn;
    bool is_invited; /* it goes by a token or a comment of his: the network knows until when */
};

enum policy_verdict {
    POLICY_GO,
    POLICY_DROP,    /* nothing is sent, and nobody is told: a read mark, typing */
    POLICY_REPLACE, /* by the account's template */
    POLICY_REFUSE,  /* the author is told */
};

struct policy_decision {
    enum policy_verdict verdict;
    const char *reason; /* constant words; NULL when it may go */
    uint64_t until_ms;  /* GO: what was decided holds so long, Unix ms; 0: for ever */
};

/* A short constant word: "refused", … */
const char *policy_verdict_name(enum policy_verdict verdict);

struct policy_decision policy_decide(const struct policy_rules *rules, const struct policy_case *one, uint64_t now_ms);

/* The message as the template `name` with its readable text as the one parameter of the body. `speaker`: who says so,
 * where that is not clear; or NULL. `*ret_is_cut`: it did not fit. Borrows from `message`.
 * 0, -ENOMEM, -ENOTSUP (nothing readable). */
must_use_ int policy_replace(const struct trefoil_message *message, const char *name, const char *language,
                             const char *speaker, struct arena *mem, struct trefoil_message *ret, bool *ret_is_cut);

#endif
