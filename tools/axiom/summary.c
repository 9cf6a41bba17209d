/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#include "summary.h"

#include "cli.h"
#include "event_field.h"

#include <axiom/log.h>

#include <inttypes.h>
#include <jansson.h>
#include <string.h>

__attribute__((noinline)) static void count_run(struct summary *s, const struct event_bpf_run *run)
{
    struct summary_program *p = s->program, *end = p + s->program_count;
    while (p < end && (strcmp(p->program, run->program) != 0 ||
                       strcmp(p->attach_point, run->attach_point) != 0))
        p++;
    if (p == end) {
        if (s->program_count == SUMMARY_PROGRAM_MAX) {
            s->program_lost++;
            return;
        }
        s->program_count++;
        snprintf(p->program, sizeof p->program, "%s", run->program);
        snprintf(p->attach_point, sizeof p->attach_point, "%s", run->attach_point);
    }
    p->runs++;
    p->insn_total += run->insn_count;
    p->errors += run->error != 0;
    if (run->insn_count > p->insn_max)
        p->insn_max = run->insn_count;
}

static void count_actuator(struct summary *s, const struct event *event)
{
    bool is_pwm = event->kind == EVENT_PWM;
    uint8_t chip = is_pwm ? event->pwm.chip : event->gpio.chip;
    uint8_t number = is_pwm ? event->pwm.channel : event->gpio.line;
    for (size_t i = 0; i < ARRAY_SIZE(s->actuator); i++) {
        struct summary_actuator *a = &s->actuator[i];
        if (a->used && (a->is_pwm != is_pwm || a->chip != chip || a->number != number))
            continue;
        a->used = true;
        a->is_pwm = is_pwm;
        a->chip = chip;
        a->number = number;
        a->changes++;
        event_describe(event, a->last, sizeof a->last);
        return;
    }
}

static void keep_text(struct summary *s, bool trouble, const struct event *event)
{
    uint64_t n = trouble ? s->trouble_count++ : s->print_count++;
    if (n >= SUMMARY_TEXT_MAX)
        return;
    char *text = trouble ? s->trouble[n].text : s->print[n].text;
    size_t size = sizeof s->print[n].text;
    if (trouble)
        s->trouble[n].time_ns = event->time_ns;
    else
        s->print[n].time_ns = event->time_ns;
    if (trouble)
        snprintf(text, size, "%s", event->text.text);
    else
        snprintf(text, size, "%s: %s", event->text.source, event->text.text);
}

__attribute__((noinline)) static void on_rare_event(struct summary *s, const struct event *event)
{
    switch (event->kind) {
    case EVENT_GPIO:
    case EVENT_PWM:
        if (event->layer == EVENT_LAYER_MACHINE)
            count_actuator(s, event);
        break;
    case EVENT_IIO:
        if (event->layer == EVENT_LAYER_KERNEL) {
            s->samples++;
            s->samples_dropped += event->iio.dropped != 0;
        }
        break;
    case EVENT_BPF_PRINT:
        keep_text(s, false, event);
        break;
    case EVENT_LOG:
        if (event->text.level <= LOG_WARNING)
            keep_text(s, true, event);
        break;
    case EVENT_INTERLOCK:
        s->interlock_refusals += event->interlock.action == INTERLOCK_REFUSED;
        if (event->interlock.action == INTERLOCK_STOP && s->interlock_stops++ == 0) {
            s->first_stop_ns = event->time_ns;
            snprintf(s->first_stop_origin, sizeof s->first_stop_origin, "%s",
                     event->interlock.origin);
        }
        break;
    default:
        break;
    }
}

static void on_event(struct event_sink *sink, const struct event *event)
{
    struct summary *s = (struct summary *)sink;
    if (event->kind < EVENT_KIND_COUNT)
        s->count[event->kind]++;
    if (event->kind == EVENT_BPF_RUN)
        count_run(s, &event->bpf_run);
    else if (event->kind != EVENT_GPIO || event->role == EVENT_ROLE_OUTPUT)
        on_rare_event(s, event);
    else
        s->edges_in += event->layer == EVENT_LAYER_MACHINE && event->role == EVENT_ROLE_INPUT;
}

