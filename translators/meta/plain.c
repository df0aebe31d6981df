/* Says any message in words, one rule per kind.
 * Never cuts, never says who speaks, never invents what the message does not hold.
 */
#include "plain.h"

#include <math.h>
#include <string.h>

#include "base/attributes.h"
#include "formats/text.h"
#include "relation.h"

#define DEGREE 1000000 /* six decimals of a degree are a hand's breadth */

/* `so_far` and `next` with `between` in the middle; the other one where one of them is missing. */
static const char *joined(struct arena *mem, const char *so_far, const char *between, const char *next)
{
    if (!so_far || !*so_far)
        return next;
    if (!next || !*next)
        return so_far;
    return arena_format(mem, "%s%s%s", so_far, between, next);
}

static const char *degrees(double value, struct arena *mem)
{
    long long scaled = llround(value * DEGREE);
    unsigned long long size = scaled < 0 ? (unsigned long long) -scaled : (unsigned long long) scaled;

    return arena_format(mem, "%s%llu.%06llu", scaled < 0 ? "-" : "", size / DEGREE, size % DEGREE);
}

static bool is_on_earth(const struct trefoil_location *location)
{
    return fabs(location->latitude) <= 90 && fabs(location->longitude) <= 180;
}

static const char *location_words(const struct trefoil_location *location, struct arena *mem)
{
    const char *name = text_first_of(joined(mem, location->name, ", ", location->address), "location");
    const char *words = arena_format(mem, "📍 %s", name);
    const char *latitude, *longitude;

    if (!is_on_earth(location)) /* not a number is on no earth either */
        return joined(mem, words, "\n", location->url);
    latitude = degrees(location->latitude, mem);
    longitude = degrees(location->longitude, mem);
    if (!latitude || !longitude)
        return NULL;
    return joined(mem, words, "\n", arena_format(mem, "https://maps.google.com/?q=%s,%s", latitude, longitude));
}

static const char *card_words(const struct trefoil_contact *card, struct arena *mem)
{
    const char *words = arena_format(mem, "👤 %s", text_first_of(card->name, "contact"));

    words = joined(mem, words, ", ", card->organization);
    for (size_t i = 0; i < card->n_phones && i < PLAIN_ITEMS_MAX; i++)
        words = joined(mem, words, "\n", card->phones[i]);
    for (size_t i = 0; i < card->n_emails && i < PLAIN_ITEMS_MAX; i++)
        words = joined(mem, words, "\n", card->emails[i]);
    return words;
}

static const char *contacts_words(const struct trefoil_contacts *contacts, struct arena *mem)
{
    const char *words = NULL;

    for (size_t i = 0; i < contacts->n_cards && i < PLAIN_ITEMS_MAX; i++)
        words = joined(mem, words, "\n\n", card_words(&contacts->cards[i], mem));
    return words;
}

static const char *option_words(const struct trefoil_option *option, size_t number, struct arena *mem)
{
    const char *words = text_first_of(option->title, text_first_of(option->id, option->url));

    words = arena_format(mem, "%zu. %s", number, words ? words : "…");
    words = joined(mem, words, " – ", option->description);
    return option->title ? joined(mem, words, ": ", option->url) : words;
}

const char *plain_options(const struct trefoil_choices *choices, struct arena *mem)
{
    const char *words = NULL, *section = NULL;

    for (size_t i = 0; i < choices->n_options && i < PLAIN_ITEMS_MAX; i++) {
        const struct trefoil_option *option = &choices->options[i];

        if (option->section && *option->section && (!section || strcmp(section, option->section) != 0))
            words = joined(mem, words, "\n", arena_format(mem, "%s:", option->section));
        section = option->section;
        words = joined(mem, words, "\n", option_words(option, i + 1, mem));
    }
    return words;
}

const char *plain_question(const struct trefoil_choices *choices, struct arena *mem)
{
    const char *words = joined(mem, choices->header, "\n", choices->body);

    return joined(mem, words, "\n", choices->footer);
}

static const char *choices_words(const struct trefoil_choices *choices, struct arena *mem)
{
    const char *words = joined(mem, choices->header, "\n", choices->body);

    words = joined(mem, words, "\n", plain_options(choices, mem));
    return joined(mem, words, "\n", choices->footer);
}

static const char *order_words(const struct trefoil_order *order, struct arena *mem)
{
    const char *words = "🛒";

    for (size_t i = 0; i < order->n_items && i < PLAIN_ITEMS_MAX; i++) {
        const struct trefoil_order_item *item = &order->items[i];
        const char *name = text_first_of(item->name, text_first_of(item->id, "…"));
        const char *line = arena_format(mem, "%u × %s", item->quantity > 0 ? item->quantity : 1, name);

        line = joined(mem, line, ", ", joined(mem, item->price, " ", item->price ? item->currency : NULL));
        words = joined(mem, words, i == 0 ? " " : "\n", line);
    }
    return joined(mem, words, order->n_items > 0 ? "\n" : " ", order->note);
}

