/* The table of commands: the one place that knows them all. Facts and words only. */
#include "cli/commands.h"

/* For every command that talks to the gateway. */
#define CHANNEL                                                   \
    {                                                             \
        "channel", "NAME", "which channel; default: the only one" \
    }

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
    { "push", NULL, "and send it to the gateway at once" },
    { 0 },
};

static const struct cli_option add_options[] = {
    { "role", "ROLES", "translator, service, addresses, admin; commas between" },
    { "accounts", "LIST", "NETWORK/ACCOUNT, commas between: makes it a translator" },
    { "dir", "DIR", "the tenant's folder; default: where the keyring lies" },
    { "valid", "TIME", "how long the roster is good; default 365d" },
    { "push", NULL, "and send it to the gateway at once" },
    { 0 },
};

static const struct cli_option push_options[] = {
    { "dir", "DIR", "the tenant's folder; default: where the keyring lies" },
    { 0 },
};

static const struct cli_option renew_options[] = {
    { "bundle", "FILE", "the trust bundle to add the new key to; default: trust.bundle where the keyring lies" },
    { "after", "TIME", "when others begin to use it: restart every replica before; 0s or over 5m; default 1h" },
    { "due", "TIME", "only keyrings whose newest key ends within this time; for a daily job" },
    { 0 },
};

static const struct cli_option channel_options[] = {
    CHANNEL,
    { 0 },
};

static const struct cli_option json_options[] = {
    { "json", NULL, "one JSON object per line" },
    CHANNEL,
    { 0 },
};

static const struct cli_option send_options[] = {
    { "reply-to", "ID", "the envelope it answers" },
    { "as", "NAME", "who speaks; default: the service's name" },
    { "json", "FILE", "a whole message as JSON instead of TEXT; - for stdin" },
    { "strict", NULL, "better not at all than with something missing" },
    { "purpose", "WORD", "human_agent, utility or marketing: some may go outside the reply window" },
    { "lane", "LANE", "reply (at once) or bulk (after what is answered); default reply" },
    { "id", "ID", "the id of an earlier try that had no answer: then it is there only once" },
    CHANNEL,
    { 0 },
};

static const struct cli_option tail_options[] = {
    { "json", NULL, "one JSON object per line" },
    { "from", "WHERE", "earliest, now, a sequence number, or how long ago (2h)" },
    { "name", "NAME", "a durable subscription: goes on where it stopped" },
    { "count", "N", "end after N lines" },
    { "typing", NULL, "show typing and presence too" },
    CHANNEL,
    { 0 },
};

static const struct cli_option capability_options[] = {
    { "json", NULL, "one JSON object per account" },
    { "markdown", NULL, "a table for a document" },
    CHANNEL,
    { 0 },
};

/* Which dead letters. */
#define DEAD_FILTERS                                                           \
    { "account", "ACCOUNT", "only to this NETWORK/ACCOUNT, or this NETWORK" }, \
        { "since", "TIME", "only those of so long ago at most: 2h, 3d" },      \
    {                                                                          \
        "reason", "WORDS", "only those whose reason contains this"             \
    }

static const struct cli_option dead_list_options[] = {
    { "json", NULL, "one JSON object per line" },
    DEAD_FILTERS,
    { "limit", "N", "at most so many" },
    { "after", "ID", "those after this one: the next page" },
    CHANNEL,
    { 0 },
};

static const struct cli_option export_options[] = {
    { "content", NULL, "with what was said, where the keyring can open it" },
    DEAD_FILTERS,
    { "limit", "N", "at most so many" },
    { "after", "ID", "those after this one: the next page" },
    CHANNEL,
    { 0 },
};

static const struct cli_option expire_options[] = {
    { "older", "TIME", "those that have lain there for longer: 30d, 12h" },
    CHANNEL,
    { 0 },
};

static const struct cli_option audit_options[] = {
    { "with", "URLS", "every translator's /metrics and the sandbox's /control/state, commas between" },
    CHANNEL,
    { 0 },
};

