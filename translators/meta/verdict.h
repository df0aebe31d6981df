/* What an answer of the Graph API means, from tables of codes.
 * Never decides by the text of an error, and by the HTTP status only when there is no code.
 */
#ifndef TREFOIL_META_VERDICT_H
#define TREFOIL_META_VERDICT_H

#include "formats/json.h"
#include "skeleton_types/translator.h"

enum meta_class {
    META_RETRY = 1,    /* comes and goes: deferred, a bounded number of times */
    META_RETRY_ONCE,   /* the same, but a second refusal is the last word */
    META_RETRY_PAIR,   /* too much to this person: only they wait */
    META_RETRY_NUMBER, /* too much at once: the whole account slows down */
    META_AWAY,         /* the account is not there for a while: all of it waits */
    META_WAIT,         /* a limit that takes its time: the account waits */
    META_PERMANENT,    /* will not get better: bounced */
    META_CREDENTIALS,  /* nothing of this account goes until a human renews token or permission: parked, not burned */
    META_POLICY,       /* the same, and the network's judgement is the cause */
    META_IN_DOUBT,     /* may have been sent all the same */
};

struct meta_rule {
    uint32_t code, last; /* `last` closes a range; 0: this code only */
    uint32_t subcode;    /* 0: any */
    enum meta_class class;
    const char *reason;
    const char *next_action; /* NULL: the class has one */
    uint32_t wait_ms;        /* 0: as long as the class takes */
};

#define META_TABLES_MAX 2

struct meta_table {
    const struct meta_rule *rules;
    size_t n_rules;
};

/* The network's own tables, before those all Graph APIs share. */
struct meta_rules {
    struct meta_table tables[META_TABLES_MAX];

    /* The id of the message the network accepted; NULL when the answer names none. */
    const char *(*message_id)(struct json_value answer, struct arena *mem);

    /* Whom it went to, by the id the network knows them by; NULL: its answers do not say. */
    const char *(*user_id)(struct json_value answer, struct arena *mem);
};

/* The rule for a code, NULL when nobody knows it. Some documents give a subcode where the answer has the code, or the
 * other way round: large numbers are looked up in both places.
 */
const struct meta_rule *meta_rule_find(const struct meta_rules *rules, uint32_t code, uint32_t subcode);

void meta_judge(const struct meta_rules *rules, const struct request *request, const struct reply *reply,
                struct arena *mem, struct verdict *ret);

#endif
