/* Bodies of Graph requests in all their forms as one JSON object. Never decides what a member means. */
#ifndef TREFOIL_SANDBOX_GRAPH_BODY_H
#define TREFOIL_SANDBOX_GRAPH_BODY_H

#include <jansson.h>

#include "base/bytes.h"

/* A new reference; NULL: neither JSON nor a form. */
json_t *body_of_json(struct bytes body);
json_t *body_of_form(struct bytes body); /* application/x-www-form-urlencoded */
json_t *body_of_fields(json_t *fields);  /* of a multipart form, each a text */

#endif
