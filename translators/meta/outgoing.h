/* What every network's encoder does alike: who speaks, what stands for what cannot be shown, and the cutting.
 * Never writes a request body; each network has its own shape.
 */
#ifndef TREFOIL_META_OUTGOING_H
#define TREFOIL_META_OUTGOING_H

#include "formats/text.h"
#include "skeleton_types/translator.h"

#define OUTGOING_PARTS_MAX 64
#define OUTGOING_NAME_MAX_CHARS 60

/* Text on its way out: what to say, and which message it answers. */
struct outgoing {
    struct bytes text;
    struct text_limit limit;
    const char *quote; /* how this network knows the message answered; NULL: quote nothing */
};

/* What the message becomes as text: the words of plain.h, with the speaker before them where the place asks for that.
 * Notes in `list` what is lost on the way. Empty text: nothing to say. 0, -ENOMEM.
 */
must_use_ int outgoing_make(const struct trefoil_message *message, const struct place *place, struct arena *mem,
                            struct request_list *list, struct outgoing *ret);

/* The pieces of it, for whoever sends more than text: words with the speaker before them where the place asks for that
 * (captions, questions); the message to quote, or NULL and a note where it is not known here; and the note that words
 * stand for the kind. */
const char *outgoing_words(const struct trefoil_message *message, const struct place *place, struct arena *mem,
                           const char *words);
const char *outgoing_quote(const struct trefoil_message *message, const struct place *place, struct request_list *list);
void outgoing_lose_kind(const struct trefoil_message *message, struct request_list *list);

/* One part of it as a request; the first has the quote, the last the mark. */
struct outgoing_part {
    struct bytes text;
    const char *quote, *mark;
};

/* Takes the next part off: 1, or 0 when nothing is left. What lies beyond
 * OUTGOING_PARTS_MAX parts is lost, and noted.
 */
int outgoing_take(struct outgoing *outgoing, const struct place *place, size_t n_taken, struct request_list *list,
                  struct outgoing_part *ret);

/* The text, cut to the limit with "…" at its end; the cut is noted as `lost` (NULL: not). No limit where it is 0; NULL:
 * there is none, or no memory. */
const char *outgoing_cut(const char *text, struct text_limit limit, const char *lost, struct arena *mem,
                         struct request_list *list);

/* A POST of JSON to this path; NULL when the arena is exhausted. */
struct request *outgoing_post(struct request_list *list, struct arena *mem, const char *path, struct bytes body);

/* The first related id as this network knows it, or NULL. */
const char *outgoing_target(const struct place *place);

#endif
