/* Member by member. Never passes on what would be believed of a person nobody names. */
#include "publication.h"

#include "mark.h"

/* What the event says about the person whose thread it is in. What the business did itself opens nothing: only the person
 * does. */
static void put_person(struct trefoil_publication *publication, const struct event *event)
{
    publication->opens_window_ms = event->echo || event->message.standby ? 0 : event->opens_window_ms;
    publication->consent = event->consent;
    publication->aliases = event->alias_ids;
    publication->n_aliases = event->n_alias_ids < TREFOIL_ALIASES_MAX ? event->n_alias_ids : TREFOIL_ALIASES_MAX;
}

struct trefoil_publication publication_make(const struct event *event, const char *first_account)
{
    struct trefoil_publication publication = {
        .audience = event->account ? event->audience : TREFOIL_AUDIENCE_SERVICES,
        .ephemeral = event->ephemeral,
        .message = &event->message,
        .from = { event->account ? event->account : first_account, event->account ? event->user_id : NULL },
        .message_id = event->message.message_id,
        .relates = event->relates,
        .n_relates = event->n_relates,
        .event_key = event->key,
        .echo = event->echo,
        .watermark_ms = event->watermark_ms,
    };
    uint64_t seq;
    uint32_t target;

    if (publication.from.user_id)
        put_person(&publication, event);
    if (publication.from.user_id && mark_parse(event->mark, &seq, &target) == 0) {
        publication.resolves_seq = seq;
        publication.resolves_target = target;
    }
    return publication;
}
