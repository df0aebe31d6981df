/* Files that people send and phones show, and the virtual clock. Never decides who gets to see one. */
#include <string.h>

#include "sandbox/control.h"

#define MAX_ADVANCE_MS ((json_int_t) 400 * 24 * 3600 * 1000)

void control_put_file(struct world *world, struct http_exchange *exchange, struct intake *intake)
{
    struct control_call call = { .world = world, .exchange = exchange };
    const char *name = http_request_query(exchange, "name"), *mime = http_request_query(exchange, "mime");
    json_t *name_json = json_string(name ? name : "");
    struct file *file =
        intake_result(intake) < 0 ? NULL : file_finish(&world->files, intake_writer(intake), name_json, mime);

    json_decref(name_json);
    if (file)
        control_reply(&call, json_pack("{s:s}", "file", file->id));
    else
        control_refuse(&call, 507, "the file could not be kept: too large, too many, or the disk is full");
}

void control_get_file(struct control_call *call, const char *id)
{
    const struct file *file = file_find(&call->world->files, id);

    if (file)
        file_answer(file, call->exchange, NULL);
    else
        control_refuse(call, 404, "no such file: /control/files/ID");
}

void control_show_clock(struct control_call *call)
{
    const struct world *world = call->world;

    control_reply(call, json_pack("{s:I,s:I}", "now_ms", (json_int_t) world_now_ms(world), "ahead_ms",
                                  (json_int_t) world->clock_ahead_ms));
}

void control_set_clock(struct control_call *call)
{
    const json_t *advance = json_object_get(call->body, "advance_ms");
    json_int_t ms = json_integer_value(advance);

    if (!json_is_integer(advance) || ms < 0 || ms > MAX_ADVANCE_MS) {
        control_refuse(call, 400, "advance_ms: a number of milliseconds, at most 400 days");
        return;
    }
    call->world->clock_ahead_ms += ms;
    control_show_clock(call);
}
