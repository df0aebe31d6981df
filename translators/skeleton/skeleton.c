/* A translator's life, in the order it never changes: parse, confine, read secrets, listen, connect, loop, drain.
 * Never does any of the work itself: it owns those who do and carries values between them.
 */
#include "skeleton_run.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <uv.h>

#include "daemon/admin.h"
#include "daemon/confine.h"
#include "daemon/log.h"
#include "capability_record.h"
#include "expiry.h"
#include "intake.h"
#include "media_url.h"
#include "notices.h"
#include "options.h"
#include "sender.h"
#include "settings.h"
#include "skeleton_types/echo_words.h"
#include "webhook.h"

enum {
    REFRESH_MS = 2000, /* how often secret files are looked at */
    ERROR_ROOM = 512,
    SETTINGS_MAX_BYTES = 8 << 20,
    ECHO_WORDS_MAX_BYTES = 64 << 10,
};

struct skeleton {
    const struct translator_ops *ops;
    struct arena mem;
    struct settings settings;
    struct log log;
    struct accounts accounts;
    struct figures figures;
    uv_loop_t loop;
    struct bus *bus;
    struct webhook *webhook;
    struct names *names;
    struct media media;
    struct media_fetch *fetch;
    struct media_urls *urls;
    struct intake *intake;
    struct sender *sender;
    struct admin *admin;
    struct notices notices;
    struct expiry expiry;
    struct trefoil_capabilities record; /* of every account; empty while the map has no table */
    uv_signal_t on_term, on_int, on_hup;
    uv_timer_t refresh, deadline;
    bool is_draining, is_closed;
};

/* ---- accounts --------------------------------------------------------------------------------------------------- */

/* What its network can express, and how it is: the gateway keeps the newest for whoever asks. */
static void declare_account(struct skeleton *skeleton, size_t index, bool wake)
{
    const struct account *account = &skeleton->accounts.accounts[index];

    if (!skeleton->record.n_features || !bus_is_connected(skeleton->bus) || skeleton->is_draining)
        return;
    skeleton->record.account = account->name;
    skeleton->record.state =
        (struct trefoil_account_state){ account->health, account->code, account->subcode, account->next_action };
    skeleton->record.state_since_ms = account->since_ms;
    bus_declare(skeleton->bus, &skeleton->record, wake);
}

static void on_account_change(void *owner, size_t index)
{
    struct skeleton *skeleton = owner;
    const struct account *account = &skeleton->accounts.accounts[index];
    bool is_well = account->health == TREFOIL_ACCOUNT_CONNECTED || account->health == TREFOIL_ACCOUNT_STARTING;

    figures_account(&skeleton->figures, account);
    log_event(&skeleton->log, is_well ? LOG_INFO_ : LOG_WARNING_, "account", LOG_TEXT("account", account->name),
              LOG_TEXT("state", account_state_name(account->health)), LOG_NUMBER("code", account->code),
              LOG_NUMBER("subcode", account->subcode),
              LOG_TEXT("next_action", account->next_action ? account->next_action : "none"));
    skeleton->accounts.accounts[index].since_ms = expiry_now_ms();
    notices_tell(&skeleton->notices, index);
    declare_account(skeleton, index, false);
}

static void on_account_renewed(void *owner, size_t index)
{
    struct skeleton *skeleton = owner;
    log_event(&skeleton->log, LOG_INFO_, "secret-replaced",
              LOG_TEXT("account", skeleton->accounts.accounts[index].name));
    if (skeleton->sender)
        sender_resume(skeleton->sender, index);
    declare_account(skeleton, index, true);
}

static void on_refresh(uv_timer_t *timer)
{
    struct skeleton *skeleton = timer->data;
    accounts_refresh(&skeleton->accounts);
    notices_again(&skeleton->notices);
    expiry_look(&skeleton->expiry, skeleton->bus, expiry_now_ms());
    for (size_t i = 0; i < skeleton->accounts.n_accounts; i++)
        figures_share(&skeleton->figures, &skeleton->accounts.accounts[i], sender_share(skeleton->sender, i));
}

/* ---- the end ---------------------------------------------------------------------------------------------------- */

/* Goodbye is said when nobody waits for us any more. */
static void drain_if_idle(struct skeleton *skeleton)
{
    if (!skeleton->is_draining || skeleton->is_closed || intake_n_batches(skeleton->intake) > 0 ||
        sender_n_busy(skeleton->sender) > 0)
        return;
    sender_return_held(skeleton->sender);
    bus_drain(skeleton->bus);
}

static void on_idle(void *owner)
{
    drain_if_idle(owner);
}

