/* Files to WhatsApp: uploaded first, or offered at a URL of ours, then each a message of its own; the caption with the
 * first that can have one, else as text behind them. Never sends a name a stranger chose as it is.
 */
#include <errno.h>
#include <string.h>

#include "base/attributes.h"
#include "meta/files.h"
#include "meta/plain.h"
#include "whatsapp_send.h"

#define FILES_MAX 32 /* of one message; what lies beyond is lost, and noted */

struct file {
    size_t media; /* which of the message's */
    struct file_plan plan;
    size_t upload; /* number of the request that brings it there */
};

/* The files of one message at work. */
struct shipment {
    const struct sending *sending;
    const struct trefoil_media_list *list;
    struct file files[FILES_MAX];
    size_t n_files;
    bool by_url;
    const char *unsent; /* words for the files that cannot go */
};

static const char *type_of(const struct file_plan *plan)
{
    switch (plan->feature) {
    case FEATURE_IMAGE:
        return "image";
    case FEATURE_VIDEO:
        return "video";
    case FEATURE_AUDIO:
    case FEATURE_VOICE:
        return "audio";
    case FEATURE_STICKER:
        return "sticker";
    default:
        return "document";
    }
}

static bool has_caption(const struct file_plan *plan)
{
    return plan->feature == FEATURE_IMAGE || plan->feature == FEATURE_VIDEO || plan->feature == FEATURE_FILE;
}

static const char *mime_of(const struct file_plan *plan)
{
    return plan->mime ? plan->mime : "application/octet-stream";
}

static void plan_files(struct shipment *shipment)
{
    const struct sending *sending = shipment->sending;
    struct trefoil_message unsent = { .kind = TREFOIL_KIND_MEDIA };
    struct trefoil_media *left = arena_array(sending->mem, FILES_MAX, sizeof *left);
    size_t n_left = 0;

    for (size_t i = 0; left && i < shipment->list->n_media && i < FILES_MAX; i++) {
        struct file *file = &shipment->files[shipment->n_files];

        file->media = i;
        files_plan(sending->cells, sending->place, &shipment->list->media[i], sending->mem, sending->list, &file->plan);
        if (file->plan.as_words)
            left[n_left++] = shipment->list->media[i];
        else
            shipment->n_files++;
    }
    if (shipment->list->n_media > FILES_MAX)
        request_list_lose(sending->list, "files>32");
    unsent.body.media = (struct trefoil_media_list){ .media = left, .n_media = n_left };
    if (n_left > 0)
        shipment->unsent = plain_text(&unsent, sending->mem);
}

static const char *name_of(const struct shipment *shipment, const struct file *file)
{
    return files_name(&shipment->list->media[file->media], &file->plan, shipment->sending->mem);
}

static int add_upload(const struct shipment *shipment, struct file *file)
{
    const struct sending *sending = shipment->sending;
    const struct place *place = sending->place;
    struct upload_field *fields = arena_array(sending->mem, 2, sizeof *fields);
    struct upload *upload = arena_alloc(sending->mem, sizeof *upload);
    const char *path = arena_format(sending->mem, "/%s/%s/media", place->api_version, place->account_id);
    const char *name = name_of(shipment, file);
    struct request *request;

    file->upload = sending->list->n_requests;
    if (!fields || !upload || !path || !name)
        return -ENOMEM;
    request = request_list_add(sending->list, sending->mem);
    if (!request)
        return -ENOMEM;
    fields[0] = (struct upload_field){ "messaging_product", "whatsapp" };
    fields[1] = (struct upload_field){ "type", mime_of(&file->plan) };
    *upload = (struct upload){
        .media = file->media,
        .conversion = file->plan.conversion,
        .fields = fields,
        .n_fields = 2,
        .file_field = "file",
        .file_name = name,
        .mime = mime_of(&file->plan),
    };
    *request = (struct request){ .method = "POST", .path = path, .upload = upload };
    return 0;
}

/* The id the upload gave, or our URL, put in when the request goes out. */
static struct slot *put_slot(const struct shipment *shipment, struct json_writer *writer, const struct file *file)
{
    struct slot *slot = arena_alloc(shipment->sending->mem, sizeof *slot);

