/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#include "report.h"

#include "cli.h"
#include "compare.h"
#include "event_field.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

static uint32_t column_of(const struct report *report, uint64_t time_ns)
{
    uint64_t span = report->end_ns > 0 ? report->end_ns : 1;
    unsigned __int128 column = (unsigned __int128)time_ns * REPORT_COLUMNS / span;
    return column < REPORT_COLUMNS ? (uint32_t)column : REPORT_COLUMNS - 1;
}

/* --- lanes --- */

static struct report_lane *lane_of(struct report *report, const char *name, const char *unit,
                                   bool is_level)
{
    for (uint32_t i = 0; i < report->lane_count; i++)
        if (strcmp(report->lane[i].name, name) == 0)
            return &report->lane[i];
    if (report->lane_count == REPORT_LANES) {
        report->lanes_left_out++;
        return NULL;
    }
    struct report_lane *lane = &report->lane[report->lane_count++];
    snprintf(lane->name, sizeof lane->name, "%s", name);
    lane->unit = unit;
    lane->is_level = is_level;
    lane->holds = is_level || strcmp(unit, "%") == 0;
    return lane;
}

static void put(struct report *report, struct report_lane *lane, uint64_t time_ns, int64_t value)
{
    if (lane == NULL)
        return;
    uint32_t column = column_of(report, time_ns);
    if (lane->any && time_ns - lane->last_ns > lane->longest_ns) {
        lane->longest_ns = time_ns - lane->last_ns;
        lane->longest_at_ns = time_ns;
    }
    lane->least = !lane->any || value < lane->least ? value : lane->least;
    lane->greatest = !lane->any || value > lane->greatest ? value : lane->greatest;
    if (!lane->set[column]) { /* what held when the column began counts in it too */
        lane->low[column] = lane->high[column] = lane->any && lane->holds ? lane->last : value;
        lane->set[column] = true;
    }
    lane->low[column] = value < lane->low[column] ? value : lane->low[column];
    lane->high[column] = value > lane->high[column] ? value : lane->high[column];
    lane->end[column] = value;
    lane->changes += lane->any;
    lane->any = true;
    lane->last = value;
    lane->last_ns = time_ns;
}

static const char *unit_of(uint8_t quantity)
{
    if (quantity <= IIO_ACCEL_Z)
        return "m/s²";
    if (quantity <= IIO_ANGL_VEL_Z)
        return "rad/s";
    return quantity == IIO_TEMP ? "°C" : "of 1";
}

static void take_scan(struct report *report, const struct event *event, const char *topic)
{
    if (event->layer != EVENT_LAYER_KERNEL)
        return; /* what the kernel made of it is shown */
    for (uint8_t i = 0; i < event->iio.count; i++) {
        char name[EVENT_TOPIC_MAX + EVENT_NAME_MAX];
        if (event->iio.dropped >> i & 1)
            continue;
        snprintf(name, sizeof name, "%.90s %s", topic, iio_quantity_name(event->iio.quantity[i]));
        put(report, lane_of(report, name, unit_of(event->iio.quantity[i]), false), event->time_ns,
            event->iio.nano[i]);
    }
}

/* --- programs --- */

static void take_run(struct report *report, const struct event *event)
{
    const struct event_bpf_run *run = &event->bpf_run;
    struct report_program *program = NULL;
    for (uint32_t i = 0; i < report->program_count && program == NULL; i++)
        if (strcmp(report->program[i].name, run->program) == 0 &&
            strcmp(report->program[i].attach_point, run->attach_point) == 0)
            program = &report->program[i];
    if (program == NULL && report->program_count == REPORT_PROGRAMS) {
        report->programs_left_out++;
        return;
    }
    if (program == NULL) {
        program = &report->program[report->program_count++];
        snprintf(program->name, sizeof program->name, "%s", run->program);
        snprintf(program->attach_point, sizeof program->attach_point, "%s", run->attach_point);
    }
    program->runs++;
    program->insn_total += run->insn_count;
    program->errors += run->error != 0;
    program->column[column_of(report, event->time_ns)]++;
    if (run->insn_count > program->insn_max) {
        program->insn_max = run->insn_count;
        program->insn_max_ns = event->time_ns;
    }
    if (run->duration_ns > program->duration_max) {
        program->duration_max = run->duration_ns;
        program->duration_max_ns = event->time_ns;
    }
    uint64_t late = event->source_ns != 0 && event->source_ns < event->time_ns
                        ? event->time_ns - event->source_ns
                        : 0;
    if (late > program->late_max) {
        program->late_max = late;
        program->late_max_ns = event->time_ns;
    }
}

/* --- notes --- */