static void on_deadline(uv_timer_t *timer)
{
    struct skeleton *skeleton = timer->data;
    log_event(&skeleton->log, LOG_WARNING_, "drain-cut-short", LOG_NUMBER("sends", sender_n_busy(skeleton->sender)),
              LOG_NUMBER("webhooks", intake_n_batches(skeleton->intake)));
    uv_stop(&skeleton->loop);
}

static void on_end_signal(uv_signal_t *handle, int number)
{
    struct skeleton *skeleton = handle->data;

    if (skeleton->is_draining) { /* asked twice */
        uv_stop(&skeleton->loop);
        return;
    }
    skeleton->is_draining = true;
    log_event(&skeleton->log, LOG_INFO_, "draining", LOG_NUMBER("signal", number));
    uv_timer_start(&skeleton->deadline, on_deadline, skeleton->settings.drain_ms, 0);
    intake_stop(skeleton->intake);
    bus_pause(skeleton->bus);
    sender_stop(skeleton->sender);
    drain_if_idle(skeleton);
}

static void on_reload_signal(uv_signal_t *handle, int number)
{
    (void) number;
    on_refresh(&((struct skeleton *) handle->data)->refresh);
}

/* ---- who tells whom --------------------------------------------------------------------------------------------- */

/* Again after each reconnection: it may be another gateway, or one that lost its disk. */
static void declare(struct skeleton *skeleton)
{
    for (size_t i = 0; i < skeleton->accounts.n_accounts; i++)
        declare_account(skeleton, i, false);
}

static void on_connected(void *owner)
{
    struct skeleton *skeleton = owner;
    metric_set(skeleton->figures.connected, 1);
    log_event(&skeleton->log, LOG_INFO_, "bus-connected", LOG_TEXT("service", bus_service(skeleton->bus)));
    for (size_t i = 0; i < skeleton->accounts.n_accounts; i++)
        accounts_happened(&skeleton->accounts, i, ACCOUNT_READY, NULL);
    declare(skeleton);
}

static void on_disconnected(void *owner)
{
    struct skeleton *skeleton = owner;
    metric_set(skeleton->figures.connected, 0);
    log_event(&skeleton->log, LOG_WARNING_, "bus-disconnected");
}

static void on_delivery(void *owner, const struct trefoil_delivery *delivery)
{
    struct skeleton *skeleton = owner;
    sender_take(skeleton->sender, delivery);
}

static void on_closed(void *owner)
{
    struct skeleton *skeleton = owner;
    skeleton->is_closed = true;
    uv_stop(&skeleton->loop);
}

static void on_trouble(void *owner, const char *words)
{
    struct skeleton *skeleton = owner;
    log_event(&skeleton->log, LOG_ERROR_, "bus-trouble", LOG_TEXT("words", words));
}

static void on_body(void *owner, struct http_exchange *exchange, struct bytes body)
{
    struct skeleton *skeleton = owner;
    intake_body(skeleton->intake, exchange, body);
}

static void on_gone(void *owner, struct http_exchange *exchange)
{
    struct skeleton *skeleton = owner;
    if (!media_url_gone(skeleton->urls, exchange))
        intake_gone(skeleton->intake, exchange);
}

static void on_media(void *owner, struct http_exchange *exchange, const char *path)
{
    struct skeleton *skeleton = owner;
    media_url_answer(skeleton->urls, exchange, path);
}

static void on_file(void *owner)
{
    struct skeleton *skeleton = owner;
    if (skeleton->intake)
        intake_look(skeleton->intake);
}

static bool channel_of(void *owner, uint8_t ret[SEAL_ID_BYTES])
{
    return bus_channel(((struct skeleton *) owner)->bus, ret);
}

static uint64_t retention_of(void *owner)
{
    return bus_retention_ms(((struct skeleton *) owner)->bus);
}

static void on_refusal(void *owner, enum webhook_refusal refusal)
{
    struct skeleton *skeleton = owner;
    figures_refusal(&skeleton->figures, refusal);
}

static void on_handshake(void *owner)
{
    struct skeleton *skeleton = owner;
    metric_add(skeleton->figures.handshakes, 1);
    log_event(&skeleton->log, LOG_INFO_, "webhook-subscribed");
}

static void on_name(void *owner)
{
    struct skeleton *skeleton = owner;
    intake_look(skeleton->intake);
}

static void on_proof(void *owner, uint64_t seq, uint32_t target, const char *message_id)
{
    struct skeleton *skeleton = owner;
    sender_prove(skeleton->sender, seq, target, message_id);
}

