/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* axiom run: a trace drives the simulated board. */
#include "cli.h"
#include "live.h"
#include "session.h"
#include "signing.h"

#include <axiom/errno.h>
#include <axiom/log.h>

#include <getopt.h>
#include <jansson.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Drivers that poll their sensor do so each second or oftener: the last answer is fetched, too. */
#define ANSWER_SETTLE_NS (1250 * NSEC_PER_MSEC)

struct run_options {
    struct session session;
    struct binding_list bindings;
    const char *board, *faults, *expect;
    const char *objects[SESSION_OBJECT_MAX];
    uint32_t object_count;
    const char *keyring_path;
    const char *words[32]; /* of the trace's format */
    size_t word_count;
    uint64_t to_ns;
    bool json;
    bool view;
    const char *view_words[16]; /* options for the window */
    uint32_t view_word_count;
    struct live live;
};

/* "2.5s", "300ms", "17us", "5ns"; a plain number is seconds. */
static bool parse_duration(const char *option, const char *text, uint64_t *out)
{
    char *end;
    double value = strtod(text, &end);
    double unit = strcmp(end, "ns") == 0                  ? 1
                  : strcmp(end, "us") == 0                ? 1e3
                  : strcmp(end, "ms") == 0                ? 1e6
                  : strcmp(end, "s") == 0 || *end == '\0' ? 1e9
                                                          : 0;
    if (end == text || unit == 0 || !(value >= 0) || value * unit > 9e18) {
        complain(EXIT_USAGE, "%s wants a duration such as 2.5s or 300ms, not '%s'", option, text);
        return false;
    }
    *out = (uint64_t)(value * unit + 0.5);
    return true;
}

/* --- Options that are more than a value --- */

static int take_object(struct run_options *o)
{
    if (o->object_count == SESSION_OBJECT_MAX)
        return complain(EXIT_USAGE, "more than %d BPF objects", SESSION_OBJECT_MAX);
    o->objects[o->object_count++] = optarg;
    return EXIT_OK;
}

static int take_binding(struct run_options *o)
{
    return binding_add(&o->bindings, optarg);
}

static int take_trace_word(struct run_options *o)
{
    if (o->word_count == ARRAY_SIZE(o->words))
        return complain(EXIT_USAGE, "too many --trace-option");
    o->words[o->word_count++] = optarg;
    return EXIT_OK;
}

static int take_view_word(struct run_options *o)
{
    if (o->view_word_count == ARRAY_SIZE(o->view_words))
        return complain(EXIT_USAGE, "too many --view-option");
    o->view_words[o->view_word_count++] = optarg;
    return EXIT_OK;
}

static int take_cpus(struct run_options *o)
{
    uint64_t number;
    if (!parse_u64("--cpus", optarg, UINT32_MAX, &number))
        return EXIT_USAGE;
    o->session.cpu_count = (uint32_t)number;
    return number >= 1 && number <= CPU_MAX ? EXIT_OK
                                            : complain(EXIT_USAGE, "--cpus wants 1 to %u", CPU_MAX);
}

static int take_speed(struct run_options *o)
{
    char *end;
    double speed = strtod(optarg, &end);
    if (*end != '\0' || !(speed > 0) || speed > 1e6)
        return complain(EXIT_USAGE, "--speed wants a factor such as 0.5 or 10, not '%s'", optarg);
    o->session.speed = speed;
    return EXIT_OK;
}

static int take_realtime(struct run_options *o)
{
    o->session.speed = 1;
    return EXIT_OK;
}

static int take_cpu_model(struct run_options *o)
{
    if (strcmp(optarg, "none") == 0)
        o->session.cpu_model = SIM_CPU_INSTANT;
    else if (strcmp(optarg, "rpi5") == 0)
        o->session.cpu_model = SIM_CPU_RPI5;
    else
        return complain(EXIT_USAGE, "--cpu-model is none or rpi5, not '%s'", optarg);
    return EXIT_OK;
}

static int take_engine(struct run_options *o)
{
    return session_take_engine(&o->session, optarg)
               ? EXIT_OK
               : complain(EXIT_USAGE, "--engine is best, jit or interp, not '%s'", optarg);
}

static int take_ignore_budget(struct run_options *o)
{
    o->session.ignore_budget = 1;
    return EXIT_OK;
}

static int take_verbose(struct run_options *o)
{
    o->session.log_level = LOG_DEBUG;
    return EXIT_OK;
}

