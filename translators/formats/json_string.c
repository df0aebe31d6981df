/* Scans, compares and unescapes JSON strings, and reads JSON numbers.
 * Never reads past the value it is given.
 */
#include "json_string.h"

#include <errno.h>
#include <float.h>
#include <stdlib.h>
#include <string.h>

#define NUMBER_MAX_CHARS 128 /* longer numbers are out of range whatever they are worth */

const char *json_fault_words(enum json_fault_kind kind)
{
    static const char *const words[] = {
        [JSON_DUPLICATE_KEY] = "duplicate key",
        [JSON_TOO_MANY_KEYS] = "too many keys",
        [JSON_BROKEN_UTF8] = "invalid UTF-8",
        [JSON_BROKEN_ESCAPE] = "invalid escape",
        [JSON_LONE_SURROGATE] = "lone surrogate",
        [JSON_CONTROL_CHARACTER] = "control character in a string",
        [JSON_NUMBER_OUT_OF_RANGE] = "number out of range",
    };

    return (size_t) kind < ARRAY_SIZE(words) ? words[kind] : NULL;
}

static int hex_digit(uint8_t byte)
{
    if (byte >= '0' && byte <= '9')
        return byte - '0';
    if (byte >= 'a' && byte <= 'f')
        return byte - 'a' + 10;
    if (byte >= 'A' && byte <= 'F')
        return byte - 'A' + 10;
    return -1;
}

/* Four hex digits at `at`, or -1. */
static int32_t hex_unit(struct bytes text, size_t at)
{
    int32_t unit = 0;

    if (at + 4 > text.size)
        return -1;
    for (size_t i = 0; i < 4; i++) {
        int digit = hex_digit(text.data[at + i]);

        if (digit < 0)
            return -1;
        unit = unit * 16 + digit;
    }
    return unit;
}

/* One escape at the backslash `at`: its size and character, or what is wrong with it. */
struct escape {
    size_t size;
    uint32_t character;
    enum json_fault_kind fault;
};

static struct escape read_unicode(struct bytes text, size_t at)
{
    int32_t high = hex_unit(text, at + 2);

    if (high < 0)
        return (struct escape){ 2, 0xfffd, JSON_BROKEN_ESCAPE };
    if (high < 0xd800 || high > 0xdfff)
        return (struct escape){ 6, (uint32_t) high, JSON_SOUND };
    if (high < 0xdc00 && at + 8 <= text.size && text.data[at + 6] == '\\' && text.data[at + 7] == 'u') {
        int32_t low = hex_unit(text, at + 8);

        if (low >= 0xdc00 && low <= 0xdfff)
            return (struct escape){ 12, 0x10000 + (((uint32_t) high - 0xd800) << 10) + ((uint32_t) low - 0xdc00),
                                    JSON_SOUND };
    }
    return (struct escape){ 6, 0xfffd, JSON_LONE_SURROGATE };
}

static struct escape read_escape(struct bytes text, size_t at)
{
    static const char letters[] = "\"\\/bfnrt";
    static const char characters[] = "\"\\/\b\f\n\r\t";

    if (at + 1 >= text.size)
        return (struct escape){ 1, 0xfffd, JSON_BROKEN_ESCAPE };
    if (text.data[at + 1] == 'u')
        return read_unicode(text, at);
    const char *letter = memchr(letters, text.data[at + 1], sizeof letters - 1);
    if (!letter)
        return (struct escape){ 2, 0xfffd, JSON_BROKEN_ESCAPE };
    return (struct escape){ 2, (uint8_t) characters[letter - letters], JSON_SOUND };
}

static enum json_fault_kind scan_escape(struct bytes text, size_t *at)
{
    struct escape escape = read_escape(text, *at);

    *at += escape.size;
    return escape.fault;
}

/* Ordinary characters in a string: neither quote, backslash, control nor beyond ASCII. */
static size_t skip_plain(struct bytes text, size_t at)
{
    while (at < text.size) {
        uint8_t byte = text.data[at];

        if (byte == '"' || byte == '\\' || byte < 0x20 || byte >= 0x80)
            break;
        at++;
    }
    return at;
}

int json_string_scan(struct bytes text, struct json_string_scan *ret)
{
    struct json_string_scan scan = { .fault = JSON_SOUND };
    bool is_ascii = true;
    size_t at = 1;

    for (;;) {
        enum json_fault_kind fault = JSON_SOUND;

        at = skip_plain(text, at);
        if (at >= text.size)
            return -EBADMSG;
        if (text.data[at] == '"')
            break;
        if (text.data[at] == '\\') {
            scan.is_escaped = true;
            fault = scan_escape(text, &at);
        } else {
            fault = text.data[at] < 0x20 ? JSON_CONTROL_CHARACTER : JSON_SOUND;
            is_ascii = is_ascii && text.data[at] < 0x80;
            at++;
        }
        if (scan.fault == JSON_SOUND)
            scan.fault = fault;
    }
    if (!is_ascii && scan.fault == JSON_SOUND && !bytes_is_utf8(bytes_slice(text, 1, at - 1)))
        scan.fault = JSON_BROKEN_UTF8;
    scan.size = at + 1;
    *ret = scan;
    return 0;
}

