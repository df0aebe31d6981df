/* Words of the command line and back: durations, ids, addresses, times, JSON. Never prints. */
#ifndef TREFOIL_CLI_TEXT_H
#define TREFOIL_CLI_TEXT_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include <trefoil/client.h>

#include "base/arena.h"
#include "base/attributes.h"
#include "base/bytes.h"

#define TEXT_TIME_BYTES 24 /* "2026-11-23 21:00:06" and its NUL */

/* "14d", "12h", "90m", "30s": milliseconds. -EINVAL. */
must_use_ int text_to_ms(const char *text, uint64_t *ret);

/* The largest unit that divides it: "14d". */
void text_of_ms(uint64_t ms, char *text, size_t room);

/* 32 hex digits. -EINVAL. */
must_use_ int text_to_id(const char *text, struct trefoil_id *ret);
void text_of_id(const struct trefoil_id *id, char text[2 * TREFOIL_ID_BYTES + 1]);
bool text_is_zero_id(const struct trefoil_id *id);

/* "network/account id/user id"; the user id may hold anything, slashes too. -EINVAL, -ENOMEM. */
must_use_ int text_to_address(const char *text, struct arena *mem, struct trefoil_address *ret);

/* "network/account id" in the characters allowed there. */
bool text_is_account(struct bytes text);

/* a-z 0-9 . _ -, not empty, within SEAL_NAME_MAX_BYTES. */
bool text_is_name(struct bytes text);

/* The local time of Unix milliseconds; "-" for 0. */
const char *text_of_time(uint64_t ms, char text[TEXT_TIME_BYTES]);

/* A JSON string, quotes included; null for NULL. Bytes that are no UTF-8 become U+FFFD. */
void text_put_json(FILE *out, const char *text);

/* The text on one line of a terminal: control characters become spaces, nothing can move the cursor. */
void text_put_plain(FILE *out, const char *text);

/* Characters, not bytes: as wide as it is on a terminal. */
int text_columns(const char *text);

/* text_put_plain(), and blanks up to so many columns. */
void text_put_column(FILE *out, const char *text, int columns);

#endif
