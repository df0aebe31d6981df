/* Files in messages of Messenger and Instagram: by id, by link, within the request; and uploads for later. Never follows
 * where a link redirects to.
 */
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "sandbox/assets.h"
#include "sandbox/conversation.h"
#include "sandbox/fetch.h"
#include "sandbox/meta.h"

#define UPLOAD_LIVES_MS (90 * DAY_MS)
#define MEGABYTE UINT64_C(1048576)
#define IMAGE_BYTES (8 * MEGABYTE)
#define OTHER_BYTES (25 * MEGABYTE)
#define FETCH_MS 10000
#define VIDEO_FETCH_MS 75000
#define MAX_IMAGES 10

/* A type of attachment: what it may hold, by the network. Lists end in NULL; a name that ends in a slash is all of it. */
struct sort {
    const char *type;
    enum kind kind;
    uint64_t max_bytes;
    uint32_t fetch_ms;
    const char *usual;
    const char *const *messenger, *const *instagram;
};

static const char *const images[] = { "image/", NULL };
static const char *const instagram_images[] = { "image/jpeg", "image/png", "image/gif", NULL };
static const char *const audios[] = { "audio/", "video/mp4", NULL };
static const char *const instagram_audios[] = { "audio/aac", "audio/mp4",   "audio/x-m4a", "audio/m4a",
                                                "audio/wav", "audio/x-wav", "video/mp4",   NULL };
static const char *const videos[] = { "video/", NULL };
static const char *const instagram_videos[] = { "video/mp4",       "video/ogg",  "video/x-msvideo",
                                                "video/quicktime", "video/webm", NULL };
static const char *const anything[] = { "", NULL };
static const char *const instagram_files[] = { "application/pdf", NULL };

static const struct sort sorts[] = {
    { "image", KIND_IMAGE, IMAGE_BYTES, FETCH_MS, "image/jpeg", images, instagram_images },
    { "audio", KIND_AUDIO, OTHER_BYTES, FETCH_MS, "audio/mp4", audios, instagram_audios },
    { "video", KIND_VIDEO, OTHER_BYTES, VIDEO_FETCH_MS, "video/mp4", videos, instagram_videos },
    { "file", KIND_FILE, OTHER_BYTES, FETCH_MS, "application/pdf", anything, instagram_files },
};

static const struct sort *find_sort(const char *type)
{
    for (size_t i = 0; type && i < ARRAY_SIZE(sorts); i++) {
        if (strcmp(sorts[i].type, type) == 0)
            return &sorts[i];
    }
    return NULL;
}

bool is_file_attachment(const char *type)
{
    return find_sort(type) != NULL;
}

/* The files of one request, found one after another. */
struct gather {
    struct graph_call *call; /* kept */
    struct person *person;   /* NULL: an upload for later */
    struct bubble_order order;
    json_t *content, *media; /* own: what the bubble shows; borrowed: its list of files */
    json_t *list;            /* the attachments asked for */
    size_t n_done;
    const struct sort *sort; /* of the one being fetched */
    const struct file *last;
};

static void gather_free(void *context)
{
    struct gather *gather = context;

    json_decref(gather->content);
    json_decref(gather->list);
    graph_let_go(gather->call);
    free(gather);
}

static void give_up(struct gather *gather, int subcode, const char *message)
{
    meta_refuse(gather->call, subcode, message);
    gather_free(gather);
}

static bool is_fit(const struct gather *gather, const struct sort *sort, const struct file *file)
{
    bool is_instagram = gather->call->account->network == NETWORK_INSTAGRAM;
    const char *const *mimes = is_instagram ? sort->instagram : sort->messenger;

    for (; *mimes; mimes++) {
        if (strncasecmp(file->mime, *mimes, strlen(*mimes)) == 0)
            return true;
    }
    return false;
}

/* False: refused, and the gathering is over. */
static bool add(struct gather *gather, const struct sort *sort, const struct file *file)
{
    enum kind kind = sort->kind == KIND_IMAGE && strncmp(file->mime, "image/gif", 9) == 0 ? KIND_ANIMATED : sort->kind;

    if (file->size > sort->max_bytes) {
        give_up(gather, 2018109, "Attachment size exceeds allowable limit");
        return false;
    }
    if (file->size == 0 || !is_fit(gather, sort, file)) {
        give_up(gather, 2018047, "Upload attachment failure. The type of the file does not match the type declared.");
        return false;
    }
    if (gather->n_done == 0)
        gather->order.kind = kind;
    gather->last = file;
    gather->n_done++;
    (void) json_array_append_new(gather->media, file_json(file, kind));
    return true;
}

static bool is_reusable(const struct gather *gather)
{
    return json_is_true(json_object_get(json_object_get(json_array_get(gather->list, 0), "payload"), "is_reusable"));
}

