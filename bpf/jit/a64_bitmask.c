/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* Logical immediates of A64. The fields N:immr:imms say: an element of 2, 4, ... 64 bits with a run
 * of imms + 1 ones, rotated right by immr, repeated over the register (DecodeBitMasks, DDI 0487
 * J1.1.3). Encoding goes back: find the shortest period, then where the run begins. */
#include "a64_insn.h"

static uint64_t low_bits(uint32_t count)
{
    return count == 64 ? UINT64_MAX : (UINT64_C(1) << count) - 1;
}

/* The smallest power of two that `value` repeats with. */
static uint32_t period_of(uint64_t value)
{
    uint32_t size = 64;
    while (size > 2) {
        uint32_t half = size / 2;
        if ((value & low_bits(half)) != (value >> half & low_bits(half)))
            break;
        size = half;
    }
    return size;
}

bool a64_bitmask(bool wide, uint64_t value, uint32_t *field)
{
    if (!wide) {
        if (value >> 32 != 0)
            return false;
        value |= value << 32;
    }
    if (value == 0 || value == UINT64_MAX)
        return false;
    uint32_t size = period_of(value);
    uint64_t element = value & low_bits(size);
    /* Rotate left until the run of ones begins at bit 0: bit 0 set, and the top bit clear. */
    uint32_t rotation = 0;
    while ((element & 1) == 0 || (element >> (size - 1) & 1) != 0) {
        element = (element << 1 | element >> (size - 1)) & low_bits(size);
        rotation++;
    }
    uint32_t ones = 0; /* at least one; no builtin, which may be a call of libgcc's */
    while ((element >> ones & 1) != 0)
        ones++;
    if (element != low_bits(ones))
        return false;
    uint32_t imms = ((~(size - 1) << 1) & 0x3f) | (ones - 1);
    *field = (size == 64 ? 1u << 12 : 0) | rotation << 6 | imms;
    return true;
}
