/* The parts of WhatsApp's map, for its own files. */
#ifndef TREFOIL_WHATSAPP_MAP_H
#define TREFOIL_WHATSAPP_MAP_H

#include "meta/item.h"
#include "skeleton_types/translator.h"

#define WHATSAPP_CONTACTS_MAX 1000000u /* looked at per body, in search of names; beyond it people stay nameless */

/* One change of a webhook: what all its items share. */
struct whatsapp_change {
    struct meta_reading *reading;
    size_t n_contacts_left; /* of the whole body */
    struct json_value value;
    const char *account_id;         /* phone number id */
    bool is_history;                /* old messages, synchronised once: nobody's conversation */
    struct json_value last_contact; /* where the search for people goes on: contacts come in the order of messages */
};

/* Who wrote or received something, as far as the change tells. */
struct whatsapp_person {
    const char *wa_id, *bsuid, *parent_bsuid; /* digits; business-scoped ids. Any may be missing */
};

must_use_ int whatsapp_decode(struct bytes body, const struct decode_context *context, struct arena *mem,
                              struct event_list *ret);
must_use_ int whatsapp_encode(const struct trefoil_message *message, const struct place *place, struct arena *mem,
                              struct request_list *ret);
void whatsapp_judge(const struct request *request, const struct reply *reply, struct arena *mem, struct verdict *ret);

/* Each adds the item's event. */
void whatsapp_message(struct whatsapp_change *change, struct json_value value);
void whatsapp_echo(struct whatsapp_change *change, struct json_value value);
void whatsapp_status(struct whatsapp_change *change, struct json_value value);

/* The id that names the person's thread, NULL when there is none. */
const char *whatsapp_user_id(const struct whatsapp_person *person);

/* Fills name, user name and the person's other ids from the change's contacts. */
void whatsapp_find_person(struct whatsapp_change *change, const struct whatsapp_person *person,
                          struct trefoil_author *ret);

/* The line that stands for a message, or an edit's new content, of a type that is not translated. */
const char *whatsapp_fallback(struct json_value content, const char *type, struct arena *mem);

#endif
