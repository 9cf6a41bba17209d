/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* The models by name (tests and hw_models/table.c). */
#pragma once
#include <hw_models/model.h>

extern const struct model_ops gic_v2_model;
extern const struct model_ops gic_v3_model;
extern const struct model_ops arm_timer_model;
extern const struct model_ops bcm2712_mip_model;
extern const struct model_ops rp1_msix_model;
extern const struct model_ops rp1_clocks_model;
extern const struct model_ops rp1_gpio_model;
extern const struct model_ops rp1_pwm_model;
extern const struct model_ops dw_i2c_model;
extern const struct model_ops pl011_model;
extern const struct model_ops ns16550_model;
extern const struct model_ops sht3x_model;
extern const struct model_ops i2c_recorded_model;
extern const struct model_ops lsm6dso_model;
extern const struct model_ops virtio_mmio_model;
extern const struct model_ops riscv_intc_model;
extern const struct model_ops plic_model;
extern const struct model_ops pci_host_model;
