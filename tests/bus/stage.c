/* Forks the gateway, keeps notes of events. Never sleeps: it polls descriptors. */
#include "stage.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <poll.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/attributes.h"
#include "wire/content.h"

#define PATIENCE_MS 15000

const char *const player_accounts[N_PLAYERS] = { "whatsapp/106540000000002", "messenger/104500000000003", NULL, NULL,
                                                 NULL };
static const char *const rings[N_PLAYERS] = { "whatsapp", "messenger", "echo-bot", "admin", "crm" };

static long now_ms(void)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return (long) now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

static pid_t spawn(char *const *command, const char *log)
{
    pid_t pid = fork();

    if (pid == 0) {
        int fd = open(log, O_CREAT | O_WRONLY | O_APPEND | O_CLOEXEC, 0600);

        prctl(PR_SET_PDEATHSIG, SIGKILL);
        dup2(fd, 1);
        dup2(fd, 2);
        execv(command[0], command);
        _exit(127);
    }
    return pid;
}

static void run(struct stage *stage, char *const *command)
{
    char log[128];
    int status = -1;

    snprintf(log, sizeof(log), "%s/init.log", stage->dir);
    waitpid(spawn(command, log), &status, 0);
    assert_int_equal(status, 0);
}

static void read_line(const char *path, char *line, int room)
{
    FILE *file = fopen(path, "r");

    assert_non_null(file);
    assert_non_null(fgets(line, room, file));
    fclose(file);
    line[strcspn(line, "\n")] = 0;
}

/* Just now nobody listens there. */
static int free_port(void)
{
    struct sockaddr_in address = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
    socklen_t size = sizeof(address);
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

    assert_true(fd >= 0);
    assert_int_equal(bind(fd, (struct sockaddr *) &address, size), 0);
    assert_int_equal(getsockname(fd, (struct sockaddr *) &address, &size), 0);
    close(fd);
    return ntohs(address.sin_port);
}

static void print_log(const struct stage *stage)
{
    char path[128], line[512];

    snprintf(path, sizeof(path), "%s/gateway.log", stage->dir);
    FILE *log = fopen(path, "r");
    while (log && fgets(line, sizeof(line), log))
        print_message("gateway: %s", line);
    if (log)
        fclose(log);
}

static void write_config(struct stage *stage)
{
    char path[128], root[80];

    snprintf(path, sizeof(path), "%s/trust/root.pub", stage->dir);
    read_line(path, root, sizeof(root));
    snprintf(path, sizeof(path), "%s/gateway.yaml", stage->dir);
    FILE *file = fopen(path, "w");
    assert_non_null(file);
    fprintf(file,
            "bus_endpoint: %s\nadmin_port: %d\nstore_dir: %s/store\nkeyring_file: %s/trust/keys/gateway.keyring\n"
            "bundle_file: %s/trust/trust.bundle\nroot_pk: %s\nin_doubt_ms: 300\n",
            stage->endpoint, free_port(), stage->dir, stage->dir, stage->dir, root);
    fclose(file);
}

void stage_start_gateway(struct stage *stage)
{
    char program[300], config[128], log[128], flag[] = "--config";
    char *const command[] = { program, flag, config, NULL };

    snprintf(program, sizeof(program), "%s/trefoil-gateway", stage->bin);
    snprintf(config, sizeof(config), "%s/gateway.yaml", stage->dir);
    snprintf(log, sizeof(log), "%s/gateway.log", stage->dir);
    stage->gateway = spawn(command, log);
    assert_true(stage->gateway > 0);
}

pid_t stage_start(struct stage *stage, const char *program, const char *service)
{
    char path[512], keyring[160], log[160];
    char *const command[] = { path, stage->endpoint, keyring, NULL };

    snprintf(path, sizeof(path), "%s", program);
    snprintf(keyring, sizeof(keyring), "%s/trust/keys/%s.keyring", stage->dir, service);
    snprintf(log, sizeof(log), "%s/%s.log", stage->dir, service);
    return spawn(command, log);
}

