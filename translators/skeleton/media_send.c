/* Files of one send: which, how far, and the bodies made of them. Never sends a request itself. */
#include "media_send.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "media_file.h"
#include "media_url.h"
#include "wire/content.h"

#define BOUNDARY "trefoil-7d3f0c5e9b1a4d28-boundary"
#define LOST_FILE "file gone"

struct held {
    struct send *send;
    size_t media;
    enum conversion conversion;
    struct media_file *file;
    bool is_ready;
};

struct media_send {
    uint8_t channel[SEAL_ID_BYTES];
    struct trefoil_message message;
    struct trefoil_media *media; /* of the message, ours */
    uint32_t *in_vain;           /* of each of them: conversions that did not work */
    struct place place;
    struct held *files[MEDIA_SEND_FILES_MAX];
    size_t n_files, n_awaited;
    bool is_opening, must_encode, must_wait;
    const char **upload_ids;
    size_t n_upload_ids;
    struct media_reader *reader; /* of the upload that is out */
    struct bytes head, tail;     /* around it */
    uint64_t left;               /* of the file */
};

static struct media *media_of(const struct send *send)
{
    return send->parcel->sender->options.media;
}

/* ---- what is kept ----------------------------------------------------------------------------------------------- */

static int copy_message(const struct trefoil_message *message, struct arena *mem, struct trefoil_message *ret)
{
    static const uint8_t nobody[SEAL_ID_BYTES] = { 1 };
    struct content_claims claims = { .envelope_id = bytes_make(nobody, sizeof(nobody)),
                                     .channel = bytes_make(nobody, sizeof(nobody)),
                                     .service = "copy" };
    struct bytes content;

    int r = content_write(message, &claims, mem, &content);
    return r < 0 ? r : content_read(content, mem, ret, &claims);
}

static const char *copy(struct arena *mem, const char *text)
{
    return text ? arena_text(mem, bytes_of_text(text)) : NULL;
}

static void copy_place(const struct place *place, struct arena *mem, struct place *ret)
{
    const char **relates = arena_array(mem, place->n_relates + 1, sizeof(*relates));

    *ret = *place;
    ret->user_id = copy(mem, place->user_id);
    ret->last_message_id = copy(mem, place->last_message_id);
    ret->relates = relates;
    for (size_t i = 0; relates && i < place->n_relates; i++)
        relates[i] = copy(mem, place->relates[i]);
}

int media_send_keep(struct send *send, const struct trefoil_delivery *delivery, const struct place *place)
{
    struct arena *mem = &send->parcel->mem;
    const struct trefoil_media_list *list = &delivery->message.body.media;
    bool has_blob = false;

    for (size_t i = 0; delivery->message.kind == TREFOIL_KIND_MEDIA && i < list->n_media; i++)
        has_blob = has_blob || list->media[i].blob;
    if (!has_blob || !media_of(send))
        return 0;
    struct media_send *files = arena_alloc(mem, sizeof(*files));
    struct trefoil_media *media = arena_array(mem, list->n_media, sizeof(*media));
    uint32_t *in_vain = arena_array(mem, list->n_media, sizeof(*in_vain));
    int r = files && media && in_vain ? copy_message(&delivery->message, mem, &files->message) : -ENOMEM;
    if (r < 0)
        return r;
    memcpy(files->channel, delivery->channel.bytes, SEAL_ID_BYTES);
    memcpy(media, files->message.body.media.media, list->n_media * sizeof(*media));
    files->media = media;
    files->message.body.media.media = media;
    copy_place(place, mem, &files->place);
    files->place.in_vain = files->in_vain = in_vain;
    send->files = files;
    return mem->failed ? -ENOMEM : 0;
}

const struct trefoil_message *media_send_message(const struct send *send)
{
    return &send->files->message;
}

const struct place *media_send_place(const struct send *send)
{
    return &send->files->place;
}

/* ---- bringing the files ----------------------------------------------------------------------------------------- */

static struct held *find(const struct media_send *files, size_t media, enum conversion conversion)
{
    for (size_t i = 0; i < files->n_files; i++)
        if (files->files[i]->media == media && files->files[i]->conversion == conversion)
            return files->files[i];
    return NULL;
}

static void release(struct media_send *files)
{
    files->reader = media_reader_close(files->reader);
    for (size_t i = 0; i < files->n_files; i++) {
        media_file_close(files->files[i]->file);
        free(files->files[i]);
    }
    files->n_files = files->n_awaited = 0;
}

