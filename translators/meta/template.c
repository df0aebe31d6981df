/* Writes templates as both send calls of the Graph API take them. Never changes a parameter. */
#include "template.h"

#include <errno.h>
#include <string.h>

#include "formats/json.h"
#include "formats/text.h"
#include "native.h"

/* The parameters as the author wrote them, if they are a list at all. */
static int read_components(const char *text, struct arena *mem, struct json_value *ret)
{
    struct json *json = arena_alloc(mem, sizeof *json);
    int r;

    *ret = JSON_NOTHING;
    if (!json)
        return -ENOMEM;
    if (!text || !*text)
        return 0;
    r = strlen(text) <= NATIVE_MAX_BYTES ? json_parse(bytes_of_text(text), mem, json) : -E2BIG;
    if (r == -ENOMEM)
        return r;
    if (r < 0 || json_type(json_root(json)) != JSON_ARRAY || json_fault(json_root(json)))
        return -ENOTSUP;
    *ret = json_root(json);
    return 0;
}

int template_put(struct json_writer *writer, const struct trefoil_template *template, struct arena *mem)
{
    struct json_value components;
    int r = read_components(template->components_json, mem, &components);

    if (r < 0)
        return r;
    json_open_object(writer, "template");
    json_put_text(writer, "name", template->name);
    json_open_object(writer, "language");
    json_put_text(writer, "code", text_first_of(template->language, "en_US"));
    json_close_object(writer);
    if (json_exists(components))
        json_put_raw(writer, "components", json_raw(components));
    json_close_object(writer);
    return 0;
}
