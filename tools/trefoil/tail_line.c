/* The two shapes of a tailed delivery. Never lets what people wrote act on the terminal. */
#include "cli/tail_line.h"

#include <inttypes.h>
#include <string.h>
#include <time.h>

#include "base/arena.h"
#include "base/bytes.h"
#include "cli/text.h"
#include "cli/words.h"
#include "document/document.h"

static void put_clock(FILE *out, uint64_t ms)
{
    time_t seconds = (time_t) (ms / 1000);
    struct tm parts;
    char text[16];

    if (!localtime_r(&seconds, &parts) || strftime(text, sizeof(text), "%H:%M:%S", &parts) == 0)
        snprintf(text, sizeof(text), "--:--:--");
    fprintf(out, "%s  ", text);
}

/* The beginning of a text, cut on a character's border. */
static void remember(struct tail_memory *memory, const struct trefoil_delivery *delivery)
{
    const char *text =
        delivery->message.kind == TREFOIL_KIND_TEXT ? delivery->message.body.text.body : delivery->message.fallback;
    struct bytes whole = bytes_of_text(text), part = bytes_slice(whole, 0, TAIL_QUOTE_BYTES - 4);
    char *quote = memory->recent[memory->next].quote;

    if (whole.size == 0)
        return;
    while (part.size > 0 && part.size < whole.size && (whole.data[part.size] & 0xc0) == 0x80)
        part.size--;
    snprintf(quote, TAIL_QUOTE_BYTES, "%.*s%s", (int) part.size, text, part.size < whole.size ? "…" : "");
    memory->recent[memory->next].id = delivery->envelope;
    memory->next = (memory->next + 1) % TAIL_RECENT;
}

static const char *recall(const struct tail_memory *memory, const struct trefoil_id *id)
{
    for (size_t i = 0; i < TAIL_RECENT; i++)
        if (*memory->recent[i].quote && memcmp(&memory->recent[i].id, id, sizeof(*id)) == 0)
            return memory->recent[i].quote;
    return NULL;
}

static void put_relation(FILE *out, const struct tail_memory *memory, const struct trefoil_delivery *delivery)
{
    char id[2 * TREFOIL_ID_BYTES + 1];

    for (size_t i = 0; i < delivery->n_relates_ids; i++) {
        const struct trefoil_id *related = &delivery->relates_ids[i];
        const char *quote = recall(memory, related);
        if (text_is_zero_id(related)) {
            fputs("  ↩ a message not known here", out);
        } else if (quote) {
            fputs("  ↩ “", out);
            text_put_plain(out, quote);
            fputs("”", out);
        } else {
            text_of_id(related, id);
            fprintf(out, "  ↩ %s", id);
        }
    }
}

static void put_room(FILE *out, const struct trefoil_delivery *delivery, const char *room_name)
{
    char id[2 * TREFOIL_ID_BYTES + 1];

    if (room_name) {
        text_put_plain(out, room_name);
    } else if (!text_is_zero_id(&delivery->room)) {
        text_of_id(&delivery->room, id);
        fprintf(out, "%.8s", id);
    } else {
        fputs("-", out);
    }
    fputs("  ", out);
}

static void put_author(FILE *out, const struct trefoil_delivery *delivery)
{
    const struct trefoil_author *author = &delivery->message.author;
    const char *name = author->name       ? author->name
                       : author->username ? author->username
                       : delivery->echo   ? "business"
                       : author->user_id  ? author->user_id
                                          : NULL;

    text_put_plain(out, name ? name : delivery->sender ? delivery->sender : "?");
    if (author->network && !(name && strcmp(name, author->network) == 0)) {
        fputs(" (", out);
        text_put_plain(out, author->network);
        fputs(")", out);
    }
    fputs(": ", out);
}

