/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* What a trap means: an interrupt, a first use of the FPU, or the kernel's end.
 *
 * Nothing in the kernel may fault: user memory is reached through page tables (arch/common/mmu.c), so
 * every other exception is a bug, but for two: a page that was mapped a moment ago may fault once,
 * because a CPU may remember that it was not (privileged specification, 4.2.1), and an instruction
 * that we try out. */
#include <arch/cpu.h>
#include <axiom/bits.h>
#include <axiom/bug.h>
#include <port/backtrace.h>
#include <port/console.h>
#include <port/kmap.h>
#include <port/port.h>

#include "cpu.h"
#include "image.h"

#define CAUSE_INTERRUPT   (UINT64_C(1) << 63)
#define CAUSE_ILLEGAL     2u
#define CAUSE_FETCH_FAULT 12u
#define CAUSE_LOAD_FAULT  13u
#define CAUSE_STORE_FAULT 15u

static const char *const names[] = {
    [0] = "misaligned instruction",
    [1] = "instruction access",
    [2] = "illegal instruction",
    [3] = "breakpoint",
    [4] = "misaligned load",
    [5] = "load access",
    [6] = "misaligned store",
    [7] = "store access",
    [8] = "call from user mode",
    [9] = "call from the kernel",
    [12] = "instruction page",
    [13] = "load page",
    [15] = "store page",
};

static bool is_page_fault(uint64_t cause)
{
    return cause == CAUSE_FETCH_FAULT || cause == CAUSE_LOAD_FAULT || cause == CAUSE_STORE_FAULT;
}

/* The tables allow it: then the CPU's memory of them was old. Not twice in a row. */
static bool was_spurious(const struct riscv_trap_frame *frame)
{
    struct riscv_cpu *cpu = riscv_this_cpu();
    uint32_t need = frame->scause == CAUSE_FETCH_FAULT  ? MMU_EXEC
                    : frame->scause == CAUSE_LOAD_FAULT ? MMU_READ
                                                        : MMU_WRITE;
    struct phys_addr page;
    uint32_t flags = 0;
    uint64_t here = frame->stval ^ frame->sepc << 1;
    if (frame->stval < ARCH_KERNEL_BASE || kmap_query(frame->stval, &page, &flags) != 0 ||
        (flags & need) == 0 || cpu->spurious_fault == here)
        return false;
    cpu->spurious_fault = here;
    __asm__ volatile("sfence.vma" ::: "memory");
    return true;
}

_Noreturn static void page_fault(const struct riscv_trap_frame *frame)
{
    uint64_t at = frame->stval;
    struct phys_addr page;
    uint32_t flags = 0;
    const char *what = frame->scause == CAUSE_FETCH_FAULT   ? "execution"
                       : frame->scause == CAUSE_STORE_FAULT ? "write"
                                                            : "read";
    const char *why = kmap_query(at, &page, &flags) == 0          ? "not allowed there"
                      : at < PAGE_SIZE                            ? "a NULL pointer"
                      : at - ARCH_WINDOW_BASE < UINT64_C(1) << 36 ? "a guard page, or given back"
                                                                  : "nothing is mapped there";
    panic("page fault: %s at 0x%016llx: %s", what, (unsigned long long)at, why);
}

static bool is_on_emergency_stack(const struct riscv_cpu *cpu, const struct riscv_trap_frame *frame)
{
    uint64_t base = (uint64_t)cpu->emergency_stack;
    return (uint64_t)frame - base < EMERGENCY_STACK_SIZE;
}

_Noreturn static void fatal(struct riscv_trap_frame *frame)
{
    struct riscv_cpu *cpu = riscv_this_cpu();
    cpu->fatal = frame;
    if (is_on_emergency_stack(cpu, frame) && !cpu->on_emergency_stack) {
        cpu->on_emergency_stack = true;
        /* A fault while this one is told goes on below it. */
        riscv_stack_note((uint64_t)cpu->emergency_stack, EMERGENCY_STACK_SIZE);
        panic("the stack at 0x%016llx is not usable (overflow?)", (unsigned long long)frame->x[2]);
    }
    if (is_page_fault(frame->scause))
        page_fault(frame);
    const char *name = frame->scause < ARRAY_SIZE(names) && names[frame->scause] != NULL
                           ? names[frame->scause]
                           : "unknown";
    panic("%s (exception %llu, value 0x%llx)", name, (unsigned long long)frame->scause,
          (unsigned long long)frame->stval);
}

static void exception(struct riscv_trap_frame *frame)
{
    struct riscv_cpu *cpu = riscv_this_cpu();
    if (frame->scause == CAUSE_ILLEGAL && cpu->probing) {
        cpu->probing = false;
        frame->sepc += 4; /* an access of a register: never a short instruction */
        return;
    }
    if (frame->scause == CAUSE_ILLEGAL && riscv_fpu_take(frame))
        return;
    if (is_page_fault(frame->scause) && !is_on_emergency_stack(cpu, frame) && was_spurious(frame))
        return;
    fatal(frame);
}

void riscv_trap(struct riscv_trap_frame *frame)
{
    if ((frame->scause & CAUSE_INTERRUPT) == 0) {
        exception(frame);
        return;
    }
    riscv_stop_if_asked(frame->sepc, frame->x[8]);
    image_interrupt(frame->scause & ~CAUSE_INTERRUPT);
}

bool port_trap_print(uint64_t *pc, uint64_t *fp)
{
    static const char *const register_names[32] = {
        "",   "ra", "sp", "gp", "tp",  "t0",  "t1", "t2", "s0", "s1", "a0",
        "a1", "a2", "a3", "a4", "a5",  "a6",  "a7", "s2", "s3", "s4", "s5",
        "s6", "s7", "s8", "s9", "s10", "s11", "t3", "t4", "t5", "t6",
    };
    const struct riscv_trap_frame *f = riscv_this_cpu()->fatal;
    if (f == NULL)
        return false;
#define U(x) ((unsigned long long)(x))
    console_print("  sepc %016llx sstatus %016llx scause %llx stval %016llx", U(f->sepc),
                  U(f->sstatus), U(f->scause), U(f->stval));
    for (uint32_t i = 1; i < 32; i += 4) {
        uint32_t d = i + 3 < 32 ? i + 3 : i; /* x31 is the last: 31 registers */
        if (d == i)
            console_print("  %-3s %016llx %-3s %016llx %-3s %016llx", register_names[i], U(f->x[i]),
                          register_names[i + 1], U(f->x[i + 1]), register_names[i + 2],
                          U(f->x[i + 2]));
        else
            console_print("  %-3s %016llx %-3s %016llx %-3s %016llx %-3s %016llx",
                          register_names[i], U(f->x[i]), register_names[i + 1], U(f->x[i + 1]),
                          register_names[i + 2], U(f->x[i + 2]), register_names[d], U(f->x[d]));
    }
#undef U
    *pc = f->sepc;
    *fp = f->x[8];
    return true;
}
