/* The table of a translator's configuration keys. Never reads anything but through daemon/config. */
#include "settings.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "skeleton_types/translator.h"

#define NETWORK_ID_MAX 96 /* leaves room for "network/" in an account name */
#define TEMPLATE_NAME_MAX 512

static const char *const formats[] = { "logfmt", "json", NULL };
static const char *const levels[] = { "debug", "info", "warning", "error", NULL };
static const char *const policies[] = { "resend", "give-up", NULL };
static const char *const guesses[] = { "try", "refuse", NULL };

#define AT(member) offsetof(struct account_settings, member)

static const struct config_key account_keys[] = {
    { .name = "id",
      .type = CONFIG_TEXT,
      .offset = AT(id),
      .required = true,
      .min = 1,
      .max = NETWORK_ID_MAX,
      .help = "the account as the network calls it" },
    { .name = "page_id",
      .type = CONFIG_TEXT,
      .offset = AT(page_id),
      .min = 1,
      .max = NETWORK_ID_MAX,
      .help = "the page that sends for the account, where that is another id" },
    { .name = "token_file",
      .type = CONFIG_SECRET_FILE,
      .offset = AT(token_file),
      .required = true,
      .help = "access token" },
    { .name = "verify_token_file",
      .type = CONFIG_SECRET_FILE,
      .offset = AT(verify_token_file),
      .required = true,
      .help = "what the network repeats when a webhook is subscribed" },
    { .name = "app_secret_files",
      .type = CONFIG_TEXTS,
      .offset = AT(app_secret_files),
      .required = true,
      .min = 1,
      .max = SETTINGS_APP_SECRETS_MAX,
      .help = "application secrets, several during a rotation" },
    { .name = "prove_token",
      .type = CONFIG_FLAG,
      .offset = AT(prove_token),
      .initial = "false",
      .help = "calls prove that we hold the first application secret, for applications that require it" },
    { .name = "strict",
      .type = CONFIG_FLAG,
      .offset = AT(strict),
      .initial = "false",
      .help = "refuse what cannot be sent whole" },
    { .name = "tell_authors",
      .type = CONFIG_FLAG,
      .offset = AT(tell_authors),
      .initial = "true",
      .help = "people of this account are told in words when what they said was not delivered" },
    { .name = "window_template",
      .type = CONFIG_TEXT,
      .offset = AT(window_template),
      .min = 1,
      .max = TEMPLATE_NAME_MAX,
      .help = "approved template with one text in its body: carries what comes after the reply window closed" },
    { .name = "window_template_language",
      .type = CONFIG_TEXT,
      .offset = AT(window_template_language),
      .initial = "en_US",
      .min = 2,
      .max = 16,
      .help = "language the template is approved in" },
    { 0 },
};

#undef AT
#define AT(member) offsetof(struct settings, member)

