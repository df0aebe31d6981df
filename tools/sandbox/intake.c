/* Chooses between one file and a form, and passes the pieces on. Never looks into them. */
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "sandbox/intake.h"

struct intake {
    struct file_writer writer; /* when form is NULL */
    struct multipart *form;
    int result;
};

struct intake *intake_new(struct world *world, struct http_exchange *exchange, const struct http_request *request)
{
    const char *type = http_request_header(exchange, "Content-Type");
    bool is_file = strcmp(request->path, "/control/files") == 0;
    bool is_form = type && strncasecmp(type, "multipart/form-data", 19) == 0;
    struct intake *intake;

    if (strcmp(request->method, "POST") != 0 || (!is_file && !is_form))
        return NULL;
    intake = calloc(1, sizeof(*intake));
    if (!intake)
        return NULL;
    intake->writer.fd = -1;
    intake->result = is_file ? file_begin(&intake->writer) : multipart_new(&world->files, type, &intake->form);
    return intake;
}

struct intake *intake_free(struct intake *intake)
{
    if (!intake)
        return NULL;
    file_abandon(&intake->writer);
    multipart_free(intake->form);
    free(intake);
    return NULL;
}

void intake_feed(struct intake *intake, struct bytes piece)
{
    if (intake->result < 0)
        return;
    intake->result = intake->form ? multipart_feed(intake->form, piece) : file_write(&intake->writer, piece);
}

int intake_result(const struct intake *intake)
{
    return intake->result;
}

struct file_writer *intake_writer(struct intake *intake)
{
    return intake->form ? NULL : &intake->writer;
}

const struct multipart *intake_form(const struct intake *intake)
{
    return intake->form;
}
