/* Between the parts of Messenger's and Instagram's send API. Never part of WhatsApp's. */
#ifndef TREFOIL_SANDBOX_META_H
#define TREFOIL_SANDBOX_META_H

#include "sandbox/graph.h"

/* Code 100 with this subcode; 0: none. */
void meta_refuse(struct graph_call *call, int subcode, const char *message);

/* The bubble, its echo and the answer. `attachment_id`: in the answer; NULL: none. */
void meta_put_on_phone(struct graph_call *call, struct person *person, const struct bubble_order *order,
                       const char *attachment_id);

/* image, audio, video, file. NULL is none. */
bool is_file_attachment(const char *type);

/* The message's attachment or attachments; answers now or later. */
void meta_send_files(struct graph_call *call, struct person *person, const struct bubble_order *order);

/* Readers. False: refused already. Both add to `content`, what the bubble shows. */
bool meta_read_quick_replies(struct graph_call *call, const json_t *list, json_t *content);
bool meta_read_template(struct graph_call *call, const json_t *payload, json_t *content, const char **ret_text);

#endif
