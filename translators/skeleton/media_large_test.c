/* A file larger than anybody's memory should be: in from a host, into the store, out as an upload, and what that costs.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "media_scene.h"

#define LARGE_BYTES (100u << 20)
#define COST_MAX_KB (24u << 10) /* of memory, however large the file */

static long some(void *context, uint8_t *buffer, size_t room)
{
    uint64_t *left = context;
    size_t n = room < *left ? room : (size_t) *left;
    memset(buffer, 'x', n);
    *left -= n;
    return (long) n;
}

static void on_large(void *owner, struct http_exchange *exchange, const struct http_request *request)
{
    static uint64_t left;
    (void) owner;
    (void) request;
    left = LARGE_BYTES;
    assert_int_equal(http_answer_source(&exchange, 200, "video/x-raw", LARGE_BYTES, NULL, 0, &left, some, NULL), 0);
}

/* The most this process ever held, in KB. */
static unsigned long peak_kb(void)
{
    char line[256];
    unsigned long kb = 0;
    FILE *file = fopen("/proc/self/status", "r");
    assert_non_null(file);
    while (fgets(line, sizeof(line), file))
        if (sscanf(line, "VmHWM: %lu", &kb) == 1)
            break;
    fclose(file);
    assert_true(kb > 0);
    return kb;
}

static void test_hundred_megabytes_go_through_a_few_of_memory(void **state)
{
    struct media_scene *scene = *state;
    struct http_server *host = NULL;
    struct http_server_options options = {
        .host = "127.0.0.1", .max_connections = 4, .idle_ms = 60000, .on_request = on_large
    };
    struct media_found found;
    unsigned long before_kb = peak_kb();
    const char *allow[1];

    assert_int_equal(http_server_open(&scene->loop, &options, &host), 0);
    allow[0] = arena_format(&scene->mem, "127.0.0.1:%u", http_server_port(host));
    scene->media.allowed[0] = allow[0];
    scene->settings.media_max_bytes = LARGE_BYTES;
    scene->settings.media_wait_ms = 60000;
    struct trefoil_media media = { .kind = TREFOIL_MEDIA_FILE,
                                   .network_url = arena_format(&scene->mem, "http://%s/large", allow[0]) };
    media_scene_ask(scene, "event", "ana", &media);
    assert_int_equal(media_scene_wait(scene, "event", &found), MEDIA_FETCH_DONE);
    assert_int_equal(found.secret->size_bytes, LARGE_BYTES);
    assert_int_equal(media_scene_measure(scene, found.secret), LARGE_BYTES);
    assert_in_range(peak_kb() - before_kb, 0, COST_MAX_KB);
    http_server_close(host);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_hundred_megabytes_go_through_a_few_of_memory, media_scene_open,
                                        media_scene_close),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
