/* The canonical messages themselves. Never a real person's words. */
#include "messages.h"

#include "base/attributes.h"

static const char *const one_id[] = { "their-message-id-1" };
static const char *const no_id[] = { NULL };
static const struct trefoil_span spans[] = { { TREFOIL_SPAN_BOLD, 0, 5, NULL },
                                             { TREFOIL_SPAN_ITALIC, 6, 6, NULL },
                                             { TREFOIL_SPAN_LINK, 13, 4, "https://example.com/" } };
static const struct trefoil_media picture[] = { { .kind = TREFOIL_MEDIA_IMAGE, .mime = "image/jpeg" } };
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
