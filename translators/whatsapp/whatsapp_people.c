/* Who somebody is: phone number, business-scoped ids, profile. A number may be hidden, a profile missing.
 * Never invents an id, never takes a name for one.
 */
#include "whatsapp_map.h"

#include <string.h>

#define ALIASES_MAX 4

const char *whatsapp_user_id(const struct whatsapp_person *person)
{
    return person->wa_id ? person->wa_id : person->bsuid;
}

static bool is_of(struct json_value contact, const struct whatsapp_person *person)
{
    return (person->wa_id && json_is_text(json_get(contact, "wa_id"), person->wa_id)) ||
           (person->bsuid && json_is_text(json_get(contact, "user_id"), person->bsuid));
}

/* Contacts usually come in the order of the messages, so the search starts where the last one ended, and goes once
 * round.
 */
static struct json_value find_contact(struct whatsapp_change *change, const struct whatsapp_person *person)
{
    struct json_value contacts = json_get(change->value, "contacts");
    struct json_value start = json_exists(change->last_contact) ? change->last_contact : json_first(contacts);
    struct json_value contact = start;

    while (json_exists(contact) && change->n_contacts_left > 0) {
        change->n_contacts_left--;
        if (is_of(contact, person)) {
            change->last_contact = contact;
            return contact;
        }
        contact = json_next(contacts, contact);
        if (!json_exists(contact))
            contact = json_first(contacts);
        if (contact.node == start.node)
            break;
    }
    return JSON_NOTHING;
}

/* Another id of the same person, and where that is said. */
static void add_alias(struct trefoil_author *author, const char **aliases, const char **evidence, const char *alias,
                      const char *words)
{
    if (!alias || !author->user_id || strcmp(alias, author->user_id) == 0)
        return;
    for (size_t i = 0; i < author->n_aliases; i++)
        if (strcmp(aliases[i], alias) == 0)
            return;
    aliases[author->n_aliases] = alias;
    evidence[author->n_aliases] = words;
    author->n_aliases++;
}

static const char *contact_id(struct json_value contact, const char *key, struct arena *mem)
{
    const char *id = json_text(json_get(contact, key), mem);

    return id && *id && strlen(id) <= META_ID_MAX_BYTES ? id : NULL;
}

static void find_aliases(struct json_value contact, const struct whatsapp_person *person, struct arena *mem,
                         struct trefoil_author *author)
{
    const char **aliases = arena_array(mem, ALIASES_MAX, sizeof *aliases);
    const char **evidence = arena_array(mem, ALIASES_MAX, sizeof *evidence);

    if (!aliases || !evidence)
        return;
    add_alias(author, aliases, evidence, person->bsuid, "user id beside the number");
    add_alias(author, aliases, evidence, person->parent_bsuid, "parent user id beside the number");
    add_alias(author, aliases, evidence, contact_id(contact, "wa_id", mem), "number in the contact");
    add_alias(author, aliases, evidence, contact_id(contact, "user_id", mem), "user id in the contact");
    if (author->n_aliases > 0) {
        author->aliases = aliases;
        author->alias_evidence = evidence;
    }
}

void whatsapp_find_person(struct whatsapp_change *change, const struct whatsapp_person *person,
                          struct trefoil_author *ret)
{
    struct arena *mem = change->reading->mem;
    struct json_value contact = find_contact(change, person);
    struct json_value profile = json_get(contact, "profile");
    const char *username = json_text(json_get(profile, "username"), mem);

    ret->network = change->reading->network;
    ret->user_id = whatsapp_user_id(person);
    ret->name = json_text(json_get(profile, "name"), mem);
    ret->username = username && *username == '@' ? username + 1 : username;
    find_aliases(contact, person, mem, ret);
}
