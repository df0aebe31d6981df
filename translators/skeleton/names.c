/* Asks for each person once, remembers the answer a while. Never asks when the network just failed to answer. */
#include "names.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/list.h"
#include "base/map.h"
#include "daemon/http_client.h"
#include "formats/text.h"

enum { CONNECTIONS = 32, CONNECT_MS = 5000, REPLY_MAX_BYTES = 64 << 10, ASK_MAX_BYTES = 64 << 10 };

_Static_assert(sizeof(uint32_t) + NAMES_USER_ID_MAX_BYTES <= MAP_KEY_MAX_BYTES, "every key fits");
_Static_assert(NAMES_ASKED_MAX < NAMES_MAX, "there is always somebody to forget");

struct person {
    struct names *names;
    struct list used;    /* in names.used */
    struct list awaited; /* in names.awaited, alone when nobody waits for this one */
    size_t account;
    uint8_t key[MAP_KEY_MAX_BYTES];
    size_t key_size;
    bool is_asked;     /* the request is out */
    uint64_t asked_ms; /* when it went */
    uint64_t again_ms; /* not asked about again before */
    char *name, *username;
};

struct names {
    struct names_options options;
    uint64_t wait_ms;
    struct http_client *http;
    struct map people;
    struct list used;         /* longest not heard of first */
    struct list awaited;      /* first asked first */
    uint64_t *quiet_until_ms; /* per account */
    uv_timer_t timer;         /* ends the longest wait */
};

enum answer { ANSWER_NAMED, ANSWER_NAMELESS, ANSWER_TROUBLE };

static uint64_t now_of(const struct names *names)
{
    return uv_now(names->timer.loop);
}

/* ---- the memory ------------------------------------------------------------------------------------------------- */

static void free_person(struct person *person)
{
    list_remove(&person->used);
    list_remove(&person->awaited);
    free(person->name);
    free(person->username);
    free(person);
}

static struct bytes key_of(uint8_t *block, size_t account, const char *user_id)
{
    struct writer key = writer_make(block, MAP_KEY_MAX_BYTES);
    writer_u32(&key, (uint32_t) account);
    writer_text(&key, user_id);
    return writer_bytes(&key);
}

static struct person *find(const struct names *names, size_t account, const char *user_id)
{
    uint8_t block[MAP_KEY_MAX_BYTES];
    if (strlen(user_id) > NAMES_USER_ID_MAX_BYTES)
        return NULL;
    return map_get(&names->people, key_of(block, account, user_id));
}

/* Those being asked about stay: an answer is on its way to them. */
static void forget_oldest(struct names *names)
{
    list_for_each (node, &names->used) {
        struct person *person = container_of(node, struct person, used);
        if (person->is_asked)
            continue;
        if (map_remove(&names->people, bytes_make(person->key, person->key_size)) == person)
            free_person(person);
        return;
    }
}

static struct person *add(struct names *names, size_t account, const char *user_id)
{
    struct person *person = calloc(1, sizeof(*person));
    if (!person)
        return NULL;
    if (names->people.count >= NAMES_MAX)
        forget_oldest(names);
    person->names = names;
    person->account = account;
    person->key_size = key_of(person->key, account, user_id).size;
    list_init(&person->used);
    list_init(&person->awaited);
    if (map_set(&names->people, bytes_make(person->key, person->key_size), person) < 0) {
        free_person(person);
        return NULL;
    }
    list_append(&names->used, &person->used);
    return person;
}

static void replace(char **text, const char *fresh)
{
    struct bytes rest = bytes_of_text(fresh);
    struct bytes part = text_take_part(&rest, (struct text_limit){ TEXT_BYTES, NAMES_TEXT_MAX_BYTES });

    free(*text);
    *text = part.size ? strndup((const char *) part.data, part.size) : NULL;
}

/* Trouble says nothing about the person: what was known stays. */
static void remember(struct person *person, enum answer answer, const struct profile *profile)
{
    static const uint64_t good_for_ms[] = { NAMES_GOOD_MS, NAMES_MISSING_MS, NAMES_QUIET_MS };

    person->again_ms = now_of(person->names) + good_for_ms[answer];
    if (answer == ANSWER_TROUBLE)
        return;
    replace(&person->name, profile->name);
    replace(&person->username, profile->username);
}

/* ---- waiting ---------------------------------------------------------------------------------------------------- */

static void on_due(uv_timer_t *timer);

/* All waits are equally long, so the first asked is due first. */
static void arm(struct names *names)
{
    struct list *first = list_first(&names->awaited);
    if (!first) {
        uv_timer_stop(&names->timer);
        return;
    }
    uint64_t due_ms = container_of(first, struct person, awaited)->asked_ms + names->wait_ms, now_ms = now_of(names);
    uv_timer_start(&names->timer, on_due, due_ms > now_ms ? due_ms - now_ms : 0, 0);
}

static void on_due(uv_timer_t *timer)
{
    struct names *names = timer->data;
    struct list *first;

    while ((first = list_first(&names->awaited))) {
        if (container_of(first, struct person, awaited)->asked_ms + names->wait_ms > now_of(names))
            break;
        list_remove(first);
    }
    arm(names);
    names->options.on_answer(names->options.owner);
}

/* ---- asking ----------------------------------------------------------------------------------------------------- */

/* A limit is not about that person, whatever its status is. */
static bool is_limited(const struct names *names, const struct reply *reply, struct arena *mem)
{
    const struct request request = { .method = "GET" };
    struct verdict verdict = { 0 };

    names->options.ops->judge(&request, reply, mem, &verdict);
    return verdict.outcome == TREFOIL_OUTCOME_DEFERRED && verdict.is_too_fast;
}

