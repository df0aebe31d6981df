/* Chooses the shape of files from tables. Never opens it, never believes more about it than it says. */
#include "files.h"

#include <string.h>

#include "base/attributes.h"
#include "formats/filename.h"
#include "formats/text.h"
#include "outgoing.h"
#include "plain.h"
#include "relation.h"

#define MIME_MAX_BYTES 127

enum { ROUTE_MAX = 4 };

/* The kinds a kind of file can go as, the best first. */
struct route {
    enum feature kinds[ROUTE_MAX];
    size_t n_kinds;
};

static const struct route *route_of(enum feature feature, enum files_how how)
{
    static const struct route as_video = { { FEATURE_VIDEO, FEATURE_ANIMATED, FEATURE_IMAGE, FEATURE_FILE }, 4 };
    static const struct route routes[N_FEATURES] = {
        [FEATURE_IMAGE] = { { FEATURE_IMAGE, FEATURE_FILE }, 2 },
        [FEATURE_VIDEO] = { { FEATURE_VIDEO, FEATURE_FILE }, 2 },
        [FEATURE_AUDIO] = { { FEATURE_AUDIO, FEATURE_FILE }, 2 },
        [FEATURE_VOICE] = { { FEATURE_VOICE, FEATURE_AUDIO, FEATURE_FILE }, 3 },
        [FEATURE_FILE] = { { FEATURE_FILE }, 1 },
        [FEATURE_STICKER] = { { FEATURE_STICKER, FEATURE_IMAGE, FEATURE_FILE }, 3 },
        [FEATURE_ANIMATED] = { { FEATURE_ANIMATED, FEATURE_VIDEO, FEATURE_IMAGE, FEATURE_FILE }, 4 },
    };

    return feature == FEATURE_ANIMATED && how == FILES_AS_VIDEO ? &as_video : &routes[feature];
}

/* What a conversion makes, and of what. */
static const struct making {
    enum conversion conversion;
    const char *mime, *from;
} makings[] = {
    { CONVERT_VOICE_OGG, "audio/ogg", "audio/" },     { CONVERT_AUDIO_M4A, "audio/mp4", "audio/" },
    { CONVERT_IMAGE_JPEG, "image/jpeg", "image/" },   { CONVERT_STICKER_WEBP, "image/webp", "image/" },
    { CONVERT_VIDEO_MP4, "video/mp4", "video/" },     { CONVERT_VIDEO_MP4, "video/mp4", "image/gif" },
    { CONVERT_VIDEO_MP4, "video/mp4", "image/webp" },
};

/* The conversions that may be tried for a kind: each makes that kind and no other. */
static bool makes(enum conversion conversion, enum feature feature)
{
    switch (feature) {
    case FEATURE_VOICE:
        return conversion == CONVERT_VOICE_OGG || conversion == CONVERT_AUDIO_M4A;
    case FEATURE_AUDIO:
        return conversion == CONVERT_AUDIO_M4A;
    case FEATURE_IMAGE:
        return conversion == CONVERT_IMAGE_JPEG;
    case FEATURE_STICKER:
        return conversion == CONVERT_STICKER_WEBP;
    case FEATURE_VIDEO:
    case FEATURE_ANIMATED:
        return conversion == CONVERT_VIDEO_MP4;
    default:
        return false;
    }
}

enum feature files_feature(enum trefoil_media_kind kind)
{
    static const enum feature features[] = {
        [TREFOIL_MEDIA_NONE] = FEATURE_FILE,       [TREFOIL_MEDIA_IMAGE] = FEATURE_IMAGE,
        [TREFOIL_MEDIA_VIDEO] = FEATURE_VIDEO,     [TREFOIL_MEDIA_AUDIO] = FEATURE_AUDIO,
        [TREFOIL_MEDIA_VOICE] = FEATURE_VOICE,     [TREFOIL_MEDIA_FILE] = FEATURE_FILE,
        [TREFOIL_MEDIA_STICKER] = FEATURE_STICKER, [TREFOIL_MEDIA_ANIMATED] = FEATURE_ANIMATED,
    };

    return (size_t) kind < ARRAY_SIZE(features) ? features[kind] : FEATURE_FILE;
}

