/* Messenger: the facts in which it differs from its sister, and its map as the skeleton sees it.
 * Never computes anything.
 */
#include "messenger.h"

#include "messenger_map.h"

const struct messaging_dialect messenger_dialect = {
    .network = "messenger",
    .object = "page",
    .text = { TEXT_CODE_POINTS, 1999 }, /* documented as "less than 2000" */
    .says_why = true,
    .returns_marks = true,
    .profile_fields = "first_name,last_name",
};

const struct translator_ops messenger_ops = {
    .name = "messenger",
    .decode = messenger_decode,
    .encode = messenger_encode,
    .judge = messenger_judge,
    .ask_profile = messenger_ask_profile,
    .read_profile = messaging_read_profile,
    .limits = { .account_per_s = 300 },
};
