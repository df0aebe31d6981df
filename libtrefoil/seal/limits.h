/* The sizes and limits of sealing, under the name the room `seal` knows them by. Facts only. */
#ifndef TREFOIL_SEAL_LIMITS_H
#define TREFOIL_SEAL_LIMITS_H

#include "wire/limits.h"

#endif
