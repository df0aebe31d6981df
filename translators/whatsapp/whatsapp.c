/* WhatsApp: its map as the skeleton sees it. Never computes anything. */
#include "whatsapp.h"

#include "whatsapp_map.h"

const struct translator_ops whatsapp_ops = {
    .name = "whatsapp",
    .decode = whatsapp_decode,
    .encode = whatsapp_encode,
    .judge = whatsapp_judge,
    .limits = { .account_per_s = 80, .pair_burst = 45, .pair_refill_ms = 6000 },
};
