/* Redis Streams: one stream, a consumer group for each subscriber, pipelined XADD, XREADGROUP and XACK.
 * Never keeps the file between runs.
 */
#include "peers.h"

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <hiredis/hiredis.h>

#define STREAM "bench"
#define PER_READ "512"

static void prepare(const struct plan *plan, int port, const char *fsync, char texts[16][PEER_PATH_MAX],
                    char *arguments[16])
{
    const char *const words[] = {
        "redis-server", "--port",        NULL,  "--bind", "127.0.0.1", "--dir", plan->directory, "--appendonly",
        "yes",          "--appendfsync", fsync, "--save", ""
    };
    size_t n = 0;

    for (size_t i = 0; i < sizeof(words) / sizeof(*words); i++, n++)
        arguments[n] = words[i] ? peer_text(texts[n], "%s", words[i]) : peer_text(texts[n], "%d", port);
}

static void prepare_always(const struct plan *plan, int port, char texts[16][PEER_PATH_MAX], char *arguments[16],
                           char *environment[16])
{
    (void) environment;
    prepare(plan, port, "always", texts, arguments);
}

static void prepare_everysec(const struct plan *plan, int port, char texts[16][PEER_PATH_MAX], char *arguments[16],
                             char *environment[16])
{
    (void) environment;
    prepare(plan, port, "everysec", texts, arguments);
}

static redisContext *link_to(int port)
{
    redisContext *redis = redisConnect("127.0.0.1", port);

    if (!redis || redis->err)
        give_up("redis");
    return redis;
}

static void create(const struct plan *plan, int port)
{
    redisContext *redis = link_to(port);

    for (unsigned i = 0; i < plan->subscribers; i++)
        freeReplyObject(redisCommand(redis, "XGROUP CREATE " STREAM " g%u $ MKSTREAM", i));
    redisFree(redis);
}

static void *open_publisher(const struct plan *plan, int port)
{
    (void) plan;
    return link_to(port);
}

static void publish(void *link, const void *payload, size_t size)
{
    if (redisAppendCommand(link, "XADD " STREAM " * p %b", payload, size) != REDIS_OK)
        give_up("XADD");
}

static unsigned confirms(void *link, int timeout_ms)
{
    redisContext *redis = link;
    struct pollfd wait = { .fd = redis->fd, .events = POLLIN };
    void *reply = NULL;
    unsigned n = 0;
    int done = 0;

    while (!done)
        if (redisBufferWrite(redis, &done) != REDIS_OK)
            give_up(redis->errstr);
    if (poll(&wait, 1, timeout_ms) > 0 && redisBufferRead(redis) != REDIS_OK)
        give_up(redis->errstr);
    while (redisReaderGetReply(redis->reader, &reply) == REDIS_OK && reply) {
        if (((redisReply *) reply)->type == REDIS_REPLY_ERROR)
            give_up(((redisReply *) reply)->str);
        freeReplyObject(reply);
        n++;
    }
    return n;
}

struct reader {
    redisContext *redis;
    unsigned index;
};

static void *open_subscriber(const struct plan *plan, int port, unsigned index)
{
    struct reader *reader = calloc(1, sizeof(*reader));

    (void) plan;
    if (!reader)
        give_up("memory");
    *reader = (struct reader){ link_to(port), index };
    return reader;
}

/* One command acknowledges all that came at once. */
static void acknowledge(const struct reader *reader, const redisReply *entries)
{
    const char **words = calloc(3 + entries->elements, sizeof(*words));
    size_t *sizes = calloc(3 + entries->elements, sizeof(*sizes));
    char group[16];

    if (!words || !sizes)
        give_up("memory");
    (void) snprintf(group, sizeof(group), "g%u", reader->index);
    words[0] = "XACK", words[1] = STREAM, words[2] = group;
    for (size_t i = 0; i < 3; i++)
        sizes[i] = strlen(words[i]);
    for (size_t i = 0; i < entries->elements; i++) {
        words[3 + i] = entries->element[i]->element[0]->str;
        sizes[3 + i] = entries->element[i]->element[0]->len;
    }
    freeReplyObject(redisCommandArgv(reader->redis, (int) (3 + entries->elements), words, sizes));
    free(sizes);
    free(words);
}

static void take(void *link, int timeout_ms, peer_sink *sink, void *context)
{
    const struct reader *reader = link;
    redisReply *reply =
        redisCommand(reader->redis, "XREADGROUP GROUP g%u c COUNT " PER_READ " BLOCK %d STREAMS " STREAM " >",
                     reader->index, timeout_ms);

    if (!reply || reply->type == REDIS_REPLY_ERROR)
        give_up("XREADGROUP");
    if (reply->type == REDIS_REPLY_ARRAY && reply->elements == 1) {
        const redisReply *entries = reply->element[0]->element[1];

        for (size_t i = 0; i < entries->elements; i++) {
            const redisReply *payload = entries->element[i]->element[1]->element[1];
            sink(context, payload->str, payload->len);
        }
        acknowledge(reader, entries);
    }
    freeReplyObject(reply);
}

#define REDIS_PEER(name_, durability_, prepare_)                                                            \
    {                                                                                                       \
        .name = name_, .durability = durability_, .encryption = "none (TLS possible)", .prepare = prepare_, \
        .create = create, .open_publisher = open_publisher, .publish = publish, .confirms = confirms,       \
        .open_subscriber = open_subscriber, .take = take,                                                   \
    }

const struct peer peer_redis_always = REDIS_PEER("redis-always", "fsync before the reply", prepare_always);
const struct peer peer_redis_everysec =
    REDIS_PEER("redis-everysec", "fsync once a second: a crash loses up to a second", prepare_everysec);
