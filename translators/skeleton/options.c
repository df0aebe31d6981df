/* Names and values against the network's table. Never repeats in an error what somebody wrote: only what he may write. */
#include "options.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

enum { ALLOWED_ROOM = 256 };

struct complaint {
    const char *file;
    char *error;
    size_t error_room;
};

static size_t count(const struct translator_option *known)
{
    size_t n = 0;
    while (known && n < TRANSLATOR_OPTIONS_MAX && known[n].name)
        n++;
    return n;
}

static const struct translator_option *find(const struct translator_option *known, struct bytes name)
{
    for (size_t i = 0, n = count(known); i < n; i++)
        if (bytes_equal_text(name, known[i].name))
            return &known[i];
    return NULL;
}

static int find_value(const struct translator_option *option, struct bytes value)
{
    for (int i = 0; option->values[i]; i++)
        if (bytes_equal_text(value, option->values[i]))
            return i;
    return -1;
}

static void add(struct writer *out, bool is_first, const char *word)
{
    writer_text(out, is_first ? "" : ", ");
    writer_text(out, word);
}

static int complain(const struct complaint *where, const struct config_texts *texts, size_t index,
                    const struct translator_ops *ops, const struct translator_option *option)
{
    char allowed[ALLOWED_ROOM] = "none: this network has no options";
    struct writer out = writer_make(allowed, sizeof(allowed) - 1);
    size_t n = option ? 0 : count(ops->options);

    for (size_t i = 0; i < n; i++)
        add(&out, i == 0, ops->options[i].name);
    for (size_t i = 0; option && option->values[i]; i++)
        add(&out, i == 0, option->values[i]);
    if (out.size)
        allowed[out.size] = '\0';
    snprintf(where->error, where->error_room, "%s:%u: options[%zu]: %s%s; allowed: %s", where->file,
             (unsigned) texts->lines[index], index, option ? "no such value of " : "no such option",
             option ? option->name : "", allowed);
    return -EBADMSG;
}

static int take(const struct translator_ops *ops, const struct config_texts *texts, size_t index,
                const struct complaint *where, uint8_t *values)
{
    const char *text = texts->texts[index], *equals = strchr(text, '=');
    struct bytes name = equals ? bytes_make(text, (size_t) (equals - text)) : bytes_of_text(text);
    const struct translator_option *option = find(ops->options, name);
    int value = option && equals ? find_value(option, bytes_of_text(equals + 1)) : -1;

    if (value < 0)
        return complain(where, texts, index, ops, option);
    values[option - ops->options] = (uint8_t) value;
    return 0;
}

/* A template that cannot be sent would bounce each message it stands for. */
static int check_templates(const struct translator_ops *ops, const struct settings *settings,
                           const struct complaint *where)
{
    for (size_t i = 0; i < settings->accounts.n_items; i++) {
        if (!settings_account(settings, i)->window_template || ops->windows.templates_after)
            continue;
        snprintf(where->error, where->error_room,
                 "%s: accounts[%zu].window_template: this network takes no template after its window has closed",
                 where->file, i);
        return -EBADMSG;
    }
    return 0;
}

int options_check(const struct translator_ops *ops, const struct settings *settings, const char *file,
                  struct arena *mem, const uint8_t **ret, char *error, size_t error_room)
{
    struct complaint where = { file, error, error_room };
    uint8_t *values = arena_alloc(mem, TRANSLATOR_OPTIONS_MAX);

    int r = values ? check_templates(ops, settings, &where) : -ENOMEM;
    for (size_t i = 0; r == 0 && i < settings->options.n_texts; i++)
        r = take(ops, &settings->options, i, &where, values);
    if (r == 0)
        *ret = values;
    return r;
}
