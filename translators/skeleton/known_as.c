/* An event about a person, made of an answer: for services, with the evidence. Never says anything of a person's words. */
#include "known_as.h"

void known_as_tell(struct bus *bus, const char *network, const char *account, const char *written_to,
                   const char *known_as, struct arena *mem)
{
    const char *const aliases[] = { written_to }, *const evidence[] = { "answer to a message" };
    const struct trefoil_message message = {
        .kind = TREFOIL_KIND_SYSTEM,
        .author = { .network = network,
                    .user_id = known_as,
                    .aliases = aliases,
                    .alias_evidence = evidence,
                    .n_aliases = 1 },
        .fallback = "[known to the network by another id]",
        .body.system = { .kind = TREFOIL_SYSTEM_USER_ID_CHANGED,
                         .from_id = written_to,
                         .to_id = known_as,
                         .text = "known to the network by another id" },
    };
    struct trefoil_publication publication = {
        .audience = TREFOIL_AUDIENCE_SERVICES,
        .message = &message,
        .from = { account, known_as },
        .event_key = arena_format(mem, "known-as/%s/%s", written_to, known_as),
        .aliases = aliases,
        .n_aliases = 1,
    };

    if (publication.event_key)
        bus_mention(bus, &publication);
}
