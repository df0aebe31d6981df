/* Media ids, signed addresses, downloads and what goes wrong with them on purpose. Never looks into a file. */
#include <ctype.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "sandbox/assets.h"
#include "sandbox/files.h"
#include "sandbox/pour.h"

#define MAX_ASSETS 1000000
#define FIRST_ID UINT64_C(1000000000000000)
#define N_IDS UINT64_C(9000000000000000)
#define WHATSAPP_URL_MS ((int64_t) 5 * 60 * 1000)
#define CDN_URL_MS DAY_MS
#define SIGNATURE_BYTES 16
#define SIGNATURE_SIZE (2 * SIGNATURE_BYTES + 1)
#define MAX_NAME_BYTES 120
#define WHATSAPP_PATH "/whatsapp_business/attachments/"
#define INSTAGRAM_PATH "/ig_messaging_cdn/"
#define MESSENGER_PATH "/cdn/v/t1.15752-9/"

struct asset *asset_new(struct account *account, const struct file *file, const char *message, int64_t lives_ms)
{
    struct world *world = account->world;
    struct fault *lie = &account->faults.kinds[FAULT_MEDIA_LIE];
    struct asset *asset = calloc(1, sizeof(*asset));

    if (!asset)
        return NULL;
    if (world->assets.max_count == 0)
        world->assets = MAP_EMPTY(MAX_ASSETS, world->settings->seed);
    list_init(&asset->link);
    (void) snprintf(asset->id, sizeof(asset->id), "%llu",
                    (unsigned long long) (FIRST_ID + dice_roll(&world->dice) % N_IDS));
    asset->account = account;
    asset->file = file;
    asset->dies_ms = world_now_ms(world) + lives_ms;
    asset->message = message ? strdup(message) : NULL;
    if (message && fault_strikes(&account->faults, FAULT_MEDIA_LIE, &world->dice))
        asset->false_mime = strdup(lie->text ? lie->text : "image/jpeg");
    if ((message && !asset->message) || map_set(&world->assets, bytes_of_text(asset->id), asset) < 0) {
        free(asset->message);
        free(asset->false_mime);
        free(asset);
        return NULL;
    }
    list_append(&world->asset_list, &asset->link);
    return asset;
}

struct asset *asset_find(struct world *world, const struct account *account, const char *id)
{
    size_t size = strlen(id);
    struct asset *asset = size > 0 && size < ASSET_ID_SIZE ? map_get(&world->assets, bytes_of_text(id)) : NULL;

    return asset && asset->account == account && world_now_ms(world) < asset->dies_ms ? asset : NULL;
}

void asset_delete(struct asset *asset)
{
    (void) map_remove(&asset->account->world->assets, bytes_of_text(asset->id));
    list_remove(&asset->link);
    free(asset->message);
    free(asset->false_mime);
    free(asset);
}

void assets_clear(struct world *world)
{
    list_for_each_safe (node, after, &world->asset_list)
        asset_delete(container_of(node, struct asset, link));
    map_deinit(&world->assets);
}

const char *asset_mime(const struct asset *asset)
{
    return asset->false_mime ? asset->false_mime : asset->file->mime;
}

/* ---- Addresses ---- */

static void sign(const struct asset *asset, int64_t until_s, char ret[SIGNATURE_SIZE])
{
    const struct account *account = asset->account;
    crypto_auth_hmacsha256_state state;
    uint8_t mac[crypto_auth_hmacsha256_BYTES];
    char text[64];
    int n = snprintf(text, sizeof(text), "%s.%" PRId64, asset->id, until_s);

    (void) crypto_auth_hmacsha256_init(&state, (const uint8_t *) account->app_secret, strlen(account->app_secret));
    (void) crypto_auth_hmacsha256_update(&state, (const uint8_t *) text, (unsigned long long) n);
    (void) crypto_auth_hmacsha256_final(&state, mac);
    bytes_to_hex(bytes_make(mac, SIGNATURE_BYTES), ret);
}

/* The file's name as the end of a path: what is not plain is percent-encoded, what is too much is cut. */
static void name_in_path(const struct file *file, char *ret, size_t room)
{
    const char *name = json_string_value(file->name);
    size_t at = 0;

    for (size_t i = 0; i < MAX_NAME_BYTES && at + 4 < room && name[i]; i++) {
        unsigned char c = (unsigned char) name[i];

        if (isalnum(c) || strchr("._-", c))
            ret[at++] = (char) c;
        else
            at += (size_t) snprintf(ret + at, room - at, "%%%02X", c);
    }
    ret[at] = 0;
}

void asset_url(const struct asset *asset, char ret[ASSET_URL_SIZE])
{
    const struct world *world = asset->account->world;
    bool is_whatsapp = asset->account->network == NETWORK_WHATSAPP;
    int64_t until_s = (world_now_ms(world) + (is_whatsapp ? WHATSAPP_URL_MS : CDN_URL_MS)) / 1000;
    char signature[SIGNATURE_SIZE], name[4 * MAX_NAME_BYTES];
    const char *ending = mime_ending(asset->file->mime);

    sign(asset, until_s, signature);
    name_in_path(asset->file, name, sizeof(name));
    switch (asset->account->network) {
    case NETWORK_WHATSAPP:
        (void) snprintf(ret, ASSET_URL_SIZE, "%s" WHATSAPP_PATH "?mid=%s&ext=%" PRId64 "&hash=%s", world->base_url,
                        asset->id, until_s, signature);
        break;
    case NETWORK_MESSENGER:
        (void) snprintf(ret, ASSET_URL_SIZE, "%s" MESSENGER_PATH "%s_n.%s/%s?oh=%s&oe=%" PRIX64, world->base_url,
                        asset->id, ending, name, signature, (uint64_t) until_s);
        break;
    case NETWORK_INSTAGRAM:
    case N_NETWORKS:
        (void) snprintf(ret, ASSET_URL_SIZE, "%s" INSTAGRAM_PATH "?asset_id=%s&signature=%" PRId64 "-%s",
                        world->base_url, asset->id, until_s, signature);
        break;
    }
}

