/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#include "fpu.h"

void fpu_load(uint64_t seed)
{
    __asm__ volatile(".option push\n\t.option arch, +d\n\t"
                     "fmv.d.x f0, %0\n\tfmv.d.x f13, %1\n\tfmv.d.x f31, %2\n\t"
                     ".option pop" ::"r"(seed),
                     "r"(~seed), "r"(seed * 3));
}

bool fpu_holds(uint64_t seed)
{
    uint64_t a, b, c;
    __asm__ volatile(".option push\n\t.option arch, +d\n\t"
                     "fmv.x.d %0, f0\n\tfmv.x.d %1, f13\n\tfmv.x.d %2, f31\n\t"
                     ".option pop"
                     : "=r"(a), "=r"(b), "=r"(c));
    return a == seed && b == ~seed && c == seed * 3;
}
