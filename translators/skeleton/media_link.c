/* A narrow reading of URLs: letters, digits, dots and dashes make a host, and nothing else does. Never resolves. */
#include "media_link.h"

#include <errno.h>
#include <string.h>
#include <strings.h>

static const char host_letters[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789.-_";

static bool read_authority(const char *text, size_t size, struct media_link *ret)
{
    size_t host = text[0] == '[' ? strspn(text + 1, "0123456789abcdefABCDEF:.") + 2 : strspn(text, host_letters);
    size_t port = host < size && text[host] == ':' ? strspn(text + host + 1, "0123456789") + 1 : 0;

    if (size == 0 || host == 0 || host + port != size || port > 6 || port == 1 ||
        (text[0] == '[' && (host > size || text[host - 1] != ']')))
        return false;
    ret->authority = bytes_make(text, size);
    ret->host = bytes_make(text, host);
    return true;
}

int media_link_read(const char *url, struct media_link *ret)
{
    size_t scheme = strncasecmp(url, "https://", 8) == 0 ? 8 : strncasecmp(url, "http://", 7) == 0 ? 7 : 0;

    if (!scheme || strlen(url) > MEDIA_LINK_MAX_BYTES)
        return -EINVAL;
    for (const char *at = url; *at; at++)
        if ((unsigned char) *at <= ' ' || *at == 0x7f || *at == '\\')
            return -EINVAL;
    const char *authority = url + scheme;
    *ret = (struct media_link){ .is_secure = scheme == 8 };
    if (!read_authority(authority, strcspn(authority, "/?#"), ret))
        return -EINVAL;
    const char *path = authority + ret->authority.size;
    ret->path = bytes_make(path, strcspn(path, "?#"));
    return 0;
}

int media_link_follow(const char *base, const char *location, struct arena *mem, const char **ret)
{
    struct media_link from, to;

    int r = media_link_read(base, &from);
    if (r < 0 || strlen(location) > MEDIA_LINK_MAX_BYTES)
        return -EINVAL;
    const char *scheme = from.is_secure ? "https" : "http";
    if (strstr(location, "://") && strcspn(location, ":") < strcspn(location, "/?#"))
        *ret = arena_text(mem, bytes_of_text(location));
    else if (strncmp(location, "//", 2) == 0)
        *ret = arena_format(mem, "%s:%s", scheme, location);
    else if (location[0] == '/')
        *ret = arena_format(mem, "%s://%.*s%s", scheme, (int) from.authority.size, (const char *) from.authority.data,
                            location);
    else
        return -EINVAL; /* legal, but nobody who keeps files does it */
    return *ret ? media_link_read(*ret, &to) : -ENOMEM;
}

bool media_link_ends(const struct media_link *link, const char *end)
{
    struct bytes whole = strchr(end, ':') ? link->authority : link->host;
    size_t size = strlen(end);

    if (end[0] == '.') {
        end++;
        size--;
    }
    if (size == 0 || size > whole.size)
        return false;
    size_t at = whole.size - size;
    return strncasecmp((const char *) whole.data + at, end, size) == 0 &&
           (at == 0 || (whole.data[at - 1] == '.' && whole.data == link->host.data && whole.size == link->host.size));
}

static int hex_digit(char c)
{
    const char *digits = "0123456789abcdef", *at = c ? strchr(digits, c | 0x20) : NULL;
    return at ? (int) (at - digits) : -1;
}

/* %41 becomes A; what is broken stays. NULs are left out. */
static const char *decode(struct bytes text, struct arena *mem)
{
    char *out = arena_alloc(mem, text.size + 1);
    size_t n = 0;

    for (size_t i = 0; out && i < text.size; i++) {
        int high = i + 2 < text.size && text.data[i] == '%' ? hex_digit((char) text.data[i + 1]) : -1;
        int low = high >= 0 ? hex_digit((char) text.data[i + 2]) : -1;
        char c = (char) (low >= 0 ? high << 4 | low : text.data[i]);
        if (low >= 0)
            i += 2;
        if (c)
            out[n++] = c;
    }
    return out && n ? out : NULL;
}

const char *media_link_name(const struct media_link *link, struct arena *mem)
{
    size_t at = link->path.size;

    while (at > 0 && link->path.data[at - 1] != '/')
        at--;
    return decode(bytes_slice(link->path, at, link->path.size - at), mem);
}

/* The value of `name=` in the header, quoted or not. */
static struct bytes parameter(const char *header, const char *name)
{
    for (const char *at = strchr(header, ';'); at; at = strchr(at, ';')) {
        at += 1 + strspn(at + 1, " \t");
        size_t size = strlen(name);
        if (strncasecmp(at, name, size) != 0 || at[size] != '=')
            continue;
        at += size + 1;
        return *at == '"' ? bytes_make(at + 1, strcspn(at + 1, "\"")) : bytes_make(at, strcspn(at, "; \t"));
    }
    return BYTES_EMPTY;
}

const char *media_link_disposition(const char *header, struct arena *mem)
{
    static const char charset[] = "UTF-8''";
    struct bytes value = header ? parameter(header, "filename*") : BYTES_EMPTY;

    if (value.size > sizeof(charset) - 1 && strncasecmp((const char *) value.data, charset, sizeof(charset) - 1) == 0)
        return decode(bytes_slice(value, sizeof(charset) - 1, value.size - (sizeof(charset) - 1)), mem);
    value = header ? parameter(header, "filename") : BYTES_EMPTY;
    return value.size ? arena_text(mem, value) : NULL;
}
