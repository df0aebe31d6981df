/* The bus protocol, seen from the gateway: hello first, one error for whoever breaks it. */
#include "session.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "asks.h"
#include "promise.h"
#include "sending.h"
#include "trust/grant_check.h"

#define STRING_(x) #x
#define STRING(x) STRING_(x)

static struct bytes id_of(const struct routing_id *id)
{
    return bytes_make(id->bytes, sizeof(id->bytes));
}

static bool is_same_text(const char *a, const char *b)
{
    return strcmp(a, b) == 0;
}

/* Strangers are answered, but not faster than this. */
static void stranger_error(struct gateway *gateway, const struct routing_id *from, int code, const char *text)
{
    if (gateway->broker.now_ms - gateway->last_stranger_ms >= 1000) {
        gateway->last_stranger_ms = gateway->broker.now_ms;
        gateway->n_strangers = 0;
    }
    if (gateway->n_strangers++ < GATEWAY_STRANGER_ERRORS_PER_S)
        sending_error(gateway, from, code, text);
}

static void remove_session(struct gateway *gateway, struct session *session)
{
    map_remove(&gateway->by_id, id_of(&session->id));
    broker_peer_gone(&gateway->broker, &session->peer);
    promise_session_gone(gateway, session);
    sending_session_gone(session);
    list_remove(&session->link);
    gateway->must_pump = true;
    free(session);
}

void gateway_drop(struct gateway *gateway, struct session *session, int error_code, const char *why)
{
    const struct service *service = members_service(gateway->broker.members, &session->peer.service);

    if (session->is_broken)
        return;
    session->is_broken = true;
    gateway->tally.dropped_peers++;
    if (error_code)
        sending_error(gateway, &session->id, error_code, why);
    log_event(&gateway->log, LOG_INFO_, "peer-left", LOG_TEXT("service", service ? service->name : "none"),
              LOG_TEXT("why", why));
}

void session_sweep(struct gateway *gateway)
{
    list_for_each_safe (node, after, &gateway->sessions) {
        struct session *session = container_of(node, struct session, link);

        if (session->is_broken)
            remove_session(gateway, session);
    }
}

void session_close_all(struct gateway *gateway)
{
    list_for_each_safe (node, after, &gateway->sessions)
        remove_session(gateway, container_of(node, struct session, link));
}

static void send_roster(struct gateway *gateway, struct session *session)
{
    Trefoil__RosterIs roster = TREFOIL__ROSTER_IS__INIT;

    roster.bundle = frame_binary(gateway->keeper.bundle);
    sending_frame(gateway, session, TREFOIL__FRAME__BODY_ROSTER_IS, &roster);
}

static void welcome(struct gateway *gateway, struct session *session)
{
    Trefoil__Welcome body = TREFOIL__WELCOME__INIT;

    body.version = session->version;
    body.roster_version = gateway->keeper.trust.roster.version;
    body.heartbeat_ms = GATEWAY_HEARTBEAT_MS;
    body.publish_credit = BUS_PUBLISH_CREDIT;
    body.publish_credit_bytes = BUS_PUBLISH_CREDIT_BYTES;
    body.max_batch = BUS_BATCH_MAX_ENVELOPES;
    body.max_frame_bytes = BUS_FRAME_MAX_BYTES;
    body.now_ms = gateway->broker.now_ms;
    sending_frame(gateway, session, TREFOIL__FRAME__BODY_WELCOME, &body);
    send_roster(gateway, session);
}

static const struct roster_service *service_of_key(const struct gateway *gateway, const char *user)
{
    uint8_t key[SEAL_KEY_BYTES];

    if (bytes_from_hex(bytes_of_text(user), key, sizeof(key)) < 0)
        return NULL;
    return roster_service_by_transport(&gateway->keeper.trust.roster, bytes_make(key, sizeof(key)));
}

static struct session *session_new(struct gateway *gateway, const struct routing_id *from, const char *user)
{
    struct session *session = calloc(1, sizeof(*session));

