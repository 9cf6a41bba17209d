/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* Clocks that drivers ask for by their node's `clocks` property. Process context. */
#pragma once
#include <hw/device.h>

/* Switches entry `index` of `clocks` on at the rate that the tree assigns, and gives the rate.
 * Counted: each success is followed by one clk_disable(). -ENOENT: no such entry; -EPROBE_DEFER:
 * its controller is not bound yet; -EINVAL with a log line: not a clock that this kernel knows. */
int clk_enable(struct device *device, uint32_t index, uint64_t *rate_hz);
void clk_disable(struct device *device, uint32_t index);
