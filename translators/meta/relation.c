/* The table of relations, and who reads it. Never knows how a network writes one. */
#include "relation.h"

const struct relation_rule relation_rules[N_RELATIONS] = {
    [RELATION_REPLY] = { "reply", FEATURE_REPLY, NULL, "(to an earlier message) ", "reply",
                         "`(to an earlier message) ` before what goes as text" },
    [RELATION_EDIT] = { "edit", FEATURE_EDIT, "✎ ", NULL, "edit→✎",
                        "`✎ ` and the new words, quoting the original where it is known; files go once more" },
    [RELATION_RETRACT] = { "retract", FEATURE_RETRACT, "🗑 unsent a message", NULL, "retract→note",
                           "`🗑 unsent a message`, quoting the target where it is known" },
    [RELATION_REACTION] = { "reaction", FEATURE_REACTION, NULL, " (an earlier message)", "reaction→text",
                            "the emoji and ` (an earlier message)`" },
    [RELATION_UNREACTION] = { "reaction taken back", FEATURE_UNREACTION, NULL, NULL, "reaction", "nothing" },
};

enum relation relation_of(const struct trefoil_message *message)
{
    const struct trefoil_reaction *reaction = &message->body.reaction;

    if (message->kind == TREFOIL_KIND_REACTION)
        return reaction->removed || !reaction->emoji || !*reaction->emoji ? RELATION_UNREACTION : RELATION_REACTION;
    if (message->kind == TREFOIL_KIND_RETRACT)
        return RELATION_RETRACT;
    return message->is_edit ? RELATION_EDIT : RELATION_REPLY;
}

void relation_lose(enum relation relation, struct request_list *list)
{
    request_list_lose(list, relation_rules[relation].lost);
}

bool relation_is_words(const struct trefoil_message *message)
{
    return relation_of(message) == RELATION_EDIT && message->kind != TREFOIL_KIND_TEXT &&
           message->kind != TREFOIL_KIND_MEDIA;
}

const char *relation_noted(const struct trefoil_message *message, const char *words, struct arena *mem)
{
    const char *note = relation_rules[relation_of(message)].note;

    return words && note ? arena_format(mem, "%s%s", note, words) : words;
}
