/* Posts signed WhatsApp webhooks over connections that stay open, one at a time each, and measures how long the 200
 * takes, which means: until every event is on the gateway's disk. Never reads what becomes of them.
 *
 *   webhook --port PORT --secret-file FILE --translator PID --gateway PID [--seconds 5] [--connections 64] [--people 200]
 */
#include "measure.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#define CONNECTIONS_MAX 1024
#define BODY_MAX 2048
#define REQUEST_MAX 4096
#define ANSWER_MAX 4096
#define WARM_UP_US 1000000
#define RATE_TARGET 2000.0 /* per core of the translator: sealing and signing alone take a twentieth of that */

struct connection {
    int fd;
    uint64_t sent_us;
    char answer[ANSWER_MAX];
    size_t size;
};

struct bench {
    struct sockaddr_in address;
    unsigned char secret[256];
    size_t secret_size;
    uint64_t n_sent, run, people;
    uint64_t begin_us, end_us, n_good, n_bad;
    struct latencies latencies;
    struct connection connections[CONNECTIONS_MAX];
    struct pollfd polls[CONNECTIONS_MAX];
    size_t n_connections;
};

static _Noreturn void die(const char *what)
{
    fprintf(stderr, "webhook: %s: %s\n", what, strerror(errno));
    exit(1);
}

static void sign(const struct bench *bench, const char *body, size_t size, char ret[65])
{
    unsigned char mac[crypto_auth_hmacsha256_BYTES];
    crypto_auth_hmacsha256_state state;

    crypto_auth_hmacsha256_init(&state, bench->secret, bench->secret_size);
    crypto_auth_hmacsha256_update(&state, (const unsigned char *) body, size);
    crypto_auth_hmacsha256_final(&state, mac);
    sodium_bin2hex(ret, 65, mac, sizeof(mac));
}

static void post(struct bench *bench, struct connection *connection)
{
    char body[BODY_MAX], request[REQUEST_MAX], mac[65];
    uint64_t n = bench->n_sent++;
    int size = snprintf(
        body, sizeof(body),
        "{\"object\":\"whatsapp_business_account\",\"entry\":[{\"id\":\"102290000000001\",\"changes\":[{\"field\":"
        "\"messages\",\"value\":{\"messaging_product\":\"whatsapp\",\"metadata\":{\"display_phone_number\":"
        "\"15550001111\",\"phone_number_id\":\"106540000000002\"},\"contacts\":[{\"profile\":{\"name\":\"Ada "
        "Example\"},\"wa_id\":\"1555124%04llu\"}],\"messages\":[{\"from\":\"1555124%04llu\",\"id\":"
        "\"wamid.HBgLMTU1NTEyMzAwMDEVAgASGBQz%016llX%08llX\",\"timestamp\":\"%lld\",\"type\":\"text\",\"text\":{"
        "\"body\":\"the quick brown fox jumps over the lazy dog, message %llu\"}}]}}]}]}",
        (unsigned long long) (n % bench->people), (unsigned long long) (n % bench->people),
        (unsigned long long) bench->run, (unsigned long long) n, (long long) time(NULL), (unsigned long long) n);
    sign(bench, body, (size_t) size, mac);
    int length = snprintf(request, sizeof(request),
                          "POST /webhook HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/json\r\n"
                          "X-Hub-Signature-256: sha256=%s\r\nContent-Length: %d\r\n\r\n%s",
                          mac, size, body);
    connection->size = 0;
    connection->sent_us = now_us();
    if (send(connection->fd, request, (size_t) length, MSG_NOSIGNAL) != length)
        die("send");
}

static void open_connection(struct bench *bench, struct connection *connection)
{
    int one = 1;

    connection->fd = socket(AF_INET, SOCK_STREAM, 0);
    if (connection->fd < 0 || connect(connection->fd, (struct sockaddr *) &bench->address, sizeof(bench->address)) < 0)
        die("connect");
    setsockopt(connection->fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one));
}

/* 0 while the answer is not whole, else its status. */
static int status_of(struct connection *connection)
{
    char *end, *length;

    connection->answer[connection->size] = '\0';
    end = strstr(connection->answer, "\r\n\r\n");
    if (!end)
        return 0;
    length = strcasestr(connection->answer, "content-length:");
    if (length && length < end &&
        connection->size < (size_t) (end + 4 - connection->answer) + strtoul(length + 15, NULL, 10))
        return 0;
    return connection->size > 12 && strncmp(connection->answer, "HTTP/1.1 ", 9) == 0
               ? (int) strtol(connection->answer + 9, NULL, 10)
               : -1;
}

