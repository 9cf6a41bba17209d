/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* PWM: chips and channels. Changes go through pwm_apply(): policy (may clamp), guard, interlock,
 * then the driver. */
#pragma once
#include <axiom/types.h>

#define PWM_CHIP_MAX    4
#define PWM_CHANNEL_MAX 8

struct pwm_state {
    uint64_t period_ns;
    uint64_t duty_ns; /* at most period_ns */
    bool enabled;
    bool inverted; /* polarity: active low */
};

struct pwm_chip;

struct pwm_chip_ops {
    /* The whole state at once, taking effect together at the hardware's update latch. -EINVAL: not
     * reachable with this clock; -ERANGE. Any context; called under the interlock's lock. */
    int (*apply)(struct pwm_chip *chip, uint32_t channel, const struct pwm_state *state);
    /* For the interlock, any context, bounded time, in the middle of a period: the channel's output
     * goes to its inactive level at once (pin override, not the update latch), until release.
     * `high`: safe level. */
    void (*force_safe)(struct pwm_chip *chip, uint32_t channel, bool high);
    void (*release)(struct pwm_chip *chip, uint32_t channel);
};

struct device;

struct pwm_chip {
    uint32_t index; /* "pwm/chip0"; the tree's alias pwmN, else the next free one */
    uint32_t channel_count;
    /* Channels whose pad force_safe() can override; the others stop at their period's end, which
     * the interlock does not accept. */
    uint32_t forcible_channels;
    const struct pwm_chip_ops *ops;
    struct device *device;
    void *driver_data;
    struct pwm_state state[PWM_CHANNEL_MAX]; /* as last applied; the core's */
};

/* Drivers. Everything but index and state is filled in. -ENOSPC: PWM_CHIP_MAX. */
int pwm_chip_register(struct pwm_chip *chip);
void pwm_chip_unregister(struct pwm_chip *chip);

/* -ENODEV, -EINVAL (duty above period), -EPERM: the interlock is latched; a guard's or policy's
 * errno. Any context. */
int pwm_apply(uint32_t chip, uint32_t channel, const struct pwm_state *state, const char *origin);
int pwm_get(uint32_t chip, uint32_t channel, struct pwm_state *out);
struct pwm_chip *pwm_chip_find(uint32_t chip);
/* The chip of a controller's device; NULL: it is none. */
struct pwm_chip *pwm_chip_of(const struct device *device);

/* Boot, before devices; and after the last one is gone. */
void pwm_init(void);
void pwm_exit(void);