/* A refusal is about that person; everything else is trouble of the account or the network. */
static enum answer read_answer(struct names *names, const struct http_reply *answer, struct arena *mem,
                               struct profile *ret)
{
    struct reply reply = { .http_status = answer->status, .body = answer->body };

    if (answer->result != HTTP_ANSWERED || answer->status >= 500 || answer->status == 429 || answer->status == 401)
        return ANSWER_TROUBLE;
    if (answer->status != 200 && is_limited(names, &reply, mem))
        return ANSWER_TROUBLE;
    if (answer->status == 200)
        names->options.ops->read_profile(&reply, mem, ret);
    return ret->name || ret->username ? ANSWER_NAMED : ANSWER_NAMELESS;
}

static void on_reply(void *context, const struct http_reply *reply)
{
    struct person *person = context;
    struct names *names = person->names;
    struct arena mem = ARENA_EMPTY(1 << 20);
    struct profile profile = { 0 };
    enum answer answer = read_answer(names, reply, &mem, &profile);

    person->is_asked = false;
    list_remove(&person->awaited);
    remember(person, answer, &profile);
    arena_deinit(&mem);
    if (answer == ANSWER_TROUBLE)
        names->quiet_until_ms[person->account] = now_of(names) + NAMES_QUIET_MS;
    metric_add(names->options.figures->profiles[answer], 1);
    arm(names);
    names->options.on_answer(names->options.owner);
}

static int send_question(struct names *names, struct person *person, const char *user_id)
{
    const struct account *account = &names->options.accounts->accounts[person->account];
    struct arena mem = ARENA_EMPTY(ASK_MAX_BYTES);
    struct place place = {
        .account = account->name,
        .account_id = account->settings->id,
        .page_id = account->settings->page_id,
        .user_id = user_id,
        .api_version = names->options.settings->api_version,
        .options = names->options.accounts->context.options,
    };
    struct request request = { 0 };

    int r = names->options.ops->ask_profile(&place, &mem, &request);
    if (r == 0) {
        struct http_call call = {
            .method = request.method,
            .url = account_url(account, names->options.ops, names->options.settings->graph_url, request.path, &mem),
            .bearer = account->token.text,
            .timeout_ms = NAMES_ANSWER_MS,
            .max_reply_bytes = REPLY_MAX_BYTES,
            .context = person,
            .on_reply = on_reply,
        };
        r = call.url ? http_send(names->http, &call) : -ENOMEM;
    }
    arena_deinit(&mem);
    return r;
}

void names_ask(struct names *names, size_t account, const char *user_id)
{
    uint64_t now_ms = now_of(names);
    struct person *person = find(names, account, user_id);

    if (!names->options.ops->ask_profile || strlen(user_id) > NAMES_USER_ID_MAX_BYTES)
        return;
    if (!person)
        person = add(names, account, user_id);
    if (!person)
        return;
    list_remove(&person->used);
    list_append(&names->used, &person->used);
    if (person->is_asked || person->again_ms > now_ms || names->quiet_until_ms[account] > now_ms ||
        http_client_n_calls(names->http) >= NAMES_ASKED_MAX)
        return;
    person->is_asked = send_question(names, person, user_id) == 0;
    person->asked_ms = now_ms;
    if (!person->is_asked)
        person->again_ms = now_ms + NAMES_MISSING_MS;
    else if (!person->name && !person->username) /* old news is better than none, and comes at once */
        list_append(&names->awaited, &person->awaited);
    arm(names);
}

enum names_result names_look(struct names *names, size_t account, const char *user_id, struct profile *ret)
{
    const struct person *person = find(names, account, user_id);

    if (!person)
        return NAMES_UNKNOWN;
    if (!list_is_empty(&person->awaited))
        return NAMES_AWAITED;
    *ret = (struct profile){ person->name, person->username };
    return person->name || person->username ? NAMES_KNOWN : NAMES_UNKNOWN;
}

/* ---- beginning and end ------------------------------------------------------------------------------------------ */

int names_open(uv_loop_t *loop, const struct names_options *options, struct names **ret)
{
    struct http_client_options http = { CONNECTIONS, CONNECT_MS, "trefoil" };
    struct names *names = calloc(1, sizeof(*names));
    uint64_t *quiet = calloc(options->accounts->n_accounts + 1, sizeof(*quiet)), seed;
    uint64_t part_ms = options->settings->confirm_wait_ms / NAMES_WAIT_PART;
    int r = names && quiet ? uv_random(NULL, NULL, &seed, sizeof(seed), 0, NULL) : -ENOMEM;

    if (r == 0)
        r = http_client_open(loop, &http, &names->http);
    if (r < 0) {
        free(quiet);
        free(names);
        return r;
    }
    names->options = *options;
    names->wait_ms = part_ms < NAMES_WAIT_MS ? part_ms : NAMES_WAIT_MS;
    names->quiet_until_ms = quiet;
    names->people = MAP_EMPTY(NAMES_MAX, seed);
    list_init(&names->used);
    list_init(&names->awaited);
    uv_timer_init(loop, &names->timer);
    names->timer.data = names;
    *ret = names;
    return 0;
}

static void on_timer_closed(uv_handle_t *timer)
{
    free(timer->data);
}

struct names *names_close(struct names *names)
{
    if (!names)
        return NULL;
    names->http = http_client_close(names->http); /* nobody answers any more */
    list_for_each_safe (node, after, &names->used)
        free_person(container_of(node, struct person, used));
    map_deinit(&names->people);
    free(names->quiet_until_ms);
    uv_close((uv_handle_t *) &names->timer, on_timer_closed);
    return NULL;
}
