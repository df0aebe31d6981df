/* What the sandbox writes against the samples of the reference, as the translators keep them: the same members, of the
 * same types, no more and no fewer.
 */
#include "sandbox_kit/rig.h"

#define FROM_ANA "{\"network\":\"whatsapp\",\"person\":\"" ANA "\","
#define FROM_BEN "{\"network\":\"messenger\",\"person\":\"" BEN "\","
#define FROM_CLEO "{\"network\":\"instagram\",\"person\":\"" CLEO "\","
#define FILE_OF(kind) "\"media\":[{\"kind\":\"" kind "\",\"file\":\"f1\",\"name\":\"x.pdf\""
#define NEWER "from_user_id from_parent_user_id" /* since April 2026; most samples are without */

struct sample {
    const char *name;        /* whatsapp/testdata/NAME.webhook */
    const char *offer;       /* a Graph body sent first; NULL: the person says something first */
    const char *path, *body; /* of the control API; %s: the id of what came first */
    const char *but;         /* members that only one of the two has, and why not is known; words */
};

#define BUTTONS                                                                                                   \
    "{\"messaging_product\":\"whatsapp\",\"to\":\"" ANA                                                           \
    "\",\"type\":\"interactive\",\"interactive\":{\"type\":\"button\","                                           \
    "\"body\":{\"text\":\"ok?\"},\"action\":{\"buttons\":[{\"type\":\"reply\",\"reply\":{\"id\":\"y\",\"title\":" \
    "\"Yes\"}}]}}}"
#define LIST                                                                                                           \
    "{\"messaging_product\":\"whatsapp\",\"to\":\"" ANA                                                                \
    "\",\"type\":\"interactive\",\"interactive\":{\"type\":\"list\","                                                  \
    "\"body\":{\"text\":\"which?\"},\"action\":{\"button\":\"Open\",\"sections\":[{\"rows\":[{\"id\":\"r\",\"title\":" \
    "\"Bike\",\"description\":\"today\"}]}]}}}"
#define FLOW                                                                                                     \
    "{\"messaging_product\":\"whatsapp\",\"to\":\"" ANA                                                          \
    "\",\"type\":\"interactive\",\"interactive\":{\"type\":\"flow\","                                            \
    "\"body\":{\"text\":\"fill\"},\"action\":{\"name\":\"flow\",\"parameters\":{\"flow_message_version\":\"3\"," \
    "\"flow_token\":\"t\",\"flow_id\":\"1\",\"flow_cta\":\"Go\"}}}}"
#define TEMPLATE                                                                                                       \
    "{\"messaging_product\":\"whatsapp\",\"to\":\"" ANA "\",\"type\":\"template\",\"template\":{\"name\":\"n\","       \
    "\"language\":{\"code\":\"en\"},\"components\":[{\"type\":\"button\",\"sub_type\":\"quick_reply\",\"parameters\":" \
    "[{"                                                                                                               \
    "\"type\":\"payload\",\"payload\":\"STOP\"}]}]}}"
#define QUICK                                                                                                     \
    "\"message\":{\"text\":\"Pick\",\"quick_replies\":[{\"content_type\":\"text\",\"title\":\"Red\",\"payload\":" \
    "\"RED\"}]}}"
#define POSTBACK                                                                                                   \
    "\"message\":{\"attachment\":{\"type\":\"template\",\"payload\":{\"template_type\":\"button\",\"text\":\"?\"," \
    "\"buttons\":"                                                                                                 \
    "[{\"type\":\"postback\",\"title\":\"Book\",\"payload\":\"BOOK\"}]}}}}"
#define TO_BEN "{\"recipient\":{\"id\":\"" BEN "\"},"
#define TO_CLEO "{\"recipient\":{\"id\":\"" CLEO "\"},"
#define CHOOSE(option) "\"message\":\"%s\",\"option\":\"" option "\"}"