/* What does not work is left out of the next attempt; a store in trouble is waited for. */
static void note_trouble(struct media_send *files, const struct held *held, int r)
{
    if (r == -ENOTSUP && held->conversion != CONVERT_NONE) {
        files->in_vain[held->media] |= (uint32_t) 1 << held->conversion;
        files->must_encode = true;
    } else if (r == -ENOENT || r == -EBADMSG) {
        files->media[held->media].blob = NULL;
        files->must_encode = true;
    } else {
        files->must_wait = true;
    }
}

static void go_on_if_whole(struct send *send)
{
    struct media_send *files = send->files;

    if (files->n_awaited || files->is_opening)
        return;
    send->state = SEND_WAITING;
    if (files->must_wait) {
        send_set_aside(send, SENDER_HOLD_MS, "file store in trouble");
    } else if (files->must_encode) {
        bool is_gone = false;
        for (size_t i = 0; i < files->n_files; i++)
            is_gone = is_gone || !files->media[files->files[i]->media].blob;
        release(files);
        files->must_encode = false;
        send_encode_again(send, is_gone ? LOST_FILE : NULL);
    } else {
        send_advance(send);
    }
}

static void on_ready(void *context, int r)
{
    struct held *held = context;
    struct media_send *files = held->send->files;

    held->is_ready = r == 0;
    files->n_awaited--;
    if (r < 0)
        note_trouble(files, held, r);
    go_on_if_whole(held->send);
}

static void want(struct send *send, size_t media, enum conversion conversion)
{
    struct media_send *files = send->files;
    struct blob_secret secret;

    if (media >= files->message.body.media.n_media || find(files, media, conversion) ||
        files->n_files == MEDIA_SEND_FILES_MAX)
        return;
    struct held *held = calloc(1, sizeof(*held));
    if (!held) {
        files->must_wait = true;
        return;
    }
    *held = (struct held){ .send = send, .media = media, .conversion = conversion };
    files->files[files->n_files++] = held;
    struct media_file_wanted wanted = { files->channel, &secret, conversion };
    int r = media_secret_of(&files->media[media], &secret);
    if (r == 0)
        r = media_file_open(media_of(send), &wanted, held, on_ready, &held->file);
    if (r == 0)
        files->n_awaited++;
    else
        note_trouble(files, held, r);
}

static bool want_all(struct send *send)
{
    bool wants = false;

    for (size_t i = 0; i < send->requests.n_requests; i++) {
        const struct request *request = &send->requests.requests[i];
        if (request->upload)
            want(send, request->upload->media, request->upload->conversion);
        wants = wants || request->upload;
        for (size_t j = 0; j < request->n_slots; j++) {
            if (request->slots[j].kind == SLOT_URL)
                want(send, request->slots[j].which, request->slots[j].conversion);
            wants = true;
        }
    }
    return wants;
}

bool media_send_prepare(struct send *send)
{
    struct media_send *files = send->files;
    size_t n = send->requests.n_requests;

    if (!files)
        return false;
    files->upload_ids = arena_array(&send->parcel->mem, n + 1, sizeof(*files->upload_ids));
    files->n_upload_ids = files->upload_ids ? n : 0;
    files->is_opening = true;
    bool wants = want_all(send);
    files->is_opening = false;
    if (!wants)
        return false;
    send->state = SEND_PREPARING;
    go_on_if_whole(send);
    return true;
}

void media_send_end(struct send *send)
{
    if (send->files)
        release(send->files);
}

/* ---- bodies ----------------------------------------------------------------------------------------------------- */

void media_send_note(struct send *send, size_t request, const char *id)
{
    if (send->files && request < send->files->n_upload_ids)
        send->files->upload_ids[request] = id;
}

void media_send_answered(struct send *send)
{
    if (send->files)
        send->files->reader = media_reader_close(send->files->reader);
}

/* A value in a header of a part: what could end it there is left out. */
static const char *quoted(struct arena *mem, const char *text)
{
    char *copy_ = arena_text(mem, bytes_of_text(text ? text : ""));

    for (char *at = copy_; at && *at; at++)
        if (*at == '"' || *at == '\\' || (unsigned char) *at < ' ')
            *at = '_';
    return copy_ ? copy_ : "";
}

static struct bytes head_of(struct arena *mem, const struct upload *upload)
{
    const char *text = "";

