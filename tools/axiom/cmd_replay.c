/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* axiom replay: runs again what a recording says it was made from, and holds every output against
 * the recorded one. */
#include "board_inputs.h"
#include "cli.h"
#include "compare.h"
#include "recording.h"
#include "session.h"

#include <axiom/errno.h>
#include <axiom/log.h>

#include <errno.h>
#include <getopt.h>
#include <inttypes.h>
#include <jansson.h>
#include <libfdt.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define LINE_SIZE 512
/* Root of the tree that arch/x86_64 makes: a PC's interrupts and clocks have no models. */
#define PC_COMPATIBLE "axiom,pc"

struct replay {
    struct session session;
    struct recording_reader inputs;  /* gives the recorded inputs */
    struct recording_reader outputs; /* what came out then */
    struct board_inputs board; /* where a real board recorded: instead of `inputs` and `targets` */
    bool on_board;             /* outputs are compared in their order, not their times */
    uint64_t run_count;        /* of programs that were compared */
    char **targets;
    uint32_t target_count;
    struct sim_input pending;
    const char *objects[SESSION_OBJECT_MAX]; /* --bpf: instead of the recorded ones */
    uint32_t object_count;
    uint64_t at_event; /* stop there; 0: no */
    bool gdb, json;

    struct event_sink sink;
    uint64_t compared;
    bool differs, reached;
    bool incomplete; /* the recording itself says that it ends early */
    bool exhausted;  /* and that is where we are */
    uint64_t difference_number;
    char recorded_line[LINE_SIZE], new_line[LINE_SIZE], reached_line[LINE_SIZE];
    char broken[480]; /* the recording could not be read on */
};

/* --- what the file says ------------------------------------------------------------------------
 */

static bool metadata_text(const struct mcap_metadata *metadata, const char *key, char *to,
                          size_t size)
{
    struct mcap_text value;
    to[0] = '\0';
    return mcap_map_find(metadata->map, key, &value) && mcap_text_copy(to, size, value);
}

static uint64_t metadata_number(const struct mcap_metadata *metadata, const char *key,
                                uint64_t otherwise)
{
    char text[32], *end;
    if (!metadata_text(metadata, key, text, sizeof text))
        return otherwise;
    errno = 0;
    uint64_t value = strtoull(text, &end, 10);
    return *end == '\0' && end != text && errno == 0 ? value : otherwise;
}

/* run.txt: one "name value" a line. */
static void take_run_text(struct session *s, const char *text)
{
    const struct {
        const char *name;
        uint64_t *to;
    } rows[] = {
        { "end_time_ns ", &s->end_time_ns },
        { "hash_interval_ns ", &s->hash_interval_ns },
        { "fail_allocation ", &s->allocation_to_fail },
        { "ignore_budget ", &s->ignore_budget },
        { "start_ns ", &s->start_ns },
    };
    for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
        const char *at = strstr(text, rows[i].name);
        if (at != NULL)
            *rows[i].to = strtoull(at + strlen(rows[i].name), NULL, 10);
    }
    if (strstr(text, "engine jit") != NULL && s->engine == SESSION_ENGINE_BEST)
        s->engine = SESSION_ENGINE_JIT;
}

static char *to_text(const uint8_t *data, size_t size)
{
    return strndup((const char *)data, size);
}

static int take_attachment(struct replay *r, const char *name, uint8_t *data, size_t size)
{
    struct session *s = &r->session;
    if (strcmp(name, "board.dtb") == 0) {
        free(s->fdt);
        s->fdt = malloc(size > 0 ? size : 1);
        if (s->fdt == NULL)
            return complain(EXIT_IO, "no memory");
        memcpy(s->fdt, data, size);
        s->fdt_size = size;
    } else if (strncmp(name, "bpf/", 4) == 0 && r->object_count == 0) {
        return session_add_object(s, name + 4, data, size);
    } else if (strcmp(name, "faults.txt") == 0) {
        s->fault_script = to_text(data, size);
    } else if (strcmp(name, "expect.txt") == 0) {
        s->expect_text = to_text(data, size);
    } else if (strcmp(name, "run.txt") == 0) {
        char *text = to_text(data, size);
        if (text != NULL)
            take_run_text(s, text);
        free(text);
    }
    return EXIT_OK;
}

