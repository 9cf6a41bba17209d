/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* For images without a JIT. */
#include <axiom/errno.h>

#include "engine.h"

const struct bpf_exec_ops *const engine_exec = NULL;

int engine_prepare(struct bpf_prog *prog, enum engine_choice choice, struct bpf_error *error)
{
    (void)prog;
    if (choice != ENGINE_JIT)
        return 0;
    return bpf_error_set(error, -EOPNOTSUPP, BPF_ERROR_NO_OFFSET,
                         "it cannot be compiled: there is no JIT in this image");
}

uint64_t engine_run(const struct bpf_prog *prog, void *context, struct bpf_run *run)
{
    return bpf_prog_run(prog, context, run);
}
