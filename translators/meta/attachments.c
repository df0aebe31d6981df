/* Sorts attachments by a table of their types. Never keeps a file's bytes; they stay where the network has them. */
#include "attachments.h"

#include <string.h>

#include "base/attributes.h"
#include "formats/text.h"

enum sort { SORT_FILE, SORT_LINK, SORT_TEMPLATE, SORT_PLACE, SORT_BOOKING, SORT_WITHHELD, SORT_HEART };

struct type {
    const char *name;
    enum sort sort;
    enum trefoil_media_kind media;
    const char *source; /* for the referral */
};

static const struct type types[] = {
    { "image", SORT_FILE, TREFOIL_MEDIA_IMAGE },
    { "video", SORT_FILE, TREFOIL_MEDIA_VIDEO },
    { "audio", SORT_FILE, TREFOIL_MEDIA_AUDIO },
    { "file", SORT_FILE, TREFOIL_MEDIA_FILE },
    { "media", SORT_FILE, TREFOIL_MEDIA_FILE },
    { "sticker", SORT_FILE, TREFOIL_MEDIA_STICKER },
    { "story_mention", SORT_FILE, TREFOIL_MEDIA_IMAGE, "story mention" },
    { "fallback", SORT_LINK, TREFOIL_MEDIA_NONE, "share" },
    { "share", SORT_LINK, TREFOIL_MEDIA_NONE, "share" },
    { "post", SORT_LINK, TREFOIL_MEDIA_NONE, "post" },
    { "ig_post", SORT_LINK, TREFOIL_MEDIA_NONE, "post" },
    { "reel", SORT_LINK, TREFOIL_MEDIA_NONE, "reel" },
    { "ig_reel", SORT_LINK, TREFOIL_MEDIA_NONE, "reel" },
    { "story", SORT_LINK, TREFOIL_MEDIA_NONE, "story" },
    { "ig_story", SORT_LINK, TREFOIL_MEDIA_NONE, "story" },
    { "template", SORT_TEMPLATE, TREFOIL_MEDIA_NONE, "product" },
    { "location", SORT_PLACE },
    { "appointment_booking", SORT_BOOKING },
    { "ephemeral", SORT_WITHHELD },
    { "like_heart", SORT_HEART },
};

/* One read at work. */
struct sorting {
    struct arena *mem;
    struct json_value list;
    const char *text;
    struct trefoil_media *media;
    struct attachments *ret;
    size_t n_known;
};

static const struct type *type_of(struct json_value attachment)
{
    for (size_t i = 0; i < ARRAY_SIZE(types); i++)
        if (json_is_text(json_get(attachment, "type"), types[i].name))
            return &types[i];
    return NULL;
}

/* Old payloads put title and address on the attachment itself. */
static const char *member(struct json_value attachment, const char *key, struct arena *mem)
{
    return text_first_of(json_text(json_get(json_get(attachment, "payload"), key), mem),
                         json_text(json_get(attachment, key), mem));
}

static void say(struct sorting *sorting, const char *line)
{
    const char *words = sorting->ret->words;

    if (line && *line)
        sorting->ret->words = words ? arena_format(sorting->mem, "%s\n%s", words, line) : line;
}

static struct json_value sticker_id(struct json_value attachment)
{
    return json_get(json_get(attachment, "payload"), "sticker_id");
}

/* Until August 2026 a sticker came twice, as an image too. */
static bool is_sticker_twin(struct sorting *sorting, struct json_value image)
{
    struct bytes id = json_raw(sticker_id(image));

    json_for_each (other, sorting->list)
        if (id.size > 0 && json_is_text(json_get(other, "type"), "sticker") &&
            bytes_equal(json_raw(sticker_id(other)), id))
            return true;
    return false;
}

/* The part of an address between its last slash and its query. */
static struct bytes last_segment(const char *url)
{
    struct bytes path = { (const uint8_t *) url, strcspn(url, "?#") };
    size_t start = path.size;

