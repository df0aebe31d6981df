/* A message becomes the bytes of its content. Never changes the message it is given. */
#include "wire/content.h"

#include <errno.h>
#include <string.h>

#include "proto/content.pb-c.h"

/* The numbers in content.proto and in message.h are the same by design. */
#define BODY_OF_KIND(kind) ((Trefoil__Content__BodyCase) ((int) (kind) + TREFOIL__CONTENT__BODY_TEXT - 1))
_Static_assert(TREFOIL__CONTENT__BODY_UNSUPPORTED - TREFOIL__CONTENT__BODY_TEXT ==
                   TREFOIL_KIND_UNSUPPORTED - TREFOIL_KIND_TEXT,
               "kinds and bodies run in step");

/* One message on its way out; the first error sticks. */
struct sheet {
    struct arena *arena;
    int error;
};

static void spoil(struct sheet *sheet, int error)
{
    if (sheet->error == 0)
        sheet->error = error;
}

static void *room_for(struct sheet *sheet, size_t n, size_t item_bytes)
{
    void *room = arena_array(sheet->arena, n, item_bytes);

    if (!room)
        spoil(sheet, -ENOMEM);
    return room;
}

static char *text_of(struct sheet *sheet, const char *text)
{
    struct bytes bytes = bytes_of_text(text);

    if (!text)
        return (char *) (uintptr_t) protobuf_c_empty_string;
    if (bytes.size > CONTENT_TEXT_MAX_BYTES)
        spoil(sheet, -EMSGSIZE);
    else if (!bytes_is_utf8(bytes))
        spoil(sheet, -EINVAL);
    return (char *) (uintptr_t) text;
}

static ProtobufCBinaryData binary_of(struct sheet *sheet, struct trefoil_bytes bytes, size_t max)
{
    if (bytes.size > max)
        spoil(sheet, -EMSGSIZE);
    return (ProtobufCBinaryData){ bytes.size, (uint8_t *) (uintptr_t) bytes.data };
}

static ProtobufCBinaryData id_of(struct sheet *sheet, struct bytes id)
{
    if (id.size != SEAL_ID_BYTES)
        spoil(sheet, -EINVAL);
    return (ProtobufCBinaryData){ id.size, (uint8_t *) (uintptr_t) id.data };
}

static int choice_of(struct sheet *sheet, int value, int last)
{
    if (value < 0 || value > last)
        spoil(sheet, -EINVAL);
    return value;
}

static char **texts_of(struct sheet *sheet, const char *const *texts, size_t n, size_t max)
{
    if (n > max)
        spoil(sheet, -EMSGSIZE);
    char **list = sheet->error ? NULL : room_for(sheet, n, sizeof(*list));

    for (size_t i = 0; list && i < n; i++)
        list[i] = text_of(sheet, texts ? texts[i] : NULL);
    return list;
}

/* Declares `items`, n structs of a generated type, and sets `pointers` to them; both NULL after an error. */
#define LIST(type, items, pointers, n, max)                     \
    Trefoil__##type *items = NULL;                              \
    if ((n) > (max))                                            \
        spoil(sheet, -EMSGSIZE);                                \
    if (!sheet->error)                                          \
        items = room_for(sheet, (n), sizeof(*items));           \
    if (items)                                                  \
        (pointers) = room_for(sheet, (n), sizeof(*(pointers))); \
    for (size_t at = 0; items && (pointers) && at < (n); at++)  \
    (pointers)[at] = &items[at]

#define NEW(type, variable, init)                                      \
    Trefoil__##type *variable = room_for(sheet, 1, sizeof(*variable)); \
    if (!variable)                                                     \
        return;                                                        \
    trefoil__##init##__init(variable)

