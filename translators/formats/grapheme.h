/* Which neighbouring characters are seen as one: accents and marks, joined and coloured emoji, flags, Hangul syllables.
 * A reasonable subset of Unicode's grapheme clusters; never needs tables of a Unicode version.
 */
#ifndef TREFOIL_FORMATS_GRAPHEME_H
#define TREFOIL_FORMATS_GRAPHEME_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/bytes.h"

/* What has been seen of a text so far. */
struct grapheme {
    uint32_t previous; /* 0: nothing yet */
    bool is_odd_flag;  /* an odd number of regional indicators ends here */
};

/* Feeds the next character; true when a reader would see a border before it. */
bool grapheme_starts(struct grapheme *seen, uint32_t character);

/* The character at the front of `text`, which is not empty, and its size. A broken sequence is one byte, U+FFFD. */
size_t grapheme_character(struct bytes text, uint32_t *ret);

#endif
