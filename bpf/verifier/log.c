/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* The walk in words, for who asks for it (bpf_verify_request.log): a line for each decision of each path, or also one
 * for each instruction. Nothing here changes what the verifier does. */
#include <axiom/format.h>
#include <axiom/string.h>
#include <bpf/debug_info.h>
#include <bpf/disasm.h>

#include "walk.h"

struct line {
    char text[400];
    size_t length;
};

static void put(struct line *l, const char *format, ...) __attribute__((format(printf, 2, 3)));
static void put(struct line *l, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    format_text_va(l->text + l->length, sizeof l->text - l->length, format, arguments);
    va_end(arguments);
    l->length += strlen(l->text + l->length);
}

static void put_insn(const struct verifier *v, struct line *l, uint32_t pc)
{
    char text[160];
    const struct bpf_disasm_names names = {
        .env = v->env,
        .maps = v->request->maps,
        .map_count = v->request->map_count,
        .debug = v->request->debug,
        .kernel_btf = v->request->kernel_btf,
    };
    bpf_disasm_insn(text, sizeof text, v->insns, v->insn_count, pc, &names);
    put(l, "%5u: %s", pc, text);
}

static void put_source(const struct verifier *v, struct line *l, uint32_t pc)
{
    const struct bpf_debug_line *line = bpf_debug_line_at(v->request->debug, pc);
    if (line == NULL)
        return;
    const char *text = line->text != NULL ? line->text : "";
    while (*text == ' ' || *text == '\t')
        text++;
    put(l, "  ; line %u: %s", line->line, text);
}

static void emit(const struct verifier *v, const struct line *l)
{
    v->request->log(v->request->log_user, l->text);
}

void log_insn(struct verifier *v)
{
    struct line l = { .length = 0 };
    uint32_t numbers[BPF_VERIFY_REGISTER_MAX];
    uint32_t count = registers_read(v, numbers);
    put_insn(v, &l, v->state.pc);
    for (uint32_t i = 0; i < count; i++) {
        put(&l, "%sr%u is %s", i == 0 ? "  | " : "; ", numbers[i],
            describe(v, state_reg(&v->state, numbers[i])).text);
    }
    emit(v, &l);
}

void log_decision(struct verifier *v, uint32_t pc, bool first, bool second)
{
    struct line l = { .length = 0 };
    put_insn(v, &l, pc);
    if (first)
        put(&l, "  both ways: %u first", v->state.pc);
    else
        put(&l, second ? "  now the other way: %u" : "  only %u", v->state.pc);
    put_source(v, &l, pc);
    emit(v, &l);
}

void log_path_end(struct verifier *v, const char *why)
{
    struct line l = { .length = 0 };
    put_insn(v, &l, v->state.pc);
    put(&l, "  %s", why);
    emit(v, &l);
}
