/* Cuts long text where a reader would, and makes the one line that stands for what cannot be shown.
 * Never cuts inside a UTF-8 sequence, nor inside what is seen as one character (accents, flags, joined emoji) unless
 * that one character alone is longer than the limit.
 */
#ifndef TREFOIL_FORMATS_TEXT_H
#define TREFOIL_FORMATS_TEXT_H

#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/bytes.h"

#define TEXT_FALLBACK_MAX_CHARS 300

enum text_unit { TEXT_BYTES, TEXT_CODE_POINTS };

struct text_limit {
    enum text_unit unit;
    size_t max; /* at least 4 */
};

size_t text_length(struct bytes text, enum text_unit unit);

/* Takes the next part off the front of `rest`: the whole of it when it fits, else up to the last paragraph, line, word
 * or character border within the limit. White space around a cut goes to neither part. Empty when nothing is left.
 */
struct bytes text_take_part(struct bytes *rest, struct text_limit limit);

/* "[word] detail" on one line, cut to TEXT_FALLBACK_MAX_CHARS; "[word]" when the detail is NULL or blank. NULL when the
 * arena is exhausted.
 */
const char *text_fallback(struct arena *mem, const char *word, const char *detail);

/* The first of the texts that is neither NULL nor empty; NULL when there is none. */
const char *text_first_of(const char *a, const char *b);

#endif
