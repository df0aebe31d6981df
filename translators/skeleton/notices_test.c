/* What services are told of accounts, on the sender's stage. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "notices.h"
#include "sender_scene.h"

static void end_last(struct scene *scene, enum post_end end)
{
    struct post *post = scene->bus.posts[scene->bus.n_posts - 1];

    post->on_done(post, end);
}

/* Nobody else would ever tell it: the state may not change for days. */
static void test_notice_that_the_bus_refuses_for_now_is_told_again(void **state)
{
    struct scene *scene = *state;
    struct notices notices;

    assert_int_equal(notices_init(&notices, &scene->bus, &scene->accounts, "echo", &scene->mem), 0);
    notices_tell(&notices, 0);
    notices_again(&notices);
    assert_int_equal(scene->bus.n_posts, 1);
    end_last(scene, POST_RETRY);
    assert_int_equal(scene->bus.n_posts, 1);
    notices_again(&notices);
    assert_int_equal(scene->bus.n_posts, 2);
    end_last(scene, POST_CONFIRMED);
    notices_again(&notices);
    assert_int_equal(scene->bus.n_posts, 2);
}

static void test_newest_state_is_told_when_the_one_before_is_in(void **state)
{
    struct scene *scene = *state;
    struct notices notices;

    assert_int_equal(notices_init(&notices, &scene->bus, &scene->accounts, "echo", &scene->mem), 0);
    notices_tell(&notices, 0);
    scene->account[0].health = TREFOIL_ACCOUNT_RATE_LIMITED;
    notices_tell(&notices, 0);
    assert_int_equal(scene->bus.n_posts, 1);
    end_last(scene, POST_CONFIRMED);
    assert_int_equal(scene->bus.n_posts, 2);
    assert_int_equal(scene->bus.posts[1]->publication.message->body.account.health, TREFOIL_ACCOUNT_RATE_LIMITED);
}

int main(void)
{
#define in_scene(test) cmocka_unit_test_setup_teardown(test, open_scene, close_scene)
    const struct CMUnitTest tests[] = {
        in_scene(test_notice_that_the_bus_refuses_for_now_is_told_again),
        in_scene(test_newest_state_is_told_when_the_one_before_is_in),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
