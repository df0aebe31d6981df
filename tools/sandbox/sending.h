/* One message of the business on its way to a phone: read and checked by the kind, then sent by the network's part.
 * Never outlives the request, but for what waits for a link.
 */
#ifndef TREFOIL_SANDBOX_SENDING_H
#define TREFOIL_SANDBOX_SENDING_H

#include "sandbox/graph.h"

/* A kind of file as WhatsApp takes it. */
struct medium {
    const char *type; /* "image" */
    enum kind kind;
    const char *const *mimes; /* NULL: any; ends in NULL */
    uint64_t max_bytes;
    size_t max_caption; /* 0: none at all */
};

struct sending {
    struct graph_call *call;
    struct person *person;
    struct bubble_order order;
    json_t *content, *attachments; /* own references */
    bool is_template;

    /* WhatsApp: fetched after the answer. */
    const char *link;
    const struct medium *medium;
    const char *failure; /* accepted, and fails afterwards with 131053: why */
};

/* Readers of WhatsApp's kinds, each of the member named by "type". False: refused already. */
bool read_media(struct sending *sending, const json_t *media, const struct medium *medium);
const struct medium *find_medium(const char *type); /* NULL */
bool is_medium_fit(const struct medium *medium, const struct file *file, const char **ret_why);

/* Puts the file into what the bubble shows, as the message names it; the kind of the bubble. */
enum kind show_medium(json_t *content, const json_t *media, const struct medium *medium, const struct file *file);

bool read_location(struct sending *sending, const json_t *location);
bool read_contacts(struct sending *sending, const json_t *contacts);
bool read_template(struct sending *sending, const json_t *template);
bool read_interactive(struct sending *sending, const json_t *interactive);
bool read_pin(struct sending *sending, const json_t *pin);

/* Refusals of WhatsApp: 131008 and 131009. Both answer false. */
bool refuse_missing(struct sending *sending, const char *parameter);
bool refuse_value(struct sending *sending, const char *details);

/* A text of 1 to `max` characters. `name` is the parameter's. */
bool check_text(struct sending *sending, const json_t *object, const char *member, const char *name, size_t max);

/* The same when the member may be absent. */
bool check_optional(struct sending *sending, const json_t *object, const char *member, const char *name, size_t max);

#endif
