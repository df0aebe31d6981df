/* Lines for everything that is not text: what a reader on another network gets to see.
 * Never shows an address of a file, which dies within minutes.
 */
#include "whatsapp_map.h"

#include <string.h>

#include "formats/text.h"

static const char *join(struct arena *mem, const char *a, const char *glue, const char *b)
{
    if (a && *a && b && *b)
        return arena_format(mem, "%s%s%s", a, glue, b);
    return text_first_of(a, b);
}

static const char *member(struct json_value object, const char *key, struct arena *mem)
{
    return json_text(json_get(object, key), mem);
}

static const char *caption(struct json_value media, struct arena *mem)
{
    return member(media, "caption", mem);
}

static const char *document(struct json_value media, struct arena *mem)
{
    return join(mem, member(media, "filename", mem), ": ", caption(media, mem));
}

static const char *degrees(struct json_value value, struct arena *mem)
{
    return json_type(value) == JSON_STRING ? json_text(value, mem) : arena_text(mem, json_raw(value));
}

static const char *location(struct json_value place, struct arena *mem)
{
    const char *words = join(mem, member(place, "name", mem), ", ", member(place, "address", mem));

    if (words)
        return words;
    return join(mem, degrees(json_get(place, "latitude"), mem), ", ", degrees(json_get(place, "longitude"), mem));
}

static const char *contacts(struct json_value cards, struct arena *mem)
{
    const char *names = NULL;
    size_t n = 0;

    json_for_each (card, cards) {
        if (n++ == 8)
            return join(mem, names, ", ", "…");
        names = join(mem, names, ", ", member(json_get(card, "name"), "formatted_name", mem));
    }
    return names;
}

/* What was tapped, or filled in, or allowed: the reply's own words are in a member named by its type. */
static const char *interactive(struct json_value body, struct arena *mem)
{
    const char *type = member(body, "type", mem);
    struct json_value reply = type ? json_get(body, type) : JSON_NOTHING;
    const char *words = text_first_of(member(reply, "title", mem), member(reply, "body", mem));

    return text_first_of(words, member(reply, "response", mem));
}

static const char *button(struct json_value body, struct arena *mem)
{
    return member(body, "text", mem);
}

static const char *order(struct json_value body, struct arena *mem)
{
    size_t n = 0;

    json_for_each (item, json_get(body, "product_items"))
        n++;
    return join(mem, arena_format(mem, "%zu %s", n, n == 1 ? "item" : "items"), ": ", member(body, "text", mem));
}

static const char *system_words(struct json_value body, struct arena *mem)
{
    return member(body, "body", mem);
}

/* What the network will not show us, as a reader would call it. */
static const char *unsupported(struct json_value body, struct arena *mem)
{
    static const char *const words[][2] = {
        { "gif", "animation" },
        { "group_invite", "group invitation" },
        { "hsm", "template" },
        { "keep_in_chat", "message kept" },
        { "link_preview", "link" },
        { "media_placeholder", "file" },
        { "poll_creation", "poll" },
        { "poll_update", "vote in a poll" },
        { "pin", "pinned message" },
        { "edit", "edited message" },
        { "errors", "unreadable message" },
    };
    const char *type = member(body, "type", mem);

    for (size_t i = 0; type && i < ARRAY_SIZE(words); i++)
        if (strcmp(type, words[i][0]) == 0)
            return words[i][1];
    return type;
}

struct wording {
    const char *type, *word;
    const char *(*detail)(struct json_value body, struct arena *mem);
};

static const struct wording wordings[] = {
    { "image", "image", caption },
    { "video", "video", caption },
    { "audio", "audio", NULL },
    { "document", "file", document },
    { "sticker", "sticker", NULL },
    { "location", "location", location },
    { "contacts", "contact", contacts },
    { "interactive", "choice", interactive },
    { "button", "choice", button },
    { "order", "order", order },
    { "system", "system", system_words },
    { "unsupported", "unsupported", unsupported },
    { "unknown", "unsupported", unsupported },
    { "media_placeholder", "media", NULL },
};

const char *whatsapp_fallback(struct json_value content, const char *type, struct arena *mem)
{
    struct json_value body = json_get(content, type);

    if (strcmp(type, "audio") == 0 && json_is_true(json_get(body, "voice")))
        return text_fallback(mem, "voice message", NULL);
    for (size_t i = 0; i < ARRAY_SIZE(wordings); i++)
        if (strcmp(type, wordings[i].type) == 0)
            return text_fallback(mem, wordings[i].word, wordings[i].detail ? wordings[i].detail(body, mem) : NULL);
    return text_fallback(mem, type, NULL);
}
