/* Tests only: what becomes of each relation on a network, held against the table of rules and against the one people
 * read, in translators/README.md. Networks bring the ops and a place.
 */
#ifndef TREFOIL_META_RELATION_CASES_H
#define TREFOIL_META_RELATION_CASES_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>

#include "base/arena.h"
#include "map_kit/kit.h"
#include "relation.h"

#define RELATION_TARGET "the-target"
#define RELATION_README SOURCE_DIR "/translators"
#define RELATION_COLUMNS_MAX 8

/* One row of the README's table, cell by cell, without the spaces around them. */
struct relation_row {
    const char *cells[RELATION_COLUMNS_MAX];
    size_t n;
};

static inline struct relation_row relation_row_named(const char *name, struct arena *mem)
{
    const char *text = arena_text(mem, kit_read(mem, RELATION_README, "README.md"));
    const char *start = strstr(text, "\n## Relations\n"), *end;
    struct relation_row row = { .n = 0 };

    assert_non_null(start);
    start = strstr(start, arena_format(mem, "\n| %s |", name));
    if (!start)
        fail_msg("README.md has no relation \"%s\"", name);
    end = strchr(start + 1, '\n');
    for (const char *at = start + 2; at < end && row.n < RELATION_COLUMNS_MAX;) {
        const char *bar = memchr(at, '|', (size_t) (end - at));

        assert_non_null(bar);
        row.cells[row.n++] = arena_text(mem, bytes_make(at + 1, bar > at + 2 ? (size_t) (bar - at - 2) : 0));
        at = bar + 1;
    }
    return row;
}

/* The cell below the network's name. */
static inline const char *relation_cell(const struct relation_row *row, const char *network, struct arena *mem)
{
    struct relation_row head = relation_row_named("relation", mem);

    for (size_t i = 0; i < head.n; i++)
        if (strcmp(head.cells[i], network) == 0)
            return row->cells[i];
    fail_msg("README.md has no column \"%s\"", network);
    return NULL;
}

static inline struct trefoil_message relation_message(enum relation relation)
{
    struct trefoil_message message = { .kind = TREFOIL_KIND_TEXT, .body.text = { "the words", NULL, 0 } };

    switch (relation) {
    case RELATION_REPLY:
        message.in_reply_to = RELATION_TARGET;
        break;
    case RELATION_EDIT:
        message.is_edit = true;
        message.replaces = RELATION_TARGET;
        break;
    case RELATION_RETRACT:
        message.kind = TREFOIL_KIND_RETRACT;
        message.body.retract.target = RELATION_TARGET;
        break;
    default:
        message.kind = TREFOIL_KIND_REACTION;
        message.body.reaction = (struct trefoil_reaction){ RELATION_TARGET, "👍", relation == RELATION_UNREACTION };
        break;
    }
    return message;
}

/* All bodies it becomes, one behind the other. */
static inline const char *relation_sent(const struct translator_ops *ops, const struct trefoil_message *message,
                                        struct place place, const char *target, struct arena *mem,
                                        struct request_list *ret)
{
    const char *relates[] = { target }, *sent = "";

    place.relates = relates;
    place.n_relates = 1;
    assert_int_equal(ops->encode(message, &place, mem, ret), 0);
    for (size_t i = 0; i < ret->n_requests; i++)
        sent = arena_format(mem, "%s%s", sent, arena_text(mem, ret->requests[i].body));
    return sent;
}

static inline bool relation_loses(const struct request_list *list, const char *word)
{
    for (size_t i = 0; i < list->n_lost; i++)
        if (strcmp(list->lost[i], word) == 0)
            return true;
    return false;
}

static inline void assert_says(const char *sent, const char *part, const struct relation_rule *rule)
{
    if (part && !strstr(sent, part))
        fail_msg("%s: no \"%s\" in %s", rule->name, part, sent);
}

/* Where the network has it: its own member, about the target, and nothing lost. */
static inline void assert_relation_is_own(const struct translator_ops *ops, enum relation relation, const char *cell,
                                          const struct place *place)
{
    const struct trefoil_message message = relation_message(relation);
    struct arena mem = ARENA_EMPTY(1u << 20);
    struct request_list list = { 0 };
    const char *sent = relation_sent(ops, &message, *place, RELATION_TARGET, &mem, &list);
    const char *from = strchr(cell, '`'), *to = from ? strchr(from + 1, '`') : NULL;

    if (!to)
        fail_msg("README.md: %s has no word for %s", ops->name, relation_rules[relation].name);
    assert_says(sent, arena_format(&mem, "\"%.*s\"", (int) (to - from - 1), from + 1), &relation_rules[relation]);
    assert_says(sent, RELATION_TARGET, &relation_rules[relation]);
    assert_int_equal(list.n_lost, 0);
    arena_deinit(&mem);
}

