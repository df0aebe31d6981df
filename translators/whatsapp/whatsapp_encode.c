/* Writes WhatsApp's send calls.
 * Never sends what the network would refuse for its length.
 */
#include "whatsapp_map.h"

#include <errno.h>
#include <string.h>

#include "formats/json_write.h"
#include "meta/outgoing.h"

static const struct text_limit body_limit = { TEXT_CODE_POINTS, 4096 };

/* One encode() at work. */
struct sending {
    const struct place *place;
    struct arena *mem;
    struct request_list *list;
};

static bool is_number(const char *user_id)
{
    return *user_id && strspn(user_id, "0123456789") == strlen(user_id);
}

/* A number goes with its plus, or the business's own country code could be put before it; a business-scoped id has a
 * member of its own.
 */
static void put_recipient(const struct sending *sending, struct json_writer *writer)
{
    const char *user_id = sending->place->user_id;

    json_put_text(writer, "messaging_product", "whatsapp");
    json_put_text(writer, "recipient_type", "individual");
    if (is_number(user_id))
        json_put_text(writer, "to", arena_format(sending->mem, "+%s", user_id));
    else
        json_put_text(writer, "recipient", user_id);
}

static int close_body(const struct sending *sending, struct json_writer *writer, struct request **ret)
{
    const struct place *place = sending->place;
    const char *path = arena_format(sending->mem, "/%s/%s/messages", place->api_version, place->account_id);
    struct bytes body;
    int r;

    json_close_object(writer);
    r = json_written(writer, &body);
    if (r < 0)
        return r;
    *ret = outgoing_post(sending->list, sending->mem, path, body);
    return *ret ? 0 : -ENOMEM;
}

/* With the mark, if it is the last of its message. */
static int close_message(const struct sending *sending, struct json_writer *writer, const char *mark)
{
    struct request *request;
    int r;

    if (mark)
        json_put_text(writer, "biz_opaque_callback_data", mark);
    r = close_body(sending, writer, &request);
    if (r == 0)
        request->is_message = true;
    return r;
}

static bool has_link(struct bytes text)
{
    return memmem(text.data, text.size, "https://", 8) || memmem(text.data, text.size, "http://", 7);
}

static int add_part(const struct sending *sending, const struct outgoing_part *part)
{
    struct json_writer writer = json_writer_make(sending->mem);

    json_open_object(&writer, NULL);
    put_recipient(sending, &writer);
    if (part->quote) {
        json_open_object(&writer, "context");
        json_put_text(&writer, "message_id", part->quote);
        json_close_object(&writer);
    }
    json_put_text(&writer, "type", "text");
    json_open_object(&writer, "text");
    json_put_slice(&writer, "body", part->text);
    if (has_link(part->text))
        json_put_bool(&writer, "preview_url", true);
    json_close_object(&writer);
    return close_message(sending, &writer, part->mark);
}

static int add_text(const struct sending *sending, const struct trefoil_message *message)
{
    struct outgoing outgoing = { .limit = body_limit };
    struct outgoing_part part;
    int r = outgoing_make(message, sending->place, sending->mem, sending->list, &outgoing);

    for (size_t n = 0; r == 0 && outgoing_take(&outgoing, sending->place, n, sending->list, &part) > 0; n++)
        r = add_part(sending, &part);
    return r;
}

static int add_reaction(const struct sending *sending, const struct trefoil_reaction *reaction)
{
    struct json_writer writer = json_writer_make(sending->mem);
    const char *target = outgoing_target(sending->place);

    if (!target) {
        request_list_lose(sending->list, "reaction");
        return -ENOTSUP;
    }
    json_open_object(&writer, NULL);
    put_recipient(sending, &writer);
    json_put_text(&writer, "type", "reaction");
    json_open_object(&writer, "reaction");
    json_put_text(&writer, "message_id", target);
    json_put_text(&writer, "emoji", reaction->removed || !reaction->emoji ? "" : reaction->emoji);
    json_close_object(&writer);
    return close_message(sending, &writer, sending->place->mark);
}

/* Marks a message, and all before it, as read; with `typing`, also shows that somebody is writing. */
static int add_read(const struct sending *sending, const char *message_id, bool typing)
{
    struct json_writer writer = json_writer_make(sending->mem);
    struct request *request;
    int r;

    json_open_object(&writer, NULL);
    json_put_text(&writer, "messaging_product", "whatsapp");
    json_put_text(&writer, "status", "read");
    json_put_text(&writer, "message_id", message_id);
    if (typing) {
        json_open_object(&writer, "typing_indicator");
        json_put_text(&writer, "type", "text");
        json_close_object(&writer);
    }
    r = close_body(sending, &writer, &request);
    if (r == 0)
        request->best_effort = true;
    return r;
}

static int add_receipt(const struct sending *sending, const struct trefoil_receipt *receipt)
{
    const char *target = outgoing_target(sending->place);

    if (receipt->state != TREFOIL_RECEIPT_READ)
        return 0;
    if (target)
        return add_read(sending, target, false);
    request_list_lose(sending->list, "read mark");
    return 0;
}

/* The network shows typing only as the answer to a message, and ends it by itself. */
static int add_typing(const struct sending *sending, const struct trefoil_typing *typing)
{
    if (typing->on && sending->place->last_message_id)
        return add_read(sending, sending->place->last_message_id, true);
    request_list_lose(sending->list, "typing");
    return 0;
}

int whatsapp_encode(const struct trefoil_message *message, const struct place *place, struct arena *mem,
                    struct request_list *ret)
{
    const struct sending sending = { place, mem, ret };

    switch (message->kind) {
    case TREFOIL_KIND_REACTION:
        return add_reaction(&sending, &message->body.reaction);
    case TREFOIL_KIND_RECEIPT:
        return add_receipt(&sending, &message->body.receipt);
    case TREFOIL_KIND_TYPING:
        return add_typing(&sending, &message->body.typing);
    case TREFOIL_KIND_RETRACT:
        request_list_lose(ret, "retract");
        return 0;
    default:
        return add_text(&sending, message);
    }
}
