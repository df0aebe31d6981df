/* The whole sandbox over loopback against a translator that only takes notes, for the tests of this room.
 * Never checks what is noted: the tests do.
 */
#ifndef TREFOIL_SANDBOX_KIT_RIG_H
#define TREFOIL_SANDBOX_KIT_RIG_H

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <jansson.h>

#include "sandbox/sandbox.h"

#define MAX_NOTES 64
#define ANA "15551230001"
#define BEN "6543210000000004"
#define CLEO "1234500000000006"
#define NUMBER "106540000000002"
#define PAGE "104500000000003"

/* One webhook as the translator got it. */
struct note {
    char path[32], signature[96];
    char *body;
};

struct rig {
    uv_loop_t loop;
    struct sandbox sandbox;
    struct settings settings;
    struct account_settings accounts[3];
    struct person_settings people[3];
    char folder[32], secret_path[64], urls[3][64];
    struct http_server *translator;
    struct http_client *client;
    uv_timer_t guard;
    bool is_late;

    struct note notes[MAX_NOTES];
    int n_notes, n_handshakes;
    int n_refusals; /* answer 503 this often first */
    bool is_deaf;   /* fails the handshake */

    int n_replies;
    struct http_reply reply; /* the last one */
    json_t *answer, *noted;
    char content_type[96]; /* of the last answer */
    uint8_t *body;
    size_t body_size;
};

/* The fixture of a test: *state is a struct rig. */
int open_rig(void **state);
int close_rig(void **state);
#define in_rig(test) cmocka_unit_test_setup_teardown(test, open_rig, close_rig)

/* Runs the loop until a counter of the rig is there; fails the test when it takes too long. */
void run_until(struct rig *rig, const int *count, int wanted);

/* POSTs when there is a body; waits for the answer, which is then in rig->answer; its status, 0 when none came. */
int ask_as(struct rig *rig, const char *token, const char *path, const char *body);
int ask(struct rig *rig, const char *path, const char *body);
int graph(struct rig *rig, const char *object, const char *body); /* OBJECT/messages */
void say(struct rig *rig, const char *body);

/* Any request; the answer's bytes stay in rig->body. */
struct request {
    const char *method, *path, *token, *content_type;
    struct bytes body;
};
int request(struct rig *rig, const struct request *request);

/* What a path of keys and indices leads to: "error/code". */
const json_t *at(const json_t *json, const char *path);
const char *text_at(const json_t *json, const char *path);
void assert_number(const struct rig *rig, const char *path, json_int_t expected);
json_t *note_json(const struct rig *rig, int i);

/* The one element of the note: messages[0], statuses[0] or messaging[0]; the next call of it forgets it. */
const json_t *element(struct rig *rig, int i);

void assert_refused(struct rig *rig, int status, json_int_t code, json_int_t subcode);

#endif
