/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* RP1 clock generators, as far as PWM and I2C need them.
 *
 * Source: drivers/clk/clk-rp1.c of raspberrypi/linux (offsets, fields, dividers, parents); clock
 * indices of the tree from include/dt-bindings/clock/rp1.h. */
#pragma once
#include <axiom/bits.h>

#define RP1_XOSC_HZ 50000000u

#define RP1_CLK_PWM0_CTRL     0x74u
#define RP1_CLK_PWM0_DIV_INT  0x78u
#define RP1_CLK_PWM0_DIV_FRAC 0x7cu
#define RP1_CLK_PWM0_SEL      0x80u
#define RP1_CLK_PWM1_CTRL     0x84u
#define RP1_CLK_PWM1_DIV_INT  0x88u
#define RP1_CLK_PWM1_DIV_FRAC 0x8cu
#define RP1_CLK_PWM1_SEL      0x90u
#define RP1_CLK_PWM_MAX_HZ    76800000u

#define RP1_CLK_CTRL_SRC                GENMASK(4, 0)
#define RP1_CLK_CTRL_AUXSRC             GENMASK(9, 5)
#define RP1_CLK_AUXSRC_PLL_AUDIO_PRI_PH 0u
#define RP1_CLK_AUXSRC_PLL_VIDEO_SEC    1u
#define RP1_CLK_AUXSRC_XOSC             2u
#define RP1_CLK_CTRL_ENABLE             BIT(11)
#define RP1_CLK_DIV_INT_MASK            GENMASK(15, 0)
#define RP1_CLK_DIV_FRAC_MASK           GENMASK(31, 16) /* 16 bits of fraction, at the word's upper half */

/* Index in a clocks = <&rp1_clocks N> property. */
#define RP1_CLOCK_PWM0 17u
#define RP1_CLOCK_PWM1 18u
