/* Brings every series up to date when somebody looks. */
#include "watch.h"

#include <errno.h>
#include <stdlib.h>

#include "core/dead.h"
#include "core/pending.h"

struct watch {
    struct gateway *gateway;
    uint64_t counted_ms; /* when the books were last looked at */
};

static void total(struct gateway *gateway, const char *name, const char *help, uint64_t value)
{
    metric_set(metrics_counter(gateway->metrics, name, help), (double) value);
}

static void level(struct gateway *gateway, const char *name, const char *help, uint64_t value)
{
    metric_set(metrics_gauge(gateway->metrics, name, help), (double) value);
}

static void show_channel(struct gateway *gateway, const struct channel *channel)
{
    const struct counts *counts = audit_of(&gateway->broker.audit, &channel->id);
    static const char in[] = "Envelopes by verdict: received = published + duplicate + rejected.";
    static const char out[] = "Targets by fate: targets = sent + bounced + dead + pending.";
    const struct {
        const char *name, *help, *label, *word;
        uint64_t value;
    } figures[] = {
        { "trefoil_envelopes_received_total", "Envelopes that got a verdict.", NULL, NULL, counts->received },
        { "trefoil_envelopes_total", in, "verdict", "published", counts->published },
        { "trefoil_envelopes_total", in, "verdict", "duplicate", counts->duplicate },
        { "trefoil_envelopes_total", in, "verdict", "rejected", counts->rejected },
        { "trefoil_targets_total", "Targets of published envelopes.", NULL, NULL, counts->targets },
        { "trefoil_target_fates_total", out, "fate", "sent", counts->sent },
        { "trefoil_target_fates_total", out, "fate", "bounced", counts->bounced },
        { "trefoil_target_fates_total", out, "fate", "dead", counts->dead },
        { "trefoil_ephemeral_total", "Ephemeral envelopes routed.", NULL, NULL, counts->ephemeral },
    };

    for (size_t i = 0; i < sizeof(figures) / sizeof(figures[0]); i++) {
        const struct metric_label labels[2] = { { "channel", channel->name }, { figures[i].label, figures[i].word } };

        metric_set(metrics_series(gateway->metrics, METRIC_COUNTER, figures[i].name, figures[i].help, labels,
                                  figures[i].label ? 2 : 1),
                   (double) figures[i].value);
    }
}

/* What is open is counted where it waits, which takes time: not at every look. More than a glance can see leaves the
 * last figures standing; `trefoil audit` looks longer. */
static void show_books(struct gateway *gateway, const struct channel *channel)
{
    struct pending pending;

    if (pending_count(&gateway->broker, &channel->id, GATEWAY_AUDIT_GLANCE_STEPS, &pending) < 0)
        return;
    bool adds_up = pending_adds_up(audit_of(&gateway->broker.audit, &channel->id), &pending);
    metric_set(metrics_gauge(gateway->metrics, "trefoil_books_add_up",
                             "1 while targets = sent + bounced + dead + pending, counted independently.",
                             METRIC_LABEL("channel", channel->name)),
               adds_up);
    if (pending.is_whole)
        metric_set(metrics_gauge(gateway->metrics, "trefoil_targets_pending", "Targets without an outcome yet.",
                                 METRIC_LABEL("channel", channel->name)),
                   (double) pending.targets);
}

/* Letters looked at: enough to see that there are too many. */
#define LETTERS_GLANCE 4096

static void show_letters(struct gateway *gateway, const struct channel *channel)
{
    struct dead_facts facts;

    (void) dead_look(&gateway->broker.tables, &channel->id, LETTERS_GLANCE, &facts);
    metric_set(metrics_gauge(gateway->metrics, "trefoil_dead_letters", "Dead letters kept; 4096 stands for more, too.",
                             METRIC_LABEL("channel", channel->name)),
               (double) facts.n);
    metric_set(metrics_gauge(gateway->metrics, "trefoil_dead_letter_oldest_seconds",
                             "How long the oldest dead letter has lain there; 0: there is none.",
                             METRIC_LABEL("channel", channel->name)),
               facts.n > 0 ? (double) (gateway->broker.now_ms - facts.oldest_ms) / 1000 : 0);
}

