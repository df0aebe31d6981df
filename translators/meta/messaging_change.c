/* Changes that are no conversation: comments, mentions, what became of a template. Services hear of them.
 * Never answers one, never makes a thread of one.
 */
#include <string.h>

#include "base/attributes.h"
#include "formats/fingerprint.h"
#include "formats/text.h"
#include "messaging_item.h"

/* Where a fact of a change is, as a path of two members at most, and what we call it. */
struct fact {
    const char *outer, *inner, *key;
};

static const struct fact facts[] = {
    { "id", NULL, "comment.id" },
    { "comment_id", NULL, "comment.id" },
    { "text", NULL, "comment.text" },
    { "message", NULL, "comment.text" },
    { "from", "id", "comment.from_id" },
    { "from", "username", "comment.from_name" },
    { "from", "name", "comment.from_name" },
    { "media", "id", "comment.media_id" },
    { "media_id", NULL, "comment.media_id" },
    { "post_id", NULL, "comment.media_id" },
    { "message_template_name", NULL, "template.name" },
    { "message_template_language", NULL, "template.language" },
    { "event", NULL, "template.event" },
    { "reason", NULL, "template.reason" },
};

/* What the network calls the change, and what we say. */
static const char *const fields[][2] = {
    { "comments", "comment" },
    { "live_comments", "live comment" },
    { "mentions", "mention" },
    { "story_insights", "story insights" },
    { "feed", "feed" },
    { "messenger_template_status_update", "template" },
    { "message_template_status_update", "template" },
};

static const char *word_of(const char *field)
{
    for (size_t i = 0; i < ARRAY_SIZE(fields); i++)
        if (strcmp(field, fields[i][0]) == 0)
            return fields[i][1];
    return NULL;
}

/* The fact that says most to a human. */
static const char *detail_of(const struct extras *extras)
{
    static const char *const keys[] = { "comment.text", "template.event" };

    for (size_t k = 0; k < ARRAY_SIZE(keys); k++)
        for (size_t i = 0; i < extras->n; i++)
            if (strcmp(extras->keys[i], keys[k]) == 0)
                return extras->values[i];
    return NULL;
}

static void fill(struct event *event, const char *word, struct extras *extras, struct json_value value)
{
    for (size_t i = 0; i < ARRAY_SIZE(facts); i++) {
        struct json_value found = json_get(value, facts[i].outer);

        extras_put_json(extras, facts[i].key, facts[i].inner ? json_get(found, facts[i].inner) : found);
    }
    extras_put_json(extras, "change.value", value);
    extras_give(extras, &event->message);
    event->message.kind = TREFOIL_KIND_SYSTEM;
    event->message.body.system.kind = TREFOIL_SYSTEM_ACCOUNT_NOTICE;
    event->message.body.system.text = text_first_of(detail_of(extras), word);
    event->message.fallback = text_fallback(extras->mem, word, detail_of(extras));
}

/* A comment has an id and is the same one whenever it is told; a notice may come again with the same words, and only its
 * entry says that it is another. */
static const char *day_of(const struct meta_reading *reading, struct json_value change, const struct meta_entry *entry)
{
    struct json_value value = json_get(change, "value");
    bool has_id = json_exists(json_get(value, "id")) || json_exists(json_get(value, "comment_id"));
    const char *day = entry->time && !has_id ? arena_format(reading->mem, "%s/", entry->time) : NULL;

    return day ? day : "";
}

void messaging_change(struct meta_reading *reading, struct json_value change, const struct meta_entry *entry,
                      const char *field)
{
    const char *word = word_of(field);
    struct meta_item item = meta_item_make(reading, change, entry->id, field);
    struct event event = { .audience = TREFOIL_AUDIENCE_SERVICES };
    struct extras extras = { .mem = reading->mem };

    if (!word || item.fault) {
        meta_add_whole(reading, change, entry->id, field, item.fault);
        return;
    }
    event.key = arena_format(reading->mem, "change/%s%s", day_of(reading, change, entry),
                             fingerprint(json_raw(change), reading->mem));
    event.message.author.network = reading->network;
    extras_put(&extras, "change.field", field);
    fill(&event, word, &extras, json_get(change, "value"));
    meta_item_add(&item, &event);
}
