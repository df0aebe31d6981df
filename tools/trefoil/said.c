/* Reads what is to be said, from the command line, a file or stdin, and refuses what could not be sent. */
#include "cli/said.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "cli/text.h"
#include "document/document.h"

#define SAID_TEXT_MAX_BYTES (64u << 10)

/* The whole file, "-" for stdin, as far as a document may be long. */
static int read_file(struct cli *cli, const char *path, struct bytes *ret)
{
    FILE *file = strcmp(path, "-") == 0 ? stdin : fopen(path, "rb");
    size_t room = DOCUMENT_MAX_BYTES + 1, size;
    uint8_t *block = file ? arena_alloc(&cli->mem, room) : NULL;
    bool failed;

    if (!file)
        return cli_fail(cli, "cannot read %s: %s", path, strerror(errno));
    size = block ? fread(block, 1, room, file) : 0;
    failed = !block || ferror(file);
    if (file != stdin)
        fclose(file);
    if (failed)
        return cli_fail(cli, "cannot read %s", path);
    *ret = bytes_make(block, size);
    return CLI_OK;
}

static int read_document(struct cli *cli, const char *path, struct trefoil_message *ret)
{
    char error[DOCUMENT_ERROR_MAX_BYTES];
    struct bytes bytes;
    int r = read_file(cli, path, &bytes);

    if (r != CLI_OK)
        return r;
    r = document_read(bytes, &cli->mem, ret, error, sizeof(error));
    if (r == -ENOMEM)
        return cli_fail(cli, "out of memory");
    return r < 0 ? cli_fail(cli, "%s: %s", strcmp(path, "-") == 0 ? "stdin" : path, error) : CLI_OK;
}

static int read_text(struct cli *cli, struct trefoil_message *ret)
{
    const char *text = cli->arguments[1];

    if (!*text || strlen(text) > SAID_TEXT_MAX_BYTES)
        return cli_misuse(cli, "TEXT is empty or longer than %u bytes", SAID_TEXT_MAX_BYTES);
    if (!bytes_is_utf8(bytes_of_text(text)))
        return cli_misuse(cli, "TEXT is no UTF-8");
    *ret = (struct trefoil_message){ .kind = TREFOIL_KIND_TEXT, .body.text.body = text };
    return CLI_OK;
}

static int read_purpose(struct cli *cli, struct trefoil_message *message)
{
    static const char *const words[] = { "none", "human_agent", "utility", "marketing" };
    const char *purpose = cli_option(cli, "purpose");

    for (size_t i = 0; purpose && i < ARRAY_SIZE(words); i++)
        if (strcmp(purpose, words[i]) == 0) {
            message->purpose = (enum trefoil_purpose) i;
            return CLI_OK;
        }
    return purpose ? cli_misuse(cli, "--purpose '%s'; allowed: human_agent, utility, marketing", purpose) : CLI_OK;
}

static int read_lane(struct cli *cli, struct trefoil_publication *publication)
{
    const char *lane = cli_option(cli, "lane");

    if (lane && strcmp(lane, "bulk") != 0 && strcmp(lane, "reply") != 0)
        return cli_misuse(cli, "--lane '%s'; allowed: reply, bulk", lane);
    publication->lane = lane && strcmp(lane, "bulk") == 0 ? TREFOIL_LANE_BULK : TREFOIL_LANE_REPLY;
    return CLI_OK;
}

static int read_relation(struct cli *cli, struct trefoil_publication *publication)
{
    const char *reply_to = cli_option(cli, "reply-to");
    struct trefoil_id *related = reply_to ? arena_alloc(&cli->mem, sizeof(*related)) : NULL;

    if (!reply_to)
        return CLI_OK;
    if (!related)
        return cli_fail(cli, "out of memory");
    if (text_to_id(reply_to, related) < 0)
        return cli_misuse(cli, "--reply-to '%s'; allowed: an envelope id, 32 hex digits, as trefoil tail shows it",
                          reply_to);
    publication->relates_ids = related;
    publication->n_relates_ids = 1;
    return CLI_OK;
}

static int read_id(struct cli *cli, struct trefoil_publication *publication)
{
    const char *id = cli_option(cli, "id");

    if (id && (text_to_id(id, &publication->id) < 0 || text_is_zero_id(&publication->id)))
        return cli_misuse(cli, "--id '%s'; allowed: 32 hex digits, as a trefoil send without an answer told them", id);
    return CLI_OK;
}

int said_read(struct cli *cli, struct trefoil_message *ret, struct trefoil_publication *publication)
{
    const char *json = cli_option(cli, "json"), *name = cli_option(cli, "as");
    int r;

    if (!json == (cli->n_arguments < 2))
        return cli_misuse(cli, "say what: TEXT, or --json FILE, and not both");
    r = read_lane(cli, publication);
    if (r == CLI_OK)
        r = read_relation(cli, publication);
    if (r == CLI_OK)
        r = read_id(cli, publication);
    if (r == CLI_OK)
        r = json ? read_document(cli, json, ret) : read_text(cli, ret);
    if (r == CLI_OK)
        r = read_purpose(cli, ret);
    if (r != CLI_OK)
        return r;
    if (name)
        ret->author.name = name;
    if (cli_option(cli, "strict"))
        ret->strict = true;
    publication->audience = TREFOIL_AUDIENCE_ROOM;
    publication->ephemeral = ret->kind == TREFOIL_KIND_TYPING || ret->kind == TREFOIL_KIND_PRESENCE;
    publication->message = ret;
    return CLI_OK;
}
