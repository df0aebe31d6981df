/* Tests only: a message must become a request the network's documentation shows, member for member. Networks bring the
 * messages and the samples.
 */
#ifndef TREFOIL_META_REQUEST_CASES_H
#define TREFOIL_META_REQUEST_CASES_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>

#include "base/arena.h"
#include "base/attributes.h"
#include "formats/json.h"
#include "map_kit/kit.h"
#include "skeleton_types/translator.h"

#define REQUEST_CASE_SLOTS_MAX 2

struct request_case {
    const char *name; /* of the sample: "ms-out-text" */
    struct trefoil_message message;
    const char *relates;                       /* NULL: to nothing */
    const char *mark;                          /* NULL: none */
    const char *slots[REQUEST_CASE_SLOTS_MAX]; /* what is filled in when it goes out */
    unsigned attachments;                      /* value of the option of that name */
    size_t which;                              /* of the requests it becomes */
    const char *edge;                          /* NULL: "messages" */
};

/* The same document, whatever the order of members and the spelling of strings. */
static inline int request_same(struct json_value a, struct json_value b, struct arena *mem)
{
    size_t n_a = 0, n_b = 0;

    if (json_type(a) != json_type(b))
        return 0;
    if (json_type(a) == JSON_STRING)
        return strcmp(json_text(a, mem), json_text(b, mem)) == 0;
    if (json_type(a) != JSON_ARRAY && json_type(a) != JSON_OBJECT)
        return bytes_equal(json_raw(a), json_raw(b));
    json_for_each (member, b)
        n_b++;
    struct json_value other = json_first(b);
    json_for_each (member, a) {
        n_a++;
        if (n_a > n_b)
            return 0;
        if (!request_same(member, json_type(a) == JSON_OBJECT ? json_get(b, json_key(member, mem)) : other, mem))
            return 0;
        other = json_next(b, other);
    }
    return n_a == n_b;
}

/* The body as it goes out, the slots filled in. */
static inline struct bytes request_filled(const struct request *request, const char *const *texts, struct arena *mem)
{
    const char *out = "";
    size_t at = 0;

    for (size_t i = 0; i < request->n_slots; i++) {
        struct bytes before = bytes_slice(request->body, at, request->slots[i].at - at);

        assert_true(i < REQUEST_CASE_SLOTS_MAX && texts[i]);
        out = arena_format(mem, "%s%.*s%s", out, (int) before.size, (const char *) before.data, texts[i]);
        at = request->slots[i].at;
    }
    struct bytes rest = bytes_slice(request->body, at, SIZE_MAX);
    return bytes_of_text(arena_format(mem, "%s%.*s", out, (int) rest.size, (const char *) rest.data));
}

static inline void assert_request(const struct translator_ops *ops, const char *folder,
                                  const struct request_case *case_, struct place place)
{
    struct arena mem = ARENA_EMPTY(4u << 20);
    struct request_list list = { 0 };
    const char *relates[] = { case_->relates };
    const uint8_t options[TRANSLATOR_OPTIONS_MAX] = { (uint8_t) case_->attachments };
    const char *edge = case_->edge ? case_->edge : "messages";
    struct json wanted, made;

    place.relates = relates;
    place.n_relates = case_->relates ? 1 : 0;
    place.mark = case_->mark;
    place.options = options;
    place.has_public_url = true;
    assert_int_equal(ops->encode(&case_->message, &place, &mem, &list), 0);
    if (case_->which >= list.n_requests)
        fail_msg("%s: %zu requests", case_->name, list.n_requests);
    const struct request *request = &list.requests[case_->which];
    struct bytes body = request_filled(request, case_->slots, &mem);
    struct bytes sample = kit_read(&mem, folder, arena_format(&mem, "%s.request", case_->name));
    assert_int_equal(json_parse(sample, &mem, &wanted), 0);
    assert_int_equal(json_parse(body, &mem, &made), 0);
    if (!request_same(json_root(&wanted), json_root(&made), &mem))
        fail_msg("%s is\n%.*s\nnot\n%.*s", case_->name, (int) body.size, (const char *) body.data, (int) sample.size,
                 (const char *) sample.data);
    if (!request->path || strlen(request->path) < strlen(edge) ||
        strcmp(request->path + strlen(request->path) - strlen(edge), edge) != 0)
        fail_msg("%s goes to %s", case_->name, request->path);
    arena_deinit(&mem);
}

/* Every sample in the folder has its case: none is left out unseen. */
static inline void assert_all_requests(const struct translator_ops *ops, const char *folder,
                                       const struct request_case *cases, size_t n, const struct place *place)
{
    struct arena mem = ARENA_EMPTY(4u << 20);
    const char *const *names;
    size_t n_names = kit_list(&mem, folder, ".request", &names);

    for (size_t i = 0; i < n; i++)
        assert_request(ops, folder, &cases[i], *place);
    for (size_t k = 0; k < n_names; k++) {
        int found = 0;

        for (size_t i = 0; i < n; i++)
            found |= strncmp(names[k], cases[i].name, strlen(cases[i].name)) == 0 &&
                     strcmp(names[k] + strlen(cases[i].name), ".request") == 0;
        if (!found)
            fail_msg("%s has no case", names[k]);
    }
    arena_deinit(&mem);
}

#endif
