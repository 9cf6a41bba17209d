/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* Execution contexts, and the FPU with them.
 *
 * The kernel's own code uses no FPU or SIMD registers, so most contexts have none to keep.
 * CPACR_EL1.FPEN forbids them to a context until its first such instruction traps (arm_fpu_take());
 * from then on its registers are saved and loaded at every switch. Nothing stays behind in another
 * CPU's registers, so a thread may go on anywhere. */
#include <arch/irqflags.h>
#include <axiom/bug.h>

#include "cpu.h"

#define CPACR_FPEN (UINT64_C(3) << 20)

_Noreturn void arm_context_main(void);

struct first_frame { /* as arm_switch_stack() loads it */
    uint64_t fp, return_address;
    uint64_t x19_to_x28[10];
};

void arch_context_init(struct arch_context *context, void *stack_base, size_t stack_size,
                       void (*entry)(void *argument), void *argument)
{
    BUG_ON(stack_size < 4096);
    uint64_t top = ((uint64_t)stack_base + stack_size) & ~UINT64_C(15);
    struct first_frame *frame = (struct first_frame *)(top - sizeof *frame);
    *frame = (struct first_frame){ .return_address = (uint64_t)arm_context_start };
    context->stack_pointer = (uint64_t)frame;
    context->entry = entry;
    context->argument = argument;
    context->uses_fpu = false;
}

static void fpu_open(bool open)
{
    ARM_WRITE("cpacr_el1", open ? CPACR_FPEN : 0);
    ARM_ISB();
}

bool arm_fpu_take(void)
{
    struct arch_context *context = arm_this_cpu()->context;
    if (context == NULL)
        return false;
    fpu_open(true);
    arm_fpu_clear();
    context->uses_fpu = true;
    return true;
}

static void fpu_switch(struct arch_context *from, struct arch_context *to)
{
    if (from->uses_fpu)
        arm_fpu_save(from->fpu);
    if (to->uses_fpu) {
        fpu_open(true);
        arm_fpu_load(to->fpu);
    } else if (from->uses_fpu) {
        fpu_open(false);
    }
}

_Noreturn void arm_context_main(void)
{
    struct arch_context *context = arm_this_cpu()->context;
    context->entry(context->argument);
    panic("a context's entry function returned");
}

void arch_context_switch(struct arch_context *from, struct arch_context *to)
{
    BUG_ON(!arch_irqs_disabled());
    if (from == to)
        return;
    fpu_switch(from, to);
    arm_this_cpu()->context = to;
    arm_switch_stack(&from->stack_pointer, to->stack_pointer);
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
