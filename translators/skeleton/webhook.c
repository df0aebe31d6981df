/* Answers the handshake, refuses what is not signed, hands over the rest. Never looks into a body. */
#include "webhook.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "formats/signature.h"
#include "media_url.h"

struct webhook {
    struct http_server *server;
    struct webhook_options options;
};

void webhook_answer(struct http_exchange **exchange, unsigned status)
{
    /* Without memory for an answer the connection is dropped, and the network tries again: nothing else to do. */
    if (http_answer(exchange, status, "text/plain", BYTES_EMPTY) < 0)
        return;
}

static void refuse(struct webhook *webhook, struct http_exchange *exchange, unsigned status,
                   enum webhook_refusal refusal)
{
    webhook_answer(&exchange, status);
    webhook->options.on_refusal(webhook->options.owner, refusal);
}

/* What we repeat to whoever knows the token must not be able to become a page. */
static bool is_plain(const char *challenge)
{
    size_t size = strlen(challenge);
    if (size == 0 || size > WEBHOOK_CHALLENGE_MAX_BYTES)
        return false;
    return strspn(challenge, "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz-_.~") == size;
}

static void handshake(struct webhook *webhook, struct http_exchange *exchange)
{
    const char *mode = http_request_query(exchange, "hub.mode");
    const char *token = http_request_query(exchange, "hub.verify_token");
    const char *challenge = http_request_query(exchange, "hub.challenge");

    if (!mode || strcmp(mode, "subscribe") != 0 || !token || !challenge || !is_plain(challenge) ||
        !accounts_know_verify_token(webhook->options.accounts, token)) {
        refuse(webhook, exchange, 403, WEBHOOK_BAD_HANDSHAKE);
        return;
    }
    if (http_answer(&exchange, 200, "text/plain", bytes_of_text(challenge)) == 0)
        webhook->options.on_handshake(webhook->options.owner);
}

static void take_body(struct webhook *webhook, struct http_exchange *exchange, struct bytes body)
{
    struct bytes secrets[WEBHOOK_SECRETS_MAX];
    size_t n = accounts_app_secrets(webhook->options.accounts, secrets, WEBHOOK_SECRETS_MAX);
    const char *header = http_request_header(exchange, SIGNATURE_HEADER);

    int r = signature_check(body, bytes_of_text(header), secrets, n);
    if (r < 0)
        refuse(webhook, exchange, 401, r == -EACCES ? WEBHOOK_FORGED : WEBHOOK_UNSIGNED);
    else
        webhook->options.on_body(webhook->options.owner, exchange, body);
}

static void on_request(void *owner, struct http_exchange *exchange, const struct http_request *request)
{
    struct webhook *webhook = owner;

    bool is_read = strcmp(request->method, "GET") == 0 || strcmp(request->method, "HEAD") == 0;

    if (webhook->options.on_media && is_read && media_url_is_ours(request->path))
        webhook->options.on_media(webhook->options.owner, exchange, request->path);
    else if (strcmp(request->path, webhook->options.path) != 0)
        refuse(webhook, exchange, 404, WEBHOOK_NOT_HERE);
    else if (strcmp(request->method, "GET") == 0)
        handshake(webhook, exchange);
    else if (strcmp(request->method, "POST") == 0)
        take_body(webhook, exchange, request->body);
    else
        refuse(webhook, exchange, 405, WEBHOOK_NOT_HERE);
}

static void on_gone(void *owner, struct http_exchange *exchange)
{
    struct webhook *webhook = owner;
    webhook->options.on_gone(webhook->options.owner, exchange);
}

static void on_refused(void *owner, unsigned status)
{
    struct webhook *webhook = owner;
    webhook->options.on_refusal(webhook->options.owner, status == 413 ? WEBHOOK_TOO_LARGE : WEBHOOK_NOT_HERE);
}

int webhook_open(uv_loop_t *loop, const struct webhook_options *options, struct webhook **ret)
{
    struct webhook *webhook = calloc(1, sizeof(*webhook));
    if (!webhook)
        return -ENOMEM;
    webhook->options = *options;
    struct http_server_options server = {
        .host = options->host,
        .port = options->port,
        .max_body_bytes = WEBHOOK_BODY_MAX_BYTES,
        .max_connections = WEBHOOK_CONNECTIONS_MAX,
        .idle_ms = WEBHOOK_IDLE_MS,
        .owner = webhook,
        .on_request = on_request,
        .on_gone = on_gone,
        .on_refused = on_refused,
    };
    int r = http_server_open(loop, &server, &webhook->server);
    if (r < 0) {
        free(webhook);
        return r;
    }
    *ret = webhook;
    return 0;
}

struct webhook *webhook_close(struct webhook *webhook)
{
    if (!webhook)
        return NULL;
    http_server_close(webhook->server);
    free(webhook);
    return NULL;
}

uint16_t webhook_port(const struct webhook *webhook)
{
    return http_server_port(webhook->server);
}
