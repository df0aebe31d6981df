/* The parts of WhatsApp's map, for its own files. */
#ifndef TREFOIL_WHATSAPP_MAP_H
#define TREFOIL_WHATSAPP_MAP_H

#include "meta/extras.h"
#include "meta/item.h"
#include "meta/usage.h"
#include "meta/verdict.h"
#include "skeleton_types/translator.h"

#define WHATSAPP_CONTACTS_MAX 1000000u /* looked at per body, in search of names; beyond it people stay nameless */
#define WHATSAPP_IDS_MAX 5             /* of one person in one event */

/* One change of a webhook: what all its items share. */
struct whatsapp_change {
    struct meta_reading *reading;
    size_t n_contacts_left; /* of the whole body */
    struct json_value value;
    const char *account_id;         /* phone number id */
    const char *number;             /* of the business, as people dial it */
    const char *entry_time;         /* seconds, as digits; NULL where the entry has none */
    const char *thread_id;          /* whose history is being read */
    bool is_history;                /* old messages, synchronised once: nobody's conversation */
    struct json_value last_contact; /* where the search for people goes on: contacts come in the order of messages */
};

/* Who wrote or received something, as far as the change tells. */
struct whatsapp_person {
    const char *wa_id, *bsuid, *parent_bsuid; /* digits; business-scoped ids. Any may be missing */
};

/* One item on its way to become an event. */
struct whatsapp_reading {
    struct whatsapp_change *change;
    struct meta_item item;
    struct event event;
    struct extras extras; /* facts without a member */
    const char *type;
};

must_use_ int whatsapp_decode(struct bytes body, const struct decode_context *context, struct arena *mem,
                              struct event_list *ret);
must_use_ int whatsapp_encode(const struct trefoil_message *message, const struct place *place, struct arena *mem,
                              struct request_list *ret);
void whatsapp_judge(const struct request *request, const struct reply *reply, struct arena *mem, struct verdict *ret);
must_use_ int whatsapp_ask_media(const struct trefoil_media *media, const struct place *place, struct arena *mem,
                                 struct request *ret);
void whatsapp_read_media(const struct reply *reply, struct arena *mem, struct located *ret);

extern const struct capability whatsapp_capabilities[];
extern const struct translator_option whatsapp_options[];

/* The options, in the order of whatsapp_options, and their values in theirs. */
enum { WHATSAPP_ATTACHMENTS, WHATSAPP_TEXT_UNIT, WHATSAPP_DOCUMENT_TYPES, WHATSAPP_REACTION_REMOVAL };
enum { WHATSAPP_ATTACHMENTS_UPLOAD, WHATSAPP_ATTACHMENTS_URL };
enum { WHATSAPP_UNIT_CODE_POINTS, WHATSAPP_UNIT_BYTES };
enum { WHATSAPP_DOCUMENTS_ANY, WHATSAPP_DOCUMENTS_LISTED };
enum { WHATSAPP_REMOVAL_EMPTY, WHATSAPP_REMOVAL_DROPPED };

/* What can be expressed at this place: the table, with what the options and a group take from it. */
void whatsapp_cells(const struct place *place, struct capability *ret);

/* The place is a group, not a person. */
bool whatsapp_is_group(const char *user_id);

/* The rule for one of the network's error codes, NULL when nobody knows it. */
const struct meta_rule *whatsapp_rule(uint32_t code);

/* Each adds the events of one item of a change. */
void whatsapp_message(struct whatsapp_change *change, struct json_value value);
void whatsapp_echo(struct whatsapp_change *change, struct json_value value);
void whatsapp_status(struct whatsapp_change *change, struct json_value value);
void whatsapp_history(struct whatsapp_change *change, struct json_value value);
void whatsapp_error(struct whatsapp_change *change, struct json_value value);
void whatsapp_contact_sync(struct whatsapp_change *change, struct json_value value);
void whatsapp_id_update(struct whatsapp_change *change, struct json_value value);
void whatsapp_preference(struct whatsapp_change *change, struct json_value value);
void whatsapp_group(struct whatsapp_change *change, struct json_value value);
void whatsapp_call(struct whatsapp_change *change, struct json_value value);

/* A change without lists, about the account. False: nobody knows the field, and nothing was added. */
bool whatsapp_field(struct whatsapp_change *change, struct json_value value, const char *field);

/* Reads files, places, cards, taps and orders: the member of `content` that is named like its type, into the event.
 * False when the type is none of them.
 */
bool whatsapp_content(struct whatsapp_reading *reading, struct json_value content, const char *type);

/* A number or id changed: who it is now, and by which ids the person was known. */
void whatsapp_system(struct whatsapp_reading *reading, const struct whatsapp_person *person);

struct whatsapp_reading whatsapp_begin(struct whatsapp_change *change, struct json_value value, const char *kind);
void whatsapp_end(struct whatsapp_reading *reading);

/* The event becomes one about a change in the world, for the services; `word` and `detail` make its line. */
void whatsapp_make_system(struct whatsapp_reading *reading, enum trefoil_system_kind kind, const char *word,
                          const char *detail);

static inline struct arena *whatsapp_memory(const struct whatsapp_reading *reading)
{
    return reading->change->reading->mem;
}

/* The id that names the person's thread, NULL when there is none. */
const char *whatsapp_user_id(const struct whatsapp_person *person);

/* Fills the event's user id and author: name, user name and the person's other ids, from the change's contacts; and the
 * hash that changes when the person changes telephones, where the account asked for it. */
void whatsapp_find_person(struct whatsapp_reading *reading, const struct whatsapp_person *person);

/* Says that all these ids (entries may be NULL) are the event's person, and how that is known. */
void whatsapp_link(struct whatsapp_reading *reading, const char *const *ids, size_t n_ids, const char *evidence);

/* The line that stands for a message, or an edit's new content. */
const char *whatsapp_fallback(struct json_value content, const char *type, struct arena *mem);

#endif