/* What a real board did: when its programs began, and what its kernel saw of the outside. */
static int load_board(struct replay *r, const char *path)
{
    struct session *s = &r->session;
    if (s->fdt_size >= sizeof(struct fdt_header) && fdt_check_full(s->fdt, s->fdt_size) == 0 &&
        fdt_node_check_compatible(s->fdt, 0, PC_COMPATIBLE) == 0) {
        free(s->fdt);
        s->fdt = NULL;
        int code = session_load_board(s, NULL);
        if (code != EXIT_OK)
            return code;
    }
    int code = board_inputs_open(&r->board, path, s->fdt, s->fdt_size);
    s->start_ns = r->board.start_ns;
    s->end_time_ns = r->board.end_ns + NSEC_PER_SEC; /* it ends with the last run */
    return code;
}

static int load_recording(struct replay *r, const char *path)
{
    struct session *s = &r->session;
    const struct mcap_info *info;
    struct mcap_error error;
    struct mcap_metadata run, end;
    if (mcap_reader_info(r->inputs.reader, &info, &error) != 0)
        return complain(EXIT_INPUT, "%s", error.text);
    if (!mcap_reader_metadata(r->inputs.reader, "axiom", &run))
        return complain(EXIT_INPUT,
                        "%s is no recording of Axiom's: it has no metadata 'axiom'. To drive the "
                        "board with it: axiom "
                        "run %s --bind ...",
                        path, path);
    char text[256];
    s->seed = metadata_number(&run, "seed", 1);
    s->cpu_count = (uint32_t)metadata_number(&run, "cpus", 1);
    if (s->cpu_count < 1 || s->cpu_count > CPU_MAX)
        return complain(EXIT_INPUT, "%s: metadata 'axiom': cpus is not 1 to %u", path, CPU_MAX);
    metadata_text(&run, "clock", text, sizeof text);
    r->on_board = strcmp(text, "board") == 0;
    metadata_text(&run, "cpu_model", text, sizeof text);
    s->cpu_model = strcmp(text, "rpi5") == 0 ? SIM_CPU_RPI5 : SIM_CPU_INSTANT;
    for (size_t i = 0; i < info->attachment_count; i++) {
        char name[160];
        uint8_t *data;
        size_t size;
        mcap_text_copy(name, sizeof name, info->attachment[i].name);
        if (mcap_reader_attachment(r->inputs.reader, i, &data, &size, &error) != 0)
            return complain(EXIT_INPUT, "%s", error.text);
        int code = take_attachment(r, name, data, size);
        free(data);
        if (code != EXIT_OK)
            return code;
    }
    if (s->fdt == NULL || s->fdt_size == 0)
        return complain(EXIT_INPUT, "%s has no attachment board.dtb: it cannot be replayed", path);
    /* Times in a recording are virtual: nothing is added. The run ended when its end says it did.
     */
    s->input_offset_ns = 0;
    if (mcap_reader_metadata(r->inputs.reader, "axiom.end", &end)) {
        s->end_time_ns = metadata_number(&end, "stop_ns", s->end_time_ns);
        metadata_text(&end, "reason", text, sizeof text);
        r->incomplete = strcmp(text, "complete") != 0;
        if (r->incomplete) {
            complain(EXIT_OK, "%s: the recorded run ended early (%s): compared as far as it goes",
                     path, text);
            s->end_time_ns += s->settle_ns; /* what ended it must be able to happen again */
        }
    }
    if (r->on_board) {
        int code = load_board(r, path);
        if (code != EXIT_OK)
            return code;
    }
    s->settle_ns = s->end_time_ns != 0 ? s->end_time_ns : s->settle_ns;
    return EXIT_OK;
}

/* --- recorded inputs ---------------------------------------------------------------------------
 */

static int64_t input_target(struct replay *r, const struct event *event, bool add)
{
    char path[EVENT_NAME_MAX + 16];
    switch (event->kind) {
    case EVENT_GPIO:
        snprintf(path, sizeof path, "gpio/chip%u/%u", event->gpio.chip, event->gpio.line);
        break;
    case EVENT_IIO:
        snprintf(path, sizeof path, "iio/%s", event->iio.device);
        break;
    case EVENT_I2C:
        snprintf(path, sizeof path, "i2c/%u/0x%02x", event->i2c.bus, event->i2c.address);
        break;
    default:
        return -1;
    }
    for (uint32_t i = 0; i < r->target_count; i++) {
        if (strcmp(r->targets[i], path) == 0)
            return i;
    }
    if (!add)
        return -1;
    char **grown = realloc(r->targets, (r->target_count + 1) * sizeof *grown);
    if (grown == NULL)
        return -1;
    r->targets = grown;
    r->targets[r->target_count] = strdup(path);
    return r->targets[r->target_count] != NULL ? (int64_t)r->target_count++ : -1;
}

/* Targets must be known before the run: one pass over the file, which also finds out whether it can
 * be read; a second one past what is damaged if it cannot. */