/* --- All options: where the value goes, or who takes it --- */

enum option_kind {
    OPTION_FLAG,     /* bool */
    OPTION_WORD,     /* const char * */
    OPTION_NUMBER,   /* uint64_t */
    OPTION_DURATION, /* uint64_t, ns */
    OPTION_END,      /* a duration that is not 0 */
    OPTION_TAKEN,    /* by take() */
    OPTION_SET,      /* by take(), without an argument */
};

#define TO(member) .at = offsetof(struct run_options, member)

static const struct option_row {
    const char *name;
    enum option_kind kind;
    size_t at; /* in struct run_options */
    int (*take)(struct run_options *o);
} option_rows[] = {
    { "bpf", OPTION_TAKEN, .take = take_object },
    { "bind", OPTION_TAKEN, .take = take_binding },
    { "board", OPTION_WORD, TO(board) },
    { "record", OPTION_WORD, TO(session.record_path) },
    { "expect", OPTION_WORD, TO(expect) },
    { "seed", OPTION_NUMBER, TO(session.seed) },
    { "cpus", OPTION_TAKEN, .take = take_cpus },
    { "fault", OPTION_WORD, TO(faults) },
    { "speed", OPTION_TAKEN, .take = take_speed },
    { "realtime", OPTION_SET, .take = take_realtime },
    { "cpu-model", OPTION_TAKEN, .take = take_cpu_model },
    { "engine", OPTION_TAKEN, .take = take_engine },
    { "trace-option", OPTION_TAKEN, .take = take_trace_word },
    { "for", OPTION_END, TO(session.end_time_ns) },
    { "to", OPTION_END, TO(to_ns) },
    { "hash", OPTION_DURATION, TO(session.hash_interval_ns) },
    { "record-limit", OPTION_NUMBER, TO(session.record_limit) },
    { "fail-allocation", OPTION_NUMBER, TO(session.allocation_to_fail) },
    { "json", OPTION_FLAG, TO(json) },
    { "view", OPTION_FLAG, TO(view) },
    { "view-option", OPTION_TAKEN, .take = take_view_word },
    { "keyring", OPTION_WORD, TO(keyring_path) },
    { "require-signed", OPTION_FLAG, TO(session.require_signed) },
    { "ignore-budget", OPTION_SET, .take = take_ignore_budget },
    { "quiet", OPTION_FLAG, TO(session.quiet) },
    { "verbose", OPTION_SET, .take = take_verbose },
};
#define FIRST_OPTION 256 /* getopt's own results are characters */

static void list_options(struct option list[ARRAY_SIZE(option_rows) + 1])
{
    for (size_t i = 0; i < ARRAY_SIZE(option_rows); i++) {
        const struct option_row *row = &option_rows[i];
        bool is_bare = row->kind == OPTION_FLAG || row->kind == OPTION_SET;
        list[i] = (struct option){ row->name, is_bare ? no_argument : required_argument, NULL,
                                   FIRST_OPTION + (int)i };
    }
    list[ARRAY_SIZE(option_rows)] = (struct option){ 0 };
}

static int take_option(struct run_options *o, int option)
{
    if (option < FIRST_OPTION)
        return wrong_option("run");
    const struct option_row *row = &option_rows[option - FIRST_OPTION];
    void *to = (char *)o + row->at;
    char name[32];
    snprintf(name, sizeof name, "--%s", row->name);
    switch (row->kind) {
    case OPTION_FLAG:
        *(bool *)to = true;
        return EXIT_OK;
    case OPTION_WORD:
        *(const char **)to = optarg;
        return EXIT_OK;
    case OPTION_NUMBER:
        return parse_u64(name, optarg, UINT64_MAX, to) ? EXIT_OK : EXIT_USAGE;
    case OPTION_DURATION:
    case OPTION_END:
        if (!parse_duration(name, optarg, to))
            return EXIT_USAGE;
        return row->kind == OPTION_DURATION || *(uint64_t *)to != 0
                   ? EXIT_OK
                   : complain(EXIT_USAGE, "%s 0 would run nothing", name);
    case OPTION_TAKEN:
    case OPTION_SET:
        return row->take(o);
    }
    return wrong_option("run");
}

