/* WhatsApp: its map as the skeleton sees it. Never computes anything. */
#include "whatsapp.h"

#include "whatsapp_map.h"

static const char *const token_hosts[] = { "fbsbx.com", "facebook.com", "whatsapp.net", NULL };

const struct translator_ops whatsapp_ops = {
    .name = "whatsapp",
    .decode = whatsapp_decode,
    .encode = whatsapp_encode,
    .judge = whatsapp_judge,
    .usage_headers = meta_usage_headers,
    .read_usage = meta_read_usage,
    .capabilities = whatsapp_capabilities,
    .proof_parameter = "appsecret_proof",
    .limits = { .account_per_s = 80, .pair_burst = 45, .pair_refill_ms = 6000, .counts_received = true },
    .windows = { .open_s = 24 * 3600, .templates_after = true },
    .options = whatsapp_options,
    .ask_media = whatsapp_ask_media,
    .read_media = whatsapp_read_media,
    .token_hosts = token_hosts,
};
