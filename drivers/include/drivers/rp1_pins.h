/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* Which functions RP1's pins have, and on which pins a PWM block's channels come out. */
#pragma once
#include <axiom/types.h>

/* FUNCSEL that gives GPIO `line` to `function` ("i2c1"); -EINVAL: it does not have it (or this
 * table does not know it). */
int rp1_pin_funcsel(uint32_t line, const char *function, uint32_t *funcsel);
/* The channel of PWM block `function` ("pwm0") that comes out at `line`; -EINVAL: none. */
int rp1_pin_pwm_channel(uint32_t line, const char *function, uint32_t *channel);
