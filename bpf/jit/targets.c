/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* All encoders by name: for the command, tests and whoever compiles for another machine. In no kernel
 * image, which would link them all. */
#include <axiom/string.h>

#include "ir.h"

const struct bpf_jit_target *bpf_jit_target_find(const char *name)
{
    static const struct bpf_jit_target *const targets[] = {
        &bpf_jit_x86_64,  &bpf_jit_x86_64_bmi2, &bpf_jit_aarch64,        &bpf_jit_aarch64_lse,
        &bpf_jit_riscv64, &bpf_jit_riscv64_zb,  &bpf_jit_riscv64_zicond,
    };
    for (uint32_t i = 0; i < ARRAY_SIZE(targets); i++) {
        if (strcmp(targets[i]->name, name) == 0)
            return targets[i];
    }
    return NULL;
}
