/* Boundaries, headers of parts, and where their bytes go. Never interprets a field. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "sandbox/multipart.h"

#define MAX_BOUNDARY_BYTES 200
#define MAX_HEADER_BYTES 8192
#define MAX_FIELD_BYTES 262144
#define MAX_FIELDS 64
#define MAX_WORD_BYTES 1024

enum state { STATE_HEADERS, STATE_FIELD, STATE_FILE, STATE_END };

struct multipart {
    struct files *files;
    char delimiter[MAX_BOUNDARY_BYTES + 8]; /* "\r\n--boundary" */
    size_t delimiter_size;
    enum state state;
    bool has_begun; /* the first delimiter was met */
    uint8_t *work;  /* what is not yet decided */
    size_t work_size;

    json_t *fields;
    char name[MAX_WORD_BYTES], file_name[MAX_WORD_BYTES], mime[MAX_WORD_BYTES]; /* of this part */
    char *text;                                                                 /* of this field */
    size_t text_size;
    struct file_writer writer;
    struct file *file;
    char file_field[MAX_WORD_BYTES];
};

/* The value behind `key=` in a header line, quoted or not. False: absent or too long. */
static bool parameter(const char *line, const char *key, char *ret, size_t room)
{
    const char *at = line;
    size_t key_size = strlen(key), n = 0;

    while ((at = strcasestr(at, key))) {
        bool is_word = at > line && strchr("; \t", at[-1]) && at[key_size] == '=';

        at += key_size;
        if (is_word)
            break;
    }
    if (!at)
        return false;
    at++;
    if (*at == '"') {
        for (at++; *at && *at != '"' && n + 1 < room; at++) {
            if (*at == '\\' && at[1])
                at++;
            ret[n++] = *at;
        }
    } else {
        for (; *at && !strchr("; \t\r\n", *at) && n + 1 < room; at++)
            ret[n++] = *at;
    }
    ret[n] = 0;
    return n + 1 < room;
}

int multipart_new(struct files *files, const char *content_type, struct multipart **ret)
{
    struct multipart *multipart = calloc(1, sizeof(*multipart));
    char boundary[MAX_BOUNDARY_BYTES];

    if (!multipart)
        return -ENOMEM;
    multipart->writer.fd = -1;
    multipart->files = files;
    multipart->fields = json_object();
    multipart->work = (uint8_t *) strdup("\r\n"); /* so that the first boundary looks like the others */
    multipart->work_size = 2;
    if (!multipart->fields || !multipart->work) {
        multipart_free(multipart);
        return -ENOMEM;
    }
    if (!content_type || !parameter(content_type, "boundary", boundary, sizeof(boundary)) || !*boundary) {
        multipart_free(multipart);
        return -EBADMSG;
    }
    multipart->delimiter_size =
        (size_t) snprintf(multipart->delimiter, sizeof(multipart->delimiter), "\r\n--%s", boundary);
    *ret = multipart;
    return 0;
}

struct multipart *multipart_free(struct multipart *multipart)
{
    if (!multipart)
        return NULL;
    file_abandon(&multipart->writer);
    json_decref(multipart->fields);
    free(multipart->work);
    free(multipart->text);
    free(multipart);
    return NULL;
}

/* ---- Parts ---- */

static int begin_part(struct multipart *multipart, char *headers)
{
    char *rest = NULL;
    bool has_name = false, is_file = false;

    multipart->mime[0] = multipart->file_name[0] = 0;
    for (char *line = strtok_r(headers, "\r\n", &rest); line; line = strtok_r(NULL, "\r\n", &rest)) {
        if (strncasecmp(line, "Content-Disposition:", 20) == 0) {
            has_name = parameter(line, "name", multipart->name, MAX_WORD_BYTES);
            is_file = parameter(line, "filename", multipart->file_name, MAX_WORD_BYTES) || multipart->file_name[0];
        } else if (strncasecmp(line, "Content-Type:", 13) == 0) {
            line += 13 + strspn(line + 13, " \t");
            (void) snprintf(multipart->mime, MAX_WORD_BYTES, "%s", line);
        }
    }
    if (!has_name || (is_file && multipart->file) || json_object_size(multipart->fields) == MAX_FIELDS)
        return -EBADMSG;
    multipart->state = is_file ? STATE_FILE : STATE_FIELD;
    multipart->text_size = 0;
    return is_file ? file_begin(&multipart->writer) : 0;
}

