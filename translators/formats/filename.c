/* What is harmful in a name is left out or replaced, character by character; what is left keeps its extension.
 * Never looks at a file system.
 */
#include "filename.h"

#include <string.h>
#include <strings.h>

#include "base/bytes.h"
#include "grapheme.h"

#define EXTENSION_MAX_BYTES 12 /* with its dot; what is longer is no extension */
#define REPLACEMENT 0xFFFDu

static const struct {
    const char *mime, *extension;
} extensions[] = {
    { "image/jpeg", "jpg" },
    { "image/png", "png" },
    { "image/gif", "gif" },
    { "image/webp", "webp" },
    { "image/heic", "heic" },
    { "image/bmp", "bmp" },
    { "image/tiff", "tiff" },
    { "video/mp4", "mp4" },
    { "video/3gpp", "3gp" },
    { "video/quicktime", "mov" },
    { "video/webm", "webm" },
    { "video/x-matroska", "mkv" },
    { "audio/ogg", "ogg" },
    { "audio/mpeg", "mp3" },
    { "audio/mp4", "m4a" },
    { "audio/aac", "aac" },
    { "audio/amr", "amr" },
    { "audio/wav", "wav" },
    { "audio/flac", "flac" },
    { "application/pdf", "pdf" },
    { "application/zip", "zip" },
    { "application/json", "json" },
    { "application/msword", "doc" },
    { "application/vnd.ms-excel", "xls" },
    { "application/vnd.ms-powerpoint", "ppt" },
    { "application/vnd.openxmlformats-officedocument.wordprocessingml.document", "docx" },
    { "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet", "xlsx" },
    { "application/vnd.openxmlformats-officedocument.presentationml.presentation", "pptx" },
    { "text/plain", "txt" },
    { "text/html", "html" },
    { "text/csv", "csv" },
    { "text/vcard", "vcf" },
};

const char *filename_extension(const char *mime)
{
    size_t size = mime ? strcspn(mime, "; ") : 0;

    for (size_t i = 0; i < sizeof(extensions) / sizeof(*extensions); i++)
        if (size == strlen(extensions[i].mime) && strncasecmp(mime, extensions[i].mime, size) == 0)
            return extensions[i].extension;
    return "bin";
}

/* Characters that are not seen: controls, what turns the direction of reading, joins, marks of byte order, tags. */
static bool is_unseen(uint32_t c)
{
    return c < 0x20 || (c >= 0x7f && c < 0xa0) || c == 0xad || c == 0x61c || c == 0x180e ||
           (c >= 0x200b && c <= 0x200f) || (c >= 0x2028 && c <= 0x202e) || (c >= 0x2060 && c <= 0x206f) ||
           c == 0xfeff || (c >= 0xfff9 && c <= 0xfffb) || (c >= 0xe0000 && c <= 0xe007f);
}

/* Characters that mean something to a shell, a file system or a header. */
static bool is_sharp(uint32_t c)
{
    return c < 0x80 && c != 0 && strchr(":*?\"<>|;`$%&", (int) c);
}

/* The part behind the last separator that has anything behind it. */
static struct bytes last_component(struct bytes name)
{
    while (name.size && (name.data[name.size - 1] == '/' || name.data[name.size - 1] == '\\'))
        name.size--;
    for (size_t i = name.size; i > 0; i--)
        if (name.data[i - 1] == '/' || name.data[i - 1] == '\\')
            return bytes_slice(name, i, name.size - i);
    return name;
}

/* Harmless characters only, at `ret`, which has room for as many bytes as `name` has. */
static size_t clean(struct bytes name, uint8_t *ret)
{
    size_t n = 0;

    while (name.size) {
        uint32_t character;
        size_t size = grapheme_character(name, &character);
        bool is_broken = character == REPLACEMENT && size == 1;
        bool is_first = n == 0 && (character == '.' || character == ' ' || character == '-' || character == '~');
        if (is_sharp(character) || is_broken) {
            ret[n++] = '_';
        } else if (!is_unseen(character) && !is_first) {
            memcpy(ret + n, name.data, size);
            n += size;
        }
        name = bytes_slice(name, size, name.size - size);
    }
    while (n && (ret[n - 1] == ' ' || ret[n - 1] == '.'))
        n--;
    return n;
}

/* Where the extension begins, with its dot; the end when there is none. */
static size_t extension_at(struct bytes name)
{
    for (size_t i = name.size; i > 1 && name.size - i < EXTENSION_MAX_BYTES; i--) {
        uint8_t c = name.data[i - 1];
        if (c == '.')
            return i < name.size ? i - 1 : name.size;
        if (!((c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z')))
            return name.size;
    }
    return name.size;
}

/* At most `max` bytes, between characters. */
static struct bytes cut(struct bytes stem, size_t max)
{
    if (stem.size <= max)
        return stem;
    while (max > 0 && (stem.data[max] & 0xC0) == 0x80)
        max--;
    return bytes_slice(stem, 0, max);
}

const char *filename_safe(const char *name, const char *mime, struct arena *mem)
{
    struct bytes raw = last_component(bytes_of_text(name));
    uint8_t *room = arena_alloc(mem, raw.size + 1);
    if (!room)
        return NULL;
    struct bytes whole = bytes_make(room, clean(raw, room));
    size_t at = extension_at(whole);
    struct bytes stem = bytes_slice(whole, 0, at), tail = bytes_slice(whole, at, whole.size - at);

    if (!stem.size)
        stem = bytes_of_text("file");
    if (tail.size)
        stem = cut(stem, FILENAME_MAX_BYTES - tail.size);
    else
        stem = cut(stem, FILENAME_MAX_BYTES - EXTENSION_MAX_BYTES);
    return tail.size
               ? arena_format(mem, "%.*s%.*s", (int) stem.size, (const char *) stem.data, (int) tail.size,
                              (const char *) tail.data)
               : arena_format(mem, "%.*s.%s", (int) stem.size, (const char *) stem.data, filename_extension(mime));
}
