/* The "message" member: what a person, or the business, wrote.
 * Never downloads an attachment; its bytes stay where the network keeps them.
 */
#include <string.h>

#include "attachments.h"
#include "base/attributes.h"
#include "formats/text.h"
#include "messaging_item.h"
#include "plain.h"

/* One message between its JSON and its event. */
struct reading {
    struct messaging_item *element;
    struct arena *mem;
    struct json_value message;
    const char *text;
    struct attachments attachments;
    struct event event;
    struct extras extras;
};

/* The networks' own inboxes, where humans type: they are applications, too, in the documents under two numbers. */
static bool is_inbox(const char *app)
{
    static const char *const inboxes[] = { "263902037430900", "26390203743090", "1217981644879628" };

    for (size_t i = 0; i < ARRAY_SIZE(inboxes); i++)
        if (strcmp(app, inboxes[i]) == 0)
            return true;
    return false;
}

/* Who made an echo: our application, another one, or a human in the network's own inbox, which is named or, where our own
 * echoes name us, not. The string we gave a send comes back only from ours. */
static void read_echo(struct reading *reading)
{
    struct messaging_item *element = reading->element;
    const char *ours = element->item.reading->context->app_id;
    const char *app = meta_may_id(&element->item, reading->message, "app_id");
    bool is_human = !app || is_inbox(app);
    bool is_another = app && (is_human || (ours && strcmp(ours, app) != 0));

    if (!element->is_echo)
        return;
    extras_put(&reading->extras, "echo.app_id", app);
    if (app || element->dialect->returns_marks)
        extras_put(&reading->extras, "echo.from", is_human ? "human" : is_another ? "another app" : "own app");
    if (element->dialect->returns_marks && !is_another)
        reading->event.mark = meta_may_text(&element->item, reading->message, "metadata");
}

struct trefoil_referral messaging_referral(struct json_value referral, struct extras *extras)
{
    struct json_value ad = json_get(referral, "ads_context_data");
    struct arena *mem = extras->mem;

    extras_put_json(extras, "referral.type", json_get(referral, "type"));
    extras_put_json(extras, "ad.id", json_get(referral, "ad_id"));
    extras_put_json(extras, "ad.post_id", json_get(ad, "post_id"));
    extras_put_json(extras, "ad.product_id", json_get(ad, "product_id"));
    extras_put_json(extras, "ad.flow_id", json_get(ad, "flow_id"));
    extras_put_json(extras, "ad.photo_url", json_get(ad, "photo_url"));
    extras_put_json(extras, "ad.video_url", json_get(ad, "video_url"));
    return (struct trefoil_referral){
        .source = json_text(json_get(referral, "source"), mem),
        .source_id = json_id(json_get(referral, "ad_id"), mem),
        .url = json_text(json_get(referral, "referer_uri"), mem),
        .headline = json_text(json_get(ad, "ad_title"), mem),
        .ref = json_text(json_get(referral, "ref"), mem),
    };
}

const struct trefoil_referral *messaging_keep_referral(const struct trefoil_referral *referral, struct arena *mem)
{
    struct trefoil_referral *kept = arena_alloc(mem, sizeof *kept);

    if (kept)
        *kept = *referral;
    return kept;
}

/* The story, product, ad or link a message came through, else the one it shares. */
static const struct trefoil_referral *referral_of(struct reading *reading)
{
    struct arena *mem = reading->mem;
    struct json_value referral = meta_may_object(&reading->element->item, reading->message, "referral");
    struct json_value product = json_get(referral, "product");
    struct json_value story = json_get(json_get(reading->message, "reply_to"), "story");
    struct trefoil_referral made = reading->attachments.referral;

    if (json_exists(story))
        made = (struct trefoil_referral){
            .source = "story",
            .source_id = json_id(json_get(story, "id"), mem),
            .url = json_text(json_get(story, "url"), mem),
        };
    else if (json_exists(product))
        made = (struct trefoil_referral){ .source = "product", .source_id = json_id(json_get(product, "id"), mem) };
    else if (json_exists(referral))
        made = messaging_referral(referral, &reading->extras);
    else if (!made.source)
        return NULL;
    return messaging_keep_referral(&made, mem);
}

/* The message with this id is to be forgotten. */
static void add_retract(struct messaging_item *element, const char *mid)
{
    struct event event = messaging_event(element, TREFOIL_AUDIENCE_ROOM);

    event.key = arena_format(element->item.reading->mem, "deleted/%s", mid ? mid : "-");
    meta_relate(&element->item, &event, mid);
    event.message.kind = TREFOIL_KIND_RETRACT;
    event.message.fallback = "[unsent]";
    event.message.body.retract.target = mid;
    meta_item_add(&element->item, &event);
}

