/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* Verdicts. Names, file names and source lines come out of the object, so from anybody: all of it goes through
 * clean(). */
#include "verdict.h"
#include "clean.h"
#include "cli.h"
#include "desk.h"

#include <bpf/debug_info.h>
#include <bpf/disasm.h>

#include <jansson.h>
#include <stdio.h>
#include <string.h>

/* --- Places
 * ----------------------------------------------------------------------------------------------------------
 */

struct place {
    const struct bpf_debug_line *line; /* NULL: not known */
    struct clean file, source, insn;
};

static void find_place(const struct bpf_object *object, const struct bpf_object_program *program,
                       uint32_t index, struct place *out)
{
    struct bpf_disasm_names names;
    char insn[200] = "";
    desk_disasm_names(object, program, &names);
    if (index < program->insn_count)
        bpf_disasm_insn(insn, sizeof insn, program->insns, program->insn_count, index, &names);
    clean(&out->insn, insn);
    out->line = bpf_debug_line_at(&program->debug, index);
    const char *text = out->line != NULL && out->line->text != NULL ? out->line->text : "";
    clean(&out->file, out->line != NULL && out->line->file != NULL ? out->line->file : "");
    clean(&out->source, text + strspn(text, " \t"));
}

/* --- Time
 * ------------------------------------------------------------------------------------------------------------
 */

/* One run at worst, as sim/cpu_model.c charges it: entry, instructions, helpers. */
static const struct time_model {
    const char *name;
    uint64_t entry_ns, insn_ns;
} time_models[] = {
    { "none", 0, 0 },
    { "rpi5", 20, 1 },
};

static uint64_t worst_ns(const struct time_model *model, const struct bpf_prog_bounds *bounds)
{
    bool takes_time = model->insn_ns != 0;
    return takes_time
               ? model->entry_ns + bounds->worst_case_insns * model->insn_ns + bounds->worst_case_ns
               : 0;
}

bool verdict_has_time(const struct bpf_object_program *program)
{
    return program->context != NULL && program->context->prog_type == 0;
}

uint64_t verdict_worst_ns(const struct bpf_prog_bounds *bounds)
{
    return worst_ns(&time_models[1], bounds);
}

/* --- For people
 * --------------------------------------------------------------------------------------------------------------
 */

static void print_accepted(const struct bpf_object_program *program,
                           const struct bpf_verify_result *result)
{
    const struct bpf_prog_bounds *b = &result->bounds;
    struct clean name, section;
    printf("accepted  %-20s %-32s %s, %s walked, stack %s\n", clean(&name, program->name),
           clean(&section, program->section), counted(program->insn_count, "instruction"),
           grouped(b->insns_walked), counted(b->stack_depth_bytes, "byte"));
    printf("          one run at most: %s, %s", counted(b->worst_case_insns, "instruction"),
           counted(b->worst_case_calls, "helper call"));
    if (verdict_has_time(program))
        printf(", %s ns (rpi5)", grouped(worst_ns(&time_models[1], b)));
    putchar('\n');
}

static void print_where(const struct place *at, uint32_t index)
{
    if (at->line != NULL)
        fprintf(stderr, "    at %s:%u: %s\n", at->file.text, at->line->line, at->source.text);
    if (at->insn.text[0] != '\0')
        fprintf(stderr, "    %s insn %u: %s\n", at->line != NULL ? "  " : "at", index,
                at->insn.text);
}

static void print_path(const struct bpf_object *object, const struct bpf_object_program *program,
                       const struct bpf_verify_result *result)
{
    static struct place from, to;
    if (result->path_count < result->path_total)
        fprintf(stderr, "    by way of, after %s:\n",
                counted(result->path_total - result->path_count, "other decision"));
    else if (result->path_count != 0)
        fprintf(stderr, "    by way of:\n");
    for (uint32_t i = 0; i < result->path_count; i++) {
        const struct bpf_verify_decision *d = &result->path[i];
        find_place(object, program, d->insn_index, &from);
        find_place(object, program, d->to_index, &to);
        if (from.line != NULL && to.line != NULL)
            fprintf(stderr, "      line %u: %s  ->  line %u: %s", from.line->line, from.source.text,
                    to.line->line,
                    to.line->line == from.line->line ? to.insn.text : to.source.text);
        else
            fprintf(stderr, "      insn %u: %s  ->  insn %u: %s", d->insn_index, from.insn.text,
                    d->to_index, to.insn.text);
        if (d->times > 1)
            fprintf(stderr, "  (%u times%s)", d->times, d->times >= 2047 ? " or more" : "");
        fputc('\n', stderr);
    }
}

static void print_work(const struct bpf_object *object, const struct bpf_object_program *program,
                       const struct bpf_verify_result *result)
{
    static struct place at;
    for (uint32_t i = 0; i < result->hot_count; i++) {
        find_place(object, program, result->hot[i].insn_index, &at);
        fprintf(stderr, "    %s %3u %% ", i == 0 ? "the work went to:" : "                 ",
                result->hot[i].percent);
        if (at.line != NULL)
            fprintf(stderr, "line %u: %s\n", at.line->line, at.source.text);
        else
            fprintf(stderr, "insn %u: %s\n", result->hot[i].insn_index, at.insn.text);
    }
}