static int load(struct run_options *o, const char *trace)
{
    struct session *s = &o->session;
    int code = refuse_same_file(trace, s->record_path);
    const char *const others[] = { o->board, o->faults, o->expect, o->keyring_path };
    for (size_t i = 0; i < ARRAY_SIZE(others) && code == EXIT_OK; i++)
        code = refuse_same_file(others[i], s->record_path);
    for (uint32_t i = 0; i < o->object_count && code == EXIT_OK; i++)
        code = refuse_same_file(o->objects[i], s->record_path);
    if (code == EXIT_OK)
        code = session_load_board(s, o->board);
    struct bpf_keyring keyring = { 0 };
    if (code == EXIT_OK && o->keyring_path != NULL)
        code = signing_read_keyring(o->keyring_path, &keyring, &s->keyring, &s->keyring_size);
    for (uint32_t i = 0; i < o->object_count && code == EXIT_OK; i++)
        code = session_load_object(s, o->objects[i]);
    for (uint32_t i = 0; i < s->object_count && code == EXIT_OK; i++)
        code = signing_check(s->object[i].name, s->object[i].bytes, s->object[i].size,
                             s->keyring != NULL ? &keyring : NULL, s->require_signed);
    if (code == EXIT_OK)
        code = read_whole_text(o->faults, &s->fault_script);
    s->expect_path = o->expect;
    if (code == EXIT_OK)
        code = read_whole_text(o->expect, &s->expect_text);
    return code == EXIT_OK ? session_verify(s) : code;
}

static int tell(struct run_options *o)
{
    struct session *s = &o->session;
    if (!s->ran)
        return EXIT_OK; /* why not has been said */
    if (o->json) {
        json_t *json = session_json(s);
        json_dumpf(json, stdout, JSON_INDENT(2));
        putchar('\n');
        json_decref(json);
    } else {
        session_print(s, stdout);
    }
    return s->expect_failed > 0 ? EXIT_DIFFERS : EXIT_OK;
}

/* The run, with a window beside it if that is asked for; tells what came of it while the window is still open. */
static int run_and_tell(struct run_options *o)
{
    struct session *s = &o->session;
    int code = o->view ? live_start(&o->live, s, o->view_words, o->view_word_count) : EXIT_OK;
    if (code == EXIT_OK)
        code = session_run(s);
    live_end(&o->live);
    int told = tell(o);
    fflush(stdout);
    live_wait(&o->live);
    return code != EXIT_OK ? code : told;
}

static int run_trace(struct run_options *o, const char *path)
{
    struct session *s = &o->session;
    struct trace_error error;
    struct trace_source *source;
    struct trace_options words = { o->words, o->word_count };
    if (trace_open(path, &words, &source, &error) != 0)
        return complain(EXIT_INPUT, "%s", error.text);
    const char *slash = strrchr(path, '/');
    s->trace_name = strdup(slash != NULL ? slash + 1 : path);

    struct feed feed;
    int code = feed_open(&feed, source, &o->bindings, s->fdt, s->fdt_size);
    if (code == EXIT_OK) {
        feed.to_ns = o->to_ns != 0 ? o->to_ns : TIME_NEVER;
        s->feed = &feed;
        s->bindings = &o->bindings;
        if (feed_takes_answers(&feed) && s->settle_ns < ANSWER_SETTLE_NS)
            s->settle_ns = ANSWER_SETTLE_NS;
        if (!o->json) {
            printf("trace     %s (%s), %s\n", path, trace_format(source),
                   counted(feed.channel_count, "channel"));
            feed_print(&feed, stdout);
            fflush(stdout);
        }
        code = run_and_tell(o);
        if (trace_warning(source)[0] != '\0')
            complain(EXIT_OK, "%s", trace_warning(source));
        s->feed = NULL;
        feed_close(&feed);
    }
    trace_close(source);
    return code;
}

/* An option about what is not there is a mistake that somebody would want to hear of. */
static int check_together(const struct run_options *o, bool has_trace)
{
    const struct {
        bool is_wrong;
        const char *text;
    } rows[] = {
        { !has_trace && o->session.end_time_ns == 0,
          "run wants a trace, or --for DURATION to run without one" },
        { !has_trace && o->bindings.count > 0,
          "--bind names a trace's channels, and there is no trace" },
        { !has_trace && o->word_count > 0, "--trace-option is about a trace, and there is none" },
        { !has_trace && o->to_ns != 0,
          "--to is a time of the trace, and there is none; --for DURATION" },
        { o->session.record_limit != 0 && o->session.record_path == NULL,
          "--record-limit wants --record" },
        { o->view_word_count > 0 && !o->view, "--view-option wants --view" },
    };
    for (size_t i = 0; i < ARRAY_SIZE(rows); i++)
        if (rows[i].is_wrong)
            return complain_usage("run", "%s", rows[i].text);
    return EXIT_OK;
}