/* UTF-8 of a character into `out`, which has room for 4; its size. */
static size_t put_utf8(uint8_t *out, uint32_t character)
{
    if (character < 0x80) {
        out[0] = (uint8_t) character;
        return 1;
    }
    if (character < 0x800) {
        out[0] = (uint8_t) (0xc0 | character >> 6);
        out[1] = (uint8_t) (0x80 | (character & 0x3f));
        return 2;
    }
    if (character < 0x10000) {
        out[0] = (uint8_t) (0xe0 | character >> 12);
        out[1] = (uint8_t) (0x80 | (character >> 6 & 0x3f));
        out[2] = (uint8_t) (0x80 | (character & 0x3f));
        return 3;
    }
    out[0] = (uint8_t) (0xf0 | character >> 18);
    out[1] = (uint8_t) (0x80 | (character >> 12 & 0x3f));
    out[2] = (uint8_t) (0x80 | (character >> 6 & 0x3f));
    out[3] = (uint8_t) (0x80 | (character & 0x3f));
    return 4;
}

/* Walks a string by pieces: runs of ordinary bytes, and single unescaped characters. */
struct pieces {
    struct bytes inside; /* without the quotes */
    size_t at;
    uint8_t character[4];
};

static struct pieces pieces_of(struct bytes string)
{
    return (struct pieces){ .inside = bytes_slice(string, 1, string.size >= 2 ? string.size - 2 : 0) };
}

static struct bytes next_piece(struct pieces *pieces)
{
    struct bytes inside = pieces->inside;
    size_t start = pieces->at;

    if (start < inside.size && inside.data[start] == '\\') {
        struct escape escape = read_escape(inside, start);

        pieces->at += escape.size;
        return bytes_make(pieces->character, put_utf8(pieces->character, escape.character));
    }
    while (pieces->at < inside.size && inside.data[pieces->at] != '\\')
        pieces->at++;
    return bytes_slice(inside, start, pieces->at - start);
}

uint32_t json_string_hash(struct bytes string, bool is_escaped)
{
    struct pieces pieces = pieces_of(string);
    uint32_t hash = 2166136261u;

    if (!is_escaped)
        pieces.at = pieces.inside.size;
    for (struct bytes piece = is_escaped ? next_piece(&pieces) : pieces.inside; piece.size > 0;
         piece = next_piece(&pieces))
        for (size_t i = 0; i < piece.size; i++)
            hash = (hash ^ piece.data[i]) * 16777619u;
    return hash;
}

bool json_string_equal(struct bytes a, bool a_is_escaped, struct bytes b, bool b_is_escaped)
{
    if (!a_is_escaped && !b_is_escaped)
        return bytes_equal(a, b);

    struct pieces left = pieces_of(a), right = pieces_of(b);
    struct bytes x = next_piece(&left), y = next_piece(&right);

    while (x.size > 0 && y.size > 0) {
        size_t size = x.size < y.size ? x.size : y.size;

        if (!bytes_equal(bytes_slice(x, 0, size), bytes_slice(y, 0, size)))
            return false;
        x = x.size > size ? bytes_slice(x, size, SIZE_MAX) : next_piece(&left);
        y = y.size > size ? bytes_slice(y, size, SIZE_MAX) : next_piece(&right);
    }
    return x.size == y.size;
}

/* U+0000 would end a C text early and hide the rest of it. */
static size_t replace_nul(uint8_t *out, size_t size)
{
    return size == 1 && out[0] == 0 ? put_utf8(out, 0xfffd) : size;
}

const char *json_string_text(struct bytes string, bool is_escaped, struct arena *mem)
{
    struct pieces pieces = pieces_of(string);

    if (!is_escaped)
        return arena_text(mem, pieces.inside);

    /* No escape is shorter than the UTF-8 it stands for. */
    uint8_t *text = arena_alloc(mem, pieces.inside.size + 1);
    size_t size = 0;

    if (!text)
        return NULL;
    for (;;) {
        struct bytes piece = next_piece(&pieces);

        if (piece.size == 0)
            break;
        memcpy(text + size, piece.data, piece.size);
        size += replace_nul(text + size, piece.size);
    }
    return (const char *) text;
}

bool json_number_is_integer(struct bytes number)
{
    for (size_t i = 0; i < number.size; i++)
        if (number.data[i] == '.' || number.data[i] == 'e' || number.data[i] == 'E')
            return false;
    return true;
}

int json_number_i64(struct bytes number, int64_t *ret)
{
    bool is_negative = number.size > 0 && number.data[0] == '-';
    uint64_t magnitude;
    int r = bytes_to_u64(bytes_slice(number, is_negative, SIZE_MAX), (uint64_t) INT64_MAX + is_negative, &magnitude);

    if (r < 0)
        return -EBADMSG;
    *ret = is_negative ? (int64_t) -magnitude : (int64_t) magnitude;
    return 0;
}

int json_number_double(struct bytes number, double *ret)
{
    char text[NUMBER_MAX_CHARS + 1];
    char *end;

    if (number.size == 0 || number.size > NUMBER_MAX_CHARS)
        return -EBADMSG;
    /* strtod also takes white space, hex, "inf" and "nan": only the letters of JSON numbers get to it. */
    for (size_t i = 0; i < number.size; i++)
        if (!memchr("0123456789+-.eE", number.data[i], 15))
            return -EBADMSG;
    memcpy(text, number.data, number.size);
    text[number.size] = 0;
    double value = strtod(text, &end);
    if (*end != 0 || value > DBL_MAX || value < -DBL_MAX)
        return -EBADMSG;
    *ret = value;
    return 0;
}

enum json_fault_kind json_number_fault(struct bytes number)
{
    int64_t integer;
    double real;
    int r = json_number_is_integer(number) ? json_number_i64(number, &integer) : json_number_double(number, &real);

    return r < 0 ? JSON_NUMBER_OUT_OF_RANGE : JSON_SOUND;
}
