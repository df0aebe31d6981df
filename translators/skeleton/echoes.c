/* Two rings that are searched from the oldest. */
#include "echoes.h"

#include <stdio.h>
#include <string.h>

/* False: too long to be remembered. */
static bool hash(const struct utterance *said, char ret[SIGNATURE_VALUE_SIZE])
{
    char place[ECHO_PLACE_MAX_BYTES];
    int size = snprintf(place, sizeof(place), "%s %s", said->account, said->user_id);

    if (size < 0 || (size_t) size >= sizeof(place))
        return false;
    signature_make(bytes_of_text(said->words), bytes_of_text(place), ret);
    return true;
}

static size_t oldest_of(size_t n)
{
    return n > ECHOES_MAX ? n - ECHOES_MAX : 0;
}

static bool is_it(const char *said, uint64_t at_ms, const char *wanted, uint64_t now_ms)
{
    return now_ms - at_ms <= ECHOES_AGE_MS && strcmp(said, wanted) == 0;
}

void echoes_keep(struct echoes *echoes, const struct utterance *said, const char *id, uint64_t now_ms)
{
    struct echo echo = { .at_ms = now_ms };

    if (strlen(id) > ECHO_ID_MAX_BYTES || !hash(said, echo.said))
        return;
    echoes_forget(echoes, id); /* the network brings it again */
    snprintf(echo.id, sizeof(echo.id), "%s", id);
    echoes->list[echoes->n++ % ECHOES_MAX] = echo;
}

void echoes_forget(struct echoes *echoes, const char *id)
{
    for (size_t i = oldest_of(echoes->n); i < echoes->n; i++) {
        struct echo *echo = &echoes->list[i % ECHOES_MAX];

        if (strcmp(echo->id, id) == 0)
            echo->said[0] = '\0';
    }
}

const char *echoes_take(struct echoes *echoes, const struct utterance *said, uint64_t now_ms)
{
    char wanted[SIGNATURE_VALUE_SIZE];

    if (!hash(said, wanted))
        return NULL;
    for (size_t i = oldest_of(echoes->n); i < echoes->n; i++) {
        struct echo *echo = &echoes->list[i % ECHOES_MAX];

        if (!is_it(echo->said, echo->at_ms, wanted, now_ms))
            continue;
        echo->said[0] = '\0';
        return echo->id;
    }
    return NULL;
}

void echoes_repeat(struct echoes *echoes, const struct utterance *said, uint64_t seq, uint32_t target, uint64_t now_ms)
{
    struct repeat repeat = { .seq = seq, .target = target, .at_ms = now_ms };

    if (hash(said, repeat.said))
        echoes->repeats[echoes->n_repeats++ % ECHOES_MAX] = repeat;
}

bool echoes_is_repeat(const struct echoes *echoes, uint64_t seq, uint32_t target)
{
    for (size_t i = oldest_of(echoes->n_repeats); i < echoes->n_repeats; i++) {
        const struct repeat *repeat = &echoes->repeats[i % ECHOES_MAX];

        if (repeat->seq == seq && repeat->target == target)
            return true;
    }
    return false;
}

bool echoes_explain(struct echoes *echoes, const struct utterance *said, const char *id, uint64_t now_ms,
                    uint64_t *ret_seq, uint32_t *ret_target)
{
    char wanted[SIGNATURE_VALUE_SIZE];

    if (strlen(id) > ECHO_ID_MAX_BYTES || !hash(said, wanted))
        return false;
    for (size_t i = oldest_of(echoes->n_repeats); i < echoes->n_repeats; i++) {
        struct repeat *repeat = &echoes->repeats[i % ECHOES_MAX];

        bool is_free = repeat->id[0] == '\0' || strcmp(repeat->id, id) == 0;
        if (!is_free || !is_it(repeat->said, repeat->at_ms, wanted, now_ms))
            continue;
        snprintf(repeat->id, sizeof(repeat->id), "%s", id);
        *ret_seq = repeat->seq;
        *ret_target = repeat->target;
        return true;
    }
    return false;
}
