/* One GET per link, its answer into a file. Never retries. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "sandbox/fetch.h"

struct fetching {
    struct list link;
    struct world *world;
    struct fetch_order order;
    char *mime, *name;
    struct file_writer writer;
    bool is_too_large;
};

static void fetching_free(struct fetching *fetching)
{
    list_remove(&fetching->link);
    file_abandon(&fetching->writer);
    free(fetching->mime);
    free(fetching->name);
    free(fetching);
}

/* What stands behind the last slash, without the query. */
static char *name_of(const char *url)
{
    size_t size = strcspn(url, "?#");
    const char *slash = memrchr(url, '/', size);

    return slash ? strndup(slash + 1, size - (size_t) (slash + 1 - url)) : strdup("");
}

static int on_bytes(void *context, struct bytes piece)
{
    struct fetching *fetching = context;

    fetching->is_too_large = piece.size > fetching->order.max_bytes - fetching->writer.size;
    return fetching->is_too_large ? -EFBIG : file_write(&fetching->writer, piece);
}

static struct file *keep(struct fetching *fetching, const char *mime)
{
    json_t *name = json_string(fetching->name);
    struct file *file = file_finish(&fetching->world->files, &fetching->writer, name, mime ? mime : fetching->mime);

    json_decref(name);
    return file;
}

static void on_reply(void *context, const struct http_reply *reply)
{
    struct fetching *fetching = context;
    bool is_whole = reply->result == HTTP_ANSWERED && reply->status == 200 && fetching->writer.size > 0;
    bool is_too_large = fetching->is_too_large || reply->size_bytes > fetching->order.max_bytes;
    struct fetch_order order = fetching->order;
    struct file *file = is_whole && !is_too_large ? keep(fetching, reply->content_type) : NULL;

    fetching_free(fetching);
    order.on_file(order.context, file, is_too_large);
}

int fetch(struct world *world, const struct fetch_order *order)
{
    struct fetching *fetching = calloc(1, sizeof(*fetching));
    struct http_call call = { .method = "GET",
                              .url = order->url,
                              .timeout_ms = order->timeout_ms,
                              .max_reply_bytes = MAX_FILE_BYTES,
                              .on_bytes = on_bytes,
                              .context = fetching,
                              .on_reply = on_reply };
    int r = -ENOMEM;

    if (!fetching)
        return -ENOMEM;
    list_init(&fetching->link);
    fetching->writer.fd = -1;
    fetching->world = world;
    fetching->order = *order;
    fetching->mime = strdup(order->mime);
    fetching->name = name_of(order->url);
    if (fetching->mime && fetching->name)
        r = file_begin(&fetching->writer);
    if (r == 0)
        r = http_send(world->client, &call);
    if (r < 0) {
        fetching_free(fetching);
        return r;
    }
    list_append(&world->fetches, &fetching->link);
    return 0;
}

void fetches_forget(struct world *world)
{
    list_for_each_safe (node, after, &world->fetches) {
        struct fetching *fetching = container_of(node, struct fetching, link);
        struct fetch_order order = fetching->order;

        fetching_free(fetching);
        order.on_forgotten(order.context);
    }
}