static bool on_echo(void *owner, const struct event *event, uint64_t *ret_seq, uint32_t *ret_target)
{
    struct skeleton *skeleton = owner;
    const char *id = event->message.message_id;
    struct arena mem = ARENA_EMPTY(ECHO_WORDS_MAX_BYTES);
    struct utterance said = { event->account, event->user_id, echo_words(&event->message, &mem) };
    bool is_ours = said.account && said.user_id && said.words && id &&
                   sender_prove_words(skeleton->sender, &said, id, ret_seq, ret_target);

    arena_deinit(&mem);
    return is_ours;
}

static void on_echo_over(void *owner, const char *message_id)
{
    struct skeleton *skeleton = owner;
    sender_echo_over(skeleton->sender, message_id);
}

static void on_message(void *owner, const char *account)
{
    struct skeleton *skeleton = owner;
    sender_received(skeleton->sender, account);
}

static unsigned why_not_ready(void *owner, const char **reasons, unsigned room)
{
    struct skeleton *skeleton = owner;
    unsigned n = 0;
    bool is_refused = false, is_blocked = false;

    for (size_t i = 0; i < skeleton->accounts.n_accounts; i++) {
        is_refused = is_refused || skeleton->accounts.accounts[i].health == TREFOIL_ACCOUNT_BAD_CREDENTIALS;
        is_blocked = is_blocked || skeleton->accounts.accounts[i].health == TREFOIL_ACCOUNT_POLICY_BLOCKED;
    }
    if (!bus_is_connected(skeleton->bus) && n < room)
        reasons[n++] = "bus not connected";
    if (is_refused && n < room)
        reasons[n++] = "credentials refused by the network";
    if (is_blocked && n < room)
        reasons[n++] = "blocked by the network's policy";
    if (skeleton->is_draining && n < room)
        reasons[n++] = "draining";
    return n;
}

/* ---- the beginning ---------------------------------------------------------------------------------------------- */

static int fail(struct skeleton *skeleton, const char *what, int r)
{
    log_event(&skeleton->log, LOG_ERROR_, "cannot-start", LOG_TEXT("what", what), LOG_TEXT("why", strerror(-r)));
    return r;
}

static int open_bus(struct skeleton *skeleton)
{
    char error[ERROR_ROOM] = "";
    struct bus_options options = {
        .endpoint = skeleton->settings.gateway_endpoint,
        .keyring_file = skeleton->settings.keyring_file,
        .channel = skeleton->settings.channel,
        .subscription = "outbound",
        .receive_credit = SENDER_CREDIT,
        .owner = skeleton,
        .on_connected = on_connected,
        .on_disconnected = on_disconnected,
        .on_delivery = on_delivery,
        .on_closed = on_closed,
        .on_trouble = on_trouble,
    };
    int r = bus_open(&skeleton->loop, &options, &skeleton->bus, error, sizeof(error));
    if (r < 0)
        return fail(skeleton, error, r);
    return notices_init(&skeleton->notices, skeleton->bus, &skeleton->accounts, skeleton->ops->name, &skeleton->mem);
}

static int open_media(struct skeleton *skeleton)
{
    const char *what = "media";

    skeleton->media = (struct media){ .loop = &skeleton->loop,
                                      .ops = skeleton->ops,
                                      .accounts = &skeleton->accounts,
                                      .settings = &skeleton->settings,
                                      .figures = &skeleton->figures,
                                      .log = &skeleton->log,
                                      .owner = skeleton,
                                      .channel = channel_of,
                                      .retention_ms = retention_of };
    int r = media_open(&skeleton->media, &what);
    if (r == 0)
        r = media_fetch_open(&skeleton->media, skeleton, on_file, &skeleton->fetch);
    if (r == 0 && skeleton->settings.public_url) {
        what = "keyring_file";
        r = media_urls_open(&skeleton->media, skeleton->settings.keyring_file, expiry_now_ms, &skeleton->urls);
    }
    if (r < 0)
        return fail(skeleton, what, r);
    bool has_converter = media_conversions(&skeleton->media) != 0;
    return capability_record_make(skeleton->ops, has_converter, &skeleton->mem, &skeleton->record) == -ENOMEM ? -ENOMEM
                                                                                                              : 0;
}

static const char *name_of(void *owner, size_t account, const char *user_id)
{
    struct skeleton *skeleton = owner;
    struct profile profile = { 0 };

    if (names_look(skeleton->names, account, user_id, &profile) != NAMES_KNOWN)
        return NULL;
    return profile.name ? profile.name : profile.username;
}