static void note(struct report *report, const struct event *event)
{
    if (report->notes++ >= REPORT_NOTES)
        return;
    char topic[EVENT_TOPIC_MAX], text[300];
    event_topic(event, topic, sizeof topic);
    event_describe(event, text, sizeof text);
    report->note[report->notes - 1].time_ns = event->time_ns;
    snprintf(report->note[report->notes - 1].text, REPORT_LINE, "%s  %s", topic, text);
}

static void take(struct report *report, const struct event *event)
{
    char topic[EVENT_TOPIC_MAX];
    event_topic(event, topic, sizeof topic);
    report->events++;
    report->count[event->kind]++;
    if (report->expect != NULL)
        expect_event(report->expect, topic, event);
    switch (event->kind) {
    case EVENT_GPIO:
        if (event->layer == EVENT_LAYER_MACHINE)
            put(report, lane_of(report, topic, "", true), event->time_ns, event->gpio.level);
        break;
    case EVENT_PWM: {
        const struct event_pwm *pwm = &event->pwm;
        int64_t duty =
            pwm->enabled && pwm->period_ns > 0 && pwm->duty_ns <= pwm->period_ns
                ? (int64_t)((unsigned __int128)pwm->duty_ns * 100000000000u / pwm->period_ns)
                : 0;
        put(report, lane_of(report, topic, "%", false), event->time_ns, duty);
        break;
    }
    case EVENT_IIO:
        take_scan(report, event, topic);
        break;
    case EVENT_I2C:
        if (event->layer == EVENT_LAYER_KERNEL && event->i2c.error != 0) {
            report->i2c_errors++;
            note(report, event);
        }
        break;
    case EVENT_TIMER: {
        uint64_t late = event->time_ns - event->timer.scheduled_ns;
        if (event->time_ns > event->timer.scheduled_ns && late > report->timer_late_max) {
            report->timer_late_max = late;
            report->timer_late_max_ns = event->time_ns;
        }
        break;
    }
    case EVENT_BPF_RUN:
        take_run(report, event);
        break;
    case EVENT_HASH:
        report->last_hash = event->hash.hash;
        break;
    case EVENT_INTERLOCK:
    case EVENT_FAULT:
        note(report, event);
        break;
    case EVENT_LOG:
        if (event->text.level >= 30) /* WARN and above, as rcl_interfaces/Log counts */
            note(report, event);
        break;
    default:
        break;
    }
}

int report_collect(struct report *report)
{
    struct recording_reader reader;
    struct event event;
    const struct event_channel *channel;
    int got, code = recording_open_whole_parts(&reader, report->path);
    if (code != EXIT_OK)
        return code;
    while ((got = recording_next(&reader, &event, &channel)) == 1)
        take(report, &event);
    const char *loss = got < 0 ? reader.error.text : mcap_reader_loss(reader.reader)->text;
    if (loss[0] != '\0')
        code = complain(EXIT_INPUT, "%s", loss);
    recording_close(&reader);
    if (report->expect != NULL)
        report->failed = expect_finish(report->expect, report->end_ns);
    return code;
}

/* --- against another recording --- */

static int next_output(struct recording_reader *reader, struct event *event)
{
    const struct event_channel *channel;
    int got;
    while ((got = recording_next(reader, event, &channel)) == 1)
        if (event->role == EVENT_ROLE_OUTPUT)
            return 1;
    if (got < 0)
        complain(EXIT_INPUT, "%s", reader->error.text);
    return got;
}

int report_compare(struct report *report)
{
    struct recording_reader a = { 0 }, b = { 0 };
    struct event of_a, of_b;
    int got_a = 0, got_b = 0, code = recording_open(&a, report->path, false);
    if (code == EXIT_OK)
        code = recording_open(&b, report->other, false);
    while (code == EXIT_OK && !report->differs) {
        got_a = next_output(&a, &of_a);
        got_b = next_output(&b, &of_b);
        if (got_a < 0 || got_b < 0)
            code = EXIT_INPUT;
        if (got_a <= 0 && got_b <= 0)
            break;
        report->compared++;
        report->differs = got_a != got_b || !events_equal(&of_a, &of_b);
    }
    if (code == EXIT_OK && report->differs) {
        report->differs_ns = got_a == 1 ? of_a.time_ns : of_b.time_ns;
        snprintf(report->ours, REPORT_LINE, "(the recording ends)");
        snprintf(report->theirs, REPORT_LINE, "(the recording ends)");
        if (got_a == 1)
            event_line(&of_a, report->ours, REPORT_LINE);
        if (got_b == 1)
            event_line(&of_b, report->theirs, REPORT_LINE);
    }
    recording_close(&a);
    recording_close(&b);
    return code;
}