    if (!session)
        return NULL;
    session->id = *from;
    list_init(&session->dirty);
    list_init(&session->batches);
    if (bytes_copy(bytes_of_text(user), session->user, FRONTEND_USER_BYTES) < 0 ||
        map_set(&gateway->by_id, id_of(from), session) < 0) {
        free(session);
        return NULL;
    }
    list_append(&gateway->sessions, &session->link);
    broker_peer_join(&gateway->broker, &session->peer);
    session->peer.wire = session;
    return session;
}

static void take_hello(struct gateway *gateway, const struct routing_id *from, const char *user,
                       const Trefoil__Hello *hello)
{
    const struct roster_service *service = service_of_key(gateway, user);
    struct session *session = map_get(&gateway->by_id, id_of(from));

    if (hello->version_min > BUS_VERSION_MAX || hello->version_max < BUS_VERSION_MIN ||
        hello->version_max < hello->version_min) {
        stranger_error(gateway, from, TREFOIL__ERROR_CODE__ERROR_VERSION,
                       "this gateway speaks the versions from " STRING(BUS_VERSION_MIN) " to " STRING(BUS_VERSION_MAX));
        return;
    }
    if (!service || !is_same_text(service->name, hello->service)) {
        stranger_error(gateway, from, TREFOIL__ERROR_CODE__ERROR_NOT_IN_ROSTER,
                       "the roster does not give this key to a service of that name");
        return;
    }
    if (hello->replica.len != REPLICA_BYTES) {
        stranger_error(gateway, from, TREFOIL__ERROR_CODE__ERROR_MALFORMED, "a replica tag has 8 bytes");
        return;
    }
    if (session)
        remove_session(gateway, session);
    session = session_new(gateway, from, user);
    if (!session) {
        stranger_error(gateway, from, TREFOIL__ERROR_CODE__ERROR_SLOW, "too many peers");
        return;
    }
    session->peer.service = id_from(service->id);
    memcpy(session->peer.replica, hello->replica.data, REPLICA_BYTES);
    session->version = hello->version_max < BUS_VERSION_MAX ? hello->version_max : BUS_VERSION_MAX;
    session->max_batch = hello->max_batch == 0                        ? BUS_BATCH_UNSAID_ENVELOPES
                         : hello->max_batch < BUS_BATCH_MAX_ENVELOPES ? hello->max_batch
                                                                      : BUS_BATCH_MAX_ENVELOPES;
    session->heard_ms = session->told_ms = gateway->broker.now_ms;
    log_event(&gateway->log, LOG_INFO_, "peer-joined", LOG_TEXT("service", service->name),
              LOG_NUMBER("version", session->version));
    welcome(gateway, session);
}

/* Those from `from` on, as many as are expected together. */
static void expect(struct gateway *gateway, const Trefoil__Publish *publish, size_t from)
{
    struct bytes envelopes[BROKER_EXPECT_MAX];
    size_t n = 0;

    for (; n < BROKER_EXPECT_MAX && from + n < publish->n_envelopes; n++)
        envelopes[n] = frame_bytes(publish->envelopes[from + n]);
    broker_expect(&gateway->broker, envelopes, n);
}

static void take_publish(struct gateway *gateway, struct session *session, const Trefoil__Publish *publish)
{
    for (size_t i = 0; i < publish->n_envelopes; i++) {
        uint64_t ticket = publish->first_ticket + i;
        size_t size = publish->envelopes[i].len;

        if (i % BROKER_EXPECT_MAX == 0)
            expect(gateway, publish, i);
        session->unconfirmed++;
        session->unconfirmed_bytes += size;
        if (session->unconfirmed > 2 * (uint64_t) BUS_PUBLISH_CREDIT ||
            session->unconfirmed_bytes > 2 * (uint64_t) BUS_PUBLISH_CREDIT_BYTES) {
            gateway->tally.over_credit++;
            promise_verdict(gateway, session, ticket, size,
                            &(struct verdict){ VERDICT_REJECTED, REJECT_IS_OVER_CREDIT,
                                               "more unconfirmed than the welcome allowed; wait for confirms" });
            continue;
        }
        broker_publish(&gateway->broker, &session->peer, ticket, frame_bytes(publish->envelopes[i]));
        gateway->has_changes = true;
    }
}

