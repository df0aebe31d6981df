/* A table of files, embedded by page_files.S. Never reads a path somebody sent. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "sandbox/page.h"

#define MAX_FILE_BYTES (1024 * 1024)
#define PATH_SIZE 1024

/* Defined by page_files.S. */
extern const char page_index_html[], page_index_html_end[];
extern const char page_style_css[], page_style_css_end[];
extern const char page_app_js[], page_app_js_end[];
extern const char page_shapes_css[], page_shapes_css_end[];
extern const char page_shapes_js[], page_shapes_js_end[];
extern const char page_attach_js[], page_attach_js_end[];
extern const char page_voice_ogg[], page_voice_ogg_end[];
extern const char page_voice_m4a[], page_voice_m4a_end[];
extern const char page_icon_svg[], page_icon_svg_end[];

struct file {
    const char *path, *name, *type;
    const char *begin, *end;
};

static const struct file files[] = {
    { "/", "index.html", "text/html; charset=utf-8", page_index_html, page_index_html_end },
    { "/style.css", "style.css", "text/css; charset=utf-8", page_style_css, page_style_css_end },
    { "/app.js", "app.js", "text/javascript; charset=utf-8", page_app_js, page_app_js_end },
    { "/shapes.css", "shapes.css", "text/css; charset=utf-8", page_shapes_css, page_shapes_css_end },
    { "/shapes.js", "shapes.js", "text/javascript; charset=utf-8", page_shapes_js, page_shapes_js_end },
    { "/attach.js", "attach.js", "text/javascript; charset=utf-8", page_attach_js, page_attach_js_end },
    { "/voice.ogg", "voice.ogg", "audio/ogg", page_voice_ogg, page_voice_ogg_end },
    { "/voice.m4a", "voice.m4a", "audio/mp4", page_voice_m4a, page_voice_m4a_end },
    { "/icon.svg", "icon.svg", "image/svg+xml", page_icon_svg, page_icon_svg_end },
};

static const struct http_header headers[] = {
    { "Content-Security-Policy", "default-src 'self'; img-src 'self' data:; frame-ancestors 'none'; base-uri 'none'" },
    { "X-Content-Type-Options", "nosniff" },
    { "Cache-Control", "no-cache" },
};

static void answer_bytes(struct http_exchange *exchange, const struct file *file, struct bytes body)
{
    if (http_answer_with(&exchange, 200, file->type, body, headers, ARRAY_SIZE(headers)) < 0)
        return; /* dropped */
}

static void answer_missing(struct http_exchange *exchange, const char *text)
{
    if (http_answer(&exchange, 404, "text/plain", bytes_of_text(text)) < 0)
        return; /* the connection is dropped: nothing is left to tell */
}

static void answer_from(const char *folder, struct http_exchange *exchange, const struct file *file)
{
    char path[PATH_SIZE];
    uint8_t *room = malloc(MAX_FILE_BYTES);
    ssize_t n = -1;
    int fd;

    (void) snprintf(path, sizeof(path), "%s/%s", folder, file->name);
    fd = room ? open(path, O_RDONLY | O_CLOEXEC) : -1;
    if (fd >= 0) {
        n = read(fd, room, MAX_FILE_BYTES);
        (void) close(fd);
    }
    if (n >= 0)
        answer_bytes(exchange, file, bytes_make(room, (size_t) n));
    else
        answer_missing(exchange, "no such file\n");
    free(room);
}

void page_answer(const char *folder, struct http_exchange *exchange, const char *path)
{
    for (size_t i = 0; i < ARRAY_SIZE(files); i++) {
        if (strcmp(files[i].path, path) != 0)
            continue;
        if (folder)
            answer_from(folder, exchange, &files[i]);
        else
            answer_bytes(exchange, &files[i], bytes_make(files[i].begin, (size_t) (files[i].end - files[i].begin)));
        return;
    }
    answer_missing(exchange, "nothing here\n");
}
