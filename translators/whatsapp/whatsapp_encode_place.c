/* Places and cards as WhatsApp has them. Never sends a place that is not on earth, nor a card without a name. */
#include <string.h>

#include "base/attributes.h"
#include "whatsapp_send.h"

#define DEGREE 100000000 /* eight decimals: a millimetre */
#define NUMBER_MIN_DIGITS 7
#define NUMBER_MAX_DIGITS 15

static bool is_within(double value, double max)
{
    return value >= -max && value <= max; /* not a number is within nothing */
}

/* Decimals without trailing zeros, whatever the locale says. */
static void put_degrees(const struct posting *posting, struct json_writer *writer, const char *key, double value)
{
    long long scaled = (long long) (value * DEGREE + (value < 0 ? -0.5 : 0.5));
    long long size = scaled < 0 ? -scaled : scaled;
    char *text = arena_format(posting->mem, "%s%lld.%08lld", scaled < 0 ? "-" : "", size / DEGREE, size % DEGREE);
    size_t end = text ? strlen(text) : 0;

    while (end > 0 && text[end - 1] == '0')
        end--;
    if (end > 0 && text[end - 1] == '.')
        end--;
    json_put_raw(writer, key, end > 0 ? bytes_make(text, end) : bytes_of_text("0"));
}

static void put_text(struct json_writer *writer, const char *key, const char *text)
{
    if (text && *text)
        json_put_text(writer, key, text);
}

/* Who speaks stands before the name: a place has no other words. */
int posting_location(const struct posting *posting)
{
    const struct trefoil_location *location = &posting->message->body.location;
    const char *name = text_first_of(location->name, posting->place->attribute ? "📍" : NULL);
    struct json_writer writer;

    if (!posting_has(posting, FEATURE_LOCATION) || !is_within(location->latitude, 90) ||
        !is_within(location->longitude, 180))
        return posting_as_text(posting);
    if (location->url && *location->url)
        request_list_lose(posting->list, "link of the location");
    writer = posting_open(posting, outgoing_quote(posting->message, posting->place, posting->list), "location");
    json_open_object(&writer, "location");
    put_degrees(posting, &writer, "latitude", location->latitude);
    put_degrees(posting, &writer, "longitude", location->longitude);
    put_text(&writer, "name", outgoing_words(posting->message, posting->place, posting->mem, name));
    put_text(&writer, "address", location->address);
    json_close_object(&writer);
    return posting_close(posting, &writer, posting->place->mark, NULL);
}

/* The network wants a part of the name beside the whole of it. */
static void put_name(struct json_writer *writer, const struct trefoil_contact *card)
{
    const char *number = card->n_phones > 0 ? card->phones[0] : NULL;
    const char *name = text_first_of(card->name, text_first_of(card->organization, text_first_of(number, "contact")));
    const char *space = strrchr(name, ' ');
    size_t first = space && space != name && space[1] ? (size_t) (space - name) : strlen(name);

    json_open_object(writer, "name");
    json_put_text(writer, "formatted_name", name);
    json_put_slice(writer, "first_name", bytes_make(name, first));
    if (name[first])
        json_put_text(writer, "last_name", name + first + 1);
    json_close_object(writer);
}

/* The digits of a number with its country code, so that the card can be written to; else nothing. */
static const char *wa_id_of(const char *phone, struct arena *mem)
{
    char digits[NUMBER_MAX_DIGITS + 1];
    size_t n = 0;

    if (*phone != '+')
        return NULL;
    for (const char *c = phone + 1; *c; c++) {
        if (*c >= '0' && *c <= '9' && n < NUMBER_MAX_DIGITS)
            digits[n++] = *c;
        else if (!strchr(" -()./", *c))
            return NULL;
    }
    return n >= NUMBER_MIN_DIGITS ? arena_text(mem, bytes_make(digits, n)) : NULL;
}

static void put_card(const struct posting *posting, struct json_writer *writer, const struct trefoil_contact *card)
{
    json_open_object(writer, NULL);
    put_name(writer, card);
    if (card->n_phones > 0)
        json_open_array(writer, "phones");
    for (size_t i = 0; i < card->n_phones; i++) {
        json_open_object(writer, NULL);
        json_put_text(writer, "phone", card->phones[i]);
        json_put_text(writer, "type", "CELL");
        put_text(writer, "wa_id", wa_id_of(card->phones[i], posting->mem));
        json_close_object(writer);
    }
    if (card->n_phones > 0)
        json_close_array(writer);
    if (card->n_emails > 0)
        json_open_array(writer, "emails");
    for (size_t i = 0; i < card->n_emails; i++) {
        json_open_object(writer, NULL);
        json_put_text(writer, "email", card->emails[i]);
        json_put_text(writer, "type", "WORK");
        json_close_object(writer);
    }
    if (card->n_emails > 0)
        json_close_array(writer);
    if (card->organization && *card->organization) {
        json_open_object(writer, "org");
        json_put_text(writer, "company", card->organization);
        json_close_object(writer);
    }
    json_close_object(writer);
}

static size_t count_cards(const struct posting *posting)
{
    const struct trefoil_contacts *contacts = &posting->message->body.contacts;
    size_t max = posting->cells[FEATURE_CONTACTS].max_count;

    for (size_t i = 0; i < contacts->n_cards; i++)
        if (contacts->cards[i].vcard)
            request_list_lose(posting->list, "vcard");
    if (contacts->n_cards <= max)
        return contacts->n_cards;
    request_list_lose(posting->list, "contacts>257");
    return max;
}

int posting_contacts(const struct posting *posting)
{
    const struct trefoil_contacts *contacts = &posting->message->body.contacts;
    const char *quote, *words;
    struct json_writer writer;
    size_t n;
    int r = 0;

    if (!posting_has(posting, FEATURE_CONTACTS) || contacts->n_cards == 0)
        return posting_as_text(posting);
    n = count_cards(posting);
    quote = outgoing_quote(posting->message, posting->place, posting->list);
    words = posting->place->attribute ? outgoing_words(posting->message, posting->place, posting->mem, "👤") : NULL;
    if (words)
        r = posting_words(posting, words, quote, false);
    if (r < 0)
        return r;
    writer = posting_open(posting, words ? NULL : quote, "contacts");
    json_open_array(&writer, "contacts");
    for (size_t i = 0; i < n; i++)
        put_card(posting, &writer, &contacts->cards[i]);
    json_close_array(&writer);
    return posting_close(posting, &writer, posting->place->mark, NULL);
}
