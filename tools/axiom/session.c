/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#include "session.h"

#include "cli.h"
#include "desk.h"
#include "last_words.h"
#include "record.h"
#include "recording.h"

#include <axiom/errno.h>
#include <bpf/elf.h>
#include <traces/channels.h>

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#define FDT_SIZE_MAX    (4u << 20)
#define OBJECT_SIZE_MAX (64u << 20)
#define MEMORY_SIZE     (64u << 20) /* of the simulated board */
#define PROGRESS_EVENTS (1u << 16)

extern const uint8_t builtin_board[], builtin_board_end[];

void session_init(struct session *s)
{
    *s = (struct session){
        .seed = 1,
        .cpu_count = 1,
        .input_offset_ns = NSEC_PER_SEC,
        .settle_ns = 250 * NSEC_PER_MSEC,
        .hash_interval_ns = 100 * NSEC_PER_MSEC,
        .log_level = LOG_ERR,
    };
}

void session_free(struct session *s)
{
    free(s->keyring);
    free(s->fdt);
    free(s->board);
    free(s->trace_name);
    for (uint32_t i = 0; i < s->object_count; i++) {
        free(s->object[i].name);
        free(s->object[i].bytes);
    }
    free(s->fault_script);
    free(s->expect_text);
    expect_free(s->expect);
}

int session_load_board(struct session *s, const char *path)
{
    if (path != NULL) {
        s->board = strdup(path);
        return read_whole_file(path, FDT_SIZE_MAX, &s->fdt, &s->fdt_size);
    }
    s->fdt_size = (size_t)(builtin_board_end - builtin_board);
    s->fdt = malloc(s->fdt_size);
    s->board = strdup("sim-rpi5");
    if (s->fdt == NULL || s->board == NULL)
        return complain(EXIT_IO, "no memory");
    memcpy(s->fdt, builtin_board, s->fdt_size);
    return EXIT_OK;
}

int session_add_object(struct session *s, const char *name, const uint8_t *bytes, size_t size)
{
    if (s->object_count == SESSION_OBJECT_MAX)
        return complain(EXIT_USAGE, "more than %d BPF objects", SESSION_OBJECT_MAX);
    struct session_object *o = &s->object[s->object_count];
    o->name = strdup(name);
    o->bytes = malloc(size > 0 ? size : 1);
    o->size = size;
    if (o->name == NULL || o->bytes == NULL) {
        free(o->name);
        free(o->bytes);
        return complain(EXIT_IO, "no memory");
    }
    memcpy(o->bytes, bytes, size);
    s->object_count++;
    return EXIT_OK;
}

int session_load_object(struct session *s, const char *path)
{
    uint8_t *bytes;
    size_t size;
    int code = read_whole_file(path, OBJECT_SIZE_MAX, &bytes, &size);
    if (code != EXIT_OK)
        return code;
    const char *slash = strrchr(path, '/');
    code = session_add_object(s, slash != NULL ? slash + 1 : path, bytes, size);
    free(bytes);
    return code;
}

int session_verify(const struct session *s)
{
    desk_ignore_budget(s->ignore_budget != 0);
    for (uint32_t i = 0; i < s->object_count; i++) {
        const struct session_object *o = &s->object[i];
        int code = desk_verify(o->name, o->bytes, o->size);
        if (code != EXIT_OK)
            return code;
    }
    return EXIT_OK;
}

/* --- sinks -------------------------------------------------------------------------------------
 */

struct log_sink {
    struct event_sink sink;
    FILE *to;
    int level;
};

static void log_event(struct event_sink *sink, const struct event *event)
{
    struct log_sink *log = (struct log_sink *)sink;
    if (event->text.level <= log->level)
        fprintf(log->to, "[%5" PRIu64 ".%06" PRIu64 "] %s\n", event->time_ns / NSEC_PER_SEC,
                event->time_ns % NSEC_PER_SEC / 1000, event->text.text);
}

struct expect_sink {
    struct event_sink sink;
    struct expect *expect;
};

static void expect_sink_event(struct event_sink *sink, const struct event *event)
{
    char topic[EVENT_TOPIC_MAX];
    event_topic(event, topic, sizeof topic);
    expect_event(((struct expect_sink *)sink)->expect, topic, event);
}

static uint64_t host_now_ns(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * NSEC_PER_SEC + (uint64_t)now.tv_nsec;
}

/* Looks at the host's clock once in many events; writes nothing that the run could see. */
struct progress {
    struct event_sink sink;
    uint64_t events, started_ns, shown_ns;
    const struct feed *feed;
    bool shown;
};

