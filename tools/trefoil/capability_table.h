/* What networks can express, as a table for a terminal or a document, or as JSON. Never asks the gateway. */
#ifndef TREFOIL_CLI_CAPABILITY_TABLE_H
#define TREFOIL_CLI_CAPABILITY_TABLE_H

#include <stdio.h>

#include <trefoil/client.h>

#define CAPABILITY_TABLE_FEATURES_MAX 64

/* One row per feature, in the order the accounts name them; one column per account. */
void capability_table_put(FILE *out, const struct trefoil_capabilities *accounts, size_t n_accounts);
void capability_table_put_markdown(FILE *out, const struct trefoil_capabilities *accounts, size_t n_accounts);

/* One object per account and line; limits that do not exist are left out. */
void capability_table_put_json(FILE *out, const struct trefoil_capabilities *accounts, size_t n_accounts);

#endif
