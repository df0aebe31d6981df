/* Grows the list of events a map decodes into. Never frees: the arena it grows in dies as a whole. */
#include "skeleton_types/translator.h"

#include <string.h>

enum { FIRST_ROOM = 8 };

struct event *event_list_add(struct event_list *list, struct arena *mem)
{
    if (list->n_events == list->room) {
        size_t room = list->room ? list->room * 2 : FIRST_ROOM;
        struct event *events = arena_array(mem, room, sizeof(*events));
        if (!events)
            return NULL;
        if (list->n_events)
            memcpy(events, list->events, list->n_events * sizeof(*events));
        list->events = events;
        list->room = room;
    }
    return &list->events[list->n_events++];
}
