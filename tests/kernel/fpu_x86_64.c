/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* XMM registers; their upper halves (AVX) too where the CPU has them: a kernel that did not switch
 * them on is found by the undefined instruction. */
#include "fpu.h"

static bool has_avx(void)
{
    uint32_t eax = 1, ebx, ecx = 0, edx;
    __asm__ volatile("cpuid" : "+a"(eax), "=b"(ebx), "+c"(ecx), "=d"(edx));
    return (ecx >> 28 & 1) != 0;
}

void fpu_load(uint64_t seed)
{
    if (has_avx())
        __asm__ volatile("vmovq %0, %%xmm1\n\t"
                         "vinsertf128 $1, %%xmm1, %%ymm0, %%ymm0\n\t"
                         "vmovq %1, %%xmm1\n\t"
                         "vinsertf128 $1, %%xmm1, %%ymm15, %%ymm15" ::"r"(seed * 5),
                         "r"(seed * 7));
    __asm__ volatile("movq %0, %%xmm0\n\tmovq %1, %%xmm7\n\tmovq %2, %%xmm15" ::"r"(seed),
                     "r"(~seed), "r"(seed * 3));
}

static bool upper_holds(uint64_t seed)
{
    uint64_t a, b;
    __asm__ volatile("vextractf128 $1, %%ymm0, %%xmm1\n\t"
                     "vmovq %%xmm1, %0\n\t"
                     "vextractf128 $1, %%ymm15, %%xmm1\n\t"
                     "vmovq %%xmm1, %1"
                     : "=r"(a), "=r"(b));
    return a == seed * 5 && b == seed * 7;
}

bool fpu_holds(uint64_t seed)
{
    uint64_t a, b, c;
    __asm__ volatile("movq %%xmm0, %0\n\tmovq %%xmm7, %1\n\tmovq %%xmm15, %2"
                     : "=r"(a), "=r"(b), "=r"(c));
    return a == seed && b == ~seed && c == seed * 3 && (!has_avx() || upper_holds(seed));
}
