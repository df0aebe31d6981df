/* What people do and what becomes of sends, as the webhook items of their network. Never posts: the sender does. */
#ifndef TREFOIL_SANDBOX_EVENTS_H
#define TREFOIL_SANDBOX_EVENTS_H

#include "sandbox/world.h"

/* What the person did. */
void event_message(struct bubble *bubble);                     /* said, sent or chose something, perhaps as a reply */
void event_reaction(struct bubble *target, const char *emoji); /* NULL or "": took it back */
void event_edit(struct bubble *bubble);                        /* reworded what he said */
void event_unsend(struct bubble *bubble);                      /* took back what he said */

/* What became of something the business sent. */
void event_echo(struct bubble *bubble); /* Messenger, Instagram: the account's own send comes back */
void event_sent(struct bubble *bubble); /* WhatsApp */
void event_reaction_sent(struct person *person, const char *id, const char *mark); /* WhatsApp */
void event_delivered(struct bubble *bubble);                                       /* WhatsApp, Messenger */
void event_read(struct bubble *newest);                                            /* everything up to it */

/* WhatsApp: accepted and not delivered, code 131026 and the like. */
struct failure {
    const char *message_id, *recipient, *mark;
    int code;
    const char *title;
    const char *details; /* NULL: the title again */
};
void event_failed(struct world *world, struct account *account, const struct failure *failure);

/* ---- Between the parts ---- */

#define DISPLAY_NUMBER "15550001111"
#define WA_GROUP_PREFIX "Y2Fw" /* how group ids begin */

/* WhatsApp: the value of a change without what it is about, with the profile of the person; new references. */
json_t *whatsapp_value(const struct account *account);
json_t *whatsapp_contacts(const struct person *person);

/* Fills in who and when, where it is missing. A group speaks through the first person that is none. */
void whatsapp_sign(json_t *message, struct person *person, const char *id, int64_t at_ms);

void whatsapp_said(struct bubble *bubble);
void whatsapp_new_message(struct person *person, const char *type, json_t *content); /* takes `content` */

/* The member of a message named by `*ret_type`; a new reference. */
json_t *whatsapp_content(struct bubble *bubble, const char **ret_type);

/* Messenger, Instagram: the "message" of a bubble; a new reference. */
json_t *meta_message(struct bubble *bubble);
void meta_said(struct bubble *bubble);
void meta_event(struct person *person, bool is_receipt, const char *kind, json_t *content); /* takes `content` */

#endif
