/* What tells one echo from another where no mark comes back: its words, or that it is files, and of which kinds.
 * Never more than an echo shows.
 */
#ifndef TREFOIL_SKELETON_TYPES_ECHO_WORDS_H
#define TREFOIL_SKELETON_TYPES_ECHO_WORDS_H

#include <trefoil/message.h>

#include "base/arena.h"
#include "base/attributes.h"

/* How an echo of files alone is put into request.words; nobody can type it. NULL: no memory. */
must_use_ const char *echo_words_of_files(const enum trefoil_media_kind *kinds, size_t n, struct arena *mem);

/* The same of what the network told. NULL: nothing that tells it from another, or no memory. */
must_use_ const char *echo_words(const struct trefoil_message *message, struct arena *mem);

#endif