static void put_text(struct sheet *sheet, const struct trefoil_text *text, Trefoil__Content *content)
{
    NEW(Text, out, text);
    content->text = out;
    out->body = text_of(sheet, text->body);
    LIST(Span, spans, out->spans, text->n_spans, CONTENT_SPANS_MAX);
    if (sheet->error)
        return;
    if (!content_spans_fit(text))
        spoil(sheet, -EINVAL);
    out->n_spans = text->n_spans;
    for (size_t i = 0; i < text->n_spans; i++) {
        const struct trefoil_span *span = &text->spans[i];

        trefoil__span__init(&spans[i]);
        spans[i].style = (Trefoil__SpanStyle) choice_of(sheet, (int) span->style, TREFOIL_SPAN_MENTION);
        spans[i].start = span->start;
        spans[i].size = span->size;
        spans[i].target = text_of(sheet, span->target);
    }
}

static void put_reaction(struct sheet *sheet, const struct trefoil_reaction *reaction, Trefoil__Content *content)
{
    NEW(Reaction, out, reaction);
    content->reaction = out;
    out->target = text_of(sheet, reaction->target);
    out->emoji = text_of(sheet, reaction->emoji);
    out->removed = reaction->removed;
}

static void put_retract(struct sheet *sheet, const struct trefoil_retract *retract, Trefoil__Content *content)
{
    NEW(Retract, out, retract);
    content->retract = out;
    out->target = text_of(sheet, retract->target);
}

static void put_receipt(struct sheet *sheet, const struct trefoil_receipt *receipt, Trefoil__Content *content)
{
    NEW(Receipt, out, receipt);
    content->receipt = out;
    out->state = (Trefoil__ReceiptState) choice_of(sheet, (int) receipt->state, TREFOIL_RECEIPT_FAILED);
    out->targets = texts_of(sheet, receipt->targets, receipt->n_targets, CONTENT_TARGETS_MAX);
    out->n_targets = receipt->n_targets;
    out->watermark_ms = receipt->watermark_ms;
    out->code = receipt->code;
    out->subcode = receipt->subcode;
    out->reason = text_of(sheet, receipt->reason);
    out->pricing_category = text_of(sheet, receipt->pricing_category);
}

static void put_typing(struct sheet *sheet, const struct trefoil_typing *typing, Trefoil__Content *content)
{
    NEW(Typing, out, typing);
    content->typing = out;
    out->on = typing->on;
}

static void put_presence(struct sheet *sheet, const struct trefoil_presence *presence, Trefoil__Content *content)
{
    NEW(Presence, out, presence);
    content->presence = out;
    out->available = presence->available;
    out->last_seen_ms = presence->last_seen_ms;
}

static void fill_media(struct sheet *sheet, const struct trefoil_media *media, Trefoil__Media *out)
{
    trefoil__media__init(out);
    out->kind = (Trefoil__MediaKind) choice_of(sheet, (int) media->kind, TREFOIL_MEDIA_ANIMATED);
    out->mime = text_of(sheet, media->mime);
    out->name = text_of(sheet, media->name);
    out->size_bytes = media->size_bytes;
    out->network_id = text_of(sheet, media->network_id);
    out->network_url = text_of(sheet, media->network_url);
    out->sha256 = binary_of(sheet, media->sha256, CONTENT_HASH_MAX_BYTES);
    out->blob = text_of(sheet, media->blob);
    out->blob_key = binary_of(sheet, media->blob_key, CONTENT_HASH_MAX_BYTES);
    out->blob_hash = binary_of(sheet, media->blob_hash, CONTENT_HASH_MAX_BYTES);
    out->blob_header = binary_of(sheet, media->blob_header, CONTENT_HASH_MAX_BYTES);
    out->blob_commit = binary_of(sheet, media->blob_commit, CONTENT_HASH_MAX_BYTES);
}

static void put_media(struct sheet *sheet, const struct trefoil_media_list *list, Trefoil__Content *content)
{
    NEW(MediaList, out, media_list);
    content->media = out;
    out->caption = text_of(sheet, list->caption);
    LIST(Media, media, out->media, list->n_media, CONTENT_MEDIA_MAX);
    if (sheet->error)
        return;
    out->n_media = list->n_media;
    for (size_t i = 0; i < list->n_media; i++)
        fill_media(sheet, &list->media[i], &media[i]);
}

