/* A message and its personal part, taken apart and put together again. Never changes a list it was given: it copies.
 */
#include <errno.h>
#include <string.h>

#include "proto/content.pb-c.h"
#include "wire/content.h"
#include "wire/proto_arena.h"

/* A message on its way apart; the first error sticks. */
struct parting {
    struct arena *arena;
    struct trefoil_message *message; /* what stays readable */
    Trefoil__Personal personal;
    int error;
};

static void move_text(const char **from, char **to)
{
    if (*from)
        *to = (char *) (uintptr_t) *from;
    *from = NULL;
}

/* n texts, all of them empty: protobuf knows no absent ones in a list. */
static char **empty_texts(struct parting *parting, size_t n, size_t max)
{
    char **texts = NULL;

    if (n > max)
        parting->error = -EMSGSIZE;
    else if (n > 0 && !(texts = arena_array(parting->arena, n, sizeof(*texts))))
        parting->error = -ENOMEM;
    for (size_t i = 0; texts && i < n; i++)
        texts[i] = (char *) (uintptr_t) protobuf_c_empty_string;
    return texts;
}

static char **copy_texts(struct parting *parting, const char *const *from, size_t n, size_t max)
{
    char **texts = empty_texts(parting, n, max);

    for (size_t i = 0; texts && from && i < n; i++)
        if (from[i])
            texts[i] = (char *) (uintptr_t) from[i];
    return texts;
}

static void *copy_list(struct parting *parting, const void *list, size_t n, size_t item_bytes)
{
    void *copy = arena_array(parting->arena, n, item_bytes);

    if (copy)
        memcpy(copy, list, n * item_bytes);
    else
        parting->error = -ENOMEM;
    return copy;
}

static void part_author(struct parting *parting)
{
    struct trefoil_author *author = &parting->message->author;
    Trefoil__Personal *out = &parting->personal;

    move_text(&author->user_id, &out->user_id);
    move_text(&author->username, &out->username);
    out->aliases = copy_texts(parting, author->aliases, author->n_aliases, CONTENT_ALIASES_MAX);
    out->alias_evidence = copy_texts(parting, author->alias_evidence, author->n_aliases, CONTENT_ALIASES_MAX);
    out->n_aliases = out->n_alias_evidence = author->n_aliases;
    author->aliases = author->alias_evidence = NULL;
    author->n_aliases = 0;
}

static void part_frame(struct parting *parting)
{
    struct trefoil_message *message = parting->message;
    Trefoil__Personal *out = &parting->personal;

    move_text(&message->message_id, &out->message_id);
    move_text(&message->in_reply_to, &out->in_reply_to);
    move_text(&message->replaces, &out->replaces);
    move_text(&message->thread, &out->thread);
    move_text(&message->group_id, &out->group_id);
    out->extra_key = copy_texts(parting, message->extra_keys, message->n_extras, CONTENT_EXTRAS_MAX);
    out->extra_value = copy_texts(parting, message->extra_values, message->n_extras, CONTENT_EXTRAS_MAX);
    out->n_extra_key = out->n_extra_value = message->n_extras;
    message->extra_keys = message->extra_values = NULL;
    message->n_extras = 0;
    if (message->referral && message->referral->click_id) {
        struct trefoil_referral *referral = copy_list(parting, message->referral, 1, sizeof(*referral));

        if (!referral)
            return;
        move_text(&referral->click_id, &out->click_id);
        message->referral = referral;
    }
}

static void part_spans(struct parting *parting, struct trefoil_text *text)
{
    Trefoil__Personal *out = &parting->personal;
    size_t n = 0;

    for (size_t i = 0; i < text->n_spans; i++)
        n += text->spans[i].style == TREFOIL_SPAN_MENTION;
    if (n == 0)
        return;
    out->mentions = empty_texts(parting, n, CONTENT_SPANS_MAX);
    struct trefoil_span *spans = copy_list(parting, text->spans, text->n_spans, sizeof(*spans));
    if (!out->mentions || !spans)
        return;
    for (size_t i = 0; i < text->n_spans; i++)
        if (spans[i].style == TREFOIL_SPAN_MENTION)
            move_text(&spans[i].target, &out->mentions[out->n_mentions++]);
    text->spans = spans;
}

static void part_media(struct parting *parting, struct trefoil_media_list *list)
{
    const size_t n = list->n_media;
    Trefoil__Personal *out = &parting->personal;
    bool has_any = false;

    for (size_t i = 0; i < n; i++)
        has_any |= list->media[i].network_id || list->media[i].network_url;
    if (!has_any)
        return;
    out->media_id = empty_texts(parting, n, CONTENT_MEDIA_MAX);
    out->media_url = empty_texts(parting, n, CONTENT_MEDIA_MAX);
    struct trefoil_media *media = copy_list(parting, list->media, n, sizeof(*media));
    if (!out->media_id || !out->media_url || !media)
        return;
    for (size_t i = 0; i < n; i++) {
        move_text(&media[i].network_id, &out->media_id[i]);
        move_text(&media[i].network_url, &out->media_url[i]);
    }
    out->n_media_id = out->n_media_url = n;
    list->media = media;
}

