/* What WhatsApp can express, from its documentation, and the points that documentation leaves open.
 * Never looks at a message.
 */
#include <string.h>

#include "base/attributes.h"
#include "whatsapp_map.h"

#define KB 1024u
#define MB (1024u * KB)

/* Shorter ids that are neither numbers nor business-scoped are people on some future form of it. */
#define GROUP_ID_MIN_BYTES 24

static const char *const images[] = { "image/jpeg", "image/png", NULL };
static const char *const videos[] = { "video/mp4", "video/3gpp", NULL };
static const char *const audios[] = { "audio/aac", "audio/amr", "audio/mpeg", "audio/mp4", "audio/ogg", NULL };
static const char *const voices[] = { "audio/ogg", NULL };
static const char *const stickers[] = { "image/webp", NULL };
static const char *const documents[] = {
    "text/plain",
    "application/pdf",
    "application/msword",
    "application/vnd.ms-excel",
    "application/vnd.ms-powerpoint",
    "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
    "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    "application/vnd.openxmlformats-officedocument.presentationml.presentation",
    NULL,
};

const struct capability whatsapp_capabilities[N_FEATURES] = {
    [FEATURE_TEXT] = { SUPPORT_FULL, .max_text = 4096 },
    [FEATURE_FORMATTING] = { SUPPORT_PARTIAL, .becomes = "marks in the text" },
    [FEATURE_REPLY] = { SUPPORT_FULL },
    [FEATURE_REACTION] = { SUPPORT_FULL },
    [FEATURE_UNREACTION] = { SUPPORT_FULL },
    [FEATURE_EDIT] = { SUPPORT_FALLBACK, .becomes = "✎ and the new text" },
    [FEATURE_RETRACT] = { SUPPORT_FALLBACK, .becomes = "a note" },
    [FEATURE_READ] = { SUPPORT_PARTIAL, .becomes = "the message and all before it read" },
    [FEATURE_TYPING] = { SUPPORT_PARTIAL, .becomes = "typing on, as the answer to a message" },
    [FEATURE_IMAGE] = { SUPPORT_FULL, .max_bytes = 5 * MB, .mimes = images },
    [FEATURE_VIDEO] = { SUPPORT_FULL, .max_bytes = 16 * MB, .mimes = videos },
    [FEATURE_AUDIO] = { SUPPORT_FULL, .max_bytes = 16 * MB, .mimes = audios },
    [FEATURE_VOICE] = { SUPPORT_FULL, .unconverted = SUPPORT_PARTIAL, .unconverted_becomes = "audio where it is no Ogg",
                        .max_bytes = 16 * MB, .mimes = voices },
    [FEATURE_FILE] = { SUPPORT_FULL, .max_bytes = 100 * MB },
    [FEATURE_FILE_NAME] = { SUPPORT_FULL },
    [FEATURE_STICKER] = { SUPPORT_FULL, .unconverted = SUPPORT_PARTIAL,
                          .unconverted_becomes = "an image where it is no WebP", .max_bytes = 100 * KB,
                          .mimes = stickers },
    [FEATURE_ANIMATED] = { SUPPORT_PARTIAL, .becomes = "video", .unconverted_becomes = "a file", .max_bytes = 16 * MB,
                           .mimes = videos },
    [FEATURE_CAPTION] = { SUPPORT_FULL, .max_text = 1024 },
    [FEATURE_ALBUM] = { SUPPORT_PARTIAL, .becomes = "one message each", .max_count = 1 },
    [FEATURE_LOCATION] = { SUPPORT_PARTIAL, .becomes = "a place without its link" },
    [FEATURE_CONTACTS] = { SUPPORT_PARTIAL, .becomes = "cards without their vCard", .max_count = 257 },
    [FEATURE_BUTTONS] = { SUPPORT_FULL, .max_text = 1024, .max_count = 3, .max_title = 20, .max_id = 256,
                          .max_header = 60, .max_footer = 60 },
    [FEATURE_LIST] = { SUPPORT_FULL, .max_text = 4096, .max_count = 10, .max_sections = 10, .max_title = 24,
                       .max_description = 72, .max_id = 200, .max_label = 20, .max_header = 60, .max_footer = 60 },
    [FEATURE_QUICK_REPLIES] = { SUPPORT_PARTIAL, .becomes = "buttons, or a list", .max_text = 1024, .max_count = 10,
                                .max_title = 20, .max_id = 200 },
    [FEATURE_LINK] = { SUPPORT_FULL, .max_text = 1024, .max_count = 1, .max_title = 20, .max_header = 60,
                       .max_footer = 60 },
    [FEATURE_CHOICE] = { SUPPORT_FALLBACK, .becomes = "its title as text" },
    [FEATURE_TEMPLATE] = { SUPPORT_FULL },
    [FEATURE_ORDER] = { SUPPORT_FALLBACK, .becomes = "text" },
    [FEATURE_FORWARDED] = { SUPPORT_DROPPED, .becomes = "the message without the note" },
    [FEATURE_UNSUPPORTED] = { SUPPORT_FALLBACK, .becomes = "a line of text" },
};

