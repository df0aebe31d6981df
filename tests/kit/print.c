/* Events, requests and verdicts as JSON, indented and always in the same order: what goldens hold, and what a driver in
 * any language compares with. Never prints what is absent.
 */
#include "kit.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#include "base/attributes.h"
#include "document/document.h"

#define PAGE_FLAGS (JSON_INDENT(2) | JSON_REAL_PRECISION(15))
#define BODY_ROOM 4096 /* for what stands in the slots of a body */

static char *close_page(json_t *json, struct arena *mem)
{
    char *text = json_dumps(json, PAGE_FLAGS);
    assert_non_null(text);
    char *copy = arena_format(mem, "%s\n", text);
    assert_non_null(copy);
    free(text);
    json_decref(json);
    return copy;
}

static void put(json_t *object, const char *name, json_t *value)
{
    if (json_object_set_new(object, name, value) < 0)
        fail_msg("%s cannot be printed", name);
}

static void put_text(json_t *object, const char *name, const char *text)
{
    if (text)
        put(object, name, json_string(text));
}

static void put_number(json_t *object, const char *name, uint64_t number)
{
    if (number)
        put(object, name, json_integer((json_int_t) number));
}

static void put_flag(json_t *object, const char *name, bool flag)
{
    if (flag)
        put(object, name, json_true());
}

static void put_texts(json_t *object, const char *name, const char *const *texts, size_t n)
{
    json_t *list = json_array();

    for (size_t i = 0; i < n; i++)
        json_array_append_new(list, texts[i] ? json_string(texts[i]) : json_null());
    if (n)
        put(object, name, list);
    else
        json_decref(list);
}

static const char *word_of(const char *const *words, size_t n, size_t at)
{
    return at < n ? words[at] : "?";
}

#define WORD(words, at) word_of(words, ARRAY_SIZE(words), (size_t) (at))

static json_t *content_of(const struct trefoil_message *message, struct arena *mem)
{
    const char *text;
    int r = document_write(message, mem, &text);
    if (r < 0)
        fail_msg("a message of kind %s cannot be published: %d", trefoil_kind_name(message->kind), r);
    return json_loads(text, 0, NULL);
}

static json_t *event_of(const struct event *event, struct arena *mem)
{
    static const char *const audiences[] = { "none", "room", "author", "services" };
    static const char *const consents[] = { NULL, "withdrawn", "given" };
    json_t *object = json_object();

    put_text(object, "account", event->account);
    put_text(object, "audience", WORD(audiences, event->audience));
    put_text(object, "key", event->key);
    put_text(object, "user_id", event->user_id);
    put_flag(object, "echo", event->echo);
    put_text(object, "mark", event->mark);
    put_texts(object, "relates", event->relates, event->n_relates);
    put_texts(object, "aliases", event->alias_ids, event->n_alias_ids);
    put_number(object, "opens_window_ms", event->opens_window_ms);
    put_text(object, "consent", WORD(consents, event->consent));
    put_number(object, "watermark_ms", event->watermark_ms);
    put_flag(object, "ephemeral", event->ephemeral);
    put_flag(object, "malformed", event->is_malformed);
    put_flag(object, "unsupported", event->is_unsupported);
    put(object, "content", content_of(&event->message, mem));
    return object;
}

char *kit_print_events(const struct event_list *list, struct arena *mem)
{
    json_t *events = json_array();

    for (size_t i = 0; i < list->n_events; i++)
        json_array_append_new(events, event_of(&list->events[i], mem));
    return close_page(events, mem);
}

/* "<uploaded 0>" and "<url 2>" stand where the skeleton puts what it learns. */
static struct bytes body_with_slots(const struct request *request, struct arena *mem)
{
    static const char *const kinds[] = { "uploaded", "url" };
    struct writer writer =
        writer_make(arena_alloc(mem, request->body.size + BODY_ROOM), request->body.size + BODY_ROOM);
    size_t from = 0;

    for (size_t i = 0; i < request->n_slots; i++) {
        const struct slot *slot = &request->slots[i];
        assert_in_range(slot->at, from, request->body.size);
        writer_put(&writer, bytes_slice(request->body, from, slot->at - from));
        writer_text(&writer, arena_format(mem, "<%s %zu>", WORD(kinds, slot->kind), slot->which));
        from = slot->at;
    }
    writer_put(&writer, bytes_slice(request->body, from, request->body.size));
    assert_false(writer.overflow);
    return writer_bytes(&writer);
}

