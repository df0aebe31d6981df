/* Files to Messenger and Instagram: uploaded first, or offered at a URL of ours; pictures side by side in one message,
 * everything else in one of its own; what is said about them as text that follows, as neither network has captions.
 * Never sends more of a file's name than the network shows: none.
 */
#include <errno.h>
#include <string.h>

#include "base/attributes.h"
#include "files.h"
#include "messaging_send.h"
#include "plain.h"

#define FILES_MAX 32 /* of one message; what lies beyond is lost, and noted */

/* How files get there, in the order of the option's values. */
enum way {
    WAY_UPLOAD, /* we send the bytes, the message names them by an id */
    WAY_URL,    /* the message has a URL of ours */
    WAY_FETCH,  /* the network fetches them as an upload of its own, the message names them by an id */
    WAY_NONE
};

struct file {
    size_t media; /* which of the message's */
    struct file_plan plan;
    size_t upload; /* number of the request that brings it there */
};

/* The files of one message at work. */
struct shipment {
    const struct sending *sending;
    const struct trefoil_media_list *list;
    enum way way;
    struct file files[FILES_MAX];
    size_t n_files;
    const char *unsent; /* words for the files that cannot go */
};

static enum way way_of(const struct sending *sending)
{
    const struct place *place = sending->place;
    enum way way = (enum way) messaging_option(sending->dialect, place->options, OPTION_ATTACHMENTS);

    if (sending->dialect->sends_by_page && !place->page_id) /* accounts without a page have no uploads */
        return place->has_public_url ? WAY_URL : WAY_NONE;
    return place->has_public_url && way < WAY_NONE ? way : WAY_UPLOAD;
}

static const char *type_of(const struct file_plan *plan)
{
    switch (plan->feature) {
    case FEATURE_VIDEO:
        return "video";
    case FEATURE_AUDIO:
    case FEATURE_VOICE:
        return "audio";
    case FEATURE_FILE:
        return "file";
    default:
        return "image";
    }
}

static const char *mime_of(const struct file_plan *plan)
{
    return plan->mime ? plan->mime : "application/octet-stream";
}

