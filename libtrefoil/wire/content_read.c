/* The bytes of a content become a message. Never trusts a count, a text or a number it has not checked. */
#include "wire/content.h"

#include <errno.h>
#include <string.h>

#include "proto/content.pb-c.h"
#include "wire/proto_arena.h"

/* One content on its way in; the first error sticks. */
struct page {
    struct arena *arena;
    int error;
};

static void spoil(struct page *page, int error)
{
    if (page->error == 0)
        page->error = error;
}

/* The size of a list that is about to be taken: 0 after an error. */
static size_t count_of(struct page *page, size_t n, size_t max)
{
    if (n > max)
        spoil(page, -EMSGSIZE);
    return page->error ? 0 : n;
}

static void *room_for(struct page *page, size_t n, size_t item_bytes)
{
    void *room = n > 0 ? arena_array(page->arena, n, item_bytes) : NULL;

    if (n > 0 && !room)
        spoil(page, -ENOMEM);
    return room;
}

static const char *text_of(struct page *page, const char *text)
{
    struct bytes bytes = bytes_of_text(text);

    if (bytes.size == 0)
        return NULL;
    if (bytes.size > CONTENT_TEXT_MAX_BYTES)
        spoil(page, -EMSGSIZE);
    else if (!bytes_is_utf8(bytes))
        spoil(page, -EBADMSG);
    return text;
}

static struct trefoil_bytes binary_of(struct page *page, ProtobufCBinaryData binary, size_t max)
{
    if (binary.len > max)
        spoil(page, -EMSGSIZE);
    return binary.len > 0 ? (struct trefoil_bytes){ binary.data, binary.len } : (struct trefoil_bytes){ NULL, 0 };
}

/* A value from a newer writer is none of ours. */
static int choice_of(int value, int last)
{
    return value < 0 || value > last ? 0 : value;
}

static const char *const *texts_of(struct page *page, char **texts, size_t n)
{
    for (size_t i = 0; i < n; i++)
        if (!page->error)
            (void) text_of(page, texts[i]);
    return n > 0 ? (const char *const *) texts : NULL;
}

static void take_text(struct page *page, const Trefoil__Text *in, struct trefoil_text *text)
{
    size_t n = count_of(page, in->n_spans, CONTENT_SPANS_MAX);
    struct trefoil_span *spans = room_for(page, n, sizeof(*spans));

    text->body = text_of(page, in->body);
    for (size_t i = 0; spans && i < n; i++) {
        spans[i].style = (enum trefoil_span_style) choice_of((int) in->spans[i]->style, TREFOIL_SPAN_MENTION);
        spans[i].start = in->spans[i]->start;
        spans[i].size = in->spans[i]->size;
        spans[i].target = text_of(page, in->spans[i]->target);
    }
    text->spans = spans;
    text->n_spans = n;
    if (!page->error && !content_spans_fit(text))
        spoil(page, -EBADMSG);
}

static void take_receipt(struct page *page, const Trefoil__Receipt *in, struct trefoil_receipt *receipt)
{
    receipt->state = (enum trefoil_receipt_state) choice_of((int) in->state, TREFOIL_RECEIPT_FAILED);
    receipt->n_targets = count_of(page, in->n_targets, CONTENT_TARGETS_MAX);
    receipt->targets = texts_of(page, in->targets, receipt->n_targets);
    receipt->watermark_ms = in->watermark_ms;
    receipt->code = in->code;
    receipt->subcode = in->subcode;
    receipt->reason = text_of(page, in->reason);
    receipt->pricing_category = text_of(page, in->pricing_category);
}

static void fill_media(struct page *page, const Trefoil__Media *in, struct trefoil_media *media)
{
    media->kind = (enum trefoil_media_kind) choice_of((int) in->kind, TREFOIL_MEDIA_ANIMATED);
    media->mime = text_of(page, in->mime);
    media->name = text_of(page, in->name);
    media->size_bytes = in->size_bytes;
    media->network_id = text_of(page, in->network_id);
    media->network_url = text_of(page, in->network_url);
    media->sha256 = binary_of(page, in->sha256, CONTENT_HASH_MAX_BYTES);
    media->blob = text_of(page, in->blob);
    media->blob_key = binary_of(page, in->blob_key, CONTENT_HASH_MAX_BYTES);
    media->blob_hash = binary_of(page, in->blob_hash, CONTENT_HASH_MAX_BYTES);
    media->blob_header = binary_of(page, in->blob_header, CONTENT_HASH_MAX_BYTES);
    media->blob_commit = binary_of(page, in->blob_commit, CONTENT_HASH_MAX_BYTES);
}

