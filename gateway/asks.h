/* Questions of administrators: directory, dead letters, trace, audit, roster. One answer each. */
#ifndef TREFOIL_GATEWAY_ASKS_H
#define TREFOIL_GATEWAY_ASKS_H

#include "gateway.h"

void asks_answer(struct gateway *gateway, struct session *session, const Trefoil__Ask *ask);

#endif
