/* Delivered and read, in their time. Never goes back. */
#include "sandbox/conversation.h"
#include "sandbox/events.h"

static void look(void *what)
{
    struct person *person = what;

    if (person->world->auto_read && person->is_looking)
        conversation_person_read(person);
}

static void deliver(void *what)
{
    struct bubble *bubble = what;
    struct world *world = bubble->person->world;

    if (bubble->ticks == TICKS_SENT) { /* else it was read in the meantime */
        bubble_raise(bubble, TICKS_DELIVERED);
        event_delivered(bubble);
    }
    if (world->auto_read)
        later(world, world->read_delay_ms, look, bubble->person);
}

void conversation_sent(struct bubble *bubble)
{
    struct world *world = bubble->person->world;

    if (bubble->person->account->network == NETWORK_WHATSAPP)
        event_sent(bubble);
    else if (world->echoes)
        event_echo(bubble);
    later(world, world->delivered_delay_ms, deliver, bubble);
}

static struct bubble *bubble_of(struct list *node)
{
    return container_of(node, struct bubble, link);
}

void conversation_business_read(struct person *person, const struct bubble *newest)
{
    struct list *node = person->bubbles.previous;

    while (newest && node != &person->bubbles && bubble_of(node) != newest)
        node = node->previous;
    for (; node != &person->bubbles; node = node->previous) {
        struct bubble *bubble = bubble_of(node);

        if (bubble->from == SIDE_PERSON && bubble->ticks == TICKS_READ)
            return; /* so is everything before it */
        if (bubble->from == SIDE_PERSON)
            bubble_raise(bubble, TICKS_READ);
    }
}

void conversation_person_read(struct person *person)
{
    struct list *node = person->bubbles.previous, *oldest_unread = &person->bubbles;
    struct bubble *newest = NULL;

    for (; node != &person->bubbles; node = node->previous) {
        if (bubble_of(node)->from != SIDE_BUSINESS)
            continue;
        if (bubble_of(node)->ticks == TICKS_READ)
            break;
        oldest_unread = node;
    }
    for (node = oldest_unread; node != &person->bubbles; node = node->next) {
        struct bubble *bubble = bubble_of(node);

        if (bubble->from != SIDE_BUSINESS || bubble->ticks == TICKS_READ)
            continue;
        bubble_raise(bubble, TICKS_READ);
        newest = bubble;
        if (person->account->network == NETWORK_WHATSAPP)
            event_read(bubble); /* one status for each */
    }
    if (newest && person->account->network != NETWORK_WHATSAPP)
        event_read(newest);
}
