/* The frame of every send: who it goes to, what it answers, and what proves it. Never knows what is in the message. */
#include "whatsapp_send.h"

#include <errno.h>
#include <string.h>

bool sending_has(const struct sending *sending, enum feature feature)
{
    return sending->cells[feature].support >= SUPPORT_PARTIAL;
}

static enum text_unit unit_of(const struct sending *sending)
{
    return sending->cells[FEATURE_TEXT].unit == CAPABILITY_BYTES ? TEXT_BYTES : TEXT_CODE_POINTS;
}

size_t sending_length(const struct sending *sending, const char *text)
{
    return text_length(bytes_of_text(text), unit_of(sending));
}

const char *sending_cut(const struct sending *sending, const char *text, uint32_t max, const char *lost)
{
    static const char mark[] = "…";
    size_t mark_size = text_length(bytes_of_text(mark), unit_of(sending));
    const struct text_limit limit = { unit_of(sending), max > mark_size ? max - mark_size : 1 };
    struct bytes rest = bytes_of_text(text), part;

    if (!text || max == 0 || sending_length(sending, text) <= max)
        return text;
    request_list_lose(sending->list, lost);
    part = text_take_part(&rest, limit);
    return arena_format(sending->mem, "%.*s%s", (int) part.size, (const char *) part.data, mark);
}

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
    bool is_group = whatsapp_is_group(user_id);

    json_put_text(writer, "messaging_product", "whatsapp");
    json_put_text(writer, "recipient_type", is_group ? "group" : "individual");
    if (is_group)
        json_put_text(writer, "to", user_id);
    else if (is_number(user_id))
        json_put_text(writer, "to", arena_format(sending->mem, "+%s", user_id));
    else
        json_put_text(writer, "recipient", user_id);
}

struct json_writer sending_open(const struct sending *sending, const char *quote, const char *type)
{
    struct json_writer writer = json_writer_make(sending->mem);

    json_open_object(&writer, NULL);
    put_recipient(sending, &writer);
    if (quote) {
        json_open_object(&writer, "context");
        json_put_text(&writer, "message_id", quote);
        json_close_object(&writer);
    }
    if (type)
        json_put_text(&writer, "type", type);
    return writer;
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

int sending_close(const struct sending *sending, struct json_writer *writer, const char *mark, struct request **ret)
{
    struct request *request;
    int r;

    if (mark)
        json_put_text(writer, "biz_opaque_callback_data", mark);
    r = close_body(sending, writer, &request);
    if (r < 0)
        return r;
    request->is_message = true;
    if (ret)
        *ret = request;
    return 0;
}

int sending_close_quietly(const struct sending *sending, struct json_writer *writer)
{
    struct request *request;
    int r = close_body(sending, writer, &request);

    if (r == 0)
        request->best_effort = true;
    return r;
}

static bool has_link(struct bytes text)
{
    return memmem(text.data, text.size, "https://", 8) || memmem(text.data, text.size, "http://", 7);
}

static int add_part(const struct sending *sending, const struct outgoing_part *part, const char *mark)
{
    struct json_writer writer = sending_open(sending, part->quote, "text");

    json_open_object(&writer, "text");
    json_put_slice(&writer, "body", part->text);
    if (has_link(part->text))
        json_put_bool(&writer, "preview_url", true);
    json_close_object(&writer);
    return sending_close(sending, &writer, mark, NULL);
}

int sending_words(const struct sending *sending, const char *words, const char *quote, bool is_end)
{
    struct outgoing outgoing = { bytes_of_text(words),
                                 { unit_of(sending), sending->cells[FEATURE_TEXT].max_text },
                                 quote };
    struct outgoing_part part;
    int r = sending->mem->failed ? -ENOMEM : 0;

    for (size_t n = 0; r == 0 && outgoing_take(&outgoing, sending->place, n, sending->list, &part) > 0; n++)
        r = add_part(sending, &part, is_end ? part.mark : NULL);
    return r;
}

int sending_as_text(const struct sending *sending)
{
    struct outgoing outgoing;
    const char *words;
    int r = outgoing_make(sending->message, sending->place, sending->mem, sending->list, &outgoing);

    if (r < 0)
        return r;
    words = outgoing.text.size > 0 ? arena_text(sending->mem, outgoing.text) : NULL;
    return sending_words(sending, words, outgoing.quote, true);
}
