/* The echo network as the skeleton sees it, and what it can express. Never computes anything. */
#include "echo.h"

#define AS_TEXT                             \
    {                                       \
        SUPPORT_FALLBACK, .becomes = "text" \
    }
#define AS_LINK                                         \
    {                                                   \
        SUPPORT_FALLBACK, .becomes = "a link, or words" \
    }

const struct capability echo_capabilities[N_FEATURES] = {
    [FEATURE_TEXT] = { SUPPORT_FULL, .unit = CAPABILITY_BYTES, .max_text = ECHO_TEXT_MAX_BYTES },
    [FEATURE_FORMATTING] = { SUPPORT_FALLBACK, .becomes = "plain text" },
    [FEATURE_REPLY] = { SUPPORT_FALLBACK, .becomes = "the words alone" },
    [FEATURE_REACTION] = AS_TEXT,
    [FEATURE_UNREACTION] = { SUPPORT_DROPPED, .becomes = "nothing" },
    [FEATURE_EDIT] = { SUPPORT_FALLBACK, .becomes = "✎ and the new text" },
    [FEATURE_RETRACT] = { SUPPORT_FALLBACK, .becomes = "a note" },
    [FEATURE_READ] = { SUPPORT_DROPPED, .becomes = "nothing" },
    [FEATURE_TYPING] = { SUPPORT_DROPPED, .becomes = "nothing" },
    [FEATURE_IMAGE] = AS_LINK,
    [FEATURE_VIDEO] = AS_LINK,
    [FEATURE_AUDIO] = AS_LINK,
    [FEATURE_VOICE] = AS_LINK,
    [FEATURE_FILE] = AS_LINK,
    [FEATURE_FILE_NAME] = { SUPPORT_FULL },
    [FEATURE_STICKER] = AS_LINK,
    [FEATURE_ANIMATED] = AS_LINK,
    [FEATURE_CAPTION] = { SUPPORT_FALLBACK, .becomes = "text that goes before" },
    [FEATURE_ALBUM] = { SUPPORT_FALLBACK, .becomes = "one link after the other" },
    [FEATURE_LOCATION] = { SUPPORT_FALLBACK, .becomes = "text with a map link" },
    [FEATURE_CONTACTS] = AS_TEXT,
    [FEATURE_BUTTONS] = AS_TEXT,
    [FEATURE_LIST] = AS_TEXT,
    [FEATURE_QUICK_REPLIES] = AS_TEXT,
    [FEATURE_LINK] = AS_TEXT,
    [FEATURE_CHOICE] = AS_TEXT,
    [FEATURE_TEMPLATE] = AS_TEXT,
    [FEATURE_ORDER] = AS_TEXT,
    [FEATURE_FORWARDED] = { SUPPORT_DROPPED, .becomes = "the message without the note" },
    [FEATURE_UNSUPPORTED] = AS_TEXT,
};

const struct translator_ops echo_ops = {
    .name = "echo",
    .decode = echo_decode,
    .encode = echo_encode,
    .judge = echo_judge,
    .capabilities = echo_capabilities,
    .limits = { .account_per_s = 100 },
};