static const char *two_lines(struct arena *mem, const char *first, const char *second)
{
    if (!first || !*first)
        return second;
    return second && *second ? arena_format(mem, "%s\n%s", first, second) : first;
}

static void make_unsupported(struct reading *reading, const char *kind, const char *reason, const char *fallback)
{
    reading->element->item.kind = kind;
    meta_make_unsupported(&reading->element->item, &reading->event, fallback);
    reading->event.message.body.unsupported.reason = reason;
}

static void make_text(struct reading *reading, const char *body)
{
    reading->event.message.kind = TREFOIL_KIND_TEXT;
    reading->event.message.body.text.body = body;
}

/* The title is the text; the payload is what we offered it under, and the number or address itself where that was asked. */
static void make_choice(struct reading *reading, struct json_value tapped)
{
    struct trefoil_message *message = &reading->event.message;

    message->kind = TREFOIL_KIND_CHOICE;
    message->body.choice = (struct trefoil_choice){
        .shape = TREFOIL_CHOICE_QUICK_REPLIES,
        .id = text_first_of(meta_may_text(&reading->element->item, tapped, "payload"), NULL),
        .title = reading->text,
    };
    message->fallback = text_fallback(reading->mem, "choice", reading->text);
}

static void make_media(struct reading *reading)
{
    const struct attachments *attachments = &reading->attachments;
    struct trefoil_message *message = &reading->event.message;
    const char *source = attachments->referral.source;
    const char *word =
        source && strcmp(source, "story mention") == 0 ? source : plain_media_word(attachments->media[0].kind);

    message->kind = TREFOIL_KIND_MEDIA;
    message->body.media = (struct trefoil_media_list){
        .caption = two_lines(reading->mem, reading->text, attachments->words),
        .media = attachments->media,
        .n_media = attachments->n_media,
    };
    if (attachments->n_media > 1)
        word = arena_format(reading->mem, "%zu files", attachments->n_media);
    message->fallback = word ? text_fallback(reading->mem, word, message->body.media.caption) : NULL;
}

/* -EBADMSG: no place on earth. */
static int read_place(const struct attachments *attachments, struct trefoil_location *ret)
{
    struct json_value coordinates = json_get(attachments->place, "coordinates");

    *ret = (struct trefoil_location){ .name = attachments->place_name };
    if (json_double(json_get(coordinates, "lat"), &ret->latitude) < 0)
        return -1;
    return json_double(json_get(coordinates, "long"), &ret->longitude);
}

/* With text of its own the place is said in words under it: one message has one body. */
static void make_place(struct reading *reading)
{
    struct trefoil_message message = { .kind = TREFOIL_KIND_LOCATION };

    if (read_place(&reading->attachments, &message.body.location) < 0) {
        make_unsupported(reading, "location", "no coordinates", "[location]");
    } else if (reading->text) {
        make_text(reading, two_lines(reading->mem, reading->text, plain_text(&message, reading->mem)));
    } else {
        reading->event.message.kind = TREFOIL_KIND_LOCATION;
        reading->event.message.body.location = message.body.location;
        reading->event.message.fallback = text_fallback(reading->mem, "location", message.body.location.name);
    }
}

static void make_booking(struct reading *reading)
{
    struct json_value booking = reading->attachments.booking;
    const char *status = json_text(json_get(booking, "status"), reading->mem);
    int64_t start_s;
    const char *words = arena_format(reading->mem, "appointment %s", status ? status : "changed");

    extras_put_json(&reading->extras, "booking.id", json_get(booking, "booking_id"));
    extras_put_json(&reading->extras, "booking.status", json_get(booking, "status"));
    extras_put_json(&reading->extras, "booking.start_s", json_get(booking, "start_time"));
    extras_put_json(&reading->extras, "booking.end_s", json_get(booking, "end_time"));
    extras_put_json(&reading->extras, "booking.timezone", json_get(booking, "timezone"));
    if (words && json_i64(json_get(booking, "start_time"), &start_s) == 0)
        words = arena_format(reading->mem, "%s: %s", words, messaging_date(start_s, reading->mem));
    if (reading->text) {
        make_text(reading, two_lines(reading->mem, reading->text, words));
        return;
    }
    reading->event.message.kind = TREFOIL_KIND_SYSTEM;
    reading->event.message.body.system = (struct trefoil_system){ .kind = TREFOIL_SYSTEM_BOOKING, .text = words };
    reading->event.message.fallback = words ? arena_format(reading->mem, "[%s]", words) : NULL;
}

