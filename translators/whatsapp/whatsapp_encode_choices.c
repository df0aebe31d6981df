/* Choices as WhatsApp has them: buttons, a list, a link, a request; numbered lines where they do not fit.
 * Never cuts what a choice is known by: an id that is too long makes the whole thing words.
 */
#include <errno.h>
#include <string.h>

#include "base/attributes.h"
#include "meta/plain.h"
#include "whatsapp_send.h"

#define OPTIONS_MAX 10 /* of any shape here */

/* One question, in one shape. */
struct offer {
    const struct posting *posting;
    const struct trefoil_choices *choices;
    const struct capability *cell;
    const char *type;
    const char *titles[OPTIONS_MAX]; /* cut to what the network shows */
};

static const char *id_of(const struct trefoil_option *option)
{
    return text_first_of(option->id, text_first_of(option->title, option->url));
}

static const char *title_of(const struct offer *offer, const struct trefoil_option *option)
{
    const char *label = offer->choices->shape == TREFOIL_CHOICE_LINK ? offer->choices->label : NULL;

    return text_first_of(option->title, text_first_of(label, text_first_of(option->id, "…")));
}

static const char *cut_word(uint32_t max)
{
    return max == 20 ? "title>20" : "title>24";
}

/* Ids and titles differ from each other, and no id is too long. */
static bool is_distinct(const struct offer *offer, size_t i)
{
    const char *id = id_of(&offer->choices->options[i]);

    if (!id || posting_length(offer->posting, id) > offer->cell->max_id)
        return false;
    for (size_t k = 0; k < i; k++)
        if (strcmp(id_of(&offer->choices->options[k]), id) == 0 || strcmp(offer->titles[k], offer->titles[i]) == 0)
            return false;
    return true;
}

static size_t n_sections(const struct trefoil_choices *choices);

/* True when the options fit the cell; their titles are then cut. */
static bool fits(struct offer *offer)
{
    const struct trefoil_choices *choices = offer->choices;
    const struct capability *cell = offer->cell;
    bool is_cut = false;

    if (cell->support < SUPPORT_PARTIAL || choices->n_options == 0 || choices->n_options > cell->max_count ||
        choices->n_options > OPTIONS_MAX || (cell->max_sections > 0 && n_sections(choices) > cell->max_sections))
        return false;
    for (size_t i = 0; i < choices->n_options; i++) {
        const char *title = title_of(offer, &choices->options[i]);

        if (choices->options[i].url && choices->shape != TREFOIL_CHOICE_LINK)
            return false; /* it would lead nowhere */
        offer->titles[i] = posting_cut(offer->posting, title, cell->max_title, NULL);
        if (!offer->titles[i] || (cell->max_id > 0 && !is_distinct(offer, i)))
            return false;
        is_cut = is_cut || offer->titles[i] != title;
    }
    if (is_cut) /* said only of the shape that is sent */
        request_list_lose(offer->posting->list, cut_word(cell->max_title));
    return true;
}

/* Buttons and links show titles alone. */
static void lose_description(const struct offer *offer, const struct trefoil_option *option)
{
    if (option->description && *option->description)
        request_list_lose(offer->posting->list, "description");
}

static void put_buttons(const struct offer *offer, struct json_writer *writer)
{
    json_open_array(writer, "buttons");
    for (size_t i = 0; i < offer->choices->n_options; i++) {
        lose_description(offer, &offer->choices->options[i]);
        json_open_object(writer, NULL);
        json_put_text(writer, "type", "reply");
        json_open_object(writer, "reply");
        json_put_text(writer, "id", id_of(&offer->choices->options[i]));
        json_put_text(writer, "title", offer->titles[i]);
        json_close_object(writer);
        json_close_object(writer);
    }
    json_close_array(writer);
}

static const char *section_of(const struct trefoil_option *option)
{
    return option->section ? option->section : "";
}

static bool is_first_of_section(const struct trefoil_choices *choices, size_t i)
{
    for (size_t k = 0; k < i; k++)
        if (strcmp(section_of(&choices->options[k]), section_of(&choices->options[i])) == 0)
            return false;
    return true;
}

static size_t n_sections(const struct trefoil_choices *choices)
{
    size_t n = 0;

    for (size_t i = 0; i < choices->n_options; i++)
        n += is_first_of_section(choices, i);
    return n;
}

