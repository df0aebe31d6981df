/* Any bytes as JSON: the index never points outside the text, every question has an answer, and what reads as sound
 * writes back. Responsible for json.c, json_value.c, json_string.c, json_write.c, and text.c on what it finds.
 */
#include <errno.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "formats/json.h"
#include "formats/json_write.h"
#include "formats/text.h"

#define TEXTS_MAX 256 /* looked at closely per input */

static void require(int holds)
{
    if (!holds)
        abort();
}

/* A sound string survives being written and read again. */
static void check_text(const char *text, struct arena *mem)
{
    struct json_writer writer = json_writer_make(mem);
    struct bytes written;
    struct json json;

    json_open_array(&writer, NULL);
    json_put_text(&writer, NULL, text);
    json_close_array(&writer);
    if (json_written(&writer, &written) < 0)
        return;
    require(bytes_is_utf8(written));
    require(json_parse(written, mem, &json) == 0);
    require(json.n_faults == 0);
    const char *read = json_text(json_first(json_root(&json)), mem);
    require(!read || strcmp(read, text) == 0);
}

static void check_parts(const char *text, enum text_unit unit)
{
    struct bytes rest = bytes_of_text(text);
    size_t before = rest.size + 1;

    while (rest.size > 0) {
        struct bytes part = text_take_part(&rest, (struct text_limit){ unit, 20 });

        require(rest.size < before);
        require(text_length(part, unit) <= 20);
        require(!bytes_is_utf8(bytes_of_text(text)) || bytes_is_utf8(part));
        before = rest.size;
    }
}

static void check_value(struct json_value value, struct arena *mem)
{
    struct bytes raw = json_raw(value);
    const char *text = json_text(value, mem);
    int64_t integer;
    double real;

    require(raw.size > 0 && raw.data >= value.json->text.data &&
            raw.data + raw.size <= value.json->text.data + value.json->text.size);
    require(!text || bytes_is_utf8(bytes_of_text(text)));
    require(!text || !json_own_fault(value));
    (void) (json_i64(value, &integer) + json_double(value, &real));
    (void) json_id(value, mem);
    (void) json_get(value, "entry");
    if (json_own_fault(value))
        require(json_fault(value) != NULL);
    if (text) {
        check_text(text, mem);
        check_parts(text, TEXT_BYTES);
        check_parts(text, TEXT_CODE_POINTS);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct arena mem = ARENA_EMPTY(64u << 20);
    struct json json;
    int r = json_parse(bytes_make(data, size), &mem, &json);

    require(r == 0 || r == -EBADMSG || r == -E2BIG || r == -ENOMEM);
    if (r != -ENOMEM)
        require(json.stopped_at <= size);
    for (size_t i = 0; r == 0 && i < json.n_nodes && i < TEXTS_MAX; i++)
        check_value((struct json_value){ &json, &json.nodes[i] }, &mem);
    if (r == 0)
        json_for_each (value, json_root(&json)) {
            (void) json_key(value, &mem);
            (void) json_fault(value);
        }
    arena_deinit(&mem);
    return 0;
}