static void take_media(struct page *page, const Trefoil__MediaList *in, struct trefoil_media_list *list)
{
    size_t n = count_of(page, in->n_media, CONTENT_MEDIA_MAX);
    struct trefoil_media *media = room_for(page, n, sizeof(*media));

    for (size_t i = 0; media && i < n; i++)
        fill_media(page, in->media[i], &media[i]);
    list->caption = text_of(page, in->caption);
    list->media = media;
    list->n_media = n;
}

static void take_location(struct page *page, const Trefoil__Location *in, struct trefoil_location *location)
{
    location->latitude = in->latitude;
    location->longitude = in->longitude;
    location->name = text_of(page, in->name);
    location->address = text_of(page, in->address);
    location->url = text_of(page, in->url);
}

static void take_contacts(struct page *page, const Trefoil__ContactCards *in, struct trefoil_contacts *contacts)
{
    size_t n = count_of(page, in->n_cards, CONTENT_CARDS_MAX);
    struct trefoil_contact *cards = room_for(page, n, sizeof(*cards));

    for (size_t i = 0; cards && i < n; i++) {
        const Trefoil__ContactCard *card = in->cards[i];

        cards[i].name = text_of(page, card->name);
        cards[i].n_phones = count_of(page, card->n_phones, CONTENT_CARD_ENTRIES_MAX);
        cards[i].phones = texts_of(page, card->phones, cards[i].n_phones);
        cards[i].n_emails = count_of(page, card->n_emails, CONTENT_CARD_ENTRIES_MAX);
        cards[i].emails = texts_of(page, card->emails, cards[i].n_emails);
        cards[i].organization = text_of(page, card->organization);
        cards[i].vcard = text_of(page, card->vcard);
    }
    contacts->cards = cards;
    contacts->n_cards = n;
}

static void take_choices(struct page *page, const Trefoil__Choices *in, struct trefoil_choices *choices)
{
    size_t n = count_of(page, in->n_options, CONTENT_OPTIONS_MAX);
    struct trefoil_option *options = room_for(page, n, sizeof(*options));

    for (size_t i = 0; options && i < n; i++) {
        options[i].id = text_of(page, in->options[i]->id);
        options[i].title = text_of(page, in->options[i]->title);
        options[i].description = text_of(page, in->options[i]->description);
        options[i].section = text_of(page, in->options[i]->section);
        options[i].url = text_of(page, in->options[i]->url);
    }
    choices->shape = (enum trefoil_choice_shape) choice_of((int) in->shape, TREFOIL_CHOICE_FORM);
    choices->header = text_of(page, in->header);
    choices->body = text_of(page, in->body);
    choices->footer = text_of(page, in->footer);
    choices->label = text_of(page, in->label);
    choices->options = options;
    choices->n_options = n;
}

static void take_choice(struct page *page, const Trefoil__Choice *in, struct trefoil_choice *choice)
{
    choice->shape = (enum trefoil_choice_shape) choice_of((int) in->shape, TREFOIL_CHOICE_FORM);
    choice->id = text_of(page, in->id);
    choice->title = text_of(page, in->title);
    choice->description = text_of(page, in->description);
    choice->data = text_of(page, in->data);
}

static void take_template(struct page *page, const Trefoil__Template *in, struct trefoil_template *template_)
{
    template_->name = text_of(page, in->name);
    template_->language = text_of(page, in->language);
    template_->components_json = text_of(page, in->components_json);
    template_->rendered = text_of(page, in->rendered);
}

static void take_order(struct page *page, const Trefoil__Order *in, struct trefoil_order *order)
{
    size_t n = count_of(page, in->n_items, CONTENT_ITEMS_MAX);
    struct trefoil_order_item *items = room_for(page, n, sizeof(*items));

    for (size_t i = 0; items && i < n; i++) {
        items[i].id = text_of(page, in->items[i]->id);
        items[i].name = text_of(page, in->items[i]->name);
        items[i].quantity = in->items[i]->quantity;
        items[i].price = text_of(page, in->items[i]->price);
        items[i].currency = text_of(page, in->items[i]->currency);
    }
    order->catalog = text_of(page, in->catalog);
    order->note = text_of(page, in->note);
    order->items = items;
    order->n_items = n;
}

