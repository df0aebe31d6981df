/* A message becomes requests to the echo network. Never drops what it cannot express without saying so.
 *
 *   POST /v1/ACCOUNT/messages         USER MARK, a line break, words
 *
 * A file is a link to where it can be fetched for a while; where this process has no such place, it is its words.
 */
#include "echo.h"

#include <errno.h>

#include "formats/text.h"
#include "meta/files.h"
#include "meta/outgoing.h"
#include "meta/plain.h"

/* One request's worth: words, and the file whose link stands behind them. */
struct part {
    struct bytes words;
    const struct trefoil_media *file; /* NULL: words are all */
    size_t index;                     /* of the file in its message */
};

struct parts {
    struct part *items;
    size_t n, room;
};

static int add_part(struct parts *parts, struct part part)
{
    if (parts->n == parts->room)
        return -E2BIG;
    parts->items[parts->n++] = part;
    return 0;
}

/* As many as the words need. */
static int add_words(struct parts *parts, struct outgoing *outgoing, const struct place *place,
                     struct request_list *ret)
{
    struct outgoing_part piece;
    int r = 0;

    for (size_t n = 0; r == 0 && outgoing_take(outgoing, place, n, ret, &piece) > 0; n++)
        r = add_part(parts, (struct part){ .words = piece.text });
    return r;
}

static bool has_link(const struct trefoil_media *file, const struct place *place)
{
    return place->has_public_url && file->blob;
}

/* "[image] harbour.jpg ", and the link is put behind it when it is sent. */
static int add_file(struct parts *parts, const struct trefoil_message *message, size_t index, const struct place *place,
                    struct arena *mem, struct request_list *ret)
{
    const struct trefoil_media *file = &message->body.media.media[index];
    bool is_linked = has_link(file, place);
    const char *words = arena_format(mem, "[%s]%s%s%s", plain_media_word(file->kind), file->name ? " " : "",
                                     file->name ? file->name : "", is_linked ? " " : "");

    if (parts->n == 0)
        words = outgoing_words(message, place, mem, words);
    request_list_lose(ret, is_linked ? "file→link" : files_lost_word(file->kind));
    return add_part(parts, (struct part){ bytes_of_text(words), is_linked ? file : NULL, index });
}

static int add_media(struct parts *parts, const struct trefoil_message *message, const struct place *place,
                     struct arena *mem, struct request_list *ret)
{
    const struct trefoil_media_list *list = &message->body.media;
    struct outgoing caption = { .limit = { TEXT_BYTES, echo_capabilities[FEATURE_TEXT].max_text } };
    int r;

    caption.text = bytes_of_text(outgoing_words(message, place, mem, list->caption));
    (void) outgoing_quote(message, place, ret);
    r = add_words(parts, &caption, place, ret);
    for (size_t i = 0; r == 0 && i < list->n_media; i++)
        r = add_file(parts, message, i, place, mem, ret);
    return r;
}

static int add_message(struct parts *parts, const struct trefoil_message *message, const struct place *place,
                       struct arena *mem, struct request_list *ret)
{
    struct outgoing outgoing = { .limit = { TEXT_BYTES, echo_capabilities[FEATURE_TEXT].max_text } };
    int r;

    if (message->kind == TREFOIL_KIND_MEDIA && message->body.media.n_media > 0)
        return add_media(parts, message, place, mem, ret);
    r = outgoing_make(message, place, mem, ret, &outgoing);
    if (outgoing.quote) /* there is nothing to quote with */
        request_list_lose(ret, "reply");
    return r < 0 ? r : add_words(parts, &outgoing, place, ret);
}

static int put_part(const struct part *part, const char *mark, const struct place *place, struct arena *mem,
                    struct request_list *ret)
{
    struct slot *slot = part->file ? arena_alloc(mem, sizeof(*slot)) : NULL;
    const char *body =
        arena_format(mem, "%s %s\n%.*s", place->user_id, mark, (int) part->words.size, (const char *) part->words.data);
    const char *path = arena_format(mem, "/v1/%s/messages", place->account_id), *words = arena_text(mem, part->words);
    struct request *request = mem->failed ? NULL : request_list_add(ret, mem);

    if (!request)
        return -ENOMEM;
    *request = (struct request){
        .method = "POST",
        .path = path,
        .content_type = "text/plain; charset=utf-8",
        .body = bytes_of_text(body),
        .slots = slot,
        .n_slots = slot ? 1 : 0,
        .is_message = true,
        .words = words,
    };
    if (slot)
        *slot =
            (struct slot){ .at = request->body.size, .kind = SLOT_URL, .which = part->index, .mime = part->file->mime };
    return 0;
}

/* Nobody on this network sees who reads or types, and nothing is lost without. */
static bool is_silent(const struct trefoil_message *message)
{
    return message->kind == TREFOIL_KIND_RECEIPT || message->kind == TREFOIL_KIND_TYPING ||
           message->kind == TREFOIL_KIND_PRESENCE || message->kind == TREFOIL_KIND_ACCOUNT ||
           (message->kind == TREFOIL_KIND_REACTION && message->body.reaction.removed);
}

int echo_encode(const struct trefoil_message *message, const struct place *place, struct arena *mem,
                struct request_list *ret)
{
    struct parts parts = { .room = OUTGOING_PARTS_MAX + ECHO_FILES_MAX };
    int r;

    if (is_silent(message))
        return 0;
    parts.items = arena_array(mem, parts.room, sizeof(*parts.items));
    if (!parts.items)
        return -ENOMEM;
    if (message->forwarded)
        request_list_lose(ret, "forwarded");
    r = add_message(&parts, message, place, mem, ret);
    for (size_t i = 0; r == 0 && i < parts.n; i++)
        r = put_part(&parts.items[i], i + 1 == parts.n && place->mark ? place->mark : "-", place, mem, ret);
    return mem->failed ? -ENOMEM : r;
}
