/* How long a message takes from one network to another: a webhook is posted to the WhatsApp translator at a steady rate,
 * and what Messenger's and Instagram's translators then ask of their network arrives here. Never answers but "accepted".
 *
 *   hop --webhook-port PORT --graph-port PORT --secret-file FILE [--rate 500] [--rooms 200] [--seconds 10]
 */
#include <errno.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <uv.h>

#include "daemon/http_client.h"
#include "daemon/http_server.h"
#include "measure.h"

enum {
    BODY_SIZE = 1024,
    RING = 1 << 16,
    MAX_BODY_BYTES = 1 << 20,
    TICK_MS = 1,
    WARM_UP_MS = 2000,
    SETTLE_MS = 1500,
    TIMEOUT_MS = 10000,
};

#define MEDIAN_TARGET_MS 3.0
#define P99_TARGET_MS 15.0

struct bench {
    uv_loop_t loop;
    uv_timer_t tick;
    struct http_client *client;
    struct http_server *server;
    unsigned char secret[256];
    size_t secret_size;
    char url[64];
    double rate, seconds;
    uint64_t rooms, run;
    uint64_t begun_us, sent, n_good, n_bad, arrived, twice;
    uint64_t sent_us[RING];
    bool is_here[RING];
    struct latencies latencies, answers;
};

static bool counts(const struct bench *bench, uint64_t sent_us)
{
    return sent_us >= bench->begun_us + WARM_UP_MS * 1000;
}

/* ---- the other network ------------------------------------------------------------------------------------------ */

static const char *text_of(struct bytes body, const char *key)
{
    return memmem(body.data, body.size, key, strlen(key));
}

/* A message: its number is in its words. Anything else (read marks, profiles) is answered and not counted. */
static void on_request(void *owner, struct http_exchange *exchange, const struct http_request *request)
{
    static const char accepted[] = "{\"recipient_id\":\"1\",\"message_id\":\"m_bench\"}",
                      person[] =
                          "{\"first_name\":\"Ada\",\"last_name\":\"Example\",\"name\":\"Ada Example\",\"id\":\"1\"}";
    struct bench *bench = owner;
    const char *mark = text_of(request->body, "number ");
    bool is_message = mark && strcmp(request->method, "POST") == 0;

    if (is_message) {
        uint64_t n = strtoull(mark + 7, NULL, 10), now = now_us();
        bench->arrived++;
        bench->twice += bench->is_here[n % RING];
        bench->is_here[n % RING] = true;
        if (counts(bench, bench->sent_us[n % RING]))
            latencies_add(&bench->latencies, now - bench->sent_us[n % RING]);
    }
    const char *answer = is_message || strcmp(request->method, "POST") == 0 ? accepted : person;
    if (http_answer(&exchange, 200, "application/json", bytes_of_text(answer)) < 0)
        bench->n_bad++;
}

/* ---- the webhooks ----------------------------------------------------------------------------------------------- */

static void sign(const struct bench *bench, const char *body, size_t size, char ret[128])
{
    unsigned char mac[crypto_auth_hmacsha256_BYTES];
    crypto_auth_hmacsha256_state state;
    int n = snprintf(ret, 128, "X-Hub-Signature-256: sha256=");

    crypto_auth_hmacsha256_init(&state, bench->secret, bench->secret_size);
    crypto_auth_hmacsha256_update(&state, (const unsigned char *) body, size);
    crypto_auth_hmacsha256_final(&state, mac);
    sodium_bin2hex(ret + n, 128 - (size_t) n, mac, sizeof(mac));
}

static void on_reply(void *context, const struct http_reply *reply)
{
    struct bench *bench = context;

    if (reply->result == HTTP_ANSWERED && reply->status == 200)
        bench->n_good++;
    else
        bench->n_bad++;
}

static void post(struct bench *bench)
{
    char body[BODY_SIZE], header[128];
    uint64_t n = bench->sent++;
    int size = snprintf(
        body, sizeof(body),
        "{\"object\":\"whatsapp_business_account\",\"entry\":[{\"id\":\"102290000000001\",\"changes\":[{\"field\":"
        "\"messages\",\"value\":{\"messaging_product\":\"whatsapp\",\"metadata\":{\"display_phone_number\":"
        "\"15550001111\",\"phone_number_id\":\"106540000000002\"},\"contacts\":[{\"profile\":{\"name\":\"Ada\"},"
        "\"wa_id\":\"1555300%05llu\"}],\"messages\":[{\"from\":\"1555300%05llu\",\"id\":\"wamid.BENCH%llX%llX\","
        "\"timestamp\":\"%lld\",\"type\":\"text\",\"text\":{\"body\":\"number %llu\"}}]}}]}]}",
        (unsigned long long) (n % bench->rooms), (unsigned long long) (n % bench->rooms),
        (unsigned long long) bench->run, (unsigned long long) n, (long long) time(NULL), (unsigned long long) n);
    sign(bench, body, (size_t) size, header);
    const char *headers[] = { header };
    struct http_call call = {
        .method = "POST",
        .url = bench->url,
        .content_type = "application/json",
        .headers = headers,
        .n_headers = 1,
        .body = bytes_make(body, (size_t) size),
        .timeout_ms = TIMEOUT_MS,
        .max_reply_bytes = MAX_BODY_BYTES,
        .context = bench,
        .on_reply = on_reply,
    };
    bench->is_here[n % RING] = false;
    bench->sent_us[n % RING] = now_us();
    if (http_send(bench->client, &call) < 0)
        bench->n_bad++;
}

