/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* Execution contexts: stacks that one host thread changes between.
 *
 * A switch saves the callee-saved registers on the stack that is left and restores those of the
 * other; only the stack pointer lives in the context. AddressSanitizer is told before and after
 * each switch (sanitizer/common_interface_defs.h: the "fiber" calls), else it would take the new
 * stack for an overflow of the old one. The bounds of a stack that we did not make (the host's) are
 * learnt from it at the first switch away. */
#include <arch/context.h>
#include <arch/irqflags.h>
#include <axiom/bug.h>

#include "sim_port.h"

extern void arch_sim_switch_stack(void **save_sp, void *load_sp);
extern void arch_sim_context_start(void);
_Noreturn void arch_sim_context_main(void);

/* Who was left and who was entered by the switch under way: read on the other stack. */
static struct arch_context *switch_from, *switch_to;

#if ARCH_SIM_ASAN
void __sanitizer_start_switch_fiber(void **fake_stack_save, const void *bottom, size_t size);
void __sanitizer_finish_switch_fiber(void *fake_stack, const void **bottom_old, size_t *size_old);

static void fiber_leave(void **fake_stack_save, const struct arch_context *to)
{
    __sanitizer_start_switch_fiber(fake_stack_save, to->stack_base, to->stack_size);
}

static void fiber_entered(void *fake_stack)
{
    const void *bottom = NULL;
    size_t size = 0;
    __sanitizer_finish_switch_fiber(fake_stack, &bottom, &size);
    if (switch_from != NULL) {
        switch_from->stack_base = bottom;
        switch_from->stack_size = size;
    }
}
#else
static void fiber_leave(void **fake_stack_save, const struct arch_context *to)
{
    (void)fake_stack_save;
    (void)to;
}

static void fiber_entered(void *fake_stack)
{
    (void)fake_stack;
}
#endif

/* What a stack holds that arch_sim_switch_stack() can "return" to. */
#if defined(__x86_64__)
struct first_frame {
    uint64_t registers[6];
    uint64_t return_address;
    uint64_t padding;
};
#define FRAME_RETURN(frame) ((frame)->return_address)
#elif defined(__aarch64__)
struct first_frame {
    uint64_t frame_pointer, return_address;
    uint64_t registers[18];
};
#define FRAME_RETURN(frame) ((frame)->return_address)
#endif
_Static_assert(sizeof(struct first_frame) % 16 == 0, "stacks are aligned to 16");

void arch_context_init(struct arch_context *context, void *stack_base, size_t stack_size,
                       void (*entry)(void *argument), void *argument)
{
    BUG_ON(stack_size < 4096);
    uintptr_t top = ((uintptr_t)stack_base + stack_size) & ~(uintptr_t)15;
    struct first_frame *frame = (struct first_frame *)(top - sizeof *frame);
    *frame = (struct first_frame){ 0 };
    FRAME_RETURN(frame) = (uint64_t)(uintptr_t)arch_sim_context_start;
    *context = (struct arch_context){
        .stack_pointer = frame,
        .entry = entry,
        .argument = argument,
        .stack_base = stack_base,
        .stack_size = stack_size,
    };
}

/* Called by arch_sim_context_start on the new stack. */
_Noreturn void arch_sim_context_main(void)
{
    struct arch_context *context = switch_to;
    fiber_entered(NULL);
    context->entry(context->argument);
    panic("a context's entry function returned");
}

void arch_context_switch(struct arch_context *from, struct arch_context *to)
{
    BUG_ON(!arch_irqs_disabled());
    if (from == to)
        return;
    switch_from = from;
    switch_to = to;
    fiber_leave(&from->fake_stack, to);
    arch_sim_switch_stack(&from->stack_pointer, to->stack_pointer);
    fiber_entered(from->fake_stack);
}

_Noreturn void arch_context_exit(struct arch_context *from, struct arch_context *to)
{
    BUG_ON(!arch_irqs_disabled());
    BUG_ON(from == to);
    switch_from = NULL; /* the caller's stack may be gone when the other side looks */
    switch_to = to;
    fiber_leave(NULL, to);
    arch_sim_switch_stack(&from->stack_pointer, to->stack_pointer);
    panic("a context that had exited was switched to");
}

void arch_context_destroy(struct arch_context *context)
{
    /* What frames the context never left have poisoned would trap the stack's next user. */
    arch_sim_unpoison(context->stack_base, context->stack_size);
    *context = (struct arch_context){ 0 };
}

void arch_sim_context_reset(void)
{
    switch_from = switch_to = NULL;
}
