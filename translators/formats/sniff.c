/* A table of beginnings, and the few containers that need a second look. Never reads beyond what it is given. */
#include "sniff.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#define NOTHING "application/octet-stream"
#define MIME_MAX_CHARS 127

struct beginning {
    size_t at;
    const char *bytes;
    size_t size;
    const char *mime;
};

#define BEGINS(at, text, mime)           \
    {                                    \
        at, text, sizeof(text) - 1, mime \
    }

static const struct beginning beginnings[] = {
    BEGINS(0, "\xff\xd8\xff", "image/jpeg"),
    BEGINS(0, "\x89PNG\r\n\x1a\n", "image/png"),
    BEGINS(0, "GIF87a", "image/gif"),
    BEGINS(0, "GIF89a", "image/gif"),
    BEGINS(8, "WEBP", "image/webp"),
    BEGINS(0, "II*\0", "image/tiff"),
    BEGINS(0, "MM\0*", "image/tiff"),
    BEGINS(0, "BM", "image/bmp"),
    BEGINS(8, "WAVE", "audio/wav"),
    BEGINS(8, "AVI ", "video/x-msvideo"),
    BEGINS(0, "fLaC", "audio/flac"),
    BEGINS(0, "#!AMR", "audio/amr"),
    BEGINS(0, "ID3", "audio/mpeg"),
    BEGINS(0, "\xff\xfb", "audio/mpeg"),
    BEGINS(0, "\xff\xf3", "audio/mpeg"),
    BEGINS(0, "\xff\xf2", "audio/mpeg"),
    BEGINS(0, "\xff\xf1", "audio/aac"),
    BEGINS(0, "\xff\xf9", "audio/aac"),
    BEGINS(0, "\x1a\x45\xdf\xa3", "video/webm"),
    BEGINS(0, "%PDF-", "application/pdf"),
    BEGINS(0, "PK\x03\x04", "application/zip"),
    BEGINS(0, "\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "application/x-ole-storage"),
    BEGINS(0, "7z\xbc\xaf\x27\x1c", "application/x-7z-compressed"),
    BEGINS(0, "Rar!\x1a\x07", "application/vnd.rar"),
    BEGINS(0, "\x1f\x8b", "application/gzip"),
    BEGINS(0,
           "\x7f"
           "ELF",
           "application/x-executable"),
    BEGINS(0, "MZ", "application/x-msdownload"),
    BEGINS(0, "#!/", "text/x-script"),
    BEGINS(0, "BEGIN:VCARD", "text/vcard"),
};

static const char *const marks_of_html[] = { "<!doctype html", "<html", "<script", "<head", "<body", "<svg" };

static bool has(struct bytes bytes, size_t at, const char *text, size_t size)
{
    return bytes.size >= at + size && memcmp(bytes.data + at, text, size) == 0;
}

static bool contains(struct bytes bytes, const char *text)
{
    return memmem(bytes.data, bytes.size, text, strlen(text)) != NULL;
}

/* ISO base media: the brand says what for. */
static const char *sniff_ftyp(struct bytes bytes)
{
    static const struct {
        const char *brand, *mime;
    } brands[] = { { "M4A ", "audio/mp4" },  { "M4B ", "audio/mp4" },  { "qt  ", "video/quicktime" },
                   { "3gp", "video/3gpp" },  { "3g2", "video/3gpp" },  { "heic", "image/heic" },
                   { "heix", "image/heic" }, { "mif1", "image/heic" }, { "avif", "image/avif" } };

    for (size_t i = 0; i < sizeof(brands) / sizeof(*brands); i++)
        if (has(bytes, 8, brands[i].brand, strlen(brands[i].brand)))
            return brands[i].mime;
    return "video/mp4";
}

static const char *sniff_html(struct bytes bytes)
{
    while (bytes.size && isspace(bytes.data[0]))
        bytes = bytes_slice(bytes, 1, bytes.size - 1);
    for (size_t i = 0; i < sizeof(marks_of_html) / sizeof(*marks_of_html); i++)
        if (bytes.size >= strlen(marks_of_html[i]) &&
            strncasecmp((const char *) bytes.data, marks_of_html[i], strlen(marks_of_html[i])) == 0)
            return strcmp(marks_of_html[i], "<svg") == 0 ? "image/svg+xml" : "text/html";
    return NULL;
}

const char *sniff_mime(struct bytes beginning)
{
    if (beginning.size > SNIFF_BYTES)
        beginning = bytes_slice(beginning, 0, SNIFF_BYTES);
    if (has(beginning, 4, "ftyp", 4))
        return sniff_ftyp(beginning);
    if (has(beginning, 0, "OggS", 4))
        return contains(beginning, "theora") ? "video/ogg" : "audio/ogg";
    for (size_t i = 0; i < sizeof(beginnings) / sizeof(*beginnings); i++) {
        const struct beginning *one = &beginnings[i];
        bool is_riff = one->at == 8;
        if (has(beginning, one->at, one->bytes, one->size) && (!is_riff || has(beginning, 0, "RIFF", 4)))
            return one->mime;
    }
    return sniff_html(beginning);
}

/* A type's shape: "word/word", nothing else. */
static bool is_type(const char *text)
{
    static const char letters[] = "abcdefghijklmnopqrstuvwxyz0123456789!#$&-^_.+";
    size_t first = strspn(text, letters);
    size_t second = text[first] == '/' ? strspn(text + first + 1, letters) : 0;

    return first > 0 && second > 0 && text[first + 1 + second] == '\0';
}

static bool is_family(const char *mime, const char *family)
{
    size_t size = strlen(family);
    return strncmp(mime, family, size) == 0 && mime[size] == '/';
}

/* Sound and pictures that move share containers: the first bytes do not tell which it is. */
static bool share_container(const char *found, const char *declared)
{
    bool is_container = strcmp(found, "video/mp4") == 0 || strcmp(found, "video/3gpp") == 0 ||
                        strcmp(found, "video/webm") == 0 || strcmp(found, "audio/ogg") == 0 ||
                        strcmp(found, "audio/mp4") == 0 || strcmp(found, "video/quicktime") == 0;
    return is_container &&
           (is_family(declared, "audio") || is_family(declared, "video") || strcmp(declared, "application/ogg") == 0);
}

static bool is_same_family(const char *found, const char *declared)
{
    size_t size = strcspn(declared, "/") + 1;
    return strncmp(found, declared, size) == 0 || share_container(found, declared);
}

/* Beginnings that are always known: without one it is none. */
static bool has_known_beginning(const char *declared)
{
    static const char *const known[] = { "image/jpeg", "image/png", "image/gif",  "image/webp", "video/mp4",
                                         "audio/ogg",  "audio/amr", "video/3gpp", "audio/mp4",  "application/pdf" };

    for (size_t i = 0; i < sizeof(known) / sizeof(*known); i++)
        if (strcmp(declared, known[i]) == 0)
            return true;
    return false;
}

const char *sniff_judge(struct bytes beginning, const char *declared, char *room, size_t room_size, bool *ret_is_lie)
{
    const char *found = sniff_mime(beginning);
    size_t size = declared ? strcspn(declared, "; \t") : 0;

    *ret_is_lie = false;
    if (size == 0 || size >= room_size || size > MIME_MAX_CHARS)
        return found ? found : NOTHING;
    for (size_t i = 0; i < size; i++)
        room[i] = (char) tolower((unsigned char) declared[i]);
    room[size] = '\0';
    if (!is_type(room) || strcmp(room, NOTHING) == 0 || strcmp(room, "binary/octet-stream") == 0)
        return found ? found : NOTHING;
    if (!found) {
        *ret_is_lie = has_known_beginning(room);
        return *ret_is_lie ? NOTHING : room;
    }
    *ret_is_lie = !is_same_family(found, room);
    return *ret_is_lie || is_family(found, "image") ? found : room;
}
