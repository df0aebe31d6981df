/* Who shall be in a tenant, as people write it: "whatsapp=whatsapp/106…,echo-bot". Never makes a key. */
#ifndef TREFOIL_CLI_MEMBERS_H
#define TREFOIL_CLI_MEMBERS_H

#include "cli/cli.h"
#include "cli/tenant.h"

#define MEMBERS_MAX 64 /* made at once */

struct members {
    struct newcomer list[MEMBERS_MAX];
    size_t n;
};

/* Adds one; the name must be new and well-formed. CLI_OK, or CLI_USAGE after a complaint. */
must_use_ int members_add(struct cli *cli, struct members *members, const char *name, uint32_t role,
                          struct newcomer **ret);

/* Adds an account to a member; nobody may have it already. CLI_OK, or CLI_USAGE after a complaint. */
must_use_ int members_add_account(struct cli *cli, struct members *members, struct newcomer *member,
                                  const char *account);

/* "name" makes a service; "name=account", repeated for several accounts, a translator that owns them. */
must_use_ int members_parse(struct cli *cli, const char *text, struct members *members);

/* "translator,addresses": a sum of roles. CLI_OK, or CLI_USAGE after a complaint. */
must_use_ int members_parse_role(struct cli *cli, const char *text, uint32_t *ret);

#endif