static void part_receipt(struct parting *parting, struct trefoil_receipt *receipt)
{
    Trefoil__Personal *out = &parting->personal;

    out->targets = copy_texts(parting, receipt->targets, receipt->n_targets, CONTENT_TARGETS_MAX);
    out->n_targets = receipt->n_targets;
    receipt->targets = NULL;
    receipt->n_targets = 0;
}

static void part_system(struct parting *parting, struct trefoil_system *change)
{
    Trefoil__Personal *out = &parting->personal;

    if (change->from_id || change->to_id)
        move_text(&change->text, &out->change_text);
    move_text(&change->from_id, &out->from_id);
    move_text(&change->to_id, &out->to_id);
}

static void part_body(struct parting *parting)
{
    struct trefoil_message *message = parting->message;
    struct trefoil_bytes *raw = &message->body.unsupported.raw;

    switch (message->kind) {
    case TREFOIL_KIND_TEXT:
        return part_spans(parting, &message->body.text);
    case TREFOIL_KIND_REACTION:
        return move_text(&message->body.reaction.target, &parting->personal.target);
    case TREFOIL_KIND_RETRACT:
        return move_text(&message->body.retract.target, &parting->personal.target);
    case TREFOIL_KIND_RECEIPT:
        return part_receipt(parting, &message->body.receipt);
    case TREFOIL_KIND_MEDIA:
        return part_media(parting, &message->body.media);
    case TREFOIL_KIND_SYSTEM:
        return part_system(parting, &message->body.system);
    case TREFOIL_KIND_UNSUPPORTED:
        parting->personal.raw = (ProtobufCBinaryData){ raw->size, (uint8_t *) (uintptr_t) raw->data };
        *raw = (struct trefoil_bytes){ NULL, 0 };
        return;
    default: /* nothing in it but what people said */
        return;
    }
}

static int check_text(const char *text)
{
    const struct bytes bytes = bytes_of_text(text);

    if (bytes.size > CONTENT_TEXT_MAX_BYTES)
        return -EMSGSIZE;
    return bytes_is_utf8(bytes) ? 0 : -EINVAL;
}

/* Every text of a Personal, as its descriptor lists them: none can be forgotten. */
static int check_texts(const Trefoil__Personal *personal)
{
    const ProtobufCMessageDescriptor *descriptor = personal->base.descriptor;
    const char *base = (const char *) personal;
    int r = 0;

    for (unsigned i = 0; r == 0 && i < descriptor->n_fields; i++) {
        const ProtobufCFieldDescriptor *field = &descriptor->fields[i];
        const void *at = base + field->offset;

        if (field->type != PROTOBUF_C_TYPE_STRING)
            continue;
        if (field->label != PROTOBUF_C_LABEL_REPEATED) {
            r = check_text(*(char *const *) at);
            continue;
        }
        const size_t n = *(const size_t *) (const void *) (base + field->quantifier_offset);
        char *const *texts = *(char **const *) at;
        for (size_t k = 0; r == 0 && k < n; k++)
            r = check_text(texts[k]);
    }
    return r;
}

int content_split(const struct trefoil_message *message, struct arena *arena, struct trefoil_message *ret_readable,
                  struct bytes *ret_personal)
{
    struct trefoil_message readable = *message;
    struct parting parting = { arena, &readable, TREFOIL__PERSONAL__INIT, 0 };

    part_author(&parting);
    part_frame(&parting);
    part_body(&parting);
    if (parting.error)
        return parting.error;
    int r = check_texts(&parting.personal);
    const size_t size = r == 0 ? trefoil__personal__get_packed_size(&parting.personal) : 0;
    if (size > SEAL_CONTENT_MAX_BYTES)
        r = -EMSGSIZE;
    if (r < 0)
        return r;
    uint8_t *data = size > 0 ? arena_alloc(arena, size) : NULL;
    if (size > 0 && !data)
        return -ENOMEM;
    if (data)
        trefoil__personal__pack(&parting.personal, data);
    *ret_readable = readable;
    *ret_personal = bytes_make(data, size);
    return 0;
}

static void give_text(char *from, const char **to)
{
    if (*from)
        *to = from;
}

/* Lists that belong together are equally long. */
static int check_counts(const Trefoil__Personal *personal)
{
    if (personal->n_aliases != personal->n_alias_evidence || personal->n_extra_key != personal->n_extra_value ||
        personal->n_media_id != personal->n_media_url)
        return -EBADMSG;
    if (personal->n_aliases > CONTENT_ALIASES_MAX || personal->n_extra_key > CONTENT_EXTRAS_MAX ||
        personal->n_targets > CONTENT_TARGETS_MAX)
        return -EMSGSIZE;
    return 0;
}

