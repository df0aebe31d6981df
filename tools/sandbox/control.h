/* The JSON control API of tests and of the page: people act, faults are switched, books are read.
 * Never part of what it imitates: no real network has it.
 */
#ifndef TREFOIL_SANDBOX_CONTROL_H
#define TREFOIL_SANDBOX_CONTROL_H

#include <jansson.h>

#include "daemon/http_server.h"
#include "sandbox/intake.h"
#include "sandbox/world.h"

/* Everything under /control/. Answers the exchange now or later. */
void control_answer(struct world *world, struct http_exchange *exchange, const struct http_request *request);

/* ---- Between the parts of the control API ---- */

struct control_call {
    struct world *world;
    struct http_exchange *exchange;
    json_t *body;
};

/* Takes the body, which may be NULL for {}. */
void control_reply(struct control_call *call, json_t *body);

/* {"error": why} with 400, 404 or the like. */
void control_refuse(struct control_call *call, unsigned status, const char *why);

/* The account or person named by "network" and "person"; NULL: refused already. */
struct account *control_account(struct control_call *call);
struct person *control_person(struct control_call *call);

/* The bubble named by "message" on this person's phone; NULL: refused already. */
struct bubble *control_target(struct control_call *call, const struct person *person);

/* False: no text, or too much of it; refused already. */
bool control_read_text(struct control_call *call, const char *text);

/* POST /control/files: the whole body is the file. */
void control_put_file(struct world *world, struct http_exchange *exchange, struct intake *intake);
void control_get_file(struct control_call *call, const char *id);
void control_show_clock(struct control_call *call);
void control_set_clock(struct control_call *call);

void control_say(struct control_call *call);
void control_choose(struct control_call *call);
void control_raw(struct control_call *call);
void control_agent(struct control_call *call);
void control_react(struct control_call *call);
void control_unreact(struct control_call *call);
void control_read(struct control_call *call);
void control_open(struct control_call *call);
void control_typing(struct control_call *call);
void control_edit(struct control_call *call);
void control_unsend(struct control_call *call);
void control_add_person(struct control_call *call);

void control_faults(struct control_call *call);
void control_list_faults(struct control_call *call);
void control_webhook(struct control_call *call);

#endif
