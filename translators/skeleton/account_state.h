/* What an account is, told from what happens to it: one table. Never acts on it.
 */
#ifndef TREFOIL_SKELETON_ACCOUNT_STATE_H
#define TREFOIL_SKELETON_ACCOUNT_STATE_H

#include <trefoil/message.h>

enum account_event {
    ACCOUNT_READY = 0, /* configured, and the bus is there */
    ACCOUNT_WORKED,    /* the network took a request */
    ACCOUNT_TROUBLED,  /* the network has trouble, or says quality falls */
    ACCOUNT_REFUSED,   /* the network does not know our credentials */
    ACCOUNT_LIMITED,   /* too much, too fast */
    ACCOUNT_BLOCKED,   /* the network's policy stops us */
    ACCOUNT_RENEWED,   /* a secret file has changed */
    ACCOUNT_SHUT,      /* the process ends */
    ACCOUNT_N_EVENTS,
};

#define ACCOUNT_N_STATES (TREFOIL_ACCOUNT_STOPPED + 1)

enum trefoil_account_health account_step(enum trefoil_account_health state, enum account_event event);

/* The event a verdict's health stands for: 0, or -1 when it says nothing. */
int account_event_of(enum trefoil_account_health health, enum account_event *ret);

/* "connected", "bad-credentials", … */
const char *account_state_name(enum trefoil_account_health state);

#endif
