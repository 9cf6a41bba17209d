/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* An image that runs on its own board: real registers, real time. */
#include <arch/cpu.h>
#include <axiom/event.h>
#include <axiom/log.h>
#include <port/console.h>
#include <port/port.h>

const char image_name[] = "axiom";

int image_run(struct boot_info *info, struct memmap *map)
{
    (void)map;
    event_registry_reset();
    event_clock_set(kernel_time_ns);
    event_sink_add(console_log_sink(LOG_INFO));
    return kernel_main(info);
}

_Noreturn void arch_power_off(void)
{
    port_exit(PORT_EXIT_OFF);
}

_Noreturn void arch_reboot(void)
{
    port_exit(PORT_EXIT_REBOOT);
}
