/* The canonical message as plain C structs: what people said, whatever network they said it on.
 * It mirrors proto/content.proto. Everything in a message is borrowed from whoever made it.
 *
 * Texts are NUL-terminated UTF-8, NULL when absent. Times are Unix milliseconds, 0 when unknown.
 */
#ifndef TREFOIL_MESSAGE_H
#define TREFOIL_MESSAGE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif
#pragma GCC visibility push(default)

enum trefoil_kind {
    TREFOIL_KIND_NONE = 0,
    TREFOIL_KIND_TEXT,
    TREFOIL_KIND_REACTION,
    TREFOIL_KIND_RETRACT,
    TREFOIL_KIND_RECEIPT,
    TREFOIL_KIND_TYPING,
    TREFOIL_KIND_PRESENCE,
    TREFOIL_KIND_MEDIA,
    TREFOIL_KIND_LOCATION,
    TREFOIL_KIND_CONTACTS,
    TREFOIL_KIND_CHOICES, /* buttons, a list or quick replies offered */
    TREFOIL_KIND_CHOICE,  /* the one taken */
    TREFOIL_KIND_TEMPLATE,
    TREFOIL_KIND_ORDER,
    TREFOIL_KIND_SYSTEM,
    TREFOIL_KIND_ACCOUNT,
    TREFOIL_KIND_UNSUPPORTED,
};

#define TREFOIL_N_KINDS (TREFOIL_KIND_UNSUPPORTED + 1)

/* A short constant word: "text", "reaction", … */
const char *trefoil_kind_name(enum trefoil_kind kind);

struct trefoil_bytes {
    const uint8_t *data;
    size_t size;
};

enum trefoil_span_style {
    TREFOIL_SPAN_NONE = 0,
    TREFOIL_SPAN_BOLD,
    TREFOIL_SPAN_ITALIC,
    TREFOIL_SPAN_STRIKE,
    TREFOIL_SPAN_MONO,
    TREFOIL_SPAN_MONO_BLOCK,
    TREFOIL_SPAN_QUOTE,
    TREFOIL_SPAN_LINK,
    TREFOIL_SPAN_MENTION,
};

struct trefoil_span {
    enum trefoil_span_style style;
    uint32_t start, size; /* bytes into the body, on character borders */
    const char *target;   /* link, or mentioned user id */
};

struct trefoil_text {
    const char *body;
    const struct trefoil_span *spans;
    size_t n_spans;
};

struct trefoil_reaction {
    const char *target; /* network message id */
    const char *emoji;  /* NULL when removed */
    bool removed;
};

struct trefoil_retract {
    const char *target; /* network message id */
};

enum trefoil_receipt_state {
    TREFOIL_RECEIPT_NONE = 0,
    TREFOIL_RECEIPT_SENT,
    TREFOIL_RECEIPT_DELIVERED,
    TREFOIL_RECEIPT_READ,
    TREFOIL_RECEIPT_PLAYED,
    TREFOIL_RECEIPT_FAILED,
};

struct trefoil_receipt {
    enum trefoil_receipt_state state;
    const char *const *targets; /* network message ids; none with a watermark */
    size_t n_targets;
    uint64_t watermark_ms;  /* everything sent up to here */
    uint32_t code, subcode; /* failed: the network's code */
    const char *reason;
    const char *pricing_category;
};

struct trefoil_typing {
    bool on;
};
struct trefoil_presence {
    bool available;
    uint64_t last_seen_ms;
};

enum trefoil_media_kind {
    TREFOIL_MEDIA_NONE = 0,
    TREFOIL_MEDIA_IMAGE,
    TREFOIL_MEDIA_VIDEO,
    TREFOIL_MEDIA_AUDIO,
    TREFOIL_MEDIA_VOICE,
    TREFOIL_MEDIA_FILE,
    TREFOIL_MEDIA_STICKER,
    TREFOIL_MEDIA_ANIMATED,
};

struct trefoil_media {
    enum trefoil_media_kind kind;
    const char *mime, *name;
    uint64_t size_bytes;
    const char *network_id, *network_url;
    struct trefoil_bytes sha256;
    const char *blob;
    struct trefoil_bytes blob_key, blob_hash, blob_header, blob_commit;
};

struct trefoil_media_list {
    const char *caption;
    const struct trefoil_media *media;
    size_t n_media;
};

struct trefoil_location {
    double latitude, longitude;
    const char *name, *address, *url;
};

struct trefoil_contact {
    const char *name;
    const char *const *phones;
    size_t n_phones;
    const char *const *emails;
    size_t n_emails;
    const char *organization, *vcard;
};

struct trefoil_contacts {
    const struct trefoil_contact *cards;
    size_t n_cards;
};

enum trefoil_choice_shape {
    TREFOIL_CHOICE_NONE = 0,
    TREFOIL_CHOICE_BUTTONS,
    TREFOIL_CHOICE_LIST,
    TREFOIL_CHOICE_QUICK_REPLIES,
    TREFOIL_CHOICE_LINK,         /* a button that opens a page */
    TREFOIL_CHOICE_ASK_LOCATION, /* a button that sends where one is */
    TREFOIL_CHOICE_ASK_CONTACT,  /* a button that sends one's number */
    TREFOIL_CHOICE_FORM,         /* a form to be filled in; a choice's `data` is what was filled in */
};

