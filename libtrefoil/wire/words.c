/* The words of the public enumerations. Never allocates; every value, known or not, has a word. */
#include <stddef.h>

#include <trefoil/message.h>
#include <trefoil/status.h>

#include "base/attributes.h"

static const char *const kinds[TREFOIL_N_KINDS] = {
    [TREFOIL_KIND_NONE] = "none",
    [TREFOIL_KIND_TEXT] = "text",
    [TREFOIL_KIND_REACTION] = "reaction",
    [TREFOIL_KIND_RETRACT] = "retract",
    [TREFOIL_KIND_RECEIPT] = "receipt",
    [TREFOIL_KIND_TYPING] = "typing",
    [TREFOIL_KIND_PRESENCE] = "presence",
    [TREFOIL_KIND_MEDIA] = "media",
    [TREFOIL_KIND_LOCATION] = "location",
    [TREFOIL_KIND_CONTACTS] = "contacts",
    [TREFOIL_KIND_CHOICES] = "choices",
    [TREFOIL_KIND_CHOICE] = "choice",
    [TREFOIL_KIND_TEMPLATE] = "template",
    [TREFOIL_KIND_ORDER] = "order",
    [TREFOIL_KIND_SYSTEM] = "system",
    [TREFOIL_KIND_ACCOUNT] = "account",
    [TREFOIL_KIND_UNSUPPORTED] = "unsupported",
};

static const struct {
    enum trefoil_status_type type;
    const char *text;
} statuses[] = {
    [TREFOIL_OK] = { TREFOIL_TYPE_OK, "Done." },
    [TREFOIL_NOTHING] = { TREFOIL_TYPE_OK, "Nothing happened within the time given." },
    [TREFOIL_AGAIN] = { TREFOIL_TYPE_RETRY, "Not possible right now; wait for an event and call again." },
    [TREFOIL_OUT_OF_MEMORY] = { TREFOIL_TYPE_BROKEN, "Out of memory." },
    [TREFOIL_BAD_ARGUMENT] = { TREFOIL_TYPE_USAGE, "An argument is missing or outside its documented range." },
    [TREFOIL_TOO_LARGE] = { TREFOIL_TYPE_USAGE, "The content does not fit one envelope." },
    [TREFOIL_BAD_KEYRING] = { TREFOIL_TYPE_REFUSED, "The keyring file is missing, readable by others, or no keyring." },
    [TREFOIL_NOT_IN_ROSTER] = { TREFOIL_TYPE_REFUSED, "The roster does not know this service, or not in this role." },
    [TREFOIL_REFUSED] = { TREFOIL_TYPE_REFUSED, "The gateway refused." },
    [TREFOIL_BROKEN] = { TREFOIL_TYPE_BROKEN, "The connection or the system failed." },
    [TREFOIL_CLOSED] = { TREFOIL_TYPE_OK, "The client has said goodbye." },
};

const char *trefoil_kind_name(enum trefoil_kind kind)
{
    size_t at = (size_t) kind;

    return at < ARRAY_SIZE(kinds) ? kinds[at] : "unknown";
}

enum trefoil_status_type trefoil_status_type(enum trefoil_status status)
{
    size_t at = (size_t) status;

    return at < ARRAY_SIZE(statuses) ? statuses[at].type : TREFOIL_TYPE_BROKEN;
}

const char *trefoil_status_text(enum trefoil_status status)
{
    size_t at = (size_t) status;

    return at < ARRAY_SIZE(statuses) ? statuses[at].text : "Unknown status.";
}
