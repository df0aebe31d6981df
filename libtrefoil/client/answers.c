/* Sequences in a table; what is to be sent in a list. Never sends by itself. */
#include "client/answers.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "wire/proto_writer.h"

#define SPARES_MAX 4096
#define ITSELF UINT32_MAX /* the index under which a delivery without targets is kept */

void answers_init(struct answers *answers)
{
    *answers = (struct answers){ .held = HELD_TABLE_EMPTY(ANSWERS_MAX) };
    list_init(&answers->unsent);
    list_init(&answers->spare);
}

static struct held *held_of(struct held_node *node)
{
    return node ? container_of(node, struct held, node) : NULL;
}

static struct held *look_up(const struct answers *answers, uint64_t seq)
{
    return held_of(held_table_get(&answers->held, seq));
}

/* With `n_targets` places, and nothing known of any. */
static struct held *held_new(struct answers *answers, size_t n_targets)
{
    struct list *spare = n_targets == 1 ? list_first(&answers->spare) : NULL;
    struct held *held;

    if (spare) {
        list_remove(spare);
        answers->n_spare--;
        held = container_of(spare, struct held, items);
    } else {
        held = malloc(sizeof(*held) + n_targets * sizeof(held->targets[0]));
    }
    if (!held)
        return NULL;
    *held = (struct held){ .n_places = n_targets };
    list_init(&held->items);
    return held;
}

static void held_free(struct answers *answers, struct held *held)
{
    if (held->n_places != 1 || answers->n_spare == SPARES_MAX) {
        free(held);
        return;
    }
    list_prepend(&answers->spare, &held->items);
    answers->n_spare++;
}

static void forget_item(struct answers *answers, struct answer_item *item)
{
    if (!list_is_empty(&item->in_unsent)) {
        answers->n_unsent--;
        answers->unsent_bytes -= item->bytes.size;
    }
    list_remove(&item->in_unsent);
    list_remove(&item->in_held);
    free((void *) (uintptr_t) item->bytes.data);
    free(item);
}

static void forget_items(struct answers *answers, struct held *held)
{
    /* NOLINTNEXTLINE(clang-analyzer-unix.Malloc): the analyzer cannot see that an item unlinks itself */
    list_for_each_safe (node, after, &held->items)
        forget_item(answers, container_of(node, struct answer_item, in_held));
}

static void forget(struct answers *answers, struct held *held)
{
    if (!held->is_paid) {
        answers->n_out--;
        answers->out_bytes -= held->cost_bytes;
    }
    forget_items(answers, held);
    held_table_remove(&answers->held, &held->node);
    held_free(answers, held);
}

void answers_deinit(struct answers *answers)
{
    struct held_node *next = held_table_after(&answers->held, NULL);

    while (next) {
        struct held *held = held_of(next);

        next = held_table_after(&answers->held, next);
        forget_items(answers, held);
        free(held);
    }
    list_for_each_safe (node, after, &answers->spare)
        free(container_of(node, struct held, items));
    held_table_deinit(&answers->held);
    free(answers->runs);
    answers->runs = NULL;
}

static void pay_back(struct answers *answers, size_t bytes)
{
    answers->payback++;
    answers->payback_bytes += bytes;
}

static struct held_target *find(struct held *held, uint32_t index)
{
    for (size_t i = 0; i < held->n_targets; i++)
        if (held->targets[i].index == index)
            return &held->targets[i];
    return NULL;
}

static bool has_state(const struct held *held, enum held_state state)
{
    for (size_t i = 0; i < held->n_targets; i++)
        if (held->targets[i].state == state)
            return true;
    return false;
}

static void set_state(struct held *held, uint32_t index, enum held_state from, enum held_state to)
{
    struct held_target *target = find(held, index);

    if (target && target->state == from)
        target->state = to;
}

