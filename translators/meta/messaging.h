/* The dialect Messenger and Instagram share: entries with lists of messaging elements in, one send call out.
 * Never knows which of the two it speaks for but by the facts in `struct messaging_dialect`.
 */
#ifndef TREFOIL_META_MESSAGING_H
#define TREFOIL_META_MESSAGING_H

#include "formats/text.h"
#include "verdict.h"
#include "skeleton_types/translator.h"

/* How a network differs. */
struct messaging_dialect {
    const char *network; /* "messenger" */
    const char *object;  /* "page": of a webhook body */
    struct text_limit text;
    bool says_why;              /* sends carry a messaging_type */
    bool returns_marks;         /* what we put into metadata comes back in echoes */
    bool sends_by_page;         /* the path of a send is the Page's id where there is one */
    const char *profile_fields; /* what to ask about a person */
};

must_use_ int messaging_decode(const struct messaging_dialect *dialect, struct bytes body,
                               const struct decode_context *context, struct arena *mem, struct event_list *ret);

must_use_ int messaging_encode(const struct messaging_dialect *dialect, const struct trefoil_message *message,
                               const struct place *place, struct arena *mem, struct request_list *ret);

/* `own`: the codes only this network gives. */
void messaging_judge(const struct meta_table *own, const struct request *request, const struct reply *reply,
                     struct arena *mem, struct verdict *ret);

/* -ENOTSUP for what can be no user id. */
must_use_ int messaging_ask_profile(const struct messaging_dialect *dialect, const struct place *place,
                                    struct arena *mem, struct request *ret);
void messaging_read_profile(const struct reply *reply, struct arena *mem, struct profile *ret);

#endif
