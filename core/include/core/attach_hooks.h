/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* What the core's subsystems ask of attached programs. core/bpf_glue answers; the core itself knows
 * no BPF. With nothing attached the cost is one load and one branch:
 *
 *     if (attach_hooks != NULL && attach_hooks->gpio_edge != NULL) ...
 *
 * A member is NULL while no program is attached at any point of its kind. Members are changed with
 * interrupts off; any context. */
#pragma once
#include <core/gpio.h>
#include <core/iio.h>
#include <core/pwm.h>

struct attach_hooks {
    /* After an edge, before waiters wake. bank_level as in gpio_line_edge(). */
    void (*gpio_edge)(struct gpio_chip *chip, uint32_t line, enum gpio_edge edge,
                      uint64_t bank_level, uint64_t time_ns);
    /* Before an output line is driven: 0 or a negative errno. */
    int (*guard_gpio)(struct gpio_chip *chip, uint32_t line, bool old_level, bool level,
                      const char *origin);
    /* Before a PWM change: may change *wanted; 0 or a negative errno. Policies run first, then the
     * guards on what they left. */
    int (*policy_pwm)(struct pwm_chip *chip, uint32_t channel, const struct pwm_state *old,
                      struct pwm_state *wanted, const char *origin);
    int (*guard_pwm)(struct pwm_chip *chip, uint32_t channel, const struct pwm_state *old,
                     const struct pwm_state *wanted, const char *origin);
    /* For one scan: the bit mask of channels (by position) that a program drops. */
    uint32_t (*iio_scan)(struct iio_device *device, const int32_t *raw, const int64_t *nano,
                         uint64_t timestamp_ns);
};

/* NULL while nothing is attached at all. Set by the glue, reset to NULL at boot by gpio_init(). */
extern const struct attach_hooks *attach_hooks;
