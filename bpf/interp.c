/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* The interpreter: sets a run up, goes through interp_loop.h, and notes which maps may have
 * changed. */
#include <bpf/interp.h>
#include <bpf_internal/prog.h>

#define INTERP_LOOP                                 loop
#define INTERP_HANDLER(pc)                          ((pc)->handler)
#define INTERP_BAD_ACCESS(at, size_bytes, is_write) false
#define INTERP_BAD_CALL(helper)                     false
#include <bpf_internal/interp_loop.h>

int32_t bpf_interp_handler(enum bpf_op op)
{
    const int32_t *handlers;
    loop(NULL, &handlers);
    return handlers[op];
}

uint64_t bpf_interp_run(const struct bpf_prog *prog, void *context, uint64_t r2,
                        struct bpf_run *run)
{
    const struct interp_arguments arguments = { prog, (uint64_t)(uintptr_t)context, r2, run, NULL };
    run->prog = prog;
    run->helper_ns = 0;
    uint64_t r0 = loop(&arguments, NULL);
    for (uint32_t i = 0; i < prog->touched_count; i++)
        bpf_map_touch(prog->touched[i]);
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
