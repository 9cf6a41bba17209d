/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* The lowering: each function of a program through all passes, into one form. */
#include <axiom/errno.h>
#include <axiom/string.h>

#include "lower.h"

struct form_owner {
    struct ir_form form;
    struct lower_memory memory;
};

/* Functions by the instructions they begin at: the main program is number 0, what is called or has
 * its address taken follows in order. */
static int find_functions(const struct bpf_prog *prog, struct lower_memory *scratch,
                          uint32_t **numbers_out, uint32_t **entries_out, uint32_t *count_out)
{
    uint32_t *numbers = lower_alloc(scratch, prog->code_count, sizeof *numbers);
    if (numbers == NULL)
        return -ENOMEM;
    for (uint32_t i = 0; i < prog->code_count; i++) {
        uint32_t op = prog->origins[i].op;
        if (op == BPF_OP_CALL_LOCAL)
            numbers[(int64_t)i + 1 + prog->code[i].distance] = 1;
        else if (op == BPF_OP_LD_FUNC)
            numbers[(uint64_t)prog->code[i].imm & ~BPF_CODE_ADDRESS_TAG] = 1;
    }
    uint32_t count = 1;
    for (uint32_t i = 0; i < prog->code_count; i++)
        numbers[i] = numbers[i] != 0 ? ++count : 0; /* number + 1 */
    uint32_t *entries = lower_alloc(scratch, count, sizeof *entries);
    if (entries == NULL)
        return -ENOMEM;
    for (uint32_t i = 0; i < prog->code_count; i++) {
        if (numbers[i] != 0)
            entries[numbers[i] - 1] = i;
    }
    *numbers_out = numbers;
    *entries_out = entries;
    *count_out = count;
    return 0;
}

/* What is left of a function after its passes, without what became nothing. */
static int keep_function(struct lower *f, struct ir_form *form, struct ir_function *out)
{
    *out = (struct ir_function){
        .insns = lower_alloc_raw(f->keep, f->insn_count + 1, sizeof *out->insns),
        .blocks = lower_alloc_raw(f->keep, f->block_count, sizeof *out->blocks),
        .calls = lower_alloc_raw(f->keep, f->call_count + 1, sizeof *out->calls),
        .block_count = f->block_count,
        .call_count = f->call_count,
        .first_label = form->label_count,
        .code_index = f->entry,
        .slot_count = f->spill_count,
        .saved = f->saved,
    };
    if (out->insns == NULL || out->blocks == NULL || out->calls == NULL)
        return -ENOMEM;
    form->label_count += f->block_count;
    memcpy(out->params, f->params, sizeof out->params);
    if (f->call_count != 0)
        memcpy(out->calls, f->calls, f->call_count * sizeof *out->calls);
    for (uint32_t block = 0; block < f->block_count; block++)
        f->blocks[block].only_falls = block != 0;
    for (uint32_t block = 0; block < f->block_count; block++) {
        const struct ir_insn *last = lower_last(f, block);
        if (last != NULL && (last->op == IR_BRANCH || last->op == IR_JUMP))
            f->blocks[IR_TARGET(last)].only_falls = false;
    }
    for (uint32_t block = 0; block < f->block_count; block++) {
        out->blocks[block] = f->blocks[block];
        out->blocks[block].first = out->insn_count;
        for (uint32_t i = f->blocks[block].first; i < f->blocks[block].end; i++) {
            if (f->insns[i].op == IR_NOP)
                continue;
            out->has_calls |= f->insns[i].op == IR_CALL;
            out->insns[out->insn_count++] = f->insns[i];
        }
        out->blocks[block].end = out->insn_count;
    }
    return 0;
}

