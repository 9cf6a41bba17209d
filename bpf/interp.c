/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* The interpreter: sets a run up, goes through interp_loop.h, and notes which maps may have
 * changed. */
#include <axiom/errno.h>
#include <bpf/interp.h>
#include <bpf_internal/prog.h>

#define INTERP_LOOP                                 loop
#define INTERP_OFFSET(pc)                           ((pc)->handler)
#define INTERP_BAD_ACCESS(at, size_bytes, is_write) false
#define INTERP_BAD_CALL(helper)                     false
#include <bpf_internal/interp_loop.h>
/* needs what is above */
#include <bpf_internal/interp_fused.h>

static int32_t offset_of(interp_handler *handler)
{
    const char *base = (const char *)(uintptr_t)FALL_OFF;
    return (int32_t)((const char *)(uintptr_t)handler - base);
}

int32_t bpf_interp_handler(enum bpf_op op, enum interp_form form)
{
    return offset_of(handler_table[op][form]);
}

bool bpf_interp_fused(enum bpf_op first, enum bpf_op second, enum interp_form form, int32_t *out)
{
    for (uint32_t f = 0; f < ARRAY_SIZE(families); f++) {
        for (uint32_t i = 0; families[f].first == first && i < families[f].count; i++) {
            if (families[f].rows[i].second == second) {
                *out = offset_of(families[f].rows[i].handler[form]);
                return true;
            }
        }
    }
    return false;
}

uint64_t bpf_call_function(struct bpf_run *run, uint64_t function, const uint64_t arguments[5])
{
    struct bpf_engine_state outer = run->engine;
    uint64_t index = function & ~BPF_CODE_ADDRESS_TAG;
    uint64_t r0 = 0;
    if ((function & BPF_CODE_ADDRESS_TAG) != BPF_CODE_ADDRESS_TAG || index >= run->prog->code_count)
        run->error = -EFAULT;
    else if (outer.depth + 1 >= BPF_CALL_DEPTH_MAX)
        run->error = -ELOOP;
    if (run->error != 0)
        return 0;
    run->engine.frame += run->prog->frame_size;
    run->engine.depth++;
    r0 = outer.enter(run, (uint32_t)index, arguments);
    run->engine.frame = outer.frame;
    run->engine.depth = outer.depth;
    return r0;
}

static uint64_t enter(struct bpf_run *run, uint32_t index, const uint64_t *r)
{
    const struct interp_arguments arguments = { run->prog, r, run, index };
    return loop(&arguments);
}

uint64_t bpf_interp_continue(const struct bpf_prog *prog, const uint64_t *r, struct bpf_run *run)
{
    const struct interp_arguments arguments = { prog, r, run, 0 };
    run->engine.enter = enter;
    return loop(&arguments);
}

uint64_t bpf_interp_run(const struct bpf_prog *prog, void *context, uint64_t r2,
                        struct bpf_run *run)
{
    const uint64_t r[BPF_CALL_ARG_COUNT] = { (uint64_t)(uintptr_t)context, r2 };
    const struct interp_arguments arguments = { prog, r, run, 0 };
    bpf_run_begin(prog, run);
    run->engine.enter = enter;
    uint64_t r0 = loop(&arguments);
    bpf_run_end(prog);
    return r0;
}

uint64_t bpf_prog_run(const struct bpf_prog *prog, void *context, struct bpf_run *run)
{
    return bpf_interp_run(prog, context, 0, run);
}

uint64_t bpf_run_duration_ns(const struct bpf_run *run)
{
    return run->insn_count * run->prog->env->insn_cost_ps / 1000u + run->helper_ns;
}
