/* One item on its way to become an event: how it starts and ends. Never looks into it. */
#include "formats/text.h"
#include "whatsapp_map.h"

struct whatsapp_reading whatsapp_begin(struct whatsapp_change *change, struct json_value value, const char *kind)
{
    return (struct whatsapp_reading){
        .change = change,
        .item = meta_item_make(change->reading, value, change->account_id, kind),
        .extras = { .mem = change->reading->mem },
    };
}

void whatsapp_end(struct whatsapp_reading *reading)
{
    extras_give(&reading->extras, &reading->event.message);
    meta_item_add(&reading->item, &reading->event);
}

void whatsapp_make_system(struct whatsapp_reading *reading, enum trefoil_system_kind kind, const char *word,
                          const char *detail)
{
    struct trefoil_message *message = &reading->event.message;

    reading->event.audience = TREFOIL_AUDIENCE_SERVICES;
    message->kind = TREFOIL_KIND_SYSTEM;
    message->body.system.kind = kind;
    message->body.system.text = text_first_of(detail, word);
    message->fallback = text_fallback(whatsapp_memory(reading), word, detail);
}
