/* The map of WhatsApp. Never holds state: what it knows is in the tables behind it. */
#ifndef TREFOIL_WHATSAPP_H
#define TREFOIL_WHATSAPP_H

#include "skeleton_types/translator.h"

extern const struct translator_ops whatsapp_ops;

#endif
