/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#pragma once
#include "acpi.h"

/* How this machine is switched off; `debug_exit`: a test bench waits at QEMU's isa-debug-exit. */
void power_init(const struct acpi_info *acpi, bool debug_exit);