    while (start > 0 && url[start - 1] != '/')
        start--;
    return bytes_slice(path, start, SIZE_MAX);
}

static int hex_digit(char c)
{
    return c >= '0' && c <= '9'   ? c - '0'
           : c >= 'a' && c <= 'f' ? c - 'a' + 10
           : c >= 'A' && c <= 'F' ? c - 'A' + 10
                                  : -1;
}

/* The name in an address as a reader would write it: "plan b.pdf" of "plan%20b.pdf". As it is where that is no text. */
static const char *file_name(struct bytes segment, struct arena *mem)
{
    char *name = arena_text(mem, segment), *to = name;

    for (const char *from = name; from && *from; from++) {
        int high = from[0] == '%' ? hex_digit(from[1]) : -1, low = high >= 0 ? hex_digit(from[2]) : -1;

        *to++ = low > 0 || (low == 0 && high > 0) ? (char) (16 * high + low) : *from;
        from += low > 0 || (low == 0 && high > 0) ? 2 : 0;
    }
    if (to)
        *to = '\0';
    return name && bytes_is_utf8(bytes_of_text(name)) ? name : arena_text(mem, segment);
}

static bool ends_with(struct bytes text, const char *end)
{
    size_t size = strlen(end);

    return text.size > size && bytes_equal_text(bytes_slice(text, text.size - size, size), end);
}

static void add_file(struct sorting *sorting, const struct type *type, struct json_value attachment)
{
    const char *url = member(attachment, "url", sorting->mem);
    const char *id = json_id(sticker_id(attachment), sorting->mem);
    struct trefoil_media media = { .kind = type->media, .network_url = url, .network_id = id };
    struct bytes segment = last_segment(url ? url : "");

    if (media.kind == TREFOIL_MEDIA_IMAGE && is_sticker_twin(sorting, attachment))
        return;
    if (media.kind == TREFOIL_MEDIA_IMAGE && id)
        media.kind = TREFOIL_MEDIA_STICKER;
    else if (media.kind == TREFOIL_MEDIA_IMAGE && ends_with(segment, ".gif"))
        media.kind = TREFOIL_MEDIA_ANIMATED;
    if (media.kind == TREFOIL_MEDIA_FILE && segment.size > 0 && segment.size <= ATTACHMENT_NAME_MAX_BYTES &&
        memchr(segment.data, '.', segment.size))
        media.name = file_name(segment, sorting->mem);
    if (type->source && !sorting->ret->referral.source)
        sorting->ret->referral = (struct trefoil_referral){ .source = type->source, .url = url };
    sorting->media[sorting->ret->n_media++] = media;
}

static const char *id_of(struct json_value payload, struct arena *mem)
{
    static const char *const names[] = { "id", "ig_post_media_id", "reel_video_id" };
    const char *id = NULL;

    for (size_t i = 0; !id && i < ARRAY_SIZE(names); i++)
        id = json_id(json_get(payload, names[i]), mem);
    return id;
}

static void add_link(struct sorting *sorting, const struct type *type, struct json_value attachment)
{
    const char *title = member(attachment, "title", sorting->mem), *url = member(attachment, "url", sorting->mem);
    bool is_said = sorting->text && url && strstr(sorting->text, url);

    if (!sorting->ret->referral.source)
        sorting->ret->referral = (struct trefoil_referral){
            .source = type->source,
            .source_id = id_of(json_get(attachment, "payload"), sorting->mem),
            .url = url,
            .headline = title,
        };
    if (is_said)
        return;
    say(sorting, title);
    say(sorting, url);
    if (!title && !url)
        say(sorting, arena_format(sorting->mem, "[%s]", type->source));
}

