/* The canonical messages themselves. Never a real person's words. */
#include "messages.h"

#include "base/attributes.h"

static const char *const one_id[] = { "their-message-id-1" };
static const char *const no_id[] = { NULL };
static const struct trefoil_span spans[] = { { TREFOIL_SPAN_BOLD, 0, 5, NULL },
                                             { TREFOIL_SPAN_ITALIC, 6, 5, NULL },
                                             { TREFOIL_SPAN_LINK, 12, 4, "https://example.com/" } };
static const struct trefoil_media picture[] = { { .kind = TREFOIL_MEDIA_IMAGE, .mime = "image/jpeg" } };

/* Files that lie in the blob store. */
#define REF "000102030405060708090a0b0c0d0e0f"
#define FILE_OF(kind_, mime_, name_, size_)                                                   \
    {                                                                                         \
        .kind = (kind_), .mime = (mime_), .name = (name_), .size_bytes = (size_), .blob = REF \
    }
static const struct trefoil_media image[] = { FILE_OF(TREFOIL_MEDIA_IMAGE, "image/jpeg", NULL, 1000) };
static const struct trefoil_media heic[] = { FILE_OF(TREFOIL_MEDIA_IMAGE, "image/heic", "photo.heic", 1000) };
static const struct trefoil_media huge[] = { FILE_OF(TREFOIL_MEDIA_IMAGE, "image/png", NULL, 2000000000) };
static const struct trefoil_media video[] = { FILE_OF(TREFOIL_MEDIA_VIDEO, "video/mp4", NULL, 1000) };
static const struct trefoil_media audio[] = { FILE_OF(TREFOIL_MEDIA_AUDIO, "audio/mpeg", NULL, 1000) };
static const struct trefoil_media voice[] = { FILE_OF(TREFOIL_MEDIA_VOICE, "audio/ogg; codecs=opus", NULL, 1000) };
static const struct trefoil_media file[] = { FILE_OF(TREFOIL_MEDIA_FILE, "application/pdf", "offer.pdf", 1000) };
static const struct trefoil_media program[] = { FILE_OF(TREFOIL_MEDIA_FILE, "application/octet-stream", "x.bin",
                                                        1000) };
static const struct trefoil_media sticker[] = { FILE_OF(TREFOIL_MEDIA_STICKER, "image/webp", NULL, 1000) };
static const struct trefoil_media animated[] = { FILE_OF(TREFOIL_MEDIA_ANIMATED, "image/gif", NULL, 1000) };
static const struct trefoil_media album[] = { FILE_OF(TREFOIL_MEDIA_IMAGE, "image/jpeg", NULL, 1000),
                                              FILE_OF(TREFOIL_MEDIA_VIDEO, "video/mp4", NULL, 1000),
                                              { .kind = TREFOIL_MEDIA_FILE, .name = "lost.pdf" } };

static const char *const phones[] = { "+15551230009", "+15551230010" };
static const char *const emails[] = { "bo@example.com" };
static const struct trefoil_contact cards[] = {
    { "Bo Example", phones, ARRAY_SIZE(phones), emails, ARRAY_SIZE(emails), "ACME", NULL },
    { .name = "Cy Example" },
};

#define OPTION(n)                                \
    {                                            \
        "id-" #n, "Option " #n, NULL, NULL, NULL \
    }
static const struct trefoil_option three[] = { OPTION(1), OPTION(2), OPTION(3) };
static const struct trefoil_option eleven[] = { OPTION(1), OPTION(2), OPTION(3), OPTION(4),  OPTION(5), OPTION(6),
                                                OPTION(7), OPTION(8), OPTION(9), OPTION(10), OPTION(11) };
static const struct trefoil_option rows[] = {
    { "green", "Green tea", "From Uji", "Tea", NULL },
    { "black", "Black tea", NULL, "Tea", NULL },
    { "beans", "Coffee", "Roasted today", "Other", NULL },
};
static const struct trefoil_option pages[] = { { "shop", "Open the shop", NULL, NULL, "https://example.com/shop" } };
static const struct trefoil_order_item items[] = { { "sku-1", "Tea", "3.50", "EUR", 2 },
                                                   { "sku-2", NULL, "1.00", "EUR", 1 } };
static const uint8_t raw[] = "{\"type\":\"sticker\"}";

#define ANA                                                   \
    {                                                         \
        "whatsapp", "15551230001", "Ana", NULL, NULL, NULL, 0 \
    }
#define NAMELESS                                                   \
    {                                                              \
        "messenger", "6543210000000004", NULL, NULL, NULL, NULL, 0 \
    }
#define BOT                                         \
    {                                               \
        "echo-bot", NULL, NULL, NULL, NULL, NULL, 0 \
    }