static const char *file_words(const struct trefoil_media *media, struct arena *mem)
{
    const char *word = plain_media_word(media->kind);

    if (media->kind == TREFOIL_MEDIA_FILE && media->name && *media->name)
        return arena_format(mem, "[%s: %s]", word, media->name);
    return arena_format(mem, "[%s]", word);
}

static const char *media_words(const struct trefoil_media_list *list, struct arena *mem)
{
    const char *words = NULL;

    for (size_t i = 0; i < list->n_media && i < PLAIN_ITEMS_MAX; i++)
        words = joined(mem, words, " ", file_words(&list->media[i], mem));
    return joined(mem, words, " ", list->caption);
}

/* Words that were a link lead nowhere without their address: it is said behind them. */
static const char *with_addresses(const struct trefoil_text *text, struct arena *mem)
{
    struct bytes body = bytes_of_text(text->body);
    const char *words = NULL;
    size_t at = 0;

    for (size_t i = 0; i < text->n_spans && i < PLAIN_ITEMS_MAX; i++) {
        const struct trefoil_span *span = &text->spans[i];
        size_t end = (size_t) span->start + span->size;
        struct bytes before = bytes_slice(body, at, end > at ? end - at : 0);

        if (span->style != TREFOIL_SPAN_LINK || !span->target || !*span->target || end <= at || end > body.size ||
            strstr(text->body, span->target))
            continue;
        words = arena_format(mem, "%s%.*s (%s)", words ? words : "", (int) before.size, (const char *) before.data,
                             span->target);
        at = end;
    }
    return words ? arena_format(mem, "%s%s", words, text->body + at) : text->body;
}

/* A text that was emptied is still an edit. */
static const char *text_words(const struct trefoil_message *message, struct arena *mem)
{
    const char *body = with_addresses(&message->body.text, mem);

    return relation_noted(message, message->is_edit && !body ? "" : body, mem);
}

static const char *words_of(const struct trefoil_message *message, struct arena *mem)
{
    switch (message->kind) {
    case TREFOIL_KIND_MEDIA:
        return media_words(&message->body.media, mem);
    case TREFOIL_KIND_LOCATION:
        return location_words(&message->body.location, mem);
    case TREFOIL_KIND_CONTACTS:
        return contacts_words(&message->body.contacts, mem);
    case TREFOIL_KIND_CHOICES:
        return choices_words(&message->body.choices, mem);
    case TREFOIL_KIND_CHOICE:
        return text_first_of(message->body.choice.title, text_first_of(message->fallback, message->body.choice.id));
    case TREFOIL_KIND_TEMPLATE:
        return text_first_of(message->body.template_.rendered, NULL);
    case TREFOIL_KIND_ORDER:
        return order_words(&message->body.order, mem);
    case TREFOIL_KIND_SYSTEM:
        return text_first_of(message->fallback, message->body.system.text);
    default:
        return NULL;
    }
}

/* Kinds that say nothing to a person unless they bring a line of their own. */
static bool is_silent(enum trefoil_kind kind)
{
    return kind == TREFOIL_KIND_NONE || kind == TREFOIL_KIND_RECEIPT || kind == TREFOIL_KIND_TYPING ||
           kind == TREFOIL_KIND_PRESENCE || kind == TREFOIL_KIND_SYSTEM || kind == TREFOIL_KIND_ACCOUNT;
}

const char *plain_text(const struct trefoil_message *message, struct arena *mem)
{
    const char *words;

    if (message->kind == TREFOIL_KIND_TEXT)
        return text_words(message, mem);
    if (message->kind == TREFOIL_KIND_REACTION || message->kind == TREFOIL_KIND_RETRACT)
        return plain_relation(message, mem);
    words = text_first_of(words_of(message, mem), message->fallback);
    if (mem->failed)
        return NULL;
    if (!words && !is_silent(message->kind))
        words = arena_format(mem, "[%s]", plain_kind_word(message->kind));
    return relation_noted(message, words, mem);
}

const char *plain_relation(const struct trefoil_message *message, struct arena *mem)
{
    switch (relation_of(message)) {
    case RELATION_RETRACT:
        return relation_rules[RELATION_RETRACT].note;
    case RELATION_REACTION:
        return message->body.reaction.emoji;
    case RELATION_UNREACTION:
        return "took back a reaction";
    default:
        return plain_text(message, mem);
    }
}

const char *plain_media_word(enum trefoil_media_kind kind)
{
    static const char *const words[] = {
        [TREFOIL_MEDIA_NONE] = "file",       [TREFOIL_MEDIA_IMAGE] = "image",         [TREFOIL_MEDIA_VIDEO] = "video",
        [TREFOIL_MEDIA_AUDIO] = "audio",     [TREFOIL_MEDIA_VOICE] = "voice message", [TREFOIL_MEDIA_FILE] = "file",
        [TREFOIL_MEDIA_STICKER] = "sticker", [TREFOIL_MEDIA_ANIMATED] = "animation",
    };

    return (size_t) kind < ARRAY_SIZE(words) && words[kind] ? words[kind] : "file";
}

const char *plain_kind_word(enum trefoil_kind kind)
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
