/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* Execution contexts, and the FPU with them.
 *
 * The kernel's own code uses no floating point, so most contexts have no such state to keep.
 * sstatus.FS is off for a context until its first such instruction traps (riscv_fpu_take()); from
 * then on its registers are loaded at every switch to it, and saved where the CPU says that they
 * changed (FS dirty; privileged specification, 3.1.6.6). Nothing stays behind in another CPU's
 * registers, so a thread may go on anywhere. */
#include <axiom/bug.h>
#include <port/context.h>

#include "cpu.h"

#define CALLEE_SAVED 14u /* trap.S, port_switch_stack(): ra, s0 to s11, and padding */

void riscv_context_start(void);

void arch_context_init(struct arch_context *context, void *stack_base, size_t stack_size,
                       void (*entry)(void *argument), void *argument)
{
    BUG_ON(stack_size < 4096);
    uint64_t top = ((uint64_t)stack_base + stack_size) & ~UINT64_C(15);
    uint64_t *registers = (uint64_t *)top - CALLEE_SAVED;
    for (uint32_t i = 0; i < CALLEE_SAVED; i++)
        registers[i] = 0;
    registers[0] = (uint64_t)riscv_context_start;
    context->stack_pointer = (uint64_t)registers;
    context->stack_base = (uint64_t)stack_base;
    context->stack_size = stack_size;
    context->entry = entry;
    context->argument = argument;
    context->uses_fpu = false;
}

// clang-format off
#define F_REGISTERS(op)                                                                          \
    ".option push\n\t.option arch, +d\n\t"                                                       \
    op " f0, 0(%0)\n\t" op " f1, 8(%0)\n\t" op " f2, 16(%0)\n\t" op " f3, 24(%0)\n\t"              \
    op " f4, 32(%0)\n\t" op " f5, 40(%0)\n\t" op " f6, 48(%0)\n\t" op " f7, 56(%0)\n\t"            \
    op " f8, 64(%0)\n\t" op " f9, 72(%0)\n\t" op " f10, 80(%0)\n\t" op " f11, 88(%0)\n\t"          \
    op " f12, 96(%0)\n\t" op " f13, 104(%0)\n\t" op " f14, 112(%0)\n\t" op " f15, 120(%0)\n\t"     \
    op " f16, 128(%0)\n\t" op " f17, 136(%0)\n\t" op " f18, 144(%0)\n\t" op " f19, 152(%0)\n\t"    \
    op " f20, 160(%0)\n\t" op " f21, 168(%0)\n\t" op " f22, 176(%0)\n\t" op " f23, 184(%0)\n\t"    \
    op " f24, 192(%0)\n\t" op " f25, 200(%0)\n\t" op " f26, 208(%0)\n\t" op " f27, 216(%0)\n\t"    \
    op " f28, 224(%0)\n\t" op " f29, 232(%0)\n\t" op " f30, 240(%0)\n\t" op " f31, 248(%0)\n\t"    \
    ".option pop"
// clang-format on

static void fpu_save(struct arch_context *context)
{
    __asm__ volatile(F_REGISTERS("fsd")::"r"(context->f) : "memory");
    context->fcsr = CSR_READ("fcsr");
}

static void fpu_load(const struct arch_context *context)
{
    CSR_SET("sstatus", SSTATUS_FS);
    __asm__ volatile(F_REGISTERS("fld")::"r"(context->f) : "memory");
    CSR_WRITE("fcsr", context->fcsr);
    CSR_CLEAR("sstatus", SSTATUS_FS_DIRTY & ~SSTATUS_FS_CLEAN);
}

bool riscv_fpu_take(struct riscv_trap_frame *frame)
{
    struct arch_context *context = riscv_this_cpu()->context;
    if (context == NULL || (frame->sstatus & SSTATUS_FS) != 0)
        return false;
    CSR_SET("sstatus", SSTATUS_FS);
    if ((CSR_READ("sstatus") & SSTATUS_FS) == 0)
        return false; /* hard-wired: there is none */
    for (uint32_t i = 0; i < 32; i++)
        context->f[i] = 0;
    context->fcsr = 0; /* round to nearest, no exceptions */
    fpu_load(context);
    frame->sstatus |= SSTATUS_FS_DIRTY;
    context->uses_fpu = true;
    return true;
}

static void fpu_switch(struct arch_context *from, struct arch_context *to)
{
    if (from->uses_fpu && (CSR_READ("sstatus") & SSTATUS_FS) == SSTATUS_FS_DIRTY)
        fpu_save(from);
    if (to->uses_fpu)
        fpu_load(to);
    else if (from->uses_fpu)
        CSR_CLEAR("sstatus", SSTATUS_FS);
}

/* The trap entry looks at these with interrupts masked or not: only this CPU writes them, before sp
 * moves, and a trap in between is the kernel's end anyway. */
static void stack_switch(struct arch_context *from, const struct arch_context *to)
{
    struct riscv_cpu *cpu = riscv_this_cpu();
    if (from->stack_size == 0) {
        from->stack_base = cpu->stack_base;
        from->stack_size = cpu->stack_size;
    }
    cpu->stack_base = to->stack_base;
    cpu->stack_size = to->stack_size;
}

void riscv_stack_note(uint64_t base, uint64_t size)
{
    struct riscv_cpu *cpu = riscv_this_cpu();
    cpu->stack_base = base;
    cpu->stack_size = size;
}

struct arch_context **port_context(void)
{
    return &riscv_this_cpu()->context;
}

void port_context_change(struct arch_context *from, struct arch_context *to)
{
    fpu_switch(from, to);
    stack_switch(from, to);
}
