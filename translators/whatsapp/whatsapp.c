/* WhatsApp: its map as the skeleton sees it. Never computes anything. */
#include "whatsapp.h"

#include "whatsapp_map.h"

static const char *const token_hosts[] = { "fbsbx.com", "facebook.com", "whatsapp.net", NULL };

const struct translator_ops whatsapp_ops = {
    .name = "whatsapp",
    .decode = whatsapp_decode,
    .encode = whatsapp_encode,
    .judge = whatsapp_judge,
    .capabilities = whatsapp_capabilities,
    .proof_parameter = "appsecret_proof",
    .usage_header = "X-Business-Use-Case-Usage",
    .limits = { .account_per_s = 80, .pair_burst = 45, .pair_refill_ms = 6000 },
    .windows = { .open_s = 24 * 3600, .templates_after = true },
    .options = whatsapp_options,
    .ask_media = whatsapp_ask_media,
    .read_media = whatsapp_read_media,
    .token_hosts = token_hosts,
};