static int open_sender(struct skeleton *skeleton)
{
    struct sender_options options = {
        .bus = skeleton->bus,
        .ops = skeleton->ops,
        .accounts = &skeleton->accounts,
        .settings = &skeleton->settings,
        .figures = &skeleton->figures,
        .log = &skeleton->log,
        .wall_ms = expiry_now_ms,
        .media = &skeleton->media,
        .urls = skeleton->urls,
        .owner = skeleton,
        .name_of = name_of,
        .on_idle = on_idle,
    };
    int r = sender_open(&skeleton->loop, &options, &skeleton->sender);
    return r < 0 ? fail(skeleton, "sender", r) : 0;
}

static int open_names(struct skeleton *skeleton)
{
    struct names_options options = {
        .ops = skeleton->ops,
        .accounts = &skeleton->accounts,
        .settings = &skeleton->settings,
        .figures = &skeleton->figures,
        .owner = skeleton,
        .on_answer = on_name,
    };
    int r = names_open(&skeleton->loop, &options, &skeleton->names);
    return r < 0 ? fail(skeleton, "names", r) : 0;
}

static int open_intake(struct skeleton *skeleton)
{
    struct intake_options options = {
        .bus = skeleton->bus,
        .names = skeleton->names,
        .fetch = skeleton->fetch,
        .media_wait_ms = skeleton->settings.media_wait_ms,
        .ops = skeleton->ops,
        .accounts = &skeleton->accounts,
        .figures = &skeleton->figures,
        .log = &skeleton->log,
        .confirm_wait_ms = (uint32_t) skeleton->settings.confirm_wait_ms,
        .owner = skeleton,
        .on_proof = on_proof,
        .on_echo = on_echo,
        .on_echo_over = on_echo_over,
        .on_message = on_message,
        .on_idle = on_idle,
    };
    int r = intake_open(&skeleton->loop, &options, &skeleton->intake);
    return r < 0 ? fail(skeleton, "intake", r) : 0;
}

static int open_webhook(struct skeleton *skeleton)
{
    struct webhook_options options = {
        .host = skeleton->settings.webhook_host,
        .port = (uint16_t) skeleton->settings.webhook_port,
        .path = skeleton->settings.webhook_path,
        .accounts = &skeleton->accounts,
        .owner = skeleton,
        .on_body = on_body,
        .on_gone = on_gone,
        .on_refusal = on_refusal,
        .on_handshake = on_handshake,
        .on_media = skeleton->urls ? on_media : NULL,
    };
    int r = webhook_open(&skeleton->loop, &options, &skeleton->webhook);
    return r < 0 ? fail(skeleton, "webhook_host, webhook_port", r) : 0;
}

static int open_admin(struct skeleton *skeleton)
{
    struct admin_options options = {
        .host = skeleton->settings.admin_host,
        .port = (uint16_t) skeleton->settings.admin_port,
        .process = skeleton->ops->name,
        .metrics = skeleton->figures.metrics,
        .owner = skeleton,
        .why_not_ready = why_not_ready,
    };
    int r = admin_open(&skeleton->loop, &options, &skeleton->admin);
    return r < 0 ? fail(skeleton, "admin_host, admin_port", r) : 0;
}

static void start_handles(struct skeleton *skeleton)
{
    uv_loop_t *loop = &skeleton->loop;

    uv_signal_init(loop, &skeleton->on_term);
    uv_signal_init(loop, &skeleton->on_int);
    uv_signal_init(loop, &skeleton->on_hup);
    uv_timer_init(loop, &skeleton->refresh);
    uv_timer_init(loop, &skeleton->deadline);
    skeleton->on_term.data = skeleton->on_int.data = skeleton->on_hup.data = skeleton;
    skeleton->refresh.data = skeleton->deadline.data = skeleton;
    uv_signal_start(&skeleton->on_term, on_end_signal, SIGTERM);
    uv_signal_start(&skeleton->on_int, on_end_signal, SIGINT);
    uv_signal_start(&skeleton->on_hup, on_reload_signal, SIGHUP);
    uv_timer_start(&skeleton->refresh, on_refresh, REFRESH_MS, REFRESH_MS);
}

/* Listening comes last: nobody is let in before there is somewhere to put what he brings. */
static int open_all(struct skeleton *skeleton)
{
    int r = open_bus(skeleton);
    if (r == 0)
        r = open_media(skeleton);
    if (r == 0)
        r = open_names(skeleton);
    if (r == 0)
        r = open_sender(skeleton);
    if (r == 0)
        r = open_intake(skeleton);
    if (r == 0)
        r = open_admin(skeleton);
    if (r == 0)
        r = open_webhook(skeleton);
    return r;
}

