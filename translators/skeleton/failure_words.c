/* Classes of reasons, told by words in them: networks add codes faster than tables grow, and what is in no class is said
 * in general. Never passes a network's own words on to a person.
 */
#include "failure_words.h"

#include <ctype.h>
#include <errno.h>
#include <inttypes.h>
#include <string.h>

#include "base/attributes.h"
#include "formats/text.h"

#define NAME_MAX_CHARS 64

/* The first that fits counts. */
static const struct {
    const char *has, *words;
} classes[] = {
    { "window", "outside the reply window" },
    { "asked not", "the recipient does not want to be written to" },
    { "opted out", "the recipient does not want to be written to" },
    { "stopped this", "the recipient does not want to be written to" },
    { "not consented", "the recipient does not want to be written to" },
    { "cannot receive", "the recipient cannot be reached" },
    { "cannot be reached", "the recipient cannot be reached" },
    { "undeliverable", "the recipient cannot be reached" },
    { "unavailable", "the recipient cannot be reached" },
    { "no such person", "the recipient cannot be reached" },
    { "recipient", "the recipient cannot be reached" },
    { "does not exist", "the recipient cannot be reached" },
    { "too large", "too large for that network" },
    { "too long", "too large for that network" },
    { "strict", "something of it would have been lost" },
    { "cannot express", "that network cannot show it" },
    { "not supported", "that network cannot show it" },
    { "cannot be opened", "it could not be read" },
    { "unknown, ", "it is not known whether it arrived" },
    { "media", "a file could not be passed on" },
    { "upload", "a file could not be passed on" },
    { "attachment", "a file could not be passed on" },
    { "too many", "too many messages at once" },
    { "limit", "too many messages at once" },
    { "too often", "too many messages at once" },
    { "policy", "that network blocks us at present" },
    { "token", "our account there does not work at present" },
    { "permission", "our account there does not work at present" },
    { "account", "our account there does not work at present" },
};

bool failure_is(const struct trefoil_message *message)
{
    return message->kind == TREFOIL_KIND_RECEIPT && message->body.receipt.state == TREFOIL_RECEIPT_FAILED;
}

/* `part` is in lower case. */
static bool has(const char *text, const char *part)
{
    size_t size = strlen(part);

    for (; *text; text++) {
        size_t same = 0;
        while (same < size && tolower((unsigned char) text[same]) == part[same])
            same++;
        if (same == size)
            return true;
    }
    return false;
}

const char *failure_class(const char *reason)
{
    for (size_t i = 0; reason && i < ARRAY_SIZE(classes); i++)
        if (has(reason, classes[i].has))
            return classes[i].words;
    return "that network did not take it";
}

/* As people write it: names of networks are one word with a capital, but for one. */
static const char *network_title(const char *network, struct arena *mem)
{
    if (!network || !*network)
        return NULL;
    if (strcmp(network, "whatsapp") == 0)
        return "WhatsApp";
    char *title = arena_text(mem, bytes_of_text(network));
    if (title)
        title[0] = (char) toupper((unsigned char) title[0]);
    return title;
}

/* A name is a stranger's choice: one line, no longer than a name. */
static const char *short_name(const char *name, struct arena *mem)
{
    static const struct text_limit limit = { TEXT_CODE_POINTS, NAME_MAX_CHARS };
    struct bytes rest = bytes_of_text(name);
    char *copy = name ? arena_text(mem, text_take_part(&rest, limit)) : NULL;

    for (char *c = copy; c && *c; c++)
        if ((unsigned char) *c < 0x20)
            *c = ' ';
    return copy && *copy ? copy : NULL;
}

int failure_words(const struct trefoil_message *notice, const char *quote, struct arena *mem,
                  struct trefoil_message *ret)
{
    const struct trefoil_author *author = &notice->author;
    const char *name = short_name(text_first_of(author->name, author->username), mem);
    const char *network = network_title(author->network, mem), *why = failure_class(notice->body.receipt.reason);
    char *words;

    if (name && network)
        words = arena_format(mem, "⚠ Not delivered to %s (%s): %s", name, network, why);
    else if (network)
        words = arena_format(mem, "⚠ Not delivered on %s: %s", network, why);
    else
        words = arena_format(mem, "⚠ Not delivered: %s", why);
    *ret = (struct trefoil_message){
        .kind = TREFOIL_KIND_TEXT,
        .author = { .network = author->network },
        .in_reply_to = quote,
        .body.text.body = words,
    };
    return words && !mem->failed ? 0 : -ENOMEM;
}

const char *failure_key(struct arena *mem, uint64_t seq, uint32_t target)
{
    return arena_format(mem, "failed.%" PRIu64 ".%" PRIu32, seq, target);
}
