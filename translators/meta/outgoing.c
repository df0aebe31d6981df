/* Turns a message of any kind into text for a network that shows nothing else.
 * Never drops a word silently: what a reader does not get is listed as lost.
 */
#include "outgoing.h"

#include <errno.h>
#include <string.h>

static const struct text_limit name_limit = { TEXT_CODE_POINTS, OUTGOING_NAME_MAX_CHARS };

static const char *kind_word(enum trefoil_kind kind)
{
    static const char *const words[TREFOIL_N_KINDS] = {
        [TREFOIL_KIND_TEXT] = "text",         [TREFOIL_KIND_REACTION] = "reaction",
        [TREFOIL_KIND_RETRACT] = "retract",   [TREFOIL_KIND_RECEIPT] = "receipt",
        [TREFOIL_KIND_TYPING] = "typing",     [TREFOIL_KIND_PRESENCE] = "presence",
        [TREFOIL_KIND_MEDIA] = "media",       [TREFOIL_KIND_LOCATION] = "location",
        [TREFOIL_KIND_CONTACTS] = "contacts", [TREFOIL_KIND_CHOICES] = "choices",
        [TREFOIL_KIND_CHOICE] = "choice",     [TREFOIL_KIND_TEMPLATE] = "template",
        [TREFOIL_KIND_ORDER] = "order",       [TREFOIL_KIND_SYSTEM] = "system",
        [TREFOIL_KIND_ACCOUNT] = "account",   [TREFOIL_KIND_UNSUPPORTED] = "unsupported",
    };

    return (size_t) kind < TREFOIL_N_KINDS && words[kind] ? words[kind] : "content";
}

/* NULL when it is no network but the name of a service of ours. */
static const char *network_name(const char *network)
{
    static const char *const names[][2] = {
        { "whatsapp", "WhatsApp" },
        { "messenger", "Messenger" },
        { "instagram", "Instagram" },
    };

    for (size_t i = 0; network && i < ARRAY_SIZE(names); i++)
        if (strcmp(network, names[i][0]) == 0)
            return names[i][1];
    return NULL;
}

/* A name is a stranger's choice: one line, no longer than a name. */
static const char *speaker_name(const struct trefoil_author *author, struct arena *mem)
{
    const char *name = text_first_of(author->name, author->username);
    struct bytes rest = bytes_of_text(name);
    struct bytes part = text_take_part(&rest, name_limit);
    char *copy = arena_text(mem, part);

    for (char *c = copy; c && *c; c++)
        if ((unsigned char) *c < 0x20)
            *c = ' ';
    return copy && *copy ? copy : NULL;
}

/* "Ana (WhatsApp): " for people, "helpdesk: " for services. */
static const char *attribution(const struct trefoil_author *author, struct arena *mem)
{
    const char *network = network_name(author->network);
    const char *name = speaker_name(author, mem);

    if (network)
        return arena_format(mem, "%s (%s): ", name ? name : "Someone", network);
    name = text_first_of(name, author->network);
    return arena_format(mem, "%s: ", name ? name : "Someone");
}

/* Kinds that say nothing to a person unless they bring a line of their own. */
static bool is_silent(enum trefoil_kind kind)
{
    return kind == TREFOIL_KIND_NONE || kind == TREFOIL_KIND_PRESENCE || kind == TREFOIL_KIND_SYSTEM ||
           kind == TREFOIL_KIND_ACCOUNT;
}

static const char *words_of(const struct trefoil_message *message, struct arena *mem, struct request_list *list)
{
    if (message->kind != TREFOIL_KIND_TEXT) {
        const char *word = kind_word(message->kind);

        request_list_lose(list, word);
        return message->fallback          ? message->fallback
               : is_silent(message->kind) ? NULL
                                          : arena_format(mem, "[%s]", word);
    }
    if (message->body.text.n_spans > 0)
        request_list_lose(list, "formatting");
    if (!message->is_edit)
        return message->body.text.body;
    request_list_lose(list, "edit");
    return arena_format(mem, "✎ %s", message->body.text.body ? message->body.text.body : "");
}

const char *outgoing_target(const struct place *place)
{
    const char *target = place->n_relates > 0 ? place->relates[0] : NULL;

    return target && *target ? target : NULL;
}

int outgoing_make(const struct trefoil_message *message, const struct place *place, struct arena *mem,
                  struct request_list *list, struct outgoing *ret)
{
    const char *words = words_of(message, mem, list);

    ret->quote = outgoing_target(place);
    if (!ret->quote && !message->is_edit && (message->in_reply_to || place->n_relates > 0))
        request_list_lose(list, "reply");
    if (words && *words && place->attribute) {
        const char *speaker = attribution(&message->author, mem);

        words = speaker ? arena_format(mem, "%s%s", speaker, words) : NULL;
    }
    ret->text = bytes_of_text(words);
    return mem->failed ? -ENOMEM : 0;
}

int outgoing_take(struct outgoing *outgoing, const struct place *place, size_t n_taken, struct request_list *list,
                  struct outgoing_part *ret)
{
    if (n_taken == OUTGOING_PARTS_MAX || outgoing->text.size == 0)
        return 0;
    *ret = (struct outgoing_part){ .quote = n_taken == 0 ? outgoing->quote : NULL };
    ret->text = text_take_part(&outgoing->text, outgoing->limit);
    if (ret->text.size == 0)
        return 0;
    if (n_taken + 1 == OUTGOING_PARTS_MAX && outgoing->text.size > 0) {
        request_list_lose(list, "end of a very long text");
        outgoing->text = BYTES_EMPTY;
    }
    if (outgoing->text.size == 0)
        ret->mark = place->mark;
    return 1;
}

struct request *outgoing_post(struct request_list *list, struct arena *mem, const char *path, struct bytes body)
{
    struct request *request = path ? request_list_add(list, mem) : NULL;

    if (request)
        *request = (struct request){ .method = "POST", .path = path, .content_type = "application/json", .body = body };
    return request;
}
