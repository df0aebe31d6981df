/* Lines of a webhook become events. Never refuses a body: a line that means nothing is kept as it came.
 *
 *   text ACCOUNT USER ID words …      somebody wrote
 *   sent ACCOUNT USER ID MARK         what we sent with this mark has become message ID
 */
#include "echo.h"

#include <errno.h>
#include <string.h>

#include "formats/fingerprint.h"

/* Takes what comes before `end` off the front. */
static struct bytes take_until(struct bytes *rest, char end)
{
    const uint8_t *found = rest->size ? memchr(rest->data, end, rest->size) : NULL;
    size_t size = found ? (size_t) (found - rest->data) : rest->size;
    struct bytes taken = bytes_slice(*rest, 0, size);

    *rest = bytes_slice(*rest, found ? size + 1 : size, rest->size);
    return taken;
}

static const char *our_account(struct bytes id, const struct decode_context *context, struct arena *mem)
{
    for (size_t i = 0; i < context->n_accounts; i++)
        if (bytes_equal_text(id, context->account_ids[i]))
            return arena_format(mem, "echo/%s", context->account_ids[i]);
    return NULL;
}

static bool is_clean(struct bytes line)
{
    return bytes_is_utf8(line) && !(line.size && memchr(line.data, '\0', line.size));
}

/* Law 8: what we cannot translate travels with its raw bytes. */
static void decode_unknown(struct bytes line, struct arena *mem, struct event *event)
{
    struct bytes raw = arena_copy(mem, line);

    event->key = fingerprint(line, mem);
    event->audience = TREFOIL_AUDIENCE_SERVICES;
    event->is_malformed = !is_clean(line);
    event->is_unsupported = !event->is_malformed;
    event->message.kind = TREFOIL_KIND_UNSUPPORTED;
    event->message.fallback = "[unsupported]";
    event->message.body.unsupported = (struct trefoil_unsupported){ "line", "unknown line", { raw.data, raw.size } };
}

static void decode_text(struct bytes words, struct arena *mem, struct event *event)
{
    event->audience = TREFOIL_AUDIENCE_ROOM;
    event->message.kind = TREFOIL_KIND_TEXT;
    event->message.author.user_id = event->user_id;
    event->message.body.text.body = arena_text(mem, words);
}

static void decode_sent(struct bytes mark, struct arena *mem, struct event *event)
{
    const char **relates = arena_array(mem, 1, sizeof(*relates));
    if (!relates)
        return;
    relates[0] = event->message.message_id;
    event->relates = relates;
    event->n_relates = 1;
    event->message.message_id = NULL; /* it is about a message, it is none */
    event->mark = arena_text(mem, mark);
    event->audience = TREFOIL_AUDIENCE_AUTHOR;
    event->message.kind = TREFOIL_KIND_RECEIPT;
    event->message.body.receipt =
        (struct trefoil_receipt){ .state = TREFOIL_RECEIPT_SENT, .targets = relates, .n_targets = 1 };
}

static void decode_line(struct bytes line, const struct decode_context *context, struct arena *mem, struct event *event)
{
    struct bytes rest = line;
    struct bytes word = take_until(&rest, ' '), account = take_until(&rest, ' ');
    struct bytes user = take_until(&rest, ' '), id = take_until(&rest, ' ');
    bool is_text = bytes_equal_text(word, "text"), is_sent = bytes_equal_text(word, "sent");

    event->account = our_account(account, context, mem);
    event->message.author.network = "echo";
    if (!is_clean(line) || !(is_text || is_sent) || !user.size || !id.size || !rest.size) {
        decode_unknown(line, mem, event);
        return;
    }
    event->key = arena_format(mem, "%s.%.*s", is_text ? "text" : "sent", (int) id.size, (const char *) id.data);
    event->user_id = arena_text(mem, user);
    event->message.message_id = arena_text(mem, id);
    if (is_text)
        decode_text(rest, mem, event);
    else
        decode_sent(rest, mem, event);
}

int echo_decode(struct bytes body, const struct decode_context *context, struct arena *mem, struct event_list *ret)
{
    struct event_list list = { 0 };

    while (body.size) {
        struct bytes line = take_until(&body, '\n');
        if (!line.size)
            continue;
        struct event *event = event_list_add(&list, mem);
        if (!event)
            return -ENOMEM;
        decode_line(line, context, mem, event);
        if (mem->failed)
            return -ENOMEM;
    }
    *ret = list;
    return 0;
}
