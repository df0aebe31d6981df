/* Writes WhatsApp's send calls, a function per kind. Never sends what the network would refuse for its length. */
#include <errno.h>
#include <string.h>

#include "meta/native.h"
#include "whatsapp_send.h"

/* Where the target is not known here, a line says it; taking back what nobody saw says nothing. */
static int add_reaction(const struct sending *sending)
{
    const struct trefoil_reaction *reaction = &sending->message->body.reaction;
    const char *target = outgoing_target(sending->place);
    bool removed = reaction->removed || !reaction->emoji || !*reaction->emoji;
    struct json_writer writer;

    if (!target || !sending_has(sending, removed ? FEATURE_UNREACTION : FEATURE_REACTION)) {
        if (!removed)
            return sending_as_text(sending);
        request_list_lose(sending->list, "reaction");
        return 0;
    }
    writer = sending_open(sending, NULL, "reaction");
    json_open_object(&writer, "reaction");
    json_put_text(&writer, "message_id", target);
    json_put_text(&writer, "emoji", removed ? "" : reaction->emoji);
    json_close_object(&writer);
    return sending_close(sending, &writer, sending->place->mark, NULL);
}

/* Marks a message, and all before it, as read; with `typing`, also shows that somebody is writing. */
static int add_read(const struct sending *sending, const char *message_id, bool typing)
{
    struct json_writer writer = json_writer_make(sending->mem);

    json_open_object(&writer, NULL);
    json_put_text(&writer, "messaging_product", "whatsapp");
    json_put_text(&writer, "status", "read");
    json_put_text(&writer, "message_id", message_id);
    if (typing) {
        json_open_object(&writer, "typing_indicator");
        json_put_text(&writer, "type", "text");
        json_close_object(&writer);
    }
    return sending_close_quietly(sending, &writer);
}

static int add_receipt(const struct sending *sending)
{
    const char *target = outgoing_target(sending->place);

    if (sending->message->body.receipt.state != TREFOIL_RECEIPT_READ)
        return 0;
    if (target && sending_has(sending, FEATURE_READ))
        return add_read(sending, target, false);
    request_list_lose(sending->list, "read mark");
    return 0;
}

/* The network shows typing only as the answer to a message, and ends it by itself. */
static int add_typing(const struct sending *sending)
{
    const char *last = sending->place->last_message_id;

    if (sending->message->body.typing.on && last && sending_has(sending, FEATURE_TYPING))
        return add_read(sending, last, true);
    request_list_lose(sending->list, "typing");
    return 0;
}

/* The parameters as the author wrote them, if they are a list at all. */
static int read_components(const struct sending *sending, const char *text, struct json_value *ret)
{
    struct json *json = arena_alloc(sending->mem, sizeof *json);
    int r;

    *ret = JSON_NOTHING;
    if (!json)
        return -ENOMEM;
    if (!text || !*text)
        return 0;
    r = strlen(text) <= NATIVE_MAX_BYTES ? json_parse(bytes_of_text(text), sending->mem, json) : -E2BIG;
    if (r == -ENOMEM)
        return r;
    if (r < 0 || json_type(json_root(json)) != JSON_ARRAY || json_fault(json_root(json)))
        return -ENOTSUP;
    *ret = json_root(json);
    return 0;
}

/* Templates quote nothing. */
static int add_template(const struct sending *sending)
{
    const struct trefoil_template *template = &sending->message->body.template_;
    struct json_value components;
    struct json_writer writer;
    int r;

    if (!sending_has(sending, FEATURE_TEMPLATE) || !template->name || !*template->name)
        return sending_as_text(sending);
    r = read_components(sending, template->components_json, &components);
    if (r < 0) {
        request_list_lose(sending->list, "template");
        return r;
    }
    if (sending->message->in_reply_to)
        request_list_lose(sending->list, "reply");
    writer = sending_open(sending, NULL, "template");
    json_open_object(&writer, "template");
    json_put_text(&writer, "name", template->name);
    json_open_object(&writer, "language");
    json_put_text(&writer, "code", template->language && *template->language ? template->language : "en_US");
    json_close_object(&writer);
    if (json_exists(components))
        json_put_raw(&writer, "components", json_raw(components));
    json_close_object(&writer);
    return sending_close(sending, &writer, sending->place->mark, NULL);
}

/* What a service wrote for this network itself, beside the recipient. */
static int add_native(const struct sending *sending, struct json_value shape)
{
    static const char *const ours[] = { "messaging_product", "recipient_type",           "to",
                                        "recipient",         "biz_opaque_callback_data", NULL };
    const char *quote = json_exists(json_get(shape, "context"))
                            ? NULL
                            : outgoing_quote(sending->message, sending->place, sending->list);
    struct json_writer writer = sending_open(sending, quote, NULL);

    native_put_members(&writer, shape, ours, sending->mem);
    return sending_close(sending, &writer, sending->place->mark, NULL);
}

static int encode_kind(const struct sending *sending)
{
    switch (sending->message->kind) {
    case TREFOIL_KIND_REACTION:
        return add_reaction(sending);
    case TREFOIL_KIND_RECEIPT:
        return add_receipt(sending);
    case TREFOIL_KIND_TYPING:
        return add_typing(sending);
    case TREFOIL_KIND_MEDIA:
        return sending_media(sending);
    case TREFOIL_KIND_LOCATION:
        return sending_location(sending);
    case TREFOIL_KIND_CONTACTS:
        return sending_contacts(sending);
    case TREFOIL_KIND_CHOICES:
        return sending_choices(sending);
    case TREFOIL_KIND_TEMPLATE:
        return add_template(sending);
    default:
        return sending_as_text(sending);
    }
}

int whatsapp_encode(const struct trefoil_message *message, const struct place *place, struct arena *mem,
                    struct request_list *ret)
{
    struct capability cells[N_FEATURES];
    const struct sending sending = { message, place, cells, mem, ret };
    struct json_value shape;
    int r = native_find(message, "whatsapp", mem, &shape);

    if (r == -ENOTSUP)
        request_list_lose(ret, "native");
    if (r < 0)
        return r;
    whatsapp_cells(place, cells);
    r = r > 0 ? add_native(&sending, shape) : encode_kind(&sending);
    if (r == 0 && mem->failed)
        return -ENOMEM;
    return r;
}
