/* A table of types: what each accepts and how it says so. Never repeats a value in an error: it may be a secret. */
#include "daemon/config_value.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

static int set_text(const struct config_key *key, struct bytes text, struct arena *mem, void *member,
                    const char **ret_what)
{
    size_t max = key->max > 0 ? (size_t) key->max : CONFIG_TEXT_MAX_BYTES;
    char *copy;

    if (text.size < key->min || (text.size == 0 && key->required)) {
        *ret_what = text.size == 0 ? "is empty" : "is too short";
        return -EBADMSG;
    }
    if (text.size > max) {
        *ret_what = "is too long";
        return -EBADMSG;
    }
    for (size_t i = 0; i < text.size; i++) {
        if (text.data[i] < ' ' || text.data[i] == 0x7f) {
            *ret_what = "has a control character in it";
            return -EBADMSG;
        }
    }
    copy = arena_text(mem, text);
    if (!copy)
        return -ENOMEM;
    *(const char **) member = copy;
    return 0;
}

static int set_number(const struct config_key *key, struct bytes text, struct arena *mem unused_, void *member,
                      const char **ret_what)
{
    uint64_t number;

    if (bytes_to_u64(text, UINT64_MAX, &number) < 0) {
        *ret_what = "is not a number";
        return -EBADMSG;
    }
    if (number < key->min || (key->max > 0 && number > key->max)) {
        *ret_what = number < key->min ? "is too small" : "is too large";
        return -EBADMSG;
    }
    *(uint64_t *) member = number;
    return 0;
}

static int set_flag(const struct config_key *key unused_, struct bytes text, struct arena *mem unused_, void *member,
                    const char **ret_what)
{
    bool is_true = bytes_equal_text(text, "true");

    if (!is_true && !bytes_equal_text(text, "false")) {
        *ret_what = "is neither true nor false";
        return -EBADMSG;
    }
    *(bool *) member = is_true;
    return 0;
}

static int set_word(const struct config_key *key, struct bytes text, struct arena *mem unused_, void *member,
                    const char **ret_what)
{
    for (int i = 0; key->words[i]; i++) {
        if (bytes_equal_text(text, key->words[i])) {
            *(int *) member = i;
            return 0;
        }
    }
    *ret_what = "is none of the words known here";
    return -EBADMSG;
}

static int refuse_scalar(const struct config_key *key unused_, struct bytes text unused_, struct arena *mem unused_,
                         void *member unused_, const char **ret_what)
{
    *ret_what = "is not a list";
    return -EBADMSG;
}

static void describe_text(const struct config_key *key, char *text, size_t room)
{
    uint64_t min = key->min > 0 ? key->min : key->required ? 1 : 0;

    snprintf(text, room, "a text of %" PRIu64 " to %" PRIu64 " bytes", min,
             key->max > 0 ? key->max : (uint64_t) CONFIG_TEXT_MAX_BYTES);
}

static void describe_number(const struct config_key *key, char *text, size_t room)
{
    if (key->max > 0)
        snprintf(text, room, "a number from %" PRIu64 " to %" PRIu64, key->min, key->max);
    else
        snprintf(text, room, "a number of at least %" PRIu64, key->min);
}

static void describe_flag(const struct config_key *key unused_, char *text, size_t room)
{
    snprintf(text, room, "true or false");
}

static void describe_word(const struct config_key *key, char *text, size_t room)
{
    struct writer out = writer_make(text, room - 1);

    for (size_t i = 0; key->words[i]; i++) {
        writer_text(&out, i > 0 ? ", " : "one of ");
        writer_text(&out, key->words[i]);
    }
    text[out.size] = '\0';
}

static void describe_secret_file(const struct config_key *key unused_, char *text, size_t room)
{
    snprintf(text, room, "the path of a file that only its owner can read (mode 0600 or 0400)");
}

static void describe_texts(const struct config_key *key, char *text, size_t room)
{
    uint64_t max = key->max > 0 ? key->max : CONFIG_ITEMS_MAX;

    snprintf(text, room, "a list of %" PRIu64 " to %" PRIu64 " texts", key->min, max);
}

static void describe_list(const struct config_key *key, char *text, size_t room)
{
    struct writer out = writer_make(text, room - 1);
    char count[64];

    snprintf(count, sizeof(count), "a list of %" PRIu64 " to %" PRIu64 " maps with the keys", key->min,
             key->max > 0 ? key->max : (uint64_t) CONFIG_ITEMS_MAX);
    writer_text(&out, count);
    for (size_t i = 0; key->items[i].name; i++) {
        writer_text(&out, i > 0 ? ", " : " ");
        writer_text(&out, key->items[i].name);
    }
    text[out.size] = '\0';
}

static const struct config_type_ops {
    int (*set)(const struct config_key *key, struct bytes text, struct arena *mem, void *member, const char **ret_what);
    void (*describe)(const struct config_key *key, char *text, size_t room);
} types[] = {
    [CONFIG_TEXT] = { set_text, describe_text },
    [CONFIG_NUMBER] = { set_number, describe_number },
    [CONFIG_FLAG] = { set_flag, describe_flag },
    [CONFIG_WORD] = { set_word, describe_word },
    [CONFIG_SECRET_FILE] = { set_text, describe_secret_file },
    [CONFIG_TEXTS] = { refuse_scalar, describe_texts },
    [CONFIG_LIST] = { refuse_scalar, describe_list },
};

void config_describe(const struct config_key *key, char *text, size_t room)
{
    types[key->type].describe(key, text, room);
}

int config_set(const struct config_key *key, struct bytes text, struct arena *mem, void *base, const char **ret_what)
{
    return types[key->type].set(key, text, mem, (uint8_t *) base + key->offset, ret_what);
}

int config_complain(const struct config_error *error, size_t line, const char *path, const struct config_key *key,
                    const char *what)
{
    char allowed[256] = "", at[24] = "";

    if (line > 0)
        snprintf(at, sizeof(at), "%zu:", line);
    if (key)
        config_describe(key, allowed, sizeof(allowed));
    snprintf(error->text, error->room, "%s:%s%s%s%s %s%s%s", error->where, at, *path ? " " : "", path, *path ? ":" : "",
             what, key ? "; allowed: " : "", allowed);
    return -EBADMSG;
}
