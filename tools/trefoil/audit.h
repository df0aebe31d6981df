/* Law 6 on counters: the two equations. Pure. */
#ifndef TREFOIL_CLI_AUDIT_H
#define TREFOIL_CLI_AUDIT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

#include <trefoil/client.h>

/* Prints both equations with their numbers; true when both add up. A counter that is missing makes it false. */
bool audit_put(FILE *out, const struct trefoil_counter *counters, size_t n_counters);

#endif