static int find_targets(struct replay *r, const char *path)
{
    for (int damaged = 0; damaged < 2; damaged++) {
        struct recording_reader reader;
        struct event event;
        const struct event_channel *channel;
        int code = recording_open(&reader, path, damaged != 0), got;
        if (code != EXIT_OK)
            return code;
        while ((got = recording_next(&reader, &event, &channel)) == 1) {
            if (event.role == EVENT_ROLE_INPUT)
                input_target(r, &event, true);
        }
        if (got < 0 && damaged == 0)
            complain(EXIT_INPUT,
                     "%s\naxiom: replaying it all the same, to find what is wrong in it",
                     reader.error.text);
        recording_close(&reader);
        if (got == 0)
            break;
    }
    return EXIT_OK;
}

static int next_recorded_input(void *context, struct sim_input *out)
{
    struct replay *r = context;
    struct event event;
    const struct event_channel *channel;
    int got;
    while ((got = recording_next(&r->inputs, &event, &channel)) == 1) {
        if (event.role != EVENT_ROLE_INPUT)
            continue;
        int64_t target = input_target(r, &event, false);
        if (target < 0)
            continue;
        *out = (struct sim_input){
            .time_ns = event.time_ns,
            .source_ns = event.source_ns,
            .position = event.sequence,
            .target = (uint32_t)target,
        };
        if (event.kind == EVENT_GPIO) {
            out->kind = SIM_INPUT_LINE;
            out->level = event.gpio.level != 0;
        } else if (event.kind == EVENT_IIO) {
            out->kind = SIM_INPUT_SENSOR;
            out->count = event.iio.count;
            memcpy(out->quantity, event.iio.quantity, sizeof out->quantity);
            memcpy(out->nano, event.iio.nano, sizeof out->nano);
        } else {
            out->kind = SIM_INPUT_ANSWER;
            out->bytes = event.i2c.read_data;
            out->size = event.i2c.read_size;
            out->request = event.i2c.write_data;
            out->request_size = event.i2c.write_size;
        }
        return 1;
    }
    if (got < 0)
        snprintf(r->broken, sizeof r->broken, "%s", r->inputs.error.text);
    return got < 0 ? 0 : got; /* what can be read is replayed; the broken place was told of */
}

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
        code = load_recording(r, path);
    if (code == EXIT_OK && !r->on_board)
        code = find_targets(r, path);
    for (uint32_t i = 0; i < r->object_count && code == EXIT_OK; i++)
        code = session_load_object(s, r->objects[i]);
    if (code == EXIT_OK)
        code = session_verify(s);
    if (code == EXIT_OK) {
        r->sink = (struct event_sink){ .emit = on_event, .kinds = UINT32_MAX };
        s->more_sinks[s->more_sink_count++] = &r->sink;
        s->next_input = r->on_board ? board_inputs_next : next_recorded_input;
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

static int run(int argc, char **argv)
{
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
    static struct replay r;
    r = (struct replay){ 0 };
    session_init(&r.session);
    r.session.log = stderr;
    char *original[32] = { "replay" };
    for (int i = 1; i < argc && i + 1 < (int)ARRAY_SIZE(original); i++)
        original[i] = argv[i];
    int option;
    while ((option = getopt_long(argc, argv, "", options, NULL)) != -1) {
        switch (option) {
        case 'a':
            if (!parse_u64("--at", optarg, UINT64_MAX, &r.at_event))
                return EXIT_USAGE;
            break;
        case 'g':
            r.gdb = true;
            break;
        case 'b':
            if (r.object_count == SESSION_OBJECT_MAX)
                return complain(EXIT_USAGE, "more than %d BPF objects", SESSION_OBJECT_MAX);
            r.objects[r.object_count++] = optarg;
            break;
        case 'r':
            r.session.record_path = optarg;
            break;
        case 'j':
            r.json = true;
            break;
        case 'e':
            if (!session_take_engine(&r.session, optarg))
                return complain(EXIT_USAGE, "--engine is best, jit or interp, not '%s'", optarg);
            break;
        case 'q':
            r.session.quiet = true;
            break;
        case 'v':
            r.session.log_level = LOG_DEBUG;
            break;
        default:
            return wrong_option("replay");
        }
    }
    if (argc - optind != 1)
        return complain_usage("replay", "replay wants one recording");
    if (r.gdb && r.at_event == 0)
        return complain_usage("replay", "--gdb needs --at EVENT");
    if (r.gdb && getenv("AXIOM_UNDER_GDB") == NULL)
        return exec_gdb(original);
    int code = replay_file(&r, argv[optind]);
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
