/* One small text by HTTP, awaited. */
#ifndef TREFOIL_CLI_FETCH_H
#define TREFOIL_CLI_FETCH_H

#include "base/bytes.h"
#include "cli/cli.h"

#define FETCH_MAX_BYTES (4u << 20)

/* `*ret` lies in the command's arena. CLI_OK, or CLI_FAILED after a complaint. */
must_use_ int fetch_text(struct cli *cli, const char *url, struct bytes *ret);

#endif
