/* WhatsApp's error codes and what they bring about. Never repeats one that all Graph APIs share.
 * The same codes come back later in statuses that failed.
 */
#include "whatsapp_map.h"

#include <string.h>

#include "formats/text.h"
#include "meta/verdict.h"

#define FILE_NOT_TAKEN 131053u
#define MINUTE_MS 60000u
#define HOUR_MS (60 * MINUTE_MS)

static const struct meta_rule sending[] = {
    { 0, 0, 0, META_CREDENTIALS, "not authenticated" },
    { 130429, 0, 0, META_RETRY_NUMBER, "too many messages at once" },
    { 131056, 0, 0, META_RETRY_PAIR, "too many messages to this person" },
    { 131048, 0, 0, META_WAIT, "number limited after spam reports", "see the number's quality rating", HOUR_MS },
    { 131049, 0, 0, META_PERMANENT, "the network chose not to deliver" },
    { 131050, 0, 0, META_PERMANENT, "the person opted out" },
    { 131057, 0, 0, META_AWAY, "account in maintenance" },
    { 131000, 0, 0, META_RETRY, "unknown error of the network" },
    { 131016, 0, 0, META_RETRY, "network temporarily unavailable" },
    { 133004, 0, 0, META_RETRY, "network temporarily unavailable" },
    { 133015, 0, 0, META_RETRY, "number was just deregistered", NULL, 5 * MINUTE_MS },
    { 131047, 0, 0, META_PERMANENT, "outside the 24 hour window" },
    { 131026, 0, 0, META_PERMANENT, "person cannot be reached" },
    { 131021, 0, 0, META_PERMANENT, "recipient is the sender" },
    { 131008, 0, 0, META_PERMANENT, "parameter missing" },
    { 131009, 0, 0, META_PERMANENT, "parameter invalid" },
    { 131051, 0, 0, META_PERMANENT, "message type not supported" },
    { 131052, 0, 0, META_PERMANENT, "media could not be downloaded" },
    { FILE_NOT_TAKEN, 0, 0, META_PERMANENT, "media could not be uploaded" },
    { 131060, 0, 0, META_PERMANENT, "content not available" },
    { 131062, 0, 0, META_PERMANENT, "user id not accepted as recipient" },
    { 130472, 0, 0, META_PERMANENT, "person is part of an experiment" },
    { 130497, 0, 0, META_PERMANENT, "country not allowed" },
    { 132000, 0, 0, META_PERMANENT, "wrong number of template parameters" },
    { 132001, 0, 0, META_PERMANENT, "template does not exist" },
    { 132005, 0, 0, META_PERMANENT, "template text too long" },
    { 132007, 0, 0, META_PERMANENT, "template violates a policy" },
    { 132012, 0, 0, META_PERMANENT, "template parameter of a wrong format" },
    { 132015, 0, 0, META_PERMANENT, "template paused" },
    { 132016, 0, 0, META_PERMANENT, "template disabled" },
    { 132068, 0, 0, META_PERMANENT, "flow blocked" },
    { 132069, 0, 0, META_RETRY, "flow throttled", NULL, 10 * MINUTE_MS },
    { 131055, 0, 0, META_PERMANENT, "not a marketing template" },
    { 134100, 0, 0, META_PERMANENT, "not a marketing template" },
    { 134101, 0, 0, META_RETRY, "template is being synchronised", NULL, 10 * MINUTE_MS },
    { 134102, 0, 0, META_RETRY, "template unavailable" },
    { 135000, 0, 0, META_PERMANENT, "parameters not understood" },
};

