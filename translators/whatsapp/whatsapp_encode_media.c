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
    const struct posting *posting;
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
    const struct posting *posting = shipment->posting;
    struct trefoil_message unsent = { .kind = TREFOIL_KIND_MEDIA };
    struct trefoil_media *left = arena_array(posting->mem, FILES_MAX, sizeof *left);
    size_t n_left = 0;

    for (size_t i = 0; left && i < shipment->list->n_media && i < FILES_MAX; i++) {
        struct file *file = &shipment->files[shipment->n_files];

        file->media = i;
        files_plan(posting->cells, posting->place, &shipment->list->media[i], posting->mem, posting->list, &file->plan);
        if (file->plan.as_words)
            left[n_left++] = shipment->list->media[i];
        else
            shipment->n_files++;
    }
    if (shipment->list->n_media > FILES_MAX)
        request_list_lose(posting->list, "files>32");
    unsent.body.media = (struct trefoil_media_list){ .media = left, .n_media = n_left };
    if (n_left > 0)
        shipment->unsent = plain_text(&unsent, posting->mem);
}

static const char *name_of(const struct shipment *shipment, const struct file *file)
{
    return files_name(&shipment->list->media[file->media], &file->plan, shipment->posting->mem);
}

static int add_upload(const struct shipment *shipment, struct file *file)
{
    const struct posting *posting = shipment->posting;
    const struct place *place = posting->place;
    struct upload_field *fields = arena_array(posting->mem, 2, sizeof *fields);
    struct upload *upload = arena_alloc(posting->mem, sizeof *upload);
    const char *path = arena_format(posting->mem, "/%s/%s/media", place->api_version, place->account_id);
    const char *name = name_of(shipment, file);
    struct request *request;

    file->upload = posting->list->n_requests;
    if (!fields || !upload || !path || !name)
        return -ENOMEM;
    request = request_list_add(posting->list, posting->mem);
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
    struct slot *slot = arena_alloc(shipment->posting->mem, sizeof *slot);

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
    const struct posting *posting = shipment->posting;
    struct json_writer writer = posting_open(posting, quote, type_of(&file->plan));
    struct request *request;
    struct slot *slot;
    int r;

    json_open_object(&writer, type_of(&file->plan));
    slot = put_slot(shipment, &writer, file);
    if (!slot)
        return -ENOMEM;
    if (caption)
        json_put_text(&writer, "caption", caption);
    if (file->plan.feature == FEATURE_FILE && posting_has(posting, FEATURE_FILE_NAME))
        json_put_text(&writer, "filename", name_of(shipment, file));
    if (file->plan.feature == FEATURE_VOICE)
        json_put_bool(&writer, "voice", true);
    json_close_object(&writer);
    r = posting_close(posting, &writer, mark, &request);
    if (r < 0)
        return r;
    request->slots = slot;
    request->n_slots = 1;
    return 0;
}

/* What is said besides the files: the caption, words for what cannot go, and who speaks. */
static const char *words_beside(const struct shipment *shipment)
{
    const struct posting *posting = shipment->posting;
    const char *caption = text_first_of(shipment->list->caption, NULL), *words = shipment->unsent;

    if (caption && words)
        words = arena_format(posting->mem, "%s %s", words, caption);
    else if (!words)
        words = caption;
    if (words && posting->message->is_edit)
        words = arena_format(posting->mem, "✎ %s", words);
    if (!words && posting->place->attribute)
        words = plain_text(posting->message, posting->mem);
    return outgoing_words(posting->message, posting->place, posting->mem, words);
}

/* The file the words go with; n_files when they go behind all of them. */
static size_t captioned(const struct shipment *shipment, const char *words)
{
    const struct posting *posting = shipment->posting;
    const struct capability *cell = &posting->cells[FEATURE_CAPTION];
    size_t at = 0;

    if (!words || cell->support < SUPPORT_PARTIAL)
        return shipment->n_files;
    while (at < shipment->n_files && !has_caption(&shipment->files[at].plan))
        at++;
    if (at < shipment->n_files && posting_length(posting, words) > cell->max_text) {
        request_list_lose(posting->list, "caption>1024");
        return shipment->n_files;
    }
    if (at == shipment->n_files && shipment->list->caption && *shipment->list->caption)
        request_list_lose(posting->list, "caption→text");
    return at;
}

static int add_files(struct shipment *shipment, const char *words)
{
    const struct posting *posting = shipment->posting;
    const char *quote = outgoing_quote(posting->message, posting->place, posting->list);
    size_t at = captioned(shipment, words), n = shipment->n_files;
    bool is_text_behind = words && at == n;
    int r = 0;

    for (size_t i = 0; r == 0 && !shipment->by_url && i < n; i++)
        r = add_upload(shipment, &shipment->files[i]);
    for (size_t i = 0; r == 0 && i < n; i++)
        r = add_file(shipment, &shipment->files[i], i == 0 ? quote : NULL, i == at ? words : NULL,
                     i + 1 == n && !is_text_behind ? posting->place->mark : NULL);
    return r == 0 && is_text_behind ? posting_words(posting, words, NULL, true) : r;
}

int posting_media(const struct posting *posting)
{
    struct shipment shipment = {
        .posting = posting,
        .list = &posting->message->body.media,
        .by_url = posting->place->has_public_url &&
                  place_option(posting->place, WHATSAPP_ATTACHMENTS) == WHATSAPP_ATTACHMENTS_URL,
    };

    plan_files(&shipment);
    if (posting->mem->failed)
        return -ENOMEM;
    if (shipment.n_files == 0)
        return posting_as_text(posting);
    if (shipment.n_files > posting->cells[FEATURE_ALBUM].max_count)
        request_list_lose(posting->list, "album");
    if (posting->message->is_edit)
        request_list_lose(posting->list, "edit→✎");
    return add_files(&shipment, words_beside(&shipment));
}
