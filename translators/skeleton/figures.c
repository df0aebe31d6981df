/* Names and help of every figure a translator shows. Never computes one. */
#include "figures.h"

#include "daemon/http_client.h"

static void init_webhooks(struct figures *f)
{
    static const char *const refusals[] = { "unsigned", "forged", "too-large", "bad-handshake", "not-here" };
    static const char *const name = "trefoil_webhooks_total", *const help =
                                                                  "Webhook requests by how they were answered.";
    _Static_assert(ARRAY_SIZE(refusals) == WEBHOOK_N_REFUSALS, "a name for every refusal");

    f->answered_200 = metrics_counter(f->metrics, name, help, METRIC_LABEL("result", "confirmed"));
    f->answered_503 = metrics_counter(f->metrics, name, help, METRIC_LABEL("result", "unconfirmed"));
    f->handshakes = metrics_counter(f->metrics, name, help, METRIC_LABEL("result", "handshake"));
    for (size_t i = 0; i < ARRAY_SIZE(refusals); i++)
        f->refused[i] = metrics_counter(f->metrics, name, help, METRIC_LABEL("result", refusals[i]));
    f->signature_failures = metrics_counter(f->metrics, "trefoil_webhook_signature_failures_total",
                                            "Webhook requests without a signature of ours.");
    f->confirm_seconds = metrics_histogram(f->metrics, "trefoil_webhook_confirm_seconds",
                                           "From a webhook's body to the gateway's durable confirm of all of it.");
}

static void init_events(struct figures *f)
{
    for (int kind = 0; kind < TREFOIL_N_KINDS; kind++)
        f->events[kind] = metrics_counter(f->metrics, "trefoil_events_total", "Events decoded from webhooks by kind.",
                                          METRIC_LABEL("kind", trefoil_kind_name((enum trefoil_kind) kind)));
    f->unsupported =
        metrics_counter(f->metrics, "trefoil_events_unsupported_total", "Well-formed events that travel untranslated.");
    f->malformed =
        metrics_counter(f->metrics, "trefoil_events_malformed_total", "Malformed items kept with their raw bytes.");
    f->undecoded = metrics_counter(f->metrics, "trefoil_bodies_undecoded_total",
                                   "Signed bodies that could not be decoded at all, kept whole.");
    f->strays = metrics_counter(f->metrics, "trefoil_events_stray_total", "Events for accounts that are not ours.");
}

static void init_bus(struct figures *f)
{
    struct metrics *all = f->metrics;

    f->published = metrics_counter(all, "trefoil_published_total", "Events handed to the gateway.");
    f->ephemeral_events =
        metrics_counter(all, "trefoil_events_ephemeral_total", "Events handed over that nobody keeps or confirms.");
    f->withdrawn = metrics_counter(all, "trefoil_publish_withdrawn_total",
                                   "Events whose confirm came too late for their webhook: they come again.");
    f->taken = metrics_counter(all, "trefoil_messages_taken_total", "Messages and reactions the network took.");
    f->confirmed = metrics_counter(all, "trefoil_confirmed_total", "Events the gateway has on disk.");
    f->duplicate = metrics_counter(all, "trefoil_duplicates_total", "Events the gateway had on disk already.");
    f->deferred = metrics_counter(all, "trefoil_publish_deferred_total", "Events the gateway refused for now.");
    f->rejected = metrics_counter(all, "trefoil_publish_rejected_total", "Events the gateway refused for good.");
    f->deliveries = metrics_counter(all, "trefoil_deliveries_total", "Deliveries taken from the gateway.");
    f->redelivered = metrics_counter(all, "trefoil_redelivered_total", "Deliveries that had been tried before.");
    f->in_doubt = metrics_counter(all, "trefoil_deliveries_in_doubt_total",
                                  "Deliveries whose earlier holder vanished before it told the outcome.");
    f->unreadable = metrics_counter(all, "trefoil_deliveries_unreadable_total", "Deliveries that could not be opened.");
    f->connected = metrics_gauge(all, "trefoil_bus_connected", "1 while the gateway has welcomed us.");
    f->roster_expires = metrics_gauge(all, "trefoil_roster_expires_seconds", "Until the roster in force ends.");
    f->wrap_key_expires =
        metrics_gauge(all, "trefoil_wrap_key_expires_seconds", "Until the newest wrap key of this service ends.");
}

static void init_profiles(struct figures *f)
{
    static const char *const results[] = { "named", "nameless", "failed" };

    for (size_t i = 0; i < ARRAY_SIZE(results); i++)
        f->profiles[i] = metrics_counter(f->metrics, "trefoil_profiles_total", "People asked about, by what came back.",
                                         METRIC_LABEL("result", results[i]));
}