static void show_subscriptions(struct gateway *gateway)
{
    uint64_t head = store_head(gateway->store);

    list_for_each (node, &gateway->broker.subscriptions) {
        const struct subscription *subscription = container_of(node, struct subscription, link);
        const struct service *service = members_service(gateway->broker.members, &subscription->service);
        const char *name = subscription->targets ? "targets" : subscription->name;

        if (!service || !subscription->is_durable)
            continue;
        metric_set(metrics_gauge(gateway->metrics, "trefoil_subscription_lag",
                                 "Journal records between a subscription's floor and the head.",
                                 METRIC_LABEL("service", service->name), METRIC_LABEL("name", name)),
                   (double) (head > subscription->floor ? head - subscription->floor : 0));
        metric_set(metrics_gauge(gateway->metrics, "trefoil_subscription_replicas", "Peers at a subscription.",
                                 METRIC_LABEL("service", service->name), METRIC_LABEL("name", name)),
                   (double) subscription->n_seats);
    }
}

static void show_store(struct gateway *gateway)
{
    struct store_facts facts;

    store_facts(gateway->store, &facts);
    level(gateway, "trefoil_store_file_bytes", "Size of the store's file.", facts.file_bytes);
    level(gateway, "trefoil_store_used_bytes", "Bytes of it in use.", facts.used_bytes);
    level(gateway, "trefoil_store_records", "Journal records kept.", facts.records);
    level(gateway, "trefoil_store_head", "Newest journal sequence.", store_head(gateway->store));
    level(gateway, "trefoil_store_backlog_bytes", "Bytes not on disk yet.", store_backlog_bytes(gateway->store));
    level(gateway, "trefoil_store_seen_ids", "Envelope ids remembered.", facts.seen_ids);
    level(gateway, "trefoil_store_trouble", "1 while commits fail.", facts.trouble != 0);
    total(gateway, "trefoil_store_commits_total", "Times batches became durable.", facts.commits);
    total(gateway, "trefoil_store_batches_total", "Batches that became durable.", facts.commit_batches);
    metric_set(metrics_gauge(gateway->metrics, "trefoil_store_last_commit_seconds", "How long the last of these took."),
               (double) facts.last_commit_us / 1e6);
    total(gateway, "trefoil_store_settlings_total", "Transactions of the tables.", facts.settlings);
    metric_set(metrics_gauge(gateway->metrics, "trefoil_store_last_settling_seconds", "Duration of the last."),
               (double) facts.last_settling_us / 1e6);
}

/* Negative once it is over. */
static double seconds_left(uint64_t end_ms, uint64_t now_ms)
{
    return (double) ((int64_t) end_ms - (int64_t) now_ms) / 1000;
}

/* Whoever watches these renews in time: after the end of either nothing more goes. */
static void show_ends(struct gateway *gateway)
{
    const struct trust *trust = &gateway->keeper.trust;
    uint64_t now_ms = gateway_now_ms();

    metric_set(metrics_gauge(gateway->metrics, "trefoil_roster_expires_seconds", "Until the roster in force ends."),
               seconds_left(trust->roster.not_after_ms, now_ms));
    for (size_t i = 0; i < trust->roster.n_services; i++) {
        const struct roster_service *service = &trust->roster.services[i];
        uint64_t end_ms = 0;

        for (size_t j = 0; j < trust->n_wrap_keys; j++)
            if (bytes_equal(trust->wrap_keys[j].service, service->id) && trust->wrap_keys[j].not_after_ms > end_ms)
                end_ms = trust->wrap_keys[j].not_after_ms;
        if (end_ms > 0)
            metric_set(metrics_gauge(gateway->metrics, "trefoil_wrap_key_expires_seconds",
                                     "Until the newest wrap key of a service ends.",
                                     METRIC_LABEL("service", service->name)),
                       seconds_left(end_ms, now_ms));
    }
}

