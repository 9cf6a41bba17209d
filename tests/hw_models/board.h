/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* The Raspberry Pi 5's nodes that the models bind to, with the properties and wiring of its device
 * tree, and two sensors on i2c1 (SHT31 at 0x44; IMU at 0x6a with INT1 on GPIO 22). */
#pragma once
#include "env.h"

struct board {
    struct model *gic, *timer, *mip, *msix, *clocks, *gpio, *pwm0, *pwm1, *i2c, *sht, *imu;
};

extern struct board board;

/* Check fixtures. */
void board_setup(void);
void board_setup_four_cpus(void);
/* RP1's messages have no way to the MIP yet. */
void board_setup_closed(void);
void board_teardown(void);
/* With `axiom,sampling = "odr"` on the IMU. */
void board_setup_own_rate(void);

/* Drives GPIO lines from outside. */
void board_pins(uint64_t mask, uint64_t level);

/* GPIO registers by literal offset: IO region 0, RIO 1, PADS 2 of the bank that holds `line`. */
uint32_t io_ctrl(uint32_t line);
uint32_t io_status(uint32_t line);
uint32_t pad_of(uint32_t line);
uint32_t bank_base(uint32_t line);
uint32_t bank_bit(uint32_t line);
#define ALIAS_XOR 0x1000u
#define ALIAS_SET 0x2000u
#define ALIAS_CLR 0x3000u

/* Makes a line an input or output as pinctrl-rp1.c does. */
void board_input(uint32_t line);
void board_output(uint32_t line, bool level);
