/* Keyrings and root keys, in memory and in files. */
#include "seal/keyring.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>
#include <sodium.h>

#include "proto/trust.pb-c.h"
#include "seal/roster_sign.h"
#include "seal/secret_file.h"

struct scene {
    char folder[64], path[96];
    struct keyring *keyring;
};

static int set_up(void **state)
{
    struct scene *scene = calloc(1, sizeof(*scene));
    const uint8_t tenant[SEAL_ID_BYTES] = { 1 }, root[SEAL_KEY_BYTES] = { 2 }, channel[SEAL_ID_BYTES] = { 3 };
    struct channel_secret secret;

    snprintf(scene->folder, sizeof(scene->folder), "/tmp/keyring_test.XXXXXX");
    assert_non_null(mkdtemp(scene->folder));
    snprintf(scene->path, sizeof(scene->path), "%s/it", scene->folder);
    assert_int_equal(keyring_generate("whatsapp", tenant, root, 1000, &scene->keyring), 0);
    channel_secret_generate(channel, &secret);
    assert_int_equal(keyring_add_channel(scene->keyring, &secret), 0);
    assert_int_equal(keyring_add_channel(scene->keyring, &secret), -EEXIST);
    *state = scene;
    return 0;
}

static int tear_down(void **state)
{
    struct scene *scene = *state;

    unlink(scene->path);
    assert_int_equal(rmdir(scene->folder), 0); /* nothing left behind */
    keyring_free(scene->keyring);
    free(scene);
    return 0;
}

static void test_written_keyring_reads_back_whole(void **state)
{
    struct scene *scene = *state;
    struct keyring *back;
    uint8_t *file;
    size_t size;

    memset(scene->keyring->gateway_transport_pk, 7, SEAL_KEY_BYTES);
    assert_int_equal(keyring_write(scene->keyring, &file, &size), 0);
    assert_int_equal(keyring_new(bytes_make(file, size), &back), 0);
    assert_memory_equal(back, scene->keyring, sizeof(*back));
    Trefoil__Keyring *proto = trefoil__keyring__unpack(NULL, size, file);
    assert_non_null(proto);
    assert_string_equal(proto->service_name, "whatsapp");
    assert_int_equal(proto->n_channels, 1);
    trefoil__keyring__free_unpacked(proto, NULL);
    secret_file_wipe(file, size);
    keyring_free(back);
}

static void test_truncated_or_mismatched_keyring_is_refused(void **state)
{
    struct scene *scene = *state;
    struct keyring *back;
    uint8_t *file;
    size_t size;

    scene->keyring->transport_pk[0] ^= 1; /* not the other half of the secret */
    assert_int_equal(keyring_write(scene->keyring, &file, &size), 0);
    assert_int_equal(keyring_new(bytes_make(file, size), &back), -EBADMSG);
    secret_file_wipe(file, size);
    scene->keyring->transport_pk[0] ^= 1;
    scene->keyring->n_channels = 0;
    assert_int_equal(keyring_write(scene->keyring, &file, &size), 0);
    for (size_t cut = 0; cut < size - 50; cut += 7) /* the wrap key stands last */
        assert_int_equal(keyring_new(bytes_make(file, cut), &back), -EBADMSG);
    secret_file_wipe(file, size);
}

static void test_saved_keyring_is_private_and_loads(void **state)
{
    struct scene *scene = *state;
    struct keyring *back;
    struct stat stat_;

    assert_int_equal(keyring_save(scene->keyring, scene->path, false), 0);
    assert_int_equal(stat(scene->path, &stat_), 0);
    assert_int_equal(stat_.st_mode & 0777, 0600);
    assert_int_equal(keyring_load(scene->path, &back), 0);
    assert_memory_equal(back->identity_sk, scene->keyring->identity_sk, SEAL_SIGN_SECRET_BYTES);
    keyring_free(back);
}

