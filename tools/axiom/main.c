/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* `axiom`: records, replays, compares and verifies. Each subcommand is a file of its own. */
#include "bpf_verb.h"
#include "cli.h"
#include "version.h"

#include <stdio.h>
#include <string.h>

static const struct command *const commands[] = {
    &command_run,   &command_replay, &command_diff, &command_view,  &command_report,
    &command_trace, &command_bpf,    &command_qemu, &command_image,
};

static void print_help(FILE *to)
{
    fputs("usage: axiom COMMAND [ARGUMENT]...\n\n", to);
    for (size_t i = 0; i < ARRAY_SIZE(commands); i++)
        fprintf(to, "  %-8s %s\n", commands[i]->name, commands[i]->summary);
    fputs(
        "\n"
        "axiom COMMAND --help teaches each by examples; axiom --version. Three to begin with:\n"
        "  axiom run button.csv --bind button=gpio/chip0/26 --bpf button_led.o --record run.mcap\n"
        "  axiom replay run.mcap\n"
        "  axiom bpf verify button_led.o\n\n"
        "Exit codes: 0 fine, 1 outputs differ or an expectation is not met, 2 usage, 3 bad input,\n"
        "4 program refused, 5 kernel panic, 6 the host could not write.\n",
        to);
}

int main(int argc, char **argv)
{
    bpf_use_kernel_types();
    if (argc < 2) {
        print_help(stderr);
        return EXIT_USAGE;
    }
    bool is_help = strcmp(argv[1], "help") == 0;
    if (strcmp(argv[1], "--help") == 0 || strcmp(argv[1], "-h") == 0 || (is_help && argc == 2)) {
        print_help(stdout);
        return EXIT_OK;
    }
    if (strcmp(argv[1], "--version") == 0) {
        puts("axiom " AXIOM_VERSION " (" AXIOM_COMMIT ")");
        return EXIT_OK;
    }
    if (is_help)
        argv++, argc--;
    for (int word = 1; word < argc; word++)
        if (argv[word][0] == '\0' && strncmp(argv[word - 1], "--", 2) != 0)
            return complain(EXIT_USAGE,
                            "word %d is empty: a variable of the shell that is not set?", word);
    for (size_t i = 0; i < ARRAY_SIZE(commands); i++) {
        if (strcmp(argv[1], commands[i]->name) != 0)
            continue;
        for (int word = is_help ? 1 : 2; word < argc; word++) {
            if (is_help || strcmp(argv[word], "--help") == 0 || strcmp(argv[word], "-h") == 0) {
                fputs(commands[i]->help, stdout);
                return EXIT_OK;
            }
        }
        /* The name that getopt_long() complains by. */
        char name[32];
        snprintf(name, sizeof name, "axiom %s", commands[i]->name);
        argv[1] = name;
        return commands[i]->run(argc - 1, argv + 1);
    }
    complain(EXIT_USAGE, "there is no command '%s'", argv[1]);
    print_help(stderr);
    return EXIT_USAGE;
}
