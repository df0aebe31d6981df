/* One message on its way to WhatsApp. For this room's encoders only. */
#ifndef TREFOIL_WHATSAPP_SEND_H
#define TREFOIL_WHATSAPP_SEND_H

#include <stdbool.h>

#include "formats/json_write.h"
#include "meta/outgoing.h"
#include "meta/relation.h"
#include "whatsapp_map.h"

/* One encode() at work. */
struct posting {
    const struct trefoil_message *message;
    const struct place *place;
    const struct capability *cells; /* what can be expressed here */
    struct arena *mem;
    struct request_list *list;
};

/* The network has the thing itself, or most of it. */
bool posting_has(const struct posting *posting, enum feature feature);

/* A body up to its type: recipient, and the message it answers, which may be NULL. */
struct json_writer posting_open(const struct posting *posting, const char *quote, const char *type);

/* The end of a body, as a message with its mark (NULL: none). `*ret` may be NULL. */
must_use_ int posting_close(const struct posting *posting, struct json_writer *writer, const char *mark,
                            struct request **ret);

/* A body that is no message: read marks and typing. */
must_use_ int posting_close_quietly(const struct posting *posting, struct json_writer *writer);

/* Words in as many messages as it takes; the first quotes; the last has the mark when `is_end`. */
must_use_ int posting_words(const struct posting *posting, const char *words, const char *quote, bool is_end);

/* The message in the words that stand for it. */
must_use_ int posting_as_text(const struct posting *posting);

/* Lengths as the network counts them, and a text cut to one; the cut is noted as `lost` (NULL: not). */
size_t posting_length(const struct posting *posting, const char *text);
const char *posting_cut(const struct posting *posting, const char *text, uint32_t max, const char *lost);

/* The text with marks for what it emphasises; what cannot be marked is noted. NULL: no memory. */
const char *posting_marked(const struct posting *posting, const struct trefoil_text *text);

must_use_ int posting_media(const struct posting *posting);
must_use_ int posting_choices(const struct posting *posting);
must_use_ int posting_location(const struct posting *posting);
must_use_ int posting_contacts(const struct posting *posting);

#endif
