/* The process around a network's map: its whole main program. Never knows which network it serves.
 *
 *   int main(int argc, char **argv) { return translator_main(argc, argv, &echo_ops); }
 */
#ifndef TREFOIL_SKELETON_SKELETON_H
#define TREFOIL_SKELETON_SKELETON_H

#include "skeleton_types/translator.h"

/* --config FILE runs until SIGTERM; with --check-config it only says what is wrong. The exit status: 0 done, 1 failed,
 * 2 wrong usage or configuration. */
int translator_main(int argc, char **argv, const struct translator_ops *ops);

#endif
