/* Choices in the best shape they fit: a template with buttons, quick replies under a text, or numbered lines.
 * Never cuts what a choice is known by: an id that is too long makes the whole thing words.
 */
#include <string.h>

#include "base/attributes.h"
#include "messaging_offer.h"
#include "plain.h"

#define PHONE_SCHEME "tel:"

static size_t length(const char *text)
{
    return text_length(bytes_of_text(text), TEXT_CODE_POINTS);
}

static bool has_text(const char *text)
{
    return text && *text;
}

static const char *title_of(const struct trefoil_choices *choices, const struct trefoil_option *option)
{
    const char *title = text_first_of(option->title, choices->shape == TREFOIL_CHOICE_LINK ? choices->label : NULL);

    return text_first_of(title, text_first_of(option->id, "…"));
}

/* What it is known by when it comes back. */
static const char *id_of(const struct trefoil_choices *choices, const struct trefoil_option *option)
{
    return text_first_of(option->id, title_of(choices, option));
}

/* The title, cut to what the network shows of it. */
static const char *short_title(const struct sending *sending, const char *title, uint32_t max)
{
    const struct text_limit limit = { TEXT_CODE_POINTS, max };

    return outgoing_cut(title, limit, "title>20", sending->mem, sending->list);
}

/* No option is beyond what the cell allows but for its title, which can be cut. */
static bool fits(const struct trefoil_choices *choices, const struct capability *cell)
{
    if (cell->support < SUPPORT_PARTIAL || choices->n_options == 0 || choices->n_options > cell->max_count)
        return false;
    for (size_t i = 0; i < choices->n_options; i++)
        if (cell->max_id > 0 && length(id_of(choices, &choices->options[i])) > cell->max_id)
            return false;
    return true;
}

static bool is_phone(const struct trefoil_option *option)
{
    return has_text(option->url) && strncmp(option->url, PHONE_SCHEME, strlen(PHONE_SCHEME)) == 0;
}

static size_t n_urls(const struct trefoil_choices *choices)
{
    size_t n = 0;

    for (size_t i = 0; i < choices->n_options; i++)
        n += has_text(choices->options[i].url);
    return n;
}

static bool fits_template(const struct sending *sending, const struct trefoil_choices *choices, const char *question)
{
    const struct capability *cells = sending->dialect->capabilities;
    bool is_link = choices->shape == TREFOIL_CHOICE_LINK;
    const struct capability *cell = &cells[is_link ? FEATURE_LINK : FEATURE_BUTTONS];

    if (choices->shape != TREFOIL_CHOICE_BUTTONS && !is_link)
        return false;
    if (is_link && n_urls(choices) < choices->n_options)
        return false;
    for (size_t i = 0; i < choices->n_options; i++)
        if (is_phone(&choices->options[i]) && !sending->dialect->calls)
            return false;
    return fits(choices, cell) && has_text(question) && length(question) <= cell->max_text;
}

static void put_button(const struct sending *sending, struct json_writer *writer, const struct trefoil_choices *choices,
                       const struct trefoil_option *option)
{
    const uint32_t max = sending->dialect->capabilities[FEATURE_BUTTONS].max_title;
    const char *type = is_phone(option) ? "phone_number" : has_text(option->url) ? "web_url" : "postback";

    if (has_text(option->description))
        request_list_lose(sending->list, "description");
    json_open_object(writer, NULL);
    json_put_text(writer, "type", type);
    json_put_text(writer, "title", short_title(sending, title_of(choices, option), max));
    if (is_phone(option))
        json_put_text(writer, "payload", option->url + strlen(PHONE_SCHEME));
    else if (has_text(option->url))
        json_put_text(writer, "url", option->url);
    else
        json_put_text(writer, "payload", id_of(choices, option));
    json_close_object(writer);
}

