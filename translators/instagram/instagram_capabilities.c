/* What Instagram can express, from its documentation. Never computes anything. */
#include "instagram_map.h"

#define MB (1024u * 1024u)

static const char *const images[] = { "image/jpeg", "image/png", "image/gif", NULL };
static const char *const animations[] = { "image/gif", NULL };
static const char *const videos[] = {
    "video/mp4", "video/quicktime", "video/x-msvideo", "video/webm", "video/ogg", NULL
};
static const char *const audios[] = { "audio/mp4", "audio/m4a",   "audio/x-m4a", "audio/aac",
                                      "audio/wav", "audio/x-wav", NULL };
static const char *const files[] = { "application/pdf", NULL };

const struct capability instagram_capabilities[N_FEATURES] = {
    [FEATURE_TEXT] = { SUPPORT_FULL, .unit = CAPABILITY_BYTES, .max_text = 1000 },
    [FEATURE_FORMATTING] = { SUPPORT_FALLBACK, .becomes = "plain text" },
    [FEATURE_REPLY] = { SUPPORT_PARTIAL, .becomes = "no quote where the account has no page" },
    [FEATURE_REACTION] = { SUPPORT_FULL },
    [FEATURE_UNREACTION] = { SUPPORT_FULL },
    [FEATURE_EDIT] = { SUPPORT_FALLBACK, .becomes = "✎ and the new text" },
    [FEATURE_RETRACT] = { SUPPORT_FALLBACK, .becomes = "a note" },
    [FEATURE_READ] = { SUPPORT_PARTIAL, .becomes = "the whole thread read" },
    [FEATURE_TYPING] = { SUPPORT_FULL },
    [FEATURE_IMAGE] = { SUPPORT_FULL, .max_bytes = 8 * MB, .mimes = images },
    [FEATURE_VIDEO] = { SUPPORT_FULL, .max_bytes = 25 * MB, .mimes = videos },
    [FEATURE_AUDIO] = { SUPPORT_FULL, .unconverted = SUPPORT_PARTIAL, .unconverted_becomes = "text where it is MP3",
                        .max_bytes = 25 * MB, .mimes = audios },
    [FEATURE_VOICE] = { SUPPORT_PARTIAL, .unconverted = SUPPORT_FALLBACK, .becomes = "audio",
                        .unconverted_becomes = "text where it is Ogg", .max_bytes = 25 * MB, .mimes = audios },
    [FEATURE_FILE] = { SUPPORT_PARTIAL, .becomes = "text for all but PDF", .max_bytes = 25 * MB, .mimes = files },
    [FEATURE_FILE_NAME] = { SUPPORT_FALLBACK, .becomes = "a file without its name" },
    [FEATURE_STICKER] = { SUPPORT_PARTIAL, .unconverted = SUPPORT_FALLBACK, .becomes = "image",
                          .unconverted_becomes = "text where it is WebP", .max_bytes = 8 * MB, .mimes = images },
    [FEATURE_ANIMATED] = { SUPPORT_FULL, .max_bytes = 8 * MB, .mimes = animations },
    [FEATURE_CAPTION] = { SUPPORT_FALLBACK, .becomes = "text that follows" },
    [FEATURE_ALBUM] = { SUPPORT_FULL, .max_count = 10 },
    [FEATURE_LOCATION] = { SUPPORT_FALLBACK, .becomes = "text with a map link" },
    [FEATURE_CONTACTS] = { SUPPORT_FALLBACK, .becomes = "text" },
    [FEATURE_BUTTONS] = { SUPPORT_FULL, .max_text = 640, .max_count = 3, .max_title = 20, .max_id = 1000 },
    [FEATURE_LIST] = { SUPPORT_PARTIAL, .becomes = "quick replies", .max_count = 13, .max_title = 20, .max_id = 1000 },
    [FEATURE_QUICK_REPLIES] = { SUPPORT_FULL, .max_count = 13, .max_title = 20, .max_id = 1000 },
    [FEATURE_LINK] = { SUPPORT_FULL, .max_text = 640, .max_count = 3, .max_title = 20 },
    [FEATURE_CHOICE] = { SUPPORT_FALLBACK, .becomes = "text" },
    [FEATURE_TEMPLATE] = { SUPPORT_FALLBACK, .becomes = "its words as text" },
    [FEATURE_ORDER] = { SUPPORT_FALLBACK, .becomes = "text" },
    [FEATURE_FORWARDED] = { SUPPORT_DROPPED, .becomes = "the message without the note" },
    [FEATURE_UNSUPPORTED] = { SUPPORT_FALLBACK, .becomes = "a line of text" },
};
