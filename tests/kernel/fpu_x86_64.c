/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#include "fpu.h"

void fpu_load(uint64_t seed)
{
    __asm__ volatile("movq %0, %%xmm0\n\tmovq %1, %%xmm7\n\tmovq %2, %%xmm15" ::"r"(seed),
                     "r"(~seed), "r"(seed * 3));
}

bool fpu_holds(uint64_t seed)
{
    uint64_t a, b, c;
    __asm__ volatile("movq %%xmm0, %0\n\tmovq %%xmm7, %1\n\tmovq %%xmm15, %2"
                     : "=r"(a), "=r"(b), "=r"(c));
    return a == seed && b == ~seed && c == seed * 3;
}
