/* What people say, of every kind: from the words of the control API to bubbles and events. Never invents what a network's
 * own app could not send: that is refused, with the reason.
 */
#include <stdlib.h>
#include <string.h>

#include "sandbox/control.h"
#include "sandbox/conversation.h"
#include "sandbox/events.h"

#define MAX_MEDIA 30
#define MAX_PLAIN_BYTES 16384

/* One thing said: what a bubble will be. */
struct said {
    struct bubble_order order;
    json_t *content, *attachments; /* own references */
};

static enum network network_of_person(const struct person *person)
{
    return person->account->network;
}

static const char *text_of(const json_t *object, const char *member)
{
    return json_string_value(json_object_get(object, member));
}

/* ---- Refusals ---- */

static bool refuse(struct control_call *call, const char *why)
{
    control_refuse(call, 400, why);
    return false;
}

static bool only_on(struct control_call *call, const struct person *person, unsigned networks, const char *why)
{
    return (networks & 1u << network_of_person(person)) || refuse(call, why);
}

#define ON_WHATSAPP (1u << NETWORK_WHATSAPP)
#define ON_MESSENGER (1u << NETWORK_MESSENGER)
#define ON_INSTAGRAM (1u << NETWORK_INSTAGRAM)

/* ---- The kinds ---- */

bool control_read_text(struct control_call *call, const char *text)
{
    return (text && *text && strlen(text) <= MAX_TEXT_BYTES) || refuse(call, "text: 1 to 65536 bytes");
}

static bool read_text(struct control_call *call, struct person *person unused_, const json_t *value, struct said *said)
{
    said->order.text = json_string_value(value);
    return control_read_text(call, said->order.text);
}

/* One file as phones show it; NULL: refused already. */
static json_t *read_file(struct control_call *call, const json_t *item, enum kind *ret_kind)
{
    const char *id = text_of(item, "file"), *kind = text_of(item, "kind"), *mime = text_of(item, "mime");
    const struct file *file = id ? file_find(&call->world->files, id) : NULL;
    const json_t *name = json_object_get(item, "name");
    struct file *mutable = NULL;

    if (!file) {
        (void) refuse(call, "media: file: one of /control/files");
        return NULL;
    }
    if (!kind || kind_of(kind, ret_kind) < 0 || *ret_kind < KIND_IMAGE || *ret_kind > KIND_ANIMATED) {
        (void) refuse(call, "media: kind: one of image, video, audio, voice, file, sticker, animated");
        return NULL;
    }
    if (json_is_string(name) || mime) {
        mutable = file_again(&call->world->files, file, json_is_string(name) ? name : NULL, mime);
        if (!mutable) {
            control_refuse(call, 507, "too many files");
            return NULL;
        }
        file = mutable;
    }
    return file_json(file, *ret_kind);
}

static const char *caption_of(const struct control_call *call, const json_t *media)
{
    const char *caption = text_of(call->body, "text");
    const json_t *item;
    size_t i;

    json_array_foreach (media, i, item)
        caption = caption ? caption : text_of(item, "caption");
    return caption;
}

/* All files in one message, as Messenger and Instagram have it; WhatsApp's one file, too. */
static bool read_media(struct control_call *call, struct person *person unused_, const json_t *value, struct said *said)
{
    const char *caption = caption_of(call, value);
    json_t *list = json_array();
    const json_t *item;
    size_t i;

    said->content = json_pack("{s:o}", "media", list);
    if (json_array_size(value) == 0 || json_array_size(value) > MAX_MEDIA)
        return refuse(call, "media: 1 to 30 of {kind, file, caption?, name?, mime?}");
    json_array_foreach (value, i, item) {
        enum kind kind;
        json_t *file = read_file(call, item, &kind);

        if (!file)
            return false;
        if (i == 0)
            said->order.kind = kind;
        (void) json_array_append_new(list, file);
    }
    if (caption && *caption)
        (void) json_object_set_new(said->content, "caption", json_string(caption));
    return true;
}

static bool read_location(struct control_call *call, struct person *person, const json_t *value, struct said *said)
{
    if (!only_on(call, person, ON_WHATSAPP | ON_MESSENGER, "network: Instagram's people cannot send a location"))
        return false;
    if (!json_is_number(json_object_get(value, "latitude")) || !json_is_number(json_object_get(value, "longitude")))
        return refuse(call, "location: {latitude, longitude, name?, address?}");
    said->order.kind = KIND_LOCATION;
    said->content = json_pack("{s:O}", "location", value);
    return true;
}

