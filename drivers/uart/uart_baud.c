/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* What a divisor is made of, where no firmware has set one. */
#include <axiom/errno.h>

#include "uart.h"

#define SPEED_DEFAULT 115200u

int uart_clock_hz(const struct device *device, uint32_t *out)
{
    uint32_t phandle, hz;
    if (device_property_u32(device, "clock-frequency", 0, &hz) != 0) {
        if (device_property_u32(device, "clocks", 0, &phandle) != 0)
            return -ENOENT;
        int node = fdt_node_by_phandle(phandle);
        if (node < 0 || fdt_node_u32(node, "clock-frequency", 0, &hz) != 0)
            return -ENOENT;
    }
    if (hz == 0)
        return -ENOENT;
    *out = hz;
    return 0;
}

uint32_t uart_speed(const struct device *device)
{
    uint32_t speed;
    if (device_property_u32(device, "current-speed", 0, &speed) != 0 || speed == 0)
        return SPEED_DEFAULT;
    return speed;
}
