/* Makes a file fit by way of ffmpeg, a child process of its own with fixed arguments and narrow limits. Files without
 * names go in and come out. Never a shell, never a name, never a format that can name other files.
 */
#ifndef TREFOIL_SKELETON_CONVERT_H
#define TREFOIL_SKELETON_CONVERT_H

#include <stdint.h>

#include <uv.h>

#include "base/attributes.h"
#include "skeleton_types/request.h"

#define CONVERT_RUNNING_MAX 2
#define CONVERT_WAITING_MAX 64
#define CONVERT_WALL_MS 60000
#define CONVERT_CPU_S 60
#define CONVERT_MEMORY_BYTES (1ull << 30)
#define CONVERT_OUTPUT_MAX_BYTES (64u << 20)
#define CONVERT_DURATION "1800" /* seconds of sound or picture; what lies behind is cut off */

struct converter;

/* `program` is an absolute path. -ENOENT, -EACCES (it cannot be run), -EINVAL, -ENOMEM. */
must_use_ int converter_open(uv_loop_t *loop, const char *program, struct converter **ret);

/* Kills what runs; no callbacks. Accepts NULL, returns NULL. */
struct converter *converter_close(struct converter *converter);

/* What it can do, as 1 << enum conversion. */
uint32_t converter_mask(const struct converter *converter);

/* The type of what comes out. */
const char *convert_mime(enum conversion conversion);

/* Both descriptors are borrowed until `on_done(context, r)`, which comes exactly once and never inside this call: 0;
 * -EBADMSG (it could not be converted), -ETIMEDOUT. A negative answer of the call (-EBUSY, -ENOTSUP, -ENOMEM): no
 * callback follows. */
must_use_ int converter_run(struct converter *converter, enum conversion conversion, int input, int output,
                            void *context, void (*on_done)(void *context, int r));

/* The one with this context ends without a callback. */
void converter_abandon(struct converter *converter, const void *context);

#endif