    for (size_t i = 0; text && i < upload->n_fields; i++)
        text = arena_format(mem, "%s--" BOUNDARY "\r\nContent-Disposition: form-data; name=\"%s\"\r\n\r\n%s\r\n", text,
                            quoted(mem, upload->fields[i].name), upload->fields[i].value);
    if (text)
        text = arena_format(mem,
                            "%s--" BOUNDARY "\r\nContent-Disposition: form-data; name=\"%s\"; filename=\"%s\"\r\n"
                            "Content-Type: %s\r\n\r\n",
                            text, quoted(mem, upload->file_field), quoted(mem, upload->file_name),
                            quoted(mem, upload->mime));
    return bytes_of_text(text);
}

/* Head, file, tail, each as far as it goes. */
static long on_source(void *context, uint8_t *buffer, size_t room)
{
    struct media_send *files = ((struct send *) context)->files;
    struct bytes *words = files->head.size ? &files->head : files->left ? NULL : &files->tail;

    if (words) {
        size_t n = words->size < room ? words->size : room;
        struct bytes part = bytes_cut(words, n);
        memcpy(buffer, part.data, n);
        return n ? (long) n : -EIO;
    }
    long n = media_reader_read(files->reader, buffer, room < files->left ? room : (size_t) files->left);
    if (n <= 0)
        return n < 0 ? n : -EIO;
    files->left -= (uint64_t) n;
    return n;
}

static int compose_upload(struct send *send, const struct upload *upload, struct http_call *call)
{
    struct media_send *files = send->files;
    struct arena *mem = &send->parcel->mem;
    const struct held *held = files ? find(files, upload->media, upload->conversion) : NULL;
    const struct settings *settings = send->parcel->sender->options.settings;

    if (!held || !held->is_ready)
        return -EINVAL;
    media_send_answered(send);
    int r = media_reader_open(held->file, &files->reader);
    if (r < 0)
        return r;
    files->head = head_of(mem, upload);
    files->tail = bytes_of_text("\r\n--" BOUNDARY "--\r\n");
    files->left = media_file_size(held->file);
    call->content_type = "multipart/form-data; boundary=" BOUNDARY;
    call->body = BYTES_EMPTY;
    call->source = on_source;
    call->source_bytes = files->head.size + files->left + files->tail.size;
    call->timeout_ms = (uint32_t) settings->media_wait_ms;
    call->idle_ms = (uint32_t) settings->send_timeout_ms;
    return mem->failed ? -ENOMEM : 0;
}

/* NULL: there is nothing to put there. */
static const char *text_of(struct send *send, const struct slot *slot)
{
    struct media_send *files = send->files;
    struct blob_secret secret;

    if (!files)
        return NULL;
    if (slot->kind == SLOT_UPLOADED)
        return slot->which < files->n_upload_ids ? files->upload_ids[slot->which] : NULL;
    const struct held *held = find(files, slot->which, slot->conversion);
    if (!held || !held->is_ready || media_secret_of(&files->media[slot->which], &secret) < 0)
        return NULL;
    struct media_ticket ticket = { .secret = secret,
                                   .conversion = slot->conversion,
                                   .mime = slot->mime,
                                   .seq = send->parcel->seq,
                                   .target = send->target };
    memcpy(ticket.channel, files->channel, SEAL_ID_BYTES);
    return media_url_make(send->parcel->sender->options.urls, &ticket, &send->parcel->mem);
}

static int compose_slots(struct send *send, const struct request *request, struct http_call *call)
{
    struct arena *mem = &send->parcel->mem;
    const char **texts = arena_array(mem, request->n_slots, sizeof(*texts));
    size_t size = request->body.size, at = 0;

    for (size_t i = 0; texts && i < request->n_slots; i++) {
        texts[i] = text_of(send, &request->slots[i]);
        if (!texts[i] || request->slots[i].at < at || request->slots[i].at > request->body.size)
            return -EINVAL;
        at = request->slots[i].at;
        size += strlen(texts[i]);
    }
    uint8_t *body = texts ? arena_alloc(mem, size) : NULL;
    if (!body)
        return -ENOMEM;
    struct writer writer = writer_make(body, size);
    struct bytes rest = request->body;
    at = 0;
    for (size_t i = 0; i < request->n_slots; i++) {
        writer_put(&writer, bytes_cut(&rest, request->slots[i].at - at));
        writer_text(&writer, texts[i]);
        at = request->slots[i].at;
    }
    writer_put(&writer, rest);
    call->body = writer_bytes(&writer);
    return 0;
}

int media_send_compose(struct send *send, struct http_call *call)
{
    const struct request *request = &send->requests.requests[send->next];

    if (request->upload)
        return compose_upload(send, request->upload, call);
    return request->n_slots ? compose_slots(send, request, call) : 0;
}
