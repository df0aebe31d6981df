/* Bodies that may be larger than memory likes, on their way to disk: files of the control API, multipart uploads.
 * Never answers: who asked does, once all is there.
 */
#ifndef TREFOIL_SANDBOX_INTAKE_H
#define TREFOIL_SANDBOX_INTAKE_H

#include "daemon/http_server.h"
#include "sandbox/multipart.h"
#include "sandbox/world.h"

#define MAX_INTAKE_BYTES (MAX_FILE_BYTES + 1024u * 1024)

struct intake;

/* NULL: this request's body is an ordinary one, or there is no memory. */
struct intake *intake_new(struct world *world, struct http_exchange *exchange, const struct http_request *request);
struct intake *intake_free(struct intake *intake);

/* Keeps the first error for intake_result(): the rest is thrown away. */
void intake_feed(struct intake *intake, struct bytes piece);

/* 0, or -errno of what went wrong. */
int intake_result(const struct intake *intake);

/* The writer of a file that is the whole body; the form. Either is NULL. */
struct file_writer *intake_writer(struct intake *intake);
const struct multipart *intake_form(const struct intake *intake);

#endif