static void hear(struct bench *bench, struct connection *connection)
{
    ssize_t n = recv(connection->fd, connection->answer + connection->size, ANSWER_MAX - 1 - connection->size, 0);
    uint64_t now = now_us();

    if (n <= 0)
        die("the translator closed a connection");
    connection->size += (size_t) n;
    int status = status_of(connection);
    if (status == 0)
        return;
    if (now >= bench->begin_us && now < bench->end_us) {
        if (status == 200)
            latencies_add(&bench->latencies, now - connection->sent_us);
        *(status == 200 ? &bench->n_good : &bench->n_bad) += 1;
    }
    post(bench, connection);
}

/* The field of /proc/PID/stat with this number, the state being 3. */
static const char *field_of(const char *stat, int number)
{
    const char *at = strrchr(stat, ')');

    for (int i = 2; at && i < number; i++)
        at = strchr(at + 1, ' ');
    return at ? at : "";
}

/* Processor seconds a process has used. */
static double cpu_of(long pid)
{
    char path[64], text[1024] = "";

    snprintf(path, sizeof(path), "/proc/%ld/stat", pid);
    FILE *file = fopen(path, "r");
    if (!file)
        return 0;
    bool is_read = fgets(text, sizeof(text), file) != NULL;
    fclose(file);
    if (!is_read)
        return 0;
    return (double) (strtoul(field_of(text, 14), NULL, 10) + strtoul(field_of(text, 15), NULL, 10)) /
           (double) sysconf(_SC_CLK_TCK);
}

static void read_secret(struct bench *bench, const char *path)
{
    FILE *file = fopen(path, "r");

    if (!file || !fgets((char *) bench->secret, sizeof(bench->secret), file))
        die(path);
    bench->secret_size = strcspn((char *) bench->secret, "\r\n");
    fclose(file);
}

static void drive(struct bench *bench)
{
    for (size_t i = 0; i < bench->n_connections; i++) {
        open_connection(bench, &bench->connections[i]);
        bench->polls[i] = (struct pollfd){ bench->connections[i].fd, POLLIN, 0 };
        post(bench, &bench->connections[i]);
    }
    while (now_us() < bench->end_us) {
        if (poll(bench->polls, bench->n_connections, 100) < 0)
            die("poll");
        for (size_t i = 0; i < bench->n_connections; i++)
            if (bench->polls[i].revents)
                hear(bench, &bench->connections[i]);
    }
}

int main(int argc, char **argv)
{
    static struct bench bench;
    double seconds = option_number(argc, argv, "--seconds", 5);
    long translator = (long) option_number(argc, argv, "--translator", 0),
         gateway = (long) option_number(argc, argv, "--gateway", 0);
    const char *secret = option_text(argc, argv, "--secret-file", NULL);

    if (!secret || sodium_init() < 0) {
        fprintf(stderr, "use tests/bench/webhook: it starts what this needs\n");
        return 2;
    }
    read_secret(&bench, secret);
    bench.address = (struct sockaddr_in){ .sin_family = AF_INET,
                                          .sin_port = htons((uint16_t) option_number(argc, argv, "--port", 0)),
                                          .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
    bench.people = (uint64_t) option_number(argc, argv, "--people", 200);
    bench.n_connections = (size_t) option_number(argc, argv, "--connections", 64);
    if (bench.n_connections > CONNECTIONS_MAX)
        bench.n_connections = CONNECTIONS_MAX;
    bench.run = now_us();
    bench.begin_us = now_us() + WARM_UP_US;
    bench.end_us = bench.begin_us + (uint64_t) (seconds * 1e6);

    double translator_cpu = cpu_of(translator), gateway_cpu = cpu_of(gateway),
           driver_cpu = (double) process_cpu_us() / 1e6;
    drive(&bench);
    translator_cpu = cpu_of(translator) - translator_cpu;
    gateway_cpu = cpu_of(gateway) - gateway_cpu;
    driver_cpu = (double) process_cpu_us() / 1e6 - driver_cpu;

    double n = (double) bench.n_sent, rate = (double) bench.n_good / seconds;
    double per_core = translator_cpu > 0 ? n / translator_cpu : 0;
    printf("%zu connections: %.0f webhooks/s answered 200, %llu otherwise; p50 %.2f ms, p99 %.2f ms\n",
           bench.n_connections, rate, (unsigned long long) bench.n_bad,
           latencies_percentile(&bench.latencies, 50) / 1e3, latencies_percentile(&bench.latencies, 99) / 1e3);
    printf("processor per webhook: translator %.0f us, gateway %.0f us, this driver %.0f us\n",
           translator_cpu / n * 1e6, gateway_cpu / n * 1e6, driver_cpu / n * 1e6);
    print_result("webhook.rate", rate, "webhooks/s", bench.n_bad ? 0 : 1, 1);
    print_result("webhook.per_core", per_core, "webhooks/s/core", per_core / RATE_TARGET, 1);
    return bench.n_bad ? 1 : 0;
}
