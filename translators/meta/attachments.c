/* Words for attachments, from a table. Never trusts a payload to have any member. */
#include "attachments.h"

#include <string.h>

#include "base/attributes.h"
#include "formats/text.h"

struct wording {
    const char *type, *word;
    bool shows_address; /* a lasting public address, not a file's short-lived one */
};

static const struct wording wordings[] = {
    { "fallback", "link", true },
    { "template", "product", false },
    { "reel", "reel", true },
    { "ig_reel", "reel", false },
    { "post", "post", true },
    { "ig_post", "post", false },
    { "share", "shared post", false },
    { "appointment_booking", "appointment", false },
    { "story_mention", "story mention", false },
    { "ig_story", "story", false },
    { "ephemeral", "view-once media", false },
    { "like_heart", "heart", false },
};

static const struct wording *wording_of(struct json_value attachment)
{
    for (size_t i = 0; i < ARRAY_SIZE(wordings); i++)
        if (json_is_text(json_get(attachment, "type"), wordings[i].type))
            return &wordings[i];
    return NULL;
}

/* Old payloads put title and address on the attachment itself. */
static const char *member(struct json_value attachment, const char *key, struct arena *mem)
{
    const char *text = json_text(json_get(json_get(attachment, "payload"), key), mem);

    return text ? text : json_text(json_get(attachment, key), mem);
}

static const char *coordinates(struct json_value attachment, struct arena *mem)
{
    struct json_value place = json_get(json_get(attachment, "payload"), "coordinates");
    struct bytes lat = json_raw(json_get(place, "lat")), lon = json_raw(json_get(place, "long"));

    if (lat.size == 0 || lon.size == 0)
        return NULL;
    return arena_format(mem, "%.*s, %.*s", (int) lat.size, (const char *) lat.data, (int) lon.size,
                        (const char *) lon.data);
}

static const char *product(struct json_value attachment, struct arena *mem)
{
    struct json_value payload = json_get(attachment, "payload");
    struct json_value products = json_get(json_get(payload, "product"), "elements");
    struct json_value generic = json_get(json_get(payload, "generic"), "elements");

    return json_text(json_get(json_first(json_exists(products) ? products : generic), "title"), mem);
}

static const char *fallback_of(struct json_value attachment, struct arena *mem)
{
    const struct wording *wording = wording_of(attachment);
    const char *type = json_text(json_get(attachment, "type"), mem);
    const char *title = member(attachment, "title", mem);
    const char *url = wording && wording->shows_address ? member(attachment, "url", mem) : NULL;
    const char *place = coordinates(attachment, mem);

    if (title && url)
        title = arena_format(mem, "%s %s", title, url);
    else if (title && place)
        title = arena_format(mem, "%s (%s)", title, place);
    else if (!title)
        title = url ? url : place ? place : product(attachment, mem);
    return text_fallback(mem, wording ? wording->word : type ? type : "attachment", title);
}

const char *attachments_fallback(struct json_value attachments, const char *text, struct arena *mem)
{
    const char *line = text && *text ? text : NULL;
    size_t n = 0;

    json_for_each (attachment, attachments) {
        const char *next = n < ATTACHMENTS_SHOWN_MAX ? fallback_of(attachment, mem) : "…";

        line = line && next ? arena_format(mem, "%s %s", line, next) : next;
        if (n++ == ATTACHMENTS_SHOWN_MAX)
            break;
    }
    return line ? line : "[message]";
}

bool attachments_are_links(struct json_value attachments)
{
    json_for_each (attachment, attachments)
        if (!json_is_text(json_get(attachment, "type"), "fallback"))
            return false;
    return true;
}

const char *attachments_kind(struct json_value attachments, struct arena *mem)
{
    const char *kind = json_text(json_get(json_first(attachments), "type"), mem);

    return kind ? kind : "message";
}
