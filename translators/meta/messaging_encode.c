/* Writes Messenger's and Instagram's send calls, a function per shape.
 * Never puts a message and an action into one request: the network refuses that.
 */
#include <errno.h>
#include <string.h>

#include "messaging_send.h"
#include "native.h"
#include "relation.h"
#include "template.h"

#define HEART "\xe2\x9d\xa4"
#define COLOURED "\xef\xb8\x8f" /* may stand behind it */

static int add_action(const struct sending *sending, enum feature feature, const char *action)
{
    struct json_writer writer = sending_open(sending);
    struct request *request;
    int r;

    if (!sending_has(sending, feature))
        return 0;
    json_put_text(&writer, "sender_action", action);
    r = sending_close(sending, "messages", &writer, &request);
    if (r == 0)
        request->best_effort = true;
    return r;
}

static const char *reaction_of(const struct sending *sending, const char *emoji)
{
    bool is_heart = strcmp(emoji, HEART) == 0 || strcmp(emoji, HEART COLOURED) == 0; /* not one on fire */

    return sending->dialect->loves && is_heart ? "love" : emoji;
}

/* Where the target is not known here, a line says it; taking back what nobody saw says nothing. */
static int add_reaction(const struct sending *sending)
{
    const struct trefoil_reaction *reaction = &sending->message->body.reaction;
    const char *target = outgoing_target(sending->place);
    bool removed = relation_of(sending->message) == RELATION_UNREACTION;
    struct json_writer writer;
    struct request *request;

    if (!target || !sending_has(sending, removed ? FEATURE_UNREACTION : FEATURE_REACTION)) {
        if (!removed)
            return sending_as_text(sending);
        relation_lose(RELATION_UNREACTION, sending->list);
        return 0;
    }
    writer = sending_open(sending);
    json_put_text(&writer, "sender_action", removed ? "unreact" : "react");
    json_open_object(&writer, "payload");
    json_put_text(&writer, "message_id", target);
    if (!removed)
        json_put_text(&writer, "reaction", reaction_of(sending, reaction->emoji));
    json_close_object(&writer);
    return sending_close(sending, "messages", &writer, &request);
}

/* An approved template for a purpose of service, which quotes nothing; every other template is its words. */
static int add_template(const struct sending *sending)
{
    const struct trefoil_template *template = &sending->message->body.template_;
    enum trefoil_purpose purpose = sending->message->purpose;
    struct json_writer writer;
    struct request *request;
    int r;

    if (!sending_has(sending, FEATURE_TEMPLATE) || !template->name || !*template->name ||
        (purpose != TREFOIL_PURPOSE_NONE && purpose != TREFOIL_PURPOSE_UTILITY))
        return sending_as_text(sending);
    writer = sending_open_message(sending, WHY_UTILITY, NULL);
    r = template_put(&writer, template, sending->mem);
    if (r < 0) {
        request_list_lose(sending->list, "template");
        return r;
    }
    if (sending->message->in_reply_to)
        relation_lose(RELATION_REPLY, sending->list);
    return sending_close_message(sending, &writer, sending->place->mark, BYTES_EMPTY, &request);
}

/* What a service wrote for this network itself. Its own metadata stays; then nothing of ours comes back. */
static int add_native(const struct sending *sending, struct json_value shape)
{
    struct json_writer writer = sending_open_message(sending, WHY_USUAL, sending_quote(sending));
    struct place place = *sending->place;
    struct sending own = *sending;
    struct request *request;

    if (json_exists(json_get(shape, "metadata")))
        place.mark = NULL;
    own.place = &place;
    native_put_members(&writer, shape, NULL, sending->mem);
    return sending_close_message(&own, &writer, place.mark,
                                 bytes_of_text(json_text(json_get(shape, "text"), sending->mem)), &request);
}

static int encode_kind(const struct sending *sending)
{
    const struct trefoil_message *message = sending->message;

    if (relation_is_words(message))
        return sending_as_text(sending);
    switch (message->kind) {
    case TREFOIL_KIND_REACTION:
        return add_reaction(sending);
    case TREFOIL_KIND_RECEIPT:
        return message->body.receipt.state == TREFOIL_RECEIPT_READ ? add_action(sending, FEATURE_READ, "mark_seen") : 0;
    case TREFOIL_KIND_TYPING:
        return add_action(sending, FEATURE_TYPING, message->body.typing.on ? "typing_on" : "typing_off");
    case TREFOIL_KIND_MEDIA:
        return sending_media(sending);
    case TREFOIL_KIND_CHOICES:
        return sending_choices(sending);
    case TREFOIL_KIND_TEMPLATE:
        return add_template(sending);
    default:
        return sending_as_text(sending);
    }
}

int messaging_encode(const struct messaging_dialect *dialect, const struct trefoil_message *message,
                     const struct place *place, struct arena *mem, struct request_list *ret)
{
    const struct sending sending = { dialect, message, place, mem, ret };
    struct json_value shape;
    int r = native_find(message, dialect->network, mem, &shape);

    if (r == -ENOTSUP)
        request_list_lose(ret, "native");
    if (r < 0)
        return r;
    if (message->forwarded && dialect->capabilities[FEATURE_FORWARDED].support < SUPPORT_FULL)
        request_list_lose(ret, "forwarded");
    r = r > 0 ? add_native(&sending, shape) : encode_kind(&sending);
    if (r == 0 && mem->failed)
        return -ENOMEM;
    return r;
}
