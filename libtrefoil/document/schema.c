/* Names, words and limits of content.proto's members. Never looks at a message. */
#include "schema.h"

#include <string.h>

#include "base/attributes.h"
#include "wire/limits.h"

bool schema_is_hidden(const ProtobufCFieldDescriptor *field)
{
    return strcmp(field->name, "claims") == 0 || strcmp(field->name, "personal") == 0;
}

size_t schema_list_max(const ProtobufCFieldDescriptor *field)
{
    static const struct {
        const char *name;
        size_t max;
    } lists[] = {
        { "spans", CONTENT_SPANS_MAX },         { "media", CONTENT_MEDIA_MAX },
        { "cards", CONTENT_CARDS_MAX },         { "phones", CONTENT_CARD_ENTRIES_MAX },
        { "emails", CONTENT_CARD_ENTRIES_MAX }, { "options", CONTENT_OPTIONS_MAX },
        { "items", CONTENT_ITEMS_MAX },         { "targets", CONTENT_TARGETS_MAX },
        { "aliases", CONTENT_ALIASES_MAX },     { "alias_evidence", CONTENT_ALIASES_MAX },
        { "extra_key", CONTENT_EXTRAS_MAX },    { "extra_value", CONTENT_EXTRAS_MAX },
    };

    for (size_t i = 0; i < ARRAY_SIZE(lists); i++)
        if (strcmp(field->name, lists[i].name) == 0)
            return lists[i].max;
    return 0;
}

void schema_word(const char *value_name, char word[SCHEMA_WORD_ROOM])
{
    const char *rest = strchr(value_name, '_');
    size_t size = 0;

    for (rest = rest ? rest + 1 : value_name; *rest && size + 1 < SCHEMA_WORD_ROOM; rest++)
        word[size++] = (char) (*rest >= 'A' && *rest <= 'Z' ? *rest - 'A' + 'a' : *rest);
    word[size] = '\0';
}
