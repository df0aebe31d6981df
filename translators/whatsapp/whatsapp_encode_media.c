/* Files to WhatsApp: uploaded first, or offered at a URL of ours, then each a message of its own; the caption with the
 * first that can have one, else as text behind them. Never sends a name a stranger chose as it is.
 */
#include <errno.h>
#include <string.h>

#include "base/attributes.h"
#include "meta/files.h"
#include "meta/plain.h"
#include "whatsapp_send.h"

/* The files of one message at work. */
struct shipment {
    const struct posting *posting;
    struct files files;
    bool by_url;
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

static const char *name_of(const struct shipment *shipment, const struct file *file)
{
    return files_name(&shipment->posting->message->body.media.media[file->media], &file->plan, shipment->posting->mem);
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
    fields[1] = (struct upload_field){ "type", files_mime(&file->plan) };
    *upload = (struct upload){
        .media = file->media,
        .conversion = file->plan.conversion,
        .fields = fields,
        .n_fields = 2,
        .file_field = "file",
        .file_name = name,
        .mime = files_mime(&file->plan),
    };
    *request = (struct request){ .method = "POST", .path = path, .upload = upload };
    return 0;
}

static int add_file(const struct shipment *shipment, const struct file *file, const char *quote, const char *caption,
                    const char *mark)
{
    const struct posting *posting = shipment->posting;
    struct json_writer writer = posting_open(posting, quote, type_of(&file->plan));
    struct request *request;
    struct slot *slot = arena_alloc(posting->mem, sizeof *slot);
    int r;

    if (!slot)
        return -ENOMEM;
    json_open_object(&writer, type_of(&file->plan));
    files_put_slot(&writer, shipment->by_url ? "link" : "id", file, shipment->by_url, slot);
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

/* The file the words go with; n_files when they go behind all of them. */
static size_t captioned(const struct shipment *shipment, const char *words)
{
    const struct posting *posting = shipment->posting;
    const struct capability *cell = &posting->cells[FEATURE_CAPTION];
    size_t at = 0;

    if (!words || cell->support < SUPPORT_PARTIAL)
        return shipment->files.n;
    while (at < shipment->files.n && !has_caption(&shipment->files.files[at].plan))
        at++;
    if (at < shipment->files.n && posting_length(posting, words) > cell->max_text) {
        request_list_lose(posting->list, "caption>1024");
        return shipment->files.n;
    }
    if (at == shipment->files.n && posting->message->body.media.caption && *posting->message->body.media.caption)
        request_list_lose(posting->list, "caption→text");
    return at;
}

static int add_files(struct shipment *shipment, const char *words)
{
    const struct posting *posting = shipment->posting;
    const char *quote = outgoing_quote(posting->message, posting->place, posting->list);
    size_t at = captioned(shipment, words), n = shipment->files.n;
    bool is_text_behind = words && at == n;
    int r = 0;

    for (size_t i = 0; r == 0 && !shipment->by_url && i < n; i++)
        r = add_upload(shipment, &shipment->files.files[i]);
    for (size_t i = 0; r == 0 && i < n; i++)
        r = add_file(shipment, &shipment->files.files[i], i == 0 ? quote : NULL, i == at ? words : NULL,
                     i + 1 == n && !is_text_behind ? posting->place->mark : NULL);
    return r == 0 && is_text_behind ? posting_words(posting, words, NULL, true) : r;
}

int posting_media(const struct posting *posting)
{
    struct shipment shipment = {
        .posting = posting,
        .by_url = posting->place->has_public_url &&
                  place_option(posting->place, WHATSAPP_ATTACHMENTS) == WHATSAPP_ATTACHMENTS_URL,
    };

    files_sort(posting->cells, posting->place, &posting->message->body.media, FILES_USUAL, posting->mem, posting->list,
               &shipment.files);
    if (posting->mem->failed)
        return -ENOMEM;
    if (shipment.files.n == 0)
        return posting_as_text(posting);
    if (shipment.files.n > posting->cells[FEATURE_ALBUM].max_count)
        request_list_lose(posting->list, "album");
    if (posting->message->is_edit)
        relation_lose(RELATION_EDIT, posting->list);
    return add_files(&shipment, files_words(posting->message, posting->place, &shipment.files, posting->mem));
}
