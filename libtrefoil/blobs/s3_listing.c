/* Text between tags that are known to be flat. Never follows an entity but the five of XML and numbers. */
#include "blobs/s3_listing.h"

#include <stdio.h>
#include <string.h>
#include <time.h>

/* The text of the first `<tag>…</tag>` in `in`, which moves past it. */
static bool element(struct bytes *in, const char *tag, struct bytes *ret)
{
    char open[64], close[64];
    const uint8_t *start, *end;

    (void) snprintf(open, sizeof(open), "<%s>", tag);
    (void) snprintf(close, sizeof(close), "</%s>", tag);
    start = in->size > 0 ? memmem(in->data, in->size, open, strlen(open)) : NULL;
    if (!start)
        return false;
    start += strlen(open);
    end = memmem(start, in->size - (size_t) (start - in->data), close, strlen(close));
    if (!end)
        return false;
    *ret = bytes_make(start, (size_t) (end - start));
    end += strlen(close);
    *in = bytes_make(end, in->size - (size_t) (end - in->data));
    return true;
}

/* The character an entity stands for, which `in` moves past; 0: none of ours. */
static char entity(struct bytes *in)
{
    static const struct {
        const char *name;
        char character;
    } known[] = {
        { "&amp;", '&' },  { "&lt;", '<' },   { "&gt;", '>' },    { "&quot;", '"' }, { "&apos;", '\'' },
        { "&#38;", '&' },  { "&#60;", '<' },  { "&#62;", '>' },   { "&#34;", '"' },  { "&#39;", '\'' },
        { "&#43;", '+' },  { "&#47;", '/' },  { "&#61;", '=' },   { "&#x26;", '&' }, { "&#x3C;", '<' },
        { "&#x3E;", '>' }, { "&#x22;", '"' }, { "&#x27;", '\'' }, { "&#x2B;", '+' }, { "&#x2F;", '/' },
        { "&#x3D;", '=' },
    };

    for (size_t i = 0; i < ARRAY_SIZE(known); i++) {
        const size_t size = strlen(known[i].name);

        if (in->size >= size && memcmp(in->data, known[i].name, size) == 0) {
            (void) bytes_cut(in, size);
            return known[i].character;
        }
    }
    return 0;
}

/* The element's text with its entities resolved. */
static bool text_of(struct bytes in, char *room, size_t size)
{
    size_t n = 0;

    while (in.size > 0) {
        char c = (char) in.data[0];

        if (c == '&')
            c = entity(&in);
        else
            (void) bytes_cut(&in, 1);
        if (c == 0 || n + 1 >= size)
            return false;
        room[n++] = c;
    }
    room[n] = 0;
    return true;
}

/* "2026-11-24T03:34:37.000Z"; the fraction does not matter here. */
static bool time_of(struct bytes text, uint64_t *ret)
{
    char room[40];
    struct tm parts = { 0 };
    const char *end;
    time_t seconds;

    if (!text_of(text, room, sizeof(room)))
        return false;
    end = strptime(room, "%Y-%m-%dT%H:%M:%S", &parts);
    if (!end || (strcmp(end, "Z") != 0 && *end != '.') || (*end == '.' && end[strlen(end) - 1] != 'Z'))
        return false;
    seconds = timegm(&parts);
    if (seconds < 0)
        return false;
    *ret = (uint64_t) seconds * 1000;
    return true;
}

bool s3_listing_next(struct bytes *rest, struct s3_entry *ret)
{
    struct bytes object, key, modified;

    while (element(rest, "Contents", &object)) {
        struct bytes again = object;

        if (element(&object, "Key", &key) && element(&again, "LastModified", &modified) &&
            text_of(key, ret->key, sizeof(ret->key)) && time_of(modified, &ret->modified_ms))
            return true;
    }
    return false;
}

bool s3_listing_continues(struct bytes listing, char ret[S3_TOKEN_MAX_BYTES + 1])
{
    struct bytes again = listing, is_truncated, token;

    return element(&listing, "IsTruncated", &is_truncated) && bytes_equal_text(is_truncated, "true") &&
           element(&again, "NextContinuationToken", &token) && text_of(token, ret, S3_TOKEN_MAX_BYTES + 1) &&
           ret[0] != 0;
}
