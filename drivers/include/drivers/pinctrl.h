/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* Pin groups: what a device's `pinctrl-0` asks of the pins that carry its signals
 * (pinctrl-bindings.txt; a group's properties are pinmux-node.yaml's and pincfg-node.yaml's:
 * `pins`, `function`, `bias-pull-up`, `bias-pull-down`). Process context. */
#pragma once
#include <core/gpio.h>
#include <hw/device.h>

#define PINCTRL_PIN_MAX 16u /* of one device */

struct pinctrl_pin {
    struct gpio_chip *chip;
    uint32_t line;
    const char *function; /* "pwm0" */
    enum gpio_pull pull;
};

struct pinctrl {
    uint32_t count;
    struct pinctrl_pin pins[PINCTRL_PIN_MAX];
};

/* Gives all pins of pinctrl-0 to their functions; no property is no pins. -EPROBE_DEFER: the
 * controller is not bound yet; -EINVAL with a log line: a group makes no sense; -EBUSY. On failure
 * no pin is taken. */
int pinctrl_apply(struct device *device, struct pinctrl *out);
/* Takes the pins back. */
void pinctrl_release(const struct pinctrl *pinctrl);
