/* Metadata only: what was said is its caller's to show. */
#include "cli/dead_letter.h"

#include <inttypes.h>
#include <string.h>
#include <strings.h>

#include "cli/text.h"

static bool is_of_account(const char *account, const char *wanted)
{
    size_t size = strlen(wanted);

    return account && strncmp(account, wanted, size) == 0 && (account[size] == '\0' || account[size] == '/');
}

static bool contains(const char *text, const char *part)
{
    size_t size = strlen(part);

    for (; text && *text; text++)
        if (strncasecmp(text, part, size) == 0)
            return true;
    return size == 0;
}

bool dead_letter_fits(const struct trefoil_dead *dead, const struct dead_filter *filter)
{
    return (!filter->account || is_of_account(dead->address.account, filter->account)) &&
           (!filter->reason || contains(dead->reason, filter->reason)) && dead->since_ms >= filter->since_ms;
}

void dead_letter_put(FILE *out, const struct trefoil_dead *dead)
{
    char since[TEXT_TIME_BYTES];

    fprintf(out, "%-10" PRIu64 " %s  ", dead->id, text_of_time(dead->since_ms, since));
    text_put_plain(out, dead->address.account ? dead->address.account : "-");
    fprintf(out, "/");
    text_put_plain(out, dead->address.user_id ? dead->address.user_id : "(sealed)");
    fprintf(out, "  ");
    text_put_plain(out, dead->reason && *dead->reason ? dead->reason : "no reason given");
    if (dead->code > 0)
        fprintf(out, " (code %" PRIu32 "/%" PRIu32 ")", dead->code, dead->subcode);
    fprintf(out, ", %" PRIu32 " attempt%s\n", dead->attempts, dead->attempts == 1 ? "" : "s");
}

void dead_letter_put_json(FILE *out, const struct trefoil_dead *dead)
{
    char id[2 * TREFOIL_ID_BYTES + 1];

    text_of_id(&dead->envelope, id);
    fprintf(out, "{\"id\":%" PRIu64 ",\"seq\":%" PRIu64 ",\"since_ms\":%" PRIu64 ",\"envelope\":\"%s\",\"account\":",
            dead->id, dead->seq, dead->since_ms, id);
    text_put_json(out, dead->address.account);
    fprintf(out, ",\"user_id\":");
    text_put_json(out, dead->address.user_id);
    fprintf(out, ",\"code\":%" PRIu32 ",\"subcode\":%" PRIu32 ",\"attempts\":%" PRIu32 ",\"reason\":", dead->code,
            dead->subcode, dead->attempts);
    text_put_json(out, dead->reason);
}