/* Moving pictures go as videos where the configuration wants that and a converter runs. */
static void plan_file(const struct shipment *shipment, const struct trefoil_media *media, struct file_plan *ret)
{
    const struct sending *sending = shipment->sending;
    const struct place *place = sending->place;
    struct trefoil_media made = *media;
    bool as_video = media->kind == TREFOIL_MEDIA_ANIMATED && (place->conversions >> CONVERT_VIDEO_MP4 & 1u) &&
                    messaging_option(sending->dialect, place->options, OPTION_GIF) == 1;

    if (as_video) {
        made.kind = TREFOIL_MEDIA_VIDEO;
        request_list_lose(sending->list, "animation→video");
    }
    if (shipment->way == WAY_NONE)
        made.blob = NULL;
    files_plan(sending->dialect->capabilities, place, &made, sending->mem, sending->list, ret);
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
        plan_file(shipment, &shipment->list->media[i], &file->plan);
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

/* A text that is filled in when the request goes out. */
static void put_slot(struct json_writer *writer, const char *key, struct slot *slot)
{
    json_put_text(writer, key, "");
    slot->at = writer->size - 1; /* before the closing quote */
}

static struct slot url_slot(const struct file *file)
{
    return (struct slot){
        .kind = SLOT_URL,
        .which = file->media,
        .conversion = file->plan.conversion,
        .mime = mime_of(&file->plan),
    };
}

static const char *upload_words(const struct sending *sending, const struct file *file)
{
    struct json_writer writer = json_writer_make(sending->mem);
    struct bytes words;

    json_open_object(&writer, NULL);
    json_open_object(&writer, "attachment");
    json_put_text(&writer, "type", type_of(&file->plan));
    json_open_object(&writer, "payload");
    json_put_bool(&writer, "is_reusable", true);
    json_close_object(&writer);
    json_close_object(&writer);
    json_close_object(&writer);
    return json_written(&writer, &words) < 0 ? NULL : arena_text(sending->mem, words);
}

static bool is_ascii(const char *text)
{
    for (; *text; text++)
        if ((unsigned char) *text >= 0x80)
            return false;
    return true;
}

static const char *name_of(const struct shipment *shipment, const struct file *file)
{
    const struct sending *sending = shipment->sending;
    struct trefoil_media media = shipment->list->media[file->media];
    const char *name = files_name(&media, &file->plan, sending->mem);

    media.name = NULL;
    return name && sending->dialect->ascii_names && !is_ascii(name) ? files_name(&media, &file->plan, sending->mem)
                                                                    : name;
}

/* The bytes themselves, as a form. */
static int add_upload(const struct shipment *shipment, const struct file *file)
{
    const struct sending *sending = shipment->sending;
    struct upload_field *fields = arena_array(sending->mem, 2, sizeof *fields);
    struct upload *upload = arena_alloc(sending->mem, sizeof *upload);
    struct request *request;
    struct json_writer none = json_writer_make(sending->mem);
    size_t n = 0;
    int r;

    if (!fields || !upload)
        return -ENOMEM;
    if (sending->dialect->platform)
        fields[n++] = (struct upload_field){ "platform", sending->dialect->platform };
    fields[n++] = (struct upload_field){ "message", upload_words(sending, file) };
    *upload = (struct upload){
        .media = file->media,
        .conversion = file->plan.conversion,
        .fields = fields,
        .n_fields = n,
        .file_field = "filedata",
        .file_name = name_of(shipment, file),
        .mime = mime_of(&file->plan),
    };
    r = sending_close(sending, "message_attachments", &none, &request);
    if (r < 0 || !upload->file_name || !fields[n - 1].value)
        return -ENOMEM;
    request->body = BYTES_EMPTY;
    request->content_type = NULL;
    request->upload = upload;
    return 0;
}

/* The same by a URL of ours, which the network fetches. */
static int add_fetch(const struct shipment *shipment, const struct file *file)
{
    const struct sending *sending = shipment->sending;
    struct json_writer writer = json_writer_make(sending->mem);
    struct slot *slot = arena_alloc(sending->mem, sizeof *slot);
    struct request *request;
    int r;

    if (!slot)
        return -ENOMEM;
    *slot = url_slot(file);
    json_open_object(&writer, NULL);
    if (sending->dialect->platform)
        json_put_text(&writer, "platform", sending->dialect->platform);
    json_open_object(&writer, "message");
    json_open_object(&writer, "attachment");
    json_put_text(&writer, "type", type_of(&file->plan));
    json_open_object(&writer, "payload");
    put_slot(&writer, "url", slot);
    json_put_bool(&writer, "is_reusable", true);
    json_close_object(&writer);
    json_close_object(&writer);
    json_close_object(&writer);
    r = sending_close(sending, "message_attachments", &writer, &request);
    if (r < 0)
        return r;
    request->slots = slot;
    request->n_slots = 1;
    return 0;
}

static int add_uploads(struct shipment *shipment)
{
    int r = 0;

    for (size_t i = 0; r == 0 && shipment->way != WAY_URL && i < shipment->n_files; i++) {
        shipment->files[i].upload = shipment->sending->list->n_requests;
        r = shipment->way == WAY_FETCH ? add_fetch(shipment, &shipment->files[i])
                                       : add_upload(shipment, &shipment->files[i]);
    }
    return r;
}

static void put_attachment(const struct shipment *shipment, struct json_writer *writer, const char *key,
                           const struct file *file, struct slot *slot)
{
    json_open_object(writer, key);
    json_put_text(writer, "type", type_of(&file->plan));
    json_open_object(writer, "payload");
    if (shipment->way == WAY_URL) {
        *slot = url_slot(file);
        put_slot(writer, "url", slot);
        if (key && shipment->sending->dialect->reuses_urls)
            json_put_bool(writer, "is_reusable", true);
    } else {
        *slot = (struct slot){ .kind = SLOT_UPLOADED, .which = file->upload };
        put_slot(writer, "attachment_id", slot);
    }
    json_close_object(writer);
    json_close_object(writer);
}

/* One message with the files from `first` on, `n` of them. */
static int add_message(const struct shipment *shipment, size_t first, size_t n, const char *quote, const char *mark)
{
    const struct sending *sending = shipment->sending;
    struct json_writer writer = sending_open_message(sending, WHY_USUAL, quote);
    struct slot *slots = arena_array(sending->mem, n, sizeof *slots);
    struct request *request;
    int r;

    if (!slots)
        return -ENOMEM;
    if (n > 1)
        json_open_array(&writer, "attachments");
    for (size_t i = 0; i < n; i++)
        put_attachment(shipment, &writer, n > 1 ? NULL : "attachment", &shipment->files[first + i], &slots[i]);
    if (n > 1)
        json_close_array(&writer);
    r = sending_close_message(sending, &writer, mark, BYTES_EMPTY, &request);
    if (r < 0)
        return r;
    request->slots = slots;
    request->n_slots = n;
    return 0;
}

/* How many files from `first` on go side by side: pictures do. */
static size_t group_of(const struct shipment *shipment, size_t first)
{
    const struct capability *album = &shipment->sending->dialect->capabilities[FEATURE_ALBUM];
    size_t n = 0;

    while (album->support >= SUPPORT_PARTIAL && n < album->max_count && first + n < shipment->n_files &&
           strcmp(type_of(&shipment->files[first + n].plan), "image") == 0)
        n++;
    return n > 0 ? n : 1;
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

int sending_media(const struct sending *sending)
{
    struct shipment shipment = {
        .sending = sending,
        .list = &sending->message->body.media,
        .way = way_of(sending),
    };
    const char *words, *quote;
    int r;

    plan_files(&shipment);
    if (shipment.n_files == 0)
        return sending_as_text(sending);
    words = words_beside(&shipment);
    quote = sending_quote(sending);
    if (shipment.list->caption && *shipment.list->caption)
        request_list_lose(sending->list, "caption→text");
    if (sending->message->is_edit)
        request_list_lose(sending->list, "edit→✎");
    r = add_uploads(&shipment);
    for (size_t i = 0, n; r == 0 && i < shipment.n_files; i += n) {
        n = group_of(&shipment, i);
        r = add_message(&shipment, i, n, i == 0 ? quote : NULL,
                        !words && i + n == shipment.n_files ? sending->place->mark : NULL);
    }
    return r < 0 ? r : sending_words(sending, words, NULL, NULL);
}
