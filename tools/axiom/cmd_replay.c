/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* axiom replay: runs again what a recording says it was made from, and holds every output against
 * the recorded one. */
#include "cli.h"
#include "compare.h"
#include "replay.h"

#include <axiom/log.h>

#include <errno.h>
#include <getopt.h>
#include <inttypes.h>
#include <jansson.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* --- comparing ---------------------------------------------------------------------------------
 */

static bool is_compared(const struct replay *r, const struct event *event)
{
    /* Another program has other maps, and so the kernel another state, from the start. */
    if (r->object_count > 0 && event->kind == EVENT_HASH)
        return false;
    return r->on_board ? event_has_order(event) : event->role == EVENT_ROLE_OUTPUT;
}

static bool is_same(const struct replay *r, const struct event *recorded, const struct event *event)
{
    if (r->on_board)
        return events_alike(recorded, event);
    return r->object_count > 0 ? events_of_other_program_equal(recorded, event)
                               : events_equal(recorded, event);
}

/* A real board went on after the last run that it recorded, for a time that says nothing: what comes
 * now is what the kernel does when it is told to stop. */
static void stop_after_last_run(struct replay *r, const struct event *event)
{
    if (r->on_board && event->kind == EVENT_BPF_RUN && ++r->run_count == r->board.run_count)
        sim_request_stop();
}

static int next_recorded_output(struct replay *r, struct event *event)
{
    const struct event_channel *channel;
    int got;
    while ((got = recording_next(&r->outputs, event, &channel)) == 1) {
        if (is_compared(r, event))
            return 1;
    }
    if (got < 0)
        snprintf(r->broken, sizeof r->broken, "%s", r->outputs.error.text);
    return got;
}

static void stop_under_gdb(const struct replay *r)
{
    if (!r->gdb || getenv("AXIOM_UNDER_GDB") == NULL)
        return;
    fprintf(stderr, "axiom: at event %" PRIu64 ": %s\n", r->at_event, r->reached_line);
    raise(SIGTRAP);
}

static void on_event(struct event_sink *sink, const struct event *event)
{
    struct replay *r = CONTAINER_OF(sink, struct replay, sink);
    if (r->differs || r->reached || r->exhausted)
        return;
    if (r->at_event != 0 && event->sequence >= r->at_event) {
        r->reached = true;
        event_line(event, r->reached_line, sizeof r->reached_line);
        stop_under_gdb(r);
        sim_request_stop();
        return;
    }
    if (!is_compared(r, event))
        return;
    struct event recorded;
    int got = next_recorded_output(r, &recorded);
    if (got == 0 && r->incomplete) {
        r->exhausted = true;
        sim_request_stop();
        return;
    }
    if (got < 0) { /* r->broken says why */
        r->exhausted = true;
        sim_request_stop();
        return;
    }
    r->compared++;
    if (got == 1 && is_same(r, &recorded, event)) {
        stop_after_last_run(r, event);
        return;
    }
    r->differs = true;
    r->difference_number = r->compared;
    event_line(event, r->new_line, sizeof r->new_line);
    if (got == 1)
        event_line(&recorded, r->recorded_line, sizeof r->recorded_line);
    else
        snprintf(r->recorded_line, sizeof r->recorded_line, "(the recording ends)");
    sim_request_stop();
}

static void check_all_came(struct replay *r)
{
    struct event recorded;
    if (r->differs || r->reached || r->exhausted || next_recorded_output(r, &recorded) != 1)
        return;
    r->differs = true;
    r->difference_number = r->compared + 1;
    event_line(&recorded, r->recorded_line, sizeof r->recorded_line);
    snprintf(r->new_line, sizeof r->new_line, "(the run ends)");
}

/* --- the command -------------------------------------------------------------------------------
 */