static int lower_function(struct lower *f, struct ir_form *form, struct ir_function *out)
{
    static int (*const passes[])(struct lower *) = {
        lower_build, lower_flow,      lower_webs, lower_simplify, lower_blind,
        lower_live,  lower_summarise, lower_pair, lower_hoist,    lower_allocate,
    };
    for (uint32_t i = 0; i < ARRAY_SIZE(passes); i++) {
        int err = passes[i](f);
        lower_reuse(f->pass);
        if (err)
            return err;
    }
    return keep_function(f, form, out);
}

static int lower_functions(struct form_owner *owner, struct lower_memory *tables,
                           struct bpf_error *error)
{
    struct ir_form *form = &owner->form;
    const struct bpf_prog *prog = form->prog;
    uint32_t *numbers, *entries;
    int err = find_functions(prog, tables, &numbers, &entries, &form->function_count);
    if (err)
        return err;
    uint8_t *marks = lower_alloc(tables, prog->code_count + 1, sizeof *marks);
    uint32_t *block_of = lower_alloc(tables, prog->code_count + 1, sizeof *block_of);
    struct lower_summary *summaries = lower_alloc(tables, form->function_count, sizeof *summaries);
    form->functions = lower_alloc(&owner->memory, form->function_count, sizeof *form->functions);
    if (marks == NULL || summaries == NULL || block_of == NULL || form->functions == NULL)
        return -ENOMEM;
    /* Functions may share code, or lie in one another, in programs that nobody verified. */
    uint64_t work = 0, work_max = (uint64_t)prog->code_count * 16 + 65536;
    struct lower_memory scratch = { .env = prog->env }, pass = { .env = prog->env };
    /* Those that are called mostly stand behind those that call. */
    for (uint32_t i = form->function_count; i-- != 0;) {
        struct lower f = { .prog = prog,
                           .target = form->target,
                           .options = &form->options,
                           .error = error,
                           .keep = &owner->memory,
                           .scratch = &scratch,
                           .pass = &pass,
                           .is_main = i == 0,
                           .is_verified = prog->is_verified,
                           .entry = entries[i],
                           .number = i,
                           .tables = tables,
                           .summaries = summaries,
                           .marks = marks,
                           .block_of = block_of,
                           .functions = numbers };
        err = lower_function(&f, form, &form->functions[i]);
        lower_reuse(&scratch);
        work += f.high - f.low;
        if (err == 0 && work > work_max)
            err = bpf_error_set(error, -E2BIG, BPF_ERROR_NO_OFFSET,
                                "functions that overlap too much to be compiled one by one");
        if (err)
            break;
    }
    lower_free_all(&scratch);
    lower_free_all(&pass);
    return err;
}

int bpf_jit_lower(const struct bpf_prog *prog, const struct bpf_jit_target *target,
                  const struct bpf_jit_options *options, struct ir_form **out,
                  struct bpf_error *error)
{
    static const struct bpf_jit_options no_options = { .count_insns = false };
    struct bpf_error unused;
    error = error == NULL ? &unused : error;
    *error = (struct bpf_error){ .offset = BPF_ERROR_NO_OFFSET };
    struct lower_memory memory = { .env = prog->env }, tables = { .env = prog->env };
    struct form_owner *owner = lower_alloc(&memory, 1, sizeof *owner);
    int err = -ENOMEM;
    if (owner != NULL) {
        owner->memory = memory;
        owner->form = (struct ir_form){ .prog = prog,
                                        .target = target,
                                        .options = options == NULL ? no_options : *options };
        err = lower_functions(owner, &tables, error);
        memory = owner->memory;
    }
    lower_free_all(&tables);
    if (err) {
        lower_free_all(&memory);
        if (error->error == 0)
            bpf_error_set(error, err, BPF_ERROR_NO_OFFSET, "no memory for compiling");
        return err;
    }
    *out = &owner->form;
    return 0;
}

void bpf_jit_form_destroy(struct ir_form *form)
{
    if (form == NULL)
        return;
    struct lower_memory memory = CONTAINER_OF(form, struct form_owner, form)->memory;
    lower_free_all(&memory);
}
