/* Messenger: the facts in which it differs from its sister, and its map as the skeleton sees it.
 * Never computes anything.
 */
#include "messenger.h"

#include "messenger_map.h"

const struct messaging_dialect messenger_dialect = {
    .network = "messenger",
    .object = "page",
    .capabilities = messenger_capabilities,
    .n_options = OPTION_STORY_MENTION,
    .says_why = true,
    .returns_marks = true,
    .has_send_members = true,
    .calls = true,
    .reuses_urls = true,
    .profile_fields = "first_name,last_name",
};

static const char *const attachments[] = { "upload", "url", "fetch", NULL };
static const char *const gif[] = { "image", "video", NULL };
static const char *const edit_zero[] = { "services", "room", NULL };
static const char *const album[] = { "together", "singly", NULL };

/* In the order of enum messaging_option. */
static const struct translator_option options[] = {
    [OPTION_ATTACHMENTS] = { "attachments", attachments,
                             "files are uploaded, or fetched by the network from our URL: at once, or as an upload" },
    [OPTION_GIF] = { "gif", gif, "moving pictures are sent as pictures or converted to videos" },
    [OPTION_EDIT_ZERO] = { "edit_zero", edit_zero, "who hears of an edit that names a message and says nothing" },
    [OPTION_ALBUM] = { "album", album, "several pictures go side by side in one message, or each in one of its own" },
    { 0 },
};

const struct translator_ops messenger_ops = {
    .name = "messenger",
    .decode = messenger_decode,
    .encode = messenger_encode,
    .judge = messenger_judge,
    .usage_headers = meta_usage_headers,
    .read_usage = meta_read_usage,
    .ask_profile = messenger_ask_profile,
    .read_profile = messaging_read_profile,
    .capabilities = messenger_capabilities,
    .windows = { .open_s = 24 * 3600, .agent_s = 7 * 24 * 3600, .templates_after = true, .utility_only = true },
    .options = options,
    .proof_parameter = "appsecret_proof",
    .limits = { .account_per_s = 300, .heavy_per_s = 10 },
};