static void take_subscribe(struct gateway *gateway, struct session *session, const Trefoil__Subscribe *subscribe)
{
    struct seat_wish wish = { .channel = id_from(frame_bytes(subscribe->channel)),
                              .name = bytes_of_text(subscribe->name),
                              .targets = subscribe->kind == TREFOIL__SUBSCRIPTION_KIND__SUBSCRIPTION_TARGETS,
                              .ephemeral_too = subscribe->ephemeral_too,
                              .start = (enum start) subscribe->start,
                              .start_at = subscribe->start_at,
                              .handle = subscribe->handle };
    struct subscription *subscription;
    const char *why = "";

    if ((subscribe->kind != TREFOIL__SUBSCRIPTION_KIND__SUBSCRIPTION_TARGETS &&
         subscribe->kind != TREFOIL__SUBSCRIPTION_KIND__SUBSCRIPTION_ALL) ||
        (unsigned) subscribe->start > START_AT_TIME) {
        gateway_drop(gateway, session, TREFOIL__ERROR_CODE__ERROR_MALFORMED, "no such kind or start of subscription");
        return;
    }
    if (broker_subscribe(&gateway->broker, &session->peer, &wish, &subscription, &why) < 0) {
        gateway_drop(gateway, session, TREFOIL__ERROR_CODE__ERROR_NOT_ALLOWED, why);
        return;
    }
    Trefoil__Subscribed reply = TREFOIL__SUBSCRIBED__INIT;
    reply.handle = subscribe->handle;
    reply.floor = subscription->floor;
    reply.head = store_head(gateway->store);
    sending_frame(gateway, session, TREFOIL__FRAME__BODY_SUBSCRIBED, &reply);
    gateway->must_pump = true;
}

static struct bytes *texts_of(struct arena *mem, char *const *texts, size_t n)
{
    struct bytes *list = arena_array(mem, n + 1, sizeof(*list));

    for (size_t i = 0; list && i < n; i++)
        list[i] = bytes_of_text(texts[i]);
    return list;
}

static struct bytes *binaries_of(struct arena *mem, const ProtobufCBinaryData *binaries, size_t n)
{
    struct bytes *list = arena_array(mem, n + 1, sizeof(*list));

    for (size_t i = 0; list && i < n; i++)
        list[i] = frame_bytes(binaries[i]);
    return list;
}

static void take_item(struct gateway *gateway, struct session *session, uint32_t handle, const Trefoil__AckItem *item)
{
    struct outcome *outcomes = arena_array(&gateway->frame, item->n_outcomes + 1, sizeof(*outcomes));

    if (!outcomes)
        return;
    for (size_t i = 0; i < item->n_outcomes; i++) {
        const Trefoil__TargetOutcome *from = item->outcomes[i];

        outcomes[i] = (struct outcome){ .target = from->target,
                                        .kind = (enum outcome_kind) from->outcome,
                                        .refs = binaries_of(&gateway->frame, from->refs, from->n_refs),
                                        .n_refs = from->n_refs,
                                        .retry_ms = from->retry_ms,
                                        .code = from->code,
                                        .subcode = from->subcode,
                                        .reason = bytes_of_text(from->reason),
                                        .lost = texts_of(&gateway->frame, from->lost, from->n_lost),
                                        .n_lost = from->n_lost };
        if (outcomes[i].kind < OUTCOME_IS_SENT || outcomes[i].kind > OUTCOME_IS_RETURNED || gateway->frame.failed) {
            gateway_drop(gateway, session, TREFOIL__ERROR_CODE__ERROR_MALFORMED, "no such outcome");
            return;
        }
    }
    int r = broker_ack(&gateway->broker, &session->peer, handle, item->seq, outcomes, item->n_outcomes);
    if (r == -ENOENT)
        gateway_drop(gateway, session, TREFOIL__ERROR_CODE__ERROR_OUT_OF_ORDER, "no such subscription");
    else if (r < 0) /* it answers again when it is back: nobody else would ask, and its room waits for that */
        gateway_drop(gateway, session, 0, "its answer cannot be noted now");
    else
        promise_acked(gateway, session, handle, &(struct run){ item->seq, 1 }, false);
}