static void add_element(struct sorting *sorting, struct json_value element)
{
    struct arena *mem = sorting->mem;
    const char *title = json_text(json_get(element, "title"), mem);
    const char *subtitle = json_text(json_get(element, "subtitle"), mem);
    const char *line = text_first_of(title, "product");

    say(sorting, text_first_of(subtitle, NULL) ? arena_format(mem, "🛍 %s – %s", line, subtitle)
                                               : arena_format(mem, "🛍 %s", line));
    if (!sorting->ret->referral.source)
        sorting->ret->referral = (struct trefoil_referral){
            .source = "product",
            .source_id = json_id(json_get(element, "id"), mem),
            .url = json_text(json_get(json_get(element, "default_action"), "url"), mem),
            .headline = title,
            .body = subtitle,
        };
}

/* A question with buttons, as Instagram's echoes show it: the one element of a generic template. */
static bool add_question(struct sorting *sorting, struct json_value elements)
{
    struct json_value element = json_first(elements);
    const char *title = json_text(json_get(element, "title"), sorting->mem);
    size_t n = 0;

    json_for_each (each, elements)
        n++;
    if (n != 1 || !title || !json_exists(json_get(element, "buttons")) || json_exists(sorting->ret->template_))
        return false;
    say(sorting, title);
    say(sorting, json_text(json_get(element, "subtitle"), sorting->mem));
    sorting->ret->template_ = element;
    return true;
}

static void add_template(struct sorting *sorting, struct json_value attachment)
{
    struct json_value payload = json_get(attachment, "payload");
    struct json_value elements = json_get(json_get(payload, "product"), "elements");
    struct json_value generic = json_get(json_get(payload, "generic"), "elements");
    size_t n = 0;

    if (json_exists(generic) && add_question(sorting, generic))
        return;
    if (!json_exists(elements))
        elements = generic;
    if (!json_exists(elements))
        elements = json_get(payload, "elements");
    json_for_each (element, elements)
        if (n++ < ATTACHMENTS_MAX)
            add_element(sorting, element);
    say(sorting, json_text(json_get(payload, "text"), sorting->mem));
    if (json_exists(json_get(payload, "buttons")) && !json_exists(sorting->ret->template_))
        sorting->ret->template_ = payload;
    else if (n == 0 && !json_exists(json_get(payload, "text")))
        say(sorting, "[template]");
}

static void add_one(struct sorting *sorting, const struct type *type, struct json_value attachment)
{
    struct attachments *ret = sorting->ret;

    switch (type->sort) {
    case SORT_FILE:
        add_file(sorting, type, attachment);
        break;
    case SORT_LINK:
        add_link(sorting, type, attachment);
        break;
    case SORT_TEMPLATE:
        add_template(sorting, attachment);
        break;
    case SORT_PLACE:
        ret->place = json_get(attachment, "payload");
        ret->place_name = member(attachment, "title", sorting->mem);
        break;
    case SORT_BOOKING:
        ret->booking = json_get(attachment, "payload");
        break;
    case SORT_WITHHELD:
        ret->is_withheld = true;
        say(sorting, "[view-once media]");
        break;
    case SORT_HEART:
        say(sorting, "❤️");
        break;
    }
}

void attachments_read(struct json_value list, const char *text, struct arena *mem, struct attachments *ret)
{
    struct sorting sorting = { .mem = mem, .list = list, .text = text, .ret = ret };
    size_t n = 0;

    *ret = (struct attachments){ 0 };
    if (!json_exists(json_first(list)))
        return;
    ret->kind = json_text(json_get(json_first(list), "type"), mem);
    sorting.media = arena_array(mem, ATTACHMENTS_MAX, sizeof *sorting.media);
    if (!sorting.media)
        return;
    json_for_each (attachment, list) {
        const struct type *type = type_of(attachment);
        const char *name = type ? NULL : json_text(json_get(attachment, "type"), mem);

        if (n++ == ATTACHMENTS_MAX) {
            say(&sorting, "…");
            break;
        }
        sorting.n_known += type != NULL;
        if (type)
            add_one(&sorting, type, attachment);
        else
            say(&sorting, text_fallback(mem, name ? name : "attachment", member(attachment, "title", mem)));
    }
    ret->media = sorting.media;
    ret->is_unknown = n > 0 && sorting.n_known == 0;
}
