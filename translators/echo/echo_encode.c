/* A message becomes requests to the echo network. Never drops what it cannot express without saying so.
 *
 *   POST /v1/ACCOUNT/messages         USER MARK, a line break, words
 */
#include "echo.h"

#include <errno.h>

#include "formats/text.h"

static int put_part(struct bytes part, const char *mark, const struct place *place, struct arena *mem,
                    struct request_list *ret)
{
    struct request *request = request_list_add(ret, mem);
    const char *body =
        arena_format(mem, "%s %s\n%.*s", place->user_id, mark, (int) part.size, (const char *) part.data);
    if (!request || !body)
        return -ENOMEM;

    *request = (struct request){
        .method = "POST",
        .path = arena_format(mem, "/v1/%s/messages", place->account_id),
        .content_type = "text/plain; charset=utf-8",
        .body = bytes_of_text(body),
        .is_message = true,
        .words = arena_text(mem, part),
    };
    return mem->failed ? -ENOMEM : 0;
}

/* The words of any message, with the name of who speaks where that is not clear. NULL: nothing to say here. */
static const char *words_of(const struct trefoil_message *message, const struct place *place, struct arena *mem)
{
    bool is_text = message->kind == TREFOIL_KIND_TEXT;
    const char *words = is_text ? message->body.text.body : message->fallback;
    const char *name = message->author.name ? message->author.name : "Somebody";

    if (!words || !words[0] || !place->attribute)
        return words;
    return arena_format(mem, "%s (%s): %s", name, message->author.network, words);
}

static void note_losses(const struct trefoil_message *message, struct request_list *ret)
{
    bool is_speech = message->kind != TREFOIL_KIND_RECEIPT && message->kind != TREFOIL_KIND_TYPING &&
                     message->kind != TREFOIL_KIND_PRESENCE && message->kind != TREFOIL_KIND_ACCOUNT;

    if (is_speech && message->kind != TREFOIL_KIND_TEXT)
        request_list_lose(ret, "all-but-fallback");
    if (message->kind == TREFOIL_KIND_TEXT && message->body.text.n_spans)
        request_list_lose(ret, "spans");
    if (message->in_reply_to)
        request_list_lose(ret, "reply");
    if (message->is_edit)
        request_list_lose(ret, "edit");
}

int echo_encode(const struct trefoil_message *message, const struct place *place, struct arena *mem,
                struct request_list *ret)
{
    struct text_limit limit = { TEXT_BYTES, ECHO_TEXT_MAX_BYTES };
    const char *words = words_of(message, place, mem);
    struct bytes rest = bytes_of_text(words);
    int r = 0;

    if (mem->failed)
        return -ENOMEM;
    note_losses(message, ret);
    for (struct bytes part = text_take_part(&rest, limit); r == 0 && part.size; part = text_take_part(&rest, limit)) {
        bool is_last = rest.size == 0;
        r = put_part(part, is_last && place->mark ? place->mark : "-", place, mem, ret);
    }
    return r;
}