static void take_system(struct page *page, const Trefoil__SystemChange *in, struct trefoil_system *change)
{
    change->kind = (enum trefoil_system_kind) choice_of((int) in->kind, TREFOIL_SYSTEM_CALL);
    change->from_id = text_of(page, in->from_id);
    change->to_id = text_of(page, in->to_id);
    change->text = text_of(page, in->text);
}

static void take_unsupported(struct page *page, const Trefoil__Unsupported *in, struct trefoil_unsupported *body)
{
    body->network_kind = text_of(page, in->network_kind);
    body->reason = text_of(page, in->reason);
    body->raw = binary_of(page, in->raw, SEAL_CONTENT_MAX_BYTES);
}

/* The bodies that are a line or two. */
static void take_small_body(struct page *page, const Trefoil__Content *content, struct trefoil_message *message)
{
    switch (content->body_case) {
    case TREFOIL__CONTENT__BODY_REACTION:
        message->body.reaction.target = text_of(page, content->reaction->target);
        message->body.reaction.emoji = text_of(page, content->reaction->emoji);
        message->body.reaction.removed = content->reaction->removed;
        break;
    case TREFOIL__CONTENT__BODY_RETRACT:
        message->body.retract.target = text_of(page, content->retract->target);
        break;
    case TREFOIL__CONTENT__BODY_TYPING:
        message->body.typing.on = content->typing->on;
        break;
    case TREFOIL__CONTENT__BODY_PRESENCE:
        message->body.presence.available = content->presence->available;
        message->body.presence.last_seen_ms = content->presence->last_seen_ms;
        break;
    case TREFOIL__CONTENT__BODY_ACCOUNT_STATE:
        message->body.account.health =
            (enum trefoil_account_health) choice_of((int) content->account_state->health, TREFOIL_ACCOUNT_STOPPED);
        message->body.account.code = content->account_state->code;
        message->body.account.subcode = content->account_state->subcode;
        message->body.account.next_action = text_of(page, content->account_state->next_action);
        break;
    default: /* a kind we do not know yet: its fallback text is all that can be shown */
        message->kind = TREFOIL_KIND_UNSUPPORTED;
        message->body.unsupported.reason = "of a kind newer than this library";
    }
}

static void take_body(struct page *page, const Trefoil__Content *content, struct trefoil_message *message)
{
    message->kind = (enum trefoil_kind)((int) content->body_case - TREFOIL__CONTENT__BODY_TEXT + TREFOIL_KIND_TEXT);
    switch (content->body_case) {
    case TREFOIL__CONTENT__BODY_TEXT:
        return take_text(page, content->text, &message->body.text);
    case TREFOIL__CONTENT__BODY_RECEIPT:
        return take_receipt(page, content->receipt, &message->body.receipt);
    case TREFOIL__CONTENT__BODY_MEDIA:
        return take_media(page, content->media, &message->body.media);
    case TREFOIL__CONTENT__BODY_LOCATION:
        return take_location(page, content->location, &message->body.location);
    case TREFOIL__CONTENT__BODY_CONTACTS:
        return take_contacts(page, content->contacts, &message->body.contacts);
    case TREFOIL__CONTENT__BODY_CHOICES:
        return take_choices(page, content->choices, &message->body.choices);
    case TREFOIL__CONTENT__BODY_CHOICE:
        return take_choice(page, content->choice, &message->body.choice);
    case TREFOIL__CONTENT__BODY_TEMPLATE:
        return take_template(page, content->template_, &message->body.template_);
    case TREFOIL__CONTENT__BODY_ORDER:
        return take_order(page, content->order, &message->body.order);
    case TREFOIL__CONTENT__BODY_SYSTEM:
        return take_system(page, content->system, &message->body.system);
    case TREFOIL__CONTENT__BODY_UNSUPPORTED:
        return take_unsupported(page, content->unsupported, &message->body.unsupported);
    default:
        return take_small_body(page, content, message);
    }
}

static void take_author(struct page *page, const Trefoil__Author *in, struct trefoil_author *author)
{
    if (in->n_aliases != in->n_alias_evidence)
        spoil(page, -EBADMSG);
    author->network = text_of(page, in->network);
    author->user_id = text_of(page, in->user_id);
    author->name = text_of(page, in->name);
    author->username = text_of(page, in->username);
    author->n_aliases = count_of(page, in->n_aliases, CONTENT_ALIASES_MAX);
    author->aliases = texts_of(page, in->aliases, author->n_aliases);
    author->alias_evidence = texts_of(page, in->alias_evidence, author->n_aliases);
}

