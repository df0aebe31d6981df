/* Structured lines on stderr, logfmt or JSON: time, level, event, fields. For programs; libraries never log.
 * Never takes content, addresses or tokens: fields are counts, codes, constant words, envelope ids, sequences.
 */
#ifndef TREFOIL_DAEMON_LOG_H
#define TREFOIL_DAEMON_LOG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum log_level { LOG_DEBUG_, LOG_INFO_, LOG_WARNING_, LOG_ERROR_ };

struct log {
    enum log_level level;
    bool json;
    const char *process; /* "gateway", "whatsapp", … */
};

struct log_field {
    const char *name;
    const char *text; /* NULL: the number counts */
    int64_t number;
};

#define LOG_TEXT(name_, text_) ((struct log_field){ (name_), (text_), 0 })
#define LOG_NUMBER(name_, number_) ((struct log_field){ (name_), NULL, (int64_t) (number_) })

#define LOG_LINE_MAX_BYTES 2048

/* For CONFIG_WORD keys: `log_level` in the order of the enum, `log_format` with json at 1. */
extern const char *const log_level_words[];
extern const char *const log_format_words[];

/* One write(2) of one line. What does not fit LOG_LINE_MAX_BYTES is left out, whole fields at a time, and counted in
 * the field `cut`. Below the log's level: nothing. */
void log_line(const struct log *log, enum log_level level, const char *event, const struct log_field *fields,
              unsigned n_fields);

/* log_event(log, LOG_INFO_, "peer-joined", LOG_TEXT("service", name), LOG_NUMBER("credit", n)) */
#define log_event(log, level, event, ...)                                                     \
    log_line((log), (level), (event), (const struct log_field[]){ { 0 }, ##__VA_ARGS__ } + 1, \
             (unsigned) (sizeof((const struct log_field[]){ { 0 }, ##__VA_ARGS__ }) / sizeof(struct log_field)) - 1)

/* The line as it would be written, newline included, into `line` (LOG_LINE_MAX_BYTES): its size. Pure. */
size_t log_render(const struct log *log, uint64_t now_ms, enum log_level level, const char *event,
                  const struct log_field *fields, unsigned n_fields, char *line);

#endif
