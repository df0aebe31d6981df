/* The files of events on their way in: asked for, and put into the message when they are there. Never fetches itself.
 */
#ifndef TREFOIL_SKELETON_INTAKE_FILES_H
#define TREFOIL_SKELETON_INTAKE_FILES_H

#include "accounts.h"
#include "media_fetch.h"

/* Asks for every file the event names and does not carry: how many. -EBUSY: too many under way; -ENOMEM; nothing is asked
 * for then. */
must_use_ int intake_files_ask(struct media_fetch *fetch, const struct accounts *accounts, const struct event *event);

/* Nobody waits for what was asked for any more. */
void intake_files_release(struct media_fetch *fetch, const struct accounts *accounts, const struct event *event);

/* True: all of them are there or will not come, and the message says so, in `mem`; they are released. */
bool intake_files_put(struct media_fetch *fetch, const struct accounts *accounts, struct arena *mem,
                      struct event *event);

#endif