static void test_keyring_others_can_read_is_not_loaded(void **state)
{
    struct scene *scene = *state;
    const mode_t modes[] = { 0640, 0604, 0660, 0610 };
    struct keyring *back;

    assert_int_equal(keyring_save(scene->keyring, scene->path, false), 0);
    for (size_t i = 0; i < ARRAY_SIZE(modes); i++) {
        assert_int_equal(chmod(scene->path, modes[i]), 0);
        assert_int_equal(keyring_load(scene->path, &back), -EACCES);
    }
    assert_int_equal(keyring_load(scene->folder, &back), -EACCES); /* no file at all */
    assert_int_equal(keyring_load("/nowhere/at/all", &back), -ENOENT);
}

static void test_next_wrap_key_keeps_the_old_ones_until_they_are_dropped(void **state)
{
    struct scene *scene = *state;
    struct keyring *keyring = scene->keyring;
    const uint64_t first_end_ms = keyring->wraps[0].not_after_ms;

    assert_int_equal(keyring_add_wrap(keyring, 2000, 2000), -EINVAL);
    assert_int_equal(keyring_add_wrap(keyring, 2000, first_end_ms + 5000), 0);
    assert_int_equal(keyring->n_wraps, 2);
    assert_ptr_equal(keyring_newest_wrap(keyring), &keyring->wraps[1]);
    assert_int_equal(keyring->wraps[1].generation, 2);
    assert_memory_not_equal(keyring->wraps[0].sk, keyring->wraps[1].sk, SEAL_KEY_BYTES);
    assert_int_equal(keyring_drop_wraps(keyring, first_end_ms), 0);
    assert_int_equal(keyring_drop_wraps(keyring, UINT64_MAX), 1); /* never the newest */
    assert_int_equal(keyring->n_wraps, 1);
    assert_int_equal(keyring->wraps[0].generation, 2);
    assert_true(sodium_is_zero(keyring->wraps[1].sk, SEAL_KEY_BYTES));
    for (unsigned i = 1; i < SEAL_WRAP_GENERATIONS; i++)
        assert_int_equal(keyring_add_wrap(keyring, 1, 2), 0);
    assert_int_equal(keyring_add_wrap(keyring, 1, 2), -ENOSPC);
}

static void test_existing_keyring_is_replaced_only_on_purpose(void **state)
{
    struct scene *scene = *state;

    assert_int_equal(keyring_save(scene->keyring, scene->path, false), 0);
    assert_int_equal(keyring_save(scene->keyring, scene->path, false), -EEXIST);
    assert_int_equal(keyring_save(scene->keyring, scene->path, true), 0);
}

static void test_root_key_survives_the_file_and_is_never_overwritten(void **state)
{
    struct scene *scene = *state;
    uint8_t seed[SEAL_KEY_BYTES], pk[SEAL_KEY_BYTES], back[SEAL_KEY_BYTES];

    root_key_generate(seed, pk);
    assert_int_equal(root_key_save(scene->path, seed), 0);
    assert_int_equal(root_key_save(scene->path, seed), -EEXIST);
    assert_int_equal(root_key_load(scene->path, back), 0);
    assert_memory_equal(seed, back, sizeof(seed));
    assert_int_equal(chmod(scene->path, 0644), 0);
    assert_int_equal(root_key_load(scene->path, back), -EACCES);
}

static void test_file_that_is_no_root_key_is_refused(void **state)
{
    struct scene *scene = *state;
    uint8_t seed[SEAL_KEY_BYTES];

    assert_int_equal(keyring_save(scene->keyring, scene->path, false), 0);
    assert_int_equal(root_key_load(scene->path, seed), -EBADMSG);
    assert_int_equal(secret_file_save(scene->path, bytes_of_text("zz"), true), 0);
    assert_int_equal(root_key_load(scene->path, seed), -EBADMSG);
}

#define SCENE(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        SCENE(test_written_keyring_reads_back_whole),
        SCENE(test_truncated_or_mismatched_keyring_is_refused),
        SCENE(test_saved_keyring_is_private_and_loads),
        SCENE(test_keyring_others_can_read_is_not_loaded),
        SCENE(test_next_wrap_key_keeps_the_old_ones_until_they_are_dropped),
        SCENE(test_existing_keyring_is_replaced_only_on_purpose),
        SCENE(test_root_key_survives_the_file_and_is_never_overwritten),
        SCENE(test_file_that_is_no_root_key_is_refused),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