static const struct sample samples[] = {
    { "whatsapp/wa-in-text", NULL, "say", FROM_ANA "\"text\":\"hi\"}", NEWER },
    { "whatsapp/wa-in-text-reply", NULL, "say", FROM_ANA "\"text\":\"hi\",\"reply_to\":\"%s\"}", NEWER },
    { "whatsapp/wa-in-text-forwarded", NULL, "say", FROM_ANA "\"text\":\"hi\",\"forwarded\":true}", NEWER },
    { "whatsapp/wa-in-image", NULL, "say", FROM_ANA FILE_OF("image") ",\"caption\":\"x\"}]}", NEWER },
    { "whatsapp/wa-in-video", NULL, "say", FROM_ANA FILE_OF("video") "}]}", NEWER },
    { "whatsapp/wa-in-audio", NULL, "say", FROM_ANA FILE_OF("voice") "}]}", NEWER },
    { "whatsapp/wa-in-document", NULL, "say", FROM_ANA FILE_OF("file") ",\"caption\":\"x\"}]}", NEWER },
    { "whatsapp/wa-in-sticker", NULL, "say", FROM_ANA FILE_OF("sticker") "}]}", NEWER },
    { "whatsapp/wa-in-location", NULL, "say",
      FROM_ANA
      "\"location\":{\"latitude\":1.5,\"longitude\":2.5,\"name\":\"x\",\"address\":\"y\",\"url\":\"https://z\"}}",
      NEWER },
    { "whatsapp/wa-in-contacts", NULL, "say",
      FROM_ANA "\"contacts\":[{\"name\":\"Bob\",\"phones\":[\"+1\"],\"emails\":[\"b@x.org\"]}]}",
      NEWER " origin last_name middle_name prefix suffix birthday org wa_id urls addresses vcard" },
    { "whatsapp/wa-in-order", NULL, "say",
      FROM_ANA "\"order\":{\"catalog\":\"1\",\"text\":\"x\",\"items\":[{\"id\":\"s\",\"quantity\":2,\"price\":30,"
               "\"currency\":\"USD\"}]}}",
      NEWER },
    { "whatsapp/wa-in-interactive-button-reply", BUTTONS, "choose", FROM_ANA CHOOSE("Yes"), NEWER },
    { "whatsapp/wa-in-interactive-list-reply", LIST, "choose", FROM_ANA CHOOSE("r"), NEWER },
    { "whatsapp/wa-in-interactive-nfm-reply", FLOW, "choose", FROM_ANA CHOOSE("Go"), NEWER },
    { "whatsapp/wa-in-button", TEMPLATE, "choose", FROM_ANA CHOOSE("STOP"), NEWER },
    { "whatsapp/wa-in-reaction", NULL, "react", FROM_ANA "\"message\":\"%s\",\"emoji\":\"x\"}", NEWER },
    { "whatsapp/wa-in-reaction-removed", NULL, "unreact", FROM_ANA "\"message\":\"%s\"}", NEWER },
    { "whatsapp/wa-in-edit", NULL, "edit", FROM_ANA "\"message\":\"%s\",\"text\":\"x\"}", NEWER },
    { "whatsapp/wa-in-revoke", NULL, "unsend", FROM_ANA "\"message\":\"%s\"}", NEWER },
    { "whatsapp/wa-in-unsupported", NULL, "say", FROM_ANA FILE_OF("animated") "}]}", NEWER },
    { "messenger/ms-in-text", NULL, "say", FROM_BEN "\"text\":\"hi\"}", "" },
    { "messenger/ms-in-reply", NULL, "say", FROM_BEN "\"text\":\"hi\",\"reply_to\":\"%s\"}", "" },
    { "messenger/ms-in-image", NULL, "say", FROM_BEN FILE_OF("image") "}]}", "" },
    { "messenger/ms-in-video", NULL, "say", FROM_BEN FILE_OF("video") "}]}", "" },
    { "messenger/ms-in-audio", NULL, "say", FROM_BEN FILE_OF("voice") "}]}", "" },
    { "messenger/ms-in-file", NULL, "say", FROM_BEN FILE_OF("file") "}]}", "" },
    { "messenger/ms-in-sticker", NULL, "say", FROM_BEN FILE_OF("sticker") "}]}", "" },
    { "messenger/ms-in-fallback", NULL, "say",
      FROM_BEN "\"share\":{\"kind\":\"link\",\"url\":\"https://x\",\"title\":\"T\"}}", "" },
    { "messenger/ms-in-post", NULL, "say",
      FROM_BEN "\"share\":{\"kind\":\"post\",\"url\":\"https://x\",\"title\":\"T\"}}", "" },
    { "messenger/ms-in-reel", NULL, "say",
      FROM_BEN "\"share\":{\"kind\":\"reel\",\"url\":\"https://x\",\"title\":\"T\"}}", "" },
    { "messenger/ms-in-location-legacy", NULL, "say", FROM_BEN "\"location\":{\"latitude\":1.5,\"longitude\":2.5}}",
      "" },
    { "messenger/ms-in-order", NULL, "say",
      FROM_BEN "\"order\":{\"text\":\"x\",\"items\":[{\"id\":\"s\",\"quantity\":2,\"price\":9,\"currency\":\"USD\"}]}}",
      "" },
    { "messenger/ms-in-quick-reply", TO_BEN QUICK, "choose", FROM_BEN CHOOSE("Red"), "" },
    { "messenger/ms-in-postback", TO_BEN POSTBACK, "choose", FROM_BEN CHOOSE("Book"), "referral" },
    { "messenger/ms-in-reaction", NULL, "react", FROM_BEN "\"message\":\"%s\",\"emoji\":\"x\"}", "" },
    { "messenger/ms-in-unreact", NULL, "unreact", FROM_BEN "\"message\":\"%s\"}", "" },
    { "messenger/ms-in-edit", NULL, "edit", FROM_BEN "\"message\":\"%s\",\"text\":\"x\"}", "" },
    { "instagram/ig-in-text", NULL, "say", FROM_CLEO "\"text\":\"hi\"}", "" },
    { "instagram/ig-in-reply", NULL, "say", FROM_CLEO "\"text\":\"hi\",\"reply_to\":\"%s\"}", "" },
    { "instagram/ig-in-image", NULL, "say", FROM_CLEO FILE_OF("image") "}]}", "" },
    { "instagram/ig-in-video", NULL, "say", FROM_CLEO FILE_OF("video") "}]}", "" },
    { "instagram/ig-in-audio", NULL, "say", FROM_CLEO FILE_OF("audio") "}]}", "" },
    { "instagram/ig-in-file", NULL, "say", FROM_CLEO FILE_OF("file") "}]}", "" },
    { "instagram/ig-in-share", NULL, "say", FROM_CLEO "\"share\":{\"kind\":\"share\",\"url\":\"https://x\"}}", "" },
    { "instagram/ig-in-ig-post", NULL, "say",
      FROM_CLEO "\"share\":{\"kind\":\"post\",\"url\":\"https://x\",\"title\":\"T\"}}", "" },
    { "instagram/ig-in-ig-reel", NULL, "say",
      FROM_CLEO "\"share\":{\"kind\":\"reel\",\"url\":\"https://x\",\"title\":\"T\"}}", "" },
    { "instagram/ig-in-ig-story", NULL, "say", FROM_CLEO "\"share\":{\"kind\":\"story\",\"url\":\"https://x\"}}", "" },
    { "instagram/ig-in-story-reply", NULL, "say", FROM_CLEO "\"story_reply\":{\"url\":\"https://x\",\"text\":\"wow\"}}",
      "" },
    { "instagram/ig-in-story-mention", NULL, "say", FROM_CLEO "\"story_mention\":{\"url\":\"https://x\"}}", "" },
    { "instagram/ig-in-quick-reply", TO_CLEO QUICK, "choose", FROM_CLEO CHOOSE("Red"), "" },
    { "instagram/ig-in-postback", TO_CLEO POSTBACK, "choose", FROM_CLEO CHOOSE("Book"), "" },
    { "instagram/ig-in-reaction", NULL, "react", FROM_CLEO "\"message\":\"%s\",\"emoji\":\"x\"}", "" },
    { "instagram/ig-in-unreact", NULL, "unreact", FROM_CLEO "\"message\":\"%s\"}", "" },
    { "instagram/ig-in-edit", NULL, "edit", FROM_CLEO "\"message\":\"%s\",\"text\":\"x\"}", "" },
    { "instagram/ig-in-unsend", NULL, "unsend", FROM_CLEO "\"message\":\"%s\"}", "" },
};