const char *files_lost_word(enum trefoil_media_kind kind)
{
    static const char *const words[] = {
        [TREFOIL_MEDIA_NONE] = "file→text",       [TREFOIL_MEDIA_IMAGE] = "image→text",
        [TREFOIL_MEDIA_VIDEO] = "video→text",     [TREFOIL_MEDIA_AUDIO] = "audio→text",
        [TREFOIL_MEDIA_VOICE] = "voice→text",     [TREFOIL_MEDIA_FILE] = "file→text",
        [TREFOIL_MEDIA_STICKER] = "sticker→text", [TREFOIL_MEDIA_ANIMATED] = "animation→text",
    };

    return (size_t) kind < ARRAY_SIZE(words) ? words[kind] : words[TREFOIL_MEDIA_FILE];
}

/* What is said when a kind goes as another. */
static const char *change_word(enum feature from, enum feature to)
{
    static const struct {
        enum feature from, to;
        const char *word;
    } changes[] = {
        { FEATURE_VOICE, FEATURE_AUDIO, "voice→audio" },        { FEATURE_VOICE, FEATURE_FILE, "voice→file" },
        { FEATURE_AUDIO, FEATURE_FILE, "audio→file" },          { FEATURE_IMAGE, FEATURE_FILE, "image→file" },
        { FEATURE_VIDEO, FEATURE_FILE, "video→file" },          { FEATURE_STICKER, FEATURE_IMAGE, "sticker→image" },
        { FEATURE_STICKER, FEATURE_FILE, "sticker→file" },      { FEATURE_ANIMATED, FEATURE_VIDEO, "animation→video" },
        { FEATURE_ANIMATED, FEATURE_IMAGE, "animation→image" }, { FEATURE_ANIMATED, FEATURE_FILE, "animation→file" },
    };

    for (size_t i = 0; i < ARRAY_SIZE(changes); i++)
        if (changes[i].from == from && changes[i].to == to)
            return changes[i].word;
    return NULL;
}

/* "audio/ogg" of "Audio/OGG; codecs=opus"; NULL when nobody said, or what was said is no type. */
static const char *bare_mime(const char *mime, struct arena *mem)
{
    size_t size = mime ? strcspn(mime, "; \t") : 0;
    char *bare;

    if (size == 0 || size > MIME_MAX_BYTES)
        return NULL;
    bare = arena_text(mem, bytes_make(mime, size));
    for (char *c = bare; c && *c; c++)
        if (*c >= 'A' && *c <= 'Z')
            *c = (char) (*c - 'A' + 'a');
    return bare;
}

static bool has_mime(const struct capability *cell, const char *mime)
{
    if (!cell->mimes)
        return true;
    for (const char *const *known = cell->mimes; mime && *known; known++)
        if (strcmp(*known, mime) == 0)
            return true;
    return false;
}

static bool has_shape(const struct capability *cell, enum feature feature)
{
    const struct route *route = route_of(feature, FILES_USUAL);

    if (cell->support < SUPPORT_PARTIAL)
        return false;
    for (size_t i = 1; cell->becomes && i < route->n_kinds; i++)
        if (strcmp(cell->becomes, feature_name(route->kinds[i])) == 0)
            return false;
    return true;
}

static bool is_from(const char *mime, const char *from)
{
    return !mime || strncmp(mime, from, strlen(from)) == 0;
}

/* The conversion that makes the kind take it, or NULL. */
static const struct making *making_for(const struct capability *cell, enum feature feature, const struct place *place,
                                       const char *mime)
{
    for (size_t i = 0; i < ARRAY_SIZE(makings); i++)
        if (makes(makings[i].conversion, feature) && (place->conversions >> makings[i].conversion & 1u) &&
            is_from(mime, makings[i].from) && has_mime(cell, makings[i].mime))
            return &makings[i];
    return NULL;
}

void files_plan(const struct capability *capabilities, const struct place *place, const struct trefoil_media *media,
                enum files_how how, struct arena *mem, struct request_list *list, struct file_plan *ret)
{
    const char *mime = bare_mime(media->mime, mem);
    bool moves =
        media->kind == TREFOIL_MEDIA_IMAGE && mime && strcmp(mime, "image/gif") == 0; /* whatever it was called */
    enum feature own = moves ? FEATURE_ANIMATED : files_feature(media->kind);
    const struct route *route = route_of(own, how);
    bool can_go = media->blob && how != FILES_AS_WORDS;
    bool too_large = false;

