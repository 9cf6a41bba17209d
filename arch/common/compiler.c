/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* What compilers call where the CPU has no instruction for it (GCC Internals, "Routines for integer
 * arithmetic"). Their own library of these is made for user programs: with a red zone, on x86. */
#include <axiom/types.h>

int __popcountdi2(uint64_t value);
int __clzdi2(uint64_t value);
int __ctzdi2(uint64_t value);

/* Sums of neighbours, in place (Warren, Hacker's Delight, 5-1). */
int __popcountdi2(uint64_t value)
{
    value -= value >> 1 & UINT64_C(0x5555555555555555);
    value = (value & UINT64_C(0x3333333333333333)) + (value >> 2 & UINT64_C(0x3333333333333333));
    value = (value + (value >> 4)) & UINT64_C(0x0f0f0f0f0f0f0f0f);
    return (int)(value * UINT64_C(0x0101010101010101) >> 56);
}

/* The value is not 0. */
int __ctzdi2(uint64_t value)
{
    return __popcountdi2((value & -value) - 1);
}

int __clzdi2(uint64_t value)
{
    for (uint32_t shift = 1; shift < 64; shift *= 2)
        value |= value >> shift;
    return 64 - __popcountdi2(value);
}
