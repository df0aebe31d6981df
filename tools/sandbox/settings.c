/* The table behind sandbox.yaml. Never reads a file. */
#include <stddef.h>

#include "sandbox/settings.h"

static const char *const networks[] = { "whatsapp", "messenger", "instagram", NULL };
static const char *const formats[] = { "logfmt", "json", NULL };
static const char *const levels[] = { "debug", "info", "warning", "error", NULL };

#define IN(struct_, member) offsetof(struct struct_, member)

static const struct config_key account_keys[] = {
    { "network", CONFIG_WORD, IN(account_settings, network), .required = true, .words = networks,
      .help = "which network" },
    { "id", CONFIG_TEXT, IN(account_settings, id), .required = true, .min = 1, .max = 32, .help = "account id" },
    { "page_id", CONFIG_TEXT, IN(account_settings, page_id), .max = 32, .help = "the linked Page, for Instagram" },
    { "token_file", CONFIG_SECRET_FILE, IN(account_settings, token_file), .required = true, .help = "access token" },
    { "app_secret_file", CONFIG_SECRET_FILE, IN(account_settings, app_secret_file), .required = true,
      .help = "signs webhooks" },
    { "verify_token_file", CONFIG_SECRET_FILE, IN(account_settings, verify_token_file), .required = true,
      .help = "for the subscription handshake" },
    { "webhook_url", CONFIG_TEXT, IN(account_settings, webhook_url), .required = true, .min = 1, .max = 1024,
      .help = "where the translator listens" },
    { NULL },
};

static const struct config_key person_keys[] = {
    { "network", CONFIG_WORD, IN(person_settings, network), .required = true, .words = networks,
      .help = "which network" },
    { "user_id", CONFIG_TEXT, IN(person_settings, user_id), .required = true, .min = 1, .max = 60, .help = "user id" },
    { "name", CONFIG_TEXT, IN(person_settings, name), .required = true, .min = 1, .max = 100, .help = "profile name" },
    { NULL },
};

const struct config_key settings_keys[] = {
    { "host", CONFIG_TEXT, IN(settings, host), .initial = "127.0.0.1", .help = "address to listen on" },
    { "port", CONFIG_NUMBER, IN(settings, port), .max = 65535, .initial = "7780", .help = "0: any" },
    { "app_id", CONFIG_TEXT, IN(settings, app_id), .max = 20, .initial = "270000000000007", .help = "in echoes" },
    { "public_url", CONFIG_TEXT, IN(settings, public_url), .max = 200, .initial = "",
      .help = "where translators reach the sandbox; empty: its own host and port" },
    { "require_proof", CONFIG_FLAG, IN(settings, require_proof), .initial = "false",
      .help = "Graph calls need an appsecret_proof" },
    { "seed", CONFIG_NUMBER, IN(settings, seed), .max = UINT64_MAX, .help = "of ids and faults; 0: drawn at start" },
    { "auto_read", CONFIG_FLAG, IN(settings, auto_read), .initial = "true", .help = "people look at what arrives" },
    { "echoes", CONFIG_FLAG, IN(settings, echoes), .initial = "true", .help = "Messenger and Instagram echo sends" },
    { "delivered_delay_ms", CONFIG_NUMBER, IN(settings, delivered_delay_ms), .max = 3600000, .initial = "60",
      .help = "from sent to delivered" },
    { "read_delay_ms", CONFIG_NUMBER, IN(settings, read_delay_ms), .max = 3600000, .initial = "500",
      .help = "from delivered to read" },
    { "retry_first_ms", CONFIG_NUMBER, IN(settings, retry_first_ms), .min = 1, .max = 3600000, .initial = "200",
      .help = "before a webhook is tried again; doubles" },
    { "retry_max_ms", CONFIG_NUMBER, IN(settings, retry_max_ms), .min = 1, .max = 3600000, .initial = "2000",
      .help = "longest pause between tries" },
    { "retry_for_ms", CONFIG_NUMBER, IN(settings, retry_for_ms), .min = 1, .max = 604800000, .initial = "3600000",
      .help = "then the event is lost" },
    { "webhook_timeout_ms", CONFIG_NUMBER, IN(settings, webhook_timeout_ms), .min = 10, .max = 600000,
      .initial = "10000", .help = "for one try" },
    { "max_webhooks_in_flight", CONFIG_NUMBER, IN(settings, max_webhooks_in_flight), .min = 1, .max = 256,
      .initial = "32", .help = "connections to one translator" },
    { "log_format", CONFIG_WORD, IN(settings, log_format), .words = formats, .initial = "logfmt", .help = "of stderr" },
    { "log_level", CONFIG_WORD, IN(settings, log_level), .words = levels, .initial = "info", .help = "least severity" },
    { "accounts", CONFIG_LIST, IN(settings, accounts), .required = true, .min = 1, .max = 16, .items = account_keys,
      .item_size = sizeof(struct account_settings), .help = "the business's accounts" },
    { "people", CONFIG_LIST, IN(settings, people), .max = 1000, .items = person_keys,
      .item_size = sizeof(struct person_settings), .help = "who has a phone" },
    { NULL },
};
