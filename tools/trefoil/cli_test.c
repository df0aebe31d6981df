/* The command line taken apart: what is accepted, and the words for what is not. Uses the real table. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "cli/cli.h"

#define OUTPUT_MAX_BYTES 16384

struct outcome {
    struct cli cli;
    bool run;
    int code;
    char out[OUTPUT_MAX_BYTES], complaint[OUTPUT_MAX_BYTES];
};

/* Sends a standard stream into a file for as long as a call takes. */
static int divert(FILE *stream, FILE *to)
{
    int saved;

    fflush(stream);
    saved = dup(fileno(stream));
    assert_true(saved >= 0);
    assert_true(dup2(fileno(to), fileno(stream)) >= 0);
    return saved;
}

static void restore(FILE *stream, int saved, FILE *from, char *text)
{
    size_t size;

    fflush(stream);
    assert_true(dup2(saved, fileno(stream)) >= 0);
    close(saved);
    rewind(from);
    size = fread(text, 1, OUTPUT_MAX_BYTES - 1, from);
    text[size] = '\0';
    fclose(from);
}

static void parse_words(struct outcome *outcome, int argc, char *const *argv)
{
    FILE *out = tmpfile(), *complaint = tmpfile();
    int saved_out, saved_complaint;

    assert_non_null(out);
    assert_non_null(complaint);
    *outcome = (struct outcome){ .cli.mem = ARENA_EMPTY(1 << 20) };
    saved_out = divert(stdout, out);
    saved_complaint = divert(stderr, complaint);
    outcome->code = cli_parse(&outcome->cli, argc, argv, &outcome->run);
    restore(stdout, saved_out, out, outcome->out);
    restore(stderr, saved_complaint, complaint, outcome->complaint);
    arena_deinit(&outcome->cli.mem);
}

