/* Events and requests as text, one line per member that is set: what goldens hold. Never prints what is absent. */
#include "kit.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/attributes.h"

struct page {
    FILE *file;
    char *text;
    size_t size;
};

static void open_page(struct page *page)
{
    *page = (struct page){ 0 };
    page->file = open_memstream(&page->text, &page->size);
    if (!page->file)
        abort();
}

static char *close_page(struct page *page, struct arena *mem)
{
    fclose(page->file);
    char *copy = arena_text(mem, bytes_make(page->text, page->size));
    free(page->text);
    return copy;
}

static void put_quoted(FILE *file, struct bytes bytes)
{
    for (size_t i = 0; i < bytes.size; i++) {
        uint8_t c = bytes.data[i];
        if (c == '\n')
            fputs("\\n", file);
        else if (c == '\\')
            fputs("\\\\", file);
        else if (c < 0x20 || c == 0x7f)
            fprintf(file, "\\x%02x", c);
        else
            fputc(c, file);
    }
}

static void put_text(FILE *file, const char *name, const char *text)
{
    if (!text)
        return;
    fprintf(file, "    %s = ", name);
    put_quoted(file, bytes_of_text(text));
    fputc('\n', file);
}

static void put_bytes(FILE *file, const char *name, struct bytes bytes)
{
    if (!bytes.size)
        return;
    fprintf(file, "    %s = ", name);
    if (bytes_is_utf8(bytes))
        put_quoted(file, bytes);
    else
        for (size_t i = 0; i < bytes.size; i++)
            fprintf(file, "%02x", bytes.data[i]);
    fputc('\n', file);
}

static void put_number(FILE *file, const char *name, uint64_t number)
{
    if (number)
        fprintf(file, "    %s = %" PRIu64 "\n", name, number);
}

static void put_flag(FILE *file, const char *name, bool flag)
{
    if (flag)
        fprintf(file, "    %s\n", name);
}

static void put_texts(FILE *file, const char *name, const char *const *texts, size_t n)
{
    for (size_t i = 0; i < n; i++)
        put_text(file, name, texts[i] ? texts[i] : "(none)");
}

static const char *const kinds[] = {
    "none",     "text",    "reaction", "retract",  "receipt", "typing", "presence", "media",       "location",
    "contacts", "choices", "choice",   "template", "order",   "system", "account",  "unsupported",
};
static const char *const states[] = { "none", "sent", "delivered", "read", "played", "failed" };

static void put_text_body(FILE *file, const struct trefoil_text *text)
{
    put_text(file, "body", text->body);
    for (size_t i = 0; i < text->n_spans; i++)
        fprintf(file, "    span = style %d at %u for %u%s%s\n", (int) text->spans[i].style, text->spans[i].start,
                text->spans[i].size, text->spans[i].target ? " to " : "",
                text->spans[i].target ? text->spans[i].target : "");
}

static void put_receipt(FILE *file, const struct trefoil_receipt *receipt)
{
    put_text(file, "state", (size_t) receipt->state < ARRAY_SIZE(states) ? states[receipt->state] : "?");
    put_texts(file, "target", receipt->targets, receipt->n_targets);
    put_number(file, "receipt.watermark_ms", receipt->watermark_ms);
    put_number(file, "code", receipt->code);
    put_number(file, "subcode", receipt->subcode);
    put_text(file, "reason", receipt->reason);
    put_text(file, "pricing_category", receipt->pricing_category);
}

static void put_media(FILE *file, const struct trefoil_media_list *list)
{
    put_text(file, "caption", list->caption);
    for (size_t i = 0; i < list->n_media; i++) {
        put_number(file, "media.kind", (uint64_t) list->media[i].kind);
        put_text(file, "media.mime", list->media[i].mime);
        put_text(file, "media.name", list->media[i].name);
        put_text(file, "media.network_id", list->media[i].network_id);
        put_text(file, "media.network_url", list->media[i].network_url);
    }
}

static void put_system(FILE *file, const struct trefoil_system *system)
{
    put_number(file, "system.kind", (uint64_t) system->kind);
    put_text(file, "from_id", system->from_id);
    put_text(file, "to_id", system->to_id);
    put_text(file, "text", system->text);
}

static void put_unsupported(FILE *file, const struct trefoil_unsupported *body)
{
    put_text(file, "network_kind", body->network_kind);
    put_text(file, "reason", body->reason);
    put_bytes(file, "raw", bytes_make(body->raw.data, body->raw.size));
}

static void put_body(FILE *file, const struct trefoil_message *message)
{
    switch (message->kind) {
    case TREFOIL_KIND_TEXT:
        put_text_body(file, &message->body.text);
        break;
    case TREFOIL_KIND_REACTION:
        put_text(file, "target", message->body.reaction.target);
        put_text(file, "emoji", message->body.reaction.emoji);
        put_flag(file, "removed", message->body.reaction.removed);
        break;
    case TREFOIL_KIND_RETRACT:
        put_text(file, "target", message->body.retract.target);
        break;
    case TREFOIL_KIND_RECEIPT:
        put_receipt(file, &message->body.receipt);
        break;
    case TREFOIL_KIND_TYPING:
        put_text(file, "typing", message->body.typing.on ? "on" : "off");
        break;
    case TREFOIL_KIND_MEDIA:
        put_media(file, &message->body.media);
        break;
    case TREFOIL_KIND_SYSTEM:
        put_system(file, &message->body.system);
        break;
    case TREFOIL_KIND_ACCOUNT:
        put_number(file, "health", (uint64_t) message->body.account.health);
        put_number(file, "code", message->body.account.code);
        put_text(file, "next_action", message->body.account.next_action);
        break;
    case TREFOIL_KIND_UNSUPPORTED:
        put_unsupported(file, &message->body.unsupported);
        break;
    default:
        break;
    }
}