static void take_ack(struct gateway *gateway, struct session *session, const Trefoil__Ack *ack)
{
    for (size_t i = 0; i < ack->n_done && !session->is_broken; i++) {
        const Trefoil__Run *run = ack->done[i];

        if (broker_ack_run(&gateway->broker, &session->peer, ack->handle, run->first, run->count) < 0)
            gateway_drop(gateway, session, TREFOIL__ERROR_CODE__ERROR_OUT_OF_ORDER, "no such subscription");
        else
            promise_acked(gateway, session, ack->handle, &(struct run){ run->first, run->count }, true);
    }
    for (size_t i = 0; i < ack->n_items && !session->is_broken; i++)
        take_item(gateway, session, ack->handle, ack->items[i]);
    gateway->has_changes = gateway->has_changes || ack->n_items > 0;
    gateway->has_moved = true; /* plain acks wait for the next batch: a commit of their own would hold up publishers */
    gateway->must_pump = true;
}

static void grant_is(struct gateway *gateway, struct session *session, const Trefoil__GrantIs *reply, bool at_once)
{
    Trefoil__Frame frame = frame_make(TREFOIL__FRAME__BODY_GRANT_IS, reply);

    if (at_once)
        sending_frame(gateway, session, TREFOIL__FRAME__BODY_GRANT_IS, reply);
    else
        promise_frame(gateway, session, &frame);
}

static void take_grant_put(struct gateway *gateway, struct session *session, const Trefoil__GrantPut *put)
{
    Trefoil__GrantIs reply = TREFOIL__GRANT_IS__INIT;
    struct grant grant;
    const char *refused = NULL;

    reply.key_id = put->key_id;
    if (grant_parse(frame_bytes(put->grant), &gateway->frame, &grant) < 0)
        refused = "not a grant";
    else if (!bytes_equal(bytes_make(grant.key_id, sizeof(grant.key_id)), frame_bytes(put->key_id)))
        refused = "the key id does not name these bytes";
    else if (!bytes_equal(grant.service, id_bytes(&session->peer.service)))
        refused = "made by another service";
    if (!refused) {
        enum grant_verdict verdict = grant_check(&grant, &gateway->keeper.trust.roster, GRANT_FRESH);

        refused = verdict == GRANT_GOOD ? NULL : grant_verdict_text(verdict);
    }
    if (!refused && !grant_is_current(&grant, gateway->broker.now_ms))
        refused = "outside its time";
    if (!refused && gateway->broker.is_troubled)
        refused = "the store does not write; try again later";
    if (refused) {
        reply.refused = (char *) (uintptr_t) refused;
        grant_is(gateway, session, &reply, true);
        return;
    }
    struct grant_facts facts = { id_from(bytes_make(grant.key_id, sizeof(grant.key_id))),
                                 id_from(grant.service),
                                 id_from(grant.channel),
                                 grant.roster_version,
                                 grant.not_after_ms,
                                 grant.max_seq };
    if (broker_grant(&gateway->broker, &facts, frame_bytes(put->grant)) < 0) {
        reply.refused = (char *) (uintptr_t) "no room for it";
        grant_is(gateway, session, &reply, true);
        return;
    }
    reply.stored = 1;
    grant_is(gateway, session, &reply, false);
    gateway->has_changes = true;
}

