/* Files fetched from hosts on loopback HTTP that behave as their paths say. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "media_scene.h"

static struct trefoil_media image(const char *url)
{
    return (struct trefoil_media){ .kind = TREFOIL_MEDIA_IMAGE, .network_url = url };
}

static struct media_found fetched(struct media_scene *scene, const struct trefoil_media *media)
{
    struct media_found found;
    media_scene_ask(scene, "event", "ana", media);
    assert_int_equal(media_scene_wait(scene, "event", &found), MEDIA_FETCH_DONE);
    return found;
}

static const char *refused(struct media_scene *scene, const struct trefoil_media *media)
{
    struct media_found found;
    media_scene_ask(scene, "event", "ana", media);
    assert_int_equal(media_scene_wait(scene, "event", &found), MEDIA_FETCH_FAILED);
    return found.reason;
}

static void test_file_lies_sealed_in_the_store_and_opens_to_what_it_was(void **state)
{
    struct media_scene *scene = *state;
    char text[256];
    struct trefoil_media media = image(media_scene_url(scene, "/file"));
    struct media_found found = fetched(scene, &media);

    assert_string_equal(found.mime, "image/jpeg");
    assert_int_equal(found.kind, TREFOIL_MEDIA_IMAGE);
    assert_null(found.declared);
    assert_int_equal(found.secret->size_bytes, strlen(MEDIA_JPEG));
    assert_true(scene->was_shown_token[0]);
    media_scene_read(scene, found.secret, text, sizeof(text));
    assert_string_equal(text, MEDIA_JPEG);
}

static void test_one_who_asks_again_joins_and_the_host_is_asked_once(void **state)
{
    struct media_scene *scene = *state;
    struct trefoil_media media = image(media_scene_url(scene, "/file"));
    struct media_found found;

    media_scene_ask(scene, "event", "ana", &media);
    media_scene_ask(scene, "event", "ana", &media);
    assert_int_equal(media_scene_wait(scene, "event", &found), MEDIA_FETCH_DONE);
    media_scene_ask(scene, "event", "ana", &media);
    assert_int_equal(media_scene_look(scene, "event", &found), MEDIA_FETCH_DONE);
    assert_int_equal(scene->n_asked, 1);
}

static void test_redirect_is_followed_and_the_token_stays_behind(void **state)
{
    struct media_scene *scene = *state;
    struct trefoil_media media = image(media_scene_url(scene, "/to-other"));

    fetched(scene, &media);
    assert_int_equal(scene->n_asked, 2);
    assert_true(scene->was_shown_token[0]);
    assert_false(scene->was_shown_token[1]);
}

static void test_token_is_not_shown_to_whom_one_is_sent_though_he_is_trusted(void **state)
{
    struct media_scene *scene = *state;
    const char *trusted[] = { "127.0.0.1" };
    struct trefoil_media media = image(media_scene_url(scene, "/to-other"));

    scene->settings.token_hosts = (struct config_texts){ trusted, 1, NULL };
    fetched(scene, &media);
    assert_true(scene->was_shown_token[0]);
    assert_false(scene->was_shown_token[1]);
}

static void test_another_process_that_knows_nothing_of_it_fetches_again(void **state)
{
    struct media_scene *scene = *state;
    struct trefoil_media media = image(media_scene_url(scene, "/slow"));

    media_scene_ask(scene, "event", "ana", &media);
    while (!scene->n_slow)
        uv_run(&scene->loop, UV_RUN_ONCE);
    media_scene_restart(scene); /* in the middle of it */
    media.network_url = media_scene_url(scene, "/file");
    fetched(scene, &media);
}

static void test_redirect_to_what_is_not_public_is_refused(void **state)
{
    struct media_scene *scene = *state;
    struct trefoil_media media = image(media_scene_url(scene, "/to-private"));

    assert_string_equal(refused(scene, &media), "refused address");
    assert_int_equal(scene->n_asked, 1);
}

static void test_redirect_to_another_scheme_is_refused(void **state)
{
    struct media_scene *scene = *state;
    struct trefoil_media media = image(media_scene_url(scene, "/to-file"));
    assert_string_equal(refused(scene, &media), "refused address");
}

static void test_redirects_without_end_end(void **state)
{
    struct media_scene *scene = *state;
    struct trefoil_media media = image(media_scene_url(scene, "/to-itself"));

    assert_string_equal(refused(scene, &media), "too many redirects");
    assert_int_equal(scene->n_asked, MEDIA_FETCH_REDIRECTS_MAX + 1);
}