static const struct meta_rule account[] = {
    { 3, 0, 0, META_CREDENTIALS, "permission missing", "grant the app the messaging permission" },
    { 131005, 0, 0, META_CREDENTIALS, "access denied", "grant the token access to the number" },
    { 131031, 0, 0, META_POLICY, "account locked" },
    { 131037, 0, 0, META_POLICY, "display name not approved", "have the display name approved" },
    { 131042, 0, 0, META_POLICY, "payment problem", "repair the payment method of the business account" },
    { 131045, 0, 0, META_CREDENTIALS, "number not registered properly", "register the number again" },
    { 133000, 0, 0, META_CREDENTIALS, "deregistration incomplete", "deregister the number again" },
    { 133005, 0, 0, META_CREDENTIALS, "wrong two-step PIN", "register the number with its PIN" },
    { 133006, 0, 0, META_CREDENTIALS, "number not verified", "verify the number" },
    { 133008, 0, 0, META_CREDENTIALS, "too many wrong PINs", "wait, then register with the right PIN" },
    { 133009, 0, 0, META_CREDENTIALS, "PIN entered too fast", "wait, then register with the right PIN" },
    { 133010, 0, 0, META_CREDENTIALS, "number not registered", "register the number" },
    { 133016, 0, 0, META_WAIT, "too many registrations", "wait before registering again", HOUR_MS },
    { 134011, 0, 0, META_POLICY, "payment terms not accepted", "accept the payment terms" },
    { 2494100, 0, 0, META_AWAY, "number in maintenance", NULL, MINUTE_MS },
    { 2388000, 2388999, 0, META_PERMANENT, "account set-up refused" },
    { 2593107, 0, 0, META_PERMANENT, "history limit reached" },
    { 2593108, 0, 0, META_PERMANENT, "too late for history" },
    { 139100, 0, 0, META_PERMANENT, "block list changed only in part" },
    { 139101, 0, 0, META_PERMANENT, "block list full" },
    { 139102, 0, 0, META_RETRY, "block list being changed" },
    { 139103, 0, 0, META_RETRY, "block list not available" },
    { 131020, 0, 0, META_PERMANENT, "invalid group" },
    { 131041, 0, 0, META_PERMANENT, "unknown group" },
    { 131059, 0, 0, META_PERMANENT, "bad cursor" },
    { 131201, 0, 0, META_IN_DOUBT, "partial success" },
    { 131202, 0, 0, META_PERMANENT, "duplicate group member" },
    { 131204, 0, 0, META_PERMANENT, "too many group members" },
    { 131207, 0, 0, META_PERMANENT, "group suspended" },
    { 131208, 0, 0, META_WAIT, "group operation limit reached" },
    { 131209, 131211, 0, META_PERMANENT, "group operation refused" },
    { 131212, 0, 0, META_PERMANENT, "not a member of the group" },
    { 131213, 0, 0, META_PERMANENT, "no such join request" },
    { 131214, 131215, 0, META_PERMANENT, "group operation refused" },
};

static const char *message_id(struct json_value answer, struct arena *mem)
{
    const char *id = json_id(json_get(json_first(json_get(answer, "messages")), "id"), mem);

    return id && *id ? id : NULL;
}

/* Some numbers are dialled in one way and known in another: Brazil's ninth digit, Mexico's 1. */
static const char *user_id(struct json_value answer, struct arena *mem)
{
    struct json_value contact = json_first(json_get(answer, "contacts"));
    const char *id =
        text_first_of(json_id(json_get(contact, "wa_id"), mem), json_id(json_get(contact, "user_id"), mem));

    return id && strlen(id) <= META_ID_MAX_BYTES ? id : NULL;
}

static const struct meta_rules rules = {
    .tables = { { sending, ARRAY_SIZE(sending) }, { account, ARRAY_SIZE(account) } },
    .message_id = message_id,
    .user_id = user_id,
};

const struct meta_rule *whatsapp_rule(uint32_t code)
{
    return meta_rule_find(&rules, code, 0);
}

static bool is_by_url(const struct request *request)
{
    for (size_t i = 0; i < request->n_slots; i++)
        if (request->slots[i].kind == SLOT_URL)
            return true;
    return false;
}

/* A file of a wrong type stays one; an address of ours that could not be read may be readable the next time. */
void whatsapp_judge(const struct request *request, const struct reply *reply, struct arena *mem, struct verdict *ret)
{
    meta_judge(&rules, request, reply, mem, ret);
    if (ret->code == FILE_NOT_TAKEN && ret->outcome == TREFOIL_OUTCOME_BOUNCED && is_by_url(request)) {
        ret->outcome = TREFOIL_OUTCOME_DEFERRED;
        ret->bounded = ret->once = true;
    }
}
