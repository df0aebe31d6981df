/* What a network can express, as data: one cell per thing people do. `encode` reads it, the bus publishes it, the
 * documentation is printed from it and the conformance suite proves it. Facts only.
 */
#ifndef TREFOIL_SKELETON_TYPES_CAPABILITY_H
#define TREFOIL_SKELETON_TYPES_CAPABILITY_H

#include <stddef.h>
#include <stdint.h>

enum support {
    SUPPORT_REJECTED = 0, /* bounced: the author is told */
    SUPPORT_DROPPED,      /* nothing is sent, and that is no loss worth a word to the author */
    SUPPORT_FALLBACK,     /* readable words stand for it */
    SUPPORT_PARTIAL,      /* the thing itself, with something missing */
    SUPPORT_FULL,
};

enum feature {
    FEATURE_TEXT,
    FEATURE_FORMATTING, /* bold, italic, … */
    FEATURE_REPLY,      /* quoting the message answered */
    FEATURE_REACTION,
    FEATURE_UNREACTION, /* a reaction taken back */
    FEATURE_EDIT,
    FEATURE_RETRACT,
    FEATURE_READ,
    FEATURE_TYPING,
    FEATURE_IMAGE,
    FEATURE_VIDEO,
    FEATURE_AUDIO,
    FEATURE_VOICE,
    FEATURE_FILE,
    FEATURE_FILE_NAME,
    FEATURE_STICKER,
    FEATURE_ANIMATED,
    FEATURE_CAPTION,
    FEATURE_ALBUM, /* several pictures in one message */
    FEATURE_LOCATION,
    FEATURE_CONTACTS,
    FEATURE_BUTTONS,
    FEATURE_LIST,
    FEATURE_QUICK_REPLIES,
    FEATURE_LINK,   /* a button that opens a page */
    FEATURE_CHOICE, /* the choice somebody made */
    FEATURE_TEMPLATE,
    FEATURE_ORDER,
    FEATURE_FORWARDED,
    FEATURE_UNSUPPORTED, /* what its own network's map could not read */
    N_FEATURES
};

enum capability_unit { CAPABILITY_CODE_POINTS = 0, CAPABILITY_BYTES };

/* Limits are 0 where there is none or it makes no sense; texts count in `unit`. */
struct capability {
    enum support support;
    enum support unconverted; /* what is left of it where no converter runs; REJECTED (0): the same as `support` */
    const char *becomes;      /* what arrives in its place, in constant words; NULL when FULL */
    const char *unconverted_becomes; /* the same where no converter runs; NULL: as `becomes` */
    enum capability_unit unit;
    uint32_t max_text; /* its main text: body, caption, name */
    uint32_t max_count, max_sections;
    uint32_t max_title, max_description, max_id, max_label, max_header, max_footer;
    uint64_t max_bytes;       /* of a file */
    const char *const *mimes; /* NULL-terminated; NULL: any */
};

/* Short constant words: "voice", "partial". */
const char *feature_name(enum feature feature);
const char *support_name(enum support support);

/* What the cell is worth in a process with or without a converter. */
enum support capability_support(const struct capability *capability, int has_converter);
const char *capability_becomes(const struct capability *capability, int has_converter);

#endif