static void progress_event(struct event_sink *sink, const struct event *event)
{
    struct progress *p = (struct progress *)sink;
    if (++p->events % PROGRESS_EVENTS != 0)
        return;
    uint64_t now = host_now_ns();
    if (now - p->shown_ns < NSEC_PER_SEC / 4)
        return;
    p->shown_ns = now;
    p->shown = true;
    double host_s = (double)(now - p->started_ns) / 1e9, virtual_s = (double)event->time_ns / 1e9;
    fprintf(stderr, "\r%5.1f %%  %.3f s  %.0f events/s  %.1f x real time   ",
            p->feed != NULL ? trace_progress(p->feed->source) / 10.0 : 0.0, virtual_s,
            (double)p->events / host_s, virtual_s / host_s);
    fflush(stderr);
}

/* --- the run -----------------------------------------------------------------------------------
 */

struct pace {
    double speed;
    uint64_t started_ns;
};

static void pace(void *context, uint64_t now_ns)
{
    const struct pace *p = context;
    uint64_t due = p->started_ns + (uint64_t)((double)now_ns / p->speed);
    struct timespec until = { (time_t)(due / NSEC_PER_SEC), (long)(due % NSEC_PER_SEC) };
    clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &until, NULL);
}

static int load_expectation(struct session *s)
{
    struct expect_error error;
    if (s->expect_text == NULL)
        return EXIT_OK;
    int err = expect_parse(s->expect_text, strlen(s->expect_text), &s->expect, &error);
    if (err == 0)
        return EXIT_OK;
    return complain(EXIT_INPUT, "%s:%u: %s",
                    s->expect_path != NULL ? s->expect_path : "the expectations", error.line,
                    error.text);
}

/* What the result means for the shell. */
static int judge(struct session *s)
{
    const struct sim_result *r = &s->result;
    if (s->feed != NULL && s->feed->error.text[0] != '\0')
        return complain(EXIT_INPUT, "%s", s->feed->error.text);
    if (r->error == -EDEADLK) /* the kernel hung; where is on the console */
        return complain(EXIT_PANIC, "%s", r->reason);
    if (r->error != 0)
        return complain(EXIT_INPUT, "the run ended early: %s",
                        r->reason[0] ? r->reason : strerror(-r->error));
    if (r->kernel_error != 0)
        return complain(EXIT_INPUT, "the kernel did not boot: error %d (%s); its log is above",
                        r->kernel_error, strerror(-r->kernel_error));
    if (s->record_error != 0)
        return complain(EXIT_IO, "%s", s->record_reason);
    return EXIT_OK;
}

/* All that lives as long as one run. */
struct run {
    struct record record;
    struct log_sink log;
    struct expect_sink expect;
    struct progress progress;
    struct event_sink *sinks[10];
    uint32_t sink_count;
    struct sim_module modules[SESSION_OBJECT_MAX + 2]; /* and the keyring and types */
    char command_line[128];
    struct pace pace;
    const char *
        *targets; /* a trace's and those of somebody who looks on; NULL: the session's own */
};

/* The recorder comes first: what a later sink does cannot keep an event out of the file. */
static void add_sinks(struct run *run, struct session *s)
{
    run->log =
        (struct log_sink){ { .emit = log_event, .kinds = 1u << EVENT_LOG }, s->log, s->log_level };
    run->expect =
        (struct expect_sink){ { .emit = expect_sink_event, .kinds = UINT32_MAX }, s->expect };
    run->progress = (struct progress){ .sink = { .emit = progress_event, .kinds = UINT32_MAX },
                                       .feed = s->feed };
    summary_init(&s->summary);
    if (run->record.file != NULL)
        run->sinks[run->sink_count++] = &run->record.recorder.sink;
    run->sinks[run->sink_count++] = &s->summary.sink;
    if (s->expect != NULL)
        run->sinks[run->sink_count++] = &run->expect.sink;
    if (s->log != NULL)
        run->sinks[run->sink_count++] = &run->log.sink;
    if (!s->quiet && isatty(2))
        run->sinks[run->sink_count++] = &run->progress.sink;
    for (uint32_t i = 0; i < s->more_sink_count; i++)
        run->sinks[run->sink_count++] = s->more_sinks[i];
}

bool session_take_engine(struct session *s, const char *name)
{
    static const char *const names[] = { [SESSION_ENGINE_BEST] = "best",
                                         [SESSION_ENGINE_JIT] = "jit",
                                         [SESSION_ENGINE_INTERPRETER] = "interp" };
    for (uint32_t i = 0; i < ARRAY_SIZE(names); i++) {
        if (strcmp(names[i], name) == 0) {
            s->engine = (enum session_engine)i;
            return true;
        }
    }
    return false;
}

bool session_counts_allocations(const struct session *s)
{
    return s->allocation_to_fail != 0 ||
           (s->fault_script != NULL && strstr(s->fault_script, "allocation") != NULL);
}

