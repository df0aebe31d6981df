/* Tests only: what happens at a limit and one beyond it, for the networks that speak the messaging dialect. Written from
 * the documentation's numbers, not from our tables.
 */
#ifndef TREFOIL_META_LIMIT_CASES_H
#define TREFOIL_META_LIMIT_CASES_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <errno.h>
#include <string.h>

#include "base/arena.h"
#include "base/attributes.h"
#include "formats/json.h"
#include "skeleton_types/translator.h"

#define LIMIT_MB (1024u * 1024u)

/* One message's requests, and the arena they live in. */
struct limit_case {
    const struct translator_ops *ops;
    struct place place;
    struct arena mem;
    struct request_list list;
};

static inline void limit_encode(struct limit_case *at, const struct trefoil_message *message)
{
    at->list = (struct request_list){ 0 };
    assert_int_equal(at->ops->encode(message, &at->place, &at->mem, &at->list), 0);
}

static inline int limit_lost(const struct limit_case *at, const char *word)
{
    for (size_t i = 0; i < at->list.n_lost; i++)
        if (strcmp(at->list.lost[i], word) == 0)
            return 1;
    return 0;
}

/* The "message" of the last request. */
static inline struct json_value limit_message(struct limit_case *at)
{
    struct json *json = arena_alloc(&at->mem, sizeof *json);

    assert_true(json && at->list.n_requests > 0);
    assert_int_equal(json_parse(at->list.requests[at->list.n_requests - 1].body, &at->mem, json), 0);
    return json_get(json_root(json), "message");
}

static inline int limit_is_template(struct limit_case *at)
{
    return json_is_text(json_get(json_get(limit_message(at), "attachment"), "type"), "template");
}

static inline size_t limit_n_quick_replies(struct limit_case *at)
{
    size_t n = 0;

    json_for_each (reply, json_get(limit_message(at), "quick_replies"))
        n++;
    return n;
}

static inline char *limit_text(struct limit_case *at, size_t size)
{
    char *text = arena_alloc(&at->mem, size + 1);

    assert_non_null(text);
    memset(text, 'a', size);
    return text;
}

static inline void limit_offer(struct limit_case *at, enum trefoil_choice_shape shape, const char *body, size_t n,
                               const char *title, const char *id)
{
    struct trefoil_option options[16] = { 0 };
    struct trefoil_message message = { .kind = TREFOIL_KIND_CHOICES };

    assert_true(n <= ARRAY_SIZE(options));
    for (size_t i = 0; i < n; i++)
        options[i] = (struct trefoil_option){ .id = id, .title = title };
    message.body.choices = (struct trefoil_choices){ .shape = shape, .body = body, .options = options, .n_options = n };
    limit_encode(at, &message);
}

static inline void limits_of_buttons(struct limit_case *at)
{
    limit_offer(at, TREFOIL_CHOICE_BUTTONS, limit_text(at, 640), 3, "t", "i");
    assert_true(limit_is_template(at));
    assert_int_equal(at->list.n_lost, 0);
    limit_offer(at, TREFOIL_CHOICE_BUTTONS, limit_text(at, 641), 3, "t", "i");
    assert_int_equal(limit_n_quick_replies(at), 3);
    assert_true(limit_lost(at, "buttons→quick replies"));
    limit_offer(at, TREFOIL_CHOICE_BUTTONS, "b", 4, "t", "i");
    assert_int_equal(limit_n_quick_replies(at), 4);
    limit_offer(at, TREFOIL_CHOICE_BUTTONS, "b", 1, "t", limit_text(at, 1000));
    assert_true(limit_is_template(at));
    limit_offer(at, TREFOIL_CHOICE_BUTTONS, "b", 1, "t", limit_text(at, 1001));
    assert_false(limit_is_template(at));
    assert_true(limit_lost(at, "buttons→text"));
}

static inline void limits_of_quick_replies(struct limit_case *at)
{
    limit_offer(at, TREFOIL_CHOICE_QUICK_REPLIES, "b", 13, "t", "i");
    assert_int_equal(limit_n_quick_replies(at), 13);
    assert_int_equal(at->list.n_lost, 0);
    limit_offer(at, TREFOIL_CHOICE_QUICK_REPLIES, "b", 14, "t", "i");
    assert_int_equal(limit_n_quick_replies(at), 0);
    assert_true(limit_lost(at, "options>13") && limit_lost(at, "quick replies→text"));
    limit_offer(at, TREFOIL_CHOICE_LIST, "b", 13, "t", "i");
    assert_int_equal(limit_n_quick_replies(at), 13);
    assert_true(limit_lost(at, "list→quick replies"));
    limit_offer(at, TREFOIL_CHOICE_QUICK_REPLIES, "b", 0, "t", "i");
    assert_int_equal(limit_n_quick_replies(at), 0);
    limit_offer(at, TREFOIL_CHOICE_QUICK_REPLIES, "b", 2, "t", limit_text(at, 1000));
    assert_int_equal(limit_n_quick_replies(at), 2);
    limit_offer(at, TREFOIL_CHOICE_QUICK_REPLIES, "b", 2, "t", limit_text(at, 1001));
    assert_int_equal(limit_n_quick_replies(at), 0);
}

