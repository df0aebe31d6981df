/* Cuts text into parts that fit a network's limit.
 * Never loses a character but the white space around a cut.
 */
#include "text.h"

#include <string.h>

#include "grapheme.h"

/* Places where the text can be cut, each the last of its kind within the limit; 0: none. */
struct cuts {
    size_t paragraph, line, word, grapheme, character;
};

static bool is_blank(uint8_t byte)
{
    return byte == ' ' || byte == '\n' || byte == '\t' || byte == '\r';
}

size_t text_length(struct bytes text, enum text_unit unit)
{
    size_t n = 0;

    if (unit == TEXT_BYTES)
        return text.size;
    for (size_t at = 0; at < text.size; n++) {
        uint32_t character;

        at += grapheme_character(bytes_slice(text, at, SIZE_MAX), &character);
    }
    return n;
}

static void note_blank(struct bytes text, size_t at, struct cuts *cuts)
{
    if (text.data[at] == '\n') {
        if (at > 0 && text.data[at - 1] == '\n')
            cuts->paragraph = at;
        cuts->line = at;
    }
    cuts->word = at;
}

/* Walks as far as the limit allows; the place it stopped, which is the end when everything fits. */
static size_t find_cuts(struct bytes text, struct text_limit limit, struct cuts *cuts)
{
    struct grapheme seen = { 0 };
    size_t at = 0, used = 0;

    while (at < text.size) {
        uint32_t character;
        size_t size = grapheme_character(bytes_slice(text, at, SIZE_MAX), &character);

        /* A cut before `at` keeps what came so far, which fits. */
        cuts->character = at;
        if (grapheme_starts(&seen, character))
            cuts->grapheme = at;
        if (is_blank(text.data[at]))
            note_blank(text, at, cuts);
        used += limit.unit == TEXT_BYTES ? size : 1;
        if (used > limit.max)
            break;
        at += size;
    }
    return at;
}

/* The kindest cut that does not leave the part less than half full; else the closest one. */
static size_t choose(const struct cuts *cuts, size_t reach)
{
    const size_t kinds[] = { cuts->paragraph, cuts->line, cuts->word };

    for (size_t i = 0; i < ARRAY_SIZE(kinds); i++)
        if (kinds[i] >= reach / 2 && kinds[i] > 0)
            return kinds[i];
    return cuts->grapheme > 0 ? cuts->grapheme : cuts->character;
}

static struct bytes trim(struct bytes text)
{
    while (text.size > 0 && is_blank(text.data[0]))
        text = bytes_slice(text, 1, SIZE_MAX);
    while (text.size > 0 && is_blank(text.data[text.size - 1]))
        text.size--;
    return text;
}

struct bytes text_take_part(struct bytes *rest, struct text_limit limit)
{
    struct bytes whole = *rest;
    struct cuts cuts = { 0 };

    for (;;) {
        size_t reach = find_cuts(whole, limit, &cuts);

        if (reach == whole.size) {
            *rest = BYTES_EMPTY;
            return whole;
        }
        size_t cut = choose(&cuts, reach);
        if (cut == 0) /* a limit below one character: give it whole rather than never end */
            cut = whole.size;
        struct bytes part = bytes_slice(whole, 0, cut);
        struct bytes after = bytes_slice(whole, cut, SIZE_MAX);

        while (part.size > 0 && is_blank(part.data[part.size - 1]))
            part.size--;
        while (after.size > 0 && is_blank(after.data[0]))
            after = bytes_slice(after, 1, SIZE_MAX);
        if (part.size > 0 || after.size == 0) {
            *rest = after;
            return part;
        }
        whole = after; /* a screen full of nothing */
        cuts = (struct cuts){ 0 };
    }
}

static bool is_line_end(char character)
{
    return character == '\n' || character == '\r' || character == '\t';
}

const char *text_fallback(struct arena *mem, const char *word, const char *detail)
{
    struct bytes line = trim(bytes_of_text(detail));
    struct bytes part = text_take_part(&line, (struct text_limit){ TEXT_CODE_POINTS, TEXT_FALLBACK_MAX_CHARS });
    char *text = arena_format(mem, "[%s]%s%.*s%s", word, part.size > 0 ? " " : "", (int) part.size,
                              part.size > 0 ? (const char *) part.data : "", line.size > 0 ? " …" : "");

    for (char *c = text; c && *c; c++)
        if (is_line_end(*c))
            *c = ' ';
    return text;
}

const char *text_first_of(const char *a, const char *b)
{
    if (a && *a)
        return a;
    return b && *b ? b : NULL;
}
