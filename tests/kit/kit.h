/* What the tests of all maps share: reading testdata, decoding a sample, printing events for goldens.
 * Never linked into a program we ship.
 */
#ifndef TREFOIL_TESTS_KIT_H
#define TREFOIL_TESTS_KIT_H

#include "base/arena.h"
#include "base/bytes.h"
#include "messages.h"
#include "skeleton_types/translator.h"

/* The whole file, NUL-terminated behind its end. Fails the test when it cannot be read. */
struct bytes kit_read(struct arena *mem, const char *folder, const char *name);

/* The file names in `folder` that end in `suffix`, sorted. Fails the test when there are none. */
size_t kit_list(struct arena *mem, const char *folder, const char *suffix, const char *const **ret);

/* The same, and there may be none. */
size_t kit_list_any(struct arena *mem, const char *folder, const char *suffix, const char *const **ret);

/* "accounts" in `folder`: lines "account ID [PAGE_ID]" and "app ID". */
struct decode_context kit_accounts(struct arena *mem, const char *folder);

/* Decodes and fails the test unless decode() answers 0. */
struct event_list kit_decode(const struct translator_ops *ops, const struct decode_context *context, struct bytes body,
                             struct arena *mem);

/* JSON, indented, nothing that is absent: for goldens and for reading. Slots of a body show as "<uploaded 0>". Fails the
 * test when a message could not be published. */
char *kit_print_events(const struct event_list *list, struct arena *mem);
char *kit_print_requests(const struct request_list *list, struct arena *mem);
char *kit_print_verdict(const struct verdict *verdict, struct arena *mem);

/* {"name","attribute","relates","content"}: for drivers that cannot link the kit. */
char *kit_print_message(const struct kit_message *message, struct arena *mem);

/* Several of them in one object, by name. */
char *kit_print_page(const char *const *names, const char *const *pages, size_t n, struct arena *mem);

/* Compares with the file, or writes it when the environment has KIT_WRITE_GOLDENS=1. */
void kit_golden(const char *folder, const char *name, const char *text);

#endif
