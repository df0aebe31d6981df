/* Error codes only Messenger gives. Never repeats one it shares with Instagram. */
#include "messenger_map.h"

static const struct meta_rule rules[] = {
    { 10, 0, 2018065, META_PERMANENT, "outside the messaging window" },
    { 10, 0, 2018278, META_PERMANENT, "outside the messaging window" },
};

void messenger_judge(const struct request *request, const struct reply *reply, struct arena *mem, struct verdict *ret)
{
    static const struct meta_table own = { rules, ARRAY_SIZE(rules) };

    messaging_judge(&own, request, reply, mem, ret);
}
