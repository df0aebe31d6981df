/* The kit's messages as files, for the driver that knows translators from outside only. */
#include "messages.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/attributes.h"
#include "map_kit/kit.h"

#define FOLDER SOURCE_DIR "/tests/conformance/messages"

/* "list, too long" → "list-too-long.json" */
static const char *file_name(const char *name, struct arena *mem)
{
    char *text = arena_format(mem, "%s.json", name), *to = text;

    assert_non_null(text);
    for (const char *from = text; *from; from++)
        if (*from == ' ')
            *to++ = '-';
        else if (*from != ',')
            *to++ = *from;
    *to = '\0';
    return text;
}

static void test_every_message_is_in_the_file_of_its_name(void **state unused_)
{
    struct arena mem = ARENA_EMPTY(16 << 20);
    const char *const *names;

    for (size_t i = 0; i < kit_n_messages; i++)
        kit_golden(FOLDER, file_name(kit_messages[i].name, &mem), kit_print_message(&kit_messages[i], &mem));
    assert_int_equal(kit_list(&mem, FOLDER, ".json", &names), kit_n_messages);
    arena_deinit(&mem);
}

int main(void)
{
    const struct CMUnitTest tests[] = { cmocka_unit_test(test_every_message_is_in_the_file_of_its_name) };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
