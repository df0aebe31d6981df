/* Holds each webhook until the gateway has all of it. Never keeps anything longer than the network waits for it. */
#include "intake.h"

#include <errno.h>
#include <stdlib.h>

#include "failure_words.h"
#include "formats/signature.h"
#include "intake_files.h"
#include "publication.h"

#define PEOPLE_WORDS 4

struct batch;

/* Who is spoken of, roughly: two people may share a bit, and then one waits for the other for nothing. */
struct people {
    uint64_t bits[PEOPLE_WORDS];
};

struct batch_post {
    struct post post;
    struct batch *batch;
};

/* How far one event is. */
struct progress {
    bool is_named;   /* or done without */
    bool has_files;  /* whatever it waited for came, or will not */
    bool is_given;   /* to the bus */
    bool is_fetched; /* it has files that are asked for */
    uint64_t person; /* one bit; 0: about nobody */
    size_t word;     /* of struct people, that the bit is in */
};

/* The events of one POST. */
struct batch {
    struct list node;
    struct intake *intake;
    struct http_exchange *exchange; /* NULL: nobody waits any more */
    struct arena mem;
    struct event_list events;
    struct progress *progress; /* of each event */
    size_t n_given;            /* events at the front that the bus has */
    bool awaits_files;
    struct batch_post *posts;
    size_t n_posts, n_open;
    size_t counted_bytes; /* of intake.held_bytes */
    uint64_t since_ms;
    bool is_published; /* every event is with the bus */
    bool is_deferred;  /* something in it was refused for now */
};

struct intake {
    struct intake_options options;
    struct list batches; /* oldest first */
    size_t n_batches, held_bytes;
    bool is_stopped;
    uv_timer_t timer;
};

static void on_due(uv_timer_t *timer);

static uint64_t now_of(const struct intake *intake)
{
    return uv_now(intake->timer.loop);
}

/* When it has to be answered; afterwards, when it is given up. */
static uint64_t due_of(const struct batch *batch)
{
    const struct intake_options *options = &batch->intake->options;
    uint64_t wait_ms = options->confirm_wait_ms;

    if (!batch->exchange)
        wait_ms += options->media_wait_ms;
    return batch->since_ms + wait_ms;
}

static void arm(struct intake *intake)
{
    uint64_t due_ms = UINT64_MAX, now_ms = now_of(intake);

    list_for_each (node, &intake->batches) {
        uint64_t its_ms = due_of(container_of(node, struct batch, node));
        due_ms = its_ms < due_ms ? its_ms : due_ms;
    }
    if (due_ms == UINT64_MAX) {
        uv_timer_stop(&intake->timer);
        return;
    }
    uv_timer_start(&intake->timer, on_due, due_ms > now_ms ? due_ms - now_ms : 0, 0);
}

static void answer(struct intake *intake, struct http_exchange **exchange, unsigned status)
{
    if (!*exchange)
        return;
    metric_add(status == 200 ? intake->options.figures->answered_200 : intake->options.figures->answered_503, 1);
    http_exchange_set(*exchange, NULL);
    webhook_answer(exchange, status);
    *exchange = NULL;
}

static void release_files(struct batch *batch)
{
    const struct intake_options *options = &batch->intake->options;

    for (size_t i = 0; i < batch->events.n_events; i++)
        if (batch->progress[i].is_fetched && !batch->progress[i].has_files)
            intake_files_release(options->fetch, options->accounts, &batch->events.events[i]);
}

/* Answers, gives up what has not gone out yet, frees. */
static void end_batch(struct batch *batch, unsigned status)
{
    struct intake *intake = batch->intake;

    for (size_t i = 0; i < batch->n_posts; i++)
        bus_withdraw(intake->options.bus, &batch->posts[i].post);
    metric_add(intake->options.figures->withdrawn, batch->n_open);
    release_files(batch);
    answer(intake, &batch->exchange, status);
    list_remove(&batch->node);
    intake->n_batches--;
    intake->held_bytes -= batch->counted_bytes;
    arena_deinit(&batch->mem);
    free(batch);
    arm(intake);
    if (!intake->n_batches)
        intake->options.on_idle(intake->options.owner);
}