void stage_end(pid_t pid)
{
    if (pid <= 0)
        return;
    kill(pid, SIGKILL);
    waitpid(pid, NULL, 0);
}

void stage_kill_gateway(struct stage *stage)
{
    stage_end(stage->gateway);
    stage->gateway = 0;
}

void stage_open(struct stage *stage, const char *bin)
{
    char program[300], trust[128], path[128];
    char init[] = "init", services[] = "--services",
         names[] = "whatsapp=whatsapp/106540000000002,messenger=messenger/104500000000003,echo-bot";
    char *const command[] = { program, init, trust, services, names, NULL };

    memset(stage, 0, sizeof(*stage));
    snprintf(stage->bin, sizeof(stage->bin), "%s", bin);
    snprintf(stage->dir, sizeof(stage->dir), "/tmp/trefoil-bus-XXXXXX");
    assert_non_null(mkdtemp(stage->dir));
    stage->port = free_port();
    snprintf(stage->endpoint, sizeof(stage->endpoint), "tcp://127.0.0.1:%d", stage->port);
    snprintf(program, sizeof(program), "%s/trefoil", bin);
    snprintf(trust, sizeof(trust), "%s/trust", stage->dir);
    run(stage, command);
    snprintf(path, sizeof(path), "%s/store", stage->dir);
    assert_int_equal(mkdir(path, 0700), 0);
    write_config(stage);
    stage_start_gateway(stage);
}

void stage_close(struct stage *stage)
{
    char remove[] = "/bin/rm", how[] = "-rf";
    char *const command[] = { remove, how, stage->dir, NULL };

    for (int name = 0; name < N_PLAYERS; name++)
        stage_leave(stage, (enum player_name) name);
    stage_kill_gateway(stage);
    waitpid(spawn(command, "/dev/null"), NULL, 0);
}

void stage_change_roster(struct stage *stage, const char *what, const char *name)
{
    static uint8_t bundle[1 << 16];
    char program[300], trust[128], path[160], word[16], service[32], roster[] = "roster", flag[] = "--dir";
    char *const command[] = { program, roster, word, service, flag, trust, NULL };
    struct trefoil_ask ask = { .question = TREFOIL_ASK_ROSTER_PUT, .bundle = { bundle, 0 } };

    snprintf(program, sizeof(program), "%s/trefoil", stage->bin);
    snprintf(trust, sizeof(trust), "%s/trust", stage->dir);
    snprintf(word, sizeof(word), "%s", what);
    snprintf(service, sizeof(service), "%s", name);
    run(stage, command);
    snprintf(path, sizeof(path), "%s/trust/trust.bundle", stage->dir);
    FILE *file = fopen(path, "rb");
    assert_non_null(file);
    ask.bundle.size = fread(bundle, 1, sizeof(bundle), file);
    fclose(file);
    struct note note = stage_ask(stage, &ask);
    if (!note.ok)
        fail_msg("the gateway refused the roster: %s", note.words);
}

#define COPY(to, from) snprintf((to), sizeof(to), "%s", (from) ? (from) : "")

/* Written out, every field of a message is in the bytes. */
static bool has_mark(const struct trefoil_message *message)
{
    static const uint8_t id[SEAL_ID_BYTES];
    const struct content_claims claims = { bytes_make(id, sizeof(id)), bytes_make(id, sizeof(id)), "", "",
                                           BYTES_EMPTY };
    struct arena arena = ARENA_EMPTY(CONTENT_MEMORY_MAX_BYTES);
    struct bytes bytes = BYTES_EMPTY;

    if (message->kind != TREFOIL_KIND_NONE)
        assert_int_equal(content_write(message, &claims, &arena, &bytes), 0);
    const bool has = bytes.size > 0 && memmem(bytes.data, bytes.size, STAGE_MARK, strlen(STAGE_MARK));
    arena_deinit(&arena);
    return has;
}