static void test_addresses_that_can_be_read_in_two_ways_are_refused(void **state)
{
    struct media_scene *scene = *state;
    static const char *const urls[] = { "http://user@127.0.0.1/", "http://127.0.0.1\\@x/",
                                        "ftp://127.0.0.1/",       "http://",
                                        "http://127.0.0.1:99x/",  "http://a b/",
                                        "http://localhost:1/",    "http://[::1]:1/",
                                        "http://0x7f000001:1/" };
    for (size_t i = 0; i < ARRAY_SIZE(urls); i++) {
        struct media_found found;
        struct trefoil_media media = image(urls[i]);
        media_scene_ask(scene, urls[i], "ana", &media);
        assert_int_equal(media_scene_wait(scene, urls[i], &found), MEDIA_FETCH_FAILED);
        assert_string_equal(found.reason, "refused address");
    }
    assert_int_equal(scene->n_asked, 0);
}

static void test_body_without_end_is_cut_off_at_the_limit(void **state)
{
    struct media_scene *scene = *state;
    struct trefoil_media media = image(media_scene_url(scene, "/endless"));
    assert_string_equal(refused(scene, &media), "too large");
}

static void test_lie_about_the_type_is_named_and_the_kind_is_what_it_is(void **state)
{
    struct media_scene *scene = *state;
    struct trefoil_media media = image(media_scene_url(scene, "/lie"));
    struct media_found found = fetched(scene, &media);

    assert_string_equal(found.mime, "text/html");
    assert_string_equal(found.declared, "image/jpeg");
    assert_int_equal(found.kind, TREFOIL_MEDIA_FILE);
    assert_string_equal(found.name, "a.jpg");
}

/* What was called a picture and is a video; and sound that comes as a video does. */
static void test_kind_and_type_fit_each_other_whatever_was_said(void **state)
{
    struct media_scene *scene = *state;
    struct trefoil_media story = image(media_scene_url(scene, "/mp4")), clip = story;
    struct media_found found = fetched(scene, &story);

    assert_int_equal(found.kind, TREFOIL_MEDIA_VIDEO);
    assert_string_equal(found.mime, "video/mp4");
    assert_null(found.declared);
    clip.kind = TREFOIL_MEDIA_AUDIO;
    media_scene_ask(scene, "another event", "ana", &clip);
    assert_int_equal(media_scene_wait(scene, "another event", &found), MEDIA_FETCH_DONE);
    assert_int_equal(found.kind, TREFOIL_MEDIA_AUDIO);
    assert_string_equal(found.mime, "audio/mp4");
}

static void test_name_in_the_header_hurts_nobody(void **state)
{
    struct media_scene *scene = *state;
    struct trefoil_media media = image(media_scene_url(scene, "/named"));
    struct media_found found;

    media.kind = TREFOIL_MEDIA_FILE;
    found = fetched(scene, &media);
    assert_string_equal(found.name, "zahlen.csv");
    assert_string_equal(found.mime, "text/csv");
}

/* However many come after it: the event that waits for it may wait for another file, too. */
static void test_file_is_remembered_until_its_event_has_taken_it(void **state)
{
    struct media_scene *scene = *state;
    struct trefoil_media media = image(media_scene_url(scene, "/file")), nothing = { .kind = TREFOIL_MEDIA_IMAGE };
    struct media_found found;
    char key[32];

    fetched(scene, &media);
    for (unsigned i = 0; i < MEDIA_FETCHES_MAX; i++) {
        (void) snprintf(key, sizeof(key), "other %u", i);
        media_scene_ask(scene, key, "ben", &nothing);
        media_fetch_release(scene->fetch, key, 0, 0);
    }
    assert_int_equal(media_scene_look(scene, "event", &found), MEDIA_FETCH_DONE);
    media_fetch_release(scene->fetch, "event", 0, 0);
    media_scene_ask(scene, "one more", "ben", &nothing);
    assert_int_equal(media_scene_look(scene, "event", &found), MEDIA_FETCH_FAILED);
}

static void test_address_that_expired_is_asked_for_once_more(void **state)
{
    struct media_scene *scene = *state;
    struct trefoil_media media = image(media_scene_url(scene, "/expired"));

    media.network_id = "file";
    fetched(scene, &media);
    assert_string_equal(scene->paths[1], "/graph/file");
    assert_string_equal(scene->paths[2], "/file");
}

/* That is a matter of the account's, and passes. */
static void test_file_whose_account_is_limited_is_waited_for(void **state)
{
    struct media_scene *scene = *state;
    struct trefoil_media media = { .kind = TREFOIL_MEDIA_IMAGE, .network_id = "file" };

    scene->n_limited = 2;
    fetched(scene, &media);
    assert_int_equal(scene->n_asked, 4);
    assert_string_equal(scene->paths[3], "/file");
}

static void test_address_that_expires_again_is_given_up(void **state)
{
    struct media_scene *scene = *state;
    struct trefoil_media media = { .kind = TREFOIL_MEDIA_IMAGE, .network_id = "expired" };

    assert_string_equal(refused(scene, &media), "expired");
    assert_int_equal(scene->n_asked, 2);
}

