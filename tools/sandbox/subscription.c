/* GET with hub.mode, hub.challenge and hub.verify_token, as the networks send it. Never logs the token. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "sandbox/subscription.h"
#include "sandbox/webhook_sender.h"

#define SHAKE_AGAIN_MS 300
#define CHALLENGE_SIZE 24
#define MAX_REPLY_BYTES 65536
#define URL_SIZE 4096

struct handshake {
    struct world *world;
    struct account *account;
    uv_timer_t timer;
    char challenge[CHALLENGE_SIZE];
};

static void shake(struct handshake *handshake);

static void on_again(uv_timer_t *timer)
{
    shake(timer->data);
}

static void on_reply(void *context, const struct http_reply *reply)
{
    struct handshake *handshake = context;
    struct account *account = handshake->account;

    account->is_subscribed =
        reply->result == HTTP_ANSWERED && reply->status == 200 && bytes_equal_text(reply->body, handshake->challenge);
    if (!account->is_subscribed) {
        (void) uv_timer_start(&handshake->timer, on_again, SHAKE_AGAIN_MS, 0);
        return;
    }
    log_event(&handshake->world->log, LOG_INFO_, "webhook-subscribed",
              LOG_TEXT("network", network_name(account->network)));
    lanes_run(handshake->world, account);
}

static void percent_encode(const char *text, char *ret, size_t room)
{
    size_t at = 0;

    for (const char *c = text; *c && at + 4 <= room; c++)
        at += (size_t) snprintf(ret + at, room - at, "%%%02x", (unsigned char) *c);
}

static void shake(struct handshake *handshake)
{
    struct world *world = handshake->world;
    char url[URL_SIZE], token[1024] = "";
    struct http_call call = { .method = "GET",
                              .url = url,
                              .timeout_ms = (uint32_t) world->settings->webhook_timeout_ms,
                              .max_reply_bytes = MAX_REPLY_BYTES,
                              .context = handshake,
                              .on_reply = on_reply };

    percent_encode(handshake->account->verify_token, token, sizeof(token));
    (void) snprintf(handshake->challenge, CHALLENGE_SIZE, "%u", (unsigned) (dice_roll(&world->dice) >> 33));
    (void) snprintf(url, sizeof(url), "%s?hub.mode=subscribe&hub.challenge=%s&hub.verify_token=%s",
                    handshake->account->webhook_url, handshake->challenge, token);
    if (http_send(world->client, &call) < 0)
        (void) uv_timer_start(&handshake->timer, on_again, SHAKE_AGAIN_MS, 0);
}

int subscriptions_start(struct world *world)
{
    for (size_t i = 0; i < world->n_accounts; i++) {
        struct handshake *handshake = calloc(1, sizeof(*handshake));

        if (!handshake)
            return -ENOMEM;
        handshake->world = world;
        handshake->account = &world->accounts[i];
        handshake->timer.data = handshake;
        (void) uv_timer_init(world->loop, &handshake->timer);
        world->accounts[i].handshake = handshake;
        shake(handshake);
    }
    return 0;
}

static void on_closed(uv_handle_t *handle)
{
    free(handle->data);
}

void subscriptions_stop(struct world *world)
{
    for (size_t i = 0; i < world->n_accounts; i++) {
        struct handshake *handshake = world->accounts[i].handshake;

        world->accounts[i].handshake = NULL;
        if (handshake)
            uv_close((uv_handle_t *) &handshake->timer, on_closed);
    }
}
