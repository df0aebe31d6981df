/* WhatsApp's media: upload, locate, delete; and files in messages. Never fetches a link itself. */
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "sandbox/assets.h"
#include "sandbox/sending.h"

#define UPLOAD_LIVES_MS (30 * DAY_MS)
#define MEGABYTE UINT64_C(1048576)
#define MAX_CAPTION_CHARACTERS 1024
#define MAX_UPLOAD_BYTES (100 * MEGABYTE)
#define SHA256_HEX_SIZE (2 * crypto_hash_sha256_BYTES + 1)

static const char *const image_mimes[] = { "image/jpeg", "image/png", NULL };
static const char *const video_mimes[] = { "video/mp4", "video/3gpp", NULL };
static const char *const audio_mimes[] = { "audio/aac", "audio/amr", "audio/mpeg", "audio/mp4", "audio/ogg", NULL };
static const char *const sticker_mimes[] = { "image/webp", NULL };

static const struct medium mediums[] = {
    { "image", KIND_IMAGE, image_mimes, 5 * MEGABYTE, MAX_CAPTION_CHARACTERS },
    { "video", KIND_VIDEO, video_mimes, 16 * MEGABYTE, MAX_CAPTION_CHARACTERS },
    { "audio", KIND_AUDIO, audio_mimes, 16 * MEGABYTE, 0 },
    { "document", KIND_FILE, NULL, MAX_UPLOAD_BYTES, MAX_CAPTION_CHARACTERS },
    { "sticker", KIND_STICKER, sticker_mimes, UINT64_C(512000), 0 },
};

const struct medium *find_medium(const char *type)
{
    for (size_t i = 0; i < ARRAY_SIZE(mediums); i++) {
        if (strcmp(mediums[i].type, type) == 0)
            return &mediums[i];
    }
    return NULL;
}

bool is_medium_fit(const struct medium *medium, const struct file *file, const char **ret_why)
{
    *ret_why = "Media file size too big. Max file size we currently support differs by type.";
    if (file->size > medium->max_bytes)
        return false;
    *ret_why = "Unsupported media type for this message; check the Content-Type of the file.";
    for (size_t i = 0; medium->mimes && medium->mimes[i]; i++) {
        if (strncasecmp(file->mime, medium->mimes[i], strlen(medium->mimes[i])) == 0)
            return true;
    }
    return medium->mimes == NULL;
}

/* ---- In messages ---- */

enum kind show_medium(json_t *content, const json_t *media, const struct medium *medium, const struct file *file)
{
    bool is_voice = json_is_true(json_object_get(media, "voice")) && strncmp(file->mime, "audio/ogg", 9) == 0;
    enum kind kind = is_voice ? KIND_VOICE : medium->kind;
    json_t *shown = file_json(file, kind), *name = json_object_get(media, "filename");

    if (shown && json_is_string(name))
        (void) json_object_set(shown, "name", name);
    (void) json_object_set_new(content, "media", json_pack("[o]", shown));
    return kind;
}

bool read_media(struct sending *sending, const json_t *media, const struct medium *medium)
{
    const char *id = text_in(media, "id"), *link = text_in(media, "link"), *caption = text_in(media, "caption");
    struct graph_call *call = sending->call;
    const struct asset *asset = id ? asset_find(call->world, call->account, id) : NULL;

    if (!id && !link)
        return refuse_missing(sending, "id or link");
    if (id && link)
        return refuse_value(sending, "Only one of id and link may be given.");
    if (caption && medium->max_caption == 0)
        return refuse_value(sending, "Unexpected key \"caption\": this type has none.");
    if (caption && !check_optional(sending, media, "caption", "caption", medium->max_caption))
        return false;
    if (link && strncmp(link, "http://", 7) != 0 && strncmp(link, "https://", 8) != 0)
        return refuse_value(sending, "Param link is not a valid URL.");
    if (id && !asset)
        return refuse_value(sending, "Media ID does not exist, has expired, or belongs to another number.");
    sending->order.kind = medium->kind;
    sending->content = json_object();
    if (caption && *caption)
        (void) json_object_set_new(sending->content, "caption", json_string(caption));
    sending->link = link;
    sending->medium = medium;
    if (asset && is_medium_fit(medium, asset->file, &sending->failure)) {
        sending->failure = NULL;
        sending->order.kind = show_medium(sending->content, media, medium, asset->file);
    }
    return true;
}

/* ---- Upload, locate, delete ---- */

static void refuse_upload(struct graph_call *call)
{
    graph_refuse(call, &(struct graph_error){ .status = 400,
                                              .code = 131053,
                                              .message = "Media upload error",
                                              .details = "Asked for by the sandbox's control API" });
}

void graph_upload(struct graph_call *call)
{
    const char *product = text_in(call->body, "messaging_product"), *type = text_in(call->body, "type");
    struct world *world = call->world;
    const struct file *file = call->upload;
    struct asset *asset;
    json_t *json;

    call->kind = "upload";
    if (fault_strikes(&call->account->faults, FAULT_UPLOAD_ERROR, &world->dice)) {
        refuse_upload(call);
    } else if (!product || strcmp(product, "whatsapp") != 0) {
        graph_missing(call, "messaging_product");
    } else if (!file) {
        graph_missing(call, "file");
    } else if (file->size == 0 || file->size > MAX_UPLOAD_BYTES) {
        graph_invalid(call, file->size ? "Param file must be at most 100 MB" : "Param file must not be empty");
    } else {
        if (type && strcmp(type, file->mime) != 0)
            file = file_again(&world->files, file, NULL, type);
        asset = file ? asset_new(call->account, file, NULL, UPLOAD_LIVES_MS) : NULL;
        json = json_pack("{s:s}", "id", asset ? asset->id : "");
        if (asset)
            graph_reply(call, &json);
        else
            refuse_upload(call);
        json_decref(json);
    }
}

/* False: no such media. */
bool graph_locate(struct graph_call *call, const char *id)
{
    const struct asset *asset = asset_find(call->world, call->account, id);
    char url[ASSET_URL_SIZE], sha256[SHA256_HEX_SIZE];
    json_t *json;

    if (!asset)
        return false;
    call->kind = "locate";
    asset_url(asset, url);
    bytes_to_hex(bytes_make(asset->file->sha256, sizeof(asset->file->sha256)), sha256);
    json = json_pack("{s:s,s:s,s:s,s:s,s:I,s:s}", "messaging_product", "whatsapp", "url", url, "mime_type",
                     asset_mime(asset), "sha256", sha256, "file_size", (json_int_t) asset->file->size, "id", asset->id);
    graph_reply(call, &json);
    return true;
}

bool graph_delete(struct graph_call *call, const char *id)
{
    struct asset *asset = asset_find(call->world, call->account, id);
    json_t *json;

    if (!asset)
        return false;
    call->kind = "delete";
    asset_delete(asset);
    json = json_pack("{s:b}", "success", 1);
    graph_reply(call, &json);
    return true;
}
