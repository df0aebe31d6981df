/* Writes Messenger's and Instagram's send calls.
 * Never puts a message and an action into one request: the network refuses that.
 */
#include "messaging.h"

#include <errno.h>

#include "formats/json_write.h"
#include "outgoing.h"

/* One encode() at work. */
struct sending {
    const struct messaging_dialect *dialect;
    const struct place *place;
    struct arena *mem;
    struct request_list *list;
};

static const char *path_of(const struct sending *sending)
{
    const struct place *place = sending->place;
    const char *id = sending->dialect->sends_by_page && place->page_id ? place->page_id : place->account_id;

    return arena_format(sending->mem, "/%s/%s/messages", place->api_version, id);
}

static struct json_writer open_body(const struct sending *sending)
{
    struct json_writer writer = json_writer_make(sending->mem);

    json_open_object(&writer, NULL);
    json_open_object(&writer, "recipient");
    json_put_text(&writer, "id", sending->place->user_id);
    json_close_object(&writer);
    return writer;
}

static int close_body(const struct sending *sending, struct json_writer *writer, struct request **ret)
{
    struct bytes body;
    int r;

    json_close_object(writer);
    r = json_written(writer, &body);
    if (r < 0)
        return r;
    *ret = outgoing_post(sending->list, sending->mem, path_of(sending), body);
    return *ret ? 0 : -ENOMEM;
}

static int add_action(const struct sending *sending, const char *action)
{
    struct json_writer writer = open_body(sending);
    struct request *request;
    int r;

    json_put_text(&writer, "sender_action", action);
    r = close_body(sending, &writer, &request);
    if (r == 0)
        request->best_effort = true;
    return r;
}

static int add_reaction(const struct sending *sending, const struct trefoil_reaction *reaction)
{
    struct json_writer writer = open_body(sending);
    const char *target = outgoing_target(sending->place);
    bool removed = reaction->removed || !reaction->emoji || !*reaction->emoji;
    struct request *request;

    if (!target) {
        request_list_lose(sending->list, "reaction");
        return -ENOTSUP;
    }
    json_put_text(&writer, "sender_action", removed ? "unreact" : "react");
    json_open_object(&writer, "payload");
    json_put_text(&writer, "message_id", target);
    if (!removed)
        json_put_text(&writer, "reaction", reaction->emoji);
    json_close_object(&writer);
    return close_body(sending, &writer, &request);
}

static int add_part(const struct sending *sending, const struct outgoing_part *part)
{
    struct json_writer writer = open_body(sending);
    struct request *request;
    int r;

    if (sending->dialect->says_why)
        json_put_text(&writer, "messaging_type", "RESPONSE");
    if (part->quote) {
        json_open_object(&writer, "reply_to");
        json_put_text(&writer, "mid", part->quote);
        json_close_object(&writer);
    }
    json_open_object(&writer, "message");
    json_put_slice(&writer, "text", part->text);
    if (part->mark && sending->dialect->returns_marks)
        json_put_text(&writer, "metadata", part->mark);
    json_close_object(&writer);
    r = close_body(sending, &writer, &request);
    if (r < 0)
        return r;
    request->is_message = true;
    if (!sending->dialect->returns_marks)
        request->words = arena_text(sending->mem, part->text);
    return sending->mem->failed ? -ENOMEM : 0;
}

static struct text_limit limit_of(const struct sending *sending)
{
    const struct capability *cell = &sending->dialect->capabilities[FEATURE_TEXT];
    bool counts_bytes = cell->unit == CAPABILITY_BYTES &&
                        messaging_option(sending->dialect, sending->place->options, OPTION_TEXT_UNIT) == 0;

    return (struct text_limit){ counts_bytes ? TEXT_BYTES : TEXT_CODE_POINTS, cell->max_text };
}

static int add_text(const struct sending *sending, const struct trefoil_message *message)
{
    struct outgoing outgoing = { .limit = limit_of(sending) };
    struct outgoing_part part;
    int r = outgoing_make(message, sending->place, sending->mem, sending->list, &outgoing);

    for (size_t n = 0; r == 0 && outgoing_take(&outgoing, sending->place, n, sending->list, &part) > 0; n++)
        r = add_part(sending, &part);
    return r;
}

int messaging_encode(const struct messaging_dialect *dialect, const struct trefoil_message *message,
                     const struct place *place, struct arena *mem, struct request_list *ret)
{
    const struct sending sending = { dialect, place, mem, ret };

    switch (message->kind) {
    case TREFOIL_KIND_REACTION:
        return add_reaction(&sending, &message->body.reaction);
    case TREFOIL_KIND_RECEIPT:
        return message->body.receipt.state == TREFOIL_RECEIPT_READ ? add_action(&sending, "mark_seen") : 0;
    case TREFOIL_KIND_TYPING:
        return add_action(&sending, message->body.typing.on ? "typing_on" : "typing_off");
    case TREFOIL_KIND_RETRACT:
        request_list_lose(ret, "retract");
        return 0;
    default:
        return add_text(&sending, message);
    }
}
