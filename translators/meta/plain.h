/* Any message as words: what a reader sees where the network has no shape for it. One rule per kind, the same on every
 * network. Never cuts: whoever sends it knows the limits.
 */
#ifndef TREFOIL_META_PLAIN_H
#define TREFOIL_META_PLAIN_H

#include "base/arena.h"
#include "skeleton_types/translator.h"

#define PLAIN_ITEMS_MAX 100 /* cards, options, items or files of one message that are said; more is no chat message */

/* Text without attribution: "📍 Dam, Dam Square, Amsterdam\nhttps://maps.google.com/?q=52.370216,4.895168" for a
 * location; name, numbers and addresses for contact cards; header, body, numbered options and footer for choices; the
 * title for a choice made; items and note for an order; "[image] caption" for a file that cannot be shown; "✎ text" for
 * an edit; the fallback for what else there is. NULL: there is nothing to say, or the arena is exhausted (it says so).
 */
const char *plain_text(const struct trefoil_message *message, struct arena *mem);

/* "❤️" … for a reaction, "took back …" for its removal, "🗑 unsent a message" for a retraction: what stands for a relation
 * the network does not have; sent as a reply to the target where that is known. */
const char *plain_relation(const struct trefoil_message *message, struct arena *mem);

/* The parts of choices by themselves, for a network that has a shape for the rest: header, body and footer; and the
 * numbered options under their sections. NULL when there are none.
 */
const char *plain_question(const struct trefoil_choices *choices, struct arena *mem);
const char *plain_options(const struct trefoil_choices *choices, struct arena *mem);

/* The file as a short name for a reader: "image", "voice message". */
const char *plain_media_word(enum trefoil_media_kind kind);

/* The kind as a short name for a reader: "location". */
const char *plain_kind_word(enum trefoil_kind kind);

#endif
