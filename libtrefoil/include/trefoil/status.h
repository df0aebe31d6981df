/* Result codes of libtrefoil, with types: switch on the type, print the text. */
#ifndef TREFOIL_STATUS_H
#define TREFOIL_STATUS_H

#ifdef __cplusplus
extern "C" {
#endif
#pragma GCC visibility push(default)

enum trefoil_status {
    TREFOIL_OK = 0,
    TREFOIL_NOTHING, /* nothing to report within the time given */
    TREFOIL_AGAIN,   /* no credit or not connected yet: wait for an event and call again */
    TREFOIL_OUT_OF_MEMORY,
    TREFOIL_BAD_ARGUMENT,  /* a member is missing or outside its documented range */
    TREFOIL_TOO_LARGE,     /* content does not fit one envelope */
    TREFOIL_BAD_KEYRING,   /* the file is missing, readable by others, or no keyring */
    TREFOIL_NOT_IN_ROSTER, /* the roster does not know this service, or not in this role */
    TREFOIL_REFUSED,       /* the gateway said no; trefoil_client_error() has its words */
    TREFOIL_BROKEN,        /* the connection or the system failed; trefoil_client_error() tells */
    TREFOIL_CLOSED,        /* the client has been drained */
};

enum trefoil_status_type {
    TREFOIL_TYPE_OK,
    TREFOIL_TYPE_RETRY,   /* may work later, unchanged */
    TREFOIL_TYPE_REFUSED, /* will not work unless somebody changes something */
    TREFOIL_TYPE_BROKEN,  /* outside of the caller's hands */
    TREFOIL_TYPE_USAGE,   /* the caller's mistake */
};

enum trefoil_status_type trefoil_status_type(enum trefoil_status status);

/* One constant English sentence, never NULL. */
const char *trefoil_status_text(enum trefoil_status status);

#pragma GCC visibility pop
#ifdef __cplusplus
}
#endif

#endif
