/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* What happened in a session, in words and as JSON. */
#include "session.h"

#include "clean.h"
#include "cli.h"
#include "desk.h"

#include <inttypes.h>
#include <jansson.h>
#include <stdio.h>
#include <string.h>

static bool has_run(const struct summary *summary, const struct bpf_object_program *program)
{
    for (uint32_t i = 0; i < summary->program_count; i++)
        if (strncmp(summary->program[i].program, program->name, EVENT_NAME_MAX - 1) == 0)
            return true;
    return summary->program_count ==
           SUMMARY_PROGRAM_MAX; /* it may be among those without a place */
}

/* Most often nothing is bound to the line that they wait for. */
static void print_idle(const struct session *s, FILE *to)
{
    for (uint32_t i = 0; i < s->object_count; i++) {
        const struct session_object *o = &s->object[i];
        struct bpf_object *object;
        if (desk_open(o->name, o->bytes, o->size, &object) != EXIT_OK)
            continue;
        for (uint32_t k = 0; k < bpf_object_program_count(object); k++) {
            const struct bpf_object_program *program = bpf_object_program(object, k);
            struct clean name, section;
            if (program->autoload && !has_run(&s->summary, program))
                fprintf(to, "program   %-16s %-30s never ran\n", clean(&name, program->name),
                        clean(&section, program->section));
        }
        bpf_object_close(object);
    }
}

static void print_verdicts(const struct session *s, FILE *to)
{
    if (s->expect == NULL)
        return;
    uint32_t count = expect_count(s->expect);
    fprintf(to, "expected  %u of %u assertions hold\n", count - s->expect_failed, count);
    for (uint32_t i = 0; i < count; i++) {
        struct expect_verdict verdict;
        expect_verdict(s->expect, i, &verdict);
        if (!verdict.holds)
            fprintf(to, "NOT MET   line %u: %s\n          %s\n", verdict.line, verdict.source,
                    verdict.why);
    }
}

void session_print(const struct session *s, FILE *to)
{
    const struct sim_result *r = &s->result;
    double host_s = (double)s->host_ns / 1e9;
    summary_print(&s->summary, to);
    print_idle(s, to);
    if (s->feed != NULL && s->feed->gap_count > 0)
        fprintf(to, "gaps      %s in the trace, %s in all\n", grouped(s->feed->gap_count),
                seconds_text(s->feed->gap_ns));
    print_verdicts(s, to);
    fprintf(to,
            "run       %s of virtual time in %.3f s (%.1f x real time), %s, %s, %s "
            "events/s\n",
            seconds_text(r->end_time_ns), host_s, (double)r->end_time_ns / 1e9 / host_s,
            counted(r->input_count, "input"), counted(r->event_count, "event"),
            grouped((uint64_t)((double)r->event_count / host_s)));
    fprintf(to, "state     hash %016" PRIx64 ", seed %" PRIu64 ", %u CPU%s\n", r->state_hash,
            s->seed, s->cpu_count, s->cpu_count == 1 ? "" : "s");
    if (s->record_path != NULL)
        fprintf(to, "recorded  %s (%s)\n", s->record_path, counted(s->record_size, "byte"));
}

json_t *session_json(const struct session *s)
{
    const struct sim_result *r = &s->result;
    char hash[20];
    snprintf(hash, sizeof hash, "%016" PRIx64, r->state_hash);
    json_t *verdicts = json_array();
    for (uint32_t i = 0; s->expect != NULL && i < expect_count(s->expect); i++) {
        struct expect_verdict verdict;
        expect_verdict(s->expect, i, &verdict);
        json_array_append_new(verdicts,
                              json_pack("{s:i, s:s, s:b, s:s}", "line", (int)verdict.line,
                                        "assertion", verdict.source, "holds", verdict.holds, "why",
                                        verdict.holds ? "" : verdict.why));
    }
    json_t *json = summary_json(&s->summary);
    json_object_set_new(json, "expectations", verdicts);
    json_object_set_new(json, "virtual_ns", json_integer((json_int_t)r->end_time_ns));
    json_object_set_new(json, "host_ns", json_integer((json_int_t)s->host_ns));
    json_object_set_new(json, "inputs", json_integer((json_int_t)r->input_count));
    json_object_set_new(json, "events", json_integer((json_int_t)r->event_count));
    json_object_set_new(json, "state_hash", json_string(hash));
    json_object_set_new(json, "seed", json_integer((json_int_t)s->seed));
    json_object_set_new(json, "cpus", json_integer(s->cpu_count));
    if (s->record_path != NULL)
        json_object_set_new(json, "recorded", json_string(s->record_path));
    return json;
}
