/* Writes WhatsApp's send calls, a function per kind. Never sends what the network would refuse for its length. */
#include <errno.h>
#include <string.h>

#include "meta/native.h"
#include "meta/template.h"
#include "whatsapp_send.h"

/* Where the target is not known here, a line says it; taking back what nobody saw says nothing. */
static int add_reaction(const struct posting *posting)
{
    const struct trefoil_reaction *reaction = &posting->message->body.reaction;
    const char *target = outgoing_target(posting->place);
    bool removed = relation_of(posting->message) == RELATION_UNREACTION;
    struct json_writer writer;

    if (!target || !posting_has(posting, removed ? FEATURE_UNREACTION : FEATURE_REACTION)) {
        if (!removed)
            return posting_as_text(posting);
        relation_lose(RELATION_UNREACTION, posting->list);
        return 0;
    }
    writer = posting_open(posting, NULL, "reaction");
    json_open_object(&writer, "reaction");
    json_put_text(&writer, "message_id", target);
    json_put_text(&writer, "emoji", removed ? "" : reaction->emoji);
    json_close_object(&writer);
    return posting_close(posting, &writer, posting->place->mark, NULL);
}

/* Marks a message, and all before it, as read; with `typing`, also shows that somebody is writing. */
static int add_read(const struct posting *posting, const char *message_id, bool typing)
{
    struct json_writer writer = json_writer_make(posting->mem);

    json_open_object(&writer, NULL);
    json_put_text(&writer, "messaging_product", "whatsapp");
    json_put_text(&writer, "status", "read");
    json_put_text(&writer, "message_id", message_id);
    if (typing) {
        json_open_object(&writer, "typing_indicator");
        json_put_text(&writer, "type", "text");
        json_close_object(&writer);
    }
    return posting_close_quietly(posting, &writer);
}

static int add_receipt(const struct posting *posting)
{
    const char *target = outgoing_target(posting->place);

    if (posting->message->body.receipt.state != TREFOIL_RECEIPT_READ)
        return 0;
    if (target && posting_has(posting, FEATURE_READ))
        return add_read(posting, target, false);
    request_list_lose(posting->list, "read mark");
    return 0;
}

/* The network shows typing only as the answer to a message, and ends it by itself. */
static int add_typing(const struct posting *posting)
{
    const char *last = posting->place->last_message_id;

    if (posting->message->body.typing.on && last && posting_has(posting, FEATURE_TYPING))
        return add_read(posting, last, true);
    request_list_lose(posting->list, "typing");
    return 0;
}

/* Templates quote nothing. */
static int add_template(const struct posting *posting)
{
    const struct trefoil_template *template = &posting->message->body.template_;
    struct json_writer writer;
    int r;

    if (!posting_has(posting, FEATURE_TEMPLATE) || !template->name || !*template->name)
        return posting_as_text(posting);
    writer = posting_open(posting, NULL, "template");
    r = template_put(&writer, template, posting->mem);
    if (r < 0) {
        request_list_lose(posting->list, "template");
        return r;
    }
    if (posting->message->in_reply_to)
        relation_lose(RELATION_REPLY, posting->list);
    return posting_close(posting, &writer, posting->place->mark, NULL);
}

/* What a service wrote for this network itself, beside the recipient. */
static int add_native(const struct posting *posting, struct json_value shape)
{
    static const char *const ours[] = { "messaging_product", "recipient_type",           "to",
                                        "recipient",         "biz_opaque_callback_data", NULL };
    const char *quote = json_exists(json_get(shape, "context"))
                            ? NULL
                            : outgoing_quote(posting->message, posting->place, posting->list);
    struct json_writer writer = posting_open(posting, quote, NULL);

    native_put_members(&writer, shape, ours, posting->mem);
    return posting_close(posting, &writer, posting->place->mark, NULL);
}

static int encode_kind(const struct posting *posting)
{
    if (relation_is_words(posting->message))
        return posting_as_text(posting);
    switch (posting->message->kind) {
    case TREFOIL_KIND_REACTION:
        return add_reaction(posting);
    case TREFOIL_KIND_RECEIPT:
        return add_receipt(posting);
    case TREFOIL_KIND_TYPING:
        return add_typing(posting);
    case TREFOIL_KIND_MEDIA:
        return posting_media(posting);
    case TREFOIL_KIND_LOCATION:
        return posting_location(posting);
    case TREFOIL_KIND_CONTACTS:
        return posting_contacts(posting);
    case TREFOIL_KIND_CHOICES:
        return posting_choices(posting);
    case TREFOIL_KIND_TEMPLATE:
        return add_template(posting);
    default:
        return posting_as_text(posting);
    }
}

int whatsapp_encode(const struct trefoil_message *message, const struct place *place, struct arena *mem,
                    struct request_list *ret)
{
    struct capability cells[N_FEATURES];
    const struct posting posting = { message, place, cells, mem, ret };
    struct json_value shape;
    int r = native_find(message, "whatsapp", mem, &shape);

    if (r == -ENOTSUP)
        request_list_lose(ret, "native");
    if (r < 0)
        return r;
    whatsapp_cells(place, cells);
    if (message->forwarded && cells[FEATURE_FORWARDED].support < SUPPORT_FULL)
        request_list_lose(ret, "forwarded");
    r = r > 0 ? add_native(&posting, shape) : encode_kind(&posting);
    if (r == 0 && mem->failed)
        return -ENOMEM;
    return r;
}
