/* Turns a message of any kind into text for a network that shows nothing else.
 * Never drops a word silently: what a reader does not get is listed as lost.
 */
#include "outgoing.h"

#include <errno.h>
#include <string.h>

#include "files.h"
#include "plain.h"
#include "relation.h"

static const struct text_limit name_limit = { TEXT_CODE_POINTS, OUTGOING_NAME_MAX_CHARS };

/* As people call it; a network nobody has a name for here is called as it calls itself. NULL when it is no network but
 * a service of ours: only people have user ids. */
static const char *network_name(const struct trefoil_author *author)
{
    static const char *const names[][2] = {
        { "whatsapp", "WhatsApp" },
        { "messenger", "Messenger" },
        { "instagram", "Instagram" },
    };
    const char *network = author->network;

    for (size_t i = 0; network && i < ARRAY_SIZE(names); i++)
        if (strcmp(network, names[i][0]) == 0)
            return names[i][1];
    return author->user_id ? network : NULL;
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
    const char *network = network_name(author);
    const char *name = speaker_name(author, mem);

    if (network)
        return arena_format(mem, "%s (%s): ", name ? name : "Someone", network);
    name = text_first_of(name, author->network);
    return arena_format(mem, "%s: ", name ? name : "Someone");
}

static bool is_relation(const struct trefoil_message *message)
{
    return message->kind == TREFOIL_KIND_REACTION || message->kind == TREFOIL_KIND_RETRACT;
}

/* What words cannot be of a kind that has more than words. NULL: words are all there is to it. */
static const char *lost_word(const struct trefoil_message *message)
{
    static const char *const words[TREFOIL_N_KINDS] = {
        [TREFOIL_KIND_NONE] = "content",
        [TREFOIL_KIND_RECEIPT] = "receipt",
        [TREFOIL_KIND_TYPING] = "typing",
        [TREFOIL_KIND_PRESENCE] = "presence",
        [TREFOIL_KIND_MEDIA] = "media",
        [TREFOIL_KIND_LOCATION] = "location→text",
        [TREFOIL_KIND_CONTACTS] = "contacts→text",
        [TREFOIL_KIND_CHOICE] = "choice→text",
        [TREFOIL_KIND_TEMPLATE] = "template→text",
        [TREFOIL_KIND_ORDER] = "order→text",
        [TREFOIL_KIND_SYSTEM] = "system",
        [TREFOIL_KIND_ACCOUNT] = "account",
        [TREFOIL_KIND_UNSUPPORTED] = "unsupported",
    };
    static const char *const shapes[] = {
        [TREFOIL_CHOICE_NONE] = "buttons→text",
        [TREFOIL_CHOICE_BUTTONS] = "buttons→text",
        [TREFOIL_CHOICE_LIST] = "list→text",
        [TREFOIL_CHOICE_QUICK_REPLIES] = "quick replies→text",
        [TREFOIL_CHOICE_LINK] = "link→text",
        [TREFOIL_CHOICE_ASK_LOCATION] = "ask location→text",
        [TREFOIL_CHOICE_ASK_CONTACT] = "ask contact→text",
        [TREFOIL_CHOICE_FORM] = "form→text",
    };
    size_t shape = message->body.choices.shape;

    if (is_relation(message))
        return relation_rules[relation_of(message)].lost;
    if (message->kind == TREFOIL_KIND_CHOICES)
        return shapes[shape < ARRAY_SIZE(shapes) ? shape : 0];
    return (size_t) message->kind < TREFOIL_N_KINDS ? words[message->kind] : "content";
}

void outgoing_lose_kind(const struct trefoil_message *message, struct request_list *list)
{
    const char *word = lost_word(message);

    if (message->kind == TREFOIL_KIND_MEDIA && message->body.media.n_media > 0)
        for (size_t i = 0; i < message->body.media.n_media; i++)
            request_list_lose(list, files_lost_word(message->body.media.media[i].kind));
    else if (word)
        request_list_lose(list, word);
    if (message->kind == TREFOIL_KIND_TEXT && message->body.text.n_spans > 0)
        request_list_lose(list, "formatting");
    if (relation_of(message) == RELATION_EDIT)
        relation_lose(RELATION_EDIT, list);
}