static void on_tick(uv_timer_t *timer)
{
    struct bench *bench = timer->data;
    double age_s = (double) (now_us() - bench->begun_us) / 1e6, length_s = bench->seconds + WARM_UP_MS / 1000.0;

    if (age_s > length_s + SETTLE_MS / 1000.0) {
        uv_stop(&bench->loop);
        return;
    }
    while (age_s < length_s && (double) bench->sent < age_s * bench->rate)
        post(bench);
}

/* ---- the whole -------------------------------------------------------------------------------------------------- */

static int read_secret(struct bench *bench, const char *path)
{
    FILE *file = fopen(path, "r");
    bool is_read = file && fgets((char *) bench->secret, sizeof(bench->secret), file);

    if (file)
        fclose(file);
    bench->secret_size = is_read ? strcspn((char *) bench->secret, "\r\n") : 0;
    return is_read ? 0 : -EIO;
}

static int open_all(struct bench *bench, uint16_t graph_port)
{
    struct http_server_options serve = { .host = "127.0.0.1",
                                         .port = graph_port,
                                         .max_body_bytes = MAX_BODY_BYTES,
                                         .max_connections = 512,
                                         .idle_ms = 60000,
                                         .owner = bench,
                                         .on_request = on_request };
    struct http_client_options ask = { .max_connections_per_host = 64,
                                       .connect_timeout_ms = 2000,
                                       .user_agent = "bench" };
    int r = http_server_open(&bench->loop, &serve, &bench->server);

    return r < 0 ? r : http_client_open(&bench->loop, &ask, &bench->client);
}

static void tell(const struct bench *bench)
{
    double median_ms = latencies_percentile(&bench->latencies, 50) / 1e3,
           p99_ms = latencies_percentile(&bench->latencies, 99) / 1e3;

    printf("%.0f webhooks/s: %llu posted, %llu answered 200, %llu not; %llu arrived at the other networks, %llu twice; "
           "p50 %.2f ms, p99 %.2f ms, p99.9 %.2f ms\n",
           bench->rate, (unsigned long long) bench->sent, (unsigned long long) bench->n_good,
           (unsigned long long) bench->n_bad, (unsigned long long) bench->arrived, (unsigned long long) bench->twice,
           median_ms, p99_ms, latencies_percentile(&bench->latencies, 99.9) / 1e3);
    print_result("hop.p50", median_ms, "ms", median_ms / MEDIAN_TARGET_MS, -1);
    print_result("hop.p99", p99_ms, "ms", p99_ms / P99_TARGET_MS, -1);
}

int main(int argc, char **argv)
{
    static struct bench bench;
    const char *secret = option_text(argc, argv, "--secret-file", NULL);

    if (!secret || sodium_init() < 0 || read_secret(&bench, secret) < 0) {
        fprintf(stderr, "use tests/bench/hop: it starts what this needs\n");
        return 2;
    }
    bench.rate = option_number(argc, argv, "--rate", 500);
    bench.seconds = option_number(argc, argv, "--seconds", 10);
    bench.rooms = (uint64_t) option_number(argc, argv, "--rooms", 200);
    (void) snprintf(bench.url, sizeof(bench.url), "http://127.0.0.1:%d/webhook",
                    (int) option_number(argc, argv, "--webhook-port", 0));
    uv_loop_init(&bench.loop);
    if (open_all(&bench, (uint16_t) option_number(argc, argv, "--graph-port", 0)) < 0) {
        fprintf(stderr, "hop: cannot listen\n");
        return 1;
    }
    bench.run = bench.begun_us = now_us();
    uv_timer_init(&bench.loop, &bench.tick);
    bench.tick.data = &bench;
    uv_timer_start(&bench.tick, on_tick, 0, TICK_MS);
    uv_run(&bench.loop, UV_RUN_DEFAULT);
    tell(&bench);
    return bench.n_bad || bench.arrived != bench.sent || bench.twice;
}