static void make_command_line(const struct session *s, char *line, size_t size)
{
    enum session_engine engine = s->engine;
    if (engine == SESSION_ENGINE_BEST && session_counts_allocations(s))
        engine = SESSION_ENGINE_INTERPRETER;
    char start[40] = "";
    if (s->start_ns != 0)
        snprintf(start, sizeof start, " bpf.start_ns=%" PRIu64, s->start_ns);
    snprintf(line, size, "bpf.required%s%s%s%s", start,
             s->require_signed ? " bpf.require_signed" : "",
             s->ignore_budget ? " bpf.ignore_budget" : "",
             engine == SESSION_ENGINE_JIT           ? " bpf.engine=jit"
             : engine == SESSION_ENGINE_INTERPRETER ? " bpf.engine=interp"
                                                    : "");
}

static struct sim_config configure(struct run *run, const struct session *s)
{
    for (uint32_t i = 0; i < s->object_count; i++)
        run->modules[i] =
            (struct sim_module){ s->object[i].name, s->object[i].bytes, s->object[i].size };
    uint32_t module_count = s->object_count;
    if (s->keyring != NULL)
        run->modules[module_count++] =
            (struct sim_module){ "bpf.keyring", (const uint8_t *)s->keyring, s->keyring_size };
    size_t types_size;
    const uint8_t *types = desk_kernel_types(&types_size);
    if (types != NULL)
        run->modules[module_count++] = (struct sim_module){ "bpf.types", types, types_size };
    make_command_line(s, run->command_line, sizeof run->command_line);
    struct sim_config config = {
        .fdt = s->fdt,
        .fdt_size = s->fdt_size,
        .memory_size = MEMORY_SIZE,
        .cpu_count = s->cpu_count,
        .seed = s->seed,
        .cpu_model = s->cpu_model,
        .schedule = { .policy = s->cpu_count > 1 ? SIM_SCHEDULE_SEEDED : SIM_SCHEDULE_WAIT,
                      .switch_one_in = 16 },
        .hash_interval_ns = s->hash_interval_ns,
        .fault_script = s->fault_script,
        .command_line = run->command_line,
        .modules = run->modules,
        .module_count = module_count,
        .next_input = s->next_input,
        .input_context = s->input_context,
        .targets = s->targets,
        .target_count = s->target_count,
        .input_offset_ns = s->input_offset_ns,
        .end = s->feed == NULL && s->end_time_ns != 0 ? SIM_END_HOLD : SIM_END_STOP,
        .settle_ns = s->settle_ns,
        .end_time_ns = s->end_time_ns,
        .sinks = run->sinks,
        .sink_count = run->sink_count,
        .serial = s->serial,
        .serial_context = s->serial_context,
        .pace = s->speed > 0 ? pace : NULL,
        .pace_context = &run->pace,
        .console = last_words_console,
        .fail_kernel_allocation = s->allocation_to_fail,
    };
    if (s->feed != NULL) {
        config.next_input = feed_next;
        config.input_context = s->feed;
        config.targets = (const char *const *)s->feed->targets;
        config.target_count = s->feed->target_count;
    }
    config.live_input = s->live_input;
    config.live_context = s->live_context;
    return config;
}

/* The targets that can be touched come after the trace's. */
static int add_live_targets(struct run *run, const struct session *s, struct sim_config *config)
{
    if (s->live_input == NULL)
        return EXIT_OK;
    run->targets = calloc(config->target_count + s->live_target_count + 1u, sizeof *run->targets);
    if (run->targets == NULL)
        return complain(EXIT_IO, "no memory");
    for (uint32_t i = 0; i < config->target_count; i++)
        run->targets[i] = config->targets[i];
    for (uint32_t i = 0; i < s->live_target_count; i++)
        run->targets[config->target_count + i] = s->live_targets[i];
    *s->live_base = config->target_count;
    config->targets = run->targets;
    config->target_count += s->live_target_count;
    return EXIT_OK;
}

int session_run(struct session *s)
{
    struct run run = { .sink_count = 0 };
    int code = load_expectation(s);
    if (code == EXIT_OK && (s->record_path != NULL || s->record_to_memory))
        code = record_begin(&run.record, s);
    if (code != EXIT_OK)
        return code;

    add_sinks(&run, s);
    struct sim_config config = configure(&run, s);
    code = add_live_targets(&run, s, &config);
    uint64_t started = host_now_ns();
    run.pace = (struct pace){ s->speed, started };
    run.progress.started_ns = run.progress.shown_ns = started;
    last_words_arm(s, &run.record);
    if (code == EXIT_OK)
        sim_run(&config, &s->result);
    last_words_disarm();
    free(run.targets);
    s->ran = s->result.booted;
    s->host_ns = host_now_ns() - started;
    if (run.progress.shown)
        fprintf(stderr, "\r%70s\r", "");

    if (s->expect != NULL)
        s->expect_failed = expect_finish(s->expect, s->result.end_time_ns);
    bool complete = s->result.error == 0 && s->result.kernel_error == 0;
    if (run.record.file != NULL)
        record_end(&run.record, s, complete ? "complete" : s->result.reason);
    return code != EXIT_OK ? code : judge(s);
}