static int run(int argc, char **argv)
{
    struct run_options o = { 0 };
    session_init(&o.session);
    o.session.log = stderr;
    int code = EXIT_OK, option;
    struct option options[ARRAY_SIZE(option_rows) + 1];
    list_options(options);
    while (code == EXIT_OK && (option = getopt_long(argc, argv, "", options, NULL)) != -1)
        code = take_option(&o, option);
    if (code == EXIT_OK && argc - optind > 1)
        code = complain_usage("run", "one trace at a time, please");
    if (code == EXIT_OK)
        code = check_together(&o, argc > optind);
    if (code == EXIT_OK)
        code = load(&o, argc > optind ? argv[optind] : NULL);
    if (code == EXIT_OK && argc > optind) {
        code = run_trace(&o, argv[optind]);
    } else if (code == EXIT_OK) {
        code = run_and_tell(&o);
    }
    binding_free(&o.bindings);
    session_free(&o.session);
    return code;
}

const struct command command_run = {
    .name = "run",
    .summary = "a trace drives the simulated board and its BPF programs",
    .help =
        "usage: axiom run TRACE [--bpf OBJECT]... [--bind CHANNEL=DEVICE]... [OPTION]...\n"
        "       axiom run --for DURATION [--bpf OBJECT]...\n\n"
        "TRACE is a sigrok .sr, CSV, VCD, candump, Betaflight blackbox, PX4 ULog or MCAP file.\n\n"
        "A logic analyser saw a CNC's step and direction lines; count its steps:\n"
        "  axiom run smoothieware.sr --bind 5=gpio/chip0/17 --bind 6=gpio/chip0/27 --bpf "
        "position.o\n"
        "Keep everything that happened, for Foxglove, and to run it again:\n"
        "  axiom run button.csv --bind button=gpio/chip0/26 --bpf button_led.o --record run.mcap\n"
        "Say what must come out, and let CI judge (exit code 1):\n"
        "  axiom run gantry.mcap --bpf position.o --expect expect.txt\n"
        "A drone's IMU log through the IMU's registers, with every tenth interrupt lost:\n"
        "  axiom run log.ulg --bind sensor_combined=iio/imu0 --bpf filter.o --fault faults.txt\n"
        "A bus capture: serve the sensor's recorded answers again:\n"
        "  axiom run sht31.sr --trace-option i2c:scl=2,sda=1,name=bus --bind bus=iio/sht31\n\n"
        "  --bpf OBJECT           load and attach an object's programs (repeatable)\n"
        "  --keyring FILE         the keys that the kernel trusts (axiom bpf keygen)\n"
        "  --require-signed       take only objects that one of them signed (axiom bpf sign)\n"
        "  --ignore-budget        take programs that may exceed their attach point's budget\n"
        "  --bind CHANNEL=DEVICE  gpio/chip0/LINE, iio/NAME or iio/NAME/QUANTITY (repeatable)\n"
        "  --trace-option WORD    how to read the trace: rate=480, i2c:scl=2,sda=1, ... (axiom "
        "trace --help)\n"
        "  --board DTB            another board than the simulated Pi 5\n"
        "  --record OUT.mcap      record all events; --record-limit BYTES stops recording there\n"
        "  --expect FILE          assertions about the outputs, one a line (docs/SIM.md):\n"
        "                         count /gpio/chip0/16: == 5\n"
        "  --fault FILE           faults to inject, one a line: at 1.5s nack i2c@74000 byte=0\n"
        "  --seed N  --cpus N     the interleaving's seed; 1 to 8 virtual CPUs\n"
        "  --cpu-model none|rpi5  whether code takes time\n"
        "  --engine jit|interp    compile the programs, or interpret them; the outcome is the same "
        "(best)\n"
        "  --for T  --to T        end of the run (virtual time); last trace time used\n"
        "  --hash T               distance of the recorded state hashes (100ms); 0: none\n"
        "  --speed X  --realtime  pace it; the outcome stays the same\n"
        "  --fail-allocation N    the kernel's Nth allocation fails\n"
        "  --view                 a window beside it, at real time unless --speed says otherwise; "
        "clicks on\n"
        "                         pins and drags on sensors are inputs; --view-option WORD is for "
        "the window\n"
        "  --json  --quiet  --verbose\n",
    .run = run,
};
