/* Three paths over the house's HTTP server. Never reads a request's body, never shows more than counts and constant
 * words.
 */
#include "daemon/admin.h"

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>

#include "daemon/http_server.h"

#define ADMIN_BODY_MAX_BYTES 1024
#define ADMIN_CONNECTIONS_MAX 32
#define ADMIN_IDLE_MS 15000
#define ADMIN_ANSWER_MAX_BYTES 2048

struct admin {
    struct http_server *server;
    struct metrics *metrics;
    void *owner;
    unsigned (*why_not_ready)(void *owner, const char **reasons, unsigned room);
    struct metric *resident, *cpu, *files;
};

static double resident_bytes(void)
{
    FILE *statm = fopen("/proc/self/statm", "re");
    char line[128] = "", *rest;

    if (!statm)
        return 0;
    if (!fgets(line, sizeof(line), statm))
        line[0] = '\0';
    fclose(statm);
    strtoull(line, &rest, 10); /* the whole size comes first */
    return (double) strtoull(rest, NULL, 10) * (double) sysconf(_SC_PAGESIZE);
}

static double cpu_seconds(void)
{
    struct rusage usage;

    if (getrusage(RUSAGE_SELF, &usage) < 0)
        return 0;
    return (double) (usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) +
           (double) (usage.ru_utime.tv_usec + usage.ru_stime.tv_usec) / 1e6;
}

/* A process that is not dumpable may not look at its own files unless it is root: then 0. */
static double open_files(void)
{
    DIR *folder = opendir("/proc/self/fd");
    double n = 0;

    if (!folder)
        return 0;
    while (readdir(folder))
        n++;
    closedir(folder);
    return n > 3 ? n - 3 : 0; /* ".", ".." and the folder itself */
}

static void refresh_process_figures(struct admin *admin)
{
    metric_set(admin->resident, resident_bytes());
    metric_set(admin->cpu, cpu_seconds());
    metric_set(admin->files, open_files());
}

static void answer_text(struct http_exchange *exchange, unsigned status, const char *type, const char *text)
{
    (void) !http_answer(&exchange, status, type, bytes_of_text(text)); /* on -ENOMEM the server drops the connection */
}

static void answer_metrics(struct admin *admin, struct http_exchange *exchange)
{
    char *text;
    size_t size;

    refresh_process_figures(admin);
    if (metrics_render(admin->metrics, &text, &size) < 0) {
        answer_text(exchange, 503, "text/plain", "out of memory\n");
        return;
    }
    (void) !http_answer(&exchange, 200, "text/plain; version=0.0.4; charset=utf-8", bytes_make(text, size));
    free(text);
}

static void answer_ready(struct admin *admin, struct http_exchange *exchange)
{
    const char *reasons[ADMIN_REASONS_MAX];
    char body[ADMIN_ANSWER_MAX_BYTES];
    struct writer out = writer_make(body, sizeof(body) - 1);
    unsigned n = admin->why_not_ready ? admin->why_not_ready(admin->owner, reasons, ADMIN_REASONS_MAX) : 0;

    if (n == 0) {
        answer_text(exchange, 200, "application/json", "{\"ready\":true}\n");
        return;
    }
    writer_text(&out, "{\"ready\":false,\"why\":[");
    for (unsigned i = 0; i < n && i < ADMIN_REASONS_MAX; i++) {
        writer_text(&out, i > 0 ? ",\"" : "\"");
        writer_text(&out, reasons[i]); /* constant words: nothing to escape */
        writer_text(&out, "\"");
    }
    writer_text(&out, "]}\n");
    body[out.size] = '\0';
    answer_text(exchange, 503, "application/json", body);
}

static void on_request(void *owner, struct http_exchange *exchange, const struct http_request *request)
{
    struct admin *admin = owner;

    if (strcmp(request->method, "GET") != 0 && strcmp(request->method, "HEAD") != 0) {
        const struct http_header allow = { "Allow", "GET, HEAD" };
        (void) !http_answer_with(&exchange, 405, "text/plain", bytes_of_text("GET or HEAD only\n"), &allow, 1);
        return;
    }
    if (strcmp(request->path, "/metrics") == 0)
        answer_metrics(admin, exchange);
    else if (strcmp(request->path, "/healthz") == 0)
        answer_text(exchange, 200, "application/json", "{\"alive\":true}\n");
    else if (strcmp(request->path, "/readyz") == 0)
        answer_ready(admin, exchange);
    else
        answer_text(exchange, 404, "text/plain", "here are /metrics, /healthz and /readyz\n");
}

static void register_process_figures(struct admin *admin, const char *process)
{
    struct timespec now;

    clock_gettime(CLOCK_REALTIME, &now);
    admin->resident = metrics_gauge(admin->metrics, "process_resident_memory_bytes", "Resident memory size in bytes.");
    admin->cpu =
        metrics_counter(admin->metrics, "process_cpu_seconds_total", "User and system CPU time spent in seconds.");
    admin->files = metrics_gauge(admin->metrics, "process_open_fds", "Open file descriptors; 0 when not visible.");
    metric_set(metrics_gauge(admin->metrics, "process_start_time_seconds",
                             "Start of the process since the Unix epoch in seconds."),
               (double) now.tv_sec);
    metric_set(metrics_gauge(admin->metrics, "trefoil_build_info", "Which program and version this is.",
                             METRIC_LABEL("process", process), METRIC_LABEL("version", TREFOIL_VERSION)),
               1);
}

int admin_open(uv_loop_t *loop, const struct admin_options *options, struct admin **ret)
{
    struct http_server_options server = {
        .host = options->host ? options->host : "127.0.0.1",
        .port = options->port,
        .max_body_bytes = ADMIN_BODY_MAX_BYTES,
        .max_connections = ADMIN_CONNECTIONS_MAX,
        .idle_ms = ADMIN_IDLE_MS,
        .on_request = on_request,
    };
    struct admin *admin = calloc(1, sizeof(*admin));
    int r;

    if (!admin)
        return -ENOMEM;
    admin->metrics = options->metrics;
    admin->owner = options->owner;
    admin->why_not_ready = options->why_not_ready;
    server.owner = admin;
    r = http_server_open(loop, &server, &admin->server);
    if (r < 0) {
        free(admin);
        return r;
    }
    register_process_figures(admin, options->process ? options->process : "unknown");
    *ret = admin;
    return 0;
}

struct admin *admin_close(struct admin *admin)
{
    if (!admin)
        return NULL;
    admin->server = http_server_close(admin->server);
    free(admin);
    return NULL;
}

uint16_t admin_port(const struct admin *admin)
{
    return http_server_port(admin->server);
}