static int take(struct multipart *multipart, struct bytes bytes)
{
    char *grown;

    if (!multipart->has_begun || bytes.size == 0)
        return 0;
    if (multipart->state == STATE_FILE)
        return file_write(&multipart->writer, bytes);
    if (multipart->text_size + bytes.size > MAX_FIELD_BYTES)
        return -EMSGSIZE;
    grown = realloc(multipart->text, multipart->text_size + bytes.size + 1);
    if (!grown)
        return -ENOMEM;
    multipart->text = grown;
    memcpy(grown + multipart->text_size, bytes.data, bytes.size);
    multipart->text_size += bytes.size;
    return 0;
}

static int end_part(struct multipart *multipart)
{
    json_t *name;

    if (!multipart->has_begun)
        return 0;
    if (multipart->state == STATE_FIELD)
        return json_object_set_new(multipart->fields, multipart->name,
                                   json_stringn(multipart->text_size ? multipart->text : "", multipart->text_size)) < 0
                   ? -EBADMSG
                   : 0;
    name = json_string(multipart->file_name);
    multipart->file = file_finish(multipart->files, &multipart->writer, name, multipart->mime);
    json_decref(name);
    (void) snprintf(multipart->file_field, MAX_WORD_BYTES, "%s", multipart->name);
    return multipart->file ? 0 : -ENOMEM;
}

/* ---- Bytes ---- */

/* How much of the front is dealt with; 0: more is needed. -errno. */
static long headers_step(struct multipart *multipart, struct bytes work)
{
    uint8_t *end = memmem(work.data, work.size, "\r\n\r\n", 4);
    char headers[MAX_HEADER_BYTES];
    size_t size;
    int r;

    if (!end)
        return work.size >= MAX_HEADER_BYTES ? -EBADMSG : 0;
    size = (size_t) (end - work.data);
    if (size >= MAX_HEADER_BYTES)
        return -EBADMSG;
    memcpy(headers, work.data, size);
    headers[size] = 0;
    r = begin_part(multipart, headers);
    return r < 0 ? r : (long) size + 4;
}

static long data_step(struct multipart *multipart, struct bytes work)
{
    size_t d = multipart->delimiter_size, n;
    uint8_t *at = memmem(work.data, work.size, multipart->delimiter, d);
    int r;

    if (!at) {
        n = work.size > d ? work.size - d : 0;
        r = take(multipart, bytes_make(work.data, n));
        return r < 0 ? r : (long) n;
    }
    n = (size_t) (at - work.data);
    if (work.size - n < d + 2) { /* whether it is the last one is not there yet */
        r = take(multipart, bytes_make(work.data, n));
        return r < 0 ? r : (long) n;
    }
    r = take(multipart, bytes_make(work.data, n));
    if (r == 0)
        r = end_part(multipart);
    if (r < 0)
        return r;
    multipart->has_begun = true;
    if (memcmp(at + d, "--", 2) == 0)
        multipart->state = STATE_END;
    else if (memcmp(at + d, "\r\n", 2) == 0)
        multipart->state = STATE_HEADERS;
    else
        return -EBADMSG;
    return (long) (n + d); /* the line's end stays, so that headers may be none */
}

int multipart_feed(struct multipart *multipart, struct bytes piece)
{
    uint8_t *work = malloc(multipart->work_size + piece.size + 1);
    struct bytes left;
    long n = 1;

    if (!work)
        return -ENOMEM;
    memcpy(work, multipart->work, multipart->work_size);
    if (piece.size > 0)
        memcpy(work + multipart->work_size, piece.data, piece.size);
    left = bytes_make(work, multipart->work_size + piece.size);
    while (n > 0 && multipart->state != STATE_END) {
        bool is_data = multipart->state != STATE_HEADERS || !multipart->has_begun;

        n = is_data ? data_step(multipart, left) : headers_step(multipart, left);
        if (n > 0)
            (void) bytes_cut(&left, (size_t) n);
    }
    if (multipart->state == STATE_END)
        left.size = 0;
    if (left.size > 0)
        memmove(work, left.data, left.size);
    free(multipart->work);
    multipart->work = work;
    multipart->work_size = left.size;
    return n < 0 ? (int) n : 0;
}

json_t *multipart_fields(const struct multipart *multipart)
{
    return multipart->state == STATE_END ? multipart->fields : NULL;
}

struct file *multipart_file(const struct multipart *multipart, const char *field)
{
    return multipart->file && strcmp(multipart->file_field, field) == 0 ? multipart->file : NULL;
}
