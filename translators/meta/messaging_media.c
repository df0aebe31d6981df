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
#include "relation.h"
#include "skeleton_types/echo_words.h"

/* How files get there, in the order of the option's values. */
enum way {
    WAY_UPLOAD, /* we send the bytes, the message names them by an id */
    WAY_URL,    /* the message has a URL of ours */
    WAY_FETCH,  /* the network fetches them as an upload of its own, the message names them by an id */
    WAY_NONE
};

/* The files of one message at work. */
struct shipment {
    const struct sending *sending;
    enum way way;
    struct files files;
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
    struct trefoil_media media = sending->message->body.media.media[file->media];
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
        .mime = files_mime(&file->plan),
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
    json_open_object(&writer, NULL);
    if (sending->dialect->platform)
        json_put_text(&writer, "platform", sending->dialect->platform);
    json_open_object(&writer, "message");
    json_open_object(&writer, "attachment");
    json_put_text(&writer, "type", type_of(&file->plan));
    json_open_object(&writer, "payload");
    files_put_slot(&writer, "url", file, true, slot);
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

    for (size_t i = 0; r == 0 && shipment->way != WAY_URL && i < shipment->files.n; i++) {
        shipment->files.files[i].upload = shipment->sending->list->n_requests;
        r = shipment->way == WAY_FETCH ? add_fetch(shipment, &shipment->files.files[i])
                                       : add_upload(shipment, &shipment->files.files[i]);
    }
    return r;
}

/* As an echo will show them. */
static struct bytes words_of(const struct shipment *shipment, size_t first, size_t n)
{
    struct arena *mem = shipment->sending->mem;
    enum trefoil_media_kind *kinds = arena_array(mem, n, sizeof *kinds);

    for (size_t i = 0; kinds && i < n; i++)
        switch (shipment->files.files[first + i].plan.feature) {
        case FEATURE_VIDEO:
            kinds[i] = TREFOIL_MEDIA_VIDEO;
            break;
        case FEATURE_AUDIO:
        case FEATURE_VOICE:
            kinds[i] = TREFOIL_MEDIA_AUDIO;
            break;
        case FEATURE_FILE:
            kinds[i] = TREFOIL_MEDIA_FILE;
            break;
        default:
            kinds[i] = TREFOIL_MEDIA_IMAGE;
        }
    return kinds ? bytes_of_text(echo_words_of_files(kinds, n, mem)) : BYTES_EMPTY;
}

static void put_attachment(const struct shipment *shipment, struct json_writer *writer, const char *key,
                           const struct file *file, struct slot *slot)
{
    bool by_url = shipment->way == WAY_URL;

    json_open_object(writer, key);
    json_put_text(writer, "type", type_of(&file->plan));
    json_open_object(writer, "payload");
    files_put_slot(writer, by_url ? "url" : "attachment_id", file, by_url, slot);
    if (by_url && key && shipment->sending->dialect->reuses_urls)
        json_put_bool(writer, "is_reusable", true);
    json_close_object(writer);
    json_close_object(writer);
}

/* What goes side by side is pictures. */
static bool is_heavy(const struct file *file)
{
    const char *type = type_of(&file->plan);

    return strcmp(type, "audio") == 0 || strcmp(type, "video") == 0;
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
        put_attachment(shipment, &writer, n > 1 ? NULL : "attachment", &shipment->files.files[first + i], &slots[i]);
    if (n > 1)
        json_close_array(&writer);
    r = sending_close_message(sending, &writer, mark, words_of(shipment, first, n), &request);
    if (r < 0)
        return r;
    request->slots = slots;
    request->n_slots = n;
    request->is_heavy = is_heavy(&shipment->files.files[first]);
    return 0;
}

/* How many files from `first` on go side by side: pictures do, where the account can send them so. */
static size_t group_of(const struct shipment *shipment, size_t first)
{
    const struct capability *album = &shipment->sending->dialect->capabilities[FEATURE_ALBUM];
    size_t n = 0;

    while (album->support >= SUPPORT_PARTIAL && n < album->max_count && first + n < shipment->files.n &&
           strcmp(type_of(&shipment->files.files[first + n].plan), "image") == 0)
        n++;
    if (n > 1 && messaging_option(shipment->sending->dialect, shipment->sending->place->options, OPTION_ALBUM) == 1) {
        request_list_lose(shipment->sending->list, "album");
        return 1;
    }
    return n > 0 ? n : 1;
}

/* Moving pictures go as videos where the configuration wants that and a converter runs. */
static enum files_how how(const struct shipment *shipment)
{
    const struct sending *sending = shipment->sending;

    if (shipment->way == WAY_NONE)
        return FILES_AS_WORDS;
    return messaging_option(sending->dialect, sending->place->options, OPTION_GIF) == 1 ? FILES_AS_VIDEO : FILES_USUAL;
}

int sending_media(const struct sending *sending)
{
    const struct trefoil_message *message = sending->message;
    struct shipment shipment = { .sending = sending, .way = way_of(sending) };
    const char *words, *quote;
    int r;

    files_sort(sending->dialect->capabilities, sending->place, &message->body.media, how(&shipment), sending->mem,
               sending->list, &shipment.files);
    if (shipment.files.n == 0)
        return sending_as_text(sending);
    words = files_words(message, sending->place, &shipment.files, sending->mem);
    quote = sending_quote(sending);
    if (message->body.media.caption && *message->body.media.caption)
        request_list_lose(sending->list, "caption→text");
    if (message->is_edit)
        relation_lose(RELATION_EDIT, sending->list);
    r = add_uploads(&shipment);
    for (size_t i = 0, n; r == 0 && i < shipment.files.n; i += n) {
        n = group_of(&shipment, i);
        r = add_message(&shipment, i, n, i == 0 ? quote : NULL,
                        !words && i + n == shipment.files.n ? sending->place->mark : NULL);
    }
    return r < 0 ? r : sending_words(sending, words, NULL, NULL);
}
