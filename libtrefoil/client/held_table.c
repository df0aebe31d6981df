/* Chains under the last bits of the sequence. Sequences come in order, and the gateway chooses them: one that means harm
 * makes its own subscribers slow, and no more than that.
 */
#include "client/held_table.h"

#include <errno.h>
#include <stdlib.h>

#define FIRST_ROOM ((size_t) 64)

void held_table_deinit(struct held_table *table)
{
    free(table->chains);
    *table = HELD_TABLE_EMPTY(table->max_count);
}

static struct held_node **chain_of(const struct held_table *table, uint64_t seq)
{
    return &table->chains[(size_t) seq & (table->room - 1)];
}

struct held_node *held_table_get(const struct held_table *table, uint64_t seq)
{
    struct held_node *node = table->room > 0 ? *chain_of(table, seq) : NULL;

    while (node && node->seq != seq)
        node = node->next;
    return node;
}

static void link_node(const struct held_table *table, struct held_node *node)
{
    struct held_node **chain = chain_of(table, node->seq);

    node->next = *chain;
    *chain = node;
}

static int grow(struct held_table *table)
{
    struct held_table larger = *table;

    larger.room = table->room ? table->room * 2 : FIRST_ROOM;
    larger.chains = calloc(larger.room, sizeof(struct held_node *));
    if (!larger.chains)
        return -ENOMEM;
    for (size_t i = 0; i < table->room; i++)
        for (struct held_node *node = table->chains[i], *next; node; node = next) {
            next = node->next;
            link_node(&larger, node);
        }
    free(table->chains);
    *table = larger;
    return 0;
}

int held_table_add(struct held_table *table, struct held_node *node)
{
    if (table->count >= table->max_count)
        return -ENOSPC;
    if (table->count >= table->room) {
        int r = grow(table);

        if (r < 0)
            return r;
    }
    link_node(table, node);
    table->count++;
    return 0;
}

void held_table_remove(struct held_table *table, struct held_node *node)
{
    struct held_node **link = chain_of(table, node->seq);

    while (*link != node)
        link = &(*link)->next;
    *link = node->next;
    node->next = NULL;
    table->count--;
}

struct held_node *held_table_after(const struct held_table *table, const struct held_node *node)
{
    if (node && node->next)
        return node->next;
    size_t at = node ? ((size_t) node->seq & (table->room - 1)) + 1 : 0;
    while (at < table->room && !table->chains[at])
        at++;
    return at < table->room ? table->chains[at] : NULL;
}
