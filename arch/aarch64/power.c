/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* Off and reboot by PSCI; under a test bench by semihosting (Arm, "Semihosting for AArch32 and
 * AArch64", SYS_EXIT), whose host takes a status. */
#include "power.h"

#include <port/console.h>
#include <port/port.h>

#include "psci.h"

#define SYS_EXIT               0x18u
#define ADP_STOPPED_BY_PROGRAM UINT64_C(0x20026)
#define STATUS_FIRST           33u /* + 2 * enum port_exit, as on other CPUs */

static bool bench;

void power_init(bool has_bench)
{
    bench = has_bench;
}

_Noreturn void port_halt(void)
{
    for (;;)
        __asm__ volatile("msr daifset, #0xf\n\twfi");
}

static void bench_exit(enum port_exit how)
{
    const uint64_t block[2] = { ADP_STOPPED_BY_PROGRAM, STATUS_FIRST + 2 * (uint64_t)how };
    register uint64_t x0 __asm__("x0") = SYS_EXIT;
    register const uint64_t *x1 __asm__("x1") = block;
    __asm__ volatile("hlt #0xf000" : "+r"(x0) : "r"(x1) : "memory");
}

_Noreturn void port_exit(enum port_exit how)
{
    __asm__ volatile("msr daifset, #2" ::: "memory");
    if (bench)
        bench_exit(how);
    if (how == PORT_EXIT_REBOOT)
        psci_system_reset();
    if (how == PORT_EXIT_OFF || how == PORT_EXIT_FAILED)
        psci_system_off();
    console_print("axiom: the machine can be switched off");
    port_halt();
}
