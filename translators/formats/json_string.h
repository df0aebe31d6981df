/* What is between two quotes, and what a number is worth: the letters of JSON, for the reader's own files.
 * Never sees more than one value.
 */
#ifndef TREFOIL_FORMATS_JSON_STRING_H
#define TREFOIL_FORMATS_JSON_STRING_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/bytes.h"

/* What can be wrong with one value while the structure around it is sound. */
enum json_fault_kind {
    JSON_SOUND = 0,
    JSON_DUPLICATE_KEY,
    JSON_TOO_MANY_KEYS,
    JSON_BROKEN_UTF8,
    JSON_BROKEN_ESCAPE,
    JSON_LONE_SURROGATE,
    JSON_CONTROL_CHARACTER,
    JSON_NUMBER_OUT_OF_RANGE,
};

const char *json_fault_words(enum json_fault_kind kind);

struct json_string_scan {
    size_t size; /* both quotes included */
    bool is_escaped;
    enum json_fault_kind fault; /* the first one */
};

/* Finds the end of the string that starts at the quote `text` begins with: 0, -EBADMSG when there is none. */
must_use_ int json_string_scan(struct bytes text, struct json_string_scan *ret);

/* The functions below take the string with its quotes; `is_escaped` as the scan found it. */

/* The same for equal strings however they are escaped. */
uint32_t json_string_hash(struct bytes string, bool is_escaped);
bool json_string_equal(struct bytes a, bool a_is_escaped, struct bytes b, bool b_is_escaped);

/* Unescaped, with a NUL; a sound string only. NULL when the arena is exhausted. */
const char *json_string_text(struct bytes string, bool is_escaped, struct arena *mem);

/* Whether a number, well-formed by the grammar, can be held. */
enum json_fault_kind json_number_fault(struct bytes number);

/* True when it has neither fraction nor exponent. */
bool json_number_is_integer(struct bytes number);

/* -?digits that fit: 0, -EBADMSG. */
must_use_ int json_number_i64(struct bytes number, int64_t *ret);

/* A whole JSON number, by the C locale's rules: 0, -EBADMSG. */
must_use_ int json_number_double(struct bytes number, double *ret);

#endif
