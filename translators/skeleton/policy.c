/* The rules, from the strictest on: consent, window, purpose, kind. Never sends. */
#include "policy.h"

#include <errno.h>
#include <string.h>

#include "formats/json_write.h"
#include "formats/text.h"

static bool is_quiet(enum trefoil_kind kind)
{
    return kind == TREFOIL_KIND_RECEIPT || kind == TREFOIL_KIND_TYPING || kind == TREFOIL_KIND_PRESENCE ||
           kind == TREFOIL_KIND_ACCOUNT || kind == TREFOIL_KIND_SYSTEM;
}

static bool may_be_template(const struct policy_rules *rules, const struct policy_case *one)
{
    bool is_of_service = one->purpose == TREFOIL_PURPOSE_NONE || one->purpose == TREFOIL_PURPOSE_UTILITY;
    return rules->windows.templates_after && (is_of_service || !rules->windows.utility_only);
}

/* A template is paid for and says something by itself: it is no stand-in for a heart or an unsent message. And the
 * account's is one of service: advertisements do not go under its name. */
static bool may_be_replaced(const struct policy_rules *rules, const struct policy_case *one)
{
    return rules->has_template && rules->windows.templates_after && one->kind != TREFOIL_KIND_REACTION &&
           one->kind != TREFOIL_KIND_RETRACT && one->kind != TREFOIL_KIND_TEMPLATE &&
           one->purpose != TREFOIL_PURPOSE_MARKETING;
}

/* When a window of this length closes for us. */
static uint64_t closing_ms(const struct policy_rules *rules, uint64_t since_ms, uint32_t open_s)
{
    uint64_t length_ms = (uint64_t) open_s * 1000;
    return since_ms + (length_ms > rules->margin_ms ? length_ms - rules->margin_ms : 0);
}

static bool is_unasked(const struct policy_case *one)
{
    return one->purpose == TREFOIL_PURPOSE_MARKETING || one->lane == TREFOIL_LANE_BULK;
}

static struct policy_decision decide_closed(const struct policy_rules *rules, const struct policy_case *one,
                                            const char *reason)
{
    if (is_quiet(one->kind))
        return (struct policy_decision){ POLICY_DROP, reason, 0 };
    if (one->kind == TREFOIL_KIND_TEMPLATE && may_be_template(rules, one))
        return (struct policy_decision){ POLICY_GO, NULL, 0 };
    /* A template is unasked by nature: no stand-in goes to somebody who does not want to be written to. */
    if (one->consent_withdrawn)
        return (struct policy_decision){ POLICY_REFUSE, POLICY_UNWANTED, 0 };
    if (may_be_replaced(rules, one))
        return (struct policy_decision){ POLICY_REPLACE, reason, 0 };
    return (struct policy_decision){ POLICY_REFUSE, reason, 0 };
}

struct policy_decision policy_decide(const struct policy_rules *rules, const struct policy_case *one, uint64_t now_ms)
{
    uint64_t open_until_ms = closing_ms(rules, one->window_ms, rules->windows.open_s);
    uint64_t agent_until_ms = closing_ms(rules, one->window_ms, rules->windows.agent_s);

    if (one->consent_withdrawn && is_unasked(one))
        return (struct policy_decision){ is_quiet(one->kind) ? POLICY_DROP : POLICY_REFUSE, POLICY_UNWANTED, 0 };
    if (!rules->windows.open_s || one->is_invited)
        return (struct policy_decision){ POLICY_GO, NULL, 0 };
    if (!one->window_ms)
        return rules->refuse_unknown ? decide_closed(rules, one, POLICY_NEVER_OPENED)
                                     : (struct policy_decision){ POLICY_GO, NULL, 0 };
    if (now_ms < open_until_ms)
        return (struct policy_decision){ POLICY_GO, NULL, open_until_ms };
    if (one->purpose == TREFOIL_PURPOSE_HUMAN_AGENT && rules->windows.agent_s && now_ms < agent_until_ms &&
        !is_quiet(one->kind))
        return (struct policy_decision){ POLICY_GO, NULL, agent_until_ms };
    return decide_closed(rules, one, POLICY_CLOSED);
}

