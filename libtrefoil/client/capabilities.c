/* One account's capability record: checked on the way out, bounded on the way in. Never sends. */
#include "client/capabilities.h"

#include <errno.h>
#include <string.h>

#include "proto/control.pb-c.h"
#include "wire/limits.h"
#include "wire/proto_arena.h"

_Static_assert(TREFOIL_CAPABILITIES_MAX == BUS_CAPABILITIES_MAX, "what the header promises is what the bus takes");
_Static_assert(TREFOIL_CAPABILITIES_MAX_BYTES == BUS_CAPABILITIES_MAX_BYTES, "as above");
_Static_assert(TREFOIL_CAPABILITY_MIMES_MAX == BUS_CAPABILITY_MIMES_MAX, "as above");

static char *text_of(const char *text)
{
    return (char *) (uintptr_t) (text ? text : protobuf_c_empty_string);
}

/* Proto3 has no NULL: what is empty was not there. */
static const char *text_or_null(const char *text)
{
    return text[0] != '\0' ? text : NULL;
}

static int set_feature(const struct trefoil_capability *from, Trefoil__Capability *to)
{
    if (!from->feature || !from->support || (from->n_mimes > 0 && !from->mimes))
        return -EINVAL;
    if (from->n_mimes > BUS_CAPABILITY_MIMES_MAX)
        return -EMSGSIZE;
    trefoil__capability__init(to);
    to->feature = text_of(from->feature);
    to->support = text_of(from->support);
    to->becomes = text_of(from->becomes);
    to->in_bytes = from->in_bytes;
    to->max_text = from->max_text;
    to->max_count = from->max_count;
    to->max_sections = from->max_sections;
    to->max_title = from->max_title;
    to->max_description = from->max_description;
    to->max_id = from->max_id;
    to->max_label = from->max_label;
    to->max_header = from->max_header;
    to->max_footer = from->max_footer;
    to->max_bytes = from->max_bytes;
    to->n_mimes = from->n_mimes;
    to->mimes = (char **) (uintptr_t) from->mimes;
    return 0;
}

/* The network is the account's first half. */
static char *network_of(const char *account, struct arena *arena)
{
    return arena_text(arena, bytes_make(account, strcspn(account, "/")));
}

static int pack(const Trefoil__Capabilities *wire, struct arena *arena, struct bytes *ret)
{
    size_t size = trefoil__capabilities__get_packed_size(wire);

    if (size > BUS_CAPABILITIES_MAX_BYTES)
        return -EMSGSIZE;
    uint8_t *data = arena_alloc(arena, size);
    if (!data)
        return -ENOMEM;
    trefoil__capabilities__pack(wire, data);
    *ret = bytes_make(data, size);
    return 0;
}

int capabilities_write(const struct trefoil_capabilities *capabilities, struct arena *arena, struct bytes *ret)
{
    Trefoil__Capabilities wire = TREFOIL__CAPABILITIES__INIT;

    if (!capabilities || !capabilities->account || (capabilities->n_features > 0 && !capabilities->features))
        return -EINVAL;
    if (capabilities->n_features > BUS_CAPABILITIES_MAX)
        return -EMSGSIZE;
    Trefoil__Capability *items = arena_array(arena, capabilities->n_features, sizeof(*items));
    wire.features = arena_array(arena, capabilities->n_features, sizeof(*wire.features));
    wire.network = network_of(capabilities->account, arena);
    if (!items || !wire.features || !wire.network)
        return -ENOMEM;
    for (size_t i = 0; i < capabilities->n_features; i++) {
        int r = set_feature(&capabilities->features[i], &items[i]);

        if (r < 0)
            return r;
        wire.features[i] = &items[i];
    }
    wire.n_features = capabilities->n_features;
    wire.has_converter = capabilities->has_converter;
    Trefoil__AccountIs state = TREFOIL__ACCOUNT_IS__INIT;
    if (capabilities->state.health != TREFOIL_ACCOUNT_NONE)
        wire.state = &state;
    state.health = (uint32_t) capabilities->state.health;
    state.code = capabilities->state.code;
    state.subcode = capabilities->state.subcode;
    if (capabilities->state.next_action)
        state.next_action = (char *) (uintptr_t) capabilities->state.next_action;
    state.since_ms = capabilities->state_since_ms;
    return pack(&wire, arena, ret);
}

static void get_feature(const Trefoil__Capability *from, struct trefoil_capability *to)
{
    *to = (struct trefoil_capability){ .feature = from->feature,
                                       .support = from->support,
                                       .becomes = text_or_null(from->becomes),
                                       .in_bytes = from->in_bytes,
                                       .max_text = from->max_text,
                                       .max_count = from->max_count,
                                       .max_sections = from->max_sections,
                                       .max_title = from->max_title,
                                       .max_description = from->max_description,
                                       .max_id = from->max_id,
                                       .max_label = from->max_label,
                                       .max_header = from->max_header,
                                       .max_footer = from->max_footer,
                                       .max_bytes = from->max_bytes,
                                       .mimes = (const char *const *) from->mimes,
                                       .n_mimes = from->n_mimes };
}

int capabilities_read(struct bytes record, struct arena *arena, struct trefoil_capabilities *ret)
{
    ProtobufCAllocator allocator = proto_arena(arena);

    if (record.size > BUS_CAPABILITIES_MAX_BYTES)
        return -EBADMSG;
    Trefoil__Capabilities *wire = trefoil__capabilities__unpack(&allocator, record.size, record.data);
    if (!wire)
        return arena->failed ? -ENOMEM : -EBADMSG;
    if (wire->n_features > BUS_CAPABILITIES_MAX)
        return -EBADMSG;
    struct trefoil_capability *features = arena_array(arena, wire->n_features, sizeof(*features));
    if (!features)
        return -ENOMEM;
    for (size_t i = 0; i < wire->n_features; i++) {
        if (wire->features[i]->n_mimes > BUS_CAPABILITY_MIMES_MAX)
            return -EBADMSG;
        get_feature(wire->features[i], &features[i]);
    }
    *ret = (struct trefoil_capabilities){ .has_converter = wire->has_converter,
                                          .features = features,
                                          .n_features = wire->n_features };
    if (wire->state && wire->state->health <= TREFOIL_ACCOUNT_STOPPED) {
        ret->state =
            (struct trefoil_account_state){ (enum trefoil_account_health) wire->state->health, wire->state->code,
                                            wire->state->subcode, text_or_null(wire->state->next_action) };
        ret->state_since_ms = wire->state->since_ms;
    }
    return 0;
}
