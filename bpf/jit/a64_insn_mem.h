/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* A64 loads, stores and atomics as words: DDI 0487 section C4.1.94, chapters C6.2 and C3.2. Rules
 * as in a64_insn.h. Registers named rn are bases: 31 is SP there. */
#pragma once
#include "a64_insn.h"

/* What a load does with the bits above what it reads: the field opc, given the size. */
enum a64_load {
    A64_STORE = 0,
    A64_LOAD = 1,   /* zero-extends */
    A64_LOADS = 2,  /* sign-extends to 64 bits; sizes 1, 2, 4 */
    A64_LOADSW = 3, /* sign-extends to 32 bits, zeros above; sizes 1, 2 */
};

/* log2 of the access size, 0 to 3, stands in bits 31:30. */
static inline uint32_t a64_access(uint32_t base, uint32_t size_log2, enum a64_load load,
                                  uint32_t rt, uint32_t rn)
{
    BUG_ON(size_log2 > 3);
    BUG_ON((load == A64_LOADS && size_log2 == 3) || (load == A64_LOADSW && size_log2 >= 2));
    return base | size_log2 << 30 | (uint32_t)load << 22 | A64_R(rn, 5) | A64_R(rt, 0);
}

/* Unsigned immediate: a multiple of the size, below 4096 times it. */
static inline bool a64_is_scaled(uint32_t size_log2, int64_t offset)
{
    return offset >= 0 && (offset & ((1 << size_log2) - 1)) == 0 && offset >> size_log2 < 4096;
}

static inline uint32_t a64_access_scaled(uint32_t size_log2, enum a64_load load, uint32_t rt,
                                         uint32_t rn, int64_t offset)
{
    BUG_ON(!a64_is_scaled(size_log2, offset));
    return a64_access(0x39000000, size_log2, load, rt, rn) | (uint32_t)(offset >> size_log2) << 10;
}

/* Unscaled immediate (LDUR, STUR): -256 to 255. */
static inline uint32_t a64_access_unscaled(uint32_t size_log2, enum a64_load load, uint32_t rt,
                                           uint32_t rn, int64_t offset)
{
    BUG_ON(!a64_fits_signed(offset, 9));
    return a64_access(0x38000000, size_log2, load, rt, rn) | ((uint32_t)offset & 0x1ff) << 12;
}

/* Register offset: rm, or its low 32 bits extended; shifted by the access size or not at all. */
static inline uint32_t a64_access_register(uint32_t size_log2, enum a64_load load, uint32_t rt,
                                           uint32_t rn, uint32_t rm, enum a64_extend extend,
                                           bool scaled)
{
    BUG_ON((extend & 2) == 0); /* UXTW, UXTX (LSL), SXTW, SXTX */
    return a64_access(0x38200800, size_log2, load, rt, rn) | A64_R(rm, 16) |
           (uint32_t)extend << 13 | (scaled ? 1u << 12 : 0);
}

/* Pairs of 64-bit registers: offset a multiple of 8, -512 to 504. */
enum a64_pair { A64_PAIR_POST = 1, A64_PAIR_OFFSET = 2, A64_PAIR_PRE = 3 };

static inline uint32_t a64_pair(enum a64_pair mode, bool load, uint32_t rt, uint32_t rt2,
                                uint32_t rn, int64_t offset)
{
    BUG_ON((offset & 7) != 0);
    BUG_ON(!a64_fits_signed(offset >> 3, 7));
    return 0xa8000000 | (uint32_t)mode << 23 | (load ? 1u << 22 : 0) |
           ((uint32_t)(offset >> 3) & 0x7f) << 15 | A64_R(rt2, 10) | A64_R(rn, 5) | A64_R(rt, 0);
}

/* Exclusive pairs of a loop; acquire and release forms. rs gets 0 when the store was done. */
static inline uint32_t a64_ldxr(uint32_t size_log2, bool acquire, uint32_t rt, uint32_t rn)
{
    return 0x085f7c00 | size_log2 << 30 | (acquire ? 0x8000u : 0) | A64_R(rn, 5) | A64_R(rt, 0);
}

static inline uint32_t a64_stxr(uint32_t size_log2, bool release, uint32_t rs, uint32_t rt,
                                uint32_t rn)
{
    return 0x08007c00 | size_log2 << 30 | A64_R(rs, 16) | (release ? 0x8000u : 0) | A64_R(rn, 5) |
           A64_R(rt, 0);
}

static inline uint32_t a64_ldar(uint32_t size_log2, uint32_t rt, uint32_t rn)
{
    return 0x08dffc00 | size_log2 << 30 | A64_R(rn, 5) | A64_R(rt, 0);
}

static inline uint32_t a64_stlr(uint32_t size_log2, uint32_t rt, uint32_t rn)
{
    return 0x089ffc00 | size_log2 << 30 | A64_R(rn, 5) | A64_R(rt, 0);
}

/* FEAT_LSE (C3.2.14): the old value to rt, memory becomes old OP rs; acquire and release by A and R.
 * rt = ZR with release only is the ST form. */
#define A64_LDADD 0x38200000u
#define A64_LDCLR 0x38201000u
#define A64_LDEOR 0x38202000u
#define A64_LDSET 0x38203000u
#define A64_SWP   0x38208000u
static inline uint32_t a64_atomic(uint32_t base, uint32_t size_log2, bool acquire, bool release,
                                  uint32_t rs, uint32_t rt, uint32_t rn)
{
    return base | size_log2 << 30 | (acquire ? 1u << 23 : 0) | (release ? 1u << 22 : 0) |
           A64_R(rs, 16) | A64_R(rn, 5) | A64_R(rt, 0);
}

/* If memory holds rs it becomes rt; rs gets the old value. */
static inline uint32_t a64_casal(uint32_t size_log2, uint32_t rs, uint32_t rt, uint32_t rn)
{
    return 0x08e0fc00 | size_log2 << 30 | A64_R(rs, 16) | A64_R(rn, 5) | A64_R(rt, 0);
}
