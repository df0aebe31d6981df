/* Builds one line in a block of fixed size and writes it with one call. Never allocates, never fails loudly. */
#include "daemon/log.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/bytes.h"

/* Kept free for the `cut` field, the closing brace and the newline. */
#define TAIL_BYTES 32

const char *const log_level_words[] = { "debug", "info", "warning", "error", NULL };
const char *const log_format_words[] = { "logfmt", "json", NULL };

static bool needs_quotes(const char *text)
{
    if (!*text)
        return true;
    for (const char *c = text; *c; c++)
        if ((unsigned char) *c <= ' ' || *c == '"' || *c == '=' || *c == '\\' || *c == 0x7f)
            return true;
    return false;
}

/* Both formats quote as JSON does; bytes that are no UTF-8 become question marks. */
static void put_quoted(struct writer *out, const char *text)
{
    bool is_utf8 = bytes_is_utf8(bytes_of_text(text));

    writer_u8(out, '"');
    for (const char *c = text; *c; c++) {
        unsigned char byte = (unsigned char) *c;
        if (byte == '"' || byte == '\\') {
            writer_u8(out, '\\');
            writer_u8(out, byte);
        } else if (byte < ' ' || byte == 0x7f) {
            char escaped[8];
            snprintf(escaped, sizeof(escaped), "\\u%04x", byte);
            writer_text(out, escaped);
        } else {
            writer_u8(out, byte >= 0x80 && !is_utf8 ? '?' : byte);
        }
    }
    writer_u8(out, '"');
}

static void put_name(struct writer *out, bool json, const char *name)
{
    if (!json) {
        if (out->size > 0)
            writer_u8(out, ' ');
        writer_text(out, name);
        writer_u8(out, '=');
        return;
    }
    writer_u8(out, out->size > 0 ? ',' : '{');
    put_quoted(out, name);
    writer_u8(out, ':');
}

static void put_text(struct writer *out, bool json, const char *name, const char *text)
{
    put_name(out, json, name);
    if (json || needs_quotes(text))
        put_quoted(out, text);
    else
        writer_text(out, text);
}

static void put_number(struct writer *out, bool json, const char *name, int64_t number)
{
    char digits[24];

    put_name(out, json, name);
    snprintf(digits, sizeof(digits), "%" PRId64, number);
    writer_text(out, digits);
}

static void put_time(struct writer *out, bool json, uint64_t now_ms)
{
    time_t seconds = (time_t) (now_ms / 1000);
    char day[24], text[40];
    struct tm parts;

    if (!gmtime_r(&seconds, &parts) || strftime(day, sizeof(day), "%Y-%m-%dT%H:%M:%S", &parts) == 0)
        snprintf(day, sizeof(day), "unknown");
    snprintf(text, sizeof(text), "%s.%03uZ", day, (unsigned) (now_ms % 1000));
    put_text(out, json, "time", text);
}

size_t log_render(const struct log *log, uint64_t now_ms, enum log_level level, const char *event,
                  const struct log_field *fields, unsigned n_fields, char *line)
{
    struct writer out = writer_make(line, LOG_LINE_MAX_BYTES - TAIL_BYTES);
    unsigned n_cut = 0;

    put_time(&out, log->json, now_ms);
    put_text(&out, log->json, "level", log_level_words[level]);
    put_text(&out, log->json, "process", log->process ? log->process : "");
    put_text(&out, log->json, "event", event);
    for (unsigned i = 0; i < n_fields; i++) {
        struct writer before = out;
        if (fields[i].text)
            put_text(&out, log->json, fields[i].name, fields[i].text);
        else
            put_number(&out, log->json, fields[i].name, fields[i].number);
        if (out.overflow) {
            out = before;
            n_cut++;
        }
    }
    out.room = LOG_LINE_MAX_BYTES;
    if (n_cut > 0)
        put_number(&out, log->json, "cut", n_cut);
    writer_text(&out, log->json ? "}\n" : "\n");
    return out.size;
}

void log_line(const struct log *log, enum log_level level, const char *event, const struct log_field *fields,
              unsigned n_fields)
{
    char line[LOG_LINE_MAX_BYTES];
    struct timespec now;
    ssize_t written unused_;
    size_t size;

    if (level < log->level)
        return;
    clock_gettime(CLOCK_REALTIME, &now);
    size = log_render(log, (uint64_t) now.tv_sec * 1000 + (uint64_t) now.tv_nsec / 1000000, level, event, fields,
                      n_fields, line);
    written = write(STDERR_FILENO, line, size); /* nobody is left to tell when this fails */
}
