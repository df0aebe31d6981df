/* Opens everything, turns the loop, closes everything. One turn: read frames, let the core play, hand out what is on
 * disk, submit what is new, send.
 */
#include "gateway.h"

#include <errno.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <zmq.h>

#include "promise.h"
#include "sending.h"
#include "session.h"
#include "transport_key.h"
#include "watch.h"

uint64_t gateway_now_ms(void)
{
    struct timespec now;

    clock_gettime(CLOCK_REALTIME, &now);
    return (uint64_t) now.tv_sec * 1000 + (uint64_t) now.tv_nsec / 1000000;
}

static void on_verdict(void *owner, struct peer *peer, uint64_t ticket, size_t size, const struct verdict *verdict)
{
    struct gateway *gateway = owner;

    if (peer)
        promise_verdict(gateway, peer->wire, ticket, size, verdict);
    gateway->has_changes = true;
}

static void on_hand(void *owner, const struct handing *handing)
{
    sending_hand(owner, handing);
}

/* Everything up to this batch is on the disk. */
static void keep(struct gateway *gateway, uint64_t tag)
{
    if (tag >= gateway->wakes_at && !gateway->broker.is_wake_new)
        gateway->broker.is_waking = false;
    promise_keep(gateway, tag);
}

static void on_durable(void *owner, uint64_t tag)
{
    struct gateway *gateway = owner;

    gateway->n_batches--;
    keep(gateway, tag);
    gateway->must_pump = true;
}

static void on_trouble(void *owner, int error)
{
    struct gateway *gateway = owner;
    bool is_full = error == -ENOSPC || error == -EDQUOT;

    log_event(&gateway->log, error < 0 ? LOG_ERROR_ : LOG_INFO_, error < 0 ? "store-trouble" : "store-works-again",
              LOG_TEXT("why", error < 0 ? strerror(-error) : "none"));
    broker_trouble(&gateway->broker, error);
    if (error < 0)
        promise_break(gateway, is_full ? REJECT_IS_STORE_FULL : REJECT_IS_STORE_BROKEN,
                      is_full ? "the store is full; try again later" : "the store does not write; try again later");
    gateway->must_pump = true;
}

static bool may_enter(void *owner, const uint8_t key[32])
{
    struct gateway *gateway = owner;
    bool is_member =
        roster_service_by_transport(&gateway->keeper.trust.roster, bytes_make(key, SEAL_KEY_BYTES)) != NULL;

    gateway->tally.zap_refused += !is_member;
    return is_member;
}

static void on_frame(void *owner, const struct routing_id *from, const char *user, struct bytes frame)
{
    session_frame(owner, from, user, frame);
}

/* What earlier deliveries may have been out is said in the batch submitted last. */
static void note_wakes(struct gateway *gateway)
{
    if (gateway->broker.is_wake_new)
        gateway->wakes_at = gateway->tag;
    gateway->broker.is_wake_new = false;
}

/* What changed since the last batch goes to the disk, unless many are on their way already; on a full disk the one that
 * makes room must not wait behind them. */
static void submit(struct gateway *gateway)
{
    bool is_empty = false;

    if (!gateway->has_changes || (gateway->n_batches >= GATEWAY_BATCHES_OUT && !gateway->broker.has_relief))
        return;
    broker_flush(&gateway->broker);
    if (store_submit(gateway->store, gateway->tag + 1, &is_empty) < 0)
        return; /* tried again with the next turn */
    gateway->has_changes = gateway->has_moved = gateway->broker.has_relief = false;
    if (is_empty) {
        note_wakes(gateway);
        promise_submit(gateway); /* owed with what is under way already, if anything is */
        if (gateway->n_batches == 0)
            keep(gateway, gateway->tag);
        return;
    }
    gateway->tag++;
    gateway->n_batches++;
    note_wakes(gateway);
    promise_submit(gateway);
}

static void idle(uv_idle_t *more)
{
    (void) more; /* only keeps the loop from sleeping */
}

/* Nobody has anything of ours in hand, and everybody knows what became of theirs. What is left to save goes with the last
 * batch. */
static bool is_drained(const struct gateway *gateway)
{
    if (gateway->n_batches > 0 || gateway->has_changes)
        return false;
    list_for_each (node, &gateway->broker.subscriptions) {
        const struct subscription *subscription = container_of(node, struct subscription, link);

        list_for_each (seat_node, &subscription->seats)
            if (container_of(seat_node, struct seat, in_subscription)->n_out > 0)
                return false;
    }
    return true;
}

