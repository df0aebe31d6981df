/* One canonical message of every kind and edge, for whoever has to express them. Constants only. */
#ifndef TREFOIL_TESTS_KIT_MESSAGES_H
#define TREFOIL_TESTS_KIT_MESSAGES_H

#include "skeleton_types/translator.h"

struct kit_message {
    const char *name; /* as goldens call it */
    struct trefoil_message message;
    const char *const *relates; /* how the place's network knows what it relates to */
    size_t n_relates;
    bool attribute;
};

extern const struct kit_message kit_messages[];
extern const size_t kit_n_messages;

#endif
