/* Answers every text, in whatever room and from whatever network, with "echo: …". Keeps nothing: what it has not
 * acknowledged comes again. Build: cc echo_bot.c $(pkg-config --cflags --libs libtrefoil)
 */
#include <stdio.h>
#include <string.h>

#include <trefoil/client.h>

static char text[1 << 16];
static struct trefoil_message message = { .kind = TREFOIL_KIND_TEXT, .body.text.body = text };
static struct trefoil_publication answer = { .audience = TREFOIL_AUDIENCE_ROOM, .message = &message };
static struct trefoil_id question;

/* The answer's id is made from the question's: answered twice, it is still said once. */
static int prepare(const struct trefoil_delivery *delivery)
{
    if (delivery->message.kind != TREFOIL_KIND_TEXT || delivery->echo || !delivery->message.body.text.body)
        return 0;
    if (snprintf(text, sizeof(text), "echo: %s", delivery->message.body.text.body) >= (int) sizeof(text))
        snprintf(text, sizeof(text), "echo: (a long story)");
    question = answer.id = delivery->envelope;
    answer.id.bytes[0] ^= 0xec;
    answer.channel = delivery->channel;
    answer.room = delivery->room;
    answer.relates_ids = &question;
    answer.n_relates_ids = 1;
    return 1;
}

int main(int argc, char **argv)
{
    struct trefoil_options options = { .receive_credit = 1 }; /* one question at a time */
    struct trefoil_subscription all = { .name = "echo" };
    struct trefoil_event event = { 0 };
    trefoil_client *client = NULL;
    uint32_t handle = 0;
    uint64_t seq = 0;

    if (argc != 3)
        return fprintf(stderr, "usage: %s ENDPOINT KEYRING\n", argv[0]), 2;
    options.endpoint = argv[1];
    options.keyring_file = argv[2];
    enum trefoil_status status = trefoil_client_open(&options, &client);
    while (status == TREFOIL_OK && (status = trefoil_client_next(client, -1, &event)) == TREFOIL_OK) {
        int must_answer = seq != 0; /* still: there was no credit */

        if (event.type == TREFOIL_EVENT_CONNECTED && handle == 0 &&
            (status = trefoil_client_channel(client, NULL, &all.channel)) == TREFOIL_OK)
            status = trefoil_client_subscribe(client, &all, &handle);
        if (event.type == TREFOIL_EVENT_DELIVERY)
            seq = event.delivery->seq, must_answer = prepare(event.delivery);
        if (must_answer && (status = trefoil_client_publish(client, &answer, NULL)) == TREFOIL_AGAIN)
            status = TREFOIL_OK;
        else if (status == TREFOIL_OK && seq != 0)
            status = trefoil_client_ack(client, handle, seq), seq = 0;
    }
    fprintf(stderr, "%s %s\n", trefoil_status_text(status), client ? trefoil_client_error(client) : "");
    trefoil_client_close(&client);
    return 1;
}
