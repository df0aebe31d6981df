/* Messages of every kind as one line; what cannot be shown has its fallback. Never lets a text move the cursor. */
#include "cli/words.h"

#include <inttypes.h>

#include "base/attributes.h"
#include "cli/text.h"

const char *words_outcome(enum trefoil_outcome outcome)
{
    static const char *const words[] = { "none", "sent", "deferred", "bounced", "unknown", "returned" };

    return (size_t) outcome < ARRAY_SIZE(words) ? words[outcome] : "?";
}

/* "[kind] a b": whatever of the two is there. */
static void put_labelled(FILE *out, const char *label, const char *a, const char *b)
{
    fprintf(out, "[%s]", label);
    if (a && *a) {
        fputc(' ', out);
        text_put_plain(out, a);
    }
    if (b && *b) {
        fputc(' ', out);
        text_put_plain(out, b);
    }
}

static void put_receipt(FILE *out, const struct trefoil_receipt *receipt)
{
    static const char *const words[] = { "receipt", "sent", "delivered", "read", "played", "failed" };

    fprintf(out, "[%s]", (size_t) receipt->state < ARRAY_SIZE(words) ? words[receipt->state] : "receipt");
    if (receipt->state != TREFOIL_RECEIPT_FAILED)
        return;
    fprintf(out, " code %" PRIu32 " ", receipt->code);
    text_put_plain(out, receipt->reason ? receipt->reason : "");
}

static void put_media(FILE *out, const struct trefoil_media_list *list)
{
    static const char *const words[] = { "media", "image", "video", "audio", "voice", "file", "sticker", "animation" };

    for (size_t i = 0; i < list->n_media; i++) {
        const struct trefoil_media *media = &list->media[i];
        if (i > 0)
            fputc(' ', out);
        put_labelled(out, (size_t) media->kind < ARRAY_SIZE(words) ? words[media->kind] : "media", media->name, NULL);
    }
    if (list->caption) {
        fputc(' ', out);
        text_put_plain(out, list->caption);
    }
}

const char *words_health(enum trefoil_account_health health)
{
    static const char *const words[] = { "unknown",         "starting",     "connected",      "degraded",
                                         "bad credentials", "rate limited", "policy blocked", "stopped" };

    return (size_t) health < ARRAY_SIZE(words) ? words[health] : "unknown";
}

static void put_account(FILE *out, const struct trefoil_account_state *state)
{
    fprintf(out, "[account %s]", words_health(state->health));
    if (state->code > 0)
        fprintf(out, " code %" PRIu32, state->code);
    if (state->next_action) {
        fputs(" next: ", out);
        text_put_plain(out, state->next_action);
    }
}

static void put_body(FILE *out, const struct trefoil_message *message)
{
    switch (message->kind) {
    case TREFOIL_KIND_TEXT:
        text_put_plain(out, message->body.text.body ? message->body.text.body : "");
        return;
    case TREFOIL_KIND_REACTION:
        if (message->body.reaction.removed)
            fputs("[takes a reaction back]", out);
        else
            put_labelled(out, "reacts", message->body.reaction.emoji, NULL);
        return;
    case TREFOIL_KIND_RETRACT:
        fputs("[deletes a message]", out);
        return;
    case TREFOIL_KIND_RECEIPT:
        put_receipt(out, &message->body.receipt);
        return;
    case TREFOIL_KIND_TYPING:
        fputs(message->body.typing.on ? "[types]" : "[stops typing]", out);
        return;
    case TREFOIL_KIND_MEDIA:
        put_media(out, &message->body.media);
        return;
    case TREFOIL_KIND_ACCOUNT:
        put_account(out, &message->body.account);
        return;
    case TREFOIL_KIND_UNSUPPORTED:
        put_labelled(out, "unsupported", message->body.unsupported.network_kind, message->fallback);
        return;
    default:
        put_labelled(out, trefoil_kind_name(message->kind), message->fallback, NULL);
    }
}

void words_put_message(FILE *out, const struct trefoil_message *message)
{
    if (message->forwarded)
        fputs("[forwarded] ", out);
    if (message->is_edit)
        fputs("[edited] ", out);
    put_body(out, message);
}
