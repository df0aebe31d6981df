/* Asks a messaging network who somebody is, and reads its answer. Never asks for more than what is shown: a name. */
#include "messaging.h"

#include <errno.h>
#include <string.h>

#define ID_CHARS "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz_-"

int messaging_ask_profile(const struct messaging_dialect *dialect, const struct place *place, struct arena *mem,
                          struct request *ret)
{
    const char *user_id = place->user_id;

    if (!user_id || !*user_id || user_id[strspn(user_id, ID_CHARS)] != '\0') /* it becomes part of a path */
        return -ENOTSUP;
    const char *path = arena_format(mem, "/%s/%s?fields=%s", place->api_version, user_id, dialect->profile_fields);
    if (!path)
        return -ENOMEM;
    *ret = (struct request){ .method = "GET", .path = path, .best_effort = true };
    return 0;
}

static const char *text_of(struct json_value object, const char *key, struct arena *mem)
{
    return text_first_of(json_text(json_get(object, key), mem), NULL);
}

void messaging_read_profile(const struct reply *reply, struct arena *mem, struct profile *ret)
{
    struct profile profile = { 0 };
    struct json json;

    *ret = profile;
    if (json_parse(reply->body, mem, &json) < 0)
        return;
    struct json_value person = json_root(&json);
    const char *first = text_of(person, "first_name", mem), *last = text_of(person, "last_name", mem);
    profile.name = text_of(person, "name", mem);
    profile.username = text_of(person, "username", mem);
    if (!profile.name && first && last)
        profile.name = arena_format(mem, "%s %s", first, last);
    else if (!profile.name)
        profile.name = text_first_of(first, last);
    *ret = profile;
}