static const char *const attachments[] = { "upload", "url", NULL };
static const char *const text_unit[] = { "code_points", "bytes", NULL };
static const char *const document_types[] = { "any", "listed", NULL };
static const char *const reaction_removal[] = { "empty", "dropped", NULL };

const struct translator_option whatsapp_options[] = {
    [WHATSAPP_ATTACHMENTS] = { "attachments", attachments,
                               "files are uploaded, or fetched by the network from our URL" },
    [WHATSAPP_TEXT_UNIT] = { "text_unit", text_unit, "what the limits of texts count" },
    [WHATSAPP_DOCUMENT_TYPES] = { "document_types", document_types,
                                  "documents of any type, or of the documented types alone" },
    [WHATSAPP_REACTION_REMOVAL] = { "reaction_removal", reaction_removal,
                                    "a reaction is taken back by an empty one, or not at all" },
    { 0 },
};

/* What groups do not have: they take text, files and templates. */
static const enum feature not_in_groups[] = {
    FEATURE_LOCATION, FEATURE_CONTACTS, FEATURE_BUTTONS, FEATURE_LIST,     FEATURE_QUICK_REPLIES,
    FEATURE_LINK,     FEATURE_READ,     FEATURE_TYPING,  FEATURE_REACTION, FEATURE_UNREACTION,
};

void whatsapp_cells(const struct place *place, struct capability *ret)
{
    memcpy(ret, whatsapp_capabilities, N_FEATURES * sizeof *ret);
    for (size_t i = 0; i < N_FEATURES && place_option(place, WHATSAPP_TEXT_UNIT) == WHATSAPP_UNIT_BYTES; i++)
        ret[i].unit = CAPABILITY_BYTES;
    if (place_option(place, WHATSAPP_DOCUMENT_TYPES) == WHATSAPP_DOCUMENTS_LISTED)
        ret[FEATURE_FILE].mimes = documents;
    if (place_option(place, WHATSAPP_REACTION_REMOVAL) == WHATSAPP_REMOVAL_DROPPED)
        ret[FEATURE_UNREACTION].support = SUPPORT_DROPPED;
    for (size_t i = 0; i < ARRAY_SIZE(not_in_groups) && whatsapp_is_group(place->user_id); i++)
        ret[not_in_groups[i]].support = SUPPORT_FALLBACK;
}

bool whatsapp_is_group(const char *user_id)
{
    size_t size = strlen(user_id);
    bool is_number = strspn(user_id, "0123456789") == size;
    bool is_scoped = size > 3 && user_id[2] == '.' && strspn(user_id, "ABCDEFGHIJKLMNOPQRSTUVWXYZ") == 2;

    return !is_number && !is_scoped && size >= GROUP_ID_MIN_BYTES;
}
