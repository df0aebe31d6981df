/* Names, roles and accounts with all their rules checked before a single key is made. Never makes one. */
#include "cli/members.h"

#include <string.h>

#include "cli/text.h"

static struct newcomer *find(struct members *members, const char *name)
{
    for (size_t i = 0; i < members->n; i++)
        if (strcmp(members->list[i].name, name) == 0)
            return &members->list[i];
    return NULL;
}

int members_add(struct cli *cli, struct members *members, const char *name, uint32_t role, struct newcomer **ret)
{
    if (!text_is_name(bytes_of_text(name)))
        return cli_misuse(cli, "'%s' is no name of a service; allowed: up to 64 of a-z 0-9 . _ -", name);
    if (find(members, name))
        return cli_misuse(cli, "%s is named twice", name);
    if (members->n == MEMBERS_MAX)
        return cli_misuse(cli, "more than %d services at once; add the others with: trefoil roster add", MEMBERS_MAX);
    *ret = &members->list[members->n++];
    **ret = (struct newcomer){ .name = name, .role = role, .min_roster_version = 1 };
    return CLI_OK;
}

int members_add_account(struct cli *cli, struct members *members, struct newcomer *member, const char *account)
{
    const char **accounts;

    if (!text_is_account(bytes_of_text(account)))
        return cli_misuse(cli, "'%s' is no account; allowed: NETWORK/ACCOUNT-ID, as whatsapp/106540000000002", account);
    for (size_t i = 0; i < members->n; i++)
        for (size_t j = 0; j < members->list[i].n_accounts; j++)
            if (strcmp(members->list[i].accounts[j], account) == 0)
                return cli_misuse(cli, "account %s is given twice; one service owns it", account);
    if (member->n_accounts == SEAL_ACCOUNTS_MAX)
        return cli_misuse(cli, "more than %d accounts for %s", SEAL_ACCOUNTS_MAX, member->name);
    accounts = arena_array(&cli->mem, member->n_accounts + 1, sizeof(*accounts));
    if (!accounts)
        return cli_fail(cli, "out of memory");
    for (size_t i = 0; i < member->n_accounts; i++)
        accounts[i] = member->accounts[i];
    accounts[member->n_accounts++] = account;
    member->accounts = accounts;
    return CLI_OK;
}

/* One piece between commas. */
static int parse_member(struct cli *cli, const char *name, const char *account, struct members *members)
{
    struct newcomer *member = find(members, name);
    int r;

    if (strcmp(name, "gateway") == 0 || strcmp(name, "admin") == 0)
        return cli_misuse(cli, "%s is always made and needs not be named", name);
    if (!account)
        return members_add(cli, members, name, ROLE_SERVICE, &member);
    if (member && member->n_accounts == 0)
        return cli_misuse(cli, "%s is named twice, with and without an account", name);
    r = member ? CLI_OK : members_add(cli, members, name, ROLE_TRANSLATOR | ROLE_ADDRESSES, &member);
    return r == CLI_OK ? members_add_account(cli, members, member, account) : r;
}

int members_parse(struct cli *cli, const char *text, struct members *members)
{
    int r = CLI_OK;

    while (r == CLI_OK && *text) {
        size_t size = strcspn(text, ",");
        char *name = arena_text(&cli->mem, bytes_make(text, size)), *equals;
        if (!name)
            return cli_fail(cli, "out of memory");
        equals = strchr(name, '=');
        if (equals)
            *equals++ = '\0';
        r = parse_member(cli, name, equals, members);
        text += size;
        if (*text == ',' && text[1])
            text++;
        else if (*text == ',')
            return cli_misuse(cli, "a service is missing behind the last comma");
    }
    return r;
}

int members_parse_role(struct cli *cli, const char *text, uint32_t *ret)
{
    static const struct {
        const char *word;
        uint32_t bit;
    } words[] = { { "translator", ROLE_TRANSLATOR },
                  { "service", ROLE_SERVICE },
                  { "addresses", ROLE_ADDRESSES },
                  { "admin", ROLE_ADMIN } };
    uint32_t role = 0;

    for (;;) {
        size_t size = strcspn(text, ","), i;
        for (i = 0; i < ARRAY_SIZE(words); i++)
            if (strlen(words[i].word) == size && strncmp(words[i].word, text, size) == 0)
                break;
        if (i == ARRAY_SIZE(words))
            return cli_misuse(cli,
                              "'%.*s' is no role; allowed: translator, service, addresses, admin, or several with "
                              "commas between",
                              (int) size, text);
        role |= words[i].bit;
        if (!text[size])
            break;
        text += size + 1;
    }
    *ret = role;
    return CLI_OK;
}
