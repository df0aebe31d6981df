/* Sealing and opening envelopes: the sending side and the reading side together. */
#ifndef TREFOIL_SEAL_ENVELOPE_SEAL_H
#define TREFOIL_SEAL_ENVELOPE_SEAL_H

#include "seal/reader.h"
#include "seal/sender.h"

#endif
