/* An intrusive, circular, doubly linked list: linking cannot fail. Never owns what it links. */
#ifndef TREFOIL_BASE_LIST_H
#define TREFOIL_BASE_LIST_H

#include <stdbool.h>
#include <stddef.h>

#include "base/attributes.h"

struct list {
    struct list *next, *previous;
};

static inline void list_init(struct list *list)
{
    list->next = list->previous = list;
}

static inline bool list_is_empty(const struct list *list)
{
    return list->next == list;
}

/* Links `node` at the end. It must not be in a list. */
static inline void list_append(struct list *list, struct list *node)
{
    node->previous = list->previous;
    node->next = list;
    list->previous->next = node;
    list->previous = node;
}

static inline void list_prepend(struct list *list, struct list *node)
{
    list_append(list->next, node);
}

/* Takes the node out, wherever it is; legal on a node that was only initialised. */
static inline void list_remove(struct list *node)
{
    node->previous->next = node->next;
    node->next->previous = node->previous;
    list_init(node);
}

/* The first node, or NULL. */
static inline struct list *list_first(const struct list *list)
{
    /* NOLINTNEXTLINE(clang-analyzer-unix.Malloc): the analyzer cannot see that freeing an owner unlinked its node */
    return list_is_empty(list) ? NULL : list->next;
}

#define list_for_each(node, head) for (struct list *node = (head)->next; node != (head); node = node->next)

/* The same, when the body may remove `node`. */
#define list_for_each_safe(node, after, head) \
    for (struct list *node = (head)->next, *after = node->next; node != (head); node = after, after = node->next)

#endif
