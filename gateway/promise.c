/* Collects what is owed per peer and batch, as runs, and turns it into frames when the disk has it. */
#include "promise.h"

#include <stdlib.h>

#include "sending.h"

static void add_run(struct run_list *list, uint64_t first, uint64_t count)
{
    if (list->n > 0 && list->runs[list->n - 1].first + list->runs[list->n - 1].count == first) {
        list->runs[list->n - 1].count += count;
        return;
    }
    if (list->n == list->room) {
        size_t room = list->room ? list->room * 2 : 8;
        struct run *runs = realloc(list->runs, room * sizeof(*runs));

        if (!runs)
            return; /* the peer asks again: law 3 makes that harmless */
        list->runs = runs;
        list->room = room;
    }
    list->runs[list->n++] = (struct run){ first, count };
}

static struct promise *promise_new(struct session *session)
{
    struct promise *promise = calloc(1, sizeof(*promise));

    if (!promise)
        return NULL;
    list_init(&promise->link);
    promise->session = session;
    promise->last = &promise->first;
    promise->is_patient = true;
    session->n_promises++;
    return promise;
}

static void promise_free(struct promise *promise)
{
    if (promise->session)
        promise->session->n_promises--;
    list_remove(&promise->link);
    for (size_t i = 0; i < promise->n_acked; i++)
        free(promise->acked[i].done.runs);
    while (promise->first) {
        struct later *next = promise->first->next;

        free(promise->first->block);
        free(promise->first);
        promise->first = next;
    }
    free(promise->acked);
    free(promise->accepted.runs);
    free(promise->duplicate.runs);
    free(promise->rejected);
    free(promise);
}

struct promise *promise_open(struct gateway *gateway, struct session *session)
{
    (void) gateway;
    if (!session->open)
        session->open = promise_new(session);
    return session->open;
}

static void add_reject(struct promise *promise, uint64_t ticket, uint32_t reason, const char *text)
{
    if (promise->n_rejected == promise->rejected_room) {
        size_t room = promise->rejected_room ? promise->rejected_room * 2 : 8;
        struct rejected *rejected = realloc(promise->rejected, room * sizeof(*rejected));

        if (!rejected)
            return;
        promise->rejected = rejected;
        promise->rejected_room = room;
    }
    promise->rejected[promise->n_rejected++] = (struct rejected){ ticket, reason, text };
}

static void release(struct session *session, uint64_t n, uint64_t bytes)
{
    session->unconfirmed -= n < session->unconfirmed ? n : session->unconfirmed;
    session->unconfirmed_bytes -= bytes < session->unconfirmed_bytes ? bytes : session->unconfirmed_bytes;
}

static void verdict_at_once(struct gateway *gateway, struct session *session, uint64_t ticket,
                            const struct verdict *verdict)
{
    if (!session->at_once)
        session->at_once = promise_new(session);
    if (!session->at_once)
        return;
    if (verdict->kind == VERDICT_ROUTED)
        add_run(&session->at_once->accepted, ticket, 1);
    else
        add_reject(session->at_once, ticket, verdict->reason, verdict->text);
    sending_mark(gateway, session);
}

void promise_verdict(struct gateway *gateway, struct session *session, uint64_t ticket, size_t size,
                     const struct verdict *verdict)
{
    struct promise *promise;

    if (verdict->kind == VERDICT_REJECTED || verdict->kind == VERDICT_ROUTED) {
        release(session, 1, size);
        verdict_at_once(gateway, session, ticket, verdict);
        return;
    }
    promise = promise_open(gateway, session);
    if (!promise)
        return;
    promise->is_patient = false;
    add_run(verdict->kind == VERDICT_ACCEPTED ? &promise->accepted : &promise->duplicate, ticket, 1);
    promise->n_tickets++;
    promise->n_bytes += size;
}

void promise_acked(struct gateway *gateway, struct session *session, uint32_t handle, const struct run *run,
                   bool is_plain)
{
    struct promise *promise = promise_open(gateway, session);
    size_t i = 0;

    if (!promise)
        return;
    while (i < promise->n_acked && promise->acked[i].handle != handle)
        i++;
    if (i == promise->n_acked) {
        struct acked *acked = realloc(promise->acked, (i + 1) * sizeof(*acked));

        if (!acked)
            return;
        promise->acked = acked;
        promise->acked[promise->n_acked++] = (struct acked){ .handle = handle };
    }
    add_run(&promise->acked[i].done, run->first, run->count);
    promise->n_patient += run->count;
    promise->is_patient = promise->is_patient && is_plain && promise->n_patient < GATEWAY_PATIENT_ACKS;
}

