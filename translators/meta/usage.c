/* X-App-Usage is one object of percentages; X-Business-Use-Case-Usage has a list of such objects for each business, with
 * the minutes until calls are taken again. Never believes more than a day.
 */
#include "usage.h"

#include "base/attributes.h"
#include "formats/json.h"

#define HEADER_MAX_BYTES 8192
#define MINUTE_MS 60000
#define REGAIN_MAX_MINUTES (24 * 60)
#define PERCENT_MAX 10000

enum { APP, BUSINESS };

const char *const meta_usage_headers[] = { [APP] = "X-App-Usage", [BUSINESS] = "X-Business-Use-Case-Usage", NULL };

static uint32_t number_in(struct json_value object, const char *key, int64_t most)
{
    int64_t value;

    if (json_i64(json_get(object, key), &value) < 0 || value < 0)
        return 0;
    return (uint32_t) (value < most ? value : most);
}

static void add_percentages(struct json_value object, struct usage *ret)
{
    static const char *const keys[] = { "call_count", "total_time", "total_cputime" };

    for (size_t i = 0; i < ARRAY_SIZE(keys); i++) {
        uint32_t percent = number_in(object, keys[i], PERCENT_MAX);
        ret->percent = percent > ret->percent ? percent : ret->percent;
    }
    ret->is_said = ret->is_said || json_type(object) == JSON_OBJECT;
}

static void add_business(struct json_value businesses, struct usage *ret)
{
    json_for_each (cases, businesses)
        json_for_each (one, cases) {
            uint32_t regain_ms =
                number_in(one, "estimated_time_to_regain_access", REGAIN_MAX_MINUTES) * (uint32_t) MINUTE_MS;
            add_percentages(one, ret);
            ret->regain_ms = regain_ms > ret->regain_ms ? regain_ms : ret->regain_ms;
        }
}

/* Its document, absent when it is none. */
static struct json_value document_of(const char *value, struct arena *mem, struct json *json)
{
    struct bytes text = value ? bytes_of_text(value) : BYTES_EMPTY;

    if (text.size == 0 || text.size > HEADER_MAX_BYTES || json_parse(text, mem, json) < 0)
        return JSON_NOTHING;
    return json_root(json);
}

void meta_read_usage(const char *const *values, struct arena *mem, struct usage *ret)
{
    struct json app, business;

    *ret = (struct usage){ 0 };
    add_percentages(document_of(values[APP], mem, &app), ret);
    add_business(document_of(values[BUSINESS], mem, &business), ret);
}
