/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#include <bpf_internal/prog.h>
#include <bpf_unverified/unverified.h>

int bpf_prog_create_unverified(const struct bpf_verify_request *request, struct bpf_prog **out,
                               struct bpf_error *error)
{
    return bpf_prog_create(request, NULL, out, error);
}

uint64_t bpf_prog_run_unverified(const struct bpf_prog *prog, void *context, uint64_t r2,
                                 struct bpf_run *run)
{
    return bpf_interp_run(prog, context, r2, run);
}

uint64_t bpf_jit_run_unverified(const struct bpf_jit *jit, void *context, uint64_t r2,
                                struct bpf_run *run)
{
    return bpf_jit_run_r2(jit, context, r2, run);
}
