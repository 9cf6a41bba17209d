/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#include "replay_run.h"

#include "session.h"

#include <traces/host/file_writer.h>
#include <traces/host/reader.h>
#include <traces/recorder.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define EDGE_PERIOD_NS 2500u
#define TURN_PERIOD    4001u

_Noreturn void die(const char *what)
{
    fprintf(stderr, "bench: %s\n", what);
    exit(1);
}

static double clock_s(clockid_t clock)
{
    struct timespec now;
    clock_gettime(clock, &now);
    return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

static struct outcome start_watch(void)
{
    return (struct outcome){ .cpu_s = clock_s(CLOCK_PROCESS_CPUTIME_ID),
                             .wall_s = clock_s(CLOCK_MONOTONIC) };
}

static void stop_watch(struct outcome *o)
{
    o->cpu_s = clock_s(CLOCK_PROCESS_CPUTIME_ID) - o->cpu_s;
    o->wall_s = clock_s(CLOCK_MONOTONIC) - o->wall_s;
}

/* --- the edges --- */

struct edge {
    uint64_t time_ns;
    uint8_t line;
    bool level;
};

static struct edge edge_at(uint64_t i)
{
    bool turn = i % TURN_PERIOD == TURN_PERIOD - 1;
    return (struct edge){ .time_ns = (i + 1) * EDGE_PERIOD_NS,
                          .line = turn ? 27 : 17,
                          .level = turn ? i / TURN_PERIOD % 2 : i % 2 };
}

void trace_make(uint64_t edges)
{
    struct mcap_error error;
    struct mcap_file_writer *file;
    static struct trace_recorder_slot slots[64];
    struct trace_recorder recorder;
    if (mcap_file_create(TRACE_FILE, NULL, &file, &error) != 0)
        die(error.text);
    trace_recorder_init(&recorder, mcap_file_writer(file), slots, ARRAY_SIZE(slots));
    for (uint64_t i = 0; i < edges; i++) {
        struct edge edge = edge_at(i);
        struct event event = { .time_ns = edge.time_ns, .sequence = i + 1, .kind = EVENT_GPIO };
        event.source_ns = event.time_ns;
        event.role = EVENT_ROLE_INPUT;
        event.gpio.line = edge.line;
        event.gpio.level = edge.level;
        trace_recorder_emit(&recorder, &event);
    }
    trace_recorder_finish(&recorder, "complete");
    if (mcap_file_close(file, &error) != 0)
        die(error.text);
}

static const char *const targets[] = { "gpio/chip0/17", "gpio/chip0/27" };

struct generator {
    uint64_t next, count;
};

static int generate(void *context, struct sim_input *out)
{
    struct generator *g = context;
    if (g->next == g->count)
        return 0;
    struct edge edge = edge_at(g->next++);
    *out = (struct sim_input){
        .time_ns = edge.time_ns,
        .source_ns = edge.time_ns,
        .position = g->next,
        .target = edge.line == 27,
        .kind = SIM_INPUT_LINE,
        .level = edge.level,
    };
    return 1;
}

/* --- replay --- */

static void run_session(struct session *session, struct outcome *outcome)
{
    if (session_run(session) != 0)
        die("the run failed");
    stop_watch(outcome);
    outcome->inputs = session->result.input_count;
    outcome->events = session->result.event_count;
}

static struct outcome run_from_file(struct session *session)
{
    struct trace_source *source;
    struct trace_error error;
    struct feed feed;
    struct binding_list no_bindings = { 0 };
    struct outcome outcome = start_watch();
    if (trace_open(TRACE_FILE, NULL, &source, &error) != 0)
        die(error.text);
    if (feed_open(&feed, source, &no_bindings, session->fdt, session->fdt_size) != 0)
        die("cannot bind");
    session->feed = &feed;
    run_session(session, &outcome);
    session->feed = NULL;
    feed_close(&feed);
    trace_close(source);
    return outcome;
}

static struct outcome run_from_generator(struct session *session, uint64_t edges)
{
    struct generator generator = { .count = edges };
    session->next_input = generate;
    session->input_context = &generator;
    session->targets = targets;
    session->target_count = ARRAY_SIZE(targets);
    struct outcome outcome = start_watch();
    run_session(session, &outcome);
    return outcome;
}

struct outcome replay_once(enum source source, uint64_t edges, const char *program,
                           enum destination destination)
{
    struct session session;
    session_init(&session);
    session.quiet = true;
    session.record_path = destination == TO_DISK ? RECORD_FILE : NULL;
    session.record_to_memory = destination == TO_MEMORY;
    if (session_load_board(&session, NULL) != 0)
        die("no board");
    if (program != NULL && session_load_object(&session, program) != 0)
        die("no program");
    struct outcome outcome =
        source == FROM_FILE ? run_from_file(&session) : run_from_generator(&session, edges);
    session_free(&session);
    return outcome;
}

/* --- copy --- */

static uint16_t copy_channel(struct mcap_writer *writer, struct mcap_reader_channel *from,
                             uint16_t *ids, uint16_t *schema_ids)
{
    uint16_t id = from->channel.id;
    if (ids[id] != 0)
        return ids[id];
    struct mcap_channel channel = from->channel;
    if (from->schema != NULL) {
        if (schema_ids[from->schema->id] == 0 &&
            mcap_writer_schema(writer, from->schema, &schema_ids[from->schema->id]) != 0)
            die("schema");
        channel.schema_id = schema_ids[from->schema->id];
    }
    if (mcap_writer_channel(writer, &channel, &ids[id]) != 0)
        die("channel");
    return ids[id];
}

struct outcome copy_once(enum destination destination)
{
    static uint16_t ids[65536], schema_ids[65536];
    struct mcap_reader *reader;
    struct mcap_file_writer *file;
    struct mcap_error error;
    struct mcap_item item;
    struct mcap_reader_options order = { .order = MCAP_ORDER_FILE };
    memset(ids, 0, sizeof ids);
    memset(schema_ids, 0, sizeof schema_ids);
    struct outcome outcome = start_watch();
    if (mcap_reader_open(RECORD_FILE, &order, &reader, &error) != 0)
        die(error.text);
    int err = destination == TO_MEMORY ? mcap_memory_create(NULL, &file, &error)
                                       : mcap_file_create(COPY_FILE, NULL, &file, &error);
    if (err != 0)
        die(error.text);
    while (mcap_reader_next(reader, &item, &error) == 1) {
        struct mcap_message message = item.message;
        message.channel_id = copy_channel(mcap_file_writer(file), item.channel, ids, schema_ids);
        mcap_writer_message(mcap_file_writer(file), &message);
        outcome.messages++;
    }
    mcap_reader_close(reader);
    if (mcap_file_close(file, &error) != 0)
        die(error.text);
    stop_watch(&outcome);
    return outcome;
}