static void put_author(FILE *file, const struct trefoil_author *author)
{
    put_text(file, "author.network", author->network);
    put_text(file, "author.user_id", author->user_id);
    put_text(file, "author.name", author->name);
    put_text(file, "author.username", author->username);
    put_texts(file, "author.alias", author->aliases, author->n_aliases);
    put_texts(file, "author.evidence", author->alias_evidence, author->alias_evidence ? author->n_aliases : 0);
}

static void put_referral(FILE *file, const struct trefoil_referral *referral)
{
    if (!referral)
        return;
    put_text(file, "referral.source", referral->source);
    put_text(file, "referral.source_id", referral->source_id);
    put_text(file, "referral.url", referral->url);
    put_text(file, "referral.headline", referral->headline);
    put_text(file, "referral.ref", referral->ref);
    put_text(file, "referral.click_id", referral->click_id);
}

static void put_message(FILE *file, const struct trefoil_message *message)
{
    put_text(file, "kind", (size_t) message->kind < ARRAY_SIZE(kinds) ? kinds[message->kind] : "?");
    put_author(file, &message->author);
    put_text(file, "message_id", message->message_id);
    put_number(file, "sent_ms", message->sent_ms);
    put_text(file, "in_reply_to", message->in_reply_to);
    put_text(file, "replaces", message->replaces);
    put_text(file, "thread", message->thread);
    put_text(file, "fallback", message->fallback);
    put_text(file, "group_id", message->group_id);
    put_flag(file, "forwarded", message->forwarded);
    put_flag(file, "frequently_forwarded", message->frequently_forwarded);
    put_flag(file, "by_business", message->by_business);
    put_flag(file, "standby", message->standby);
    put_flag(file, "is_edit", message->is_edit);
    put_referral(file, message->referral);
    put_body(file, message);
}

char *kit_print_events(const struct event_list *list, struct arena *mem)
{
    static const char *const audiences[] = { "none", "room", "author", "services" };
    struct page page;

    open_page(&page);
    for (size_t i = 0; i < list->n_events; i++) {
        const struct event *event = &list->events[i];
        fprintf(page.file, "event %zu\n", i + 1);
        put_text(page.file, "account", event->account);
        put_text(page.file, "key", event->key);
        put_text(page.file, "audience", (size_t) event->audience < 4 ? audiences[event->audience] : "?");
        put_flag(page.file, "ephemeral", event->ephemeral);
        put_text(page.file, "user_id", event->user_id);
        put_texts(page.file, "relates", event->relates, event->n_relates);
        put_flag(page.file, "echo", event->echo);
        put_text(page.file, "mark", event->mark);
        put_number(page.file, "watermark_ms", event->watermark_ms);
        put_flag(page.file, "is_malformed", event->is_malformed);
        put_flag(page.file, "is_unsupported", event->is_unsupported);
        put_message(page.file, &event->message);
    }
    return close_page(&page, mem);
}

char *kit_print_requests(const struct request_list *list, struct arena *mem)
{
    struct page page;

    open_page(&page);
    for (size_t i = 0; i < list->n_requests; i++) {
        const struct request *request = &list->requests[i];
        fprintf(page.file, "request %zu\n    %s %s\n", i + 1, request->method, request->path);
        put_text(page.file, "content_type", request->content_type);
        put_flag(page.file, "best_effort", request->best_effort);
        put_flag(page.file, "is_message", request->is_message);
        put_text(page.file, "words", request->words);
        put_bytes(page.file, "body", request->body);
    }
    for (size_t i = 0; i < list->n_lost; i++)
        fprintf(page.file, "lost %s\n", list->lost[i]);
    return close_page(&page, mem);
}

char *kit_print_verdict(const struct verdict *verdict, struct arena *mem)
{
    static const char *const outcomes[] = { "none", "sent", "deferred", "bounced", "unknown", "returned" };
    static const char *const pauses[] = { "none", "pair", "account" };
    struct page page;

    open_page(&page);
    put_text(page.file, "outcome", (size_t) verdict->outcome < ARRAY_SIZE(outcomes) ? outcomes[verdict->outcome] : "?");
    put_text(page.file, "message_id", verdict->message_id);
    put_number(page.file, "retry_ms", verdict->retry_ms);
    if (verdict->pause)
        put_text(page.file, "pause", (size_t) verdict->pause < ARRAY_SIZE(pauses) ? pauses[verdict->pause] : "?");
    put_flag(page.file, "bounded", verdict->bounded);
    put_number(page.file, "health", (uint64_t) verdict->health);
    put_number(page.file, "code", verdict->code);
    put_number(page.file, "subcode", verdict->subcode);
    put_text(page.file, "reason", verdict->reason);
    put_text(page.file, "next_action", verdict->next_action);
    return close_page(&page, mem);
}