/* ---- Downloads ---- */

bool assets_own(const char *path)
{
    return strcmp(path, WHATSAPP_PATH) == 0 || strcmp(path, INSTAGRAM_PATH) == 0 ||
           strncmp(path, MESSENGER_PATH, strlen(MESSENGER_PATH)) == 0;
}

/* What an address says, not yet believed. */
struct claim {
    char id[ASSET_ID_SIZE];
    int64_t until_s;
    const char *signature;
};

static bool read_claim(struct http_exchange *exchange, const char *path, struct claim *ret)
{
    const char *id, *until;

    ret->signature = NULL;
    if (strcmp(path, WHATSAPP_PATH) == 0) {
        id = http_request_query(exchange, "mid");
        until = http_request_query(exchange, "ext");
        ret->signature = http_request_query(exchange, "hash");
    } else if (strcmp(path, INSTAGRAM_PATH) == 0) {
        id = http_request_query(exchange, "asset_id");
        until = http_request_query(exchange, "signature");
        ret->signature = until ? strchr(until, '-') : NULL;
        ret->signature = ret->signature ? ret->signature + 1 : NULL;
    } else {
        id = path + strlen(MESSENGER_PATH);
        until = http_request_query(exchange, "oe");
        ret->signature = http_request_query(exchange, "oh");
    }
    if (!id || !until || !ret->signature)
        return false;
    (void) snprintf(ret->id, sizeof(ret->id), "%.*s", (int) strspn(id, "0123456789"), id);
    ret->until_s = strtoll(until, NULL, *path == '/' && strncmp(path, "/cdn", 4) == 0 ? 16 : 10);
    return true;
}

static void answer_status(struct http_exchange *exchange, unsigned status, const char *text)
{
    if (http_answer(&exchange, status, "text/plain", bytes_of_text(text)) < 0)
        return; /* dropped: nothing is left to tell */
}

static bool may_read(struct http_exchange *exchange, const struct account *account)
{
    const char *header = http_request_header(exchange, "Authorization");

    return account->network != NETWORK_WHATSAPP ||
           (header && strncasecmp(header, "Bearer ", 7) == 0 && strcmp(header + 7, account->token) == 0);
}

static bool is_unsent(struct world *world, const struct asset *asset)
{
    const struct bubble *bubble = asset->message ? bubble_find(world, asset->message) : NULL;

    return bubble && bubble->is_unsent;
}

static void redirect(struct http_exchange *exchange, const char *to)
{
    struct http_header header = { "Location", to ? to : "http://127.0.0.1/" };

    if (http_answer_with(&exchange, 302, NULL, BYTES_EMPTY, &header, 1) < 0)
        return; /* dropped: nothing is left to tell */
}

/* True when a fault has answered. */
static bool struck(struct world *world, struct asset *asset, struct http_exchange *exchange)
{
    struct faults *faults = &asset->account->faults;
    const struct fault *slow = &faults->kinds[FAULT_MEDIA_SLOW];
    bool is_whatsapp = asset->account->network == NETWORK_WHATSAPP;

    if (fault_strikes(faults, FAULT_MEDIA_GONE, &world->dice))
        answer_status(exchange, 404, "Not Found\n");
    else if (fault_strikes(faults, FAULT_MEDIA_EXPIRED, &world->dice))
        answer_status(exchange, is_whatsapp ? 404 : 403, "URL signature expired\n");
    else if (fault_strikes(faults, FAULT_MEDIA_REDIRECT, &world->dice))
        redirect(exchange, faults->kinds[FAULT_MEDIA_REDIRECT].text);
    else if (fault_strikes(faults, FAULT_MEDIA_ENDLESS, &world->dice))
        pour(world, exchange,
             &(struct pour_order){ .file = asset->file, .mime = asset_mime(asset), .is_endless = true });
    else if (fault_strikes(faults, FAULT_MEDIA_SLOW, &world->dice))
        pour(world, exchange,
             &(struct pour_order){
                 .file = asset->file, .mime = asset_mime(asset), .bytes_per_s = slow->size ? slow->size : 1024 });
    else
        return false;
    return true;
}

void assets_answer(struct world *world, struct http_exchange *exchange, const char *path)
{
    struct claim claim;
    char signature[SIGNATURE_SIZE];
    struct asset *asset = read_claim(exchange, path, &claim) ? map_get(&world->assets, bytes_of_text(claim.id)) : NULL;
    bool is_whatsapp = asset && asset->account->network == NETWORK_WHATSAPP;

    if (asset)
        sign(asset, claim.until_s, signature);
    if (!asset || world_now_ms(world) >= asset->dies_ms || is_unsent(world, asset))
        answer_status(exchange, 404, "Not Found\n");
    else if (!may_read(exchange, asset->account))
        answer_status(exchange, 401, "Unauthorized\n");
    else if (strcmp(signature, claim.signature) != 0 || world_now_ms(world) / 1000 >= claim.until_s)
        answer_status(exchange, is_whatsapp ? 404 : 403, "URL signature expired\n");
    else if (!struck(world, asset, exchange))
        file_answer(asset->file, exchange, asset_mime(asset));
}
