/* Bold, italic and their like as the marks WhatsApp's own programs show: *bold*, _italic_, ~struck~, `mono`.
 * Never marks what would not be shown so: nothing, blanks at the edges, several lines.
 */
#include <stdlib.h>
#include <string.h>

#include "whatsapp_send.h"

#define SPANS_MAX 256 /* of one text that are marked; more is no chat message */

/* Something put into the text before the byte `at`. */
struct insertion {
    size_t at, order; /* what closes at a place goes before what opens there */
    const char *text;
};

struct marking {
    const struct posting *posting;
    struct bytes body;
    struct insertion insertions[2 * SPANS_MAX];
    size_t n;
};

static const char *mark_of(enum trefoil_span_style style)
{
    static const char *const marks[] = {
        [TREFOIL_SPAN_BOLD] = "*", [TREFOIL_SPAN_ITALIC] = "_",       [TREFOIL_SPAN_STRIKE] = "~",
        [TREFOIL_SPAN_MONO] = "`", [TREFOIL_SPAN_MONO_BLOCK] = "```",
    };

    return (size_t) style < sizeof marks / sizeof *marks ? marks[style] : NULL;
}

static bool is_blank(uint8_t byte)
{
    return byte == ' ' || byte == '\n' || byte == '\t';
}

static void insert(struct marking *marking, size_t at, size_t order, const char *text)
{
    marking->insertions[marking->n++] = (struct insertion){ at, order, text };
}

/* A link with words of its own gets its address behind them. */
static bool mark_link(struct marking *marking, struct bytes words, size_t end, const char *target)
{
    if (!target || !*target)
        return false;
    if (!bytes_equal_text(words, target))
        insert(marking, end, SPANS_MAX + 1, arena_format(marking->posting->mem, " (%s)", target));
    return true;
}

/* False: this one is lost. */
static bool mark_span(struct marking *marking, const struct trefoil_span *span, size_t number)
{
    size_t start = span->start, end = start + span->size;
    const char *mark = mark_of(span->style);

    if (end > marking->body.size || end < start)
        return false;
    while (start < end && is_blank(marking->body.data[start]))
        start++;
    while (end > start && is_blank(marking->body.data[end - 1]))
        end--;
    if (start == end)
        return true;
    struct bytes words = bytes_slice(marking->body, start, end - start);
    if (span->style == TREFOIL_SPAN_LINK)
        return mark_link(marking, words, end, span->target);
    if (!mark || (span->style != TREFOIL_SPAN_MONO_BLOCK && memchr(words.data, '\n', words.size)))
        return false;
    insert(marking, start, 2 * SPANS_MAX + number, mark);
    insert(marking, end, SPANS_MAX - number, mark);
    return true;
}

static int by_place(const void *a, const void *b)
{
    const struct insertion *left = a, *right = b;

    if (left->at != right->at)
        return left->at < right->at ? -1 : 1;
    return left->order < right->order ? -1 : left->order > right->order;
}

static const char *join(struct marking *marking)
{
    size_t size = marking->body.size, from = 0;
    struct writer writer;
    char *text;

    for (size_t i = 0; i < marking->n; i++)
        size += marking->insertions[i].text ? strlen(marking->insertions[i].text) : 0;
    text = arena_alloc(marking->posting->mem, size + 1);
    if (!text)
        return NULL;
    qsort(marking->insertions, marking->n, sizeof *marking->insertions, by_place);
    writer = writer_make(text, size);
    for (size_t i = 0; i < marking->n; i++) {
        writer_put(&writer, bytes_slice(marking->body, from, marking->insertions[i].at - from));
        writer_text(&writer, marking->insertions[i].text);
        from = marking->insertions[i].at;
    }
    writer_put(&writer, bytes_slice(marking->body, from, SIZE_MAX));
    return text;
}

const char *posting_marked(const struct posting *posting, const struct trefoil_text *text)
{
    struct marking marking = { .posting = posting, .body = bytes_of_text(text->body) };
    bool is_whole = text->n_spans <= SPANS_MAX;

    for (size_t i = 0; i < text->n_spans && i < SPANS_MAX; i++)
        is_whole &= mark_span(&marking, &text->spans[i], i);
    if (!is_whole)
        request_list_lose(posting->list, "formatting");
    return join(&marking);
}
