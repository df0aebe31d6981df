/* Outcomes, health and whole messages in words a person reads on one line. Never more than one line. */
#ifndef TREFOIL_CLI_WORDS_H
#define TREFOIL_CLI_WORDS_H

#include <stdio.h>

#include <trefoil/client.h>

const char *words_outcome(enum trefoil_outcome outcome);
const char *words_health(enum trefoil_account_health health);

/* What was said, without who: "Hello", "reacts ❤", "[image] a caption", "[unsupported: order] Ana ordered …". */
void words_put_message(FILE *out, const struct trefoil_message *message);

#endif
