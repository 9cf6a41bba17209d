/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* Every driver of this folder, each in the file of its name; driver_table (hw/device.h) lists them.
 */
#pragma once
#include <hw/device.h>

extern const struct driver gic_v2_driver;
extern const struct driver gic_v3_driver;
extern const struct driver arm_timer_driver;
extern const struct driver bcm2712_mip_driver;
extern const struct driver rp1_driver;
extern const struct driver rp1_clocks_driver;
extern const struct driver rp1_gpio_driver;
extern const struct driver rp1_pwm_driver;
extern const struct driver dw_i2c_driver;
extern const struct driver sht3x_driver;
extern const struct driver lsm6dso_driver;
extern const struct driver lapic_driver;
extern const struct driver ioapic_driver;
extern const struct driver hpet_driver;
extern const struct driver tsc_driver;
extern const struct driver virtio_mmio_driver;
extern const struct driver riscv_intc_driver;
extern const struct driver plic_driver;
extern const struct driver pci_host_driver;
extern const struct driver pl011_driver;
extern const struct driver ns16550_driver;
