/* People press what they were offered: buttons, rows, quick replies. Never presses what only opens something on the
 * phone: no network tells the business.
 */
#include <string.h>

#include "sandbox/control.h"
#include "sandbox/conversation.h"
#include "sandbox/events.h"

static const char *text_of(const json_t *object, const char *member)
{
    return json_string_value(json_object_get(object, member));
}

/* By its id, else by its title. */
static const json_t *find_option(const json_t *choices, const char *wanted)
{
    const json_t *options = json_object_get(choices, "options"), *option;
    static const char *const members[] = { "id", "title" };
    size_t i;

    for (size_t m = 0; m < ARRAY_SIZE(members); m++) {
        json_array_foreach (options, i, option) {
            const char *text = text_of(option, members[m]);

            if (text && strcmp(text, wanted) == 0)
                return option;
        }
    }
    return NULL;
}

static bool is_one_of(const char *shape, const char *const *shapes, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        if (strcmp(shape, shapes[i]) == 0)
            return true;
    }
    return false;
}

static bool can_be_pressed(const char *shape, const json_t *option)
{
    static const char *const pressed[] = { "buttons", "list", "quick_replies", "template", "form", "carousel" };

    return is_one_of(shape, pressed, ARRAY_SIZE(pressed)) && !json_object_get(option, "url");
}

/* Messenger and Instagram offer to send what the profile knows. */
static const char *answer_of(const json_t *option, const char *member)
{
    const char *id = text_of(option, "id");

    if (strcmp(id, "user_phone_number") == 0)
        return "+15551230002";
    return strcmp(id, "user_email") == 0 ? "somebody@example.org" : text_of(option, member);
}

/* What the choice is, as phones show it. */
static json_t *choice_json(const struct control_call *call, const char *shape, const json_t *option)
{
    json_t *choice =
        json_pack("{s:s,s:s,s:s}", "shape", shape, "id", answer_of(option, "id"), "title", answer_of(option, "title"));
    json_t *description = json_object_get(option, "description"), *data = json_object_get(call->body, "data");

    if (choice && json_is_string(description))
        (void) json_object_set(choice, "description", description);
    if (choice && json_is_object(data))
        (void) json_object_set(choice, "data", data);
    return choice;
}

static void press(struct control_call *call, const struct bubble *offer, const char *shape, const json_t *option)
{
    struct person *person = offer->person;
    json_t *content = json_pack("{s:o}", "choice", choice_json(call, shape, option));
    struct bubble_order order = { .from = SIDE_PERSON,
                                  .kind = KIND_CHOICE,
                                  .text = answer_of(option, "title"),
                                  .reply_to = person->account->network == NETWORK_WHATSAPP ? offer->id : NULL,
                                  .content = content };
    struct bubble *bubble = content ? bubble_add(person, &order) : NULL;

    json_decref(content);
    if (!bubble) {
        control_refuse(call, 507, "too many bubbles");
        return;
    }
    conversation_person_read(person);
    person_heard(person, world_now_ms(call->world));
    event_message(bubble);
    control_reply(call, json_pack("{s:s}", "id", bubble->id));
}

void control_choose(struct control_call *call)
{
    struct person *person = control_person(call);
    const struct bubble *offer = person ? control_target(call, person) : NULL;
    const char *wanted = text_of(call->body, "option"), *shape;
    const json_t *choices, *option;

    if (!offer)
        return;
    choices = json_object_get(offer->content, "choices");
    shape = text_of(choices, "shape");
    option = wanted && shape ? find_option(choices, wanted) : NULL;
    if (!shape)
        control_refuse(call, 409, "message: nothing to choose there");
    else if (!option)
        control_refuse(call, 404, "option: the id or the title of one of those offered");
    else if (!can_be_pressed(shape, option))
        control_refuse(call, 409, "option: it only opens something on the phone; the network tells nobody");
    else
        press(call, offer, shape, option);
}