/* Time on the wall may be set; who waits, or was heard of lately, must not notice. */
static void look_at_clocks(struct gateway *gateway)
{
    uint64_t now_ms = gateway_now_ms();
    int64_t offset_ms = (int64_t) (now_ms - uv_hrtime() / 1000000), by_ms = offset_ms - gateway->clock_offset_ms;

    if (gateway->clock_offset_ms && (by_ms > GATEWAY_CLOCK_SET_MS || by_ms < -GATEWAY_CLOCK_SET_MS)) {
        log_event(&gateway->log, LOG_WARNING_, "clock-set", LOG_NUMBER("by_ms", by_ms));
        broker_clock_set(&gateway->broker, by_ms);
        list_for_each (node, &gateway->sessions) {
            struct session *session = container_of(node, struct session, link);

            broker_shift(&session->heard_ms, by_ms);
            broker_shift(&session->told_ms, by_ms);
        }
        if (gateway->drain_until_ms > 0)
            broker_shift(&gateway->drain_until_ms, by_ms);
    }
    gateway->clock_offset_ms = offset_ms;
    gateway->broker.now_ms = now_ms;
}

static void turn(uv_prepare_t *prepare)
{
    struct gateway *gateway = prepare->data;

    look_at_clocks(gateway);
    zap_answer(gateway->zap);
    if (store_backlog_bytes(gateway->store) < GATEWAY_BACKLOG_BYTES)
        frontend_read(gateway->frontend, GATEWAY_FRAMES_PER_TURN);
    if (gateway->must_pump) {
        gateway->must_pump = false;
        if (broker_pump(&gateway->broker))
            gateway->must_pump = true;
        gateway->has_moved = true; /* floors and parked rooms may have */
    }
    sending_flush(gateway);
    session_sweep(gateway);
    submit(gateway);
    sending_flush(gateway);
    if (gateway->drain_until_ms > 0) {
        gateway->is_drained = is_drained(gateway);
        if (gateway->is_drained || gateway->broker.now_ms >= gateway->drain_until_ms)
            uv_stop(gateway->loop);
    }
    /* ZeroMQ's descriptor is edge-triggered and sending may swallow an edge: ask once more before sleeping. */
    if (gateway->must_pump ||
        (frontend_is_readable(gateway->frontend) && store_backlog_bytes(gateway->store) < GATEWAY_BACKLOG_BYTES))
        uv_idle_start(&gateway->more, idle);
    else
        uv_idle_stop(&gateway->more);
}

static void on_readable(uv_poll_t *poll, int status, int events)
{
    (void) poll; /* wakes the loop; the turn does the work */
    (void) status;
    (void) events;
}

static void on_tick(uv_timer_t *timer)
{
    struct gateway *gateway = timer->data;

    look_at_clocks(gateway);
    broker_tick(&gateway->broker, gateway->broker.now_ms);
    session_tick(gateway);
    if (gateway->broker.tables.failed < 0) {
        log_event(&gateway->log, LOG_ERROR_, "store-refuses",
                  LOG_TEXT("why", strerror(-gateway->broker.tables.failed)));
        gateway->broker.tables.failed = 0;
    }
    gateway->has_changes = gateway->has_changes || gateway->has_moved;
    gateway->has_ticked = true;
    gateway->must_pump = true;
}

static void on_stop(uv_signal_t *signal, int number)
{
    struct gateway *gateway = signal->data;
    Trefoil__Bye bye = TREFOIL__BYE__INIT;

    if (gateway->drain_until_ms > 0) {
        uv_stop(gateway->loop); /* asked twice */
        return;
    }
    log_event(&gateway->log, LOG_INFO_, "draining", LOG_NUMBER("signal", number));
    look_at_clocks(gateway);
    gateway->drain_until_ms = gateway->broker.now_ms + GATEWAY_DRAIN_MS;
    gateway->broker.is_draining = true;
    bye.reason = (char *) (uintptr_t) "the gateway stops";
    list_for_each (node, &gateway->sessions) {
        struct session *session = container_of(node, struct session, link);

        session->peer.is_draining = true;
        sending_frame(gateway, session, TREFOIL__FRAME__BODY_BYE, &bye);
    }
}

static void on_reload(uv_signal_t *signal, int number)
{
    struct gateway *gateway = signal->data;
    struct members *members;
    char error[512] = "";
    int r =
        keeper_reload(&gateway->keeper, gateway->settings->bundle_file, &gateway->broker.tables, error, sizeof(error));

    (void) number;
    if (r < 0)
        log_event(&gateway->log, LOG_ERROR_, "reload-refused", LOG_TEXT("why", error));
    if (r <= 0)
        return;
    if (keeper_members(&gateway->keeper, &members) < 0) {
        log_event(&gateway->log, LOG_ERROR_, "reload-refused", LOG_TEXT("why", "no memory for the roster"));
        return;
    }
    if (broker_set_members(&gateway->broker, &members) < 0) /* in force all the same */
        log_event(&gateway->log, LOG_ERROR_, "roster-incomplete", LOG_TEXT("why", "no memory for its subscriptions"));
    gateway->has_changes = true;
    gateway_roster_changed(gateway);
}