/* ---- Comparing ---- */

static bool is_word_in(const char *words, const char *word)
{
    size_t size = strlen(word);

    for (const char *at = strstr(words, word); at; at = strstr(at + 1, word)) {
        if ((at == words || at[-1] == ' ') && (at[size] == 0 || at[size] == ' '))
            return true;
    }
    return false;
}

/* One pair still to be compared: no deeper than documents go. */
struct pair {
    const json_t *a, *b;
};

#define MAX_PAIRS 256

/* Every member of a is in b with the same type. */
static void assert_has_members(const struct sample *sample, const json_t *a, const json_t *b, const char *whose)
{
    struct pair pairs[MAX_PAIRS] = { { a, b } };
    size_t n = 1;

    while (n > 0) {
        struct pair pair = pairs[--n];
        const char *key;
        json_t *value;

        if (json_typeof(pair.a) != json_typeof(pair.b) && !(json_is_boolean(pair.a) && json_is_boolean(pair.b)) &&
            !(json_is_number(pair.a) && json_is_number(pair.b)) && !json_is_string(pair.a))
            fail_msg("%s: a member has another type", sample->name);
        if (json_is_array(pair.a) && json_array_size(pair.a) > 0) {
            assert_true(json_array_size(pair.b) > 0 && n < MAX_PAIRS);
            pairs[n++] = (struct pair){ json_array_get(pair.a, 0), json_array_get(pair.b, 0) };
        }
        if (!json_is_object(pair.a))
            continue;
        json_object_foreach ((json_t *) (uintptr_t) pair.a, key, value) {
            const json_t *other = json_object_get(pair.b, key);

            if (!other && is_word_in(sample->but, key))
                continue;
            if (!other)
                fail_msg("%s: only the %s has \"%s\"", sample->name, whose, key);
            assert_true(n < MAX_PAIRS);
            pairs[n++] = (struct pair){ value, other };
        }
    }
}

