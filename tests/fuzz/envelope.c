/* What a peer may publish: envelopes and headers, before any key is asked. Responsible for wire/envelope.c and
 * wire/proto_reader.c.
 */
#include <errno.h>
#include <stdint.h>
#include <stdlib.h>

#include "wire/envelope.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(int holds)
{
    if (!holds)
        abort();
}

static void check_header(struct bytes bytes)
{
    struct arena arena = ARENA_EMPTY(1 << 20);
    struct envelope_header header, again;
    struct bytes written;
    int r = envelope_header_parse(bytes, &arena, &header);

    require(r == 0 || r == -EBADMSG || r == -ENOMEM);
    if (r == 0) {
        require(envelope_header_write(&header, &arena, &written) == 0);
        require(written.size <= bytes.size); /* unknown fields are gone */
        require(envelope_header_parse(written, &arena, &again) == 0);
        require(bytes_equal(header.id, again.id) && bytes_equal(header.from, again.from));
        require(header.n_relates == again.n_relates && header.seq == again.seq);
        require(header.lane == again.lane && header.consent == again.consent);
        require(header.opens_window_ms == again.opens_window_ms && header.n_aliases == again.n_aliases);
    }
    arena_deinit(&arena);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct arena arena = ARENA_EMPTY(8 << 20);
    struct bytes bytes = bytes_make(data, size), written;
    struct envelope envelope;

    check_header(bytes);
    if (envelope_parse(bytes, &envelope) == 0) {
        check_header(envelope.header);
        require(envelope_write(&envelope, &arena, &written) == 0);
        require(bytes_equal(written, bytes)); /* one form only */
    }
    arena_deinit(&arena);
    return 0;
}
