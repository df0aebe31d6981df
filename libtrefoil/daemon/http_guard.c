/* The addresses that are not the public Internet, from the IANA registries of special-purpose addresses.
 * Never resolves, never connects.
 *
 * IPv4 is a list of what is refused. IPv6 is the other way round: one block has been given out for the public Internet,
 * and of that the special parts are refused; whatever is invented outside is refused already.
 */
#include "daemon/http_guard.h"

#include <arpa/inet.h>
#include <curl/curl.h>
#include <errno.h>
#include <ifaddrs.h>
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "base/bytes.h"

#define MAX_URL_BYTES 8192
#define MAX_PLACE_BYTES 300 /* of "host:port" */

struct block4 {
    uint32_t first;
    unsigned bits;
};

static const struct block4 refused4[] = {
    { 0x00000000, 8 },  /* "this" network, 0.0.0.0 reaches the host itself */
    { 0x0a000000, 8 },  /* private */
    { 0x64400000, 10 }, /* carrier-grade NAT; metadata of one cloud */
    { 0x7f000000, 8 },  /* loopback */
    { 0xa83f8110, 32 }, /* 168.63.129.16: looks public, is the host of one cloud */
    { 0xa9fe0000, 16 }, /* link-local; metadata of most clouds */
    { 0xac100000, 12 }, /* private */
    { 0xc0000000, 24 }, /* protocol assignments; metadata of one cloud */
    { 0xc0000200, 24 }, /* documentation */
    { 0xc0586300, 24 }, /* 6to4 relays */
    { 0xc0a80000, 16 }, /* private */
    { 0xc6120000, 15 }, /* benchmarks */
    { 0xc6336400, 24 }, /* documentation */
    { 0xcb007100, 24 }, /* documentation */
    { 0xe0000000, 4 },  /* multicast */
    { 0xf0000000, 4 },  /* reserved, and broadcast */
};

struct block6 {
    uint8_t first[8];
    unsigned bits;
};

static const struct block6 public6 = { { 0x20 }, 3 };
static const struct block6 refused6[] = {
    { { 0x20, 0x01, 0x00 }, 23 },       /* protocol assignments: Teredo, ORCHID, benchmarks */
    { { 0x20, 0x01, 0x0d, 0xb8 }, 32 }, /* documentation */
    { { 0x20, 0x02 }, 16 },             /* 6to4: any IPv4 address in disguise */
    { { 0x3f, 0xff }, 20 },             /* documentation */
};

static bool is_public4(uint32_t address)
{
    for (size_t i = 0; i < ARRAY_SIZE(refused4); i++)
        if ((address ^ refused4[i].first) >> (32 - refused4[i].bits) == 0)
            return false;
    return true;
}

static bool is_in(const struct block6 *block, const uint8_t address[16])
{
    for (unsigned i = 0; i < block->bits; i++)
        if (((address[i / 8] ^ block->first[i / 8]) >> (7 - i % 8)) & 1)
            return false;
    return true;
}

/* IPv4 in its IPv6 clothes that a host or its network undresses: mapped (::ffff:0:0/96), and NAT64 (64:ff9b::/96). */
static bool has_inside(const uint8_t address[16], uint32_t *ret)
{
    static const uint8_t mapped[12] = { [10] = 0xff, [11] = 0xff }, nat64[12] = { 0x00, 0x64, 0xff, 0x9b };

    if (memcmp(address, mapped, sizeof(mapped)) != 0 && memcmp(address, nat64, sizeof(nat64)) != 0)
        return false;
    *ret = (uint32_t) address[12] << 24 | (uint32_t) address[13] << 16 | (uint32_t) address[14] << 8 | address[15];
    return true;
}

static bool is_public6(const uint8_t address[16])
{
    uint32_t inside;

    if (has_inside(address, &inside))
        return is_public4(inside);
    if (!is_in(&public6, address))
        return false;
    for (size_t i = 0; i < ARRAY_SIZE(refused6); i++)
        if (is_in(&refused6[i], address))
            return false;
    return true;
}

