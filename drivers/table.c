/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* The drivers of an image. A driver is added here, in CMakeLists.txt and in drivers/table.h. */
#include <drivers/table.h>

const struct driver *const driver_table[] = {
    &gic_v2_driver,
    &gic_v3_driver,
    &arm_timer_driver,
    &bcm2712_mip_driver,
    &rp1_driver,
    &rp1_clocks_driver,
    &rp1_gpio_driver,
    &rp1_pwm_driver,
    &dw_i2c_driver,
    &sht3x_driver,
    &lsm6dso_driver,
    &lapic_driver,
    &ioapic_driver,
    &hpet_driver,
    &tsc_driver,
    &virtio_mmio_driver,
    &riscv_intc_driver,
    &plic_driver,
    &pci_host_driver,
    &pl011_driver,
    &ns16550_driver,
    NULL,
};
