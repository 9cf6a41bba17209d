/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* Traps of floating point and SIMD by CPACR_EL1.FPEN, by which kernels keep vector registers lazily. Unicorn 2.0.1 has
 * taken them out (its fp_exception_el() returns 0), so the board does it: while they are on, the instructions of
 * each block that is about to run are looked at, and a block that has one of those is trapped at its
 * start. For a handler which switches them on and returns that is the same. */
#pragma once
#include <axiom/types.h>
#include <unicorn/unicorn.h>

#define FP_TRAP_CACHE 4096u /* blocks */

struct fp_trap {
    uint64_t cpacr;
    uint8_t *ram; /* physical address 0 */
    uint64_t ram_size;
    /* Blocks that were looked at; the lowest bit of an address says what was found. 0: none. */
    uint64_t seen[FP_TRAP_CACHE];
};

void fp_trap_init(struct fp_trap *trap, void *ram, uint64_t ram_size);
/* CPACR_EL1 was written. */
void fp_trap_cpacr(struct fp_trap *trap, uint64_t value);
/* Code or page tables have changed. */
void fp_trap_forget(struct fp_trap *trap);

/* In UC_HOOK_BLOCK: the block must not run; stop, and call fp_trap_take() after uc_emu_start() has returned. */
bool fp_trap_due(struct fp_trap *trap, uc_engine *uc, uint64_t address, uint32_t size);
/* Takes the exception to EL1: EC 0x07 (Arm ARM D17.2.37). *pc: where the block begins, then the vector. */
void fp_trap_take(uc_engine *uc, uint64_t *pc);