static void take_referral(struct page *page, const Trefoil__Referral *in, struct trefoil_message *message)
{
    struct trefoil_referral *referral = room_for(page, 1, sizeof(*referral));

    if (!referral)
        return;
    referral->source = text_of(page, in->source);
    referral->source_id = text_of(page, in->source_id);
    referral->url = text_of(page, in->url);
    referral->headline = text_of(page, in->headline);
    referral->body = text_of(page, in->body);
    referral->ref = text_of(page, in->ref);
    referral->click_id = text_of(page, in->click_id);
    message->referral = referral;
}

static void take_frame(struct page *page, const Trefoil__Content *in, struct trefoil_message *message)
{
    if (in->n_extra_key != in->n_extra_value)
        spoil(page, -EBADMSG);
    message->message_id = text_of(page, in->message_id);
    message->sent_ms = in->sent_ms;
    message->in_reply_to = text_of(page, in->in_reply_to);
    message->replaces = text_of(page, in->replaces);
    message->thread = text_of(page, in->thread);
    message->fallback = text_of(page, in->fallback);
    message->forwarded = in->forwarded;
    message->frequently_forwarded = in->frequently_forwarded;
    message->by_business = in->by_business;
    message->standby = in->standby;
    message->is_edit = in->is_edit;
    message->strict = in->strict;
    message->purpose = (enum trefoil_purpose) choice_of((int) in->purpose, TREFOIL_PURPOSE_MARKETING);
    message->group_id = text_of(page, in->group_id);
    message->n_extras = count_of(page, in->n_extra_key, CONTENT_EXTRAS_MAX);
    message->extra_keys = texts_of(page, in->extra_key, message->n_extras);
    message->extra_values = texts_of(page, in->extra_value, message->n_extras);
}

static void take_claims(struct page *page, const Trefoil__Claims *in, struct content_claims *claims)
{
    if (!in || in->envelope_id.len != SEAL_ID_BYTES || in->channel.len != SEAL_ID_BYTES) {
        spoil(page, -EBADMSG);
        return;
    }
    claims->envelope_id = bytes_make(in->envelope_id.data, in->envelope_id.len);
    claims->channel = bytes_make(in->channel.data, in->channel.len);
    claims->service = text_of(page, in->service);
    claims->account = text_of(page, in->account);
    if (!claims->service)
        spoil(page, -EBADMSG);
}

int content_read(struct bytes bytes, struct arena *arena, struct trefoil_message *ret,
                 struct content_claims *ret_claims)
{
    ProtobufCAllocator allocator = proto_arena(arena);
    struct trefoil_message message = { 0 };
    struct content_claims claims = { 0 };
    struct page page = { arena, 0 };

    if (bytes.size > SEAL_CONTENT_MAX_BYTES)
        return -EMSGSIZE;
    const Trefoil__Content *content = trefoil__content__unpack(&allocator, bytes.size, bytes.data);
    if (!content)
        return arena->failed ? -ENOMEM : -EBADMSG;
    if (content->body_case == TREFOIL__CONTENT__BODY__NOT_SET && content->base.n_unknown_fields == 0)
        return -EBADMSG;
    take_claims(&page, content->claims, &claims);
    if (content->author)
        take_author(&page, content->author, &message.author);
    take_frame(&page, content, &message);
    claims.personal = bytes_make(content->personal.data, content->personal.len);
    if (content->referral)
        take_referral(&page, content->referral, &message);
    take_body(&page, content, &message);
    if (page.error)
        return page.error;
    *ret = message;
    *ret_claims = claims;
    return 0;
}

/* True when no character of `text` is cut by a border at `at`. */
static bool is_border(struct bytes text, size_t at)
{
    return at == text.size || (at < text.size && (text.data[at] & 0xc0) != 0x80);
}

bool content_spans_fit(const struct trefoil_text *text)
{
    struct bytes body = bytes_of_text(text->body);

    for (size_t i = 0; i < text->n_spans; i++) {
        size_t start = text->spans[i].start, end = start + text->spans[i].size;

        if (end > body.size || !is_border(body, start) || !is_border(body, end))
            return false;
    }
    return true;
}