const char *outgoing_words(const struct trefoil_message *message, const struct place *place, struct arena *mem,
                           const char *words)
{
    const char *speaker;

    if (!words || !*words || !place->attribute)
        return words;
    speaker = attribution(&message->author, mem);
    return speaker ? arena_format(mem, "%s%s", speaker, words) : NULL;
}

/* The line for a relation says what it is about where it cannot be quoted. */
static const char *relation_words(const struct trefoil_message *message, const struct place *place, struct arena *mem)
{
    const char *words = plain_relation(message, mem), *unknown = relation_rules[relation_of(message)].unknown;

    return words && unknown && !outgoing_target(place) ? arena_format(mem, "%s%s", words, unknown) : words;
}

/* A reply says that it is one where the network cannot show to what. */
static bool is_reply_to_nothing_here(const struct trefoil_message *message, const struct place *place)
{
    return !outgoing_target(place) && relation_of(message) == RELATION_REPLY &&
           (message->in_reply_to || place->n_relates > 0);
}

/* An answer to a story, or a mention in one, is about something that only its own network shows. */
static void lose_story(const struct trefoil_message *message, struct request_list *list)
{
    const struct trefoil_referral *referral = message->referral;
    bool is_text = message->kind == TREFOIL_KIND_TEXT && message->body.text.body;

    if (!referral || !referral->source)
        return;
    if (strcmp(referral->source, "story mention") == 0)
        request_list_lose(list, "story mention");
    else if (strcmp(referral->source, "story") == 0 &&
             !(is_text && referral->url && strstr(message->body.text.body, referral->url)))
        request_list_lose(list, "story");
}

const char *outgoing_quote(const struct trefoil_message *message, const struct place *place, struct request_list *list)
{
    const char *quote = outgoing_target(place);

    lose_story(message, list);
    if (is_reply_to_nothing_here(message, place))
        relation_lose(RELATION_REPLY, list);
    return quote;
}

const char *outgoing_target(const struct place *place)
{
    const char *target = place->n_relates > 0 ? place->relates[0] : NULL;

    return target && *target ? target : NULL;
}

int outgoing_make(const struct trefoil_message *message, const struct place *place, struct arena *mem,
                  struct request_list *list, struct outgoing *ret)
{
    const char *words = is_relation(message) ? relation_words(message, place, mem) : plain_text(message, mem);

    if (words && *words && is_reply_to_nothing_here(message, place))
        words = arena_format(mem, "%s%s", relation_rules[RELATION_REPLY].unknown, words);
    outgoing_lose_kind(message, list);
    ret->quote = outgoing_quote(message, place, list);
    ret->text = bytes_of_text(outgoing_words(message, place, mem, words));
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

const char *outgoing_cut(const char *text, struct text_limit limit, const char *lost, struct arena *mem,
                         struct request_list *list)
{
    static const char mark[] = "…";
    size_t mark_size = text_length(bytes_of_text(mark), limit.unit);
    struct bytes rest = bytes_of_text(text), part;

    if (!text || limit.max == 0 || text_length(rest, limit.unit) <= limit.max)
        return text;
    if (lost)
        request_list_lose(list, lost);
    limit.max = limit.max > mark_size ? limit.max - mark_size : 1;
    part = text_take_part(&rest, limit);
    return arena_format(mem, "%.*s%s", (int) part.size, (const char *) part.data, mark);
}

struct request *outgoing_post(struct request_list *list, struct arena *mem, const char *path, struct bytes body)
{
    struct request *request = path ? request_list_add(list, mem) : NULL;

    if (request)
        *request = (struct request){ .method = "POST", .path = path, .content_type = "application/json", .body = body };
    return request;
}