static const struct config_key keys[] = {
    { .name = "gateway_endpoint",
      .type = CONFIG_TEXT,
      .offset = AT(gateway_endpoint),
      .required = true,
      .min = 1,
      .max = 256,
      .help = "where the gateway listens, tcp://host:port" },
    { .name = "keyring_file",
      .type = CONFIG_SECRET_FILE,
      .offset = AT(keyring_file),
      .required = true,
      .help = "this service's keys" },
    { .name = "channel",
      .type = CONFIG_TEXT,
      .offset = AT(channel),
      .min = 1,
      .max = 64,
      .help = "channel by name, where the service is in several" },
    { .name = "webhook_host",
      .type = CONFIG_TEXT,
      .offset = AT(webhook_host),
      .initial = "127.0.0.1",
      .min = 1,
      .max = 64,
      .help = "address to listen on for webhooks" },
    { .name = "webhook_port",
      .type = CONFIG_NUMBER,
      .offset = AT(webhook_port),
      .required = true,
      .max = 65535,
      .help = "port to listen on for webhooks" },
    { .name = "webhook_path",
      .type = CONFIG_TEXT,
      .offset = AT(webhook_path),
      .initial = "/webhook",
      .min = 1,
      .max = 256,
      .help = "path of the webhook" },
    { .name = "admin_host",
      .type = CONFIG_TEXT,
      .offset = AT(admin_host),
      .initial = "127.0.0.1",
      .min = 1,
      .max = 64,
      .help = "address of health and metrics" },
    { .name = "admin_port",
      .type = CONFIG_NUMBER,
      .offset = AT(admin_port),
      .required = true,
      .max = 65535,
      .help = "port of health and metrics" },
    { .name = "graph_url",
      .type = CONFIG_TEXT,
      .offset = AT(graph_url),
      .initial = "https://graph.facebook.com",
      .min = 1,
      .max = 256,
      .help = "where the network's API is" },
    { .name = "api_version",
      .type = CONFIG_TEXT,
      .offset = AT(api_version),
      .initial = "v25.0",
      .min = 1,
      .max = 16,
      .help = "version of the network's API" },
    { .name = "app_id",
      .type = CONFIG_TEXT,
      .offset = AT(app_id),
      .min = 1,
      .max = NETWORK_ID_MAX,
      .help = "our application's id: tells our own echoes" },
    { .name = "confirm_wait_ms",
      .type = CONFIG_NUMBER,
      .offset = AT(confirm_wait_ms),
      .initial = "4000",
      .min = 50,
      .max = 60000,
      .help = "how long a webhook waits for the gateway before it is answered 503" },
    { .name = "send_timeout_ms",
      .type = CONFIG_NUMBER,
      .offset = AT(send_timeout_ms),
      .initial = "10000",
      .min = 50,
      .max = 120000,
      .help = "how long the network may take to answer" },
    { .name = "unknown_wait_ms",
      .type = CONFIG_NUMBER,
      .offset = AT(unknown_wait_ms),
      .initial = "5000",
      .max = 600000,
      .help = "how long a send whose answer was lost waits for proof" },
    { .name = "unknown_policy",
      .type = CONFIG_WORD,
      .offset = AT(unknown_policy),
      .words = policies,
      .initial = "resend",
      .help = "what happens after that" },
    { .name = "window_margin_ms",
      .type = CONFIG_NUMBER,
      .offset = AT(window_margin_ms),
      .initial = "120000",
      .max = 86400000,
      .help = "how much earlier than the network says a reply window counts as closed" },
    { .name = "unknown_window",
      .type = CONFIG_WORD,
      .offset = AT(unknown_window),
      .words = guesses,
      .initial = "try",
      .help = "what happens to messages for people whose reply window is not known" },
    { .name = "blob_store",
      .type = CONFIG_TEXT,
      .offset = AT(blob_store),
      .min = 1,
      .max = 1024,
      .help = "where files lie, sealed: a directory, or the https URL of a bucket; absent: files travel as words" },
    { .name = "blob_region",
      .type = CONFIG_TEXT,
      .offset = AT(blob_region),
      .min = 1,
      .max = 64,
      .help = "region of the bucket" },
    { .name = "blob_access_key_file",
      .type = CONFIG_SECRET_FILE,
      .offset = AT(blob_access_key_file),
      .help = "access key of the bucket" },
    { .name = "blob_secret_key_file",
      .type = CONFIG_SECRET_FILE,
      .offset = AT(blob_secret_key_file),
      .help = "secret key of the bucket" },
    { .name = "blob_keep_ms",
      .type = CONFIG_NUMBER,
      .offset = AT(blob_keep_ms),
      .initial = "0",
      .max = 31622400000,
      .help = "how long files are kept; 0: as long as the channel keeps its messages" },
    { .name = "media_allow",
      .type = CONFIG_TEXTS,
      .offset = AT(media_allow),
      .max = 64,
      .help = "host:port that files may be fetched from although it is not on the public Internet" },
    { .name = "token_hosts",
      .type = CONFIG_TEXTS,
      .offset = AT(token_hosts),
      .max = 64,
      .help = "hosts that are shown the access token when a file is fetched, in place of the network's own" },
    { .name = "public_url",
      .type = CONFIG_TEXT,
      .offset = AT(public_url),
      .min = 8,
      .max = 512,
      .help = "where the webhook listener is reached from outside, https://host[/prefix]: files are offered below it" },
    { .name = "media_max_bytes",
      .type = CONFIG_NUMBER,
      .offset = AT(media_max_bytes),
      .initial = "104857600",
      .min = 1,
      .max = 2147483648,
      .help = "largest file that is fetched" },
    { .name = "media_wait_ms",
      .type = CONFIG_NUMBER,
      .offset = AT(media_wait_ms),
      .initial = "60000",
      .min = 100,
      .max = 600000,
      .help = "how long one file may take on its way in or out" },
    { .name = "converter",
      .type = CONFIG_TEXT,
      .offset = AT(converter),
      .max = 256,
      .help = "path of ffmpeg; empty: none; absent: /usr/bin/ffmpeg where it is there" },
    { .name = "options",
      .type = CONFIG_TEXTS,
      .offset = AT(options),
      .max = TRANSLATOR_OPTIONS_MAX,
      .help = "name=value, for points the network's documentation leaves open" },
    { .name = "drain_ms",
      .type = CONFIG_NUMBER,
      .offset = AT(drain_ms),
      .initial = "15000",
      .max = 600000,
      .help = "longest goodbye after SIGTERM" },
    { .name = "log_format",
      .type = CONFIG_WORD,
      .offset = AT(log_format),
      .words = formats,
      .initial = "logfmt",
      .help = "shape of log lines" },
    { .name = "log_level",
      .type = CONFIG_WORD,
      .offset = AT(log_level),
      .words = levels,
      .initial = "info",
      .help = "least level that is logged" },
    { .name = "accounts",
      .type = CONFIG_LIST,
      .offset = AT(accounts),
      .required = true,
      .min = 1,
      .max = SETTINGS_ACCOUNTS_MAX,
      .items = account_keys,
      .item_size = sizeof(struct account_settings),
      .help = "the accounts this process speaks for" },
    { 0 },
};