static void test_other_bytes_than_were_announced_are_refused(void **state)
{
    struct media_scene *scene = *state;
    uint8_t hash[crypto_hash_sha256_BYTES];
    struct trefoil_media media = image(media_scene_url(scene, "/file"));
    struct media_found found;

    crypto_hash_sha256(hash, (const uint8_t *) MEDIA_JPEG, strlen(MEDIA_JPEG));
    media.sha256 = (struct trefoil_bytes){ hash, sizeof(hash) };
    fetched(scene, &media);
    hash[0] ^= 1;
    media_scene_ask(scene, "second", "ana", &media);
    assert_int_equal(media_scene_wait(scene, "second", &found), MEDIA_FETCH_FAILED);
    assert_string_equal(found.reason, "hash");
}

static void test_empty_file_is_no_file(void **state)
{
    struct media_scene *scene = *state;
    struct trefoil_media media = image(media_scene_url(scene, "/empty"));
    assert_string_equal(refused(scene, &media), "empty");
}

static void test_slow_host_delays_only_who_chose_it(void **state)
{
    struct media_scene *scene = *state;
    struct trefoil_media slow = image(media_scene_url(scene, "/slow")), quick = image(media_scene_url(scene, "/file"));
    static const char *const keys[] = { "1", "2", "3", "4", "5", "6", "7", "8", "9", "10" };
    struct media_found found;

    scene->settings.media_wait_ms = 700;
    for (size_t i = 0; i < ARRAY_SIZE(keys); i++)
        media_scene_ask(scene, keys[i], "ana", &slow);
    media_scene_ask(scene, "ben's", "ben", &quick);
    assert_int_equal(media_scene_wait(scene, "ben's", &found), MEDIA_FETCH_DONE);
    assert_int_equal(media_fetch_n_running(scene->fetch), MEDIA_FETCH_PER_PERSON_MAX);
    assert_int_equal(media_scene_wait(scene, "1", &found), MEDIA_FETCH_FAILED);
    assert_string_equal(found.reason, "too slow");
    assert_int_equal(media_scene_wait(scene, "10", &found), MEDIA_FETCH_FAILED);
}

static void test_while_the_channel_is_not_known_files_wait(void **state)
{
    struct media_scene *scene = *state;
    struct trefoil_media media = image(media_scene_url(scene, "/file"));
    struct media_found found;

    scene->is_unconnected = true;
    scene->settings.media_wait_ms = 200;
    media_scene_ask(scene, "event", "ana", &media);
    for (int turn = 0; turn < 5; turn++)
        uv_run(&scene->loop, UV_RUN_ONCE);
    assert_int_equal(media_scene_look(scene, "event", &found), MEDIA_FETCH_UNDER_WAY);
    assert_int_equal(scene->n_asked, 0);
    scene->is_unconnected = false;
    assert_int_equal(media_scene_wait(scene, "event", &found), MEDIA_FETCH_DONE);
}

int main(void)
{
#define in_scene(test) cmocka_unit_test_setup_teardown(test, media_scene_open, media_scene_close)
    const struct CMUnitTest tests[] = {
        in_scene(test_file_lies_sealed_in_the_store_and_opens_to_what_it_was),
        in_scene(test_one_who_asks_again_joins_and_the_host_is_asked_once),
        in_scene(test_redirect_is_followed_and_the_token_stays_behind),
        in_scene(test_token_is_not_shown_to_whom_one_is_sent_though_he_is_trusted),
        in_scene(test_another_process_that_knows_nothing_of_it_fetches_again),
        in_scene(test_redirect_to_what_is_not_public_is_refused),
        in_scene(test_redirect_to_another_scheme_is_refused),
        in_scene(test_redirects_without_end_end),
        in_scene(test_addresses_that_can_be_read_in_two_ways_are_refused),
        in_scene(test_body_without_end_is_cut_off_at_the_limit),
        in_scene(test_lie_about_the_type_is_named_and_the_kind_is_what_it_is),
        in_scene(test_kind_and_type_fit_each_other_whatever_was_said),
        in_scene(test_name_in_the_header_hurts_nobody),
        in_scene(test_file_is_remembered_until_its_event_has_taken_it),
        in_scene(test_address_that_expired_is_asked_for_once_more),
        in_scene(test_file_whose_account_is_limited_is_waited_for),
        in_scene(test_address_that_expires_again_is_given_up),
        in_scene(test_other_bytes_than_were_announced_are_refused),
        in_scene(test_empty_file_is_no_file),
        in_scene(test_slow_host_delays_only_who_chose_it),
        in_scene(test_while_the_channel_is_not_known_files_wait),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
