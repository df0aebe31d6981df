/* A template approved by the network: its name, its language, and its parameters as the author wrote them.
 * Never looks at what the parameters mean.
 */
#ifndef TREFOIL_META_TEMPLATE_H
#define TREFOIL_META_TEMPLATE_H

#include "formats/json_write.h"
#include "skeleton_types/translator.h"

/* The member "template". 0; -ENOTSUP: the parameters are no list, and nothing was written; -ENOMEM. */
must_use_ int template_put(struct json_writer *writer, const struct trefoil_template *template, struct arena *mem);

#endif
