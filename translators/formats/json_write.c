/* Puts JSON together, comma by comma.
 * Never trusts a text to be well-formed, never writes outside its arena.
 */
#include "json_write.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

enum { FIRST_ROOM_BYTES = 512 };

static const char replacement[] = "\xef\xbf\xbd";

struct json_writer json_writer_make(struct arena *mem)
{
    return (struct json_writer){ .mem = mem };
}

/* Room for `size` more bytes; the arena keeps the block that was too small. */
static bool reserve(struct json_writer *writer, size_t size)
{
    size_t room = writer->room ? writer->room : FIRST_ROOM_BYTES;

    if (writer->failed || size > SIZE_MAX / 4 || writer->size > SIZE_MAX / 4)
        return false;
    if (writer->size + size <= writer->room)
        return true;
    while (room < writer->size + size)
        room *= 2;
    uint8_t *text = arena_alloc(writer->mem, room);
    if (!text) {
        writer->failed = true;
        return false;
    }
    if (writer->size > 0)
        memcpy(text, writer->text, writer->size);
    writer->text = text;
    writer->room = room;
    return true;
}

static void put(struct json_writer *writer, struct bytes bytes)
{
    if (bytes.size == 0 || !reserve(writer, bytes.size))
        return;
    memcpy(writer->text + writer->size, bytes.data, bytes.size);
    writer->size += bytes.size;
}

static void put_char(struct json_writer *writer, char character)
{
    put(writer, bytes_make(&character, 1));
}

static void put_escape(struct json_writer *writer, uint8_t byte)
{
    static const char digits[] = "0123456789abcdef";
    char text[] = "\\u00xy";

    if (byte == '"' || byte == '\\') {
        put_char(writer, '\\');
        put_char(writer, (char) byte);
    } else if (byte == '\n') {
        put(writer, bytes_of_text("\\n"));
    } else {
        text[4] = digits[byte >> 4];
        text[5] = digits[byte & 15];
        put(writer, bytes_make(text, 6));
    }
}

/* Size of the well-formed UTF-8 sequence at `at`, 0 when it is broken. */
static size_t sequence_size(struct bytes text, size_t at)
{
    uint8_t lead = text.data[at];
    size_t size = lead < 0x80 ? 1 : lead < 0xe0 ? 2 : lead < 0xf0 ? 3 : 4;

    return at + size <= text.size && bytes_is_utf8(bytes_slice(text, at, size)) ? size : 0;
}

static bool is_plain(uint8_t byte)
{
    return byte >= 0x20 && byte < 0x80 && byte != '"' && byte != '\\';
}

static void put_string(struct json_writer *writer, struct bytes text)
{
    size_t at = 0;

    put_char(writer, '"');
    while (at < text.size) {
        size_t start = at;

        while (at < text.size && is_plain(text.data[at]))
            at++;
        put(writer, bytes_slice(text, start, at - start));
        if (at == text.size)
            break;
        if (text.data[at] < 0x80) {
            put_escape(writer, text.data[at++]);
            continue;
        }
        size_t size = sequence_size(text, at);
        put(writer, size > 0 ? bytes_slice(text, at, size) : bytes_of_text(replacement));
        at += size > 0 ? size : 1;
    }
    put_char(writer, '"');
}

/* The comma before a value, and its key. */
static void begin(struct json_writer *writer, const char *key)
{
    if (writer->needs_comma)
        put_char(writer, ',');
    writer->needs_comma = true;
    if (key) {
        put_string(writer, bytes_of_text(key));
        put_char(writer, ':');
    }
}

static void open_container(struct json_writer *writer, const char *key, char bracket)
{
    begin(writer, key);
    put_char(writer, bracket);
    writer->needs_comma = false;
}

static void close_container(struct json_writer *writer, char bracket)
{
    put_char(writer, bracket);
    writer->needs_comma = true;
}

void json_open_object(struct json_writer *writer, const char *key)
{
    open_container(writer, key, '{');
}

void json_close_object(struct json_writer *writer)
{
    close_container(writer, '}');
}

void json_open_array(struct json_writer *writer, const char *key)
{
    open_container(writer, key, '[');
}

void json_close_array(struct json_writer *writer)
{
    close_container(writer, ']');
}

void json_put_text(struct json_writer *writer, const char *key, const char *text)
{
    json_put_slice(writer, key, bytes_of_text(text));
}

void json_put_slice(struct json_writer *writer, const char *key, struct bytes text)
{
    begin(writer, key);
    put_string(writer, text);
}

void json_put_i64(struct json_writer *writer, const char *key, int64_t value)
{
    char text[24];
    int size = snprintf(text, sizeof text, "%lld", (long long) value);

    begin(writer, key);
    put(writer, bytes_make(text, size > 0 ? (size_t) size : 0));
}

void json_put_bool(struct json_writer *writer, const char *key, bool value)
{
    begin(writer, key);
    put(writer, bytes_of_text(value ? "true" : "false"));
}

void json_put_raw(struct json_writer *writer, const char *key, struct bytes json)
{
    begin(writer, key);
    put(writer, json);
}

int json_written(const struct json_writer *writer, struct bytes *ret)
{
    if (writer->failed)
        return -ENOMEM;
    *ret = bytes_make(writer->text, writer->size);
    return 0;
}
