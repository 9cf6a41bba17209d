/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#include "board_inputs.h"

#include "cli.h"
#include "recording.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define ANSWER_LEAD_NS (NSEC_PER_SEC + NSEC_PER_SEC / 2) /* and what the board took to boot */

/* --- what the file says of the run --- */

struct survey {
    uint64_t timer_ns; /* the first expiry of the first timer; 0: none yet */
    bool has_start;    /* by a timer, which is exact */
    bool has_inputs;
};

/* Timer n's first expiry is a period after programs went live (core/bpf_glue/attach.c). */
static void take_run(struct board_inputs *b, struct survey *s, const struct event_bpf_run *run)
{
    unsigned rate_hz;
    b->run_count++;
    if (s->has_start || s->timer_ns == 0 || strncmp(run->attach_point, "timer/", 6) != 0)
        return;
    bool periodic = sscanf(run->attach_point, "timer/%uhz", &rate_hz) == 1 && rate_hz != 0;
    uint64_t period_ns = periodic ? NSEC_PER_SEC / rate_hz : 0;
    s->has_start = s->timer_ns > period_ns;
    if (s->has_start)
        b->start_ns = s->timer_ns - period_ns;
}

static void take_event(struct board_inputs *b, struct survey *s, const struct event *event)
{
    b->end_ns = event->time_ns;
    s->has_inputs |= (event->kind == EVENT_GPIO && !event->gpio.driven) ||
                     event->kind == EVENT_IIO || event->kind == EVENT_I2C;
    if (event->kind == EVENT_TIMER && s->timer_ns == 0)
        s->timer_ns = event->timer.scheduled_ns;
    else if (event->kind == EVENT_BPF_RUN)
        take_run(b, s, &event->bpf_run);
    else if (event->kind == EVENT_LOG && !s->has_start && b->start_ns == 0 &&
             strcmp(event->text.text, "boot: complete") == 0)
        b->start_ns = event->time_ns; /* some microseconds later */
}

static int survey(struct board_inputs *b, const char *path, struct survey *s)
{
    struct recording_reader reader;
    struct event event;
    const struct event_channel *channel;
    int got, code = recording_open(&reader, path, false);
    if (code != EXIT_OK)
        return code;
    while ((got = recording_next(&reader, &event, &channel)) == 1)
        take_event(b, s, &event);
    if (got < 0)
        code = complain(EXIT_INPUT, "%s", reader.error.text);
    recording_close(&reader);
    return code;
}

/* --- binding --- */

static bool has_target(const struct board_inputs *b, const char *path)
{
    for (uint32_t i = 0; i < b->target_count; i++) {
        if (strcmp(b->target[i].path, path) == 0)
            return true;
    }
    return false;
}

static void add_target(struct board_inputs *b, struct board_target target)
{
    if (b->target_count == BOARD_TARGET_MAX || has_target(b, target.path))
        return;
    b->target[b->target_count] = target;
    b->path[b->target_count] = b->target[b->target_count].path;
    b->target_count++;
}

/* The lines of a chip of the tree that the trace knows. */
static void offer_lines(struct board_inputs *b, const struct sim_target_info *info)
{
    for (uint32_t i = 0; i < trace_channel_count(b->events); i++) {
        const struct trace_channel *channel = trace_channel_at(b->events, i);
        struct board_target target = { .channel = i };
        char chip[64];
        unsigned line;
        if (channel->kind != TRACE_LEVEL ||
            sscanf(channel->name, "gpio/%63[^/]/%u", chip, &line) != 2 ||
            strcmp(chip, info->label) != 0 || line >= info->line_count)
            continue;
        snprintf(target.path, sizeof target.path, "gpio/%s/%u", chip, line);
        add_target(b, target);
    }
}

/* A sensor gets what it answered on its bus where its model can serve that, else the values that the driver made of it. */
static void offer_sensor(struct board_inputs *b, const struct sim_target_info *info)
{
    int64_t scans = trace_channel_find(b->events, info->label);
    const char *at = strchr(info->node, '@');
    struct board_target target = { .takes_answers = info->takes_answers && at != NULL };
    snprintf(target.path, sizeof target.path, "iio/%s", info->label);
    if (scans < 0 || (!target.takes_answers && !info->takes_quantities))
        return;
    target.channel = (uint32_t)scans;
    if (target.takes_answers)
        target.address = (uint8_t)strtoul(at + 1, NULL, 16); /* the node's unit address */
    add_target(b, target);
}

static void offer(void *context, const struct sim_target_info *info)
{
    if (info->line_count != 0)
        offer_lines(context, info);
    else
        offer_sensor(context, info);
}

static void tell_unbound(const struct board_inputs *b)
{
    for (uint32_t i = 0; i < trace_channel_count(b->events); i++) {
        const struct trace_channel *channel = trace_channel_at(b->events, i);
        bool bound = channel->kind == TRACE_I2C; /* by its devices */
        for (uint32_t t = 0; t < b->target_count; t++)
            bound |= b->target[t].channel == i;
        if (!bound)
            complain(EXIT_OK, "the tree has no device with a model for '%s'", channel->name);
    }
}

