/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* CRC-32 by carry-less multiplication, for x86-64 host processes.
 *
 * Sixteen bytes of the message are a polynomial of degree 127. Multiplied by x^n modulo the CRC's
 * polynomial they can be added to the sixteen bytes that stand n bits further on, and the remainder
 * stays: four such lanes are moved on by 512 bits at a time, then merged into one. Constants: Gopal
 * et al., "Fast CRC Computation for Generic Polynomials Using PCLMULQDQ Instruction", Intel 2009,
 * the reflected case. The compiler's built-ins stand here instead of immintrin.h, which asks for
 * libc's headers. */
#include <axiom/crc32.h>
#include <axiom/string.h>
#include <axiom_host/crc32_vector.h>

#include <cpuid.h>

typedef long long v2 __attribute__((vector_size(16)));

/* x^(n+32) and x^(n-32) modulo the polynomial, for a step of n = 512 and n = 128 bits. */
static const v2 step_512 = { 0x154442bd4, 0x1c6e41596 };
static const v2 step_128 = { 0x1751997d0, 0x0ccaa009e };

static v2 load(const uint8_t *at)
{
    v2 value;
    memcpy(&value, at, sizeof value);
    return value;
}

__attribute__((target("pclmul"))) static v2 move_on(v2 value, v2 step)
{
    return __builtin_ia32_pclmulqdq128(value, step, 0x00) ^
           __builtin_ia32_pclmulqdq128(value, step, 0x11);
}

__attribute__((target("pclmul"))) static size_t fold(uint32_t state, const uint8_t *data,
                                                     size_t size, uint8_t rest[16])
{
    v2 lane[4];
    for (size_t i = 0; i < 4; i++)
        lane[i] = load(data + 16 * i);
    lane[0] ^= (v2){ (long long)state, 0 };
    size_t taken = 64;
    for (; size - taken >= 64; taken += 64) {
        for (size_t i = 0; i < 4; i++)
            lane[i] = move_on(lane[i], step_512) ^ load(data + taken + 16 * i);
    }
    v2 sum = lane[0];
    for (size_t i = 1; i < 4; i++)
        sum = move_on(sum, step_128) ^ lane[i];
    for (; size - taken >= 16; taken += 16)
        sum = move_on(sum, step_128) ^ load(data + taken);
    memcpy(rest, &sum, 16);
    return taken;
}

bool crc32_use_vector(void)
{
    unsigned a, b, c, d;
    if (__get_cpuid(1, &a, &b, &c, &d) == 0 || (c & bit_PCLMUL) == 0)
        return false;
    crc32_set_fold(fold);
    return true;
}