/* Where it has not, or does not know the target: what the rule says, and its word in the outcome. */
static inline void assert_relation_is_said(const struct translator_ops *ops, enum relation relation, const char *target,
                                           const struct place *place)
{
    const struct relation_rule *rule = &relation_rules[relation];
    const struct trefoil_message message = relation_message(relation);
    struct arena mem = ARENA_EMPTY(1u << 20);
    struct request_list list = { 0 };
    const char *sent = relation_sent(ops, &message, *place, target, &mem, &list);

    if (!relation_loses(&list, rule->lost))
        fail_msg("%s: %s is lost without its word", ops->name, rule->name);
    if (relation == RELATION_UNREACTION) {
        assert_int_equal(list.n_requests, 0);
    } else {
        assert_int_equal(list.n_requests, 1);
        assert_says(sent, rule->note ? rule->note : message.kind == TREFOIL_KIND_TEXT ? "the words" : "👍", rule);
        assert_says(sent, target ? target : rule->unknown, rule);
    }
    arena_deinit(&mem);
}

/* An edit shows that it is one, whatever was edited. */
static inline void assert_edits_are_said(const struct translator_ops *ops, const struct place *place)
{
    static const struct trefoil_media picture = { .kind = TREFOIL_MEDIA_IMAGE, .mime = "image/jpeg", .blob = "b" };
    static const char *const phones[] = { "+15551230002" };
    static const struct trefoil_contact bob = { "Bob", phones, 1, NULL, 0, NULL, NULL };
    static const struct trefoil_option option = { "yes", "Yes", NULL, NULL, NULL };
    static const struct trefoil_message edited[] = {
        { .kind = TREFOIL_KIND_TEXT, .body.text = { "new", NULL, 0 } },
        { .kind = TREFOIL_KIND_MEDIA, .body.media = { "new", &picture, 1 } },
        { .kind = TREFOIL_KIND_LOCATION, .body.location = { 52.37, 4.89, "Dam", NULL, NULL } },
        { .kind = TREFOIL_KIND_CONTACTS, .body.contacts = { &bob, 1 } },
        { .kind = TREFOIL_KIND_CHOICES,
          .body.choices = { TREFOIL_CHOICE_BUTTONS, NULL, "Well?", NULL, NULL, &option, 1 } },
        { .kind = TREFOIL_KIND_CHOICE, .body.choice = { TREFOIL_CHOICE_BUTTONS, "yes", "Yes", NULL, NULL } },
        { .kind = TREFOIL_KIND_ORDER, .body.order = { NULL, "soon", NULL, 0 } },
        { .kind = TREFOIL_KIND_TEMPLATE, .body.template_ = { "order_update", "en_US", NULL, "It is on its way" } },
        { .kind = TREFOIL_KIND_UNSUPPORTED, .fallback = "[dance]" },
    };
    const struct relation_rule *rule = &relation_rules[RELATION_EDIT];

    for (size_t i = 0; i < sizeof edited / sizeof *edited; i++) {
        struct trefoil_message message = edited[i];
        struct arena mem = ARENA_EMPTY(1u << 20);
        struct request_list list = { 0 };

        message.is_edit = true;
        assert_says(relation_sent(ops, &message, *place, RELATION_TARGET, &mem, &list), rule->note, rule);
        if (!relation_loses(&list, rule->lost))
            fail_msg("%s: an edit of kind %d is lost without its word", ops->name, (int) message.kind);
        arena_deinit(&mem);
    }
}

/* `network`: its column. */
static inline void assert_relations(const struct translator_ops *ops, const char *network, const struct place *place)
{
    for (size_t i = 0; i < N_RELATIONS; i++) {
        const struct relation_rule *rule = &relation_rules[i];
        struct arena mem = ARENA_EMPTY(4u << 20);
        struct relation_row row = relation_row_named(rule->name, &mem);
        const char *cell = relation_cell(&row, network, &mem);

        assert_true(row.n >= 3);
        assert_string_equal(row.cells[row.n - 2], rule->instead);
        assert_string_equal(row.cells[row.n - 1], arena_format(&mem, "`%s`", rule->lost));
        if (ops->capabilities[rule->feature].support >= SUPPORT_PARTIAL) {
            assert_relation_is_own(ops, (enum relation) i, cell, place);
        } else {
            assert_string_equal(cell, "–");
            assert_relation_is_said(ops, (enum relation) i, RELATION_TARGET, place);
        }
        assert_relation_is_said(ops, (enum relation) i, NULL, place);
        arena_deinit(&mem);
    }
    assert_edits_are_said(ops, place);
}

#endif