int board_inputs_open(struct board_inputs *b, const char *path, const void *fdt, size_t fdt_size)
{
    struct survey s = { 0 };
    struct trace_error error;
    char reason[SIM_REASON_MAX];
    *b = (struct board_inputs){ 0 };
    int code = survey(b, path, &s);
    if (code != EXIT_OK || !s.has_inputs)
        return code;
    if (trace_open(path, NULL, &b->events, &error) != 0 ||
        trace_open(path, NULL, &b->answers, &error) != 0)
        return complain(EXIT_INPUT, "%s", error.text);
    if (sim_list_targets(fdt, fdt_size, offer, b, reason) != 0)
        return complain(EXIT_INPUT, "the board: %s", reason);
    tell_unbound(b);
    return EXIT_OK;
}

void board_inputs_close(struct board_inputs *b)
{
    if (b->events != NULL)
        trace_close(b->events);
    if (b->answers != NULL)
        trace_close(b->answers);
    b->events = b->answers = NULL;
}

const char *const *board_inputs_targets(const struct board_inputs *b)
{
    return b->path;
}

/* --- the stream --- */

static bool find(const struct board_inputs *b, const struct trace_record *record, uint32_t *out)
{
    bool bus = trace_channel_at(b->events, record->channel)->kind == TRACE_I2C;
    for (uint32_t i = 0; i < b->target_count; i++) {
        const struct board_target *t = &b->target[i];
        *out = i;
        if (t->takes_answers ? bus && t->address == record->i2c.address
                             : !bus && t->channel == record->channel)
            return true;
    }
    return false;
}

static bool next_initial(struct board_inputs *b, struct sim_input *out)
{
    while (b->next_initial < b->target_count) {
        uint32_t i = b->next_initial++;
        const struct trace_channel *channel = trace_channel_at(b->events, b->target[i].channel);
        if (channel->kind != TRACE_LEVEL || channel->initial_level < 0)
            continue;
        *out = (struct sim_input){ .target = i,
                                   .kind = SIM_INPUT_LINE,
                                   .level = channel->initial_level != 0 };
        return true;
    }
    return false;
}

static bool fill(const struct trace_channel *channel, const struct trace_record *record,
                 struct sim_input *out)
{
    switch (channel->kind) {
    case TRACE_LEVEL:
        out->kind = SIM_INPUT_LINE;
        out->level = record->level != 0;
        return true;
    case TRACE_SCAN:
        out->kind = SIM_INPUT_SENSOR;
        out->count = channel->scan_count;
        memcpy(out->quantity, channel->quantity, channel->scan_count);
        memcpy(out->nano, record->scan, channel->scan_count * sizeof out->nano[0]);
        return true;
    case TRACE_I2C:
        out->kind = SIM_INPUT_ANSWER;
        out->bytes = record->i2c.read_data;
        out->size = record->i2c.read_size;
        return record->i2c.read_size != 0 && !record->i2c.address_nack;
    default:
        return false;
    }
}

/* The next record that drives something: of the buses, or of all else. 1, 0 at the end, or an errno. */
static int pull(struct board_inputs *b, struct trace_source *source, bool answers,
                struct sim_input *out)
{
    struct trace_record record;
    struct trace_error error;
    int got;
    while ((got = trace_next(source, &record, &error)) == 1) {
        const struct trace_channel *channel = trace_channel_at(source, record.channel);
        uint32_t target;
        if (record.type != TRACE_RECORD_VALUE || (channel->kind == TRACE_I2C) != answers ||
            !find(b, &record, &target))
            continue;
        uint64_t lead_ns = ANSWER_LEAD_NS + b->start_ns;
        *out = (struct sim_input){ .source_ns = record.source_ns, .target = target };
        /* A stamp is the clock's, rounded down: a nanosecond later it counts the same. */
        if (!answers)
            out->time_ns = record.source_ns != 0 ? record.source_ns + 1 : record.time_ns;
        else
            out->time_ns = record.time_ns > lead_ns ? record.time_ns - lead_ns : 1;
        if (fill(channel, &record, out))
            return 1;
    }
    if (got < 0)
        complain(EXIT_INPUT, "%s", error.text);
    return got;
}

int board_inputs_next(void *context, struct sim_input *out)
{
    struct board_inputs *b = context;
    if (b->events == NULL)
        return 0;
    if (next_initial(b, out))
        return 1;
    if (!b->has_event) {
        int got = pull(b, b->events, false, &b->event);
        if (got < 0)
            return got;
        b->has_event = got == 1;
    }
    if (!b->has_answer) {
        int got = pull(b, b->answers, true, &b->answer);
        if (got < 0)
            return got;
        b->has_answer = got == 1;
    }
    if (!b->has_event && !b->has_answer)
        return 0;
    bool answer = b->has_answer && (!b->has_event || b->answer.time_ns <= b->event.time_ns);
    *out = answer ? b->answer : b->event;
    *(answer ? &b->has_answer : &b->has_event) = false;
    if (out->time_ns < b->given_ns)
        out->time_ns = b->given_ns;
    b->given_ns = out->time_ns;
    return 1;
}
