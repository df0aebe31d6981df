/* "Did you mean": the word of a list that somebody probably wanted to write. Never guesses far. */
#ifndef TREFOIL_DAEMON_SUGGEST_H
#define TREFOIL_DAEMON_SUGGEST_H

#include <stddef.h>

#define SUGGEST_WORD_MAX_BYTES 48

/* Edits (insert, delete, replace, swap neighbours) between two words; longer words than the limit are far away. */
size_t suggest_distance(const char *a, const char *b);

/* Collects the nearest: start with { .word = what was written }, offer every candidate, read `best` (NULL: none near). */
struct suggestion {
    const char *word, *best;
    size_t distance;
};

void suggestion_offer(struct suggestion *suggestion, const char *candidate);

#endif
