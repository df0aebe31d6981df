/* Prints every text that is said in the channel. The smallest subscriber; README shows it. */
#include <stdio.h>
#include <trefoil/client.h>

int main(void)
{
    struct trefoil_options options = { .endpoint = "tcp://127.0.0.1:7700", .keyring_file = "echo-bot.keyring" };
    struct trefoil_subscription reader = { .name = "reader" };
    struct trefoil_event event;
    trefoil_client *client;
    uint32_t handle = 0;

    if (trefoil_client_open(&options, &client) != TREFOIL_OK)
        return 1;
    while (trefoil_client_next(client, -1, &event) == TREFOIL_OK) {
        if (event.type == TREFOIL_EVENT_CONNECTED && handle == 0 &&
            (trefoil_client_channel(client, NULL, &reader.channel) ||
             trefoil_client_subscribe(client, &reader, &handle)))
            break;
        if (event.type != TREFOIL_EVENT_DELIVERY)
            continue;
        if (event.delivery->message.kind == TREFOIL_KIND_TEXT)
            printf("%s: %s\n", event.delivery->message.author.name, event.delivery->message.body.text.body);
        if (trefoil_client_ack(client, handle, event.delivery->seq) != TREFOIL_OK)
            break;
    }
    fprintf(stderr, "%s\n", trefoil_client_error(client));
    trefoil_client_close(&client);
    return 1;
}