#define RELATES(ids) .relates = (ids), .n_relates = ARRAY_SIZE(ids)
#define TEXT(words) .kind = TREFOIL_KIND_TEXT, .body.text = { (words), NULL, 0 }
#define MEDIA(caption_, files) .kind = TREFOIL_KIND_MEDIA, .body.media = { (caption_), (files), ARRAY_SIZE(files) }
#define CHOICES(shape_, options_)                           \
    .kind = TREFOIL_KIND_CHOICES, .fallback = "Which one?", \
    .body.choices = { (shape_), "Tea time", "Which one?", "Until five", "Show", (options_), ARRAY_SIZE(options_) }
#define ASK(shape_)                                               \
    .kind = TREFOIL_KIND_CHOICES, .fallback = "Tell us, please.", \
    .body.choices = { .shape = (shape_), .body = "Tell us, please." }
#define RECEIPT(state_) .kind = TREFOIL_KIND_RECEIPT, .body.receipt = { .state = (state_) }

const struct kit_message kit_messages[] = {
    { .name = "text", .message = { .author = ANA, TEXT("Hello") } },
    { .name = "text from a service", .message = { .author = BOT, TEXT("Hello") } },
    { .name = "text with attribution", .message = { .author = ANA, TEXT("Hello") }, .attribute = true },
    { .name = "text with attribution without a name",
      .message = { .author = NAMELESS, TEXT("Hi") },
      .attribute = true },
    { .name = "text with marks", .message = { .author = ANA, TEXT("quotes \" and \\ and\nlines \xf0\x9f\x98\x80") } },
    { .name = "text of nothing", .message = { .author = ANA, TEXT("") } },
    { .name = "text with spans",
      .message = { .author = ANA, .kind = TREFOIL_KIND_TEXT, .body.text = { "Hello quiet link", spans, 3 } } },
    { .name = "reply", .message = { .author = ANA, .in_reply_to = "wamid.A", TEXT("Yes") }, RELATES(one_id) },
    { .name = "reply to something unknown here",
      .message = { .author = ANA, .in_reply_to = "wamid.A", TEXT("Yes") },
      RELATES(no_id) },
    { .name = "edit",
      .message = { .author = ANA, .is_edit = true, .replaces = "wamid.A", TEXT("Hello!") },
      RELATES(one_id) },
    { .name = "reaction",
      .message = { .author = ANA,
                   .kind = TREFOIL_KIND_REACTION,
                   .body.reaction = { "wamid.A", "\xf0\x9f\x91\x8d", false } },
      RELATES(one_id) },
    { .name = "reaction removed",
      .message = { .author = ANA, .kind = TREFOIL_KIND_REACTION, .body.reaction = { "wamid.A", NULL, true } },
      RELATES(one_id) },
    { .name = "reaction to something unknown here",
      .message = { .author = ANA,
                   .kind = TREFOIL_KIND_REACTION,
                   .body.reaction = { "wamid.A", "\xf0\x9f\x91\x8d", false } },
      RELATES(no_id) },
    { .name = "retract",
      .message = { .author = ANA, .kind = TREFOIL_KIND_RETRACT, .body.retract = { "wamid.A" } },
      RELATES(one_id) },
    { .name = "receipt sent", .message = { .author = ANA, RECEIPT(TREFOIL_RECEIPT_SENT) }, RELATES(one_id) },
    { .name = "receipt delivered", .message = { .author = ANA, RECEIPT(TREFOIL_RECEIPT_DELIVERED) }, RELATES(one_id) },
    { .name = "receipt read", .message = { .author = ANA, RECEIPT(TREFOIL_RECEIPT_READ) }, RELATES(one_id) },
    { .name = "receipt read of something unknown here",
      .message = { .author = ANA, RECEIPT(TREFOIL_RECEIPT_READ) },
      RELATES(no_id) },
    { .name = "receipt failed", .message = { .author = ANA, RECEIPT(TREFOIL_RECEIPT_FAILED) }, RELATES(one_id) },
    { .name = "typing on", .message = { .author = ANA, .kind = TREFOIL_KIND_TYPING, .body.typing = { true } } },
    { .name = "typing off", .message = { .author = ANA, .kind = TREFOIL_KIND_TYPING, .body.typing = { false } } },
    { .name = "presence", .message = { .author = ANA, .kind = TREFOIL_KIND_PRESENCE, .body.presence = { true, 0 } } },
    { .name = "media with caption",
      .message = { .author = ANA,
                   .kind = TREFOIL_KIND_MEDIA,
                   .fallback = "[image] Look",
                   .body.media = { "Look", picture, 1 } } },
    { .name = "location",
      .message = { .author = ANA,
                   .kind = TREFOIL_KIND_LOCATION,
                   .fallback = "[location]",
                   .body.location = { 1.5, -2.25, NULL, NULL, NULL } } },
    { .name = "picture", .message = { .author = ANA, MEDIA(NULL, image) } },
    { .name = "picture with caption and attribution",
      .message = { .author = ANA, MEDIA("Look", image) },
      .attribute = true },
    { .name = "picture as a reply",
      .message = { .author = ANA, .in_reply_to = "wamid.A", MEDIA("This one", image) },
      RELATES(one_id) },
    { .name = "picture of a kind to be converted", .message = { .author = ANA, MEDIA(NULL, heic) } },
    { .name = "picture too large", .message = { .author = ANA, .fallback = "[image] Look", MEDIA("Look", huge) } },
    { .name = "video", .message = { .author = ANA, MEDIA("Look", video) } },
    { .name = "audio", .message = { .author = ANA, MEDIA("Listen", audio) } },
    { .name = "voice", .message = { .author = ANA, MEDIA(NULL, voice) } },
    { .name = "file", .message = { .author = ANA, MEDIA("Our offer", file) } },
    { .name = "file of an odd kind", .message = { .author = ANA, MEDIA(NULL, program) } },
    { .name = "sticker", .message = { .author = ANA, MEDIA(NULL, sticker) } },
    { .name = "animated picture", .message = { .author = ANA, MEDIA("Ha", animated) } },
    { .name = "album, one of it lost",
      .message = { .author = ANA, .fallback = "[3 files] Look", MEDIA("Look", album) } },
    { .name = "location with a name",
      .message = { .author = ANA,
                   .kind = TREFOIL_KIND_LOCATION,
                   .fallback = "[location] Gate",
                   .body.location = { 52.5, 13.25, "Gate", "Example Square 1", "https://example.com/map" } } },
    { .name = "contacts",
      .message = { .author = ANA,
                   .kind = TREFOIL_KIND_CONTACTS,
                   .fallback = "[2 contacts]",
                   .body.contacts = { cards, ARRAY_SIZE(cards) } } },
    { .name = "buttons", .message = { .author = BOT, CHOICES(TREFOIL_CHOICE_BUTTONS, three) } },
    { .name = "buttons, too many", .message = { .author = BOT, CHOICES(TREFOIL_CHOICE_BUTTONS, eleven) } },
    { .name = "list", .message = { .author = BOT, CHOICES(TREFOIL_CHOICE_LIST, rows) } },
    { .name = "list, too long", .message = { .author = BOT, CHOICES(TREFOIL_CHOICE_LIST, eleven) } },
    { .name = "quick replies", .message = { .author = BOT, CHOICES(TREFOIL_CHOICE_QUICK_REPLIES, three) } },
    { .name = "link", .message = { .author = BOT, CHOICES(TREFOIL_CHOICE_LINK, pages) } },
    { .name = "asking for a location", .message = { .author = BOT, ASK(TREFOIL_CHOICE_ASK_LOCATION) } },
    { .name = "asking for a contact", .message = { .author = BOT, ASK(TREFOIL_CHOICE_ASK_CONTACT) } },
    { .name = "form", .message = { .author = BOT, ASK(TREFOIL_CHOICE_FORM) } },
    { .name = "choice",
      .message = { .author = ANA,
                   .kind = TREFOIL_KIND_CHOICE,
                   .fallback = "Green tea",
                   .body.choice = { TREFOIL_CHOICE_LIST, "green", "Green tea", "From Uji", NULL } },
      .attribute = true },
    { .name = "template",
      .message = { .author = BOT,
                   .kind = TREFOIL_KIND_TEMPLATE,
                   .fallback = "Your order is ready",
                   .body.template_ = { "order_ready", "en_US", "[{\"type\":\"body\",\"parameters\":[]}]",
                                       "Your order is ready" } } },
    { .name = "order",
      .message = { .author = ANA,
                   .kind = TREFOIL_KIND_ORDER,
                   .fallback = "[order] 2 items",
                   .body.order = { "catalog-1", "please", items, ARRAY_SIZE(items) } } },
    { .name = "forwarded text", .message = { .author = ANA, .forwarded = true, TEXT("Hello") } },
    { .name = "number changed",
      .message = { .author = ANA,
                   .kind = TREFOIL_KIND_SYSTEM,
                   .fallback = "Ana has a new number",
                   .body.system = { TREFOIL_SYSTEM_NUMBER_CHANGED, "1", "2", "changed" } } },
    { .name = "unsupported",
      .message = { .author = ANA,
                   .kind = TREFOIL_KIND_UNSUPPORTED,
                   .fallback = "[sticker]",
                   .body.unsupported = { "sticker", "not translated", { raw, sizeof(raw) - 1 } } },
      .attribute = true },
    { .name = "unsupported without a word",
      .message = { .author = ANA,
                   .kind = TREFOIL_KIND_UNSUPPORTED,
                   .body.unsupported = { "sticker", NULL, { raw, sizeof(raw) - 1 } } } },
    { .name = "account state",
      .message = { .author = BOT,
                   .kind = TREFOIL_KIND_ACCOUNT,
                   .body.account = { TREFOIL_ACCOUNT_DEGRADED, 1, 2, NULL } } },
    { .name = "nothing", .message = { .author = ANA, .kind = TREFOIL_KIND_NONE } },
};

const size_t kit_n_messages = ARRAY_SIZE(kit_messages);