static void put_row(const struct offer *offer, struct json_writer *writer, size_t i)
{
    const struct trefoil_option *option = &offer->choices->options[i];

    json_open_object(writer, NULL);
    json_put_text(writer, "id", id_of(option));
    json_put_text(writer, "title", offer->titles[i]);
    if (option->description && *option->description)
        json_put_text(writer, "description",
                      posting_cut(offer->posting, option->description, offer->cell->max_description, "description>72"));
    json_close_object(writer);
}

/* Rows under their sections, in the order in which each section is first named. */
static void put_sections(const struct offer *offer, struct json_writer *writer)
{
    const struct trefoil_choices *choices = offer->choices;
    const struct capability *cell = offer->cell;
    bool needs_titles = n_sections(choices) > 1;

    json_put_text(writer, "button",
                  posting_cut(offer->posting, text_first_of(choices->label, "Options"), cell->max_label, "label>20"));
    json_open_array(writer, "sections");
    for (size_t i = 0; i < choices->n_options; i++) {
        const char *section = section_of(&choices->options[i]);

        if (!is_first_of_section(choices, i))
            continue;
        json_open_object(writer, NULL);
        if (*section || needs_titles)
            json_put_text(writer, "title",
                          posting_cut(offer->posting, text_first_of(section, "…"), cell->max_title, "section>24"));
        json_open_array(writer, "rows");
        for (size_t k = i; k < choices->n_options; k++)
            if (strcmp(section_of(&choices->options[k]), section) == 0)
                put_row(offer, writer, k);
        json_close_array(writer);
        json_close_object(writer);
    }
    json_close_array(writer);
}

static void put_link(const struct offer *offer, struct json_writer *writer)
{
    lose_description(offer, &offer->choices->options[0]);
    json_put_text(writer, "name", "cta_url");
    json_open_object(writer, "parameters");
    json_put_text(writer, "display_text", offer->titles[0]);
    json_put_text(writer, "url", offer->choices->options[0].url);
    json_close_object(writer);
}

static void put_action(const struct offer *offer, struct json_writer *writer)
{
    json_open_object(writer, "action");
    if (strcmp(offer->type, "button") == 0)
        put_buttons(offer, writer);
    else if (strcmp(offer->type, "list") == 0)
        put_sections(offer, writer);
    else if (strcmp(offer->type, "cta_url") == 0)
        put_link(offer, writer);
    else
        json_put_text(writer, "name",
                      strcmp(offer->type, "location_request_message") == 0 ? "send_location" : offer->type);
    json_close_object(writer);
}

static void put_framed(const struct offer *offer, struct json_writer *writer, struct bytes body)
{
    const struct trefoil_choices *choices = offer->choices;
    const char *header = posting_cut(offer->posting, choices->header, offer->cell->max_header, "header>60");
    const char *footer = posting_cut(offer->posting, choices->footer, offer->cell->max_footer, "footer>60");

    json_open_object(writer, "interactive");
    json_put_text(writer, "type", offer->type);
    if (header && *header && offer->cell->max_header > 0) {
        json_open_object(writer, "header");
        json_put_text(writer, "type", "text");
        json_put_text(writer, "text", header);
        json_close_object(writer);
    }
    json_open_object(writer, "body");
    json_put_slice(writer, "text", body);
    json_close_object(writer);
    if (footer && *footer && offer->cell->max_footer > 0) {
        json_open_object(writer, "footer");
        json_put_text(writer, "text", footer);
        json_close_object(writer);
    }
    put_action(offer, writer);
    json_close_object(writer);
}

/* What a shape without header and footer asks: all of it in the body. */
static const char *question_of(const struct offer *offer)
{
    const struct trefoil_choices *choices = offer->choices;
    struct arena *mem = offer->posting->mem;
    const char *words = offer->cell->max_header > 0 ? choices->body : plain_question(choices, mem);

    return text_first_of(words, text_first_of(offer->posting->message->fallback, "…"));
}