static void put_body(json_t *object, const struct request *request, struct arena *mem)
{
    struct bytes body = body_with_slots(request, mem);
    json_t *json = json_loadb((const char *) body.data, body.size, JSON_REJECT_DUPLICATES, NULL);

    if (json)
        put(object, "body", json);
    else if (body.size)
        put(object, "body", json_stringn((const char *) body.data, body.size));
}

static const char *const conversions[] = { NULL, "ogg voice", "m4a audio", "jpeg image", "webp sticker", "mp4 video" };

static void put_slots(json_t *object, const struct request *request)
{
    json_t *slots = json_array();

    for (size_t i = 0; i < request->n_slots; i++) {
        json_t *slot = json_object();
        put_text(slot, "kind", request->slots[i].kind == SLOT_UPLOADED ? "uploaded" : "url");
        put(slot, "which", json_integer((json_int_t) request->slots[i].which));
        put_text(slot, "conversion", WORD(conversions, request->slots[i].conversion));
        put_text(slot, "mime", request->slots[i].mime);
        json_array_append_new(slots, slot);
    }
    if (request->n_slots)
        put(object, "slots", slots);
    else
        json_decref(slots);
}

static void put_upload(json_t *object, const struct upload *upload)
{
    json_t *inner = json_object(), *fields = json_object();

    put(inner, "media", json_integer((json_int_t) upload->media));
    put_text(inner, "conversion", WORD(conversions, upload->conversion));
    for (size_t i = 0; i < upload->n_fields; i++)
        put_text(fields, upload->fields[i].name, upload->fields[i].value);
    put(inner, "fields", fields);
    put_text(inner, "file_field", upload->file_field);
    put_text(inner, "file_name", upload->file_name);
    put_text(inner, "mime", upload->mime);
    put(object, "upload", inner);
}

static json_t *request_of(const struct request *request, struct arena *mem)
{
    json_t *object = json_object();

    put_text(object, "method", request->method);
    put_text(object, "path", request->path);
    put_text(object, "content_type", request->content_type);
    put_flag(object, "is_message", request->is_message);
    put_flag(object, "best_effort", request->best_effort);
    put_text(object, "words", request->words);
    put_slots(object, request);
    if (request->upload)
        put_upload(object, request->upload);
    put_body(object, request, mem);
    return object;
}

char *kit_print_requests(const struct request_list *list, struct arena *mem)
{
    json_t *object = json_object(), *requests = json_array();

    for (size_t i = 0; i < list->n_requests; i++)
        json_array_append_new(requests, request_of(&list->requests[i], mem));
    put(object, "requests", requests);
    put_texts(object, "lost", list->lost, list->n_lost);
    return close_page(object, mem);
}

char *kit_print_verdict(const struct verdict *verdict, struct arena *mem)
{
    static const char *const outcomes[] = { "none", "sent", "deferred", "bounced", "unknown", "returned" };
    static const char *const pauses[] = { NULL, "pair", "account" };
    static const char *const healths[] = {
        NULL, "starting", "connected", "degraded", "bad_credentials", "rate_limited", "policy_blocked", "stopped",
    };
    json_t *object = json_object();

    put_text(object, "outcome", WORD(outcomes, verdict->outcome));
    put_text(object, "message_id", verdict->message_id);
    put_text(object, "user_id", verdict->user_id);
    put_number(object, "retry_ms", verdict->retry_ms);
    put_text(object, "pause", WORD(pauses, verdict->pause));
    put_flag(object, "grows", verdict->grows);
    put_flag(object, "bounded", verdict->bounded);
    put_flag(object, "once", verdict->once);
    put_text(object, "health", WORD(healths, verdict->health));
    put_number(object, "code", verdict->code);
    put_number(object, "subcode", verdict->subcode);
    put_text(object, "reason", verdict->reason);
    put_text(object, "next_action", verdict->next_action);
    return close_page(object, mem);
}

char *kit_print_message(const struct kit_message *message, struct arena *mem)
{
    json_t *object = json_object();

    put_text(object, "name", message->name);
    put_flag(object, "attribute", message->attribute);
    put_texts(object, "relates", message->relates, message->n_relates);
    if (message->message.kind != TREFOIL_KIND_NONE)
        put(object, "content", content_of(&message->message, mem));
    return close_page(object, mem);
}

char *kit_print_page(const char *const *names, const char *const *pages, size_t n, struct arena *mem)
{
    json_t *object = json_object();

    for (size_t i = 0; i < n; i++)
        put(object, names[i], json_loads(pages[i], 0, NULL));
    return close_page(object, mem);
}
