/* The commands, one function each, one file each. cli_commands[] is made of them. */
#ifndef TREFOIL_CLI_COMMANDS_H
#define TREFOIL_CLI_COMMANDS_H

#include "cli/cli.h"

must_use_ int command_init(struct cli *cli);
must_use_ int command_roster_show(struct cli *cli);
must_use_ int command_roster_sign(struct cli *cli);
must_use_ int command_roster_add(struct cli *cli);
must_use_ int command_roster_remove(struct cli *cli);
must_use_ int command_roster_push(struct cli *cli);
must_use_ int command_keys_renew(struct cli *cli);
must_use_ int command_keys_show(struct cli *cli);
must_use_ int command_room_list(struct cli *cli);
must_use_ int command_room_create(struct cli *cli);
must_use_ int command_room_join(struct cli *cli);
must_use_ int command_room_leave(struct cli *cli);
must_use_ int command_send(struct cli *cli);
must_use_ int command_tail(struct cli *cli);
must_use_ int command_capabilities(struct cli *cli);
must_use_ int command_accounts(struct cli *cli);
must_use_ int command_trace(struct cli *cli);
must_use_ int command_dead_list(struct cli *cli);
must_use_ int command_dead_show(struct cli *cli);
must_use_ int command_dead_retry(struct cli *cli);
must_use_ int command_dead_expire(struct cli *cli);
must_use_ int command_dead_export(struct cli *cli);
must_use_ int command_audit(struct cli *cli);
must_use_ int command_forget(struct cli *cli);
must_use_ int command_completion(struct cli *cli);

#endif
