/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* One Cortex-A76 of the board: Unicorn runs its instructions, the machine (sim/) answers what leaves it.
 *
 * Memory and devices reach it by physical addresses; the generic timer's registers, which Unicorn would
 * answer with the host's clock, go to the machine's model. An SMC is a call of the firmware (psci.h). Each
 * instruction takes CPU_INSTRUCTION_PS of virtual time: a counter, not a model of the pipeline. */
#pragma once
#include "fp_trap.h"

#include <axiom/types.h>
#include <unicorn/unicorn.h>

#define CPU_INSTRUCTION_PS 417u /* one a cycle at 2.4 GHz */

enum cpu_state {
    CPU_STATE_OFF,
    CPU_STATE_RUNNING,
    CPU_STATE_WAITING, /* WFI */
};

struct cpu {
    uc_engine *uc;
    uint32_t index;
    enum cpu_state state;
    bool line;  /* of interrupts */
    bool leave; /* stop before the next block */
    bool trap;  /* floating point is to be trapped where it stopped */
    bool stale_code, stale_tables;
    bool again;        /* uc_emu_start() has to be called again */
    uint64_t pc;       /* where it goes on */
    uint64_t budget;   /* instructions until another CPU's turn */
    uint64_t executed; /* instructions, ever */
    uint64_t exceptions; /* taken, ever */
    uint64_t uncharged_ps;
    struct fp_trap fp;
};

struct cpu_memory {
    void *base; /* of physical address 0 */
    uint64_t size;
};

/* The registers of the board that instructions can reach: [begin, begin + size) of physical addresses. */
struct cpu_window {
    uint64_t begin, size;
};

/* False: reason says why. */
bool cpu_create(struct cpu *cpu, uint32_t index, const struct cpu_memory *memory,
                const struct cpu_window *windows, uint32_t window_count, char *reason, size_t size);
void cpu_destroy(struct cpu *cpu);

/* From reset, in EL2 with everything masked and x0 to x3 as given. */
void cpu_start(struct cpu *cpu, uint64_t entry, const uint64_t x[4]);

/* Until it waits, is off, has executed `instructions`, or cpu->leave is set. False: it met what Unicorn
 * cannot go on from; reason says it. */
bool cpu_run(struct cpu *cpu, uint64_t instructions, char *reason, size_t size);

void cpu_line(struct cpu *cpu, bool active);

/* Another CPU has invalidated what this one may have kept: its instruction cache, or else its TLB. */
void cpu_forget(struct cpu *cpu, bool code);

/* The affinity by which firmware and MPIDR_EL1 name CPU `index` (Aff1, Cortex-A76). */
static inline uint64_t cpu_affinity(uint32_t index)
{
    return (uint64_t)index << 8;
}
