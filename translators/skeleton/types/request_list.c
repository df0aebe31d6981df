/* Grows the list of requests a map encodes into. Never frees: the arena it grows in dies as a whole. */
#include "skeleton_types/request.h"

#include <string.h>

enum { FIRST_ROOM = 4 };

struct request *request_list_add(struct request_list *list, struct arena *mem)
{
    if (list->n_requests == list->room) {
        size_t room = list->room ? list->room * 2 : FIRST_ROOM;
        struct request *requests = arena_array(mem, room, sizeof(*requests));
        if (!requests)
            return NULL;
        if (list->n_requests)
            memcpy(requests, list->requests, list->n_requests * sizeof(*requests));
        list->requests = requests;
        list->room = room;
    }
    return &list->requests[list->n_requests++];
}

void request_list_lose(struct request_list *list, const char *word)
{
    for (size_t i = 0; i < list->n_lost; i++)
        if (strcmp(list->lost[i], word) == 0)
            return;
    if (list->n_lost < TRANSLATOR_LOST_MAX)
        list->lost[list->n_lost++] = word;
}