static void note_delivery(struct note *note, const struct trefoil_delivery *delivery)
{
    note->handle = delivery->handle;
    note->seq = delivery->seq;
    note->attempt = delivery->attempt;
    note->maybe_sent = delivery->maybe_sent;
    note->vanished = delivery->vanished;
    note->lane = delivery->lane;
    note->envelope = delivery->envelope;
    note->room = delivery->room;
    note->unreadable = delivery->unreadable;
    note->kind = delivery->message.kind;
    COPY(note->name, delivery->message.author.name);
    note->has_mark = has_mark(&delivery->message);
    COPY(note->words, delivery->why);
    COPY(note->sender, delivery->sender);
    COPY(note->from, delivery->from.user_id);
    if (delivery->message.kind == TREFOIL_KIND_TEXT)
        COPY(note->text, delivery->message.body.text.body);
    if (delivery->n_relates_ids > 0)
        note->relates_id = delivery->relates_ids[0];
    note->n_targets = delivery->n_targets;
    if (delivery->n_targets == 0)
        return;
    note->target = delivery->targets[0].index;
    COPY(note->user, delivery->targets[0].address.user_id);
    COPY(note->last, delivery->targets[0].last_message_id);
    note->window_ms = delivery->targets[0].window_ms;
    note->consent_withdrawn = delivery->targets[0].consent_withdrawn;
    if (delivery->targets[0].n_relates > 0)
        COPY(note->relates, delivery->targets[0].relates[0]);
}

static void note_capabilities(struct note *note, const struct trefoil_answer *answer)
{
    note->n_capabilities = answer->n_capabilities;
    for (size_t i = 0; i < answer->n_capabilities && i < ARRAY_SIZE(note->capabilities); i++) {
        const struct trefoil_capabilities *from = &answer->capabilities[i];

        COPY(note->capabilities[i].account, from->account);
        note->capabilities[i].since_ms = from->since_ms;
        note->capabilities[i].n_features = from->n_features;
        if (from->n_features == 0)
            continue;
        COPY(note->capabilities[i].feature, from->features[0].feature);
        COPY(note->capabilities[i].becomes, from->features[0].becomes);
        if (from->features[0].n_mimes > 0)
            COPY(note->capabilities[i].mime, from->features[0].mimes[0]);
    }
}

static void note_hops(struct note *note, const struct trefoil_answer *answer)
{
    size_t size = 0;

    note->n_hops = answer->n_hops;
    for (size_t i = 0; i < answer->n_hops && size < sizeof(note->hops); i++)
        size += (size_t) snprintf(note->hops + size, sizeof(note->hops) - size, "%s: %s; ", answer->hops[i].what,
                                  answer->hops[i].text);
}

static void note_answer(struct note *note, const struct trefoil_answer *answer)
{
    note->ok = answer->ok;
    note->more = answer->more;
    note->count = answer->count;
    note->room = answer->room;
    COPY(note->words, answer->text);
    note->n_rooms = answer->n_rooms;
    note->n_dead = answer->n_dead;
    note_hops(note, answer);
    note_capabilities(note, answer);
    note->n_counters = answer->n_counters;
    for (size_t i = 0; i < answer->n_rooms; i++)
        if (answer->rooms[i].name) {
            COPY(note->room_name, answer->rooms[i].name);
            note->n_members = answer->rooms[i].n_members;
            for (size_t j = 0; j < answer->rooms[i].n_members; j++)
                COPY(note->user, answer->rooms[i].members[j].address.user_id);
        }
    for (size_t i = 0; i < answer->n_dead; i++) {
        COPY(note->from, answer->dead[i].reason);
        note->seq = answer->dead[i].id;
        if (answer->dead[i].message && answer->dead[i].message->kind == TREFOIL_KIND_TEXT)
            COPY(note->text, answer->dead[i].message->body.text.body);
    }
}

