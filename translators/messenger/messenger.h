/* The map of Messenger. Never holds state: what it knows is in the tables behind it. */
#ifndef TREFOIL_MESSENGER_H
#define TREFOIL_MESSENGER_H

#include "skeleton_types/translator.h"

extern const struct translator_ops messenger_ops;

#endif