    json_put_text(writer, shipment->by_url ? "link" : "id", "");
    if (!slot)
        return NULL;
    if (shipment->by_url)
        *slot = (struct slot){
            .kind = SLOT_URL, .which = file->media, .conversion = file->plan.conversion, .mime = mime_of(&file->plan)
        };
    else
        *slot = (struct slot){ .kind = SLOT_UPLOADED, .which = file->upload };
    slot->at = writer->size - 1; /* before the closing quote */
    return slot;
}

static int add_file(const struct shipment *shipment, const struct file *file, const char *quote, const char *caption,
                    const char *mark)
{
    const struct sending *sending = shipment->sending;
    struct json_writer writer = sending_open(sending, quote, type_of(&file->plan));
    struct request *request;
    struct slot *slot;
    int r;

    json_open_object(&writer, type_of(&file->plan));
    slot = put_slot(shipment, &writer, file);
    if (!slot)
        return -ENOMEM;
    if (caption)
        json_put_text(&writer, "caption", caption);
    if (file->plan.feature == FEATURE_FILE && sending_has(sending, FEATURE_FILE_NAME))
        json_put_text(&writer, "filename", name_of(shipment, file));
    if (file->plan.feature == FEATURE_VOICE)
        json_put_bool(&writer, "voice", true);
    json_close_object(&writer);
    r = sending_close(sending, &writer, mark, &request);
    if (r < 0)
        return r;
    request->slots = slot;
    request->n_slots = 1;
    return 0;
}

/* What is said besides the files: the caption, words for what cannot go, and who speaks. */
static const char *words_beside(const struct shipment *shipment)
{
    const struct sending *sending = shipment->sending;
    const char *caption = text_first_of(shipment->list->caption, NULL), *words = shipment->unsent;

    if (caption && words)
        words = arena_format(sending->mem, "%s %s", words, caption);
    else if (!words)
        words = caption;
    if (words && sending->message->is_edit)
        words = arena_format(sending->mem, "✎ %s", words);
    if (!words && sending->place->attribute)
        words = plain_text(sending->message, sending->mem);
    return outgoing_words(sending->message, sending->place, sending->mem, words);
}

/* The file the words go with; n_files when they go behind all of them. */
static size_t captioned(const struct shipment *shipment, const char *words)
{
    const struct sending *sending = shipment->sending;
    const struct capability *cell = &sending->cells[FEATURE_CAPTION];
    size_t at = 0;

    if (!words || cell->support < SUPPORT_PARTIAL)
        return shipment->n_files;
    while (at < shipment->n_files && !has_caption(&shipment->files[at].plan))
        at++;
    if (at < shipment->n_files && sending_length(sending, words) > cell->max_text) {
        request_list_lose(sending->list, "caption>1024");
        return shipment->n_files;
    }
    if (at == shipment->n_files && shipment->list->caption && *shipment->list->caption)
        request_list_lose(sending->list, "caption→text");
    return at;
}

static int add_files(struct shipment *shipment, const char *words)
{
    const struct sending *sending = shipment->sending;
    const char *quote = outgoing_quote(sending->message, sending->place, sending->list);
    size_t at = captioned(shipment, words), n = shipment->n_files;
    bool is_text_behind = words && at == n;
    int r = 0;

    for (size_t i = 0; r == 0 && !shipment->by_url && i < n; i++)
        r = add_upload(shipment, &shipment->files[i]);
    for (size_t i = 0; r == 0 && i < n; i++)
        r = add_file(shipment, &shipment->files[i], i == 0 ? quote : NULL, i == at ? words : NULL,
                     i + 1 == n && !is_text_behind ? sending->place->mark : NULL);
    return r == 0 && is_text_behind ? sending_words(sending, words, NULL, true) : r;
}

int sending_media(const struct sending *sending)
{
    struct shipment shipment = {
        .sending = sending,
        .list = &sending->message->body.media,
        .by_url = sending->place->has_public_url &&
                  place_option(sending->place, WHATSAPP_ATTACHMENTS) == WHATSAPP_ATTACHMENTS_URL,
    };

    plan_files(&shipment);
    if (sending->mem->failed)
        return -ENOMEM;
    if (shipment.n_files == 0)
        return sending_as_text(sending);
    if (shipment.n_files > sending->cells[FEATURE_ALBUM].max_count)
        request_list_lose(sending->list, "album");
    if (sending->message->is_edit)
        request_list_lose(sending->list, "edit→✎");
    return add_files(&shipment, words_beside(&shipment));
}
