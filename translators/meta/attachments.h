/* The line that stands for attachments nobody else can show. Never fetches or keeps what they point to. */
#ifndef TREFOIL_META_ATTACHMENTS_H
#define TREFOIL_META_ATTACHMENTS_H

#include <stdbool.h>

#include "base/arena.h"
#include "formats/json.h"

#define ATTACHMENTS_SHOWN_MAX 10

/* "the text [image] [image] [link] Example page https://…": `text` may be NULL. NULL when the arena is exhausted. */
const char *attachments_fallback(struct json_value attachments, const char *text, struct arena *mem);

/* True when there is nothing but shared links, whose addresses the text carries anyway. */
bool attachments_are_links(struct json_value attachments);

/* What the network calls the first one, for the record: "image"; "message" when there is none. */
const char *attachments_kind(struct json_value attachments, struct arena *mem);

#endif
