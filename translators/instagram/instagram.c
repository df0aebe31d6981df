/* Instagram: the facts in which it differs from its sister, and its map as the skeleton sees it.
 * Never computes anything.
 */
#include "instagram.h"

#include "instagram_map.h"

const struct messaging_dialect instagram_dialect = {
    .network = "instagram",
    .object = "instagram",
    .capabilities = instagram_capabilities,
    .n_options = MESSAGING_N_OPTIONS,
    .sends_by_page = true,
    .loves = true,
    .ascii_names = true,
    .platform = "instagram",
    .profile_fields = "name,username",
};

static const char *const attachments[] = { "upload", "url", "fetch", NULL };
static const char *const gif[] = { "image", "video", NULL };
static const char *const edit_zero[] = { "services", "room", NULL };
static const char *const album[] = { "together", "singly", NULL };
static const char *const story_mention[] = { "yes", "no", NULL };
static const char *const text_unit[] = { "bytes", "code_points", NULL };
static const char *const reply_to[] = { "page-linked", "yes", "no", NULL };

/* In the order of enum messaging_option. */
static const struct translator_option options[] = {
    [OPTION_ATTACHMENTS] = { "attachments", attachments,
                             "files are uploaded, or fetched by the network from our URL: at once, or as an upload; "
                             "accounts without a page can only have them fetched at once" },
    [OPTION_GIF] = { "gif", gif, "moving pictures are sent as pictures or converted to videos" },
    [OPTION_EDIT_ZERO] = { "edit_zero", edit_zero, "who hears of an edit that names a message and says nothing" },
    [OPTION_ALBUM] = { "album", album, "several pictures go side by side in one message, or each in one of its own" },
    [OPTION_STORY_MENTION] = { "story_mention_opens_window", story_mention,
                               "whether a mention in a story lets the business write" },
    [OPTION_TEXT_UNIT] = { "text_unit", text_unit, "what the limit of a text counts" },
    [OPTION_REPLY_TO] = { "reply_to", reply_to, "whether messages can be quoted" },
    { 0 },
};

const struct translator_ops instagram_ops = {
    .name = "instagram",
    .decode = instagram_decode,
    .encode = instagram_encode,
    .judge = instagram_judge,
    .usage_headers = meta_usage_headers,
    .read_usage = meta_read_usage,
    .ask_profile = instagram_ask_profile,
    .read_profile = messaging_read_profile,
    .capabilities = instagram_capabilities,
    .windows = { .open_s = 24 * 3600, .agent_s = 7 * 24 * 3600 },
    .options = options,
    .proof_parameter = "appsecret_proof",
    .limits = { .account_per_s = 300, .heavy_per_s = 10 },
};