static void refresh(void *owner)
{
    struct watch *watch = owner;
    struct gateway *gateway = watch->gateway;
    const struct broker *broker = &gateway->broker;
    uint64_t n_sessions = 0;

    for (size_t i = 0; i < broker->members->n_channels; i++)
        show_channel(gateway, &broker->members->channels[i]);
    if (broker->now_ms - watch->counted_ms >= GATEWAY_AUDIT_GLANCE_MS) {
        watch->counted_ms = broker->now_ms;
        for (size_t i = 0; i < broker->members->n_channels; i++)
            show_books(gateway, &broker->members->channels[i]);
        for (size_t i = 0; i < broker->members->n_channels; i++)
            show_letters(gateway, &broker->members->channels[i]);
    }
    list_for_each (node, &gateway->sessions)
        n_sessions += node != NULL;
    level(gateway, "trefoil_peers", "Peers connected.", n_sessions);
    level(gateway, "trefoil_roster_version", "Roster in force.", gateway->keeper.trust.roster.version);
    level(gateway, "trefoil_holds", "Echoes and receipts waiting for a send's answer.", broker->n_holds);
    total(gateway, "trefoil_frames_total", "Frames received.", gateway->tally.frames);
    total(gateway, "trefoil_frames_malformed_total", "Frames refused.", gateway->tally.malformed);
    total(gateway, "trefoil_zap_refused_total", "Keys that are not in the roster.", gateway->tally.zap_refused);
    total(gateway, "trefoil_peers_dropped_total", "Peers dropped.", gateway->tally.dropped_peers);
    total(gateway, "trefoil_over_credit_total", "Envelopes beyond the credit given.", gateway->tally.over_credit);
    total(gateway, "trefoil_rejected_unaddressed_total", "Envelopes refused before their channel was known.",
          broker->audit.lost.rejected);
    total(gateway, "trefoil_deliveries_total", "Deliveries handed out.", broker->tally.handed);
    total(gateway, "trefoil_redeliveries_total", "Deliveries handed out again.", broker->tally.redelivered);
    total(gateway, "trefoil_deferred_total", "Targets deferred.", broker->tally.deferred);
    total(gateway, "trefoil_in_doubt_total", "Deliveries whose holder vanished.", broker->tally.in_doubt);
    total(gateway, "trefoil_resolved_total", "Deliveries resolved by a network event.", broker->tally.resolved);
    total(gateway, "trefoil_held_total", "Echoes and receipts held.", broker->tally.held);
    total(gateway, "trefoil_pruned_total", "Journal records dropped at the end of their retention.",
          broker->tally.pruned);
    total(gateway, "trefoil_aliases_linked_total", "Addresses an event said are one person's.",
          broker->tally.aliases_linked);
    total(gateway, "trefoil_aliases_refused_total", "Aliases not linked: too many addresses, or of another account.",
          broker->tally.aliases_refused);
    total(gateway, "trefoil_persons_merged_total", "Persons that turned out to be one.", broker->tally.persons_merged);
    show_ends(gateway);
    show_subscriptions(gateway);
    show_store(gateway);
}

int watch_new(struct gateway *gateway, struct watch **ret)
{
    struct watch *watch = calloc(1, sizeof(*watch));
    int r = watch ? metrics_new(&gateway->metrics) : -ENOMEM;

    if (r < 0) {
        free(watch);
        return r;
    }
    watch->gateway = gateway;
    metrics_before_render(gateway->metrics, refresh, watch);
    *ret = watch;
    return 0;
}

struct watch *watch_free(struct watch *watch)
{
    free(watch);
    return NULL;
}
