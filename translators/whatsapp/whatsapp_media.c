/* Where a file is that WhatsApp named: its id is asked for an address, which dies within minutes.
 * Never fetches the file.
 */
#include <errno.h>
#include <string.h>

#include "whatsapp_map.h"

static bool is_id(const char *id)
{
    return id && *id && strlen(id) <= META_ID_MAX_BYTES &&
           id[strspn(id, "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz_-")] == 0;
}

int whatsapp_ask_media(const struct trefoil_media *media, const struct place *place, struct arena *mem,
                       struct request *ret)
{
    const char *path;

    if (!is_id(media->network_id))
        return -ENOTSUP;
    path = arena_format(mem, "/%s/%s?phone_number_id=%s", place->api_version, media->network_id, place->account_id);
    if (!path)
        return -ENOMEM;
    *ret = (struct request){ .method = "GET", .path = path };
    return 0;
}

void whatsapp_read_media(const struct reply *reply, struct arena *mem, struct located *ret)
{
    struct json json;
    struct json_value answer;
    int64_t size;

    *ret = (struct located){ 0 };
    if (reply->failure != REPLY_ANSWERED || reply->http_status != 200 || json_parse(reply->body, mem, &json) < 0)
        return;
    answer = json_root(&json);
    ret->url = json_text(json_get(answer, "url"), mem);
    ret->mime = json_text(json_get(answer, "mime_type"), mem);
    if (json_i64(json_get(answer, "file_size"), &size) == 0 && size > 0)
        ret->size_bytes = (uint64_t) size;
}
