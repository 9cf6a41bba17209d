/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* Atomic operations on bytes, for which the CPU has no instruction and gcc calls a library (GCC Internals,
 * "__atomic built-in functions"): on the word around the byte. As strong as any caller can ask for. */
#include <axiom/types.h>

/* gcc knows the name as a built-in function of another type. */
uint8_t riscv_atomic_exchange_1(volatile void *at, uint8_t value,
                                int order) __asm__("__atomic_exchange_1");

uint8_t riscv_atomic_exchange_1(volatile void *at, uint8_t value, int order)
{
    (void)order;
    uint32_t shift = ((uint32_t)(uintptr_t)at & 3) * 8, before, after, failed;
    uint32_t mask = UINT32_C(0xff) << shift, bits = (uint32_t)value << shift;
    volatile uint32_t *word = (volatile uint32_t *)((uintptr_t)at & ~(uintptr_t)3);
    __asm__ volatile("1:\n\t"
                     "lr.w.aqrl %0, (%3)\n\t"
                     "and %1, %0, %4\n\t"
                     "or %1, %1, %5\n\t"
                     "sc.w.rl %2, %1, (%3)\n\t"
                     "bnez %2, 1b"
                     : "=&r"(before), "=&r"(after), "=&r"(failed)
                     : "r"(word), "r"(~mask), "r"(bits)
                     : "memory");
    return (uint8_t)((before & mask) >> shift);
}
