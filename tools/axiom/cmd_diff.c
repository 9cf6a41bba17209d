/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* axiom diff: the first event in which two recordings differ, with what came before. */
#include "cli.h"
#include "compare.h"
#include "recording.h"

#include <getopt.h>
#include <inttypes.h>
#include <jansson.h>
#include <stdio.h>
#include <string.h>

#define CONTEXT_LINES 4
#define LINE_SIZE     400
#define WITHOUT_MAX   16

struct side {
    const char *path;
    struct recording_reader reader;
    struct event event;
    uint64_t number; /* of the compared events, from 1 */
};

struct diff_options {
    bool all;   /* observations and inputs too, not the outputs alone */
    bool order; /* not the times */
    bool json;
    const char *without[WITHOUT_MAX]; /* how topics begin that are not compared */
    uint32_t without_count;
};

static bool is_left_out(const struct event *event, const struct diff_options *options)
{
    char topic[EVENT_TOPIC_MAX];
    if (options->without_count == 0)
        return false;
    event_topic(event, topic, sizeof topic);
    for (uint32_t i = 0; i < options->without_count; i++) {
        if (strncmp(topic, options->without[i], strlen(options->without[i])) == 0)
            return true;
    }
    return false;
}

static bool is_compared(const struct event *event, const struct diff_options *options)
{
    if (is_left_out(event, options))
        return false;
    if (options->order)
        return event_has_order(event);
    return options->all || event->role == EVENT_ROLE_OUTPUT;
}

/* 1, 0 at the end, or negative after complaining. */
static int next_compared(struct side *side, const struct diff_options *options)
{
    const struct event_channel *channel;
    int got;
    while ((got = recording_next(&side->reader, &side->event, &channel)) == 1) {
        if (is_compared(&side->event, options)) {
            side->number++;
            return 1;
        }
    }
    if (got < 0)
        complain(EXIT_INPUT, "%s", side->reader.error.text);
    return got;
}

static void describe(const struct side *side, int got, char *line)
{
    if (got == 1)
        event_line(&side->event, line, LINE_SIZE);
    else
        snprintf(line, LINE_SIZE, "(the recording ends)");
}

static void report(struct side *a, struct side *b, int got_a, int got_b, char context[][LINE_SIZE],
                   const struct diff_options *options)
{
    char line_a[LINE_SIZE], line_b[LINE_SIZE];
    describe(a, got_a, line_a);
    describe(b, got_b, line_b);
    if (options->json) {
        json_t *json = json_pack("{s:b, s:I, s:s, s:s}", "equal", false, "event",
                                 (json_int_t)a->number, "a", line_a, "b", line_b);
        json_dumpf(json, stdout, JSON_INDENT(2));
        putchar('\n');
        json_decref(json);
        return;
    }
    printf("first difference: %s number %" PRIu64 "\n", options->all ? "event" : "output",
           a->number + (got_a != 1));
    uint64_t same = (got_a == 1 ? a->number : b->number) - 1;
    for (uint64_t i = same > CONTEXT_LINES ? same - CONTEXT_LINES : 0; i < same; i++)
        printf("  %s\n", context[i % CONTEXT_LINES]);
    printf("- %s\n+ %s\n", line_a, line_b);
    for (int i = 0; i < 2; i++) {
        got_a = got_a == 1 ? next_compared(a, options) : got_a;
        got_b = got_b == 1 ? next_compared(b, options) : got_b;
        if (got_a == 1) {
            describe(a, got_a, line_a);
            printf("- %s\n", line_a);
        }
        if (got_b == 1) {
            describe(b, got_b, line_b);
            printf("+ %s\n", line_b);
        }
    }
}

static bool same(const struct event *a, const struct event *b, const struct diff_options *options)
{
    return options->order ? events_alike(a, b) : events_equal(a, b);
}

static int diff(struct side *a, struct side *b, const struct diff_options *options)
{
    static char context[CONTEXT_LINES][LINE_SIZE];
    for (;;) {
        int got_a = next_compared(a, options), got_b = next_compared(b, options);
        if (got_a < 0 || got_b < 0)
            return EXIT_INPUT;
        if (got_a == 0 && got_b == 0)
            break;
        if (got_a != got_b || !same(&a->event, &b->event, options)) {
            report(a, b, got_a, got_b, context, options);
            return EXIT_DIFFERS;
        }
        event_line(&a->event, context[(a->number - 1) % CONTEXT_LINES], LINE_SIZE);
    }
    if (options->json)
        printf("{\n  \"equal\": true,\n  \"compared\": %" PRIu64 "\n}\n", a->number);
    else
        printf("equal: %s\n", counted(a->number, options->all ? "event" : "output"));
    return EXIT_OK;
}

static int run(int argc, char **argv)
{
    static const struct option options[] = {
        { "all", no_argument, NULL, 'a' },
        { "order", no_argument, NULL, 'o' },
        { "json", no_argument, NULL, 'j' },
        { "without", required_argument, NULL, 'w' },
        { 0 },
    };
    struct diff_options o = { 0 };
    int option;
    while ((option = getopt_long(argc, argv, "", options, NULL)) != -1) {
        if (option == 'a')
            o.all = true;
        else if (option == 'o')
            o.order = true;
        else if (option == 'j')
            o.json = true;
        else if (option == 'w' && optarg[0] != '/')
            return complain_usage("diff", "--without %s: topics begin with /, as /hash", optarg);
        else if (option == 'w' && o.without_count < WITHOUT_MAX)
            o.without[o.without_count++] = optarg;
        else
            return option == 'w' ? complain_usage("diff", "too many --without")
                                 : wrong_option("diff");
    }
    if (o.all && o.order)
        return complain_usage("diff", "--order compares outputs only; --all does not go with it");
    if (argc - optind != 2)
        return complain_usage("diff", "diff wants two recordings");
    struct side a = { .path = argv[optind] }, b = { .path = argv[optind + 1] };
    int code = recording_open(&a.reader, a.path, false);
    if (code == EXIT_OK)
        code = recording_open(&b.reader, b.path, false);
    if (code == EXIT_OK)
        code = diff(&a, &b, &o);
    recording_close(&a.reader);
    recording_close(&b.reader);
    return code;
}

const struct command command_diff = {
    .name = "diff",
    .summary = "the first event in which two recordings differ",
    .help =
        "usage: axiom diff [--all] [--order] [--without TOPIC]... [--json] A.mcap B.mcap\n\n"
        "Did my change to the program change what the robot does, and where first?\n"
        "  axiom run log.mcap --bpf old.o --record a.mcap\n"
        "  axiom run log.mcap --bpf new.o --record b.mcap\n"
        "  axiom diff --without /hash a.mcap b.mcap\n\n"
        "Compared are the outputs: actuator lines, PWM, samples, program runs, final maps, state "
        "hashes.\n"
        "--order compares in which order programs ran, what they gave back, printed and left in "
        "maps, and what\n"
        "was written to pins and PWM, not when: for a recording of a real board, whose kernel "
        "alone recorded.\n"
        "--without leaves out what begins so, as /bpf/map/button, in which the program keeps a "
        "time.\n"
        "--all compares every event. Exit code 0: equal; 1: they differ; 3: a file is broken.\n",
    .run = run,
};
