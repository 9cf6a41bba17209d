/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#pragma once
#include "acpi.h"
#include "calibrate.h"

#define TREE_SIZE_MAX 16384u

/* A device tree of what ACPI and the CPU say, for drivers to bind to: written into `to`, its size in
 * *size. -ENOSPC. */
int tree_build(const struct acpi_info *acpi, const struct calibration *clocks, void *to,
               uint32_t *size);
