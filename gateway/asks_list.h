/* The questions with longer answers. Each fills in the answer from the frame's arena; -errno. */
#ifndef TREFOIL_GATEWAY_ASKS_LIST_H
#define TREFOIL_GATEWAY_ASKS_LIST_H

#include "gateway.h"

must_use_ int asks_room_list(struct gateway *gateway, const Trefoil__RoomList *ask, Trefoil__Answer *answer);
must_use_ int asks_dead_list(struct gateway *gateway, const Trefoil__DeadList *ask, Trefoil__Answer *answer);
must_use_ int asks_dead_show(struct gateway *gateway, const Trefoil__DeadShow *ask, Trefoil__Answer *answer);
must_use_ int asks_trace(struct gateway *gateway, const Trefoil__Trace *ask, Trefoil__Answer *answer);
must_use_ int asks_audit(struct gateway *gateway, const Trefoil__Audit *ask, Trefoil__Answer *answer);
must_use_ int asks_forget(struct gateway *gateway, const Trefoil__Forget *ask, Trefoil__Answer *answer);

/* Not only for administrators: the owner of the account, and readers of the channel. -EACCES for everybody else. */
must_use_ int asks_capability_put(struct gateway *gateway, const struct service *service,
                                  const Trefoil__CapabilityPut *ask, Trefoil__Answer *answer);
must_use_ int asks_capability_list(struct gateway *gateway, const struct service *service,
                                   const Trefoil__CapabilityList *ask, Trefoil__Answer *answer);

/* One more counter in the answer, whose array has room; `name` is a constant. */
void asks_counter(struct gateway *gateway, Trefoil__Answer *answer, const char *name, uint64_t value);

#endif