void tail_put_line(FILE *out, struct tail_memory *memory, const struct trefoil_delivery *delivery,
                   const char *room_name)
{
    put_clock(out, delivery->message.sent_ms ? delivery->message.sent_ms : delivery->accepted_ms);
    put_room(out, delivery, room_name);
    if (delivery->unreadable) {
        fprintf(out, "%s: [cannot be opened] %s\n", delivery->sender ? delivery->sender : "?",
                delivery->why ? delivery->why : "");
        return;
    }
    put_author(out, delivery);
    words_put_message(out, &delivery->message);
    put_relation(out, memory, delivery);
    fputc('\n', out);
    remember(memory, delivery);
}

static void put_member(FILE *out, const char *name, const char *value)
{
    fprintf(out, ",\"%s\":", name);
    text_put_json(out, value);
}

static void put_id(FILE *out, const char *name, const struct trefoil_id *id)
{
    char text[2 * TREFOIL_ID_BYTES + 1];

    text_of_id(id, text);
    fprintf(out, ",\"%s\":\"%s\"", name, text);
}

static const char *body_text(const struct trefoil_message *message)
{
    switch (message->kind) {
    case TREFOIL_KIND_TEXT:
        return message->body.text.body;
    case TREFOIL_KIND_REACTION:
        return message->body.reaction.emoji;
    case TREFOIL_KIND_MEDIA:
        return message->body.media.caption;
    default:
        return NULL;
    }
}

static void put_message_json(FILE *out, const struct trefoil_message *message)
{
    static const char *const receipts[] = { NULL, "sent", "delivered", "read", "played", "failed" };

    put_member(out, "kind", trefoil_kind_name(message->kind));
    fprintf(out, ",\"sent_ms\":%" PRIu64 ",\"author\":{\"network\":", message->sent_ms);
    text_put_json(out, message->author.network);
    put_member(out, "user_id", message->author.user_id);
    put_member(out, "name", message->author.name);
    fputs("}", out);
    put_member(out, "text", body_text(message));
    put_member(out, "fallback", message->fallback);
    if (message->kind == TREFOIL_KIND_RECEIPT && (size_t) message->body.receipt.state < ARRAY_SIZE(receipts))
        put_member(out, "receipt", receipts[message->body.receipt.state]);
    if (message->kind == TREFOIL_KIND_REACTION)
        fprintf(out, ",\"removed\":%s", message->body.reaction.removed ? "true" : "false");
    if (message->kind == TREFOIL_KIND_UNSUPPORTED) {
        put_member(out, "network_kind", message->body.unsupported.network_kind);
        put_member(out, "reason", message->body.unsupported.reason);
    }
    if (message->is_edit)
        fputs(",\"is_edit\":true", out);
}

/* The whole message, as `trefoil send --json` takes it. */
static void put_content_json(FILE *out, const struct trefoil_message *message)
{
    struct arena mem = ARENA_EMPTY(DOCUMENT_MEMORY_MAX_BYTES);
    const char *text = NULL;

    fputs(",\"content\":", out);
    fputs(document_write(message, &mem, &text) == 0 ? text : "null", out);
    arena_deinit(&mem);
}

void tail_put_json(FILE *out, const struct trefoil_delivery *delivery, const char *room_name)
{
    char id[2 * TREFOIL_ID_BYTES + 1];

    fprintf(out, "{\"seq\":%" PRIu64 ",\"accepted_ms\":%" PRIu64 ",\"attempt\":%" PRIu32, delivery->seq,
            delivery->accepted_ms, delivery->attempt);
    put_id(out, "envelope", &delivery->envelope);
    put_id(out, "room", &delivery->room);
    put_member(out, "room_name", room_name);
    put_member(out, "sender", delivery->sender);
    put_member(out, "account", delivery->from.account);
    put_member(out, "user_id", delivery->from.user_id);
    fprintf(out, ",\"echo\":%s,\"relates\":[", delivery->echo ? "true" : "false");
    for (size_t i = 0; i < delivery->n_relates_ids; i++) {
        text_of_id(&delivery->relates_ids[i], id);
        fprintf(out, "%s\"%s\"", i > 0 ? "," : "", id);
    }
    fputs("]", out);
    if (delivery->unreadable) {
        put_member(out, "unreadable", delivery->why);
    } else {
        put_message_json(out, &delivery->message);
        put_content_json(out, &delivery->message);
    }
    fputs("}\n", out);
}
