/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#include "fp_trap.h"

#include <axiom/bits.h>
#include <string.h>

#define FPEN_AT         20u
#define FPEN_ALL        3u
#define FPEN_EL1        1u
#define PSTATE_EL       0xcu /* two bits: the level, times 4 */
#define PSTATE_MASK     0x3c0u
#define PSTATE_EL1H     0x5u
#define PSTATE_SPSEL    0x1u
#define PSTATE_KEPT     0xf0400000u /* NZCV, PAN */
#define SYNDROME_FP     0x1fe00000u /* EC 0x07, IL, condition valid and always */
#define VECTOR_SAME_SP0 0x000u
#define VECTOR_SAME     0x200u
#define VECTOR_LOWER    0x400u
#define WALK_LEVELS     4u

void fp_trap_init(struct fp_trap *trap, void *ram, uint64_t ram_size)
{
    *trap = (struct fp_trap){ .ram = ram, .ram_size = ram_size };
    fp_trap_cpacr(trap, 0);
}

void fp_trap_cpacr(struct fp_trap *trap, uint64_t value)
{
    trap->cpacr = value;
}

void fp_trap_forget(struct fp_trap *trap)
{
    memset(trap->seen, 0, sizeof trap->seen);
}

/* --- reading the guest's code --- */

static uint64_t system_register(uc_engine *uc, uint32_t crn, uint32_t crm, uint32_t op2)
{
    uc_arm64_cp_reg reg = { .op0 = 3, .op1 = 0, .crn = crn, .crm = crm, .op2 = op2 };
    uc_reg_read(uc, UC_ARM64_REG_CP_REG, &reg);
    return reg.val;
}

static void system_register_set(uc_engine *uc, uint32_t crn, uint32_t crm, uint32_t op2,
                                uint64_t value)
{
    uc_arm64_cp_reg reg = { .op0 = 3, .op1 = 0, .crn = crn, .crm = crm, .op2 = op2, .val = value };
    uc_reg_write(uc, UC_ARM64_REG_CP_REG, &reg);
}

static bool read_ram(const struct fp_trap *trap, uint64_t at, void *out, uint32_t size)
{
    if (at > trap->ram_size || size > trap->ram_size - at)
        return false;
    memcpy(out, trap->ram + at, size);
    return true;
}

/* Stage 1 with 4 KiB granules (Arm ARM D8.2); false: not mapped, or other granules. */
static bool translate(const struct fp_trap *trap, uc_engine *uc, uint64_t address, uint64_t *out)
{
    const uint64_t output = 0x0000fffffffff000u;
    const uint64_t base = 0x0000ffffffffffc0u; /* the first level's table may be less than a page */
    uint64_t sctlr = system_register(uc, 1, 0, 0), tcr = system_register(uc, 2, 0, 2);
    bool high = address >> 63 != 0;
    *out = address;
    if ((sctlr & 1) == 0)
        return true;
    uint32_t bits = 64 - (uint32_t)(tcr >> (high ? 16 : 0) & 0x3f);
    uint32_t level = bits > 39 ? 0 : bits > 30 ? 1 : 2;
    uint64_t table = system_register(uc, 2, 0, high ? 1 : 0) & base, entry;
    for (; level < WALK_LEVELS; level++) {
        uint32_t shift = 12 + 9 * (WALK_LEVELS - 1 - level);
        uint32_t width = bits - shift < 9 ? bits - shift : 9;
        uint64_t index = address >> shift & ((1ull << width) - 1);
        if (!read_ram(trap, table + 8 * index, &entry, sizeof entry) || (entry & 1) == 0)
            return false;
        bool leaf = level == WALK_LEVELS - 1 || (entry & 2) == 0;
        if (leaf) {
            uint64_t offset = (1ull << shift) - 1;
            *out = (entry & output & ~offset) | (address & offset);
            return true;
        }
        table = entry & output;
    }
    return false;
}

/* Arm ARM C4.1: op0 (bits 28:25) is x111 for SIMD and floating point, x1x0 with V (bit 26) for its loads and stores. FPCR and
 * FPSR are system registers of op1 3, CRn 4, CRm 4. */
static bool is_fp(uint32_t instruction)
{
    uint32_t op0 = instruction >> 25 & 0xf;
    if ((op0 & 7) == 7 || ((op0 & 5) == 4 && (instruction & BIT(26)) != 0))
        return true;
    return (instruction & 0xffdfff00u) == 0xd51b4400u;
}

static bool has_fp(const struct fp_trap *trap, uc_engine *uc, uint64_t address, uint32_t size)
{
    for (uint32_t i = 0; i < size; i += 4) {
        uint64_t physical;
        uint32_t instruction;
        if (!translate(trap, uc, address + i, &physical) ||
            !read_ram(trap, physical, &instruction, sizeof instruction))
            return false; /* it will fault */
        if (is_fp(instruction))
            return true;
    }
    return false;
}

static bool block_has_fp(struct fp_trap *trap, uc_engine *uc, uint64_t address, uint32_t size)
{
    uint64_t *seen = &trap->seen[(address >> 2) % FP_TRAP_CACHE];
    if ((*seen & ~3ull) != address || *seen == 0)
        *seen = address | (has_fp(trap, uc, address, size) ? 1 : 2);
    return (*seen & 1) != 0;
}

/* --- the trap --- */

static bool traps_all(const struct fp_trap *trap)
{
    uint32_t fpen = (uint32_t)(trap->cpacr >> FPEN_AT) & FPEN_ALL;
    return fpen != FPEN_ALL && fpen != FPEN_EL1;
}

bool fp_trap_due(struct fp_trap *trap, uc_engine *uc, uint64_t address, uint32_t size)
{
    uint64_t pstate = 0;
    if ((trap->cpacr >> FPEN_AT & FPEN_ALL) == FPEN_ALL || !block_has_fp(trap, uc, address, size))
        return false;
    uc_reg_read(uc, UC_ARM64_REG_PSTATE, &pstate);
    uint64_t level = (pstate & PSTATE_EL) / 4;
    return level == 0 || (level == 1 && traps_all(trap));
}

void fp_trap_take(uc_engine *uc, uint64_t *pc)
{
    uint64_t pstate = 0;
    uc_reg_read(uc, UC_ARM64_REG_PSTATE, &pstate);
    uint64_t vector = (pstate & PSTATE_EL) == 0      ? VECTOR_LOWER
                      : (pstate & PSTATE_SPSEL) == 0 ? VECTOR_SAME_SP0
                                                     : VECTOR_SAME;
    system_register_set(uc, 5, 2, 0, SYNDROME_FP);
    system_register_set(uc, 4, 0, 1, *pc);
    system_register_set(uc, 4, 0, 0, pstate);
    *pc = system_register(uc, 12, 0, 0) + vector;
    if ((pstate & PSTATE_SPSEL) == 0) { /* the handler has the level's own stack pointer */
        uint64_t sp = 0;
        uc_reg_read(uc, UC_ARM64_REG_SP, &sp);
        uc_reg_write(uc, UC_ARM64_REG_SP_EL0, &sp);
        uc_reg_read(uc, UC_ARM64_REG_SP_EL1, &sp);
        uc_reg_write(uc, UC_ARM64_REG_SP, &sp);
    }
    pstate = (pstate & PSTATE_KEPT) | PSTATE_MASK | PSTATE_EL1H;
    uc_reg_write(uc, UC_ARM64_REG_PSTATE, &pstate);
}