static int join_frame(const Trefoil__Personal *in, struct arena *arena, struct trefoil_message *message)
{
    give_text(in->user_id, &message->author.user_id);
    give_text(in->username, &message->author.username);
    if (in->n_aliases > 0) {
        message->author.aliases = (const char *const *) in->aliases;
        message->author.alias_evidence = (const char *const *) in->alias_evidence;
        message->author.n_aliases = in->n_aliases;
    }
    give_text(in->message_id, &message->message_id);
    give_text(in->in_reply_to, &message->in_reply_to);
    give_text(in->replaces, &message->replaces);
    give_text(in->thread, &message->thread);
    give_text(in->group_id, &message->group_id);
    if (in->n_extra_key > 0) {
        message->extra_keys = (const char *const *) in->extra_key;
        message->extra_values = (const char *const *) in->extra_value;
        message->n_extras = in->n_extra_key;
    }
    if (!message->referral || !*in->click_id)
        return 0;
    struct trefoil_referral *referral = arena_alloc(arena, sizeof(*referral));
    if (!referral)
        return -ENOMEM;
    *referral = *message->referral;
    referral->click_id = in->click_id;
    message->referral = referral;
    return 0;
}

static int join_spans(const Trefoil__Personal *in, struct arena *arena, struct trefoil_text *text)
{
    size_t n = 0;

    if (in->n_mentions == 0)
        return 0;
    struct trefoil_span *spans = arena_array(arena, text->n_spans, sizeof(*spans));
    if (!spans)
        return -ENOMEM;
    for (size_t i = 0; i < text->n_spans; i++) {
        spans[i] = text->spans[i];
        if (spans[i].style != TREFOIL_SPAN_MENTION)
            continue;
        if (n == in->n_mentions)
            return -EBADMSG;
        give_text(in->mentions[n++], &spans[i].target);
    }
    text->spans = spans;
    return n == in->n_mentions ? 0 : -EBADMSG;
}

static int join_media(const Trefoil__Personal *in, struct arena *arena, struct trefoil_media_list *list)
{
    if (in->n_media_id == 0)
        return 0;
    if (in->n_media_id != list->n_media)
        return -EBADMSG;
    struct trefoil_media *media = arena_array(arena, list->n_media, sizeof(*media));
    if (!media)
        return -ENOMEM;
    for (size_t i = 0; i < list->n_media; i++) {
        media[i] = list->media[i];
        give_text(in->media_id[i], &media[i].network_id);
        give_text(in->media_url[i], &media[i].network_url);
    }
    list->media = media;
    return 0;
}

static int join_body(const Trefoil__Personal *in, struct arena *arena, struct trefoil_message *message)
{
    switch (message->kind) {
    case TREFOIL_KIND_TEXT:
        return join_spans(in, arena, &message->body.text);
    case TREFOIL_KIND_REACTION:
        give_text(in->target, &message->body.reaction.target);
        return 0;
    case TREFOIL_KIND_RETRACT:
        give_text(in->target, &message->body.retract.target);
        return 0;
    case TREFOIL_KIND_RECEIPT:
        if (in->n_targets > 0) {
            message->body.receipt.targets = (const char *const *) in->targets;
            message->body.receipt.n_targets = in->n_targets;
        }
        return 0;
    case TREFOIL_KIND_MEDIA:
        return join_media(in, arena, &message->body.media);
    case TREFOIL_KIND_SYSTEM:
        give_text(in->from_id, &message->body.system.from_id);
        give_text(in->to_id, &message->body.system.to_id);
        give_text(in->change_text, &message->body.system.text);
        return 0;
    case TREFOIL_KIND_UNSUPPORTED:
        if (in->raw.len > 0)
            message->body.unsupported.raw = (struct trefoil_bytes){ in->raw.data, in->raw.len };
        return 0;
    default:
        return 0;
    }
}

int content_join(struct bytes personal, struct arena *arena, struct trefoil_message *message)
{
    ProtobufCAllocator allocator = proto_arena(arena);
    struct trefoil_message whole = *message;

    if (personal.size > SEAL_CONTENT_MAX_BYTES)
        return -EMSGSIZE;
    const Trefoil__Personal *in = trefoil__personal__unpack(&allocator, personal.size, personal.data);
    if (!in)
        return arena->failed ? -ENOMEM : -EBADMSG;
    int r = check_texts(in);
    if (r == -EINVAL)
        r = -EBADMSG;
    if (r == 0)
        r = check_counts(in);
    if (r == 0)
        r = join_frame(in, arena, &whole);
    if (r == 0)
        r = join_body(in, arena, &whole);
    if (r == 0)
        *message = whole;
    return r;
}
