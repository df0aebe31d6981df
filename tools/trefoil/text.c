/* Reading what people type and writing what they read. Never trusts a text to be harmless to a terminal. */
#include "cli/text.h"

#include <errno.h>
#include <inttypes.h>
#include <string.h>
#include <time.h>

#include "wire/limits.h"

static const struct {
    char letter;
    uint64_t ms;
} units[] = { { 'd', 86400000 }, { 'h', 3600000 }, { 'm', 60000 }, { 's', 1000 } };

int text_to_ms(const char *text, uint64_t *ret)
{
    size_t size = strlen(text);
    uint64_t number;

    if (size < 2)
        return -EINVAL;
    for (size_t i = 0; i < ARRAY_SIZE(units); i++) {
        if (text[size - 1] != units[i].letter)
            continue;
        if (bytes_to_u64(bytes_make(text, size - 1), UINT64_MAX / units[i].ms, &number) < 0)
            return -EINVAL;
        *ret = number * units[i].ms;
        return 0;
    }
    return -EINVAL;
}

void text_of_ms(uint64_t ms, char *text, size_t room)
{
    for (size_t i = 0; i < ARRAY_SIZE(units); i++) {
        if (ms >= units[i].ms && ms % units[i].ms == 0) {
            snprintf(text, room, "%" PRIu64 "%c", ms / units[i].ms, units[i].letter);
            return;
        }
    }
    snprintf(text, room, "%" PRIu64 "ms", ms);
}

int text_to_id(const char *text, struct trefoil_id *ret)
{
    return bytes_from_hex(bytes_of_text(text), ret->bytes, sizeof(ret->bytes)) < 0 ? -EINVAL : 0;
}

void text_of_id(const struct trefoil_id *id, char text[2 * TREFOIL_ID_BYTES + 1])
{
    bytes_to_hex(bytes_make(id->bytes, sizeof(id->bytes)), text);
}

bool text_is_zero_id(const struct trefoil_id *id)
{
    uint8_t sum = 0;

    for (size_t i = 0; i < sizeof(id->bytes); i++)
        sum |= id->bytes[i];
    return sum == 0;
}

static bool is_word_byte(uint8_t byte)
{
    return (byte >= 'a' && byte <= 'z') || (byte >= '0' && byte <= '9') || byte == '-' || byte == '_' || byte == '.';
}

bool text_is_name(struct bytes text)
{
    if (text.size == 0 || text.size > SEAL_NAME_MAX_BYTES)
        return false;
    for (size_t i = 0; i < text.size; i++)
        if (!is_word_byte(text.data[i]))
            return false;
    return true;
}

bool text_is_account(struct bytes text)
{
    const uint8_t *slash = text.size > 0 ? memchr(text.data, '/', text.size) : NULL;
    size_t size = slash ? (size_t) (slash - text.data) : 0;

    if (!slash || text.size > SEAL_ACCOUNT_MAX_BYTES || size + 1 == text.size)
        return false;
    if (!text_is_name(bytes_slice(text, 0, size)))
        return false;
    for (size_t i = size + 1; i < text.size; i++)
        if (text.data[i] <= ' ' || text.data[i] >= 0x7f || strchr("/,=", text.data[i]))
            return false;
    return true;
}

int text_to_address(const char *text, struct arena *mem, struct trefoil_address *ret)
{
    const char *first = strchr(text, '/'), *second = first ? strchr(first + 1, '/') : NULL;
    struct bytes account = bytes_make(text, second ? (size_t) (second - text) : 0);
    char *copy;

    if (!second || !second[1] || strlen(second + 1) > SEAL_TOKEN_VALUE_MAX_BYTES || !text_is_account(account))
        return -EINVAL;
    copy = arena_text(mem, account);
    if (!copy)
        return -ENOMEM;
    *ret = (struct trefoil_address){ .account = copy, .user_id = second + 1 };
    return 0;
}

const char *text_of_time(uint64_t ms, char text[TEXT_TIME_BYTES])
{
    time_t seconds = (time_t) (ms / 1000);
    struct tm parts;

    if (ms == 0 || !localtime_r(&seconds, &parts) || strftime(text, TEXT_TIME_BYTES, "%Y-%m-%d %H:%M:%S", &parts) == 0)
        snprintf(text, TEXT_TIME_BYTES, "-");
    return text;
}

void text_put_json(FILE *out, const char *text)
{
    bool is_utf8 = text && bytes_is_utf8(bytes_of_text(text));

    if (!text) {
        fputs("null", out);
        return;
    }
    fputc('"', out);
    for (; *text; text++) {
        unsigned char byte = (unsigned char) *text;
        if (byte == '"' || byte == '\\')
            fprintf(out, "\\%c", byte);
        else if (byte < ' ' || byte == 0x7f)
            fprintf(out, "\\u%04x", byte);
        else if (byte >= 0x80 && !is_utf8)
            fputs("\\ufffd", out);
        else
            fputc(byte, out);
    }
    fputc('"', out);
}

void text_put_plain(FILE *out, const char *text)
{
    bool is_utf8 = bytes_is_utf8(bytes_of_text(text));

    for (; *text; text++) {
        unsigned char byte = (unsigned char) *text;
        if (byte < ' ' || byte == 0x7f)
            fputc(' ', out);
        else if (byte == 0xc2 && is_utf8 && (unsigned char) text[1] < 0xa0) { /* C1 controls */
            fputc(' ', out);
            text++;
        } else
            fputc(byte >= 0x80 && !is_utf8 ? '?' : byte, out);
    }
}

int text_columns(const char *text)
{
    int n = 0;

    for (; *text; text++)
        n += (*text & 0xc0) != 0x80;
    return n;
}

void text_put_column(FILE *out, const char *text, int columns)
{
    int gap = columns - text_columns(text);

    text_put_plain(out, text);
    fprintf(out, "%*s", gap > 0 ? gap : 0, "");
}