/* Characters, not bytes: each of these has two. */
static inline void limits_of_titles(struct limit_case *at)
{
    static const char twenty[] = "éééééééééééééééééééé";
    const char *shown;

    limit_offer(at, TREFOIL_CHOICE_QUICK_REPLIES, "b", 1, twenty, "i");
    assert_false(limit_lost(at, "title>20"));
    limit_offer(at, TREFOIL_CHOICE_QUICK_REPLIES, "b", 1, arena_format(&at->mem, "%sé", twenty), "i");
    assert_true(limit_lost(at, "title>20"));
    shown = json_text(json_get(json_first(json_get(limit_message(at), "quick_replies")), "title"), &at->mem);
    assert_string_equal(shown, "ééééééééééééééééééé…");
}

static inline void limit_send_files(struct limit_case *at, enum trefoil_media_kind kind, const char *mime, size_t n,
                                    uint64_t size_bytes)
{
    struct trefoil_media media[40] = { 0 };
    struct trefoil_message message = { .kind = TREFOIL_KIND_MEDIA, .body.media = { NULL, media, n } };

    assert_true(n <= ARRAY_SIZE(media));
    for (size_t i = 0; i < n; i++)
        media[i] = (struct trefoil_media){ .kind = kind, .mime = mime, .size_bytes = size_bytes, .blob = "b" };
    limit_encode(at, &message);
}

static inline size_t limit_n_messages(const struct limit_case *at)
{
    size_t n = 0;

    for (size_t i = 0; i < at->list.n_requests; i++)
        n += at->list.requests[i].is_message;
    return n;
}

static inline void limits_of_files(struct limit_case *at)
{
    limit_send_files(at, TREFOIL_MEDIA_VIDEO, "video/mp4", 1, 25 * LIMIT_MB);
    assert_int_equal(at->list.n_requests, 2);
    assert_int_equal(at->list.n_lost, 0);
    limit_send_files(at, TREFOIL_MEDIA_VIDEO, "video/mp4", 1, 25 * LIMIT_MB + 1);
    assert_int_equal(at->list.n_requests, 1);
    assert_true(limit_lost(at, "file too large") && limit_lost(at, "video→text"));
    limit_send_files(at, TREFOIL_MEDIA_IMAGE, "image/png", 1, 8 * LIMIT_MB);
    assert_int_equal(at->list.n_lost, 0);
    limit_send_files(at, TREFOIL_MEDIA_IMAGE, "image/png", 1, 8 * LIMIT_MB + 1);
    assert_true(limit_lost(at, "image→file") || limit_lost(at, "file too large"));
    limit_send_files(at, TREFOIL_MEDIA_IMAGE, "image/png", 10, 1);
    assert_int_equal(limit_n_messages(at), 1);
    assert_int_equal(at->list.requests[10].n_slots, 10);
    limit_send_files(at, TREFOIL_MEDIA_IMAGE, "image/png", 11, 1);
    assert_int_equal(limit_n_messages(at), 2);
    limit_send_files(at, TREFOIL_MEDIA_AUDIO, "audio/mp4", 32, 1);
    assert_false(limit_lost(at, "files>32"));
    limit_send_files(at, TREFOIL_MEDIA_AUDIO, "audio/mp4", 33, 1);
    assert_true(limit_lost(at, "files>32"));
}

/* An object of exactly this many bytes. */
static inline const char *limit_native(struct limit_case *at, size_t size)
{
    return arena_format(&at->mem, "{\"text\":\"%s\"}", limit_text(at, size - 11));
}

static inline void limits_of_native_shapes(struct limit_case *at)
{
    const char *key = arena_format(&at->mem, "native.%s", at->ops->name), *value = limit_native(at, 16384);
    const char *bad[] = { "", "[]", "{", "{\"a\":1,\"a\":2}", "{\"a\":\"\xff\"}", "{} {}", limit_native(at, 16385) };
    struct trefoil_message message = { .kind = TREFOIL_KIND_TEXT, .n_extras = 1 };

    message.body.text.body = "words";
    message.extra_keys = &key;
    message.extra_values = &value;
    limit_encode(at, &message);
    assert_int_equal(json_raw(json_get(limit_message(at), "text")).size, 16384 - 11 + 2);
    for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
        value = bad[i];
        at->list = (struct request_list){ 0 };
        assert_int_equal(at->ops->encode(&message, &at->place, &at->mem, &at->list), -ENOTSUP);
        assert_int_equal(at->list.n_requests, 0);
        assert_true(limit_lost(at, "native"));
    }
}

static inline void assert_limits(const struct translator_ops *ops, const struct place *place)
{
    struct limit_case at = { .ops = ops, .place = *place, .mem = ARENA_EMPTY(64u << 20) };

    limits_of_buttons(&at);
    limits_of_quick_replies(&at);
    limits_of_titles(&at);
    limits_of_files(&at);
    limits_of_native_shapes(&at);
    arena_deinit(&at.mem);
}

#endif
