/* A translator's process, once it is known what it is to do. For the skeleton's own files. */
#ifndef TREFOIL_SKELETON_RUN_H
#define TREFOIL_SKELETON_RUN_H

#include <stdbool.h>

#include "skeleton.h"

#define SKELETON_BAD_SETTINGS 2 /* exit status: the configuration or the command line is wrong */

/* Lives until it is told to end, or only reads its configuration. The exit status; words about trouble are on stderr. */
int skeleton_run(const struct translator_ops *ops, const char *path, bool only_check);

#endif
