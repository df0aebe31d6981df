/* Kinds are taken as coarsely as networks tell them. */
#include "skeleton_types/echo_words.h"

#include "base/bytes.h"

#define FILES "\x01 files:"

static const char *name_of(enum trefoil_media_kind kind)
{
    switch (kind) {
    case TREFOIL_MEDIA_IMAGE:
    case TREFOIL_MEDIA_STICKER:
    case TREFOIL_MEDIA_ANIMATED:
        return " image";
    case TREFOIL_MEDIA_VIDEO:
        return " video";
    case TREFOIL_MEDIA_AUDIO:
    case TREFOIL_MEDIA_VOICE:
        return " audio";
    default:
        return " file";
    }
}

const char *echo_words_of_files(const enum trefoil_media_kind *kinds, size_t n, struct arena *mem)
{
    const char *words = FILES;

    for (size_t i = 0; i < n && words; i++)
        words = arena_format(mem, "%s%s", words, name_of(kinds[i]));
    return words;
}

static const char *of_files(const struct trefoil_media_list *list, struct arena *mem)
{
    enum trefoil_media_kind *kinds = arena_array(mem, list->n_media, sizeof(*kinds));

    if (!kinds || !list->n_media || (list->caption && *list->caption))
        return NULL;
    for (size_t i = 0; i < list->n_media; i++)
        kinds[i] = list->media[i].kind;
    return echo_words_of_files(kinds, list->n_media, mem);
}

const char *echo_words(const struct trefoil_message *message, struct arena *mem)
{
    switch (message->kind) {
    case TREFOIL_KIND_TEXT:
        return message->body.text.body;
    case TREFOIL_KIND_CHOICES:
        return message->body.choices.body;
    case TREFOIL_KIND_MEDIA:
        return of_files(&message->body.media, mem);
    default:
        return NULL;
    }
}