void promise_frame(struct gateway *gateway, struct session *session, const Trefoil__Frame *frame)
{
    struct promise *promise = promise_open(gateway, session);
    struct later *later = promise ? calloc(1, sizeof(*later)) : NULL;

    if (!later || sending_pack(frame, &later->block, &later->size) < 0) {
        free(later);
        return;
    }
    promise->is_patient = false;
    *promise->last = later;
    promise->last = &later->next;
}

void promise_submit(struct gateway *gateway)
{
    list_for_each (node, &gateway->sessions) {
        struct session *session = container_of(node, struct session, link);

        if (!session->open || (session->open->is_patient && !gateway->has_ticked))
            continue;
        session->open->tag = gateway->tag;
        list_append(&gateway->promises, &session->open->link);
        session->open = NULL;
    }
    gateway->has_ticked = false;
}

/* At most BUS_RUNS_MAX of each per frame: the rest in further frames. */
static void send_confirms(struct gateway *gateway, struct promise *promise)
{
    size_t at[3] = { 0 };
    const struct run_list *lists[2] = { &promise->accepted, &promise->duplicate };

    while (at[0] < lists[0]->n || at[1] < lists[1]->n || at[2] < promise->n_rejected) {
        size_t n[3];

        for (size_t i = 0; i < 3; i++) {
            n[i] = (i < 2 ? lists[i]->n : promise->n_rejected) - at[i];
            n[i] = n[i] < BUS_RUNS_MAX ? n[i] : BUS_RUNS_MAX;
        }
        sending_confirm(gateway, promise->session,
                        &(struct confirm_part){ lists[0]->runs + at[0], n[0], lists[1]->runs + at[1], n[1],
                                                promise->rejected + at[2], n[2] });
        for (size_t i = 0; i < 3; i++)
            at[i] += n[i];
    }
}

static void keep_one(struct gateway *gateway, struct promise *promise)
{
    struct session *session = promise->session;

    if (session) {
        release(session, promise->n_tickets, promise->n_bytes);
        send_confirms(gateway, promise);
        for (size_t i = 0; i < promise->n_acked; i++)
            for (size_t at = 0; at < promise->acked[i].done.n; at += BUS_RUNS_MAX) {
                size_t n = promise->acked[i].done.n - at;

                sending_acked(gateway, session, promise->acked[i].handle, promise->acked[i].done.runs + at,
                              n < BUS_RUNS_MAX ? n : BUS_RUNS_MAX);
            }
        for (struct later *later = promise->first; later; later = later->next) {
            sending_block(gateway, session, later->block, later->block, later->size);
            later->block = NULL;
        }
    }
    promise_free(promise);
}

void promise_keep(struct gateway *gateway, uint64_t tag)
{
    struct list *first;

    while ((first = list_first(&gateway->promises)) && container_of(first, struct promise, link)->tag <= tag)
        keep_one(gateway, container_of(first, struct promise, link));
}

void promise_send_at_once(struct gateway *gateway, struct session *session)
{
    struct promise *promise = session->at_once;

    session->at_once = NULL;
    if (promise)
        keep_one(gateway, promise);
}

static void break_runs(struct promise *promise, struct run_list *list, enum reject reason, const char *text)
{
    for (size_t i = 0; i < list->n; i++)
        for (uint64_t j = 0; j < list->runs[i].count; j++)
            add_reject(promise, list->runs[i].first + j, reason, text);
    list->n = 0;
}

static void break_one(struct gateway *gateway, struct promise *promise, enum reject reason, const char *text)
{
    if (!promise->session)
        return;
    break_runs(promise, &promise->accepted, reason, text);
    break_runs(promise, &promise->duplicate, reason, text);
    release(promise->session, promise->n_tickets, promise->n_bytes);
    promise->n_tickets = promise->n_bytes = 0;
    send_confirms(gateway, promise);
    promise->n_rejected = 0;
}

void promise_break(struct gateway *gateway, enum reject reason, const char *text)
{
    list_for_each (node, &gateway->promises)
        break_one(gateway, container_of(node, struct promise, link), reason, text);
    list_for_each (node, &gateway->sessions) {
        struct session *session = container_of(node, struct session, link);

        if (session->open)
            break_one(gateway, session->open, reason, text);
    }
}

void promise_session_gone(struct gateway *gateway, struct session *session)
{
    list_for_each (node, &gateway->promises) {
        struct promise *promise = container_of(node, struct promise, link);

        if (promise->session == session)
            promise->session = NULL;
    }
    if (session->open) {
        session->open->session = NULL;
        promise_free(session->open);
    }
    if (session->at_once) {
        session->at_once->session = NULL;
        promise_free(session->at_once);
    }
    session->open = session->at_once = NULL;
}