static const struct cli_option retry_options[] = {
    { "all", NULL, "all dead letters of the channel, in each room in the order they were said" },
    DEAD_FILTERS,
    CHANNEL,
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
    { "roster push", NULL, 0, 0, "send the signed roster to the gateway",
      "The gateway takes it when it is newer than its own and signed by the root it pins.\n", push_options,
      command_roster_push },
    { "keys renew", "KEYRING...", 1, CLI_ARGUMENTS_MAX, "give services their next wrap keys",
      "Others wrap message keys to a service's wrap key, which is good for 30 days. This adds the next one to the\n"
      "keyring, keeps older ones for as long as messages under them are kept, and adds its public half to the\n"
      "bundle. Then restart the service, one replica after the other: each tells the gateway of it.\n\n"
      "  trefoil keys renew --due 10d run/keys/*.keyring\n",
      renew_options, command_keys_renew },
    { "keys show", "KEYRING...", 1, CLI_ARGUMENTS_MAX, "the wrap keys of keyrings, and how long they are good",
      "Generations and times; never a secret.\n", NULL, command_keys_show },
    { "room list", NULL, 0, 0, "rooms, their names, and who is in them", NULL, json_options, command_room_list },
    { "room create", "NAME", 1, 1, "make a room; prints its id",
      "The name is sealed: the gateway keeps it without reading it.\n", channel_options, command_room_create },
    { "room join", "ROOM ADDRESS", 2, 2, "move a person into a room",
      "ROOM is a name or an id. ADDRESS is NETWORK/ACCOUNT-ID/USER-ID. Who has not written yet may join too.\n\n"
      "  trefoil room join Trefoil whatsapp/106540000000002/15551230001\n",
      channel_options, command_room_join },
    { "room leave", "ADDRESS", 1, 1, "give a person a room of his own again", NULL, channel_options,
      command_room_leave },
    { "send", "ROOM [TEXT]", 1, 2, "say something into a room; prints the envelope's id",
      "Returns when the gateway has it on disk; trefoil trace ID shows how it goes on. With --json it is anything\n"
      "people send, as trefoil tail --json shows it in `content`.\n\n"
      "  trefoil send Trefoil 'We open at nine.'\n"
      "  echo '{\"location\":{\"latitude\":52.5,\"longitude\":13.4}}' | trefoil send Trefoil --json -\n",
      send_options, command_send },
    { "tail", NULL, 0, 0, "read along, decrypted, until Ctrl-C",
      "Without --name it begins now and is forgotten at the end; with --name it goes on where that name\n"
      "stopped, also after a crash: a line is acknowledged when it has been written.\n\n"
      "  trefoil tail --from 2h\n"
      "  trefoil tail --json --name archive --from earliest >>archive.jsonl\n",
      tail_options, command_tail },
    { "capabilities", NULL, 0, 0, "what each network can express, and what becomes of the rest",
      "One row per thing people do, one column per account, as the translators published it.\n", capability_options,
      command_capabilities },
    { "accounts", NULL, 0, 0, "how each account is, since when, and what to do",
      "Connected, degraded, bad credentials, rate limited, policy blocked; stopped when none of its processes is\n"
      "connected. Below: how many processes of each service are.\n",
      json_options, command_accounts },
    { "trace", "ID", 1, 1, "every hop of an envelope, with time and outcome", NULL, json_options, command_trace },
    { "dead list", NULL, 0, 0, "what bounced or was given up, and why", NULL, dead_list_options, command_dead_list },
    { "dead show", "ID", 1, 1, "one of them, with what was said, if the keyring can open it", NULL, json_options,
      command_dead_show },
    { "dead retry", "[ID]", 0, 1, "send one again, or --all", NULL, retry_options, command_dead_retry },
    { "dead expire", NULL, 0, 0, "forget old ones; how they ended stays in the books",
      "What is past the channel's retention goes by itself.\n\n  trefoil dead expire --older 7d\n", expire_options,
      command_dead_expire },
    { "dead export", NULL, 0, 0, "all of them as JSON lines, for another system",
      "Without --content it is metadata only. With it, what was said is under `content`, as trefoil send --json takes\n"
      "it; what the keyring cannot open is null there, and the command exits with 1.\n",
      export_options, command_dead_export },
    { "audit", NULL, 0, 0, "do the books add up?",
      "received = published + duplicate + rejected, and targets = sent + bounced + dead + pending.\n"
      "Exits with 1 when they do not. With --with also what translators and the sandbox counted:\n\n"
      "  trefoil audit --with http://127.0.0.1:7811/metrics,http://127.0.0.1:7900/control/state\n",
      audit_options, command_audit },
    { "forget", "ADDRESS", 1, 1, "forget a person: what goes now, and what dies when",
      "ADDRESS is NETWORK/ACCOUNT-ID/USER-ID, any one of the person's. Directory entries, references, dead\n"
      "letters and pending deliveries go at once; what was said stays sealed in the journal until its\n"
      "retention is over. Who writes again is somebody new.\n",
      channel_options, command_forget },
    { "completion", NULL, 0, 0, "print a completion for bash", "  source <(trefoil completion)\n", NULL,
      command_completion },
    { 0 },
};
