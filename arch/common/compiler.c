/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* What compilers call where the CPU has no instruction for it (GCC Internals, "Routines for integer
 * arithmetic"). Their own library of these is made for user programs: with a red zone, on x86. */
#include <axiom/types.h>

int __popcountdi2(uint64_t value);
int __clzdi2(uint64_t value);
int __ctzdi2(uint64_t value);
int __paritydi2(uint64_t value);
uint32_t __bswapsi2(uint32_t value);
uint64_t __bswapdi2(uint64_t value);
unsigned __int128 __udivmodti4(unsigned __int128 value, unsigned __int128 divisor,
                               unsigned __int128 *rest);
unsigned __int128 __udivti3(unsigned __int128 value, unsigned __int128 divisor);
unsigned __int128 __umodti3(unsigned __int128 value, unsigned __int128 divisor);

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

int __paritydi2(uint64_t value)
{
    return __popcountdi2(value) & 1;
}

/* Neighbours change places, then neighbouring pairs, and so on. */
uint32_t __bswapsi2(uint32_t value)
{
    value = (value & 0x00ff00ff) << 8 | (value >> 8 & 0x00ff00ff);
    return value << 16 | value >> 16;
}

uint64_t __bswapdi2(uint64_t value)
{
    return (uint64_t)__bswapsi2((uint32_t)value) << 32 | __bswapsi2((uint32_t)(value >> 32));
}

static uint32_t leading_zeros(unsigned __int128 value)
{
    uint64_t high = (uint64_t)(value >> 64);
    return high != 0 ? (uint32_t)__builtin_clzll(high)
                     : 64 + (uint32_t)__builtin_clzll((uint64_t)value);
}

/* Long division by shifting and subtracting; the divisor is not 0. */
unsigned __int128 __udivmodti4(unsigned __int128 value, unsigned __int128 divisor,
                               unsigned __int128 *rest)
{
    unsigned __int128 quotient = 0;
    if ((uint64_t)(value >> 64) == 0 && (uint64_t)(divisor >> 64) == 0) {
        quotient = (uint64_t)value / (uint64_t)divisor;
        value = (uint64_t)value % (uint64_t)divisor;
    } else if (value >= divisor) {
        for (uint32_t shift = leading_zeros(divisor) - leading_zeros(value) + 1; shift-- > 0;) {
            if (value >> shift >= divisor) {
                value -= divisor << shift;
                quotient |= (unsigned __int128)1 << shift;
            }
        }
    }
    if (rest != NULL)
        *rest = value;
    return quotient;
}

unsigned __int128 __udivti3(unsigned __int128 value, unsigned __int128 divisor)
{
    return __udivmodti4(value, divisor, NULL);
}

unsigned __int128 __umodti3(unsigned __int128 value, unsigned __int128 divisor)
{
    unsigned __int128 rest;
    __udivmodti4(value, divisor, &rest);
    return rest;
}
