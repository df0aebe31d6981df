/* How the accounts are, as a table for a terminal or as JSON. Never asks the gateway. */
#ifndef TREFOIL_CLI_ACCOUNTS_H
#define TREFOIL_CLI_ACCOUNTS_H

#include <stdbool.h>
#include <stdio.h>

#include <trefoil/client.h>

/* The account's state in one word; "stopped" when nobody is there who could know better. */
const char *accounts_state(const struct trefoil_capabilities *account);

/* One line per account; one object per line as JSON. */
void accounts_put(FILE *out, const struct trefoil_capabilities *accounts, size_t n_accounts);
void accounts_put_json(FILE *out, const struct trefoil_capabilities *accounts, size_t n_accounts);

#endif
