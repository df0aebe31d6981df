/* The page with the three phones: files built into the program, or read from a folder while working on them.
 * Never anything from outside: the page asks nobody else.
 */
#ifndef TREFOIL_SANDBOX_PAGE_H
#define TREFOIL_SANDBOX_PAGE_H

#include "daemon/http_server.h"

/* Answers /, /style.css, /app.js, /icon.svg; anything else 404. `folder` NULL: what was built in. */
void page_answer(const char *folder, struct http_exchange *exchange, const char *path);

#endif
