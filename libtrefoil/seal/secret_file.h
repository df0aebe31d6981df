/* Files with secrets in them: read only when nobody else can, written so that nobody else ever could. Never logs. */
#ifndef TREFOIL_SEAL_SECRET_FILE_H
#define TREFOIL_SEAL_SECRET_FILE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/attributes.h"
#include "base/bytes.h"

/* Into malloc'ed memory the caller gives to secret_file_wipe(). -EACCES (group or others may do anything with it, or it
 * is no regular file), -EMSGSIZE (more than `max`), -errno.
 */
must_use_ int secret_file_load(const char *path, size_t max, uint8_t **ret, size_t *ret_size);

/* Whole or not at all, mode 0600, synced. -EEXIST unless `replace`, -errno. */
must_use_ int secret_file_save(const char *path, struct bytes bytes, bool replace);

/* Wipes and frees; accepts NULL. */
void secret_file_wipe(uint8_t *bytes, size_t size);

#endif
