/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* Programs compiled into executable memory of the port's.
 *
 * The code counts instructions (a block at a time), so that recordings, budgets and the CPU model's
 * costs are the interpreter's. With ENGINE_BEST want of memory leaves a program interpreted. */
#include <arch/exec_mem.h>
#include <axiom/log.h>
#include <bpf/jit.h>

#include "engine.h"

static void *exec_alloc(void *user, size_t size_bytes)
{
    (void)user;
    void *at;
    return arch_exec_alloc(size_bytes, &at) == 0 ? at : NULL;
}

static int exec_seal(void *user, void *at, size_t size_bytes)
{
    (void)user;
    return arch_exec_seal(at, size_bytes);
}

static void exec_free(void *user, void *at, size_t size_bytes)
{
    (void)user;
    arch_exec_free(at, size_bytes);
}

static const struct bpf_exec_ops exec_ops = { .alloc = exec_alloc,
                                              .seal = exec_seal,
                                              .free = exec_free };
const struct bpf_exec_ops *const engine_exec = &exec_ops;

int engine_prepare(struct bpf_prog *prog, enum engine_choice choice, struct bpf_error *error)
{
    static const struct bpf_jit_options options = { .count_insns = true };
    if (choice == ENGINE_INTERPRETER)
        return 0;
    int err = bpf_prog_compile(prog, &options, error);
    if (err == 0 || choice == ENGINE_JIT)
        return err;
    log_notice("bpf: %s is interpreted: %s", bpf_prog_name(prog), error->text);
    return 0;
}

uint64_t engine_run(const struct bpf_prog *prog, void *context, struct bpf_run *run)
{
    return bpf_prog_run_compiled(prog, context, run);
}
