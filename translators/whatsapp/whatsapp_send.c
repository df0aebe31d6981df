/* The frame of every send: who it goes to, what it answers, and what proves it. Never knows what is in the message. */
#include "whatsapp_send.h"

#include <errno.h>
#include <string.h>

bool posting_has(const struct posting *posting, enum feature feature)
{
    return posting->cells[feature].support >= SUPPORT_PARTIAL;
}

static enum text_unit unit_of(const struct posting *posting)
{
    return posting->cells[FEATURE_TEXT].unit == CAPABILITY_BYTES ? TEXT_BYTES : TEXT_CODE_POINTS;
}

size_t posting_length(const struct posting *posting, const char *text)
{
    return text_length(bytes_of_text(text), unit_of(posting));
}

const char *posting_cut(const struct posting *posting, const char *text, uint32_t max, const char *lost)
{
    const struct text_limit limit = { unit_of(posting), max };

    return outgoing_cut(text, limit, lost, posting->mem, posting->list);
}

static bool is_number(const char *user_id)
{
    return *user_id && strspn(user_id, "0123456789") == strlen(user_id);
}

/* A number goes with its plus, or the business's own country code could be put before it; a business-scoped id has a
 * member of its own.
 */
static void put_recipient(const struct posting *posting, struct json_writer *writer)
{
    const char *user_id = posting->place->user_id;
    bool is_group = whatsapp_is_group(user_id);

    json_put_text(writer, "messaging_product", "whatsapp");
    json_put_text(writer, "recipient_type", is_group ? "group" : "individual");
    if (is_group)
        json_put_text(writer, "to", user_id);
    else if (is_number(user_id))
        json_put_text(writer, "to", arena_format(posting->mem, "+%s", user_id));
    else
        json_put_text(writer, "recipient", user_id);
}

struct json_writer posting_open(const struct posting *posting, const char *quote, const char *type)
{
    struct json_writer writer = json_writer_make(posting->mem);

    json_open_object(&writer, NULL);
    put_recipient(posting, &writer);
    if (quote) {
        json_open_object(&writer, "context");
        json_put_text(&writer, "message_id", quote);
        json_close_object(&writer);
    }
    if (type)
        json_put_text(&writer, "type", type);
    return writer;
}

static int close_body(const struct posting *posting, struct json_writer *writer, struct request **ret)
{
    const struct place *place = posting->place;
    const char *path = arena_format(posting->mem, "/%s/%s/messages", place->api_version, place->account_id);
    struct bytes body;
    int r;

    json_close_object(writer);
    r = json_written(writer, &body);
    if (r < 0)
        return r;
    *ret = outgoing_post(posting->list, posting->mem, path, body);
    return *ret ? 0 : -ENOMEM;
}

int posting_close(const struct posting *posting, struct json_writer *writer, const char *mark, struct request **ret)
{
    struct request *request;
    int r;

    if (mark)
        json_put_text(writer, "biz_opaque_callback_data", mark);
    r = close_body(posting, writer, &request);
    if (r < 0)
        return r;
    request->is_message = true;
    if (ret)
        *ret = request;
    return 0;
}

int posting_close_quietly(const struct posting *posting, struct json_writer *writer)
{
    struct request *request;
    int r = close_body(posting, writer, &request);

    if (r == 0)
        request->best_effort = true;
    return r;
}

static bool has_link(struct bytes text)
{
    return memmem(text.data, text.size, "https://", 8) || memmem(text.data, text.size, "http://", 7);
}

static int add_part(const struct posting *posting, const struct outgoing_part *part, const char *mark)
{
    struct json_writer writer = posting_open(posting, part->quote, "text");

    json_open_object(&writer, "text");
    json_put_slice(&writer, "body", part->text);
    if (has_link(part->text))
        json_put_bool(&writer, "preview_url", true);
    json_close_object(&writer);
    return posting_close(posting, &writer, mark, NULL);
}

int posting_words(const struct posting *posting, const char *words, const char *quote, bool is_end)
{
    struct outgoing outgoing = { bytes_of_text(words),
                                 { unit_of(posting), posting->cells[FEATURE_TEXT].max_text },
                                 quote };
    struct outgoing_part part;
    int r = posting->mem->failed ? -ENOMEM : 0;

    for (size_t n = 0; r == 0 && outgoing_take(&outgoing, posting->place, n, posting->list, &part) > 0; n++)
        r = add_part(posting, &part, is_end ? part.mark : NULL);
    return r;
}

int posting_as_text(const struct posting *posting)
{
    struct trefoil_message message = *posting->message;
    struct outgoing outgoing;
    const char *words;
    int r;

    if (message.kind == TREFOIL_KIND_TEXT && message.body.text.n_spans > 0 && posting_has(posting, FEATURE_FORMATTING))
        message.body.text = (struct trefoil_text){ posting_marked(posting, &posting->message->body.text), NULL, 0 };
    r = outgoing_make(&message, posting->place, posting->mem, posting->list, &outgoing);
    if (r < 0)
        return r;
    words = outgoing.text.size > 0 ? arena_text(posting->mem, outgoing.text) : NULL;
    return posting_words(posting, words, outgoing.quote, true);
}
