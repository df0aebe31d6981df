/* The frame of every send: who it goes to, why, what it answers, and what proves it.
 * Never knows what is in the message.
 */
#include "messaging_send.h"

#include <errno.h>
#include <string.h>

#include "base/attributes.h"
#include "messaging_offer.h"
#include "native.h"
#include "relation.h"

bool sending_has(const struct sending *sending, enum feature feature)
{
    return sending->dialect->capabilities[feature].support >= SUPPORT_PARTIAL;
}

static bool can_quote(const struct sending *sending)
{
    if (sending->dialect->capabilities[FEATURE_REPLY].support == SUPPORT_FULL)
        return true;
    switch (messaging_option(sending->dialect, sending->place->options, OPTION_REPLY_TO)) {
    case 0:
        return sending_has(sending, FEATURE_REPLY) && sending->place->page_id;
    case 1:
        return true;
    default:
        return false;
    }
}

const char *sending_quote(const struct sending *sending)
{
    const struct trefoil_message *message = sending->message;
    const char *quote = outgoing_quote(message, sending->place, sending->list);

    if (!quote || can_quote(sending))
        return quote;
    if (relation_of(message) == RELATION_REPLY)
        relation_lose(RELATION_REPLY, sending->list);
    return NULL;
}

#define SEND_REASON "send.messaging_type"
#define SEND_THREAD "send.thread"

static const char *path_of(const struct sending *sending, const char *edge)
{
    const struct place *place = sending->place;
    const char *id = sending->dialect->sends_by_page && place->page_id ? place->page_id : place->account_id;

    return arena_format(sending->mem, "/%s/%s/%s", place->api_version, id, edge);
}

/* A service may answer a comment, or write to somebody who asked for news, by what that event told: `*ret_name` is how the
 * network calls it. NULL: by the person's id, as usual. */
static const char *invitation(const struct sending *sending, const char **ret_name)
{
    static const char *const others[][2] = {
        { "recipient.comment_id", "comment_id" },
        { "recipient.post_id", "post_id" },
        { "recipient.notification_messages_token", "notification_messages_token" },
        { "recipient.user_ref", "user_ref" },
    };
    const char *other = NULL;

    for (size_t i = 0; i < ARRAY_SIZE(others) && !other; i++) {
        other = native_extra(sending->message, others[i][0]);
        *ret_name = others[i][1];
    }
    return other;
}

/* True: by invitation; the network then wants to hear nothing of reasons. */
static bool put_recipient(const struct sending *sending, struct json_writer *writer)
{
    const char *name, *other = invitation(sending, &name);

    json_open_object(writer, "recipient");
    json_put_text(writer, other ? name : "id", other ? other : sending->place->user_id);
    json_close_object(writer);
    return other != NULL;
}

struct json_writer sending_open(const struct sending *sending)
{
    struct json_writer writer = json_writer_make(sending->mem);

    json_open_object(&writer, NULL);
    put_recipient(sending, &writer);
    return writer;
}

int sending_close(const struct sending *sending, const char *edge, struct json_writer *writer, struct request **ret)
{
    struct bytes body;
    int r;

    json_close_object(writer);
    r = json_written(writer, &body);
    if (r < 0)
        return r;
    *ret = outgoing_post(sending->list, sending->mem, path_of(sending, edge), body);
    return *ret ? 0 : -ENOMEM;
}

static void put_why(const struct sending *sending, struct json_writer *writer, enum why why)
{
    if (why == WHY_UTILITY) {
        json_put_text(writer, "messaging_type", "UTILITY");
    } else if (sending->message->purpose == TREFOIL_PURPOSE_HUMAN_AGENT) {
        json_put_text(writer, "messaging_type", "MESSAGE_TAG");
        json_put_text(writer, "tag", "HUMAN_AGENT");
    } else if (why == WHY_OFFER || sending->dialect->says_why) {
        const char *reason = sending->dialect->has_send_members ? native_extra(sending->message, SEND_REASON) : NULL;

        json_put_text(writer, "messaging_type", reason && strcmp(reason, "UPDATE") == 0 ? reason : "RESPONSE");
    }
}

/* What a service wants said of the send itself: extras, each beside the message. */
static const char *const said[][2] = {
    { "send.notification_type", "notification_type" },
    { "send.persona_id", "persona_id" },
};

