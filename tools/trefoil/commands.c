/* The table of commands: the one place that knows them all. Facts and words only. */
#include "cli/commands.h"

static const struct cli_option init_options[] = {
    { "services", "LIST", "NAME=NETWORK/ACCOUNT for a translator, NAME for a service; commas between" },
    { "channel", "NAME", "the first channel; default main" },
    { "retention", "TIME", "how long messages are kept; default 14d" },
    { "valid", "TIME", "how long the roster is good; default 365d" },
    { 0 },
};

static const struct cli_option show_options[] = {
    { "dir", "DIR", "the tenant's folder; default: where the keyring lies" },
    { "json", NULL, "one JSON object" },
    { 0 },
};

static const struct cli_option sign_options[] = {
    { "dir", "DIR", "the tenant's folder; default: where the keyring lies" },
    { "valid", "TIME", "how long the roster is good; default 365d" },
    { 0 },
};

static const struct cli_option add_options[] = {
    { "role", "ROLES", "translator, service, addresses, admin; commas between" },
    { "accounts", "LIST", "NETWORK/ACCOUNT, commas between: makes it a translator" },
    { "dir", "DIR", "the tenant's folder; default: where the keyring lies" },
    { "valid", "TIME", "how long the roster is good; default 365d" },
    { 0 },
};

const struct cli_command cli_commands[] = {
    { "init", "DIR", 1, 1, "make a tenant: root key, roster, a keyring for everybody",
      "Makes DIR with root.key, root.pub, trust.bundle and keys/NAME.keyring for the gateway,\n"
      "the admin and every service named. Never overwrites anything.\n\n"
      "  trefoil init run --services whatsapp=whatsapp/106540000000002,echo-bot\n\n"
      "A translator with several accounts is named several times:\n\n"
      "  --services whatsapp=whatsapp/106540000000002,whatsapp=whatsapp/106540000000007\n",
      init_options, command_init },
    { "roster show", NULL, 0, 0, "who is in, with roles, accounts and keys",
      "Reads and verifies DIR/trust.bundle with DIR/root.pub; asks nobody.\n", show_options, command_roster_show },
    { "roster add", "NAME", 1, 1, "add a service: keys of its own, a new signed roster",
      "Needs DIR/root.key. Without --role and --accounts it is a service: it reads the channels and\n"
      "speaks into rooms, and knows people by pseudonyms only.\n\n"
      "  trefoil roster add crm --role service,addresses\n"
      "  trefoil roster add telegram --accounts telegram/77001\n",
      add_options, command_roster_add },
    { "roster remove", "NAME", 1, 1, "remove a service: a new signed roster without it",
      "Needs DIR/root.key. The gateway drops the service as soon as it has the new roster, and\n"
      "everybody makes new sending keys without it.\n",
      sign_options, command_roster_remove },
    { "roster sign", NULL, 0, 0, "sign the roster again, good for another while",
      "Needs DIR/root.key. Same members, next version.\n", sign_options, command_roster_sign },
    { 0 },
};
