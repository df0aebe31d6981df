/* The Graph API as far as the translators use it: who calls, on what, with which token; then to the network's part.
 * Never accepts what the real one would refuse.
 */
#ifndef TREFOIL_SANDBOX_GRAPH_H
#define TREFOIL_SANDBOX_GRAPH_H

#include <jansson.h>

#include "daemon/http_server.h"
#include "sandbox/intake.h"
#include "sandbox/world.h"

/* True for paths like /v25.0/… and /123…/… and /me/…. */
bool graph_owns(const char *path);

/* Answers the exchange now or later. */
void graph_answer(struct world *world, struct http_exchange *exchange, const struct http_request *request,
                  const struct intake *intake);

/* ---- Between the parts of the Graph API ---- */

struct graph_call {
    struct world *world;
    struct account *account;
    struct http_exchange *exchange;
    json_t *body;        /* of a POST: an object */
    struct file *upload; /* of a multipart body; NULL: none */
    const char *object;  /* of the path */
    const char *kind;    /* constant words, for the books */
    bool is_accepted;    /* something was sent */
    uint64_t began_ms;
};

/* A copy for later, with its own hold on the body; NULL: no memory. Whoever keeps it answers. */
struct graph_call *graph_keep(const struct graph_call *call);
void graph_let_go(struct graph_call *call);

/* Takes the body. Answers, unless a fault swallows the answer. */
void graph_reply(struct graph_call *call, json_t **body);

struct graph_error {
    int status, code, subcode;
    const char *message; /* without the "(#code) " in front */
    const char *details; /* WhatsApp: error_data.details; NULL: the message again */
    bool is_plain;       /* the message stands without the code in front */
    uint32_t retry_after_s;
};
void graph_refuse(struct graph_call *call, const struct graph_error *error);

/* The commonest refusals. */
void graph_missing(struct graph_call *call, const char *parameter);
void graph_invalid(struct graph_call *call, const char *message);

/* The text of a member, or NULL when it is absent or no text. */
const char *text_in(const json_t *object, const char *member);

/* Characters, counted as code points. */
size_t count_characters(const char *text);

void graph_whatsapp_messages(struct graph_call *call);

/* The number without its plus, a group, or a business-scoped id. NULL: none is given. */
const char *graph_whatsapp_recipient(const struct graph_call *call);

/* WhatsApp's media. False: no such media, nothing is answered. */
void graph_upload(struct graph_call *call);
must_use_ bool graph_locate(struct graph_call *call, const char *id);
must_use_ bool graph_delete(struct graph_call *call, const char *id);

/* Messenger's and Instagram's. */
void graph_attachment_upload(struct graph_call *call);
void graph_meta_messages(struct graph_call *call);
void graph_profile(struct graph_call *call, const struct person *person);

#endif