/* One that calls somebody leads somewhere, like one that shows a page: nothing comes back of it. */
static struct trefoil_option option_of(const struct reading *reading, struct json_value button)
{
    const char *payload = json_id(json_get(button, "payload"), reading->mem);
    bool is_call = payload && json_is_text(json_get(button, "type"), "phone_number");

    return (struct trefoil_option){
        .id = is_call ? NULL : payload,
        .title = json_text(json_get(button, "title"), reading->mem),
        .url =
            is_call ? arena_format(reading->mem, "tel:%s", payload) : json_text(json_get(button, "url"), reading->mem),
    };
}

/* A template with buttons, as echoes show those the business sent. */
static void make_choices(struct reading *reading)
{
    struct json_value buttons = json_get(reading->attachments.template_, "buttons");
    struct trefoil_option *options = arena_array(reading->mem, ATTACHMENTS_MAX, sizeof *options);
    struct trefoil_message *message = &reading->event.message;
    size_t n = 0;

    json_for_each (button, buttons) {
        if (!options || n == ATTACHMENTS_MAX)
            break;
        options[n++] = option_of(reading, button);
    }
    message->kind = TREFOIL_KIND_CHOICES;
    message->body.choices = (struct trefoil_choices){
        .shape = TREFOIL_CHOICE_BUTTONS,
        .body = two_lines(reading->mem, reading->text, reading->attachments.words),
        .options = options,
        .n_options = n,
    };
    message->fallback = text_fallback(reading->mem, "buttons", message->body.choices.body);
}

static void make_body(struct reading *reading)
{
    const struct attachments *attachments = &reading->attachments;
    struct json_value tapped = meta_may_object(&reading->element->item, reading->message, "quick_reply");
    const char *words;

    if (json_is_true(json_get(reading->message, "is_unsupported")))
        make_unsupported(reading, "unsupported", "the network does not show it", "[unsupported message]");
    else if (json_exists(tapped))
        make_choice(reading, tapped);
    else if (attachments->n_media > 0)
        make_media(reading);
    else if (json_exists(attachments->booking))
        make_booking(reading);
    else if (json_exists(attachments->place))
        make_place(reading);
    else if (json_exists(attachments->template_))
        make_choices(reading);
    else if (attachments->is_withheld && !reading->text)
        make_unsupported(reading, "ephemeral", "the network does not show it", "[view-once media]");
    else if (attachments->is_unknown && !reading->text)
        make_unsupported(reading, attachments->kind, "not translated yet", attachments->words);
    else if ((words = two_lines(reading->mem, reading->text, attachments->words)))
        make_text(reading, words);
    else
        make_unsupported(reading, "message", "not translated yet", "[message]");
}

static void read_commands(struct reading *reading)
{
    json_for_each (command, meta_may_array(&reading->element->item, reading->message, "commands"))
        extras_put_json(&reading->extras, "command", json_get(command, "name"));
}

/* Whether a mention in a story opens the window is not documented: the configuration says. */
static bool opens_window(const struct reading *reading)
{
    const struct messaging_item *element = reading->element;
    const char *source = reading->attachments.referral.source;

    return !source || strcmp(source, "story mention") != 0 ||
           messaging_option(element->dialect, element->item.reading->context->options, OPTION_STORY_MENTION) == 0;
}

void messaging_message(struct messaging_item *element, struct json_value message)
{
    const char *mid = meta_need_id(&element->item, message, "mid");
    struct json_value reply_to = meta_may_object(&element->item, message, "reply_to");
    struct arena *mem = element->item.reading->mem;
    struct reading reading = { .element = element, .mem = mem, .message = message, .extras = { .mem = mem } };
    struct event *event = &reading.event;

    if (json_is_true(json_get(message, "is_deleted"))) {
        add_retract(element, mid);
        return;
    }
    reading.text = text_first_of(meta_may_text(&element->item, message, "text"), NULL);
    attachments_read(meta_may_array(&element->item, message, "attachments"), reading.text, mem, &reading.attachments);
    *event = messaging_event(element, TREFOIL_AUDIENCE_ROOM);
    event->key = arena_format(mem, "message/%s", mid ? mid : "-");
    event->message.message_id = mid;
    event->message.in_reply_to = meta_may_id(&element->item, reply_to, "mid");
    meta_relate(&element->item, event, event->message.in_reply_to);
    extras_put_json(&reading.extras, "sender.user_ref", json_get(json_get(element->item.value, "sender"), "user_ref"));
    read_echo(&reading);
    read_commands(&reading);
    make_body(&reading);
    event->message.referral = referral_of(&reading);
    extras_give(&reading.extras, &event->message);
    if (opens_window(&reading))
        messaging_open_window(element, event);
    meta_item_add(&element->item, event);
}
