/* The map of Instagram. Never holds state: what it knows is in the tables behind it. */
#ifndef TREFOIL_INSTAGRAM_H
#define TREFOIL_INSTAGRAM_H

#include "skeleton_types/translator.h"

extern const struct translator_ops instagram_ops;

#endif
