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

enum option_id {
    OPTION_BPF = 256,
    OPTION_BIND,
    OPTION_BOARD,
    OPTION_RECORD,
    OPTION_EXPECT,
    OPTION_SEED,
    OPTION_CPUS,
    OPTION_FAULT,
    OPTION_SPEED,
    OPTION_REALTIME,
    OPTION_CPU_MODEL,
    OPTION_ENGINE,
    OPTION_TRACE_OPTION,
    OPTION_FOR,
    OPTION_TO,
    OPTION_HASH,
    OPTION_RECORD_LIMIT,
    OPTION_FAIL_ALLOCATION,
    OPTION_JSON,
    OPTION_VIEW,
    OPTION_VIEW_OPTION,
    OPTION_KEYRING,
    OPTION_REQUIRE_SIGNED,
    OPTION_IGNORE_BUDGET,
    OPTION_QUIET,
    OPTION_VERBOSE,
};

static const struct option options[] = {
    { "bpf", required_argument, NULL, OPTION_BPF },
    { "bind", required_argument, NULL, OPTION_BIND },
    { "board", required_argument, NULL, OPTION_BOARD },
    { "record", required_argument, NULL, OPTION_RECORD },
    { "expect", required_argument, NULL, OPTION_EXPECT },
    { "seed", required_argument, NULL, OPTION_SEED },
    { "cpus", required_argument, NULL, OPTION_CPUS },
    { "fault", required_argument, NULL, OPTION_FAULT },
    { "speed", required_argument, NULL, OPTION_SPEED },
    { "realtime", no_argument, NULL, OPTION_REALTIME },
    { "cpu-model", required_argument, NULL, OPTION_CPU_MODEL },
    { "engine", required_argument, NULL, OPTION_ENGINE },
    { "trace-option", required_argument, NULL, OPTION_TRACE_OPTION },
    { "for", required_argument, NULL, OPTION_FOR },
    { "to", required_argument, NULL, OPTION_TO },
    { "hash", required_argument, NULL, OPTION_HASH },
    { "record-limit", required_argument, NULL, OPTION_RECORD_LIMIT },
    { "fail-allocation", required_argument, NULL, OPTION_FAIL_ALLOCATION },
    { "json", no_argument, NULL, OPTION_JSON },
    { "view", no_argument, NULL, OPTION_VIEW },
    { "view-option", required_argument, NULL, OPTION_VIEW_OPTION },
    { "keyring", required_argument, NULL, OPTION_KEYRING },
    { "ignore-budget", no_argument, NULL, OPTION_IGNORE_BUDGET },
    { "require-signed", no_argument, NULL, OPTION_REQUIRE_SIGNED },
    { "quiet", no_argument, NULL, OPTION_QUIET },
    { "verbose", no_argument, NULL, OPTION_VERBOSE },
    { 0 },
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

static int take_end(const char *option, uint64_t *out)
{
    if (!parse_duration(option, optarg, out))
        return EXIT_USAGE;
    return *out != 0 ? EXIT_OK : complain(EXIT_USAGE, "%s 0 would run nothing", option);
}

static int take_number(const char *option, uint64_t max, uint64_t *out)
{
    return parse_u64(option, optarg, max, out) ? EXIT_OK : EXIT_USAGE;
}

static int take_speed(struct session *s, const char *text)
{
    char *end;
    s->speed = strtod(text, &end);
    if (*end != '\0' || !(s->speed > 0) || s->speed > 1e6)
        return complain(EXIT_USAGE, "--speed wants a factor such as 0.5 or 10, not '%s'", text);
    return EXIT_OK;
}

static int take_cpu_model(struct session *s, const char *name)
{
    if (strcmp(name, "none") == 0)
        s->cpu_model = SIM_CPU_INSTANT;
    else if (strcmp(name, "rpi5") == 0)
        s->cpu_model = SIM_CPU_RPI5;
    else
        return complain(EXIT_USAGE, "--cpu-model is none or rpi5, not '%s'", name);
    return EXIT_OK;
}

static int take_option(struct run_options *o, int option)
{
    struct session *s = &o->session;
    uint64_t number = 0;
    switch (option) {
    case OPTION_BPF:
        if (o->object_count == SESSION_OBJECT_MAX)
            return complain(EXIT_USAGE, "more than %d BPF objects", SESSION_OBJECT_MAX);
        o->objects[o->object_count++] = optarg;
        return EXIT_OK;
    case OPTION_KEYRING:
        o->keyring_path = optarg;
        return EXIT_OK;
    case OPTION_REQUIRE_SIGNED:
        o->session.require_signed = true;
        return EXIT_OK;
    case OPTION_IGNORE_BUDGET:
        o->session.ignore_budget = 1;
        return EXIT_OK;
    case OPTION_BIND:
        return binding_add(&o->bindings, optarg);
    case OPTION_BOARD:
        o->board = optarg;
        return EXIT_OK;
    case OPTION_RECORD:
        s->record_path = optarg;
        return EXIT_OK;
    case OPTION_EXPECT:
        o->expect = optarg;
        return EXIT_OK;
    case OPTION_SEED:
        return take_number("--seed", UINT64_MAX, &s->seed);
    case OPTION_CPUS:
        if (take_number("--cpus", UINT32_MAX, &number) != EXIT_OK)
            return EXIT_USAGE;
        s->cpu_count = (uint32_t)number;
        return number >= 1 && number <= CPU_MAX
                   ? EXIT_OK
                   : complain(EXIT_USAGE, "--cpus wants 1 to %u", CPU_MAX);
    case OPTION_FAULT:
        o->faults = optarg;
        return EXIT_OK;
    case OPTION_SPEED:
        return take_speed(s, optarg);
    case OPTION_REALTIME:
        s->speed = 1;
        return EXIT_OK;
    case OPTION_CPU_MODEL:
        return take_cpu_model(s, optarg);
    case OPTION_ENGINE:
        return session_take_engine(s, optarg)
                   ? EXIT_OK
                   : complain(EXIT_USAGE, "--engine is best, jit or interp, not '%s'", optarg);
    case OPTION_TRACE_OPTION:
        if (o->word_count == ARRAY_SIZE(o->words))
            return complain(EXIT_USAGE, "too many --trace-option");
        o->words[o->word_count++] = optarg;
        return EXIT_OK;
    case OPTION_FOR:
        return take_end("--for", &s->end_time_ns);
    case OPTION_TO:
        return take_end("--to", &o->to_ns);
    case OPTION_HASH:
        return parse_duration("--hash", optarg, &s->hash_interval_ns) ? EXIT_OK : EXIT_USAGE;
    case OPTION_RECORD_LIMIT:
        return take_number("--record-limit", UINT64_MAX, &s->record_limit);
    case OPTION_FAIL_ALLOCATION:
        return take_number("--fail-allocation", UINT64_MAX, &s->allocation_to_fail);
    case OPTION_JSON:
        o->json = true;
        return EXIT_OK;
    case OPTION_VIEW:
        o->view = true;
        return EXIT_OK;
    case OPTION_VIEW_OPTION:
        if (o->view_word_count == ARRAY_SIZE(o->view_words))
            return complain(EXIT_USAGE, "too many --view-option");
        o->view_words[o->view_word_count++] = optarg;
        return EXIT_OK;
    case OPTION_QUIET:
        s->quiet = true;
        return EXIT_OK;
    case OPTION_VERBOSE:
        s->log_level = LOG_DEBUG;
        return EXIT_OK;
    default:
        return wrong_option("run");
    }
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
