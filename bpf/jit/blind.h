/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* Constant blinding, as the encoders share it: a constant of the program stands in the code as two
 * words that are XORed at run time, so that nobody can write code of his own into it by choosing
 * constants. The mask follows from the caller's seed and the instruction's place: encoding is a
 * pure function, each round of it gives the same. */
#pragma once
#include "ir.h"

static inline bool blind_wanted(const struct ir_form *form, const struct ir_insn *insn)
{
    return form->options.blinding_seed != 0 && (insn->flags & IR_BLIND) != 0;
}

/* splitmix64 (Steele, Lea, Flood 2014). The mask of a value that is a sign- or zero-extended 32-bit
 * one is of that kind too: both words then are as cheap to make as the value. */
static inline uint64_t blind_mask(uint64_t seed, uint64_t place, uint64_t value)
{
    uint64_t z = seed + (place + 1) * UINT64_C(0x9e3779b97f4a7c15);
    z = (z ^ z >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
    z = (z ^ z >> 27) * UINT64_C(0x94d049bb133111eb);
    z ^= z >> 31;
    if (value >> 32 == 0)
        return z >> 32;
    return (int64_t)value == (int32_t)value ? (uint64_t)((int64_t)z >> 32) : z;
}

/* Of an encoder's instruction. */
static inline uint64_t blind_mask_of(const struct ir_form *form, const struct ir_function *function,
                                     uint32_t function_number, const struct ir_insn *insn,
                                     uint64_t value)
{
    uint64_t place = (uint64_t)function_number << 32 | (uint64_t)(insn - function->insns);
    return blind_mask(form->options.blinding_seed, place, value);
}
