/* Answers that take their time: so many bytes a second, or for ever. Never holds more than a moment's bytes. */
#ifndef TREFOIL_SANDBOX_POUR_H
#define TREFOIL_SANDBOX_POUR_H

#include "daemon/http_server.h"
#include "sandbox/files.h"
#include "sandbox/world.h"

struct pour_order {
    const struct file *file;
    const char *mime;
    uint32_t bytes_per_s;
    bool is_endless; /* the file, and then zeros as long as somebody takes them */
};

/* Answers the exchange, now and later. */
void pour(struct world *world, struct http_exchange *exchange, const struct pour_order *order);

/* The client went away; false: this exchange is no pouring one. */
bool pour_leave(struct world *world, const struct http_exchange *exchange);

/* All of them, before the loop ends. */
void pours_stop(struct world *world);

#endif
