/* Cells of the table: "full", "partial: …", and the limits that matter. Never more than one line per feature. */
#include "cli/capability_table.h"

#include <inttypes.h>
#include <string.h>

#include "base/attributes.h"
#include "cli/text.h"

#define CELL_ROOM 256
#define CELL_WIDTH_MAX 40

struct features {
    const char *names[CAPABILITY_TABLE_FEATURES_MAX];
    size_t n;
};

static void learn(struct features *features, const char *name)
{
    for (size_t i = 0; i < features->n; i++)
        if (strcmp(features->names[i], name) == 0)
            return;
    if (features->n < CAPABILITY_TABLE_FEATURES_MAX)
        features->names[features->n++] = name;
}

static struct features features_of(const struct trefoil_capabilities *accounts, size_t n_accounts)
{
    struct features features = { .n = 0 };

    for (size_t i = 0; i < n_accounts; i++)
        for (size_t k = 0; k < accounts[i].n_features; k++)
            if (accounts[i].features[k].feature)
                learn(&features, accounts[i].features[k].feature);
    return features;
}

static const struct trefoil_capability *find(const struct trefoil_capabilities *account, const char *name)
{
    for (size_t i = 0; i < account->n_features; i++)
        if (account->features[i].feature && strcmp(account->features[i].feature, name) == 0)
            return &account->features[i];
    return NULL;
}

static const char *size_of(uint64_t bytes, char text[CELL_ROOM])
{
    static const char *const units[] = { "B", "KB", "MB", "GB" };
    size_t unit = 0;

    for (; bytes >= 1000 && bytes % 1000 == 0 && unit + 1 < ARRAY_SIZE(units); unit++)
        bytes /= 1000;
    if (unit == 0)
        for (; bytes >= 1024 && bytes % 1024 == 0 && unit + 1 < ARRAY_SIZE(units); unit++)
            bytes /= 1024;
    snprintf(text, CELL_ROOM, "%" PRIu64 " %s", bytes, units[unit]);
    return text;
}

/* "partial: as a file; ≤ 1024, 5 MB" */
static void cell_of(const struct trefoil_capability *capability, char cell[CELL_ROOM])
{
    char size[CELL_ROOM];
    size_t at;

    if (!capability) {
        snprintf(cell, CELL_ROOM, "-");
        return;
    }
    snprintf(cell, CELL_ROOM, "%s%s%s", capability->support ? capability->support : "?",
             capability->becomes ? ": " : "", capability->becomes ? capability->becomes : "");
    at = strlen(cell);
    if (capability->max_text)
        snprintf(cell + at, CELL_ROOM - at, ", %" PRIu32 " %s", capability->max_text,
                 capability->in_bytes ? "bytes" : "characters");
    at = strlen(cell);
    if (capability->max_count)
        snprintf(cell + at, CELL_ROOM - at, ", up to %" PRIu32, capability->max_count);
    at = strlen(cell);
    if (capability->max_bytes)
        snprintf(cell + at, CELL_ROOM - at, ", %s", size_of(capability->max_bytes, size));
}

static int width_of(const struct features *features, const struct trefoil_capabilities *account)
{
    char cell[CELL_ROOM];
    int widest = text_columns(account->account ? account->account : "");

    for (size_t i = 0; i < features->n; i++) {
        cell_of(find(account, features->names[i]), cell);
        if (text_columns(cell) > widest)
            widest = text_columns(cell);
    }
    return widest > CELL_WIDTH_MAX ? CELL_WIDTH_MAX : widest;
}

/* The last column is as wide as what is in it. */
static void put_cell(FILE *out, const char *text, const struct features *features,
                     const struct trefoil_capabilities *account, bool is_last)
{
    fputs("  ", out);
    text_put_column(out, text, is_last ? 0 : width_of(features, account));
}

