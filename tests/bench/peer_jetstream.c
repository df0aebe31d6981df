/* NATS JetStream: one stream in files, a durable consumer for each subscriber, asynchronous publishing with acks,
 * explicit acknowledgements; in clear, and once more with TLS: what it does when it encrypts, too. Never uses replication:
 * one server, as everybody here.
 */
#include "peers.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <nats/nats.h>

#define STREAM "BENCH"
#define SUBJECT "bench"
#define PER_TURN 256

static void prepare(const struct plan *plan, int port, char texts[16][PEER_PATH_MAX], char *arguments[16],
                    char *environment[16])
{
    (void) environment;
    arguments[0] = peer_text(texts[0], "/usr/sbin/nats-server");
    arguments[1] = peer_text(texts[1], "-a");
    arguments[2] = peer_text(texts[2], "127.0.0.1");
    arguments[3] = peer_text(texts[3], "-p");
    arguments[4] = peer_text(texts[4], "%d", port);
    arguments[5] = peer_text(texts[5], "-js");
    arguments[6] = peer_text(texts[6], "-sd");
    arguments[7] = peer_text(texts[7], "%s", plan->directory);
}

static void certificate(const struct plan *plan, char text[PEER_PATH_MAX])
{
    peer_text(text, "%s/server.crt", plan->directory);
}

/* A certificate of its own, as long as the run; clients trust it and nothing else. */
static void prepare_tls(const struct plan *plan, int port, char texts[16][PEER_PATH_MAX], char *arguments[16],
                        char *environment[16])
{
    char log[PEER_PATH_MAX];

    prepare(plan, port, texts, arguments, environment);
    arguments[8] = peer_text(texts[8], "--tls");
    certificate(plan, texts[9]);
    arguments[9] = peer_text(texts[10], "--tlscert=%s", texts[9]);
    peer_text(texts[11], "%s/server.key", plan->directory);
    arguments[10] = peer_text(texts[12], "--tlskey=%s", texts[11]);
    char *const make[] = { "/usr/bin/openssl",
                           "req",
                           "-x509",
                           "-newkey",
                           "ec",
                           "-pkeyopt",
                           "ec_paramgen_curve:P-256",
                           "-nodes",
                           "-days",
                           "1",
                           "-subj",
                           "/CN=localhost",
                           "-keyout",
                           texts[11],
                           "-out",
                           texts[9],
                           NULL };
    struct crew_member openssl = crew_exec(peer_text(log, "%s/openssl.log", plan->directory), make);
    if (!crew_wait(&openssl, NULL))
        give_up(log);
}

static void check(natsStatus status, const char *what)
{
    if (status != NATS_OK) {
        fprintf(stderr, "%s: %s\n", what, natsStatus_GetText(status));
        exit(1);
    }
}

struct link {
    natsConnection *nats;
    jsCtx *js;
    natsSubscription *subscription;
    pthread_mutex_t lock; /* acks come on a thread of the library */
    pthread_cond_t come;
    unsigned n_confirms;
};

static void on_ack(jsCtx *js, natsMsg *message, jsPubAck *ack, jsPubAckErr *error, void *context)
{
    struct link *link = context;

    (void) js;
    (void) ack;
    if (error)
        give_up("a publication was refused");
    pthread_mutex_lock(&link->lock);
    link->n_confirms++;
    pthread_cond_signal(&link->come);
    pthread_mutex_unlock(&link->lock);
    natsMsg_Destroy(message);
}

static void connect_to(const struct plan *plan, int port, natsConnection **ret)
{
    natsOptions *options = NULL;
    char url[64], path[PEER_PATH_MAX];

    certificate(plan, path);
    (void) snprintf(url, sizeof(url), "nats://127.0.0.1:%d", port);
    check(natsOptions_Create(&options), "options");
    check(natsOptions_SetURL(options, url), "an address");
    if (access(path, R_OK) == 0) {
        check(natsOptions_SetSecure(options, true), "tls");
        check(natsOptions_LoadCATrustedCertificates(options, path), "a certificate");
        check(natsOptions_SetExpectedHostname(options, "localhost"), "a name");
    }
    check(natsConnection_Connect(ret, options), "connecting to nats");
    natsOptions_Destroy(options);
}

