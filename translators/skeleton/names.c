/* Asks for each person once, remembers the answer a while. Never asks when the network just failed to answer. */
#include "names.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/map.h"
#include "daemon/http_client.h"

enum { CONNECTIONS = 8, REPLY_MAX_BYTES = 64 << 10 };

struct person {
    struct names *names;
    size_t account;
    bool is_asked;     /* the request is out */
    uint64_t until_ms; /* what is known is good until then */
    char *name, *username;
};

struct names {
    struct names_options options;
    uv_loop_t *loop;
    struct http_client *http;
    struct map people;
    uint64_t *quiet_until_ms; /* per account */
};

static void free_person(struct person *person)
{
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

/* Full: everybody is forgotten but those being asked about. */
static void forget_all(struct names *names)
{
    struct map kept = MAP_EMPTY(NAMES_MAX, names->people.seed);
    struct bytes key;
    void *value;

    for (size_t at = 0; map_next(&names->people, &at, &key, &value);) {
        struct person *person = value;
        if (!person->is_asked)
            free_person(person);
        else if (map_set(&kept, key, person) < 0)
            person->names = NULL; /* the answer finds nobody to tell, and frees him */
    }
    map_deinit(&names->people);
    names->people = kept;
}

static struct person *add_person(struct names *names, struct bytes key, size_t account)
{
    if (names->people.count >= NAMES_MAX)
        forget_all(names);
    struct person *person = calloc(1, sizeof(*person));
    if (!person)
        return NULL;
    person->names = names;
    person->account = account;
    if (map_set(&names->people, key, person) < 0) {
        free(person);
        return NULL;
    }
    return person;
}

static void keep(struct person *person, const struct profile *profile, uint64_t now_ms)
{
    free(person->name);
    free(person->username);
    person->name = profile->name ? strdup(profile->name) : NULL;
    person->username = profile->username ? strdup(profile->username) : NULL;
    person->until_ms = now_ms + (person->name || person->username ? NAMES_GOOD_MS : NAMES_MISSING_MS);
}

static void on_reply(void *context, const struct http_reply *answer)
{
    struct person *person = context;
    struct names *names = person->names;
    struct reply reply = { .http_status = answer->result == HTTP_ANSWERED ? answer->status : 0,
                           .failure = answer->result == HTTP_ANSWERED ? REPLY_ANSWERED : REPLY_LOST,
                           .body = answer->body };
    struct arena mem = ARENA_EMPTY(1 << 20);
    struct profile profile = { 0 };
    bool is_answer = answer->result == HTTP_ANSWERED && answer->status == 200;

    if (!names) {
        free_person(person);
        return;
    }
    if (is_answer)
        names->options.ops->read_profile(&reply, &mem, &profile);
    person->is_asked = false;
    keep(person, &profile, uv_now(names->loop));
    arena_deinit(&mem);
    /* Refusals of one person are that person's; trouble is everybody's. */
    if (answer->result != HTTP_ANSWERED || answer->status >= 500 || answer->status == 429 || answer->status == 401)
        names->quiet_until_ms[person->account] = uv_now(names->loop) + NAMES_QUIET_MS;
    metric_add(names->options.figures->profiles[is_answer ? (person->name ? 0 : 1) : 2], 1);
    names->options.on_answer(names->options.owner);
}

static int ask(struct names *names, struct person *person, const char *user_id)
{
    const struct account *account = &names->options.accounts->accounts[person->account];
    struct arena mem = ARENA_EMPTY(64 << 10);
    struct place place = {
        .account = account->name,
        .account_id = account->settings->id,
        .page_id = account->settings->page_id,
        .user_id = user_id,
        .api_version = names->options.settings->api_version,
    };
    struct request request = { 0 };

    int r = names->options.ops->ask_profile(&place, &mem, &request);
    if (r == 0) {
        struct http_call call = {
            .method = request.method,
            .url = arena_format(&mem, "%s%s", names->options.settings->graph_url, request.path),
            .bearer = account->token.text,
            .timeout_ms = NAMES_WAIT_MS,
            .max_reply_bytes = REPLY_MAX_BYTES,
            .context = person,
            .on_reply = on_reply,
        };
        r = call.url ? http_send(names->http, &call) : -ENOMEM;
    }
    arena_deinit(&mem);
    return r;
}

enum names_result names_look(struct names *names, size_t account, const char *user_id, struct profile *ret)
{
    uint8_t block[MAP_KEY_MAX_BYTES];
    uint64_t now_ms = uv_now(names->loop);

    if (!names->options.ops->ask_profile || strlen(user_id) > NAMES_USER_ID_MAX_BYTES)
        return NAMES_UNKNOWN;
    struct bytes key = key_of(block, account, user_id);
    struct person *person = map_get(&names->people, key);
    if (!person)
        person = add_person(names, key, account);
    if (!person)
        return NAMES_UNKNOWN;
    if (person->is_asked)
        return NAMES_ASKED;
    if (person->until_ms <= now_ms && names->quiet_until_ms[account] <= now_ms) {
        person->is_asked = ask(names, person, user_id) == 0;
        if (person->is_asked)
            return NAMES_ASKED;
        person->until_ms = now_ms + NAMES_MISSING_MS;
    }
    *ret = (struct profile){ person->name, person->username }; /* old news is better than none */
    return person->name || person->username ? NAMES_KNOWN : NAMES_UNKNOWN;
}

int names_open(uv_loop_t *loop, const struct names_options *options, struct names **ret)
{
    struct http_client_options http = { CONNECTIONS, NAMES_WAIT_MS, "trefoil" };
    struct names *names = calloc(1, sizeof(*names));
    uint64_t *quiet = calloc(options->accounts->n_accounts + 1, sizeof(*quiet)), seed;
    int r = names && quiet ? uv_random(NULL, NULL, &seed, sizeof(seed), 0, NULL) : -ENOMEM;

    if (r == 0)
        r = http_client_open(loop, &http, &names->http);
    if (r < 0) {
        free(quiet);
        free(names);
        return r;
    }
    names->options = *options;
    names->loop = loop;
    names->quiet_until_ms = quiet;
    names->people = MAP_EMPTY(NAMES_MAX, seed);
    *ret = names;
    return 0;
}

struct names *names_close(struct names *names)
{
    struct bytes key;
    void *person;

    if (!names)
        return NULL;
    names->http = http_client_close(names->http); /* nobody answers any more */
    for (size_t at = 0; map_next(&names->people, &at, &key, &person);)
        free_person(person);
    map_deinit(&names->people);
    free(names->quiet_until_ms);
    free(names);
    return NULL;
}
