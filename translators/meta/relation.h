/* The rules of relations, one each, the same on every network: what becomes of an answer, an edit, a retraction or a
 * reaction where a network has no such thing, or does not know what it is about. The encoders read the table, and the
 * one in translators/README.md is held against it. Facts, and who reads them.
 */
#ifndef TREFOIL_META_RELATION_H
#define TREFOIL_META_RELATION_H

#include <stdbool.h>

#include "skeleton_types/translator.h"

enum relation {
    RELATION_REPLY,
    RELATION_EDIT,
    RELATION_RETRACT,
    RELATION_REACTION,
    RELATION_UNREACTION, /* a reaction taken back */
    N_RELATIONS
};

struct relation_rule {
    const char *name;     /* for a human; also its row in the README */
    enum feature feature; /* its cell of a capability record: whether the network has it */
    const char *note;     /* said before the message's own words; NULL: nothing is said, or nothing more than those */
    const char *unknown;  /* said behind them, of a reply before them, where what it is about is not known there; NULL:
                           * nothing */
    const char *lost;     /* the word for the outcome */
    const char *instead;  /* all of this for a human, as the README has it */
};

extern const struct relation_rule relation_rules[N_RELATIONS];

/* Reactions and retractions are what they are; anything else is an edit, or at most answers another message. */
enum relation relation_of(const struct trefoil_message *message);

/* Notes what the rule says is lost. */
void relation_lose(enum relation relation, struct request_list *list);

/* An edit of anything but text and files: it goes as words whatever the network could show, or nobody would see that it
 * is one. */
bool relation_is_words(const struct trefoil_message *message);

/* The message's own words, with the note before them that its relation asks for. NULL where there are none. */
const char *relation_noted(const struct trefoil_message *message, const char *words, struct arena *mem);

#endif
