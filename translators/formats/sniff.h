/* What a file really is, by its first bytes. Never believes what it is called. */
#ifndef TREFOIL_FORMATS_SNIFF_H
#define TREFOIL_FORMATS_SNIFF_H

#include <stdbool.h>

#include "base/bytes.h"

#define SNIFF_BYTES 4096 /* enough of the beginning to tell */

/* "image/jpeg", "audio/ogg", …; NULL: nothing we know. */
const char *sniff_mime(struct bytes beginning);

/* The name to go by: the sniffed one when it is of another family than the declared one or the declared one is missing
 * or says nothing ("application/octet-stream"); else the declared one without parameters, in lower case, when it has the
 * shape of a type; never NULL. Borrows. `*ret_is_lie`: the two families differ. */
const char *sniff_judge(struct bytes beginning, const char *declared, char *room, size_t room_size, bool *ret_is_lie);

#endif