static void put_said(const struct sending *sending, struct json_writer *writer)
{
    static const char *const names[] = { "send.notification_type", "send.persona_id", SEND_THREAD, SEND_REASON };

    for (size_t i = 0; i < ARRAY_SIZE(said) && sending->dialect->has_send_members; i++) {
        const char *value = native_extra(sending->message, said[i][0]);

        if (value)
            json_put_text(writer, said[i][1], value);
    }
    for (size_t i = 0; i < ARRAY_SIZE(names) && !sending->dialect->has_send_members; i++)
        if (native_extra(sending->message, names[i]))
            request_list_lose(sending->list, "send members");
}

/* With its last part the thread goes to another application, or back. */
static void put_thread(const struct sending *sending, struct json_writer *writer)
{
    const char *next = native_extra(sending->message, SEND_THREAD);
    bool is_release = next && strcmp(next, "release") == 0;

    if (!next || !sending->dialect->has_send_members)
        return;
    json_open_object(writer, "thread_control");
    json_put_text(writer, "control_type", is_release ? "release" : "pass");
    if (!is_release)
        json_put_text(writer, "app_id", next);
    json_close_object(writer);
}

struct json_writer sending_open_message(const struct sending *sending, enum why why, const char *quote)
{
    struct json_writer writer = json_writer_make(sending->mem);

    json_open_object(&writer, NULL);
    if (!put_recipient(sending, &writer))
        put_why(sending, &writer, why);
    put_said(sending, &writer);
    if (quote) {
        json_open_object(&writer, "reply_to");
        json_put_text(&writer, "mid", quote);
        json_close_object(&writer);
    }
    json_open_object(&writer, "message");
    return writer;
}

int sending_close_message(const struct sending *sending, struct json_writer *writer, const char *mark,
                          struct bytes words, struct request **ret)
{
    const char *name;
    int r;

    if (mark && sending->dialect->returns_marks)
        json_put_text(writer, "metadata", mark);
    json_close_object(writer);
    if (mark == sending->place->mark)
        put_thread(sending, writer);
    r = sending_close(sending, "messages", writer, ret);
    if (r < 0)
        return r;
    (*ret)->is_message = true;
    (*ret)->is_invited = invitation(sending, &name) != NULL;
    if (!sending->dialect->returns_marks && words.size > 0)
        (*ret)->words = arena_text(sending->mem, words);
    return sending->mem->failed ? -ENOMEM : 0;
}

static struct text_limit text_limit_of(const struct sending *sending)
{
    const struct capability *cell = &sending->dialect->capabilities[FEATURE_TEXT];
    bool counts_bytes = cell->unit == CAPABILITY_BYTES &&
                        messaging_option(sending->dialect, sending->place->options, OPTION_TEXT_UNIT) == 0;

    return (struct text_limit){ counts_bytes ? TEXT_BYTES : TEXT_CODE_POINTS, cell->max_text };
}

static int add_part(const struct sending *sending, const struct outgoing_part *part,
                    const struct trefoil_choices *offered)
{
    struct json_writer writer = sending_open_message(sending, offered ? WHY_OFFER : WHY_USUAL, part->quote);
    struct request *request;

    json_put_slice(&writer, "text", part->text);
    if (offered)
        messaging_put_quick_replies(sending, &writer, offered);
    return sending_close_message(sending, &writer, part->mark, part->text, &request);
}

int sending_words(const struct sending *sending, const char *words, const char *quote,
                  const struct trefoil_choices *offered)
{
    struct outgoing outgoing = { bytes_of_text(words), text_limit_of(sending), quote };
    struct outgoing_part part;
    int r = sending->mem->failed ? -ENOMEM : 0;

    for (size_t n = 0; r == 0 && outgoing_take(&outgoing, sending->place, n, sending->list, &part) > 0; n++)
        r = add_part(sending, &part, outgoing.text.size == 0 ? offered : NULL);
    return r;
}

int sending_as_text(const struct sending *sending)
{
    struct outgoing outgoing;
    const char *words;
    int r = outgoing_make(sending->message, sending->place, sending->mem, sending->list, &outgoing);

    if (r < 0)
        return r;
    if (outgoing.quote && !can_quote(sending))
        outgoing.quote = sending_quote(sending);
    words = outgoing.text.size > 0 ? arena_text(sending->mem, outgoing.text) : NULL;
    return sending_words(sending, words, outgoing.quote, NULL);
}