static int complain(const char *file, const char *what, char *error, size_t error_room)
{
    snprintf(error, error_room, "%s: %s", file, what);
    return -EBADMSG;
}

static bool is_web(const char *text)
{
    return strncmp(text, "https://", 8) == 0 || strncmp(text, "http://", 7) == 0;
}

/* What one key alone does not tell. */
static int check_media(const struct settings *settings, const char *file, char *error, size_t error_room)
{
    const char *store = settings->blob_store;
    size_t url = settings->public_url ? strlen(settings->public_url) : 0;

    if (store && store[0] != '/' && !is_web(store))
        return complain(file, "blob_store: neither an absolute path nor a URL", error, error_room);
    if (!settings->blob_access_key_file != !settings->blob_secret_key_file)
        return complain(file, "blob_access_key_file, blob_secret_key_file: both or none", error, error_room);
    if (settings->blob_access_key_file && !(store && is_web(store)))
        return complain(file, "blob_access_key_file: only a bucket has keys", error, error_room);
    if (url && (!is_web(settings->public_url) || settings->public_url[url - 1] == '/'))
        return complain(file, "public_url: not https://host[/prefix] without a slash at the end", error, error_room);
    if (url && !store)
        return complain(file, "public_url: there are no files to offer without blob_store", error, error_room);
    if (settings->converter && settings->converter[0] && settings->converter[0] != '/')
        return complain(file, "converter: not an absolute path", error, error_room);
    for (size_t i = 0; i < settings->media_allow.n_texts; i++)
        if (!strchr(settings->media_allow.texts[i], ':'))
            return complain(file, "media_allow: an entry is not host:port", error, error_room);
    return 0;
}

int settings_load(const char *path, char *const *env, struct arena *mem, struct settings *ret, char *error,
                  size_t error_room)
{
    struct settings settings = { 0 };
    int r = config_load(keys, path, env, mem, &settings, error, error_room);
    if (r == 0)
        r = check_media(&settings, path, error, error_room);
    if (r < 0)
        return r;
    *ret = settings;
    return 0;
}
