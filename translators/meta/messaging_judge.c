/* Answers to Messenger's and Instagram's send call: the codes both may give.
 * Never knows a code of only one of them; those are in the network's own folder.
 */
#include "messaging.h"

#include "base/attributes.h"

#define HOUR_MS 3600000u

static const struct meta_rule messaging_rules[] = {
    { 1, 0, 99, META_CREDENTIALS, "permission or advanced access missing", "grant the app the messaging permission" },
    { 1, 0, 1357046, META_IN_DOUBT, "error reported although the message may have been sent" },
    { 4, 0, 2018354, META_PERMANENT, "marketing messages to this person come too often" },
    { 9, 0, 2018352, META_PERMANENT, "opt-in requests to this person come too often" },
    { 613, 0, 1893016, META_PERMANENT, "marketing messages to this person come too often" },
    { 613, 0, 2018338, META_RETRY_PAIR, "too many tagged messages to this person", NULL, HOUR_MS },
    { 10, 0, 1893015, META_PERMANENT, "the person stopped this topic" },
    { 10, 0, 1404170, META_PERMANENT, "the person stopped this topic" },
    { 10, 0, 1893063, META_POLICY, "temporarily restricted from sending", NULL, HOUR_MS },
    { 10, 0, 2018108, META_PERMANENT, "the person cannot receive our messages now" },
    { 10, 0, 1545041, META_PERMANENT, "the person is unavailable" }, /* beside 551 and 200, as one page has it */
    { 100, 0, 1545041, META_PERMANENT, "the person is unavailable" },
    { 10, 0, 2018336, META_PERMANENT, "the person has not consented in this thread" },
    { 100, 0, 2018001, META_PERMANENT, "no such person" },
    { 100, 0, 2018008, META_RETRY_ONCE, "the network could not fetch the address" },
    { 100, 0, 2018014, META_PERMANENT, "message and action in one request" },
    { 100, 0, 2018047, META_PERMANENT, "upload does not match its type" },
    { 100, 0, 2018074, META_PERMANENT, "attachment id invalid or expired" },
    { 100, 0, 2018109, META_PERMANENT, "attachment too large" },
    { 100, 0, 2018164, META_PERMANENT, "wrong application id" },
    { 100, 0, 2018294, META_RETRY_ONCE, "the network could not fetch the video" },
    { 100, 0, 2018320, META_PERMANENT, "product template refused" },
    { 100, 0, 2018328, META_PERMANENT, "product template refused" },
    { 200, 0, 2018027, META_CREDENTIALS, "app not live or not reviewed", "publish the app and pass its review" },
    { 200, 0, 2018028, META_CREDENTIALS, "app not live or not reviewed", "publish the app and pass its review" },
    { 200, 0, 1545041, META_PERMANENT, "the person is unavailable" },
    { 551, 0, 0, META_PERMANENT, "the person is unavailable" },
    { 2022, 0, 0, META_POLICY, "sending disabled after a policy violation" },
    { 10303, 0, 0, META_PERMANENT, "account linking token invalid" },
    { 2018218, 0, 0, META_PERMANENT, "no profile available for this person" },
    { 2018247, 0, 0, META_CREDENTIALS, "permission for profiles missing", "grant the app the profile permission" },
    { 2018171, 0, 0, META_PERMANENT, "another application controls the thread" },
    { 2018300, 0, 0, META_PERMANENT, "another application controls the thread" },
    { 2018321, 0, 0, META_PERMANENT, "another application controls the thread" },
    { 9000001, 0, 0, META_PERMANENT, "the message was deleted" },
};

static const char *message_id(struct json_value answer, struct arena *mem)
{
    const char *id = json_id(json_get(answer, "message_id"), mem);

    return id && *id ? id : NULL;
}

void messaging_judge(const struct meta_table *own, const struct request *request, const struct reply *reply,
                     struct arena *mem, struct verdict *ret)
{
    const struct meta_rules rules = {
        .tables = { *own, { messaging_rules, ARRAY_SIZE(messaging_rules) } },
        .message_id = message_id,
    };

    meta_judge(&rules, request, reply, mem, ret);
}
