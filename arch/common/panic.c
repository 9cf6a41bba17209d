/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* The end of an image that cannot go on: registers, who called whom, the other CPUs, and out.
 *
 * A fault in here (a broken stack, say) comes back: the second time less is printed, the third time
 * nothing. */
#include <arch/cpu.h>
#include <port/backtrace.h>
#include <port/console.h>
#include <port/port.h>

static uint32_t depth;

_Noreturn void arch_panic(void)
{
    uint32_t before = __atomic_fetch_add(&depth, 1, __ATOMIC_RELAXED);
    if (before >= 2)
        port_halt();
    if (before == 1) {
        console_print("a fault while panicking; halted");
        port_exit(PORT_EXIT_PANIC);
    }
    uint64_t pc, fp;
    console_print("CPU %u:", arch_cpu_id());
    if (port_trap_print(&pc, &fp))
        backtrace_print(pc, fp);
    else
        backtrace_print_here();
    port_stop_others();
    port_exit(PORT_EXIT_PANIC);
}