static int open_store(struct gateway *gateway, char *error, size_t error_room)
{
    const struct settings *settings = gateway->settings;
    struct store_options options = { .directory = settings->store_dir,
                                     .max_bytes = settings->store_max_bytes,
                                     .seen_window_ms = settings->seen_window_ms,
                                     .now_ms = gateway_now_ms() };
    struct store_events events = { gateway, on_durable, on_trouble };
    uint64_t retention_ms = keeper_retention_ms(&gateway->keeper, settings->bundle_file);

    if (options.seen_window_ms < retention_ms)
        options.seen_window_ms = retention_ms; /* an id leads to its record as long as that lives */

    if (mkdir(settings->store_dir, 0700) < 0 && errno != EEXIST) {
        int r = -errno;

        (void) snprintf(error, error_room, "store_dir: %s: %s", settings->store_dir, strerror(-r));
        return r;
    }
    int r = store_open(&options, gateway->loop, &events, &gateway->store);
    if (r < 0)
        (void) snprintf(error, error_room, "store_dir: %s: %s", settings->store_dir,
                        r == -EBUSY     ? "another process holds this store"
                        : r == -EBADMSG ? "the files there are not a store of this gateway"
                                        : strerror(-r));
    return r;
}

static int open_core(struct gateway *gateway, char *error, size_t error_room)
{
    struct tables tables = tables_of_store(gateway->store);
    struct broker_options options = { gateway->settings->in_doubt_ms, gateway->settings->hold_ms,
                                      (uint32_t) gateway->settings->directory_cache };
    struct broker_events events = { gateway, on_verdict, on_hand };
    struct members *members;
    int r = broker_init(&gateway->broker, &tables, &options, &events);

    gateway->broker.now_ms = gateway_now_ms();
    if (r == 0)
        r = keeper_start(&gateway->keeper, gateway->settings->bundle_file, &gateway->broker.tables, error, error_room);
    if (r < 0)
        return r;
    r = keeper_members(&gateway->keeper, &members);
    if (r == 0)
        r = broker_set_members(&gateway->broker, &members);
    if (r < 0)
        (void) snprintf(error, error_room, "the store's tables cannot be read: %s", strerror(-r));
    gateway->has_changes = true;
    gateway->must_pump = true;
    return r;
}

static int open_bus(struct gateway *gateway, char *error, size_t error_room)
{
    const struct settings *settings = gateway->settings;
    uint8_t secret[SEAL_KEY_BYTES];
    int r = transport_key_load(settings->keyring_file, secret);

    if (r < 0) {
        (void) snprintf(error, error_room, "keyring_file: %s: %s", settings->keyring_file,
                        r == -EBADMSG ? "not a keyring" : strerror(-r));
        return r;
    }
    gateway->context = zmq_ctx_new();
    if (!gateway->context)
        return -ENOMEM;
    zmq_ctx_set(gateway->context, ZMQ_IO_THREADS, (int) settings->io_threads);
    zmq_ctx_set(gateway->context, ZMQ_MAX_SOCKETS, 16);
    r = zap_open(gateway->context, &(struct zap_events){ gateway, may_enter }, &gateway->zap);
    if (r == 0)
        r = frontend_open(gateway->context,
                          &(struct frontend_options){ settings->bus_endpoint, secret, gateway, on_frame },
                          &gateway->frontend);
    sodium_memzero(secret, sizeof(secret));
    if (r < 0)
        (void) snprintf(error, error_room, "bus_endpoint: %s: %s", settings->bus_endpoint, zmq_strerror(-r));
    return r;
}

static int start_loop(struct gateway *gateway)
{
    uv_loop_t *loop = gateway->loop;
    int r = uv_poll_init(loop, &gateway->frontend_poll, frontend_fd(gateway->frontend));

    if (r == 0)
        r = uv_poll_init(loop, &gateway->zap_poll, zap_fd(gateway->zap));
    if (r < 0)
        return r;
    uv_prepare_init(loop, &gateway->turn);
    uv_idle_init(loop, &gateway->more);
    uv_timer_init(loop, &gateway->tick);
    uv_signal_init(loop, &gateway->on_term);
    uv_signal_init(loop, &gateway->on_int);
    uv_signal_init(loop, &gateway->on_hup);
    gateway->turn.data = gateway->tick.data = gateway;
    gateway->on_term.data = gateway->on_int.data = gateway->on_hup.data = gateway;
    uv_poll_start(&gateway->frontend_poll, UV_READABLE, on_readable);
    uv_poll_start(&gateway->zap_poll, UV_READABLE, on_readable);
    uv_prepare_start(&gateway->turn, turn);
    uv_timer_start(&gateway->tick, on_tick, GATEWAY_TICK_MS, GATEWAY_TICK_MS);
    uv_signal_start(&gateway->on_term, on_stop, SIGTERM);
    uv_signal_start(&gateway->on_int, on_stop, SIGINT);
    uv_signal_start(&gateway->on_hup, on_reload, SIGHUP);
    return 0;
}

