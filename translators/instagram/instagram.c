/* Instagram: the facts in which it differs from its sister, and its map as the skeleton sees it.
 * Never computes anything.
 */
#include "instagram.h"

#include "instagram_map.h"

const struct messaging_dialect instagram_dialect = {
    .network = "instagram",
    .object = "instagram",
    .text = { TEXT_BYTES, 1000 },
    .sends_by_page = true,
    .profile_fields = "name,username",
};

const struct translator_ops instagram_ops = {
    .name = "instagram",
    .decode = instagram_decode,
    .encode = instagram_encode,
    .judge = instagram_judge,
    .ask_profile = instagram_ask_profile,
    .read_profile = messaging_read_profile,
    .limits = { .account_per_s = 300 },
};
