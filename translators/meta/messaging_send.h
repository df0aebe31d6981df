/* One message on its way to Messenger or Instagram. For this room's encoders only. */
#ifndef TREFOIL_META_MESSAGING_SEND_H
#define TREFOIL_META_MESSAGING_SEND_H

#include <stdbool.h>

#include "formats/json_write.h"
#include "messaging.h"
#include "outgoing.h"

/* One encode() at work. */
struct sending {
    const struct messaging_dialect *dialect;
    const struct trefoil_message *message;
    const struct place *place;
    struct arena *mem;
    struct request_list *list;
};

/* What a send says of its reason. */
enum why {
    WHY_USUAL,
    WHY_OFFER,  /* quick replies: the reason is said on both networks */
    WHY_UTILITY /* an approved template */
};

/* The network has the thing itself, or most of it. */
bool sending_has(const struct sending *sending, enum feature feature);

/* The message to quote, or NULL; what cannot be quoted is noted. */
const char *sending_quote(const struct sending *sending);

/* A body with its recipient, still open; and its end, as a POST to "messages" or another edge of the account. */
struct json_writer sending_open(const struct sending *sending);
must_use_ int sending_close(const struct sending *sending, const char *edge, struct json_writer *writer,
                            struct request **ret);

/* A body up to and into its "message", and its end. `mark`, which may be NULL, comes back with the echo where the
 * network does that, and makes it the message's last part; elsewhere `words`, as the echo will show them, are the next best proof (empty: none). */
struct json_writer sending_open_message(const struct sending *sending, enum why why, const char *quote);
must_use_ int sending_close_message(const struct sending *sending, struct json_writer *writer, const char *mark,
                                    struct bytes words, struct request **ret);

/* Words in as many parts as it takes; the first quotes, the last has the mark, and the quick replies where `offered` is
 * not NULL. */
must_use_ int sending_words(const struct sending *sending, const char *words, const char *quote,
                            const struct trefoil_choices *offered);

/* The message in the words that stand for it. */
must_use_ int sending_as_text(const struct sending *sending);

/* Files, with what is said about them as text that follows. */
must_use_ int sending_media(const struct sending *sending);

/* Buttons, lists, quick replies, links: in the best shape they fit. */
must_use_ int sending_choices(const struct sending *sending);

#endif
