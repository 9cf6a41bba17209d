/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* What the subcommands of `axiom` share: exit codes, messages, files, help. */
#pragma once
#include <axiom/types.h>

/* DESIGN: part of the interface, scripts rely on them. */
enum exit_code {
    EXIT_OK = 0,
    EXIT_DIFFERS = 1, /* outputs differ, or an expectation is not met */
    EXIT_USAGE = 2,
    EXIT_INPUT = 3,   /* a file is missing, broken, or not what it should be */
    EXIT_REFUSED = 4, /* the verifier refused a program */
    EXIT_PANIC = 5,   /* the simulated kernel panicked or hung */
    EXIT_IO = 6,      /* the host could not write */
};

struct command {
    const char *name;
    const char *summary;
    const char *help;                  /* teaches by examples */
    int (*run)(int argc, char **argv); /* argv[0] is the command's name; an exit code */
};

extern const struct command command_run, command_replay, command_diff, command_trace, command_bpf,
    command_qemu, command_image, command_view, command_report;

/* "axiom: text" on stderr; gives `code` back. */
int complain(int code, const char *format, ...) __attribute__((format(printf, 2, 3)));
/* What complain() said last, cut at 1,023 bytes; until it says something else. */
const char *last_complaint(void);
/* After a wrong option or word: says where help is; EXIT_USAGE. */
int complain_usage(const char *command, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* After an option that getopt_long() has complained of. */
int wrong_option(const char *command);

/* A command whose words begin with a verb has one set of options for all of them; this is what one verb takes. */
struct verb_options {
    const char *name;
    const char *letters; /* `val` of the options that it has */
    const char *usage;   /* what stands behind its name */
};

struct option; /* getopt.h */
/* After all options are read: those `given` (their letters) that the verb does not have are not ignored. EXIT_OK, or
 * EXIT_USAGE after saying how the verb is called. */
int refuse_options(const char *command, const struct option *options, const char *given,
                   const struct verb_options *verb);

/* The whole of a file of at most `limit` bytes, in memory that the caller frees; the error was
 * complained of. */
int read_whole_file(const char *path, size_t limit, uint8_t **bytes, size_t *size);

/* Before `to` is written: what is read would be gone. EXIT_USAGE after complaining; either may be NULL. */
int refuse_same_file(const char *from, const char *to);

/* A short text file (faults, expectations) as a string of the caller's (free()); path NULL: *out stays as it is. */
int read_whole_text(const char *path, char **out);

/* A non-negative number from an option, whole, in range; false after complaining. */
bool parse_u64(const char *option, const char *text, uint64_t max, uint64_t *out);

/* "1,234,567" in one of a few static buffers. */
const char *grouped(uint64_t number);
/* "1 helper call", "1,234 helper calls". */
const char *counted(uint64_t count, const char *noun);
/* "1.250 s", "350.000 ms". */
const char *seconds_text(uint64_t ns);