static void take(struct player *player, const struct trefoil_event *event)
{
    struct note *note = &player->notes[player->n_notes];

    if (event->type == TREFOIL_EVENT_CONNECTED) {
        player->is_connected = true;
        player->n_connected++;
    }
    if (event->type == TREFOIL_EVENT_DISCONNECTED)
        player->is_connected = false;
    assert_true(player->n_notes < NOTES_MAX);
    memset(note, 0, sizeof(*note));
    note->type = event->type;
    note->ticket = event->ticket;
    note->duplicate = event->duplicate;
    note->retryable = event->retryable;
    note->reason = event->reason;
    if (event->text)
        COPY(note->words, event->text);
    if (event->delivery)
        note_delivery(note, event->delivery);
    if (event->answer)
        note_answer(note, event->answer);
    player->n_notes++;
}

/* As a loop would: only descriptors that are readable are asked, so an untruthful one makes the test hang and fail. */
static void drive(struct stage *stage, int timeout_ms)
{
    struct pollfd fds[N_PLAYERS];

    for (int i = 0; i < N_PLAYERS; i++)
        fds[i] =
            (struct pollfd){ stage->players[i].client ? trefoil_client_fd(stage->players[i].client) : -1, POLLIN, 0 };
    poll(fds, N_PLAYERS, timeout_ms);
    for (int i = 0; i < N_PLAYERS; i++) {
        struct trefoil_event event;

        if (!(fds[i].revents & POLLIN))
            continue;
        enum trefoil_status status = trefoil_client_next(stage->players[i].client, 0, &event);
        if (status == TREFOIL_OK)
            take(&stage->players[i], &event);
        else if (status != TREFOIL_NOTHING)
            stage->players[i].trouble = status;
    }
}

bool stage_until(struct stage *stage, bool (*done)(struct stage *stage, void *context), void *context, int timeout_ms)
{
    long end = now_ms() + timeout_ms;

    while (!done(stage, context)) {
        long left = end - now_ms();

        if (left <= 0)
            return false;
        drive(stage, (int) left);
    }
    return true;
}

struct wish {
    struct player *player;
    enum trefoil_event_type type;
    size_t at;
};

static bool has_come(unused_ struct stage *stage, void *context)
{
    struct wish *wish = context;

    for (wish->at = 0; wish->at < wish->player->n_notes; wish->at++)
        if (wish->player->notes[wish->at].type == wish->type)
            return true;
    return false;
}

struct note stage_await(struct stage *stage, enum player_name name, enum trefoil_event_type type)
{
    struct wish wish = { &stage->players[name], type, 0 };

    if (!stage_until(stage, has_come, &wish, PATIENCE_MS)) {
        print_log(stage);
        fail_msg("%s never saw an event of type %d: %s", rings[name], (int) type,
                 trefoil_client_error(wish.player->client));
    }
    struct note note = wish.player->notes[wish.at];
    wish.player->notes[wish.at].type = 0;
    return note;
}

bool stage_sees(struct stage *stage, enum player_name name, enum trefoil_event_type type, int timeout_ms)
{
    struct wish wish = { &stage->players[name], type, 0 };

    return stage_until(stage, has_come, &wish, timeout_ms);
}

static bool is_connected(unused_ struct stage *stage, void *context)
{
    return ((struct player *) context)->is_connected;
}

struct player *stage_enter(struct stage *stage, enum player_name name)
{
    struct player *player = &stage->players[name];
    char keyring[160];
    struct trefoil_options options = { .endpoint = stage->endpoint,
                                       .keyring_file = keyring,
                                       .receive_credit = stage->receive_credit,
                                       .reconnect_ms = 200 };
    struct trefoil_subscription wish = { .name = rings[name], .targets = name <= MESSENGER, .ephemeral_too = true };