struct trefoil_option {
    const char *id, *title, *description, *section, *url;
};

struct trefoil_choices {
    enum trefoil_choice_shape shape;
    const char *header, *body, *footer, *label;
    const struct trefoil_option *options;
    size_t n_options;
};

struct trefoil_choice {
    enum trefoil_choice_shape shape;
    const char *id, *title, *description, *data;
};

struct trefoil_template {
    const char *name, *language, *components_json, *rendered;
};

struct trefoil_order_item {
    const char *id, *name, *price, *currency;
    uint32_t quantity;
};

struct trefoil_order {
    const char *catalog, *note;
    const struct trefoil_order_item *items;
    size_t n_items;
};

struct trefoil_referral {
    const char *source, *source_id, *url, *headline, *body, *ref, *click_id;
};

enum trefoil_system_kind {
    TREFOIL_SYSTEM_NONE = 0,
    TREFOIL_SYSTEM_USER_ID_CHANGED,
    TREFOIL_SYSTEM_NUMBER_CHANGED,
    TREFOIL_SYSTEM_GROUP_CHANGED,
    TREFOIL_SYSTEM_OPT_IN,
    TREFOIL_SYSTEM_OPT_OUT,
    TREFOIL_SYSTEM_THREAD_CONTROL,
    TREFOIL_SYSTEM_POLICY,
    TREFOIL_SYSTEM_HISTORY,
    TREFOIL_SYSTEM_CONTACT_SYNC,
    TREFOIL_SYSTEM_ACCOUNT_NOTICE, /* about the account: templates, quality, reviews */
    TREFOIL_SYSTEM_FEEDBACK,
    TREFOIL_SYSTEM_BOOKING,
    TREFOIL_SYSTEM_LINKED,   /* the person linked, or unlinked, an account of ours elsewhere */
    TREFOIL_SYSTEM_REFERRAL, /* came through a link or an advertisement, and said nothing yet */
    TREFOIL_SYSTEM_CALL,
};

struct trefoil_system {
    enum trefoil_system_kind kind;
    const char *from_id, *to_id, *text;
};

enum trefoil_account_health {
    TREFOIL_ACCOUNT_NONE = 0,
    TREFOIL_ACCOUNT_STARTING,
    TREFOIL_ACCOUNT_CONNECTED,
    TREFOIL_ACCOUNT_DEGRADED,
    TREFOIL_ACCOUNT_BAD_CREDENTIALS,
    TREFOIL_ACCOUNT_RATE_LIMITED,
    TREFOIL_ACCOUNT_POLICY_BLOCKED,
    TREFOIL_ACCOUNT_STOPPED,
};

struct trefoil_account_state {
    enum trefoil_account_health health;
    uint32_t code, subcode;
    const char *next_action;
};

struct trefoil_unsupported {
    const char *network_kind; /* what the network called it */
    const char *reason;
    struct trefoil_bytes raw; /* the bytes as they came */
};

/* Why it is sent: some networks allow some things outside their reply windows. */
enum trefoil_purpose {
    TREFOIL_PURPOSE_NONE = 0,
    TREFOIL_PURPOSE_HUMAN_AGENT, /* written by a human, to a person who asked */
    TREFOIL_PURPOSE_UTILITY,
    TREFOIL_PURPOSE_MARKETING,
};

/* Who wrote it. */
struct trefoil_author {
    const char *network; /* "whatsapp", …; a service's own name for what services write */
    const char *user_id; /* opaque; NULL from services and human agents */
    const char *name, *username;
    const char *const *aliases; /* other ids of the same address; evidence word for each */
    const char *const *alias_evidence;
    size_t n_aliases;
};

struct trefoil_message {
    enum trefoil_kind kind;
    struct trefoil_author author;
    const char *message_id;  /* the network's own id */
    uint64_t sent_ms;        /* the network's own time */
    const char *in_reply_to; /* network message id, as the author's network knows it */
    const char *replaces;    /* with is_edit: the first version's network message id */
    const char *thread;
    const char *fallback; /* one readable line for whoever cannot show the body */
    const char *group_id;
    bool forwarded, frequently_forwarded, by_business, standby, is_edit;
    bool strict; /* better not at all than with something missing: a degradation is refused */
    enum trefoil_purpose purpose;
    const struct trefoil_referral *referral; /* NULL when absent */
    const char *const *extra_keys;           /* network-only facts worth keeping, and their values */
    const char *const *extra_values;
    size_t n_extras;

    union { /* by kind */
        struct trefoil_text text;
        struct trefoil_reaction reaction;
        struct trefoil_retract retract;
        struct trefoil_receipt receipt;
        struct trefoil_typing typing;
        struct trefoil_presence presence;
        struct trefoil_media_list media;
        struct trefoil_location location;
        struct trefoil_contacts contacts;
        struct trefoil_choices choices;
        struct trefoil_choice choice;
        struct trefoil_template template_;
        struct trefoil_order order;
        struct trefoil_system system;
        struct trefoil_account_state account;
        struct trefoil_unsupported unsupported;
    } body;
};

#pragma GCC visibility pop
#ifdef __cplusplus
}
#endif

#endif