static void put_location(struct sheet *sheet, const struct trefoil_location *location, Trefoil__Content *content)
{
    NEW(Location, out, location);
    content->location = out;
    out->latitude = location->latitude;
    out->longitude = location->longitude;
    out->name = text_of(sheet, location->name);
    out->address = text_of(sheet, location->address);
    out->url = text_of(sheet, location->url);
}

static void put_contacts(struct sheet *sheet, const struct trefoil_contacts *contacts, Trefoil__Content *content)
{
    NEW(ContactCards, out, contact_cards);
    content->contacts = out;
    LIST(ContactCard, cards, out->cards, contacts->n_cards, CONTENT_CARDS_MAX);
    if (sheet->error)
        return;
    out->n_cards = contacts->n_cards;
    for (size_t i = 0; i < contacts->n_cards; i++) {
        const struct trefoil_contact *card = &contacts->cards[i];

        trefoil__contact_card__init(&cards[i]);
        cards[i].name = text_of(sheet, card->name);
        cards[i].phones = texts_of(sheet, card->phones, card->n_phones, CONTENT_CARD_ENTRIES_MAX);
        cards[i].n_phones = card->n_phones;
        cards[i].emails = texts_of(sheet, card->emails, card->n_emails, CONTENT_CARD_ENTRIES_MAX);
        cards[i].n_emails = card->n_emails;
        cards[i].organization = text_of(sheet, card->organization);
        cards[i].vcard = text_of(sheet, card->vcard);
    }
}

static void put_choices(struct sheet *sheet, const struct trefoil_choices *choices, Trefoil__Content *content)
{
    NEW(Choices, out, choices);
    content->choices = out;
    out->shape = (Trefoil__ChoiceShape) choice_of(sheet, (int) choices->shape, TREFOIL_CHOICE_FORM);
    out->header = text_of(sheet, choices->header);
    out->body = text_of(sheet, choices->body);
    out->footer = text_of(sheet, choices->footer);
    out->label = text_of(sheet, choices->label);
    LIST(Option, options, out->options, choices->n_options, CONTENT_OPTIONS_MAX);
    if (sheet->error)
        return;
    out->n_options = choices->n_options;
    for (size_t i = 0; i < choices->n_options; i++) {
        const struct trefoil_option *option = &choices->options[i];

        trefoil__option__init(&options[i]);
        options[i].id = text_of(sheet, option->id);
        options[i].title = text_of(sheet, option->title);
        options[i].description = text_of(sheet, option->description);
        options[i].section = text_of(sheet, option->section);
        options[i].url = text_of(sheet, option->url);
    }
}

static void put_choice(struct sheet *sheet, const struct trefoil_choice *choice, Trefoil__Content *content)
{
    NEW(Choice, out, choice);
    content->choice = out;
    out->shape = (Trefoil__ChoiceShape) choice_of(sheet, (int) choice->shape, TREFOIL_CHOICE_FORM);
    out->id = text_of(sheet, choice->id);
    out->title = text_of(sheet, choice->title);
    out->description = text_of(sheet, choice->description);
    out->data = text_of(sheet, choice->data);
}

static void put_template(struct sheet *sheet, const struct trefoil_template *template_, Trefoil__Content *content)
{
    NEW(Template, out, template);
    content->template_ = out;
    out->name = text_of(sheet, template_->name);
    out->language = text_of(sheet, template_->language);
    out->components_json = text_of(sheet, template_->components_json);
    out->rendered = text_of(sheet, template_->rendered);
}

