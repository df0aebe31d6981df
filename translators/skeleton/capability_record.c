/* Cell by cell, in the order of the table. Never leaves a cell out: what is rejected is said, too. */
#include "capability_record.h"

#include <errno.h>

#include "formats/json_write.h"

static size_t count_mimes(const char *const *mimes)
{
    size_t n = 0;
    while (mimes && mimes[n])
        n++;
    return n;
}

int capability_record_make(const struct translator_ops *ops, bool has_converter, struct arena *mem,
                           struct trefoil_capabilities *ret)
{
    struct trefoil_capability *features = ops->capabilities ? arena_array(mem, N_FEATURES, sizeof(*features)) : NULL;
    if (!features)
        return ops->capabilities ? -ENOMEM : -ENOENT;

    for (size_t i = 0; i < N_FEATURES; i++) {
        const struct capability *cell = &ops->capabilities[i];
        features[i] = (struct trefoil_capability){
            .feature = feature_name((enum feature) i),
            .support = support_name(capability_support(cell, has_converter)),
            .becomes = capability_becomes(cell, has_converter),
            .in_bytes = cell->unit == CAPABILITY_BYTES,
            .max_text = cell->max_text,
            .max_count = cell->max_count,
            .max_sections = cell->max_sections,
            .max_title = cell->max_title,
            .max_description = cell->max_description,
            .max_id = cell->max_id,
            .max_label = cell->max_label,
            .max_header = cell->max_header,
            .max_footer = cell->max_footer,
            .max_bytes = cell->max_bytes,
            .mimes = cell->mimes,
            .n_mimes = count_mimes(cell->mimes),
        };
    }
    *ret = (struct trefoil_capabilities){
        .has_converter = has_converter,
        .features = features,
        .n_features = N_FEATURES,
    };
    return 0;
}

static void put_limits(struct json_writer *out, const struct trefoil_capability *feature)
{
    const struct {
        const char *name;
        uint64_t value;
    } limits[] = {
        { "max_text", feature->max_text },
        { "max_count", feature->max_count },
        { "max_sections", feature->max_sections },
        { "max_title", feature->max_title },
        { "max_description", feature->max_description },
        { "max_id", feature->max_id },
        { "max_label", feature->max_label },
        { "max_header", feature->max_header },
        { "max_footer", feature->max_footer },
        { "max_bytes", feature->max_bytes },
    };

    for (size_t i = 0; i < ARRAY_SIZE(limits); i++)
        if (limits[i].value)
            json_put_i64(out, limits[i].name, (int64_t) limits[i].value);
}

static void put_feature(struct json_writer *out, const struct trefoil_capability *feature,
                        const struct capability *cell)
{
    json_open_object(out, NULL);
    json_put_text(out, "feature", feature->feature);
    json_put_text(out, "support", feature->support);
    if (capability_support(cell, false) != capability_support(cell, true) || cell->unconverted_becomes)
        json_put_text(out, "unconverted", support_name(capability_support(cell, false)));
    if (cell->unconverted_becomes)
        json_put_text(out, "unconverted_becomes", cell->unconverted_becomes);
    if (feature->becomes)
        json_put_text(out, "becomes", feature->becomes);
    if (feature->in_bytes)
        json_put_bool(out, "in_bytes", true);
    put_limits(out, feature);
    if (feature->n_mimes) {
        json_open_array(out, "mimes");
        for (size_t i = 0; i < feature->n_mimes; i++)
            json_put_text(out, NULL, feature->mimes[i]);
        json_close_array(out);
    }
    json_close_object(out);
}

int capability_record_json(const struct translator_ops *ops, bool has_converter, struct arena *mem, struct bytes *ret)
{
    struct json_writer out = json_writer_make(mem);
    struct trefoil_capabilities record;

    int r = capability_record_make(ops, has_converter, mem, &record);
    if (r < 0)
        return r;
    json_open_object(&out, NULL);
    json_put_text(&out, "network", ops->name);
    json_put_bool(&out, "has_converter", has_converter);
    json_open_array(&out, "features");
    for (size_t i = 0; i < record.n_features; i++)
        put_feature(&out, &record.features[i], &ops->capabilities[i]);
    json_close_array(&out);
    json_close_object(&out);
    return json_written(&out, ret);
}
