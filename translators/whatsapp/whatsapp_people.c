/* Who somebody is: phone number, business-scoped ids, profile. A number may be hidden, a profile missing.
 * Never invents an id, never takes a name for one.
 */
#include "whatsapp_map.h"

#include <string.h>

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

/* The ids of one person: the first names the thread, the others are aliases. */
static void add_alias(struct event *event, const char **aliases, const char **evidence, const char *alias,
                      const char *words)
{
    struct trefoil_author *author = &event->message.author;

    if (!alias || !event->user_id || strcmp(alias, event->user_id) == 0 || author->n_aliases == TREFOIL_ALIASES_MAX)
        return;
    for (size_t i = 0; i < author->n_aliases; i++)
        if (strcmp(aliases[i], alias) == 0)
            return;
    aliases[author->n_aliases] = alias;
    evidence[author->n_aliases] = words;
    author->n_aliases++;
}

static void link_ids(struct event *event, const char *const *ids, size_t n_ids, const char *words, struct arena *mem)
{
    struct trefoil_author *author = &event->message.author;
    const char **aliases = arena_array(mem, TREFOIL_ALIASES_MAX, sizeof *aliases);
    const char **evidence = arena_array(mem, TREFOIL_ALIASES_MAX, sizeof *evidence);

    author->n_aliases = 0;
    for (size_t i = 0; i < n_ids && !event->user_id; i++)
        event->user_id = ids[i];
    author->user_id = event->user_id;
    if (!aliases || !evidence)
        return;
    for (size_t i = 0; i < n_ids; i++)
        add_alias(event, aliases, evidence, ids[i], words);
    if (author->n_aliases > 0) {
        author->aliases = event->alias_ids = aliases;
        author->alias_evidence = evidence;
        event->n_alias_ids = author->n_aliases;
    }
}

void whatsapp_link(struct whatsapp_reading *reading, const char *const *ids, size_t n_ids, const char *evidence)
{
    link_ids(&reading->event, ids, n_ids, evidence, whatsapp_memory(reading));
}

static const char *contact_id(struct json_value contact, const char *key, struct arena *mem)
{
    const char *id = json_text(json_get(contact, key), mem);

    return id && *id && strlen(id) <= META_ID_MAX_BYTES ? id : NULL;
}

void whatsapp_find_person(struct whatsapp_reading *reading, const struct whatsapp_person *person)
{
    struct arena *mem = whatsapp_memory(reading);
    struct event *event = &reading->event;
    struct trefoil_author *author = &event->message.author;
    struct json_value contact = find_contact(reading->change, person);
    struct json_value profile = json_get(contact, "profile");
    const char *username = json_text(json_get(profile, "username"), mem);
    const char *const ids[] = {
        person->wa_id,
        person->bsuid,
        person->parent_bsuid,
        contact_id(contact, "wa_id", mem),
        contact_id(contact, "user_id", mem),
    };

    extras_put_json(&reading->extras, "identity.key_hash", json_get(contact, "identity_key_hash"));
    author->network = reading->change->reading->network;
    author->name = json_text(json_get(profile, "name"), mem);
    author->username = username && *username == '@' ? username + 1 : username;
    link_ids(event, ids, ARRAY_SIZE(ids), "same event", mem);
}