static void take_grant_get(struct gateway *gateway, struct session *session, const Trefoil__GrantGet *get)
{
    Trefoil__GrantIs reply = TREFOIL__GRANT_IS__INIT;
    struct id key_id = id_from(frame_bytes(get->key_id));
    struct bytes grant;

    reply.key_id = get->key_id;
    if (broker_grant_bytes(&gateway->broker, &key_id, &grant) == 0) {
        reply.grant = frame_binary(grant);
        reply.stored = 1;
    }
    grant_is(gateway, session, &reply, true);
}

static void take_wrap_put(struct gateway *gateway, struct session *session, const Trefoil__WrapPut *put)
{
    int r = keeper_put_wrap(&gateway->keeper, frame_bytes(put->wrap_key), &gateway->broker.tables);

    if (r < 0) {
        gateway_drop(gateway, session, TREFOIL__ERROR_CODE__ERROR_NOT_ALLOWED, "the wrap key is not good");
        return;
    }
    gateway->has_changes = true;
    if (r == 0)
        send_roster(gateway, session);
    else
        list_for_each (node, &gateway->sessions)
            send_roster(gateway, container_of(node, struct session, link));
}

/* Known from version 2 on; a peer of version 1 breaks the protocol with it. */
static void take_pause(struct gateway *gateway, struct session *session)
{
    if (session->version < BUS_VERSION_PAUSE)
        gateway_drop(gateway, session, TREFOIL__ERROR_CODE__ERROR_OUT_OF_ORDER,
                     "this version of the protocol has no pause");
    session->peer.is_draining = true;
}

static void take_bye(struct gateway *gateway, struct session *session)
{
    session->peer.is_draining = true;
    session->wants_bye = true;
    gateway->must_pump = true;
}

static void take_frame(struct gateway *gateway, struct session *session, const Trefoil__Frame *frame)
{
    switch (frame->body_case) {
    case TREFOIL__FRAME__BODY_PUBLISH:
        take_publish(gateway, session, frame->publish);
        break;
    case TREFOIL__FRAME__BODY_ACK:
        take_ack(gateway, session, frame->ack);
        break;
    case TREFOIL__FRAME__BODY_CREDIT:
        broker_peer_credit(&gateway->broker, &session->peer, frame->credit->envelopes, frame->credit->bytes);
        gateway->must_pump = true;
        break;
    case TREFOIL__FRAME__BODY_SUBSCRIBE:
        take_subscribe(gateway, session, frame->subscribe);
        break;
    case TREFOIL__FRAME__BODY_GRANT_PUT:
        take_grant_put(gateway, session, frame->grant_put);
        break;
    case TREFOIL__FRAME__BODY_GRANT_GET:
        take_grant_get(gateway, session, frame->grant_get);
        break;
    case TREFOIL__FRAME__BODY_ROSTER_GET:
        send_roster(gateway, session);
        break;
    case TREFOIL__FRAME__BODY_WRAP_PUT:
        take_wrap_put(gateway, session, frame->wrap_put);
        break;
    case TREFOIL__FRAME__BODY_ASK:
        asks_answer(gateway, session, frame->ask);
        break;
    case TREFOIL__FRAME__BODY_HEARTBEAT:
        break;
    case TREFOIL__FRAME__BODY_PAUSE:
        take_pause(gateway, session);
        break;
    case TREFOIL__FRAME__BODY_BYE:
        take_bye(gateway, session);
        break;
    default:
        gateway_drop(gateway, session, TREFOIL__ERROR_CODE__ERROR_OUT_OF_ORDER, "peers do not send this frame");
        break;
    }
}