/* A question that is too long goes before its last part as text. */
static int add_offer(const struct offer *offer)
{
    const struct posting *posting = offer->posting;
    const char *quote = outgoing_quote(posting->message, posting->place, posting->list);
    const char *words = outgoing_words(posting->message, posting->place, posting->mem, question_of(offer));
    struct outgoing outgoing = {
        bytes_of_text(words),
        { offer->cell->unit == CAPABILITY_BYTES ? TEXT_BYTES : TEXT_CODE_POINTS, offer->cell->max_text },
        quote,
    };
    struct outgoing_part part;
    int r = posting->mem->failed ? -ENOMEM : 0;

    for (size_t n = 0; r == 0 && outgoing_take(&outgoing, posting->place, n, posting->list, &part) > 0; n++) {
        struct json_writer writer;

        if (outgoing.text.size > 0) {
            r = posting_words(posting, arena_text(posting->mem, part.text), part.quote, false);
            continue;
        }
        writer = posting_open(posting, part.quote, "interactive");
        put_framed(offer, &writer, part.text);
        r = posting_close(posting, &writer, part.mark, NULL);
    }
    return r;
}

static int try_offer(const struct posting *posting, const char *type, enum feature feature, bool *ret_fits)
{
    struct offer offer = {
        .posting = posting,
        .choices = &posting->message->body.choices,
        .cell = &posting->cells[feature],
        .type = type,
    };

    *ret_fits = fits(&offer);
    return *ret_fits ? add_offer(&offer) : 0;
}

/* A request has no options of its own: it is a button with a fixed meaning. */
static int add_request(const struct posting *posting, const char *type)
{
    const struct capability cell = {
        .unit = posting->cells[FEATURE_BUTTONS].unit,
        .max_text = posting->cells[FEATURE_BUTTONS].max_text,
    };
    const struct offer offer = { posting, &posting->message->body.choices, &cell, type, { NULL } };

    if (!posting_has(posting, FEATURE_BUTTONS))
        return posting_as_text(posting);
    return add_offer(&offer);
}

static bool is_page(const char *url)
{
    return url && (strncmp(url, "https://", 8) == 0 || strncmp(url, "http://", 7) == 0);
}

/* As buttons while they are few, else as a list. */
static int add_quick_replies(const struct posting *posting, bool *ret_fits)
{
    int r;

    if (!posting_has(posting, FEATURE_QUICK_REPLIES)) {
        *ret_fits = false;
        return 0;
    }
    r = try_offer(posting, "button", FEATURE_BUTTONS, ret_fits);
    if (*ret_fits) {
        request_list_lose(posting->list, "quick replies→buttons");
        return r;
    }
    r = try_offer(posting, "list", FEATURE_LIST, ret_fits);
    if (*ret_fits)
        request_list_lose(posting->list, "quick replies→list");
    return r;
}

static int add_lines(const struct posting *posting)
{
    const struct trefoil_choices *choices = &posting->message->body.choices;

    if (choices->shape == TREFOIL_CHOICE_BUTTONS && choices->n_options > posting->cells[FEATURE_BUTTONS].max_count)
        request_list_lose(posting->list, "options>3");
    if ((choices->shape == TREFOIL_CHOICE_LIST || choices->shape == TREFOIL_CHOICE_QUICK_REPLIES) &&
        choices->n_options > posting->cells[FEATURE_LIST].max_count)
        request_list_lose(posting->list, "options>10");
    return posting_as_text(posting);
}

int posting_choices(const struct posting *posting)
{
    const struct trefoil_choices *choices = &posting->message->body.choices;
    bool is_sent = false;
    int r = 0;

    switch (choices->shape) {
    case TREFOIL_CHOICE_ASK_LOCATION:
        return add_request(posting, "location_request_message");
    case TREFOIL_CHOICE_ASK_CONTACT:
        return add_request(posting, "request_contact_info");
    case TREFOIL_CHOICE_BUTTONS:
        r = try_offer(posting, "button", FEATURE_BUTTONS, &is_sent);
        break;
    case TREFOIL_CHOICE_LIST:
        r = try_offer(posting, "list", FEATURE_LIST, &is_sent);
        break;
    case TREFOIL_CHOICE_QUICK_REPLIES:
        r = add_quick_replies(posting, &is_sent);
        break;
    case TREFOIL_CHOICE_LINK:
        if (choices->n_options == 1 && is_page(choices->options[0].url))
            r = try_offer(posting, "cta_url", FEATURE_LINK, &is_sent);
        break;
    default:
        break;
    }
    return is_sent ? r : add_lines(posting);
}