static json_t *load(const struct sample *sample)
{
    const char *slash = strchr(sample->name, '/');
    char path[512];
    json_t *json;

    (void) snprintf(path, sizeof(path), SOURCE_DIR "/translators/%.*s/testdata/%s.webhook",
                    (int) (slash - sample->name), sample->name, slash + 1);
    json = json_load_file(path, 0, NULL);
    if (!json)
        fail_msg("%s cannot be read", path);
    return json;
}

/* ---- Making ---- */

/* The id of what comes first: an offer of the business, or something the person says. */
static void come_first(struct rig *rig, const struct sample *sample, char id[MESSAGE_ID_SIZE])
{
    bool is_whatsapp = strncmp(sample->name, "whatsapp", 8) == 0;
    char body[256];
    int size = (int) (strchr(sample->body + strlen("{\"network\":\""), ',') - sample->body);

    if (sample->offer) {
        assert_int_equal(graph(rig, is_whatsapp ? NUMBER : PAGE, sample->offer), 200);
        (void) snprintf(id, MESSAGE_ID_SIZE, "%s", text_at(rig->answer, is_whatsapp ? "messages/0/id" : "message_id"));
        return;
    }
    size += (int) strcspn(sample->body + size + 1, ",") + 1;
    (void) snprintf(body, sizeof(body), "%.*s,\"text\":\"first\"}", size, sample->body);
    say(rig, body);
    (void) snprintf(id, MESSAGE_ID_SIZE, "%s", text_at(rig->answer, "id"));
    run_until(rig, &rig->n_notes, 1);
}

static bool is_told_by_the_network(const char *body)
{
    static const char *const words[] = { "\"statuses\":", "\"is_echo\":", "\"delivery\":", "\"read\":{" };

    for (size_t i = 0; i < ARRAY_SIZE(words); i++) {
        if (strstr(body, words[i]))
            return true;
    }
    return false;
}

/* The sample's and the sandbox's innermost objects have the same members. */
static void check(struct rig *rig, const struct sample *sample)
{
    bool is_whatsapp = strncmp(sample->name, "whatsapp", 8) == 0;
    const char *place = is_whatsapp ? "entry/0/changes/0/value/messages/0" : "entry/0/messaging/0";
    char id[MESSAGE_ID_SIZE], path[32], format[1024];
    const char *mark = strstr(sample->body, "%s");
    json_t *wanted = load(sample);
    const json_t *made;
    int at_note;

    assert_int_equal(ask(rig, "/control/files?name=x.pdf&mime=application/pdf", "BYTES"), 200);
    come_first(rig, sample, id);
    at_note = sample->offer ? 0 : 1;
    (void) snprintf(path, sizeof(path), "/control/%s", sample->path);
    (void) snprintf(format, sizeof(format), "%.*s%s%s", (int) (mark ? mark - sample->body : 0), sample->body,
                    mark ? id : "", mark ? mark + 2 : sample->body);
    assert_int_equal(ask(rig, path, format), 200);
    run_until(rig, &rig->n_notes, at_note + 1);
    while (is_told_by_the_network(rig->notes[at_note].body))
        run_until(rig, &rig->n_notes, ++at_note + 1);
    made = element(rig, at_note);
    assert_non_null(at(wanted, place));
    assert_has_members(sample, at(wanted, place), made, "sample");
    assert_has_members(sample, made, at(wanted, place), "sandbox");
    json_decref(wanted);
}

static void test_what_people_do_is_written_as_in_the_reference(void **state unused_)
{
    for (size_t i = 0; i < ARRAY_SIZE(samples); i++) {
        void *rig = NULL;

        assert_int_equal(open_rig(&rig), 0);
        check(rig, &samples[i]);
        assert_int_equal(close_rig(&rig), 0);
    }
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_what_people_do_is_written_as_in_the_reference),
    };

    return cmocka_run_group_tests_name("samples", tests, NULL, NULL);
}
