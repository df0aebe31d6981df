/* The core's tables in memory, for games on paper: everything submitted is durable when the game says so. A restart
 * keeps what was durable. Never used outside tests.
 */
#ifndef TREFOIL_CORE_KIT_MEMORY_TABLES_H
#define TREFOIL_CORE_KIT_MEMORY_TABLES_H

#include "core/tables.h"

struct memory_tables;

struct memory_tables *memory_tables_new(void);
struct memory_tables *memory_tables_free(struct memory_tables *memory);
struct tables memory_tables_tables(struct memory_tables *memory);

/* Everything so far is on disk. */
void memory_tables_commit(struct memory_tables *memory);

/* From now on reading a record answers this error; 0: it works. */
void memory_tables_break(struct memory_tables *memory, int error);

/* How many rows a table has. */
size_t memory_tables_count(const struct memory_tables *memory, enum table table);

#endif