/* Nobody waits for the answer any more. The rest is given up, unless it waits for files. */
static void let_go(struct batch *batch)
{
    if (!batch->exchange || !batch->awaits_files) {
        end_batch(batch, 503);
        return;
    }
    answer(batch->intake, &batch->exchange, 503);
    batch->exchange = NULL;
}

static void on_due(uv_timer_t *timer)
{
    struct intake *intake = timer->data;

    list_for_each_safe (node, after, &intake->batches) {
        struct batch *batch = container_of(node, struct batch, node);
        if (due_of(batch) <= now_of(intake))
            let_go(batch);
    }
    arm(intake);
}

static void finish_if_done(struct batch *batch)
{
    struct figures *figures = batch->intake->options.figures;

    if (batch->n_open || !batch->is_published)
        return;
    if (!batch->is_deferred)
        metric_observe(figures->confirm_seconds, (double) (now_of(batch->intake) - batch->since_ms) / 1000);
    end_batch(batch, batch->is_deferred ? 503 : 200);
}

static void on_done(struct post *post, enum post_end end)
{
    struct batch *batch = container_of(post, struct batch_post, post)->batch;
    struct figures *figures = batch->intake->options.figures;

    batch->n_open--;
    if (post->publication.echo && post->publication.message_id && (end == POST_CONFIRMED || end == POST_DUPLICATE))
        batch->intake->options.on_echo_over(batch->intake->options.owner, post->publication.message_id);
    switch (end) {
    case POST_CONFIRMED:
        metric_add(figures->confirmed, 1);
        break;
    case POST_DUPLICATE:
        metric_add(figures->duplicate, 1);
        break;
    case POST_RETRY:
        metric_add(figures->deferred, 1);
        batch->is_deferred = true;
        break;
    case POST_REFUSED:
        /* The network would bring it back for days and it would be refused each time: told to humans, then let go. */
        metric_add(figures->rejected, 1);
        log_event(batch->intake->options.log, LOG_ERROR_, "event-refused-for-good",
                  LOG_TEXT("kind", trefoil_kind_name(post->publication.message->kind)));
        break;
    }
    finish_if_done(batch);
}

static void count(struct figures *figures, const struct event *event)
{
    if ((size_t) event->message.kind < TREFOIL_N_KINDS)
        metric_add(figures->events[event->message.kind], 1);
    if (event->is_malformed)
        metric_add(figures->malformed, 1);
    else if (event->is_unsupported)
        metric_add(figures->unsupported, 1);
    if (!event->account)
        metric_add(figures->strays, 1);
    metric_add(figures->published, 1);
}

static void prove(const struct intake *intake, const struct trefoil_publication *publication)
{
    const char *message_id = publication->echo ? publication->message_id : NULL;

    if (!message_id && publication->n_relates)
        message_id = publication->relates[0];
    if (publication->resolves_seq)
        intake->options.on_proof(intake->options.owner, publication->resolves_seq, publication->resolves_target,
                                 message_id);
}

/* The body as one event nobody could read, so that nothing is lost and the network does not come back with it. */
static int keep_whole(struct batch *batch, struct bytes body, struct event_list *ret)
{
    char key[SIGNATURE_VALUE_SIZE];
    arena_reset(&batch->mem);
    *ret = (struct event_list){ 0 };
    struct bytes raw = arena_copy(&batch->mem, body);
    struct event *event = event_list_add(ret, &batch->mem);

    if (!event || batch->mem.failed)
        return -ENOMEM;
    signature_make(body, bytes_of_text("undecoded body"), key); /* a hash: the same body, the same event */
    *event = (struct event){
        .key = arena_text(&batch->mem, bytes_of_text(key)),
        .account = batch->intake->options.accounts->accounts[0].name,
        .audience = TREFOIL_AUDIENCE_SERVICES,
        .is_malformed = true,
        .message = {
            .kind = TREFOIL_KIND_UNSUPPORTED,
            .author = { .network = batch->intake->options.ops->name },
            .fallback = "[unreadable webhook]",
            .body.unsupported = { "webhook", "cannot be decoded", { raw.data, raw.size } },
        },
    };
    metric_add(batch->intake->options.figures->undecoded, 1);
    return event->key ? 0 : -ENOMEM;
}