/* With acks: of asynchronous publications, which the library hands to one function per context. */
static struct link *link_to(const struct plan *plan, int port, bool with_acks)
{
    struct link *link = calloc(1, sizeof(*link));
    jsOptions options;

    if (!link)
        give_up("memory");
    pthread_mutex_init(&link->lock, NULL);
    pthread_cond_init(&link->come, NULL);
    connect_to(plan, port, &link->nats);
    jsOptions_Init(&options);
    if (with_acks) {
        options.PublishAsync.MaxPending = 65536;
        options.PublishAsync.AckHandler = on_ack;
        options.PublishAsync.AckHandlerClosure = link;
    }
    check(natsConnection_JetStream(&link->js, link->nats, &options), "jetstream");
    return link;
}

static void create(const struct plan *plan, int port)
{
    struct link *link = link_to(plan, port, false);
    const char *subjects[] = { SUBJECT };
    jsStreamConfig config;
    jsStreamInfo *info = NULL;

    jsStreamConfig_Init(&config);
    config.Name = STREAM;
    config.Subjects = subjects;
    config.SubjectsLen = 1;
    config.Storage = js_FileStorage;
    check(js_AddStream(&info, link->js, &config, NULL, NULL), "a stream");
    jsStreamInfo_Destroy(info);
    jsCtx_Destroy(link->js);
    natsConnection_Destroy(link->nats);
    free(link);
}

static void *open_publisher(const struct plan *plan, int port)
{
    return link_to(plan, port, true);
}

static void publish(void *context, const void *payload, size_t size)
{
    struct link *link = context;

    check(js_PublishAsync(link->js, SUBJECT, payload, (int) size, NULL), "publishing");
}

static unsigned confirms(void *context, int timeout_ms)
{
    struct link *link = context;
    unsigned n;

    pthread_mutex_lock(&link->lock);
    if (!link->n_confirms && timeout_ms > 0) {
        struct timespec until;

        clock_gettime(CLOCK_REALTIME, &until);
        until.tv_nsec += (long) timeout_ms * 1000000;
        until.tv_sec += until.tv_nsec / 1000000000;
        until.tv_nsec %= 1000000000;
        pthread_cond_timedwait(&link->come, &link->lock, &until);
    }
    n = link->n_confirms;
    link->n_confirms = 0;
    pthread_mutex_unlock(&link->lock);
    return n;
}

static void *open_subscriber(const struct plan *plan, int port, unsigned index)
{
    struct link *link = link_to(plan, port, false);
    jsSubOptions options;
    char name[16];

    (void) snprintf(name, sizeof(name), "sink%u", index);
    jsSubOptions_Init(&options);
    options.Stream = STREAM;
    options.ManualAck = true;
    options.Config.Durable = name;
    options.Config.AckPolicy = js_AckExplicit;
    options.Config.MaxAckPending = 4096;
    check(js_SubscribeSync(&link->subscription, link->js, SUBJECT, NULL, &options, NULL), "subscribing");
    check(natsSubscription_SetPendingLimits(link->subscription, -1, -1), "limits");
    return link;
}

static void take(void *context, int timeout_ms, peer_sink *sink, void *sink_context)
{
    struct link *link = context;
    natsMsg *message = NULL;

    for (int i = 0; i < PER_TURN; i++) {
        natsStatus status = natsSubscription_NextMsg(&message, link->subscription, timeout_ms);

        if (status == NATS_TIMEOUT)
            return;
        check(status, "a delivery");
        sink(sink_context, natsMsg_GetData(message), (size_t) natsMsg_GetDataLength(message));
        check(natsMsg_Ack(message, NULL), "acknowledging");
        natsMsg_Destroy(message);
    }
}

#define JETSTREAM_PEER(name_, encryption_, prepare_)                                                        \
    {                                                                                                       \
        .name = name_, .durability = "written to a file, fsync every two minutes: a power cut loses it",    \
        .encryption = encryption_, .prepare = prepare_, .create = create, .open_publisher = open_publisher, \
        .publish = publish, .confirms = confirms, .open_subscriber = open_subscriber, .take = take,         \
    }

const struct peer peer_jetstream = JETSTREAM_PEER("jetstream", "none (TLS possible)", prepare);
const struct peer peer_jetstream_tls = JETSTREAM_PEER("jetstream-tls", "TLS", prepare_tls);