    *ret = (struct file_plan){ .as_words = true, .feature = own, .mime = mime };
    for (size_t i = 0; ret->as_words && can_go && i < route->n_kinds; i++) {
        enum feature feature = route->kinds[i];
        const struct capability *cell = &capabilities[feature];
        const struct making *making = has_mime(cell, mime) ? NULL : making_for(cell, feature, place, mime);

        if (!has_shape(cell, feature) || (!has_mime(cell, mime) && !making))
            continue;
        if (cell->max_bytes > 0 && media->size_bytes > cell->max_bytes) {
            too_large = true;
            continue;
        }
        *ret = (struct file_plan){ .feature = feature, .mime = making ? making->mime : mime };
        ret->conversion = making ? making->conversion : CONVERT_NONE;
    }
    if (ret->as_words && too_large)
        request_list_lose(list, "file too large");
    if (ret->as_words)
        request_list_lose(list, files_lost_word(media->kind));
    else if (ret->feature != own)
        request_list_lose(list, change_word(own, ret->feature));
    if (!ret->as_words && ret->feature == FEATURE_FILE && media->name &&
        capabilities[FEATURE_FILE_NAME].support < SUPPORT_PARTIAL)
        request_list_lose(list, "file name");
}

const char *files_name(const struct trefoil_media *media, const struct file_plan *plan, struct arena *mem)
{
    const char *name = text_first_of(media->name, plain_media_word(media->kind));
    const char *dot = strrchr(name, '.');

    if (plan->conversion != CONVERT_NONE && dot)
        name = arena_text(mem, bytes_make(name, (size_t) (dot - name)));
    return name ? filename_safe(name, plan->mime, mem) : NULL;
}

void files_sort(const struct capability *capabilities, const struct place *place,
                const struct trefoil_media_list *media, enum files_how how, struct arena *mem,
                struct request_list *list, struct files *ret)
{
    struct trefoil_message unsent = { .kind = TREFOIL_KIND_MEDIA };
    struct trefoil_media *left = arena_array(mem, FILES_MAX, sizeof *left);
    size_t n_left = 0;

    *ret = (struct files){ 0 };
    for (size_t i = 0; left && i < media->n_media && i < FILES_MAX; i++) {
        struct file *file = &ret->files[ret->n];
        struct place own = *place;

        file->media = i;
        own.conversions = place_conversions(place, i);
        files_plan(capabilities, &own, &media->media[i], how, mem, list, &file->plan);
        if (file->plan.as_words)
            left[n_left++] = media->media[i];
        else
            ret->n++;
    }
    if (media->n_media > FILES_MAX)
        request_list_lose(list, "files>32");
    unsent.body.media = (struct trefoil_media_list){ .media = left, .n_media = n_left };
    if (n_left > 0)
        ret->unsent = plain_text(&unsent, mem);
}

const char *files_words(const struct trefoil_message *message, const struct place *place, const struct files *files,
                        struct arena *mem)
{
    const char *caption = text_first_of(message->body.media.caption, NULL), *words = files->unsent;

    if (caption && words)
        words = arena_format(mem, "%s %s", words, caption);
    else if (!words)
        words = caption;
    words = relation_noted(message, words, mem);
    if (!words && place->attribute)
        words = plain_text(message, mem);
    return outgoing_words(message, place, mem, words);
}

const char *files_mime(const struct file_plan *plan)
{
    return plan->mime ? plan->mime : "application/octet-stream";
}

void files_put_slot(struct json_writer *writer, const char *key, const struct file *file, bool by_url, struct slot *ret)
{
    json_put_text(writer, key, "");
    if (by_url)
        *ret = (struct slot){
            .kind = SLOT_URL,
            .which = file->media,
            .conversion = file->plan.conversion,
            .mime = files_mime(&file->plan),
        };
    else
        *ret = (struct slot){ .kind = SLOT_UPLOADED, .which = file->upload };
    ret->at = writer->size - 1; /* before the closing quote */
}