static int add_run(struct answers *answers, uint64_t seq)
{
    struct answer_run *last = answers->n_runs > 0 ? &answers->runs[answers->n_runs - 1] : NULL;

    if (last && seq == last->first + last->count && last->count < UINT32_MAX) {
        last->count++;
        return 0;
    }
    if (answers->n_runs == answers->runs_room) {
        size_t room = answers->runs_room > 0 ? answers->runs_room * 2 : 64;
        struct answer_run *runs = realloc(answers->runs, room * sizeof(*runs));

        if (!runs)
            return -ENOMEM;
        answers->runs = runs;
        answers->runs_room = room;
    }
    answers->runs[answers->n_runs++] = (struct answer_run){ seq, 1 };
    return 0;
}

static void send_item(struct answers *answers, struct answer_item *item)
{
    if (!list_is_empty(&item->in_unsent))
        return;
    list_append(&answers->unsent, &item->in_unsent);
    answers->n_unsent++;
    answers->unsent_bytes += item->bytes.size;
}

/* Everything that was answered and is not safe goes out again. */
static int tell_again(struct answers *answers, struct held *held)
{
    if (held->targets[0].index == ITSELF)
        return held->targets[0].state == HELD_ANSWERED ? add_run(answers, held->node.seq) : 0;
    list_for_each (node, &held->items)
        send_item(answers, container_of(node, struct answer_item, in_held));
    return 0;
}

static struct held *hold(struct answers *answers, const Trefoil__Delivery *delivery)
{
    size_t n = delivery->n_targets > 0 ? delivery->n_targets : 1;
    struct held *held = held_new(answers, n);

    if (!held)
        return NULL;
    held->node.seq = delivery->seq;
    held->cost_bytes = delivery->envelope.len;
    held->n_targets = n;
    held->targets[0] = (struct held_target){ ITSELF, HELD_OUT, true };
    for (size_t i = 0; i < delivery->n_targets; i++)
        held->targets[i] = (struct held_target){ delivery->targets[i]->index, HELD_OUT, true };
    if (held_table_add(&answers->held, &held->node) < 0) {
        held_free(answers, held);
        return NULL;
    }
    answers->n_out++;
    answers->out_bytes += held->cost_bytes;
    return held;
}

/* Targets that are neither with the application nor answered: due again, or never seen. */
static bool has_news(struct held *held, const Trefoil__Delivery *delivery)
{
    if (delivery->n_targets == 0)
        return held->targets[0].index != ITSELF || held->targets[0].state == HELD_SAFE;
    for (size_t i = 0; i < delivery->n_targets; i++) {
        const struct held_target *target = find(held, delivery->targets[i]->index);

        if (!target || target->state == HELD_SAFE)
            return true;
    }
    return false;
}

/* Known, but not all of it: what is new is held afresh together with what is still out. Answers not yet safe have been
 * told again just before, so nothing is lost by forgetting them here. */
static int hold_again(struct answers *answers, struct held *old, const Trefoil__Delivery *delivery)
{
    size_t n = old->n_targets + delivery->n_targets;
    struct held *held = held_new(answers, n);

    if (!held)
        return -ENOMEM;
    held->node.seq = old->node.seq;
    held->cost_bytes = delivery->envelope.len;
    for (size_t i = 0; i < old->n_targets; i++)
        if (old->targets[i].state != HELD_SAFE && old->targets[i].index != ITSELF)
            held->targets[held->n_targets++] =
                (struct held_target){ old->targets[i].index, old->targets[i].state, false };
    for (size_t i = 0; i < delivery->n_targets; i++)
        if (!find(held, delivery->targets[i]->index))
            held->targets[held->n_targets++] = (struct held_target){ delivery->targets[i]->index, HELD_OUT, true };
    if (held->n_targets == 0)
        held->targets[held->n_targets++] = (struct held_target){ ITSELF, HELD_OUT, true };
    list_for_each_safe (node, after, &old->items) {
        list_remove(node);
        list_append(&held->items, node);
    }
    if (!old->is_paid) {
        answers->out_bytes -= old->cost_bytes;
        pay_back(answers, old->cost_bytes);
    } else {
        answers->n_out++;
    }
    answers->out_bytes += held->cost_bytes;
    held_table_remove(&answers->held, &old->node);
    (void) !held_table_add(&answers->held, &held->node); /* in the place of one: cannot fail */
    held_free(answers, old);
    return 0;
}

