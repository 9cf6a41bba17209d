/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#include "fpu.h"

void fpu_load(uint64_t seed)
{
    __asm__ volatile(".arch_extension simd\n\t"
                     "dup v0.2d, %0\n\tdup v7.2d, %1\n\tdup v31.2d, %2\n\tmsr fpcr, %3" ::"r"(seed),
                     "r"(~seed), "r"(seed * 3), "r"((seed & 3) << 22)); /* the rounding mode */
}

bool fpu_holds(uint64_t seed)
{
    uint64_t a, b, c, mode;
    __asm__ volatile(".arch_extension simd\n\t"
                     "mov %0, v0.d[1]\n\tmov %1, v7.d[0]\n\tmov %2, v31.d[1]\n\tmrs %3, fpcr"
                     : "=r"(a), "=r"(b), "=r"(c), "=r"(mode));
    return a == seed && b == ~seed && c == seed * 3 && mode == (seed & 3) << 22;
}