static void print_refused(const struct bpf_object *object, const struct bpf_object_program *program,
                          const struct bpf_verify_result *result)
{
    static struct place at;
    struct clean a, b;
    fflush(stdout);
    fprintf(stderr, "REFUSED   %-20s %-32s %s\n", clean(&a, program->name),
            clean(&b, program->section), bpf_reject_name(result->reason));
    if (result->what[0] == '\0') {
        fprintf(stderr, "    %s\n", clean(&a, result->text));
    } else {
        fprintf(stderr, "    %s\n", clean(&a, result->what));
        find_place(object, program, result->insn_index, &at);
        print_where(&at, result->insn_index);
        print_path(object, program, result);
    }
    for (uint32_t i = 0; i < result->register_count; i++)
        fprintf(stderr, "    %s r%u = %s\n", i == 0 ? "where" : "     ",
                result->registers[i].number, clean(&a, result->registers[i].value));
    print_work(object, program, result);
    if (result->mend[0] != '\0')
        fprintf(stderr, "    usually mended so: %s\n", clean(&a, result->mend));
}

void verdict_print(const struct bpf_object *object, const struct bpf_object_program *program,
                   const struct bpf_verify_result *result)
{
    if (result->reason == BPF_REJECT_NONE)
        print_accepted(program, result);
    else
        print_refused(object, program, result);
}

void verdict_log_line(void *user, const char *line)
{
    struct clean text;
    (void)user;
    puts(clean(&text, line));
}

/* --- As JSON
 * -----------------------------------------------------------------------------------------------------------------
 */

static json_t *text_json(const char *text)
{
    struct clean c;
    return json_string(clean(&c, text));
}

static json_t *place_json(const struct bpf_object *object, const struct bpf_object_program *program,
                          uint32_t index)
{
    static struct place at;
    find_place(object, program, index, &at);
    json_t *out = json_pack("{s:i, s:s}", "insn", (int)index, "instruction", at.insn.text);
    if (at.line != NULL) {
        json_object_set_new(out, "file", json_string(at.file.text));
        json_object_set_new(out, "line", json_integer(at.line->line));
        json_object_set_new(out, "source", json_string(at.source.text));
    }
    return out;
}

static void add_refusal(json_t *out, const struct bpf_object *object,
                        const struct bpf_object_program *program,
                        const struct bpf_verify_result *result)
{
    json_t *path = json_array(), *registers = json_array(), *work = json_array();
    for (uint32_t i = 0; i < result->path_count; i++) {
        const struct bpf_verify_decision *d = &result->path[i];
        json_t *step =
            json_pack("{s:o, s:o, s:i}", "from", place_json(object, program, d->insn_index), "to",
                      place_json(object, program, d->to_index), "times", (int)d->times);
        json_array_append_new(path, step);
    }
    for (uint32_t i = 0; i < result->register_count; i++)
        json_array_append_new(registers,
                              json_pack("{s:i, s:o}", "register", (int)result->registers[i].number,
                                        "value", text_json(result->registers[i].value)));
    for (uint32_t i = 0; i < result->hot_count; i++)
        json_array_append_new(work,
                              json_pack("{s:o, s:i}", "at",
                                        place_json(object, program, result->hot[i].insn_index),
                                        "percent", (int)result->hot[i].percent));
    json_object_set_new(out, "at", place_json(object, program, result->insn_index));
    json_object_set_new(out, "path", path);
    json_object_set_new(out, "decisions_before_path",
                        json_integer(result->path_total - result->path_count));
    json_object_set_new(out, "registers", registers);
    json_object_set_new(out, "work", work);
}

static json_t *times_json(const struct bpf_prog_bounds *bounds)
{
    json_t *out = json_object();
    for (size_t i = 0; i < sizeof time_models / sizeof *time_models; i++)
        json_object_set_new(out, time_models[i].name,
                            json_integer((json_int_t)worst_ns(&time_models[i], bounds)));
    return out;
}

json_t *verdict_json(const char *path, const struct bpf_object *object,
                     const struct bpf_object_program *program,
                     const struct bpf_verify_result *result)
{
    const struct bpf_prog_bounds *b = &result->bounds;
    bool accepted = result->reason == BPF_REJECT_NONE;
    json_t *out = json_pack(
        "{s:o, s:o, s:o, s:b, s:s, s:i, s:o, s:o, s:o, s:i, s:o, s:i, s:i, s:I, s:I}", "object",
        text_json(path), "program", text_json(program->name), "section",
        text_json(program->section), "accepted", accepted, "reason",
        bpf_reject_name(result->reason), "reason_code", (int)result->reason, "message",
        text_json(result->what[0] != '\0' ? result->what : result->text), "suggestion",
        text_json(result->mend), "text", text_json(result->text), "insn", (int)result->insn_index,
        "file", text_json(result->source_file), "line", (int)result->source_line, "insn_count",
        (int)program->insn_count, "insns_walked", (json_int_t)b->insns_walked,
        "verifier_memory_bytes", (json_int_t)result->memory_peak);
    if (out == NULL)
        return NULL;
    if (accepted) {
        json_object_set_new(out, "worst_case_insns", json_integer((json_int_t)b->worst_case_insns));
        json_object_set_new(out, "worst_case_calls", json_integer((json_int_t)b->worst_case_calls));
        json_object_set_new(out, "worst_case_ns", times_json(b));
        json_object_set_new(out, "stack_bytes", json_integer(b->stack_depth_bytes));
        json_object_set_new(out, "call_depth", json_integer(b->call_depth));
    } else if (result->what[0] != '\0') {
        add_refusal(out, object, program, result);
    }
    return out;
}

json_t *verdict_json_of_file(const char *path, const char *message)
{
    struct clean name, text;
    return json_pack("{ss sb ss}", "object", clean(&name, path), "accepted", 0, "message",
                     clean(&text, message));
}