    memset(player, 0, sizeof(*player));
    snprintf(keyring, sizeof(keyring), "%s/trust/keys/%s.keyring", stage->dir, rings[name]);
    assert_int_equal(trefoil_client_open(&options, &player->client), TREFOIL_OK);
    if (!stage_until(stage, is_connected, player, PATIENCE_MS)) {
        print_log(stage);
        fail_msg("%s was never connected: %s", rings[name], trefoil_client_error(player->client));
    }
    assert_int_equal(trefoil_client_channel(player->client, NULL, &player->channel), TREFOIL_OK);
    wish.channel = player->channel;
    wish.start = name == CRM ? TREFOIL_START_EARLIEST : TREFOIL_START_SAVED;
    if (name != ADMIN)
        assert_int_equal(trefoil_client_subscribe(player->client, &wish, &player->handle), TREFOIL_OK);
    return player;
}

void stage_leave(struct stage *stage, enum player_name name)
{
    trefoil_client_close(&stage->players[name].client);
    stage->players[name].is_connected = false;
}

uint64_t stage_publish(struct stage *stage, enum player_name name, const struct trefoil_publication *publication)
{
    enum trefoil_status status;
    uint64_t ticket = 0;

    while ((status = trefoil_client_publish(stage->players[name].client, publication, &ticket)) == TREFOIL_AGAIN)
        (void) stage_await(stage, name, TREFOIL_EVENT_CREDIT);
    if (status != TREFOIL_OK)
        fail_msg("%s: %s", rings[name], trefoil_client_error(stage->players[name].client));
    return ticket;
}

uint64_t stage_say(struct stage *stage, enum player_name name, const char *user, const char *id, const char *text,
                   const char *relates)
{
    struct trefoil_message message = { .kind = TREFOIL_KIND_TEXT, .body.text.body = text };
    struct trefoil_publication publication = { .channel = stage->players[name].channel,
                                               .audience = TREFOIL_AUDIENCE_ROOM,
                                               .message = &message,
                                               .from = { player_accounts[name], user },
                                               .message_id = id,
                                               .event_key = id,
                                               .relates = &relates,
                                               .n_relates = relates ? 1 : 0 };

    message.author = (struct trefoil_author){ .network = rings[name], .user_id = user };
    message.message_id = id;
    return stage_publish(stage, name, &publication);
}

void stage_sent(struct stage *stage, enum player_name name, const struct note *delivery, const char *id)
{
    struct trefoil_target_outcome outcome = { .target = delivery->target,
                                              .outcome = TREFOIL_OUTCOME_SENT,
                                              .account = player_accounts[name],
                                              .message_ids = &id,
                                              .n_message_ids = 1 };

    assert_int_equal(delivery->n_targets, 1);
    assert_int_equal(trefoil_client_outcome(stage->players[name].client, delivery->handle, delivery->seq, &outcome, 1),
                     TREFOIL_OK);
}

struct note stage_ask(struct stage *stage, const struct trefoil_ask *ask)
{
    return stage_ask_as(stage, ADMIN, ask);
}

struct note stage_ask_as(struct stage *stage, enum player_name name, const struct trefoil_ask *ask)
{
    uint64_t ticket = 0;

    assert_int_equal(trefoil_client_ask(stage->players[name].client, ask, &ticket), TREFOIL_OK);
    struct note note = stage_await(stage, name, TREFOIL_EVENT_ANSWER);
    assert_int_equal(note.ticket, ticket);
    return note;
}

struct trefoil_id stage_room(struct stage *stage, const char *whatsapp_user, const char *messenger_user)
{
    struct trefoil_ask ask = { .question = TREFOIL_ASK_ROOM_CREATE,
                               .channel = stage->players[ADMIN].channel,
                               .name = "Küche" };
    struct note note = stage_ask(stage, &ask);

    assert_true(note.ok);
    ask.question = TREFOIL_ASK_ROOM_JOIN;
    ask.room = note.room;
    ask.address = (struct trefoil_address){ player_accounts[WHATSAPP], whatsapp_user };
    assert_true(stage_ask(stage, &ask).ok);
    ask.address = (struct trefoil_address){ player_accounts[MESSENGER], messenger_user };
    assert_true(stage_ask(stage, &ask).ok);
    return ask.room;
}