static int tell(const struct replay *r)
{
    const struct sim_result *result = &r->session.result;
    int code = r->differs ? EXIT_DIFFERS : r->broken[0] != '\0' ? EXIT_INPUT : EXIT_OK;
    if (r->json) {
        json_t *json =
            json_pack("{s:b, s:I, s:I, s:I}", "equal", code == EXIT_OK, "compared",
                      (json_int_t)r->compared, "virtual_ns", (json_int_t)result->end_time_ns,
                      "host_ns", (json_int_t)r->session.host_ns);
        if (r->differs) {
            json_object_set_new(json, "output", json_integer((json_int_t)r->difference_number));
            json_object_set_new(json, "recorded", json_string(r->recorded_line));
            json_object_set_new(json, "now", json_string(r->new_line));
        }
        if (r->reached)
            json_object_set_new(json, "reached", json_string(r->reached_line));
        json_dumpf(json, stdout, JSON_INDENT(2));
        putchar('\n');
        json_decref(json);
    } else if (r->differs) {
        printf("DIFFERS at output %" PRIu64 "\n- recorded  %s\n+ now       %s\n",
               r->difference_number, r->recorded_line, r->new_line);
    } else if (r->reached) {
        printf("stopped at event %" PRIu64 ": %s\nbefore it: %s, equal\n", r->at_event,
               r->reached_line, counted(r->compared, "output"));
    } else {
        printf("equal: %s%s, %s of virtual time in %.3f s\n", counted(r->compared, "output"),
               r->on_board ? " in the board's order" : "", seconds_text(result->end_time_ns),
               (double)r->session.host_ns / 1e9);
    }
    if (r->broken[0] != '\0')
        complain(EXIT_INPUT, "%s", r->broken);
    if (code == EXIT_OK && r->at_event != 0 && !r->reached)
        code = complain(EXIT_INPUT, "there is no event %" PRIu64 ": the run has %" PRIu64,
                        r->at_event, result->event_count);
    return code;
}

/* Starts this very command again under gdb, which stops where the event is. */
static int exec_gdb(char **argv)
{
    setenv("AXIOM_UNDER_GDB", "1", 1);
    const char *words[64] = { "gdb", "-q", "-ex", "run", "--args", "/proc/self/exe" };
    char exe[4096];
    ssize_t length = readlink("/proc/self/exe", exe, sizeof exe - 1);
    if (length < 0)
        return complain(EXIT_IO, "/proc/self/exe: %s", strerror(errno));
    exe[length] = '\0';
    words[5] = exe;
    for (size_t i = 0; argv[i] != NULL && i + 7 < ARRAY_SIZE(words); i++)
        words[i + 6] = argv[i];
    execvp("gdb", (char *const *)words);
    return complain(EXIT_IO, "gdb: %s (apt-get install gdb)", strerror(errno));
}

static int replay_file(struct replay *r, const char *path)
{
    struct session *s = &r->session;
    int code = refuse_same_file(path, s->record_path);
    for (uint32_t i = 0; i < r->object_count && code == EXIT_OK; i++)
        code = refuse_same_file(r->objects[i], s->record_path);
    if (code == EXIT_OK)
        code = recording_open(&r->inputs, path, true);
    if (code == EXIT_OK)
        code = recording_open(&r->outputs, path, true);
    if (code == EXIT_OK)
        code = replay_load(r, path);
    if (code == EXIT_OK && !r->on_board)
        code = replay_find_targets(r, path);
    for (uint32_t i = 0; i < r->object_count && code == EXIT_OK; i++)
        code = session_load_object(s, r->objects[i]);
    if (code == EXIT_OK)
        code = session_verify(s);
    if (code == EXIT_OK) {
        r->sink = (struct event_sink){ .emit = on_event, .kinds = UINT32_MAX };
        s->more_sinks[s->more_sink_count++] = &r->sink;
        s->next_input = r->on_board ? board_inputs_next : replay_next_input;
        s->input_context = r->on_board ? (void *)&r->board : r;
        s->targets =
            r->on_board ? board_inputs_targets(&r->board) : (const char *const *)r->targets;
        s->target_count = r->on_board ? r->board.target_count : r->target_count;
        code = session_run(s);
        if (code == EXIT_OK) {
            check_all_came(r);
            code = tell(r);
        }
    }
    recording_close(&r->inputs);
    recording_close(&r->outputs);
    board_inputs_close(&r->board);
    return code;
}

