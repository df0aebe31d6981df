/* One delivery as one line, for people or for programs. Remembers a little, so that a reply can say to what.
 * Never asks the gateway anything.
 */
#ifndef TREFOIL_CLI_TAIL_LINE_H
#define TREFOIL_CLI_TAIL_LINE_H

#include <stdio.h>

#include <trefoil/client.h>

#define TAIL_RECENT 512
#define TAIL_QUOTE_BYTES 40

struct tail_memory {
    struct {
        struct trefoil_id id;
        char quote[TAIL_QUOTE_BYTES];
    } recent[TAIL_RECENT]; /* a ring */
    size_t next;
};

/* "21:03:05  Trefoil  Ana (whatsapp): Hello  ↩ “…”"; `room_name` may be NULL. */
void tail_put_line(FILE *out, struct tail_memory *memory, const struct trefoil_delivery *delivery,
                   const char *room_name);

/* One JSON object and a newline. */
void tail_put_json(FILE *out, const struct trefoil_delivery *delivery, const char *room_name);

#endif