static int decode(struct batch *batch, struct bytes body)
{
    const struct intake_options *options = &batch->intake->options;
    struct event_list *list = &batch->events;

    int r = options->ops->decode(body, &options->accounts->context, &batch->mem, list);
    if (r < 0)
        r = keep_whole(batch, body, list);
    if (r < 0)
        return r;
    batch->posts = arena_array(&batch->mem, list->n_events ? list->n_events : 1, sizeof(*batch->posts));
    batch->progress = arena_array(&batch->mem, list->n_events ? list->n_events : 1, sizeof(*batch->progress));
    return batch->posts && batch->progress ? 0 : -ENOMEM;
}

/* Somebody speaks whom the network did not name. */
static bool lacks_name(const struct event *event)
{
    const struct trefoil_author *author = &event->message.author;
    return event->account && event->audience == TREFOIL_AUDIENCE_ROOM && !event->ephemeral && !event->echo &&
           author->user_id && !author->name && !author->username;
}

/* Asks for the names and files that lack, and notes whom each event is about. -EBUSY: too many files for now. */
static int ask_for_what_lacks(struct batch *batch)
{
    const struct intake_options *options = &batch->intake->options;

    for (size_t i = 0; i < batch->events.n_events; i++) {
        const struct event *event = &batch->events.events[i];
        struct progress *progress = &batch->progress[i];
        long account = lacks_name(event) ? accounts_find(options->accounts, event->account) : -1;
        uint64_t bit = event->user_id ? bytes_hash(bytes_of_text(event->user_id)) % (PEOPLE_WORDS * 64) : 0;
        if (event->user_id) {
            progress->word = bit / 64;
            progress->person = (uint64_t) 1 << bit % 64;
        }
        if (account >= 0)
            names_ask(options->names, (size_t) account, event->message.author.user_id);
        int r = options->fetch ? intake_files_ask(options->fetch, options->accounts, event) : 0;
        if (r < 0)
            return r;
        progress->is_fetched = r > 0;
        batch->awaits_files = batch->awaits_files || r > 0;
    }
    return 0;
}

/* Puts the name in when it is known. False: it is still on its way. */
static bool name_author(struct batch *batch, struct event *event)
{
    const struct intake_options *options = &batch->intake->options;
    struct trefoil_author *author = &event->message.author;
    long account = lacks_name(event) ? accounts_find(options->accounts, event->account) : -1;
    struct profile profile = { 0 };

    if (account < 0)
        return true;
    if (names_look(options->names, (size_t) account, author->user_id, &profile) == NAMES_AWAITED)
        return false;
    if (profile.name)
        author->name = arena_text(&batch->mem, bytes_of_text(profile.name));
    if (profile.username)
        author->username = arena_text(&batch->mem, bytes_of_text(profile.username));
    return true;
}

/* Nothing of it is on its way any more. */
static bool is_whole(struct batch *batch, size_t i)
{
    const struct intake_options *options = &batch->intake->options;
    struct event *event = &batch->events.events[i];
    struct progress *progress = &batch->progress[i];

    progress->is_named = progress->is_named || name_author(batch, event);
    progress->has_files = progress->has_files || !progress->is_fetched ||
                          intake_files_put(options->fetch, options->accounts, &batch->mem, event);
    return progress->is_named && progress->has_files;
}

static void publish_event(struct batch *batch, const struct event *event)
{
    struct intake *intake = batch->intake;
    struct trefoil_publication publication = publication_make(event, intake->options.accounts->accounts[0].name);

    if (!event->account) /* must not be taken for an event of the account it travels under */
        publication.event_key = arena_format(&batch->mem, "stray.%s", event->key);
    else if (publication.resolves_seq && failure_is(&event->message)) /* its author is told once */
        publication.event_key = failure_key(&batch->mem, publication.resolves_seq, publication.resolves_target);
    count(intake->options.figures, event);
    prove(intake, &publication);
    if (event->echo && !publication.resolves_seq &&
        !intake->options.on_echo(intake->options.owner, event, &publication.resolves_seq, &publication.resolves_target))
        publication.resolves_seq = 0;
    if (intake->options.on_message && event->account && !event->echo && !event->ephemeral &&
        event->audience == TREFOIL_AUDIENCE_ROOM)
        intake->options.on_message(intake->options.owner, event->account);
    metric_add(intake->options.figures->ephemeral_events, event->ephemeral);
    if (event->ephemeral) { /* never stored, so there is nothing to wait for */
        bus_mention(intake->options.bus, &publication);
        return;
    }
    struct batch_post *post = &batch->posts[batch->n_posts++];
    post->batch = batch;
    post->post = (struct post){ .publication = publication, .on_done = on_done };
    batch->n_open++;
    bus_post(intake->options.bus, &post->post);
}

