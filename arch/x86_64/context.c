/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* Execution contexts, and the FPU with them.
 *
 * The kernel's own code uses no FPU or vector registers, so most contexts have none to keep. CR0.TS
 * is set for a context until its first such instruction traps (#NM, x86_fpu_take()); from then on its
 * registers are saved and loaded at every switch. Nothing stays behind in another CPU's registers,
 * so a thread may go on anywhere. */
#include <arch/irqflags.h>
#include <axiom/bug.h>

#include "cpu.h"

#define CR0_TS 0x8u

void x86_switch_stack(uint64_t *save_sp, uint64_t load_sp);
void x86_context_start(void);
_Noreturn void x86_context_main(void);

struct first_frame {
    uint64_t registers[6];
    uint64_t return_address;
    uint64_t padding;
};

void arch_context_init(struct arch_context *context, void *stack_base, size_t stack_size,
                       void (*entry)(void *argument), void *argument)
{
    BUG_ON(stack_size < 4096);
    uint64_t top = ((uint64_t)stack_base + stack_size) & ~UINT64_C(15);
    struct first_frame *frame = (struct first_frame *)(top - sizeof *frame);
    *frame = (struct first_frame){ .return_address = (uint64_t)x86_context_start };
    context->stack_pointer = (uint64_t)frame;
    context->entry = entry;
    context->argument = argument;
    context->uses_fpu = false;
}

static void *fpu_area(struct arch_context *context)
{
    return (void *)(((uint64_t)context->fpu + 15) & ~UINT64_C(15));
}

static void ts_set(void)
{
    uint64_t cr0;
    __asm__ volatile("movq %%cr0, %0" : "=r"(cr0));
    __asm__ volatile("movq %0, %%cr0" ::"r"(cr0 | CR0_TS));
}

static void ts_clear(void)
{
    __asm__ volatile("clts");
}

bool x86_fpu_take(void)
{
    struct arch_context *context = x86_this_cpu()->context;
    if (context == NULL)
        return false;
    ts_clear();
    static const uint32_t mxcsr = 0x1f80; /* all exceptions masked, round to nearest */
    __asm__ volatile("fninit\n\tldmxcsr %0" ::"m"(mxcsr));
    context->uses_fpu = true;
    return true;
}

static void fpu_switch(struct arch_context *from, struct arch_context *to)
{
    if (from->uses_fpu)
        __asm__ volatile("fxsave64 (%0)" ::"r"(fpu_area(from)) : "memory");
    if (to->uses_fpu) {
        ts_clear();
        __asm__ volatile("fxrstor64 (%0)" ::"r"(fpu_area(to)) : "memory");
    } else if (from->uses_fpu) {
        ts_set();
    }
}

_Noreturn void x86_context_main(void)
{
    struct arch_context *context = x86_this_cpu()->context;
    context->entry(context->argument);
    panic("a context's entry function returned");
}

void arch_context_switch(struct arch_context *from, struct arch_context *to)
{
    BUG_ON(!arch_irqs_disabled());
    if (from == to)
        return;
    fpu_switch(from, to);
    x86_this_cpu()->context = to;
    x86_switch_stack(&from->stack_pointer, to->stack_pointer);
}

_Noreturn void arch_context_exit(struct arch_context *from, struct arch_context *to)
{
    arch_context_switch(from, to);
    panic("a context that had exited was switched to");
}

void arch_context_destroy(struct arch_context *context)
{
    context->stack_pointer = 0;
}