static void init_sends(struct figures *f)
{
    static const char *const outcomes[] = { NULL, "sent", "deferred", "bounced", "unknown", "returned" };
    static const char *const results[] = { "answered", "not-sent", "lost" };
    struct metrics *all = f->metrics;

    for (size_t i = 1; i < ARRAY_SIZE(outcomes); i++)
        f->sends[i] = metrics_counter(all, "trefoil_sends_total", "Targets of deliveries by how they ended here.",
                                      METRIC_LABEL("outcome", outcomes[i]));
    for (size_t i = 0; i < ARRAY_SIZE(results); i++)
        f->requests[i] = metrics_counter(all, "trefoil_requests_total", "Requests to the network by what came back.",
                                         METRIC_LABEL("result", results[i]));
    f->request_seconds = metrics_histogram(all, "trefoil_request_seconds", "Time the network took to answer.");
    f->partial =
        metrics_counter(all, "trefoil_sends_partial_total", "Split messages of which only the first part went.");
    f->best_effort_failed = metrics_counter(all, "trefoil_best_effort_failed_total",
                                            "Typing indicators and read marks the network did not take.");
    f->ephemeral_dropped = metrics_counter(all, "trefoil_ephemeral_dropped_total", "Ephemeral deliveries dropped.");
    f->unknown_resolved =
        metrics_counter(all, "trefoil_unknown_resolved_total", "Sends without an answer, proven by a later event.");
    f->unknown_resent =
        metrics_counter(all, "trefoil_unknown_resent_total", "Sends without an answer, repeated by policy.");
    f->slowed_down = metrics_counter(all, "trefoil_slowed_down_total",
                                     "Times an account's rate was halved because the network said it was too much.");
    f->under_way = metrics_gauge(all, "trefoil_sends_under_way", "Targets being sent to, waiting or in doubt.");
}

int figures_init(struct figures *figures)
{
    *figures = (struct figures){ 0 };
    int r = metrics_new(&figures->metrics);
    if (r < 0)
        return r;
    init_webhooks(figures);
    init_events(figures);
    init_profiles(figures);
    init_bus(figures);
    init_sends(figures);
    return 0;
}

void figures_deinit(struct figures *figures)
{
    metrics_free(figures->metrics);
    *figures = (struct figures){ 0 };
}

void figures_refusal(struct figures *figures, enum webhook_refusal refusal)
{
    metric_add(figures->refused[refusal], 1);
    if (refusal == WEBHOOK_UNSIGNED || refusal == WEBHOOK_FORGED)
        metric_add(figures->signature_failures, 1);
}

void figures_account(struct figures *figures, const struct account *account)
{
    for (int state = TREFOIL_ACCOUNT_STARTING; state < ACCOUNT_N_STATES; state++)
        metric_set(metrics_gauge(figures->metrics, "trefoil_account_state", "1 for the state the account is in.",
                                 METRIC_LABEL("account", account->name),
                                 METRIC_LABEL("state", account_state_name((enum trefoil_account_health) state))),
                   (int) account->health == state);
}

void figures_share(struct figures *figures, const struct account *account, uint32_t share)
{
    metric_set(metrics_gauge(figures->metrics, "trefoil_account_share_permille",
                             "How much of its documented rate the account uses now.",
                             METRIC_LABEL("account", account->name)),
               share);
}

void figures_lost(struct figures *figures, const char *word)
{
    metric_add(metrics_counter(figures->metrics, "trefoil_lost_total", "What the network could not express, by word.",
                               METRIC_LABEL("what", word)),
               1);
}

void figures_policy(struct figures *figures, const char *decision, const char *reason)
{
    metric_add(metrics_counter(figures->metrics, "trefoil_policy_total",
                               "Messages that reply windows or consent changed or stopped.",
                               METRIC_LABEL("decision", decision), METRIC_LABEL("reason", reason)),
               1);
}

void figures_media(struct figures *figures, const char *what, const char *reason, uint64_t size_bytes)
{
    metric_add(metrics_counter(figures->metrics, "trefoil_media_total", "Files by what became of them.",
                               METRIC_LABEL("what", what), METRIC_LABEL("reason", reason)),
               1);
    if (size_bytes)
        metric_add(metrics_counter(figures->metrics, "trefoil_media_bytes_total", "Bytes of files, before sealing.",
                                   METRIC_LABEL("what", what)),
                   size_bytes);
}
