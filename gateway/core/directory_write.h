/* What directory.c lends to directory_change.c. Nobody else includes it. */
#ifndef TREFOIL_CORE_DIRECTORY_WRITE_H
#define TREFOIL_CORE_DIRECTORY_WRITE_H

#include "core/directory.h"

void directory_write_person(struct directory *directory, const struct person *person);
void directory_write_room(struct directory *directory, const struct room *room);

#endif