static bool read_contacts(struct control_call *call, struct person *person, const json_t *value, struct said *said)
{
    const json_t *contact;
    size_t i;

    if (!only_on(call, person, ON_WHATSAPP, "network: only WhatsApp's people can send contacts"))
        return false;
    if (json_array_size(value) == 0)
        return refuse(call, "contacts: [{name, phones?: [], emails?: []}]");
    json_array_foreach (value, i, contact) {
        if (!text_of(contact, "name"))
            return refuse(call, "contacts: each needs a name");
    }
    said->order.kind = KIND_CONTACTS;
    said->content = json_pack("{s:O}", "contacts", value);
    return true;
}

static bool read_order(struct control_call *call, struct person *person, const json_t *value, struct said *said)
{
    if (!only_on(call, person, ON_WHATSAPP | ON_MESSENGER, "network: Instagram has no carts"))
        return false;
    if (json_array_size(json_object_get(value, "items")) == 0)
        return refuse(call, "order: {catalog, text, items: [{id, quantity, price, currency}]}");
    said->order.kind = KIND_ORDER;
    said->order.text = text_of(value, "text");
    said->content = json_pack("{s:O}", "order", value);
    return true;
}

static bool read_story_reply(struct control_call *call, struct person *person, const json_t *value, struct said *said)
{
    const char *url = text_of(value, "url");

    said->order.text = text_of(value, "text");
    if (!only_on(call, person, ON_INSTAGRAM, "network: only Instagram has stories that people answer"))
        return false;
    if (!url)
        return refuse(call, "story_reply: {url, text}");
    said->content = json_pack("{s:{s:s,s:s,s:s}}", "story", "type", "reply", "url", url, "id", "18000000000000060");
    return control_read_text(call, said->order.text);
}

static bool read_story_mention(struct control_call *call, struct person *person, const json_t *value, struct said *said)
{
    const char *url = text_of(value, "url");

    if (!only_on(call, person, ON_INSTAGRAM, "network: only Instagram has stories that mention"))
        return false;
    if (!url)
        return refuse(call, "story_mention: {url}");
    said->order.text = url;
    said->content = json_pack("{s:{s:s,s:s}}", "story", "type", "mention", "url", url);
    said->attachments = json_pack("[{s:s,s:{s:s}}]", "type", "story_mention", "payload", "url", url);
    return true;
}

/* ---- Shares ---- */

struct share {
    const char *kind, *type, *id_member, *id;
    bool is_number; /* the id, as this network writes it */
};

static const struct share messenger_shares[] = {
    { "link", "fallback", NULL, NULL },
    { "post", "post", "id", "104500000000003_9" },
    { "reel", "reel", "reel_video_id", "880000000000041", true },
    { "ig_post", "ig_post", "id", "17950000000000067" },
    { "ig_reel", "ig_reel", "reel_video_id", "880000000000041", true },
};

static const struct share instagram_shares[] = {
    { "share", "share", NULL, NULL },
    { "post", "ig_post", "ig_post_media_id", "17950000000000067" },
    { "reel", "ig_reel", "reel_video_id", "17960000000000068" },
    { "story", "ig_story", NULL, NULL },
};

static const struct share *find_share(const struct person *person, const char *kind)
{
    bool is_messenger = network_of_person(person) == NETWORK_MESSENGER;
    const struct share *shares = is_messenger ? messenger_shares : instagram_shares;
    size_t n = is_messenger ? ARRAY_SIZE(messenger_shares) : ARRAY_SIZE(instagram_shares);

    for (size_t i = 0; kind && i < n; i++) {
        if (strcmp(shares[i].kind, kind) == 0)
            return &shares[i];
    }
    return NULL;
}