static void put_order(struct sheet *sheet, const struct trefoil_order *order, Trefoil__Content *content)
{
    NEW(Order, out, order);
    content->order = out;
    out->catalog = text_of(sheet, order->catalog);
    out->note = text_of(sheet, order->note);
    LIST(OrderItem, items, out->items, order->n_items, CONTENT_ITEMS_MAX);
    if (sheet->error)
        return;
    out->n_items = order->n_items;
    for (size_t i = 0; i < order->n_items; i++) {
        const struct trefoil_order_item *item = &order->items[i];

        trefoil__order_item__init(&items[i]);
        items[i].id = text_of(sheet, item->id);
        items[i].name = text_of(sheet, item->name);
        items[i].quantity = item->quantity;
        items[i].price = text_of(sheet, item->price);
        items[i].currency = text_of(sheet, item->currency);
    }
}

static void put_system(struct sheet *sheet, const struct trefoil_system *change, Trefoil__Content *content)
{
    NEW(SystemChange, out, system_change);
    content->system = out;
    out->kind = (Trefoil__SystemKind) choice_of(sheet, (int) change->kind, TREFOIL_SYSTEM_CALL);
    out->from_id = text_of(sheet, change->from_id);
    out->to_id = text_of(sheet, change->to_id);
    out->text = text_of(sheet, change->text);
}

static void put_account(struct sheet *sheet, const struct trefoil_account_state *account, Trefoil__Content *content)
{
    NEW(AccountState, out, account_state);
    content->account_state = out;
    out->health = (Trefoil__AccountHealth) choice_of(sheet, (int) account->health, TREFOIL_ACCOUNT_STOPPED);
    out->code = account->code;
    out->subcode = account->subcode;
    out->next_action = text_of(sheet, account->next_action);
}

static void put_unsupported(struct sheet *sheet, const struct trefoil_unsupported *body, Trefoil__Content *content)
{
    NEW(Unsupported, out, unsupported);
    content->unsupported = out;
    out->network_kind = text_of(sheet, body->network_kind);
    out->reason = text_of(sheet, body->reason);
    out->raw = binary_of(sheet, body->raw, SEAL_CONTENT_MAX_BYTES);
}

static void put_body(struct sheet *sheet, const struct trefoil_message *message, Trefoil__Content *content)
{
    content->body_case = BODY_OF_KIND(message->kind);
    switch (message->kind) {
    case TREFOIL_KIND_TEXT:
        return put_text(sheet, &message->body.text, content);
    case TREFOIL_KIND_REACTION:
        return put_reaction(sheet, &message->body.reaction, content);
    case TREFOIL_KIND_RETRACT:
        return put_retract(sheet, &message->body.retract, content);
    case TREFOIL_KIND_RECEIPT:
        return put_receipt(sheet, &message->body.receipt, content);
    case TREFOIL_KIND_TYPING:
        return put_typing(sheet, &message->body.typing, content);
    case TREFOIL_KIND_PRESENCE:
        return put_presence(sheet, &message->body.presence, content);
    case TREFOIL_KIND_MEDIA:
        return put_media(sheet, &message->body.media, content);
    case TREFOIL_KIND_LOCATION:
        return put_location(sheet, &message->body.location, content);
    case TREFOIL_KIND_CONTACTS:
        return put_contacts(sheet, &message->body.contacts, content);
    case TREFOIL_KIND_CHOICES:
        return put_choices(sheet, &message->body.choices, content);
    case TREFOIL_KIND_CHOICE:
        return put_choice(sheet, &message->body.choice, content);
    case TREFOIL_KIND_TEMPLATE:
        return put_template(sheet, &message->body.template_, content);
    case TREFOIL_KIND_ORDER:
        return put_order(sheet, &message->body.order, content);
    case TREFOIL_KIND_SYSTEM:
        return put_system(sheet, &message->body.system, content);
    case TREFOIL_KIND_ACCOUNT:
        return put_account(sheet, &message->body.account, content);
    case TREFOIL_KIND_UNSUPPORTED:
        return put_unsupported(sheet, &message->body.unsupported, content);
    case TREFOIL_KIND_NONE:
        break;
    }
    spoil(sheet, -EINVAL);
}

