/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* The one encoder that an image for this CPU links. */
#include "ir.h"

const struct bpf_jit_target *bpf_jit_host_target(void)
{
#if defined(__x86_64__)
    return &bpf_jit_x86_64;
#elif defined(__aarch64__)
    return &bpf_jit_aarch64;
#elif defined(__riscv) && __riscv_xlen == 64
    return &bpf_jit_riscv64;
#else
    return NULL;
#endif
}
