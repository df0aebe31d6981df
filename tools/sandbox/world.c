/* Accounts, people, and what happens later. Never touches a socket. */
#include <errno.h>
#include <sodium.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "sandbox/assets.h"
#include "sandbox/feed.h"
#include "sandbox/webhook_sender.h"
#include "sandbox/world.h"

#define SECRET_ARENA_BYTES 65536

static const char *const network_names[N_NETWORKS] = { "whatsapp", "messenger", "instagram" };

const char *network_name(enum network network)
{
    return network_names[network];
}

int network_of(const char *name, enum network *ret)
{
    for (unsigned i = 0; i < N_NETWORKS; i++) {
        if (strcmp(name, network_names[i]) == 0) {
            *ret = (enum network) i;
            return 0;
        }
    }
    return -ENOENT;
}

uint64_t account_calls_per_s(const struct account *account)
{
    uint32_t told = account->faults.kinds[FAULT_LIMITS].size;

    return told ? told : account->network == NETWORK_WHATSAPP ? WHATSAPP_PER_S : META_PER_S;
}

int64_t wall_ms(void)
{
    struct timespec now;

    (void) clock_gettime(CLOCK_REALTIME, &now);
    return (int64_t) now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

int64_t world_now_ms(const struct world *world)
{
    return wall_ms() + world->clock_ahead_ms;
}

/* ---- Later ---- */

struct appointment {
    struct list link;
    uv_timer_t timer;
    void (*act)(void *what);
    void *what;
};

static void on_appointment_closed(uv_handle_t *handle)
{
    free(handle->data);
}

static void appointment_close(struct appointment *appointment)
{
    list_remove(&appointment->link);
    (void) uv_timer_stop(&appointment->timer);
    uv_close((uv_handle_t *) &appointment->timer, on_appointment_closed);
}

static void on_appointment(uv_timer_t *timer)
{
    struct appointment *appointment = timer->data;

    appointment_close(appointment);
    appointment->act(appointment->what);
}

void later(struct world *world, uint64_t ms, void (*act)(void *what), void *what)
{
    struct appointment *appointment;

    if (world->is_closing)
        return;
    appointment = calloc(1, sizeof(*appointment));
    if (!appointment)
        return;
    appointment->act = act;
    appointment->what = what;
    (void) uv_timer_init(world->loop, &appointment->timer);
    appointment->timer.data = appointment;
    list_append(&world->laters, &appointment->link);
    (void) uv_timer_start(&appointment->timer, on_appointment, ms, 0);
}

static void cancel_everything_later(struct world *world)
{
    list_for_each_safe (node, after, &world->laters)
        appointment_close(container_of(node, struct appointment, link));
}

/* ---- Accounts ---- */

static int read_secret(const char *path, char **ret)
{
    struct arena mem = ARENA_EMPTY(SECRET_ARENA_BYTES);
    const char *text;
    int r = config_secret(path, &mem, &text);

    if (r == 0) {
        *ret = strdup(text);
        r = *ret ? 0 : -ENOMEM;
    }
    arena_deinit(&mem);
    return r;
}

static int account_init(struct world *world, struct account *account, const struct account_settings *settings,
                        const char **ret_what)
{
    int r;

    account->network = (enum network) settings->network;
    account->world = world;
    account->id = strdup(settings->id);
    account->page_id = strdup(settings->page_id ? settings->page_id : "");
    account->webhook_url = strdup(settings->webhook_url);
    if (!account->id || !account->page_id || !account->webhook_url)
        return -ENOMEM;
    *ret_what = settings->token_file;
    r = read_secret(settings->token_file, &account->token);
    if (r < 0)
        return r;
    *ret_what = settings->app_secret_file;
    r = read_secret(settings->app_secret_file, &account->app_secret);
    if (r < 0)
        return r;
    *ret_what = settings->verify_token_file;
    return read_secret(settings->verify_token_file, &account->verify_token);
}

static void free_secret(char *secret)
{
    if (secret)
        sodium_memzero(secret, strlen(secret));
    free(secret);
}

static void account_deinit(struct account *account)
{
    free(account->id);
    free(account->page_id);
    free(account->webhook_url);
    faults_clear(&account->faults);
    free_secret(account->token);
    free_secret(account->app_secret);
    free_secret(account->verify_token);
}

struct account *world_account(struct world *world, enum network network)
{
    for (size_t i = 0; i < world->n_accounts; i++) {
        if (world->accounts[i].network == network)
            return &world->accounts[i];
    }
    return NULL;
}

/* ---- The world ---- */

static void set_switches(struct world *world)
{
    world->auto_read = world->settings->auto_read;
    world->echoes = world->settings->echoes;
    world->read_delay_ms = world->settings->read_delay_ms;
    world->delivered_delay_ms = world->settings->delivered_delay_ms;
}

static int add_people(struct world *world)
{
    const struct person_settings *people = world->settings->people.items;

    for (size_t i = 0; i < world->settings->people.n_items; i++) {
        struct person_order order = { .network = (enum network) people[i].network,
                                      .user_id = people[i].user_id,
                                      .name = people[i].name };
        int r = person_add(world, &order);

        if (r < 0 && r != -EEXIST)
            return r;
    }
    return 0;
}

int world_init(struct world *world, uv_loop_t *loop, const struct settings *settings, const char **ret_what)
{
    const struct account_settings *accounts = settings->accounts.items;

    world->loop = loop;
    world->settings = settings;
    world->dice = dice_make(settings->seed);
    list_init(&world->people);
    list_init(&world->laters);
    list_init(&world->lanes);
    list_init(&world->asset_list);
    list_init(&world->pours);
    list_init(&world->fetches);
    files_init(&world->files, settings->seed);
    world->people_by_id = MAP_EMPTY(MAX_PEOPLE, settings->seed);
    world->bubbles_by_id = MAP_EMPTY(MAX_BUBBLES, settings->seed);
    world->seen_marks = MAP_EMPTY(MAX_BUBBLES, settings->seed);
    set_switches(world);
    world->n_accounts = settings->accounts.n_items;
    world->accounts = calloc(world->n_accounts, sizeof(*world->accounts));
    *ret_what = "memory";
    if (!world->accounts)
        return -ENOMEM;
    for (size_t i = 0; i < world->n_accounts; i++) {
        int r = account_init(world, &world->accounts[i], &accounts[i], ret_what);

        if (r < 0)
            return r;
    }
    *ret_what = "people";
    return add_people(world);
}

static void clear_counters(struct account *account)
{
    faults_clear(&account->faults);
    account->throttle = (struct throttle){ 0 };
    account->batch = NULL;
    account->n_webhooks = account->n_retries = account->n_given_up = account->n_events = 0;
    account->n_calls = account->n_accepted = account->n_refused = account->n_duplicates = 0;
    account->n_answers_lost = account->n_rate_limited = 0;
}

void world_reset(struct world *world)
{
    cancel_everything_later(world);
    lanes_clear(world);
    world->clock_ahead_ms = 0;
    list_for_each (node, &world->people)
        person_forget(container_of(node, struct person, link));
    assets_clear(world);
    files_clear(&world->files);
    for (size_t i = 0; i < world->n_accounts; i++)
        clear_counters(&world->accounts[i]);
    map_deinit(&world->seen_marks);
    map_deinit(&world->bubbles_by_id);
    world->seen_marks = MAP_EMPTY(MAX_BUBBLES, world->settings->seed);
    world->bubbles_by_id = MAP_EMPTY(MAX_BUBBLES, world->settings->seed);
    set_switches(world);
    if (world->feed)
        feed_reset(world->feed);
}

void world_deinit(struct world *world)
{
    world->is_closing = true;
    cancel_everything_later(world);
    lanes_clear(world);
    list_for_each_safe (node, after, &world->people)
        person_free(container_of(node, struct person, link));
    assets_clear(world);
    files_clear(&world->files);
    for (size_t i = 0; i < world->n_accounts; i++)
        account_deinit(&world->accounts[i]);
    free(world->accounts);
    map_deinit(&world->people_by_id);
    map_deinit(&world->bubbles_by_id);
    map_deinit(&world->seen_marks);
}