void summary_init(struct summary *summary)
{
    *summary = (struct summary){ .sink = { .emit = on_event, .kinds = UINT32_MAX } };
}

void summary_print(const struct summary *s, FILE *to)
{
    for (uint32_t i = 0; i < s->program_count; i++) {
        const struct summary_program *p = &s->program[i];
        fprintf(to, "program   %-16s %-30s %9s %-5s %s each, at most %s%s\n", p->program,
                p->attach_point, grouped(p->runs), p->runs == 1 ? "run," : "runs,",
                counted(p->insn_total / p->runs, "instruction"), grouped(p->insn_max),
                p->errors ? ", SOME ENDED EARLY" : "");
    }
    for (size_t i = 0; i < ARRAY_SIZE(s->actuator) && s->actuator[i].used; i++) {
        const struct summary_actuator *a = &s->actuator[i];
        fprintf(to, "output    %s/chip%u/%-6u %s, at the end %s\n", a->is_pwm ? "pwm" : "gpio",
                a->chip, a->number, counted(a->changes, "change"), a->last);
    }
    if (s->samples > 0)
        fprintf(to, "samples   %s from sensors, %s with values that a filter dropped\n",
                grouped(s->samples), grouped(s->samples_dropped));
    for (uint64_t i = 0; i < s->print_count && i < SUMMARY_TEXT_MAX; i++)
        fprintf(to, "printed   %s %s\n", seconds_text(s->print[i].time_ns), s->print[i].text);
    if (s->print_count > SUMMARY_TEXT_MAX)
        fprintf(to, "          and %s (in the recording: /bpf/print)\n",
                counted(s->print_count - SUMMARY_TEXT_MAX, "more line"));
    if (s->interlock_stops > 0)
        fprintf(to, "INTERLOCK latched at %s by %s; %s refused since\n",
                seconds_text(s->first_stop_ns), s->first_stop_origin,
                counted(s->interlock_refusals, "actuator write"));
    if (s->count[EVENT_FAULT] > 0)
        fprintf(to, "faults    %s injected\n", grouped(s->count[EVENT_FAULT]));
    for (uint64_t i = 0; i < s->trouble_count && i < SUMMARY_TEXT_MAX; i++)
        fprintf(to, "warning   %s %s\n", seconds_text(s->trouble[i].time_ns), s->trouble[i].text);
    if (s->trouble_count > SUMMARY_TEXT_MAX)
        fprintf(to, "          and %s (in the recording: /log)\n",
                counted(s->trouble_count - SUMMARY_TEXT_MAX, "more warning"));
}

json_t *summary_json(const struct summary *s)
{
    json_t *programs = json_array(), *outputs = json_array();
    for (uint32_t i = 0; i < s->program_count; i++) {
        const struct summary_program *p = &s->program[i];
        json_array_append_new(
            programs, json_pack("{s:s, s:s, s:I, s:I, s:I, s:I}", "program", p->program,
                                "attach_point", p->attach_point, "runs", (json_int_t)p->runs,
                                "instructions", (json_int_t)p->insn_total, "instructions_max",
                                (json_int_t)p->insn_max, "errors", (json_int_t)p->errors));
    }
    for (size_t i = 0; i < ARRAY_SIZE(s->actuator) && s->actuator[i].used; i++) {
        const struct summary_actuator *a = &s->actuator[i];
        json_array_append_new(outputs, json_pack("{s:s, s:i, s:i, s:I, s:s}", "kind",
                                                 a->is_pwm ? "pwm" : "gpio", "chip", a->chip,
                                                 "number", a->number, "changes",
                                                 (json_int_t)a->changes, "last", a->last));
    }
    return json_pack("{s:o, s:o, s:I, s:I, s:I, s:I, s:I, s:I, s:I}", "programs", programs,
                     "outputs", outputs, "edges", (json_int_t)s->edges_in, "samples",
                     (json_int_t)s->samples, "samples_dropped", (json_int_t)s->samples_dropped,
                     "interlock_stops", (json_int_t)s->interlock_stops, "interlock_refusals",
                     (json_int_t)s->interlock_refusals, "faults", (json_int_t)s->count[EVENT_FAULT],
                     "warnings", (json_int_t)s->trouble_count);
}
