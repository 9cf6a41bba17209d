/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* Off and reboot are the firmware's (SBI SRST). */
#include "power.h"

#include <port/console.h>
#include <port/port.h>

#include "cpu.h"
#include "sbi.h"

#define SEMIHOSTING_EXIT_EXTENDED 0x20u /* Arm semihosting, 7.13: RISC-V's calls are the same */
#define STOPPED_APPLICATION_EXIT  0x20026u

void riscv_semihosting(uint64_t operation, const uint64_t *parameters);

static bool debug_exit;

void power_init(bool has_debug_exit)
{
    debug_exit = has_debug_exit;
}

_Noreturn void port_halt(void)
{
    CSR_CLEAR("sstatus", 2);
    CSR_WRITE("sie", 0);
    for (;;)
        __asm__ volatile("wfi");
}

_Noreturn void port_exit(enum port_exit how)
{
    CSR_CLEAR("sstatus", 2);
    if (debug_exit) {
        const uint64_t parameters[2] = { STOPPED_APPLICATION_EXIT, 33 + 2 * (uint64_t)how };
        riscv_semihosting(SEMIHOSTING_EXIT_EXTENDED, parameters);
    }
    if (how == PORT_EXIT_REBOOT)
        sbi_reboot();
    if (how == PORT_EXIT_OFF || how == PORT_EXIT_FAILED)
        sbi_shutdown(how == PORT_EXIT_FAILED);
    console_print("axiom: the machine can be switched off");
    port_halt();
}