static unsigned why_not_ready(void *owner, const char **reasons, unsigned room)
{
    const struct gateway *gateway = owner;
    unsigned n = 0;

    if (gateway->broker.is_troubled && n < room)
        reasons[n++] = gateway->broker.trouble == -ENOSPC ? "store full" : "store not writable";
    if (gateway->broker.is_draining && n < room)
        reasons[n++] = "draining";
    if (!roster_is_current(&gateway->keeper.trust.roster, gateway->broker.now_ms) && n < room)
        reasons[n++] = "roster outside its time";
    return n;
}

static int open_admin(struct gateway *gateway, char *error, size_t error_room)
{
    const struct settings *settings = gateway->settings;
    struct admin_options options = { .host = settings->admin_host,
                                     .port = (uint16_t) settings->admin_port,
                                     .process = "gateway",
                                     .owner = gateway,
                                     .why_not_ready = why_not_ready };
    int r = watch_new(gateway, &gateway->watch);

    options.metrics = gateway->metrics;
    if (r == 0)
        r = admin_open(gateway->loop, &options, &gateway->admin);
    if (r < 0)
        (void) snprintf(error, error_room, "admin_port: %s:%u: %s", settings->admin_host, options.port, strerror(-r));
    return r;
}

int gateway_open(struct gateway *gateway, const struct settings *settings, char *error, size_t error_room)
{
    *gateway = (struct gateway){ .settings = settings,
                                 .loop = uv_default_loop(),
                                 .frame = ARENA_EMPTY(BUS_FRAME_MEMORY_MAX_BYTES),
                                 .reply = ARENA_EMPTY(BUS_FRAME_MEMORY_MAX_BYTES),
                                 .by_id = MAP_EMPTY(GATEWAY_PEERS_MAX, 0) };
    gateway->log = (struct log){ (enum log_level) settings->log_level, settings->log_format == 1, "gateway" };
    list_init(&gateway->sessions);
    list_init(&gateway->dirty);
    list_init(&gateway->promises);
    keeper_init(&gateway->keeper, settings->root_pk);
    int r = open_store(gateway, error, error_room);
    if (r == 0)
        r = open_core(gateway, error, error_room);
    if (r == 0)
        r = open_bus(gateway, error, error_room);
    if (r == 0)
        r = open_admin(gateway, error, error_room);
    if (r == 0)
        r = start_loop(gateway);
    return r;
}

int gateway_run(struct gateway *gateway)
{
    log_event(&gateway->log, LOG_INFO_, "ready", LOG_TEXT("bus", gateway->settings->bus_endpoint),
              LOG_NUMBER("admin_port", admin_port(gateway->admin)), LOG_NUMBER("head", store_head(gateway->store)));
    uv_run(gateway->loop, UV_RUN_DEFAULT);
    log_event(&gateway->log, LOG_INFO_, "stopped", LOG_TEXT("how", gateway->is_drained ? "drained" : "cut"),
              LOG_NUMBER("head", store_head(gateway->store)));
    return gateway->result;
}

static void close_handle(uv_handle_t *handle, void *unused)
{
    (void) unused;
    if (!uv_is_closing(handle))
        uv_close(handle, NULL);
}

void gateway_close(struct gateway *gateway)
{
    session_close_all(gateway);
    gateway->admin = admin_close(gateway->admin);
    gateway->watch = watch_free(gateway->watch);
    gateway->metrics = metrics_free(gateway->metrics);
    if (gateway->store) {
        bool is_empty;

        if (gateway->drain_until_ms > 0)
            broker_rest(&gateway->broker);
        broker_flush(&gateway->broker);
        if (store_submit(gateway->store, gateway->tag + 1, &is_empty) < 0)
            log_event(&gateway->log, LOG_ERROR_, "last-batch-lost");
        gateway->store = store_close(gateway->store);
        broker_deinit(&gateway->broker);
    }
    uv_walk(gateway->loop, close_handle, NULL);
    uv_run(gateway->loop, UV_RUN_DEFAULT);
    gateway->frontend = frontend_close(gateway->frontend);
    gateway->zap = zap_close(gateway->zap);
    if (gateway->context)
        zmq_ctx_term(gateway->context);
    gateway->context = NULL;
    keeper_deinit(&gateway->keeper);
    promise_keep(gateway, UINT64_MAX);
    map_deinit(&gateway->by_id);
    arena_deinit(&gateway->frame);
    arena_deinit(&gateway->reply);
}