static void put_claims(struct sheet *sheet, const struct content_claims *claims, Trefoil__Content *content)
{
    NEW(Claims, out, claims);
    content->claims = out;
    out->envelope_id = id_of(sheet, claims->envelope_id);
    out->channel = id_of(sheet, claims->channel);
    out->service = text_of(sheet, claims->service);
    out->account = text_of(sheet, claims->account);
}

static void put_author(struct sheet *sheet, const struct trefoil_author *author, Trefoil__Content *content)
{
    NEW(Author, out, author);
    content->author = out;
    out->network = text_of(sheet, author->network);
    out->user_id = text_of(sheet, author->user_id);
    out->name = text_of(sheet, author->name);
    out->username = text_of(sheet, author->username);
    out->aliases = texts_of(sheet, author->aliases, author->n_aliases, CONTENT_ALIASES_MAX);
    out->n_aliases = author->n_aliases;
    out->alias_evidence = texts_of(sheet, author->alias_evidence, author->n_aliases, CONTENT_ALIASES_MAX);
    out->n_alias_evidence = author->n_aliases;
}

static void put_referral(struct sheet *sheet, const struct trefoil_referral *referral, Trefoil__Content *content)
{
    NEW(Referral, out, referral);
    content->referral = out;
    out->source = text_of(sheet, referral->source);
    out->source_id = text_of(sheet, referral->source_id);
    out->url = text_of(sheet, referral->url);
    out->headline = text_of(sheet, referral->headline);
    out->body = text_of(sheet, referral->body);
    out->ref = text_of(sheet, referral->ref);
    out->click_id = text_of(sheet, referral->click_id);
}

static void put_frame(struct sheet *sheet, const struct trefoil_message *message, Trefoil__Content *content)
{
    content->message_id = text_of(sheet, message->message_id);
    content->sent_ms = message->sent_ms;
    content->in_reply_to = text_of(sheet, message->in_reply_to);
    content->replaces = text_of(sheet, message->replaces);
    content->thread = text_of(sheet, message->thread);
    content->fallback = text_of(sheet, message->fallback);
    content->forwarded = message->forwarded;
    content->frequently_forwarded = message->frequently_forwarded;
    content->by_business = message->by_business;
    content->standby = message->standby;
    content->is_edit = message->is_edit;
    content->strict = message->strict;
    content->purpose = (Trefoil__Purpose) choice_of(sheet, (int) message->purpose, TREFOIL_PURPOSE_MARKETING);
    content->group_id = text_of(sheet, message->group_id);
    content->extra_key = texts_of(sheet, message->extra_keys, message->n_extras, CONTENT_EXTRAS_MAX);
    content->n_extra_key = message->n_extras;
    content->extra_value = texts_of(sheet, message->extra_values, message->n_extras, CONTENT_EXTRAS_MAX);
    content->n_extra_value = message->n_extras;
}

int content_write(const struct trefoil_message *message, const struct content_claims *claims, struct arena *arena,
                  struct bytes *ret)
{
    Trefoil__Content content = TREFOIL__CONTENT__INIT;
    struct sheet sheet = { arena, 0 };

    put_claims(&sheet, claims, &content);
    put_author(&sheet, &message->author, &content);
    put_frame(&sheet, message, &content);
    content.personal = binary_of(&sheet, (struct trefoil_bytes){ claims->personal.data, claims->personal.size },
                                 SEAL_CONTENT_MAX_BYTES);
    if (message->referral)
        put_referral(&sheet, message->referral, &content);
    put_body(&sheet, message, &content);
    if (sheet.error)
        return sheet.error;

    size_t size = trefoil__content__get_packed_size(&content);
    if (size > SEAL_CONTENT_MAX_BYTES)
        return -EMSGSIZE;
    uint8_t *data = arena_alloc(arena, size);
    if (!data)
        return -ENOMEM;
    trefoil__content__pack(&content, data);
    *ret = bytes_make(data, size);
    return 0;
}
