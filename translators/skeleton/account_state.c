/* The account state machine: rows are states, columns events, cells the next state. Never keeps a state itself. */
#include "account_state.h"

#include <stddef.h>

#include "base/attributes.h"

enum {
    NONE = TREFOIL_ACCOUNT_NONE,
    START = TREFOIL_ACCOUNT_STARTING,
    GOOD = TREFOIL_ACCOUNT_CONNECTED,
    DEGR = TREFOIL_ACCOUNT_DEGRADED,
    CRED = TREFOIL_ACCOUNT_BAD_CREDENTIALS,
    RATE = TREFOIL_ACCOUNT_RATE_LIMITED,
    POL = TREFOIL_ACCOUNT_POLICY_BLOCKED,
    STOP = TREFOIL_ACCOUNT_STOPPED,
};

/* A lesser trouble never hides a greater one; only work done, or a new secret, ends either. */
/* clang-format off */
static const unsigned char table[ACCOUNT_N_STATES][ACCOUNT_N_EVENTS] = {
    /*            READY   WORKED  TROUBLED  REFUSED  LIMITED  BLOCKED  RENEWED  SHUT */
    [NONE]    = { START,  START,  START,    START,   START,   START,   START,   STOP },
    [START]   = { GOOD,   GOOD,   DEGR,     CRED,    RATE,    POL,     START,   STOP },
    [GOOD]    = { GOOD,   GOOD,   DEGR,     CRED,    RATE,    POL,     GOOD,    STOP },
    [DEGR]    = { DEGR,   GOOD,   DEGR,     CRED,    RATE,    POL,     DEGR,    STOP },
    [CRED]    = { CRED,   GOOD,   CRED,     CRED,    CRED,    POL,     START,   STOP },
    [RATE]    = { RATE,   GOOD,   RATE,     CRED,    RATE,    POL,     RATE,    STOP },
    [POL]     = { POL,    GOOD,   POL,      CRED,    POL,     POL,     START,   STOP },
    [STOP]    = { STOP,   STOP,   STOP,     STOP,    STOP,    STOP,    STOP,    STOP },
};
/* clang-format on */

enum trefoil_account_health account_step(enum trefoil_account_health state, enum account_event event)
{
    if ((size_t) state >= ACCOUNT_N_STATES || (size_t) event >= ACCOUNT_N_EVENTS)
        return state;
    return (enum trefoil_account_health) table[state][event];
}

int account_event_of(enum trefoil_account_health health, enum account_event *ret)
{
    switch (health) {
    case TREFOIL_ACCOUNT_CONNECTED:
        *ret = ACCOUNT_WORKED;
        return 0;
    case TREFOIL_ACCOUNT_DEGRADED:
        *ret = ACCOUNT_TROUBLED;
        return 0;
    case TREFOIL_ACCOUNT_BAD_CREDENTIALS:
        *ret = ACCOUNT_REFUSED;
        return 0;
    case TREFOIL_ACCOUNT_RATE_LIMITED:
        *ret = ACCOUNT_LIMITED;
        return 0;
    case TREFOIL_ACCOUNT_POLICY_BLOCKED:
        *ret = ACCOUNT_BLOCKED;
        return 0;
    default:
        return -1;
    }
}

const char *account_state_name(enum trefoil_account_health state)
{
    static const char *const names[] = { "none",         "starting",       "connected", "degraded", "bad-credentials",
                                         "rate-limited", "policy-blocked", "stopped" };
    _Static_assert(ARRAY_SIZE(names) == ACCOUNT_N_STATES, "a name for every state");
    return (size_t) state < ACCOUNT_N_STATES ? names[state] : "unknown";
}
