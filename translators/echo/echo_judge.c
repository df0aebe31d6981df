/* What an answer of the echo network means. Never leaves one without a verdict.
 *
 *   200 ok ID      it is message ID now
 *   401            our token is not known
 *   429            slower
 *   4xx WHY        it will not take this
 */
#include "echo.h"

#include <string.h>

static const char *accepted_id(struct bytes body, struct arena *mem)
{
    struct bytes ok = bytes_slice(body, 0, 3), id = bytes_slice(body, 3, body.size);

    while (id.size && id.data[id.size - 1] == '\n')
        id.size--;
    if (!bytes_equal_text(ok, "ok ") || !id.size || !bytes_is_utf8(id))
        return NULL;
    return arena_text(mem, id);
}

static struct verdict defer(const char *reason)
{
    return (struct verdict){ .outcome = TREFOIL_OUTCOME_DEFERRED, .reason = reason, .bounded = true };
}

void echo_judge(const struct request *request, const struct reply *reply, struct arena *mem, struct verdict *ret)
{
    int status = reply->http_status;
    (void) request;

    if (reply->failure == REPLY_LOST) {
        *ret = (struct verdict){ .outcome = TREFOIL_OUTCOME_UNKNOWN, .reason = "no answer" };
    } else if (reply->failure == REPLY_NOT_SENT) {
        *ret = defer("not reached");
        ret->bounded = false;
        ret->pause = PAUSE_ACCOUNT;
        ret->retry_ms = 5000;
    } else if (status == 200) {
        *ret = (struct verdict){ .outcome = TREFOIL_OUTCOME_SENT, .message_id = accepted_id(reply->body, mem) };
    } else if (status == 401) {
        *ret = defer("token not known");
        ret->bounded = false;
        ret->pause = PAUSE_ACCOUNT;
        ret->health = TREFOIL_ACCOUNT_BAD_CREDENTIALS;
        ret->next_action = "replace the token file";
    } else if (status == 429) {
        *ret = defer("too fast");
        ret->bounded = false;
        ret->pause = PAUSE_ACCOUNT;
        ret->is_too_fast = true;
        ret->retry_ms = reply->retry_after_ms;
        ret->health = TREFOIL_ACCOUNT_RATE_LIMITED;
        ret->next_action = "none: it slows down by itself";
    } else if (status >= 400 && status < 500) {
        *ret = (struct verdict){ .outcome = TREFOIL_OUTCOME_BOUNCED, .reason = "refused" };
    } else {
        *ret = defer("trouble there");
    }
    ret->code = status > 0 ? (uint32_t) status : 0;
}
