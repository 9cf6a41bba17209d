/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* Every model of the image; the machine binds them to the tree's nodes by `compatible`. */
#include <hw_models/model.h>
#include <hw_models/models.h>

const struct model_ops *const model_table[] = {
    &gic_v2_model,
    &gic_v3_model,
    &arm_timer_model,
    &bcm2712_mip_model,
    &rp1_msix_model,
    &rp1_clocks_model,
    &rp1_gpio_model,
    &rp1_pwm_model,
    &dw_i2c_model,
    &pl011_model,
    &ns16550_model,
    &sht3x_model,
    &i2c_recorded_model,
    &lsm6dso_model,
    &virtio_mmio_model,
    &riscv_intc_model,
    &plic_model,
    &pci_host_model,
    NULL,
};
