/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* Wires between blocks inside RP1, which no property of the tree describes: the clock of a PWM
 * block, and a PWM channel's way to a pad. For these models only. */
#pragma once
#include <hw_models/model.h>

/* --- clocks to PWM --- */

/* Rate of clock generator `clock` (index of the tree's clocks property) in Hz; 0: it is off, or
 * runs from a source that the model does not have. */
uint32_t rp1_clocks_rate_hz(const struct model *clocks, uint32_t clock);

/* The clock of the block changed. */
void rp1_pwm_clock_changed(struct model *pwm);

/* --- PWM to GPIO --- */

/* How a channel's output reaches the board, as the pads make it. */
enum rp1_pwm_route {
    RP1_ROUTE_NONE,     /* no pin selects the channel */
    RP1_ROUTE_DIRECT,   /* a pin shows it */
    RP1_ROUTE_INVERTED, /* a pin shows its inverse (OUTOVER) */
    RP1_ROUTE_LOW,  /* a pin selects it, but an override or a switched-off driver holds it low */
    RP1_ROUTE_HIGH, /* the same, high */
};

/* Which of RP1's two PWM blocks a model is. */
uint32_t rp1_pwm_block(const struct model *pwm);
/* From the GPIO model: the way of the channel changed. Recorded as a change of its waveform. */
void rp1_pwm_route_changed(struct model *pwm, uint32_t channel, enum rp1_pwm_route route);
/* The channel's output before the pad, now. A function of time. */
bool rp1_pwm_level(const struct model *pwm, uint32_t channel);
/* True: it stays as it is until the PWM model calls rp1_gpio_pwm_changed(). */
bool rp1_pwm_is_steady(const struct model *pwm, uint32_t channel);
/* From the PWM model: a channel that was steady moves, or stands at another level. */
void rp1_gpio_pwm_changed(struct model *gpio);
/* From the PWM model, in case the pads were set up before it was bound. */
enum rp1_pwm_route rp1_gpio_pwm_route(struct model *gpio, uint32_t block, uint32_t channel);
