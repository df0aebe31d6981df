/* Dead letters on a line: for a terminal, as JSON, and which of them are meant. Never asks the gateway. */
#ifndef TREFOIL_CLI_DEAD_LETTER_H
#define TREFOIL_CLI_DEAD_LETTER_H

#include <stdbool.h>
#include <stdio.h>

#include <trefoil/client.h>

/* Which letters; NULL and 0: any. */
struct dead_filter {
    const char *account, *reason; /* the whole account, or its network; part of the reason, in any case */
    uint64_t since_ms;            /* died since then */
};

bool dead_letter_fits(const struct trefoil_dead *dead, const struct dead_filter *filter);

void dead_letter_put(FILE *out, const struct trefoil_dead *dead);

/* Without the closing brace and the end of the line: for more members. */
void dead_letter_put_json(FILE *out, const struct trefoil_dead *dead);

#endif
