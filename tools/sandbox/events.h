/* What people do and what becomes of sends, as the webhook items of their network. Never posts: the sender does. */
#ifndef TREFOIL_SANDBOX_EVENTS_H
#define TREFOIL_SANDBOX_EVENTS_H

#include "sandbox/world.h"

/* What the person did. */
void event_message(struct bubble *bubble);                     /* said something, perhaps as a reply */
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
};
void event_failed(struct world *world, struct account *account, const struct failure *failure);

#endif
