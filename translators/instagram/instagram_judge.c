/* Error codes only Instagram gives. Never repeats one it shares with Messenger. */
#include "instagram_map.h"

static const struct meta_rule rules[] = {
    { 10, 0, 2534022, META_PERMANENT, "outside the messaging window" },
    { 10, 0, 2534077, META_CREDENTIALS, "link between page and account not verifiable",
      "link the page and the Instagram account again" },
    { 100, 0, 2534013, META_CREDENTIALS, "page not linked to an Instagram account",
      "link the page and the Instagram account again" },
    { 100, 0, 2534014, META_PERMANENT, "no such person" },
    { 100, 0, 2534015, META_PERMANENT, "message invalid for its type" },
    { 100, 0, 2534025, META_PERMANENT, "comment takes no private reply" },
    { 100, 0, 2534029, META_POLICY, "account blocked from the messaging API" },
    { 100, 0, 2534037, META_PERMANENT, "another application controls the thread" },
    { 100, 0, 2534068, META_PERMANENT, "several images in one message not available" },
    { 200, 0, 2534041, META_CREDENTIALS, "owner switched off API access to messages",
      "allow access to messages in the account's settings" },
    { 613, 0, 2534040, META_WAIT, "call limit reached" },
    { 36103, 0, 0, META_CREDENTIALS, "account not eligible for the API", "make it a professional account" },
};

void instagram_judge(const struct request *request, const struct reply *reply, struct arena *mem, struct verdict *ret)
{
    static const struct meta_table own = { rules, ARRAY_SIZE(rules) };

    messaging_judge(&own, request, reply, mem, ret);
}