int answers_receive(struct answers *answers, const Trefoil__Delivery *delivery, enum answers_verdict *ret)
{
    struct held *held = look_up(answers, delivery->seq);

    *ret = ANSWERS_SHOW;
    if (!held)
        return hold(answers, delivery) ? 0 : -ENOMEM;
    int r = tell_again(answers, held);
    if (r < 0)
        return r;
    if (has_news(held, delivery))
        return hold_again(answers, held, delivery);
    pay_back(answers, delivery->envelope.len);
    *ret = ANSWERS_KNOWN;
    return 0;
}

bool answers_shows(const struct answers *answers, uint64_t seq, uint32_t target)
{
    struct held *held = look_up(answers, seq);
    const struct held_target *found = held ? find(held, target) : NULL;

    return found && found->state == HELD_OUT && found->is_fresh;
}

static void settle_credit(struct answers *answers, struct held *held)
{
    if (held->is_paid || has_state(held, HELD_OUT))
        return;
    held->is_paid = true;
    answers->n_out--;
    answers->out_bytes -= held->cost_bytes;
    pay_back(answers, held->cost_bytes);
}

int answers_done(struct answers *answers, uint64_t seq)
{
    struct held *held = look_up(answers, seq);

    if (!held || held->targets[0].index != ITSELF)
        return held ? -EINVAL : add_run(answers, seq);
    if (held->targets[0].state != HELD_OUT)
        return 0;
    int r = add_run(answers, seq);
    if (r < 0)
        return r;
    held->targets[0].state = HELD_ANSWERED;
    settle_credit(answers, held);
    return 0;
}

static struct answer_item *item_new(const Trefoil__AckItem *from)
{
    struct answer_item *item = calloc(1, sizeof(*item) + from->n_outcomes * sizeof(item->targets[0]));
    size_t size = trefoil__ack_item__get_packed_size(from);
    uint8_t *data = malloc(size > 0 ? size : 1);

    if (!item || !data) {
        free(item);
        free(data);
        return NULL;
    }
    trefoil__ack_item__pack(from, data);
    item->bytes = bytes_make(data, size);
    item->n_targets = from->n_outcomes;
    for (size_t i = 0; i < item->n_targets; i++)
        item->targets[i] = from->outcomes[i]->target;
    list_init(&item->in_held);
    list_init(&item->in_unsent);
    return item;
}

int answers_outcome(struct answers *answers, const Trefoil__AckItem *from)
{
    struct held *held = look_up(answers, from->seq);

    if (!held)
        return -ENOENT;
    if (from->n_outcomes == 0)
        return -EINVAL;
    for (size_t i = 0; i < from->n_outcomes; i++)
        if (!find(held, from->outcomes[i]->target))
            return -EINVAL; /* was not shown */
    struct answer_item *item = item_new(from);
    if (!item)
        return -ENOMEM;
    for (size_t i = 0; i < from->n_outcomes; i++)
        set_state(held, from->outcomes[i]->target, HELD_OUT, HELD_ANSWERED);
    list_append(&held->items, &item->in_held);
    send_item(answers, item);
    settle_credit(answers, held);
    return 0;
}

bool answers_has_unsent(const struct answers *answers)
{
    return answers->n_runs > 0 || answers->n_unsent > 0;
}

/* How much of what waits fits one frame. */
static void portion(const struct answers *answers, size_t *ret_runs, size_t *ret_items)
{
    size_t n = 0, size = 0;

    *ret_runs = answers->n_runs < BUS_RUNS_MAX ? answers->n_runs : BUS_RUNS_MAX;
    list_for_each (node, &answers->unsent) {
        size += container_of(node, struct answer_item, in_unsent)->bytes.size;
        if (n > 0 && (n >= BUS_ANSWERS_FULL || size > BUS_BATCH_FULL_BYTES))
            break;
        n++;
    }
    *ret_items = n;
}

static void put_run(struct proto_writer *writer, const struct answer_run *run)
{
    proto_put_u64(writer, 1, run->first);
    proto_put_u64(writer, 2, run->count);
}

