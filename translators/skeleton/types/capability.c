/* Words for features and degrees of support. Never decides anything. */
#include "skeleton_types/capability.h"

const char *feature_name(enum feature feature)
{
    static const char *const names[N_FEATURES] = {
        [FEATURE_TEXT] = "text",
        [FEATURE_FORMATTING] = "formatting",
        [FEATURE_REPLY] = "reply",
        [FEATURE_REACTION] = "reaction",
        [FEATURE_UNREACTION] = "reaction taken back",
        [FEATURE_EDIT] = "edit",
        [FEATURE_RETRACT] = "retract",
        [FEATURE_READ] = "read mark",
        [FEATURE_TYPING] = "typing",
        [FEATURE_IMAGE] = "image",
        [FEATURE_VIDEO] = "video",
        [FEATURE_AUDIO] = "audio",
        [FEATURE_VOICE] = "voice",
        [FEATURE_FILE] = "file",
        [FEATURE_FILE_NAME] = "file name",
        [FEATURE_STICKER] = "sticker",
        [FEATURE_ANIMATED] = "animated",
        [FEATURE_CAPTION] = "caption",
        [FEATURE_ALBUM] = "album",
        [FEATURE_LOCATION] = "location",
        [FEATURE_CONTACTS] = "contacts",
        [FEATURE_BUTTONS] = "buttons",
        [FEATURE_LIST] = "list",
        [FEATURE_QUICK_REPLIES] = "quick replies",
        [FEATURE_LINK] = "link button",
        [FEATURE_CHOICE] = "choice",
        [FEATURE_TEMPLATE] = "template",
        [FEATURE_ORDER] = "order",
        [FEATURE_FORWARDED] = "forwarded",
        [FEATURE_UNSUPPORTED] = "unsupported",
    };

    return (unsigned) feature < N_FEATURES ? names[feature] : "unknown";
}

const char *support_name(enum support support)
{
    static const char *const names[] = { "rejected", "dropped", "fallback", "partial", "full" };

    return (unsigned) support <= SUPPORT_FULL ? names[support] : "unknown";
}

enum support capability_support(const struct capability *capability, int has_converter)
{
    if (has_converter || capability->unconverted == SUPPORT_REJECTED)
        return capability->support;
    return capability->unconverted;
}

const char *capability_becomes(const struct capability *capability, int has_converter)
{
    if (has_converter || !capability->unconverted_becomes)
        return capability->becomes;
    return capability->unconverted_becomes;
}
