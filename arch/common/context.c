/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#include <arch/irqflags.h>
#include <axiom/bug.h>
#include <port/context.h>

_Noreturn void port_context_main(void)
{
    struct arch_context *context = *port_context();
    context->entry(context->argument);
    panic("a context's entry function returned");
}

void arch_context_switch(struct arch_context *from, struct arch_context *to)
{
    BUG_ON(!arch_irqs_disabled());
    if (from == to)
        return;
    port_context_change(from, to);
    *port_context() = to;
    port_switch_stack(&from->stack_pointer, to->stack_pointer);
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