static const struct option options[] = {
    { "at", required_argument, NULL, 'a' },
    { "gdb", no_argument, NULL, 'g' },
    { "bpf", required_argument, NULL, 'b' },
    { "record", required_argument, NULL, 'r' },
    { "json", no_argument, NULL, 'j' },
    { "quiet", no_argument, NULL, 'q' },
    { "verbose", no_argument, NULL, 'v' },
    { "engine", required_argument, NULL, 'e' },
    { 0 },
};

static int take_option(struct replay *r, int letter)
{
    switch (letter) {
    case 'a':
        return parse_u64("--at", optarg, UINT64_MAX, &r->at_event) ? EXIT_OK : EXIT_USAGE;
    case 'g':
        r->gdb = true;
        return EXIT_OK;
    case 'b':
        if (r->object_count == SESSION_OBJECT_MAX)
            return complain(EXIT_USAGE, "more than %d BPF objects", SESSION_OBJECT_MAX);
        r->objects[r->object_count++] = optarg;
        return EXIT_OK;
    case 'r':
        r->session.record_path = optarg;
        return EXIT_OK;
    case 'j':
        r->json = true;
        return EXIT_OK;
    case 'e':
        return session_take_engine(&r->session, optarg)
                   ? EXIT_OK
                   : complain(EXIT_USAGE, "--engine is best, jit or interp, not '%s'", optarg);
    case 'q':
        r->session.quiet = true;
        return EXIT_OK;
    case 'v':
        r->session.log_level = LOG_DEBUG;
        return EXIT_OK;
    default:
        return wrong_option("replay");
    }
}

static int run(int argc, char **argv)
{
    static struct replay r;
    r = (struct replay){ 0 };
    session_init(&r.session);
    r.session.log = stderr;
    char *original[32] = { "replay" };
    for (int i = 1; i < argc && i + 1 < (int)ARRAY_SIZE(original); i++)
        original[i] = argv[i];
    int option, code = EXIT_OK;
    while (code == EXIT_OK && (option = getopt_long(argc, argv, "", options, NULL)) != -1)
        code = take_option(&r, option);
    if (code != EXIT_OK)
        return code;
    if (argc - optind != 1)
        return complain_usage("replay", "replay wants one recording");
    if (r.gdb && r.at_event == 0)
        return complain_usage("replay", "--gdb needs --at EVENT");
    if (r.gdb && getenv("AXIOM_UNDER_GDB") == NULL)
        return exec_gdb(original);
    code = replay_file(&r, argv[optind]);
    for (uint32_t i = 0; i < r.target_count; i++)
        free(r.targets[i]);
    free(r.targets);
    session_free(&r.session);
    return code;
}

const struct command command_replay = {
    .name = "replay",
    .summary = "run a recording again and fail where its outputs differ",
    .help =
        "usage: axiom replay FILE.mcap [--bpf OBJECT]... [--at EVENT [--gdb]] [--record "
        "OUT.mcap] [--engine jit|interp] [--json] [--quiet] [--verbose]\n\n"
        "A recording holds its inputs, its programs, its board, seed and faults. Run all that "
        "again, and hold\n"
        "each output against the recorded one:\n"
        "  axiom replay run.mcap\n"
        "Yesterday's recording against today's program: which output is the first to differ?\n"
        "  axiom replay run.mcap --bpf position.o\n"
        "(hashes of the kernel's state and counts of instructions, which differ with any change, "
        "aside).\n"
        "What a real board's kernel recorded (rpi5board --kernel-record, axiom qemu --record) "
        "drives models of\n"
        "that board, and the outputs are compared in their order: no clock gives the same times "
        "twice.\n"
        "Stop at event 1234 (events are numbered through /log and all other channels), in a "
        "debugger:\n"
        "  axiom replay run.mcap --at 1234 --gdb\n\n"
        "Exit code 0: equal; 1: the first difference is printed, old and new; 3: the file is "
        "broken.\n",
    .run = run,
};
