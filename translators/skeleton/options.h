/* What only the network itself can check in a configuration: its options, and whether it knows templates.
 * Never changes a setting.
 */
#ifndef TREFOIL_SKELETON_OPTIONS_H
#define TREFOIL_SKELETON_OPTIONS_H

#include "settings.h"
#include "skeleton_types/translator.h"

/* `*ret`: the value of each of the network's options as an index into its values, for decode_context and place; what is
 * not configured has its documented value. -ENOMEM; -EBADMSG with "file:line: options[0]: …; allowed: …" in `error`. */
must_use_ int options_check(const struct translator_ops *ops, const struct settings *settings, const char *file,
                            struct arena *mem, const uint8_t **ret, char *error, size_t error_room);

#endif