void session_frame(struct gateway *gateway, const struct routing_id *from, const char *user, struct bytes bytes)
{
    struct session *session = map_get(&gateway->by_id, id_of(from));
    Trefoil__Frame *frame;

    gateway->tally.frames++;
    if (session && session->is_broken)
        return;
    arena_reset(&gateway->frame);
    int r = user ? frame_unpack(bytes, &gateway->frame, &frame) : -EBADMSG;
    if (r < 0) {
        int code = r == -EBADMSG ? TREFOIL__ERROR_CODE__ERROR_MALFORMED : TREFOIL__ERROR_CODE__ERROR_TOO_LARGE;

        gateway->tally.malformed++;
        if (session)
            gateway_drop(gateway, session, code, "not a frame of this protocol");
        else
            stranger_error(gateway, from, code, "not a frame of this protocol");
        return;
    }
    if (frame->body_case == TREFOIL__FRAME__BODY_HELLO) {
        take_hello(gateway, from, user, frame->hello);
        return;
    }
    if (!session || !is_same_text(session->user, user)) {
        stranger_error(gateway, from, TREFOIL__ERROR_CODE__ERROR_OUT_OF_ORDER, "say hello first");
        return;
    }
    session->heard_ms = gateway->broker.now_ms;
    take_frame(gateway, session, frame);
}

static void say_bye(struct gateway *gateway, struct session *session)
{
    Trefoil__Bye bye = TREFOIL__BYE__INIT;

    bye.reason = (char *) (uintptr_t) "as you wish";
    session->wants_bye = false;
    sending_frame(gateway, session, TREFOIL__FRAME__BODY_BYE, &bye);
}

void session_tick(struct gateway *gateway)
{
    uint64_t now_ms = gateway->broker.now_ms;
    Trefoil__Heartbeat heartbeat = TREFOIL__HEARTBEAT__INIT;

    heartbeat.now_ms = now_ms;
    list_for_each (node, &gateway->sessions) {
        struct session *session = container_of(node, struct session, link);

        if (session->is_broken)
            continue;
        /* a clock may go back by less than is noticed */
        if (now_ms > session->heard_ms + (uint64_t) GATEWAY_HEARTBEAT_MS * BUS_HEARTBEATS_MISSED)
            gateway_drop(gateway, session, 0, "silent for too long");
        else if (now_ms >= session->told_ms + GATEWAY_HEARTBEAT_MS || now_ms < session->told_ms)
            sending_frame(gateway, session, TREFOIL__FRAME__BODY_HEARTBEAT, &heartbeat);
        if (session->wants_bye && session->n_promises == 0 && session->unconfirmed == 0)
            say_bye(gateway, session);
    }
}

/* A seat at a channel the service may no longer read. */
static bool has_lost_a_channel(const struct gateway *gateway, const struct session *session)
{
    const struct members *members = gateway->broker.members;
    const struct service *service = members_service(members, &session->peer.service);

    list_for_each (node, &session->peer.seats) {
        const struct seat *seat = container_of(node, struct seat, in_peer);
        const struct channel *channel = members_channel(members, &seat->subscription->channel);

        if (!service || !channel || !service_set_has(&channel->readers, service))
            return true;
    }
    return false;
}

void gateway_roster_changed(struct gateway *gateway)
{
    list_for_each (node, &gateway->sessions) {
        struct session *session = container_of(node, struct session, link);
        const struct roster_service *service = service_of_key(gateway, session->user);

        if (session->is_broken)
            continue;
        if (!service || !bytes_equal(service->id, id_bytes(&session->peer.service)))
            gateway_drop(gateway, session, TREFOIL__ERROR_CODE__ERROR_NOT_IN_ROSTER,
                         "the new roster does not know this key");
        else if (has_lost_a_channel(gateway, session))
            gateway_drop(gateway, session, TREFOIL__ERROR_CODE__ERROR_NOT_ALLOWED,
                         "the new roster does not let this service read what it subscribed to");
        else
            send_roster(gateway, session);
    }
    log_event(&gateway->log, LOG_INFO_, "roster-in-force", LOG_NUMBER("version", gateway->keeper.trust.roster.version));
}
