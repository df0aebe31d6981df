/* Writes and reads marks. Never trusts that a mark is ours because it looks like one: the gateway checks that. */
#include "mark.h"

#include <errno.h>
#include <inttypes.h>
#include <string.h>

#define PREFIX "tf1."

const char *mark_make(struct arena *mem, uint64_t seq, uint32_t target)
{
    return arena_format(mem, PREFIX "%" PRIu64 ".%" PRIu32, seq, target);
}

int mark_parse(const char *mark, uint64_t *ret_seq, uint32_t *ret_target)
{
    uint64_t seq, target;

    if (!mark || strncmp(mark, PREFIX, strlen(PREFIX)) != 0)
        return -EBADMSG;
    const char *digits = mark + strlen(PREFIX);
    const char *dot = strchr(digits, '.');
    if (!dot)
        return -EBADMSG;
    if (bytes_to_u64(bytes_make(digits, (size_t) (dot - digits)), UINT64_MAX, &seq) < 0 || seq == 0)
        return -EBADMSG;
    if (bytes_to_u64(bytes_of_text(dot + 1), UINT32_MAX, &target) < 0)
        return -EBADMSG;
    *ret_seq = seq;
    *ret_target = (uint32_t) target;
    return 0;
}