static bool read_share(struct control_call *call, struct person *person, const json_t *value, struct said *said)
{
    const char *url = text_of(value, "url"), *title = text_of(value, "title");
    const struct share *share;
    json_t *payload;

    if (!only_on(call, person, ON_MESSENGER | ON_INSTAGRAM, "network: WhatsApp's people send links as text"))
        return false;
    share = find_share(person, text_of(value, "kind"));
    if (!share || !url)
        return refuse(call, "share: {kind, url, title?}; kind: link, post, reel, ig_post or ig_reel on Messenger; "
                            "share, post, reel or story on Instagram");
    payload = json_pack("{s:s}", "url", url);
    if (title && share->id_member == NULL && network_of_person(person) == NETWORK_INSTAGRAM)
        title = NULL; /* these two have none */
    if (title)
        (void) json_object_set_new(payload, "title", json_string(title));
    if (share->id_member)
        (void) json_object_set_new(payload, share->id_member,
                                   share->is_number ? json_integer(strtoll(share->id, NULL, 10))
                                                    : json_string(share->id));
    said->order.text = url;
    said->content = json_pack("{s:O}", "share", value);
    said->attachments = json_pack("[{s:s,s:o}]", "type", share->type, "payload", payload);
    return true;
}

/* ---- Saying it ---- */

struct way {
    const char *member;
    bool (*read)(struct control_call *call, struct person *person, const json_t *value, struct said *said);
};

static const struct way ways[] = {
    { "media", read_media },
    { "location", read_location },
    { "contacts", read_contacts },
    { "order", read_order },
    { "share", read_share },
    { "story_reply", read_story_reply },
    { "text", read_text }, /* last: with files it is their caption */
    { "story_mention", read_story_mention },
};

/* False: refused. */
static bool read_circumstances(struct control_call *call, const struct person *person, struct said *said)
{
    const char *reply_to = text_of(call->body, "reply_to");
    const struct bubble *quoted = reply_to ? bubble_find(call->world, reply_to) : NULL;
    const json_t *forwarded = json_object_get(call->body, "forwarded");

    if (reply_to && (!quoted || quoted->person != person)) {
        control_refuse(call, 404, "reply_to: no such bubble on this phone");
        return false;
    }
    said->order.reply_to = reply_to;
    if (!json_is_true(forwarded))
        return true;
    if (!only_on(call, person, ON_WHATSAPP, "forwarded: only WhatsApp tells that something was forwarded"))
        return false;
    if (!said->content)
        said->content = json_object();
    (void) json_object_set_new(said->content, "forwarded", json_true());
    return true;
}

/* The bubble, told to the translator; NULL: refused already. */
static struct bubble *say(struct control_call *call, struct person *person, const struct way *way, const json_t *value)
{
    struct said said = { .order = { .from = SIDE_PERSON } };
    struct bubble *bubble = NULL;

    if (way->read(call, person, value, &said) && read_circumstances(call, person, &said)) {
        said.order.content = said.content;
        said.order.attachments = said.attachments;
        bubble = bubble_add(person, &said.order);
        if (!bubble)
            control_refuse(call, 507, "too many bubbles");
    }
    json_decref(said.content);
    json_decref(said.attachments);
    if (bubble)
        event_message(bubble);
    return bubble;
}

/* WhatsApp's phones send one file a message. */
static void say_each(struct control_call *call, struct person *person, const struct way *way, const json_t *files)
{
    json_t *ids = json_array();
    const json_t *file;
    size_t i;

    json_array_foreach (files, i, file) {
        json_t *one = json_pack("[O]", file);
        const struct bubble *bubble = say(call, person, way, one);

        json_decref(one);
        if (!bubble) {
            json_decref(ids);
            return;
        }
        (void) json_array_append_new(ids, json_string(bubble->id));
    }
    control_reply(call, json_pack("{s:O,s:o}", "id", json_array_get(ids, 0), "ids", ids));
}

void control_say(struct control_call *call)
{
    struct person *person = control_person(call);
    const struct way *way = NULL;
    const json_t *value = NULL;
    const struct bubble *bubble;

    if (!person)
        return;
    for (size_t i = 0; i < ARRAY_SIZE(ways) && !value; i++) {
        way = &ways[i];
        value = json_object_get(call->body, way->member);
    }
    if (!value) {
        (void) refuse(call, "one of text, media, location, contacts, order, share, story_reply, story_mention");
        return;
    }
    conversation_person_read(person); /* who answers has looked */
    person_heard(person, world_now_ms(call->world));
    if (way->read == read_media && network_of_person(person) == NETWORK_WHATSAPP && json_array_size(value) > 1) {
        say_each(call, person, way, value);
        return;
    }
    bubble = say(call, person, way, value);
    if (bubble)
        control_reply(call, json_pack("{s:s}", "id", bubble->id));
}