static void put_ack(struct proto_writer *writer, const struct answers *answers, uint32_t handle)
{
    size_t n_runs, n_items;

    portion(answers, &n_runs, &n_items);
    proto_put_u64(writer, 1, handle);
    for (size_t i = 0; i < n_runs; i++) {
        struct proto_writer measure = { 0 };

        put_run(&measure, &answers->runs[i]);
        proto_put_front(writer, 2, measure.size);
        put_run(writer, &answers->runs[i]);
    }
    list_for_each (node, &answers->unsent) {
        if (n_items-- == 0)
            break;
        proto_put_item(writer, 3, container_of(node, struct answer_item, in_unsent)->bytes);
    }
}

size_t answers_frame_size(const struct answers *answers, uint32_t handle)
{
    struct proto_writer measure = { 0 };

    put_ack(&measure, answers, handle);
    size_t body = measure.size;
    proto_put_front(&measure, TREFOIL__FRAME__BODY_ACK, body);
    return measure.size;
}

void answers_frame_write(const struct answers *answers, uint32_t handle, uint8_t *to)
{
    struct proto_writer measure = { 0 }, writer = { to, 0 };

    put_ack(&measure, answers, handle);
    proto_put_front(&writer, TREFOIL__FRAME__BODY_ACK, measure.size);
    put_ack(&writer, answers, handle);
}

void answers_frame_sent(struct answers *answers)
{
    size_t n_runs, n_items;

    portion(answers, &n_runs, &n_items);
    answers->n_runs -= n_runs;
    if (answers->n_runs > 0)
        memmove(answers->runs, answers->runs + n_runs, answers->n_runs * sizeof(*answers->runs));
    for (size_t i = 0; i < n_items; i++) {
        struct answer_item *item = container_of(answers->unsent.next, struct answer_item, in_unsent);

        list_remove(&item->in_unsent);
        answers->n_unsent--;
        answers->unsent_bytes -= item->bytes.size;
    }
}

/* The oldest Ack of it that is out has reached the disk. */
static void make_safe(struct answers *answers, struct held *held)
{
    struct answer_item *item = container_of(held->items.next, struct answer_item, in_held);

    if (held->targets[0].index == ITSELF) {
        if (held->targets[0].state == HELD_ANSWERED)
            forget(answers, held);
        return;
    }
    if (list_is_empty(&held->items) || !list_is_empty(&item->in_unsent))
        return;
    for (size_t i = 0; i < item->n_targets; i++)
        set_state(held, item->targets[i], HELD_ANSWERED, HELD_SAFE);
    forget_item(answers, item);
    if (list_is_empty(&held->items) && !has_state(held, HELD_OUT))
        forget(answers, held);
}

/* A run longer than all we know of: looks at what we know. */
static void make_known_safe(struct answers *answers, uint64_t first, uint32_t count)
{
    struct held **known = calloc(answers->held.count + 1, sizeof(*known));
    size_t n = 0;

    for (struct held_node *node = NULL; known && (node = held_table_after(&answers->held, node));)
        if (node->seq - first < count)
            known[n++] = held_of(node);
    for (size_t i = 0; i < n; i++)
        make_safe(answers, known[i]);
    free(known);
}

void answers_safe(struct answers *answers, uint64_t first, uint32_t count)
{
    if (count > answers->held.count) {
        make_known_safe(answers, first, count);
        return;
    }
    for (uint32_t i = 0; i < count; i++) {
        struct held *held = look_up(answers, first + i);

        if (held)
            make_safe(answers, held);
    }
}

int answers_rewind(struct answers *answers)
{
    int r = 0;

    answers->n_runs = 0;
    answers->payback = 0;
    answers->payback_bytes = 0;
    for (struct held_node *node = NULL; r == 0 && (node = held_table_after(&answers->held, node));)
        r = tell_again(answers, held_of(node));
    return r;
}

bool answers_is_settled(const struct answers *answers)
{
    return answers->held.count == 0 && !answers_has_unsent(answers);
}

uint64_t answers_lowest(const struct answers *answers, uint64_t otherwise)
{
    uint64_t lowest = otherwise;

    for (const struct held_node *node = NULL; (node = held_table_after(&answers->held, node));)
        lowest = node->seq < lowest ? node->seq : lowest;
    return lowest;
}
