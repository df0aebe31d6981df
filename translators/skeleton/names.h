/* What people are called, asked of networks that do not say it in their events. A bounded memory; forgetful on purpose.
 * Never holds anything up for long: a name that does not come soon is done without.
 */
#ifndef TREFOIL_SKELETON_NAMES_H
#define TREFOIL_SKELETON_NAMES_H

#include <stddef.h>
#include <stdint.h>

#include <uv.h>

#include "accounts.h"
#include "base/attributes.h"
#include "figures.h"
#include "settings.h"
#include "skeleton_types/translator.h"

#define NAMES_MAX 8192             /* people remembered; then those longest not heard of are forgotten */
#define NAMES_ASKED_MAX 256        /* being asked about at once; beyond it people go without a name for now */
#define NAMES_USER_ID_MAX_BYTES 48 /* longer ones are not asked about */
#define NAMES_TEXT_MAX_BYTES 256   /* longer names are cut */
#define NAMES_WAIT_MS 800          /* longest a message waits for a name, and never a longer part than this … */
#define NAMES_WAIT_PART 4          /* … of what the webhook has: a quarter */
#define NAMES_ANSWER_MS 10000      /* longest the network may take; what comes late serves the next message */
#define NAMES_GOOD_MS (24u * 3600 * 1000)
#define NAMES_MISSING_MS (10u * 60 * 1000) /* then somebody without a name is asked about again */
#define NAMES_QUIET_MS (10u * 1000)        /* after trouble nobody of that account is asked about */

struct names;

struct names_options {
    const struct translator_ops *ops;
    const struct accounts *accounts;
    const struct settings *settings;
    struct figures *figures;
    void *owner;
    void (*on_answer)(void *owner); /* somebody is known now, or is waited for no more: look again */
};

/* -ENOMEM, -errno. */
must_use_ int names_open(uv_loop_t *loop, const struct names_options *options, struct names **ret);

/* Accepts NULL, returns NULL. */
struct names *names_close(struct names *names);

/* Sets out to learn who this is, unless that is known, being asked or lately asked in vain. Never calls back. */
void names_ask(struct names *names, size_t account, const char *user_id);

enum names_result { NAMES_KNOWN, NAMES_UNKNOWN, NAMES_AWAITED };

/* KNOWN: `*ret` is borrowed until the next call. AWAITED: `on_answer` tells when to look again, within NAMES_WAIT_MS of
 * the asking. Never asks. */
enum names_result names_look(struct names *names, size_t account, const char *user_id, struct profile *ret);

#endif