/* The reverse: who is told things goes after those who tell them. */
static void close_all(struct skeleton *skeleton)
{
    skeleton->is_closed = true; /* nobody goes idle any more */
    skeleton->webhook = webhook_close(skeleton->webhook);
    skeleton->admin = admin_close(skeleton->admin);
    skeleton->sender = sender_close(skeleton->sender);
    skeleton->intake = intake_close(skeleton->intake);
    skeleton->names = names_close(skeleton->names);
    skeleton->urls = media_urls_close(skeleton->urls);
    skeleton->fetch = media_fetch_close(skeleton->fetch);
    media_close(&skeleton->media);
    notices_deinit(&skeleton->notices);
    skeleton->bus = bus_close(skeleton->bus);
    uv_close((uv_handle_t *) &skeleton->on_term, NULL);
    uv_close((uv_handle_t *) &skeleton->on_int, NULL);
    uv_close((uv_handle_t *) &skeleton->on_hup, NULL);
    uv_close((uv_handle_t *) &skeleton->refresh, NULL);
    uv_close((uv_handle_t *) &skeleton->deadline, NULL);
    while (uv_run(&skeleton->loop, UV_RUN_DEFAULT)) { /* a stop asked for earlier ends one turn only */
    }
    uv_loop_close(&skeleton->loop);
}

static int live(struct skeleton *skeleton)
{
    skeleton->accounts.owner = skeleton;
    skeleton->accounts.on_change = on_account_change;
    skeleton->accounts.on_renewed = on_account_renewed;
    for (size_t i = 0; i < skeleton->accounts.n_accounts; i++)
        figures_account(&skeleton->figures, &skeleton->accounts.accounts[i]);
    skeleton->expiry = expiry_make(&skeleton->figures, &skeleton->log);
    uv_loop_init(&skeleton->loop);
    start_handles(skeleton);
    int r = open_all(skeleton);
    if (r == 0) {
        log_event(&skeleton->log, LOG_INFO_, "started", LOG_NUMBER("webhook_port", webhook_port(skeleton->webhook)),
                  LOG_NUMBER("admin_port", admin_port(skeleton->admin)),
                  LOG_NUMBER("accounts", skeleton->accounts.n_accounts));
        uv_run(&skeleton->loop, UV_RUN_DEFAULT);
        log_event(&skeleton->log, LOG_INFO_, "stopped", LOG_TEXT("how", skeleton->is_closed ? "drained" : "cut"));
    }
    close_all(skeleton);
    return r;
}

/* Everything that needs no loop; words on stderr for whoever wrote the configuration. */
static int prepare(struct skeleton *skeleton, const char *path)
{
    extern char **environ;
    char error[ERROR_ROOM] = "";
    const uint8_t *options = NULL;

    int r = settings_load(path, environ, &skeleton->mem, &skeleton->settings, error, sizeof(error));
    if (r == 0)
        r = options_check(skeleton->ops, &skeleton->settings, path, &skeleton->mem, &options, error, sizeof(error));
    if (r == 0)
        r = accounts_init(&skeleton->accounts, skeleton->ops->name, &skeleton->settings, &skeleton->mem, error,
                          sizeof(error));
    if (r < 0) {
        fprintf(stderr, "%s\n", error[0] ? error : strerror(-r));
        return r;
    }
    skeleton->accounts.context.options = options;
    skeleton->log = (struct log){ .level = (enum log_level) skeleton->settings.log_level,
                                  .json = skeleton->settings.log_format == 1,
                                  .process = skeleton->ops->name };
    return figures_init(&skeleton->figures);
}

int skeleton_run(const struct translator_ops *ops, const char *path, bool only_check)
{
    struct skeleton skeleton = { .ops = ops, .mem = ARENA_EMPTY(SETTINGS_MAX_BYTES) };
    const char *step = NULL;
    int status = EXIT_SUCCESS;

    int r = confine_process(&step);
    if (r < 0) {
        fprintf(stderr, "cannot confine this process: %s: %s\n", step, strerror(-r));
        return EXIT_FAILURE;
    }
    if (prepare(&skeleton, path) < 0)
        status = SKELETON_BAD_SETTINGS;
    else if (only_check)
        printf("%s: ok\n", path);
    else if (live(&skeleton) < 0)
        status = EXIT_FAILURE;
    figures_deinit(&skeleton.figures);
    accounts_deinit(&skeleton.accounts);
    arena_deinit(&skeleton.mem);
    return status;
}