void capability_table_put(FILE *out, const struct trefoil_capabilities *accounts, size_t n_accounts)
{
    struct features features = features_of(accounts, n_accounts);
    char cell[CELL_ROOM];

    fprintf(out, "%-20s", "");
    for (size_t i = 0; i < n_accounts; i++)
        put_cell(out, accounts[i].account ? accounts[i].account : "", &features, &accounts[i], i + 1 == n_accounts);
    fputc('\n', out);
    for (size_t row = 0; row < features.n; row++) {
        text_put_column(out, features.names[row], 20);
        for (size_t i = 0; i < n_accounts; i++) {
            cell_of(find(&accounts[i], features.names[row]), cell);
            put_cell(out, cell, &features, &accounts[i], i + 1 == n_accounts);
        }
        fputc('\n', out);
    }
}

static void put_markdown_cell(FILE *out, const char *text)
{
    fputc(' ', out);
    text_put_plain(out, text);
    fputs(" |", out);
}

void capability_table_put_markdown(FILE *out, const struct trefoil_capabilities *accounts, size_t n_accounts)
{
    struct features features = features_of(accounts, n_accounts);
    char cell[CELL_ROOM];

    fputs("| feature |", out);
    for (size_t i = 0; i < n_accounts; i++)
        put_markdown_cell(out, accounts[i].account ? accounts[i].account : "");
    fputs("\n| --- |", out);
    for (size_t i = 0; i < n_accounts; i++)
        fputs(" --- |", out);
    fputc('\n', out);
    for (size_t row = 0; row < features.n; row++) {
        fputc('|', out);
        put_markdown_cell(out, features.names[row]);
        for (size_t i = 0; i < n_accounts; i++) {
            cell_of(find(&accounts[i], features.names[row]), cell);
            put_markdown_cell(out, cell);
        }
        fputc('\n', out);
    }
}

static void put_limit(FILE *out, const char *name, uint64_t limit)
{
    if (limit)
        fprintf(out, ",\"%s\":%" PRIu64, name, limit);
}

static void put_capability_json(FILE *out, const struct trefoil_capability *capability)
{
    fputs("{\"feature\":", out);
    text_put_json(out, capability->feature);
    fputs(",\"support\":", out);
    text_put_json(out, capability->support);
    if (capability->becomes) {
        fputs(",\"becomes\":", out);
        text_put_json(out, capability->becomes);
    }
    if (capability->in_bytes)
        fputs(",\"in_bytes\":true", out);
    put_limit(out, "max_text", capability->max_text);
    put_limit(out, "max_count", capability->max_count);
    put_limit(out, "max_sections", capability->max_sections);
    put_limit(out, "max_title", capability->max_title);
    put_limit(out, "max_description", capability->max_description);
    put_limit(out, "max_id", capability->max_id);
    put_limit(out, "max_label", capability->max_label);
    put_limit(out, "max_header", capability->max_header);
    put_limit(out, "max_footer", capability->max_footer);
    put_limit(out, "max_bytes", capability->max_bytes);
    for (size_t i = 0; i < capability->n_mimes; i++) {
        fputs(i == 0 ? ",\"mimes\":[" : ",", out);
        text_put_json(out, capability->mimes[i]);
    }
    fputs(capability->n_mimes ? "]}" : "}", out);
}

void capability_table_put_json(FILE *out, const struct trefoil_capabilities *accounts, size_t n_accounts)
{
    for (size_t i = 0; i < n_accounts; i++) {
        fputs("{\"account\":", out);
        text_put_json(out, accounts[i].account);
        fprintf(out, ",\"has_converter\":%s,\"since_ms\":%" PRIu64 ",\"features\":[",
                accounts[i].has_converter ? "true" : "false", accounts[i].since_ms);
        for (size_t k = 0; k < accounts[i].n_features; k++) {
            if (k > 0)
                fputc(',', out);
            put_capability_json(out, &accounts[i].features[k]);
        }
        fputs("]}\n", out);
    }
}