static int add_template(const struct sending *sending, const struct trefoil_choices *choices, const char *question)
{
    struct json_writer writer = sending_open_message(sending, WHY_USUAL, sending_quote(sending));
    struct request *request;

    json_open_object(&writer, "attachment");
    json_put_text(&writer, "type", "template");
    json_open_object(&writer, "payload");
    json_put_text(&writer, "template_type", "button");
    json_put_text(&writer, "text", question);
    json_open_array(&writer, "buttons");
    for (size_t i = 0; i < choices->n_options; i++)
        put_button(sending, &writer, choices, &choices->options[i]);
    json_close_array(&writer);
    json_close_object(&writer);
    json_close_object(&writer);
    return sending_close_message(sending, &writer, sending->place->mark, bytes_of_text(question), &request);
}

void messaging_put_quick_replies(const struct sending *sending, struct json_writer *writer,
                                 const struct trefoil_choices *choices)
{
    const uint32_t max = sending->dialect->capabilities[FEATURE_QUICK_REPLIES].max_title;

    json_open_array(writer, "quick_replies");
    if (choices->shape == TREFOIL_CHOICE_ASK_CONTACT) {
        json_open_object(writer, NULL);
        json_put_text(writer, "content_type", "user_phone_number");
        json_close_object(writer);
    }
    for (size_t i = 0; choices->shape != TREFOIL_CHOICE_ASK_CONTACT && i < choices->n_options; i++) {
        json_open_object(writer, NULL);
        json_put_text(writer, "content_type", "text");
        json_put_text(writer, "title", short_title(sending, title_of(choices, &choices->options[i]), max));
        json_put_text(writer, "payload", id_of(choices, &choices->options[i]));
        json_close_object(writer);
    }
    json_close_array(writer);
}

static bool has_more_than_titles(const struct trefoil_choices *choices)
{
    for (size_t i = 0; i < choices->n_options; i++)
        if (has_text(choices->options[i].description) || has_text(choices->options[i].section))
            return true;
    return false;
}

/* Lists have descriptions and sections, which quick replies do not show: the text above them does. */
static const char *words_over(const struct sending *sending, const struct trefoil_choices *choices)
{
    const char *question = plain_question(choices, sending->mem);
    const char *words = has_more_than_titles(choices) ? plain_text(sending->message, sending->mem) : question;

    return outgoing_words(sending->message, sending->place, sending->mem, has_text(words) ? words : "…");
}

static int add_quick_replies(const struct sending *sending, const struct trefoil_choices *choices)
{
    if (choices->shape == TREFOIL_CHOICE_BUTTONS)
        request_list_lose(sending->list, "buttons→quick replies");
    if (choices->shape == TREFOIL_CHOICE_LIST)
        request_list_lose(sending->list, "list→quick replies");
    return sending_words(sending, words_over(sending, choices), sending_quote(sending), choices);
}

static bool fits_quick_replies(const struct sending *sending, const struct trefoil_choices *choices)
{
    const struct capability *cells = sending->dialect->capabilities;

    switch (choices->shape) {
    case TREFOIL_CHOICE_ASK_CONTACT:
        return cells[FEATURE_QUICK_REPLIES].support >= SUPPORT_PARTIAL;
    case TREFOIL_CHOICE_LIST:
        return fits(choices, &cells[FEATURE_LIST]) && n_urls(choices) == 0;
    case TREFOIL_CHOICE_NONE:
    case TREFOIL_CHOICE_BUTTONS:
    case TREFOIL_CHOICE_QUICK_REPLIES:
        return fits(choices, &cells[FEATURE_QUICK_REPLIES]) && n_urls(choices) == 0;
    default:
        return false;
    }
}

int sending_choices(const struct sending *sending)
{
    const struct trefoil_choices *choices = &sending->message->body.choices;
    const char *question = outgoing_words(sending->message, sending->place, sending->mem,
                                          text_first_of(plain_question(choices, sending->mem), "…"));

    if (fits_template(sending, choices, question))
        return add_template(sending, choices, question);
    if (fits_quick_replies(sending, choices))
        return add_quick_replies(sending, choices);
    if (choices->n_options > sending->dialect->capabilities[FEATURE_QUICK_REPLIES].max_count)
        request_list_lose(sending->list, "options>13");
    return sending_as_text(sending);
}