static void finish(struct gather *gather)
{
    bool is_kept = !gather->person || is_reusable(gather);
    struct graph_call *call = gather->call;
    const struct asset *asset = is_kept ? asset_new(call->account, gather->last, NULL, UPLOAD_LIVES_MS) : NULL;
    json_t *json;

    gather->order.content = gather->content;
    if (gather->person) {
        meta_put_on_phone(call, gather->person, &gather->order, asset ? asset->id : NULL);
    } else {
        json = json_pack("{s:s}", "attachment_id", asset ? asset->id : "");
        graph_reply(call, &json);
    }
    gather_free(gather);
}

static void gather_more(struct gather *gather);

static void on_file(void *context, struct file *file, bool is_too_large)
{
    struct gather *gather = context;

    if (!file)
        give_up(gather, is_too_large ? 2018109 : 2018008,
                is_too_large ? "Attachment size exceeds allowable limit" : "Failed to fetch the file from the url");
    else if (add(gather, gather->sort, file))
        gather_more(gather);
}

static void fetch_one(struct gather *gather, const struct sort *sort, const char *url)
{
    struct fetch_order order = { .url = url,
                                 .max_bytes = sort->max_bytes,
                                 .timeout_ms = sort->fetch_ms,
                                 .mime = sort->usual,
                                 .context = gather,
                                 .on_file = on_file,
                                 .on_forgotten = gather_free };

    gather->sort = sort;
    if (fetch(gather->call->world, &order) < 0)
        give_up(gather, 2018008, "Failed to fetch the file from the url");
}

/* One attachment; false: it is over, or goes on later. */
static bool gather_one(struct gather *gather, const json_t *attachment)
{
    struct graph_call *call = gather->call;
    const json_t *payload = json_object_get(attachment, "payload");
    const struct sort *sort = find_sort(text_in(attachment, "type"));
    const char *id = text_in(payload, "attachment_id"), *url = text_in(payload, "url");
    const struct asset *asset = id ? asset_find(call->world, call->account, id) : NULL;

    if (!sort) {
        give_up(gather, 0, "Param attachment[type] must be one of {AUDIO, FILE, IMAGE, VIDEO}");
        return false;
    }
    if (id) {
        if (asset)
            return add(gather, sort, asset->file);
        give_up(gather, 2018074, "Invalid attachment id: it does not exist, has expired or is not yours");
        return false;
    }
    if (fault_strikes(&call->account->faults, FAULT_UPLOAD_ERROR, &call->world->dice)) {
        give_up(gather, 2018047, "Upload attachment failure.");
        return false;
    }
    if (url)
        fetch_one(gather, sort, url);
    else if (call->upload)
        return add(gather, sort, call->upload);
    else
        give_up(gather, 0, "Param attachment[payload] needs url, attachment_id or filedata");
    return false;
}

static void gather_more(struct gather *gather)
{
    while (gather->n_done < json_array_size(gather->list)) {
        if (!gather_one(gather, json_array_get(gather->list, gather->n_done)))
            return;
    }
    finish(gather);
}

/* Takes `list`. */
static void gather_start(struct graph_call *call, struct person *person, const struct bubble_order *order, json_t *list)
{
    struct gather *gather = calloc(1, sizeof(*gather));

    if (gather)
        gather->call = graph_keep(call);
    if (!gather || !gather->call) {
        free(gather);
        json_decref(list);
        meta_refuse(call, 0, "no memory");
        return;
    }
    gather->person = person;
    if (order)
        gather->order = *order;
    gather->list = list;
    gather->content = order && order->content ? json_incref(order->content) : json_object();
    gather->media = json_array();
    (void) json_object_set_new(gather->content, "media", gather->media);
    gather_more(gather);
}

void meta_send_files(struct graph_call *call, struct person *person, const struct bubble_order *order)
{
    const json_t *message = json_object_get(call->body, "message"), *item;
    json_t *list = json_object_get(message, "attachments"), *one = json_object_get(message, "attachment");
    size_t i;

    call->kind = "attachment";
    if (one) {
        gather_start(call, person, order, json_pack("[O]", one));
        return;
    }
    if (json_array_size(list) == 0 || json_array_size(list) > MAX_IMAGES) {
        meta_refuse(call, 0, "Param message[attachments] must have 1 to 10 images");
        return;
    }
    json_array_foreach (list, i, item) {
        const char *type = text_in(item, "type");

        if (!type || strcmp(type, "image") != 0) {
            meta_refuse(call, 0, "Param message[attachments] takes images only");
            return;
        }
    }
    gather_start(call, person, order, json_incref(list));
}

void graph_attachment_upload(struct graph_call *call)
{
    json_t *attachment = json_object_get(json_object_get(call->body, "message"), "attachment");
    bool is_instagram = call->account->network == NETWORK_INSTAGRAM;

    call->kind = "upload";
    if (is_instagram && strcmp(call->object, call->account->id) == 0 &&
        strcmp(call->account->id, call->account->page_id) != 0)
        graph_refuse(call, &(struct graph_error){
                               .status = 400,
                               .code = 100,
                               .subcode = 33,
                               .message = "Unsupported post request. Attachments are uploaded to the linked Page.",
                               .is_plain = true });
    else if (!json_is_object(attachment))
        graph_missing(call, "message[attachment]");
    else
        gather_start(call, NULL, NULL, json_pack("[O]", attachment));
}