const char *policy_verdict_name(enum policy_verdict verdict)
{
    static const char *const names[] = { "sent", "dropped", "replaced", "refused" };
    return names[verdict];
}

/* ---- the stand-in ----------------------------------------------------------------------------------------------- */

static const char *readable(const struct trefoil_message *message)
{
    switch (message->kind) {
    case TREFOIL_KIND_TEXT:
        return text_first_of(message->body.text.body, message->fallback);
    case TREFOIL_KIND_MEDIA:
        return text_first_of(message->fallback, message->body.media.caption);
    case TREFOIL_KIND_LOCATION:
        return text_first_of(message->fallback,
                             text_first_of(message->body.location.name, message->body.location.address));
    case TREFOIL_KIND_CONTACTS:
        return text_first_of(message->fallback,
                             message->body.contacts.n_cards ? message->body.contacts.cards[0].name : NULL);
    case TREFOIL_KIND_CHOICES:
        return text_first_of(message->body.choices.body, message->fallback);
    case TREFOIL_KIND_CHOICE:
        return text_first_of(message->fallback, message->body.choice.title);
    case TREFOIL_KIND_ORDER:
        return text_first_of(message->fallback, message->body.order.note);
    default:
        return message->fallback;
    }
}

/* On one line with single spaces: networks refuse parameters with line breaks, tabs or many spaces. In place. */
static size_t squeeze(char *text)
{
    size_t size = 0;

    for (const char *c = text; *c; c++) {
        bool is_space = *c == ' ' || *c == '\n' || *c == '\r' || *c == '\t';
        if (is_space && (size == 0 || text[size - 1] == ' '))
            continue;
        text[size++] = is_space ? ' ' : *c;
    }
    if (size && text[size - 1] == ' ')
        size--;
    text[size] = '\0';
    return size;
}

static int write_components(struct arena *mem, struct bytes text, const char **ret)
{
    struct json_writer out = json_writer_make(mem);
    struct bytes written;

    json_open_array(&out, NULL);
    json_open_object(&out, NULL);
    json_put_text(&out, "type", "body");
    json_open_array(&out, "parameters");
    json_open_object(&out, NULL);
    json_put_text(&out, "type", "text");
    json_put_slice(&out, "text", text);
    json_close_object(&out);
    json_close_array(&out);
    json_close_object(&out);
    json_close_array(&out);
    int r = json_written(&out, &written);
    if (r < 0)
        return r;
    *ret = arena_text(mem, written);
    return *ret ? 0 : -ENOMEM;
}

int policy_replace(const struct trefoil_message *message, const char *name, const char *language, const char *speaker,
                   struct arena *mem, struct trefoil_message *ret, bool *ret_is_cut)
{
    static const struct text_limit limit = { TEXT_CODE_POINTS, POLICY_TEMPLATE_TEXT_MAX };
    const char *words = readable(message), *components = NULL;
    if (!words || !words[0])
        return -ENOTSUP;
    char *text = arena_format(mem, "%s%s%s", speaker ? speaker : "", speaker ? ": " : "", words);
    if (!text)
        return -ENOMEM;

    struct bytes rest = bytes_make(text, squeeze(text));
    if (!rest.size)
        return -ENOTSUP;
    struct bytes part = text_take_part(&rest, limit);
    int r = write_components(mem, part, &components);
    if (r < 0)
        return r;
    *ret_is_cut = rest.size > 0;
    *ret = *message;
    ret->kind = TREFOIL_KIND_TEMPLATE;
    memset(&ret->body, 0, sizeof(ret->body));
    ret->body.template_ = (struct trefoil_template){ name, language, components, arena_text(mem, part) };
    ret->in_reply_to = ret->replaces = NULL;
    ret->is_edit = false;
    ret->purpose = TREFOIL_PURPOSE_UTILITY;
    ret->fallback = ret->body.template_.rendered;
    ret->n_extras = 0; /* a shape of the network's own would take the template's place */
    return ret->body.template_.rendered ? 0 : -ENOMEM;
}
