/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* What the files of arch/riscv64 share: the per-CPU block, registers of the CPU itself. trap.S and
 * boot.S know the offsets that asm.h names. */
#pragma once
#include "asm.h"

#include <arch/context.h>
#include <arch/mmu.h>
#include <axiom/types.h>

#define EMERGENCY_STACK_SIZE 8192u

/* trap.S builds it. */
struct riscv_trap_frame {
    uint64_t x[32]; /* x[0] is not a register: unused */
    uint64_t sepc, sstatus, scause, stval;
    uint64_t record[2]; /* {s0, sepc}: as if the interrupted instruction had called */
};
_Static_assert(sizeof(struct riscv_trap_frame) == FRAME_SIZE, "asm.h");

struct riscv_cpu {     /* tp, and sscratch in the kernel */
    uint32_t id;       /* must be first: arch_cpu_id() */
    uint32_t started;  /* arch_cpu_start() was called and it is not parked yet */
    uint64_t saved[3]; /* trap.S's: t0, t1, sp */
    /* Of what runs: where a trap may build its frame. */
    uint64_t stack_base, stack_size;
    uint64_t emergency_top; /* where it does if it cannot there */
    /* How boot.S brings a secondary CPU up: */
    uint64_t satp, stack_top, start;
    uint32_t parked; /* the last store of a CPU that ends */
    uint32_t claim;  /* CLAIM_ASKED, CLAIM_COME: whether the stack above is still its */
    uint64_t hart;
    bool on_emergency_stack;
    struct arch_context *context;   /* that runs; NULL before the first switch */
    struct riscv_trap_frame *fatal; /* the trap that ends in a panic */
    uint64_t spurious_fault;        /* address of the last one that was none */
    bool probing;                   /* the next illegal instruction is skipped, and clears this */
    uint8_t emergency_stack[EMERGENCY_STACK_SIZE] __attribute__((aligned(16)));
};
_Static_assert(__builtin_offsetof(struct riscv_cpu, saved) == CPU_SAVED, "asm.h");
_Static_assert(__builtin_offsetof(struct riscv_cpu, stack_base) == CPU_STACK_BASE, "asm.h");
_Static_assert(__builtin_offsetof(struct riscv_cpu, emergency_top) == CPU_EMERGENCY_TOP, "asm.h");
_Static_assert(__builtin_offsetof(struct riscv_cpu, satp) == CPU_SATP, "asm.h");
_Static_assert(__builtin_offsetof(struct riscv_cpu, parked) == CPU_PARKED, "asm.h");
_Static_assert(__builtin_offsetof(struct riscv_cpu, claim) == CPU_CLAIM, "asm.h");

_Static_assert(__builtin_offsetof(struct riscv_cpu, hart) == CPU_HART, "asm.h");
_Static_assert(sizeof(struct riscv_cpu) == CPU_SIZE, "asm.h");
_Static_assert(CPU_MAX == CPU_COUNT, "asm.h");

extern struct riscv_cpu riscv_cpus[CPU_MAX];

static inline struct riscv_cpu *riscv_this_cpu(void)
{
    struct riscv_cpu *cpu;
    __asm__ volatile("mv %0, tp" : "=r"(cpu));
    return cpu;
}

#define CSR_READ(name)                                                  \
    ({                                                                  \
        uint64_t csr_value;                                             \
        __asm__ volatile("csrr %0, " name : "=r"(csr_value)::"memory"); \
        csr_value;                                                      \
    })
#define CSR_WRITE(name, value) \
    __asm__ volatile("csrw " name ", %0" ::"r"((uint64_t)(value)) : "memory")
#define CSR_SET(name, bits) __asm__ volatile("csrs " name ", %0" ::"r"((uint64_t)(bits)) : "memory")
#define CSR_CLEAR(name, bits) \
    __asm__ volatile("csrc " name ", %0" ::"r"((uint64_t)(bits)) : "memory")
#define CSR_STIMECMP "0x14d" /* Sstc 1.0; not every assembler knows the name */

#define SSTATUS_SPP      UINT64_C(0x100)
#define SSTATUS_FS       UINT64_C(0x6000)
#define SSTATUS_FS_CLEAN UINT64_C(0x4000)
#define SSTATUS_FS_DIRTY UINT64_C(0x6000)
#define SATP_SV39        (UINT64_C(8) << 60)

#define IRQ_SOFTWARE 1u
#define IRQ_TIMER    5u
#define IRQ_EXTERNAL 9u

/* cpu.c: tp, sscratch, traps, which interrupts come; of the calling CPU. */
void riscv_cpu_init(uint32_t id, uint64_t hart);
/* Whether its alarm is a register (Sstc) or the firmware's; once, on the boot CPU. */
void riscv_timer_probe(const char *isa);
void riscv_timer_set(uint64_t ticks);

/* trap.S */
extern const char riscv_trap_entry[];
void riscv_trap(struct riscv_trap_frame *frame);

/* context.c: the FPU is the running context's from now on. False: nothing runs that may use it, or
 * there is none. */
bool riscv_fpu_take(struct riscv_trap_frame *frame);
/* The stack of what runs now, where no context says it. */
void riscv_stack_note(uint64_t base, uint64_t size);

/* Where the image was loaded. */
extern uint64_t riscv_image_phys;
static inline uint64_t riscv_phys_of(const void *at)
{
    return (uint64_t)at - ARCH_IMAGE_BASE + riscv_image_phys;
}
