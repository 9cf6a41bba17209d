/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* Execution contexts, and the FPU with them.
 *
 * The kernel's own code uses no FPU or vector registers, so most contexts have none to keep. CR0.TS
 * is set for a context until its first such instruction traps (#NM, x86_fpu_take()); from then on its
 * registers are saved and loaded at every switch. Nothing stays behind in another CPU's registers,
 * so a thread may go on anywhere. */
#include <axiom/bug.h>
#include <port/context.h>

#include "cpu.h"

#define CR0_TS 0x8u

void x86_context_start(void);

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

void port_context_change(struct arch_context *from, struct arch_context *to)
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

struct arch_context **port_context(void)
{
    return &x86_this_cpu()->context;
}
