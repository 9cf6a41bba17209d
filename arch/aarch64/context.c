/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* Execution contexts, and the FPU with them.
 *
 * The kernel's own code uses no FPU or SIMD registers, so most contexts have none to keep.
 * CPACR_EL1.FPEN forbids them to a context until its first such instruction traps (arm_fpu_take());
 * from then on its registers are saved and loaded at every switch. Nothing stays behind in another
 * CPU's registers, so a thread may go on anywhere. */
#include <axiom/bug.h>
#include <port/context.h>

#include "cpu.h"

#define CPACR_FPEN (UINT64_C(3) << 20)


struct first_frame { /* as port_switch_stack() loads it */
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

void port_context_change(struct arch_context *from, struct arch_context *to)
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

struct arch_context **port_context(void)
{
    return &arm_this_cpu()->context;
}