static bool is_same_host(const struct sockaddr *a, const struct sockaddr *b)
{
    if (!b || a->sa_family != b->sa_family)
        return false;
    if (a->sa_family == AF_INET)
        return memcmp(&((const struct sockaddr_in *) (const void *) a)->sin_addr,
                      &((const struct sockaddr_in *) (const void *) b)->sin_addr, sizeof(struct in_addr)) == 0;
    return memcmp(&((const struct sockaddr_in6 *) (const void *) a)->sin6_addr,
                  &((const struct sockaddr_in6 *) (const void *) b)->sin6_addr, sizeof(struct in6_addr)) == 0;
}

/* A public address of this very host leads past its firewall as 127.0.0.1 does. Where the host may not be asked about
 * its addresses, it has none. */
static bool is_our_own(const struct sockaddr *address)
{
    struct ifaddrs *all = NULL;
    bool is_own = false;

    if (getifaddrs(&all) != 0)
        return false;
    for (const struct ifaddrs *one = all; one && !is_own; one = one->ifa_next)
        is_own = is_same_host(address, one->ifa_addr);
    freeifaddrs(all);
    return is_own;
}

bool http_guard_is_public(const struct sockaddr *address)
{
    if (address->sa_family == AF_INET) {
        const struct sockaddr_in *v4 = (const void *) address;

        return is_public4(ntohl(v4->sin_addr.s_addr)) && !is_our_own(address);
    }
    if (address->sa_family == AF_INET6) {
        const struct sockaddr_in6 *v6 = (const void *) address;

        return is_public6(v6->sin6_addr.s6_addr) && !is_our_own(address);
    }
    return false;
}

bool http_guard_is_public_text(const char *text)
{
    struct sockaddr_in v4 = { .sin_family = AF_INET };
    struct sockaddr_in6 v6 = { .sin6_family = AF_INET6 };

    if (inet_pton(AF_INET, text, &v4.sin_addr) == 1)
        return http_guard_is_public((const struct sockaddr *) &v4);
    return inet_pton(AF_INET6, text, &v6.sin6_addr) == 1 && http_guard_is_public((const struct sockaddr *) &v6);
}

static bool is_allowed(const struct http_guard *guard, CURLU *parts)
{
    char place[MAX_PLACE_BYTES], *host = NULL, *port = NULL;
    int size = 0;

    if (curl_url_get(parts, CURLUPART_HOST, &host, 0) == CURLUE_OK &&
        curl_url_get(parts, CURLUPART_PORT, &port, CURLU_DEFAULT_PORT) == CURLUE_OK)
        size = snprintf(place, sizeof(place), "%s:%s", host, port);
    curl_free(host);
    curl_free(port);
    if (size <= 0 || (size_t) size >= sizeof(place))
        return false;
    for (const char *const *one = guard->allowed; one && *one; one++)
        if (strcasecmp(*one, place) == 0)
            return true;
    return false;
}

static bool has_part(CURLU *parts, CURLUPart which)
{
    char *part = NULL;
    bool has = curl_url_get(parts, which, &part, 0) == CURLUE_OK;

    curl_free(part);
    return has;
}

static int judge(const struct http_guard *guard, CURLU *parts)
{
    char *scheme = NULL;
    bool is_http;

    if (curl_url_get(parts, CURLUPART_SCHEME, &scheme, 0) != CURLUE_OK)
        return -EINVAL;
    is_http = strcmp(scheme, "http") == 0 || strcmp(scheme, "https") == 0;
    curl_free(scheme);
    if (!is_http)
        return -EINVAL;
    if (!guard)
        return 0;
    if (has_part(parts, CURLUPART_USER) || has_part(parts, CURLUPART_PASSWORD))
        return -EINVAL;
    return is_allowed(guard, parts) ? 0 : 1;
}

int http_guard_judge(const struct http_guard *guard, const char *url)
{
    CURLU *parts;
    int r = -EINVAL;

    if (strlen(url) > MAX_URL_BYTES)
        return -EINVAL;
    parts = curl_url();
    if (!parts)
        return -ENOMEM;
    if (curl_url_set(parts, CURLUPART_URL, url, 0) == CURLUE_OK)
        r = judge(guard, parts);
    curl_url_cleanup(parts);
    return r;
}