#define PARSE(outcome, ...)                                                             \
    do {                                                                                \
        char *words_[] = { (char *) (uintptr_t) "trefoil", ##__VA_ARGS__, NULL };       \
        parse_words((outcome), (int) (sizeof(words_) / sizeof(words_[0])) - 1, words_); \
    } while (0)

static struct outcome outcome;

static void test_options_may_stand_anywhere_and_be_written_both_ways(void **state unused_)
{
    PARSE(&outcome, "--gateway", "tcp://h:1", "send", "--reply-to=0a", "Room", "Hello", "--as", "Desk");
    assert_true(outcome.run);
    assert_int_equal(outcome.code, CLI_OK);
    assert_string_equal(outcome.cli.command->name, "send");
    assert_int_equal(outcome.cli.n_arguments, 2);
    assert_string_equal(outcome.cli.arguments[1], "Hello");
    assert_string_equal(cli_option(&outcome.cli, "gateway"), "tcp://h:1");
    assert_string_equal(cli_option(&outcome.cli, "reply-to"), "0a");
    assert_string_equal(cli_option(&outcome.cli, "as"), "Desk");
    assert_null(cli_option(&outcome.cli, "channel"));
}

static void test_commands_of_two_words_are_found_around_options(void **state unused_)
{
    PARSE(&outcome, "--keyring=k", "room", "--gateway", "g", "join", "R", "n/a/u");
    assert_true(outcome.run);
    assert_string_equal(outcome.cli.command->name, "room join");
    assert_string_equal(outcome.cli.arguments[0], "R");
    assert_string_equal(outcome.cli.arguments[1], "n/a/u");
}

static void test_text_that_looks_like_an_option_goes_behind_two_dashes(void **state unused_)
{
    PARSE(&outcome, "send", "Room", "--", "--help");
    assert_true(outcome.run);
    assert_string_equal(outcome.cli.arguments[1], "--help");
    PARSE(&outcome, "send", "Room", "-5 degrees");
    assert_int_equal(outcome.code, CLI_USAGE);
    assert_non_null(strstr(outcome.complaint, "behind --"));
}

static void test_unknown_words_are_answered_with_the_nearest(void **state unused_)
{
    PARSE(&outcome, "tial");
    assert_int_equal(outcome.code, CLI_USAGE);
    assert_string_equal(outcome.complaint, "trefoil: unknown command tial; did you mean tail?\n");
    PARSE(&outcome, "dead", "lst");
    assert_string_equal(outcome.complaint, "trefoil: unknown command dead lst; did you mean dead list?\n");
    PARSE(&outcome, "tail", "--jsn");
    assert_string_equal(outcome.complaint,
                        "trefoil: unknown option --jsn; did you mean --json?\nsee: trefoil tail --help\n");
    PARSE(&outcome, "frobnicate");
    assert_string_equal(outcome.complaint, "trefoil: unknown command frobnicate; trefoil --help lists all\n");
}

static void test_complaints_cannot_act_on_a_terminal(void **state unused_)
{
    PARSE(&outcome, "send", "Room", "two", "\x1b[2Jwords\n");
    assert_string_equal(outcome.complaint, "trefoil: one argument too many:  [2Jwords \nsee: trefoil send --help\n");
}

static void test_arguments_are_counted(void **state unused_)
{
    PARSE(&outcome, "send");
    assert_int_equal(outcome.code, CLI_USAGE);
    assert_string_equal(outcome.complaint, "trefoil: an argument is missing; usage: trefoil send ROOM [TEXT]\n"
                                           "see: trefoil send --help\n");
    PARSE(&outcome, "send", "Room", "two", "words");
    assert_string_equal(outcome.complaint, "trefoil: one argument too many: words\nsee: trefoil send --help\n");
}

static void test_values_are_missing_repeated_or_unwanted(void **state unused_)
{
    PARSE(&outcome, "tail", "--from");
    assert_non_null(strstr(outcome.complaint, "--from needs a value: --from WHERE"));
    PARSE(&outcome, "tail", "--json", "--json");
    assert_non_null(strstr(outcome.complaint, "--json is given twice"));
    PARSE(&outcome, "tail", "--json=yes");
    assert_non_null(strstr(outcome.complaint, "--json takes no value"));
}

static void test_help_is_on_stdout_when_asked_for_and_on_stderr_when_needed(void **state unused_)
{
    PARSE(&outcome, "--help");
    assert_int_equal(outcome.code, CLI_OK);
    assert_false(outcome.run);
    assert_non_null(strstr(outcome.out, "usage: trefoil COMMAND"));
    assert_string_equal(outcome.complaint, "");
    PARSE(&outcome);
    assert_int_equal(outcome.code, CLI_USAGE);
    assert_string_equal(outcome.out, "");
    assert_non_null(strstr(outcome.complaint, "usage: trefoil COMMAND"));
    PARSE(&outcome, "room");
    assert_int_equal(outcome.code, CLI_USAGE);
    assert_non_null(strstr(outcome.complaint, "usage: trefoil room COMMAND"));
    PARSE(&outcome, "help", "room", "join");
    assert_int_equal(outcome.code, CLI_OK);
    assert_non_null(strstr(outcome.out, "usage: trefoil room join ROOM ADDRESS [OPTIONS]"));
}

static void test_every_command_is_whole_and_explains_itself(void **state unused_)
{
    for (const struct cli_command *command = cli_commands; command->name; command++) {
        char name[64], *space;
        size_t n_options = 0;
        assert_non_null(command->help);
        assert_non_null(command->run);
        assert_true(command->max_arguments <= CLI_ARGUMENTS_MAX);
        assert_true((command->arguments != NULL) == (command->max_arguments > 0));
        for (const struct cli_option *option = command->options; option && option->name; option++)
            n_options++;
        for (const struct cli_option *option = cli_global_options; option->name; option++)
            n_options++;
        assert_true(n_options <= CLI_OPTIONS_MAX);
        snprintf(name, sizeof(name), "%s", command->name);
        space = strchr(name, ' ');
        if (space)
            *space = '\0';
        if (space)
            PARSE(&outcome, name, space + 1, (char *) (uintptr_t) "--help");
        else
            PARSE(&outcome, name, (char *) (uintptr_t) "--help");
        assert_int_equal(outcome.code, CLI_OK);
        assert_non_null(strstr(outcome.out, command->help));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_options_may_stand_anywhere_and_be_written_both_ways),
        cmocka_unit_test(test_commands_of_two_words_are_found_around_options),
        cmocka_unit_test(test_text_that_looks_like_an_option_goes_behind_two_dashes),
        cmocka_unit_test(test_unknown_words_are_answered_with_the_nearest),
        cmocka_unit_test(test_complaints_cannot_act_on_a_terminal),
        cmocka_unit_test(test_arguments_are_counted),
        cmocka_unit_test(test_values_are_missing_repeated_or_unwanted),
        cmocka_unit_test(test_help_is_on_stdout_when_asked_for_and_on_stderr_when_needed),
        cmocka_unit_test(test_every_command_is_whole_and_explains_itself),
    };
    return cmocka_run_group_tests_name("cli", tests, NULL, NULL);
}
