/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* The one encoder that an image for this CPU links. */
#include "ir.h"

#if defined(__x86_64__)
#include <cpuid.h>

/* Asked once: under a hypervisor the answer takes microseconds. It is the same for every boot. */
static const struct bpf_jit_target *x86_target(void)
{
    static const struct bpf_jit_target *found;
    const struct bpf_jit_target *target = __atomic_load_n(&found, __ATOMIC_RELAXED);
    if (target == NULL) {
        uint32_t a = 0, b = 0, c = 0, d = 0;
        bool has_bmi2 = __get_cpuid_count(7, 0, &a, &b, &c, &d) != 0 && (b & bit_BMI2) != 0;
        target = has_bmi2 ? &bpf_jit_x86_64_bmi2 : &bpf_jit_x86_64;
        __atomic_store_n(&found, target, __ATOMIC_RELAXED);
    }
    return target;
}
#endif

const struct bpf_jit_target *bpf_jit_host_target(void)
{
#if defined(__x86_64__)
    return x86_target();
#elif defined(__aarch64__)
    return &bpf_jit_aarch64;
#elif defined(__riscv) && __riscv_xlen == 64
    return &bpf_jit_riscv64;
#else
    return NULL;
#endif
}
