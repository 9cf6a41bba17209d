/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* The firmware's power management (Arm DEN 0022, PSCI), by SMC or HVC as the device tree says. */
#pragma once
#include <axiom/types.h>

/* Looks for the firmware's node; what follows does nothing, or -ENOSYS, where there is none. */
void psci_init(const void *fdt);
bool psci_present(void);

/* Starts the CPU with this affinity at a physical address, x0 = context. -EBUSY: it is on, or going
 * off or on; -ENODEV: no such CPU; -EIO: the firmware refuses otherwise (told on the console). */
int psci_cpu_on(uint64_t mpidr, uint64_t entry, uint64_t context);
/* *off becomes true and the calling CPU uses its stack no more. */
_Noreturn void psci_cpu_off(bool *off);
/* Return if that is not possible. */
void psci_system_off(void);
void psci_system_reset(void);
