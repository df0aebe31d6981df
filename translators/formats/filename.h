/* A file name that hurts nobody: one component, no control or direction-changing characters, no leading dots, never
 * empty, at most FILENAME_MAX_BYTES, cut before its extension.
 */
#ifndef TREFOIL_FORMATS_FILENAME_H
#define TREFOIL_FORMATS_FILENAME_H

#include "base/arena.h"

#define FILENAME_MAX_BYTES 200

/* `name` as a stranger gave it, NULL allowed; `mime` decides the extension where there is none. NULL: no memory. */
const char *filename_safe(const char *name, const char *mime, struct arena *mem);

/* The usual extension, without the dot; "bin" for what is not known. */
const char *filename_extension(const char *mime);

#endif
