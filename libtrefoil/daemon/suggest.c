/* The restricted Damerau-Levenshtein distance over three rows. Never allocates. */
#include "daemon/suggest.h"

#include <string.h>

static size_t least(size_t a, size_t b)
{
    return a < b ? a : b;
}

size_t suggest_distance(const char *a, const char *b)
{
    size_t rows[3][SUGGEST_WORD_MAX_BYTES + 1];
    size_t a_size = strlen(a), b_size = strlen(b);

    if (a_size > SUGGEST_WORD_MAX_BYTES || b_size > SUGGEST_WORD_MAX_BYTES)
        return SUGGEST_WORD_MAX_BYTES;
    for (size_t j = 0; j <= b_size; j++)
        rows[0][j] = j;
    for (size_t i = 1; i <= a_size; i++) {
        size_t *row = rows[i % 3], *above = rows[(i - 1) % 3], *twice_above = rows[(i + 1) % 3];
        row[0] = i;
        for (size_t j = 1; j <= b_size; j++) {
            row[j] = least(above[j - 1] + (a[i - 1] != b[j - 1]), least(above[j], row[j - 1]) + 1);
            if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1])
                row[j] = least(row[j], twice_above[j - 2] + 1);
        }
    }
    return rows[a_size % 3][b_size];
}

void suggestion_offer(struct suggestion *suggestion, const char *candidate)
{
    size_t size = strlen(suggestion->word), distance = suggest_distance(suggestion->word, candidate);
    size_t limit = size < 4 ? 1 : size < 8 ? 2 : 3;

    /* What was cut short, or not finished: "ret" for "retention". */
    if (size >= 3 && strncmp(suggestion->word, candidate, size) == 0)
        distance = least(distance, limit);
    if (distance <= limit && (!suggestion->best || distance < suggestion->distance)) {
        suggestion->best = candidate;
        suggestion->distance = distance;
    }
}
