/* A secret that lies in a file and may be replaced there at any time. Wiped when it goes; never logged. */
#ifndef TREFOIL_SKELETON_SECRET_H
#define TREFOIL_SKELETON_SECRET_H

#include <stdbool.h>
#include <sys/stat.h>

#include "base/bytes.h"

struct secret {
    const char *path; /* borrowed */
    char *text;
    struct stat seen; /* of the file the text came from */
};

/* Reads it. -EACCES (readable by others), -EBADMSG (empty), -errno. */
must_use_ int secret_init(struct secret *secret, const char *path);
void secret_deinit(struct secret *secret);

/* Reads it again when the file is another one than last time: 1 replaced, 0 the same as before, or as init, with the
 * old text kept in force. */
must_use_ int secret_refresh(struct secret *secret);

/* Takes the same time for every `candidate` of the same length. */
bool secret_is(const struct secret *secret, const char *candidate);

#endif
