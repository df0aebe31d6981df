/* A webhook body as a network, or a forger who got hold of its secret, may send it. Compiled once per network:
 * NETWORK_OPS names the map. Responsible for the map's decode, its judge, and its encode of whatever was decoded.
 */
#include <errno.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "base/attributes.h"
#include "skeleton_types/translator.h"

extern const struct translator_ops NETWORK_OPS;

#define EVENTS_SAME_MAX 64 /* compared between two runs */

static void require(int holds)
{
    if (!holds)
        abort();
}

/* The accounts the samples are addressed to, whatever the network. */
static const char *const account_ids[] = { "106540000000002", "104500000000003", "17841400000000005", "alpha" };
static const char *const page_ids[] = { NULL, NULL, "104500000000003", NULL };
static const struct decode_context context = {
    .account_ids = account_ids,
    .page_ids = page_ids,
    .n_accounts = ARRAY_SIZE(account_ids),
    .app_id = "270000000000007",
};

static void check_event(const struct event *event)
{
    const struct trefoil_message *message = &event->message;

    require(event->key && event->key[0]);
    require(event->audience >= TREFOIL_AUDIENCE_ROOM && event->audience <= TREFOIL_AUDIENCE_SERVICES);
    require(message->kind > TREFOIL_KIND_NONE && message->kind <= TREFOIL_KIND_UNSUPPORTED);
    require((message->kind == TREFOIL_KIND_UNSUPPORTED) == (event->is_malformed || event->is_unsupported));
    require(message->kind != TREFOIL_KIND_UNSUPPORTED || message->body.unsupported.raw.size > 0);
    for (size_t i = 0; i < event->n_relates; i++)
        require(event->relates[i] && event->relates[i][0]);
}

/* Whatever came in can go out again as something the network could be sent. */
static void check_encode(const struct event *event, struct arena *mem)
{
    const char *relates[] = { event->n_relates > 0 ? event->relates[0] : NULL };
    const struct place place = {
        .account = "network/1",
        .account_id = "1",
        .user_id = event->user_id ? event->user_id : "15551230001",
        .relates = relates,
        .n_relates = ARRAY_SIZE(relates),
        .attribute = true,
        .mark = "tf1.1.0",
        .api_version = "v25.0",
    };
    struct request_list list = { 0 };
    int r = NETWORK_OPS.encode(&event->message, &place, mem, &list);

    require(r == 0 || r == -ENOMEM || r == -ENOTSUP);
    for (size_t i = 0; r == 0 && i < list.n_requests; i++)
        require(bytes_is_utf8(list.requests[i].body));
}

static void check_judge(struct bytes body, struct arena *mem)
{
    static const int statuses[] = { 200, 400, 500 };
    const struct request request = { .method = "POST", .path = "/", .is_message = true };

    for (size_t i = 0; i < ARRAY_SIZE(statuses); i++) {
        const struct reply reply = { .http_status = statuses[i], .body = body };
        struct verdict verdict = { 0 };

        NETWORK_OPS.judge(&request, &reply, mem, &verdict);
        require(verdict.outcome >= TREFOIL_OUTCOME_SENT && verdict.outcome <= TREFOIL_OUTCOME_UNKNOWN);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct arena mem = ARENA_EMPTY(64u << 20), other = ARENA_EMPTY(64u << 20);
    struct event_list list = { 0 }, again = { 0 };
    struct bytes body = bytes_make(data, size);
    int r = NETWORK_OPS.decode(body, &context, &mem, &list);

    require(r == 0 || r == -ENOMEM);
    require(NETWORK_OPS.decode(body, &context, &other, &again) == r);
    if (r == 0) {
        require(list.n_events == again.n_events);
        for (size_t i = 0; i < list.n_events; i++)
            check_event(&list.events[i]);
        for (size_t i = 0; i < list.n_events && i < EVENTS_SAME_MAX; i++) {
            require(strcmp(list.events[i].key, again.events[i].key) == 0);
            check_encode(&list.events[i], &other);
        }
    }
    check_judge(body, &other);
    arena_deinit(&mem);
    arena_deinit(&other);
    return 0;
}