/* Gives the bus what is whole and whom nobody's earlier message keeps waiting; notes in `held` who waits. */
static void publish_whole(struct batch *batch, struct people *held)
{
    bool is_front = true;

    for (size_t i = batch->n_given; i < batch->events.n_events; i++) {
        struct progress *progress = &batch->progress[i];
        bool waits = !progress->is_given && ((held->bits[progress->word] & progress->person) || !is_whole(batch, i));
        if (waits)
            held->bits[progress->word] |= progress->person;
        else if (!progress->is_given)
            publish_event(batch, &batch->events.events[i]);
        progress->is_given = !waits;
        is_front = is_front && !waits;
        batch->n_given += is_front;
    }
    batch->is_published = batch->n_given == batch->events.n_events;
}

/* Nobody's second message overtakes his first for want of a name or a file; strangers do not wait for each other. */
static void publish_ready(struct intake *intake)
{
    struct people held = { 0 };

    list_for_each_safe (node, after, &intake->batches) {
        struct batch *batch = container_of(node, struct batch, node);
        if (batch->is_published)
            continue;
        publish_whole(batch, &held);
        finish_if_done(batch);
    }
    arm(intake);
}

static struct batch *open_batch(struct intake *intake, struct http_exchange *exchange, struct bytes body)
{
    bool is_full = intake->n_batches >= INTAKE_BATCHES_MAX || intake->held_bytes >= INTAKE_HELD_MAX_BYTES;
    struct batch *batch = intake->is_stopped || is_full ? NULL : calloc(1, sizeof(*batch));
    if (!batch)
        return NULL;
    batch->intake = intake;
    batch->mem = ARENA_EMPTY(INTAKE_BATCH_MAX_BYTES);
    batch->since_ms = now_of(intake);
    if (decode(batch, body) < 0) {
        arena_deinit(&batch->mem);
        free(batch);
        return NULL;
    }
    if (ask_for_what_lacks(batch) < 0) { /* what was asked for is joined when the network comes again */
        release_files(batch);
        arena_deinit(&batch->mem);
        free(batch);
        return NULL;
    }
    batch->exchange = exchange;
    batch->counted_bytes = batch->mem.held_bytes;
    intake->held_bytes += batch->counted_bytes;
    intake->n_batches++;
    list_append(&intake->batches, &batch->node);
    return batch;
}

void intake_body(struct intake *intake, struct http_exchange *exchange, struct bytes body)
{
    struct batch *batch = open_batch(intake, exchange, body);

    if (!batch) {
        answer(intake, &exchange, 503);
        return;
    }
    http_exchange_set(exchange, batch);
    publish_ready(intake);
}

void intake_look(struct intake *intake)
{
    publish_ready(intake);
}

void intake_gone(struct intake *intake, struct http_exchange *exchange)
{
    struct batch *batch = http_exchange_get(exchange);
    if (!batch)
        return;
    batch->exchange = NULL;
    if (batch->awaits_files)
        arm(intake);
    else
        end_batch(batch, 503);
}

void intake_stop(struct intake *intake)
{
    intake->is_stopped = true;
}

size_t intake_n_batches(const struct intake *intake)
{
    return intake->n_batches;
}

int intake_open(uv_loop_t *loop, const struct intake_options *options, struct intake **ret)
{
    struct intake *intake = calloc(1, sizeof(*intake));
    if (!intake)
        return -ENOMEM;
    intake->options = *options;
    list_init(&intake->batches);
    uv_timer_init(loop, &intake->timer);
    intake->timer.data = intake;
    *ret = intake;
    return 0;
}

static void on_timer_closed(uv_handle_t *timer)
{
    free(timer->data);
}

struct intake *intake_close(struct intake *intake)
{
    if (!intake)
        return NULL;
    intake->is_stopped = true;
    while (!list_is_empty(&intake->batches))
        end_batch(container_of(list_first(&intake->batches), struct batch, node), 503);
    uv_close((uv_handle_t *) &intake->timer, on_timer_closed);
    return NULL;
}
