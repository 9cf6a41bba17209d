/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* Reads the pin groups that a device's pinctrl-0 names. A group is a node below its controller; it
 * holds pins itself, or its children do (both forms occur in the Pi 5's tree). */
#include <axiom/errno.h>
#include <axiom/log.h>
#include <axiom/string.h>
#include <drivers/pinctrl.h>

#define GROUP_MAX  8u
#define PIN_PREFIX "gpio"

/* "gpio17" is line 17. */
static int parse_pin(const char *name, uint32_t line_count, uint32_t *line)
{
    if (!string_starts_with(name, PIN_PREFIX))
        return -EINVAL;
    const char *digits = name + strlen(PIN_PREFIX);
    uint32_t number = 0;
    if (*digits == '\0')
        return -EINVAL;
    for (; *digits != '\0'; digits++) {
        if (*digits < '0' || *digits > '9' || number >= line_count)
            return -EINVAL;
        number = number * 10 + (uint32_t)(*digits - '0');
    }
    if (number >= line_count)
        return -EINVAL;
    *line = number;
    return 0;
}

static enum gpio_pull read_pull(int node)
{
    uint32_t value;
    /* Flags without a value answer -EINVAL (too short), absent ones -ENOENT. */
    if (fdt_node_u32(node, "bias-pull-up", 0, &value) != -ENOENT)
        return GPIO_PULL_UP;
    if (fdt_node_u32(node, "bias-pull-down", 0, &value) != -ENOENT)
        return GPIO_PULL_DOWN;
    return GPIO_PULL_NONE;
}

/* The pins of one node; a node without `pins` has none. */
static int read_node(struct device *device, int node, struct gpio_chip *chip, struct pinctrl *out)
{
    const char *name, *function;
    for (uint32_t i = 0; fdt_node_string(node, "pins", i, &name) == 0; i++) {
        struct pinctrl_pin pin = { .chip = chip, .pull = read_pull(node) };
        if (fdt_node_string(node, "function", 0, &function) != 0 ||
            parse_pin(name, chip->line_count, &pin.line) != 0) {
            log_err("%s: pin group %s: pin %s needs a function and a number below %u",
                    device_name(device), fdt_node_name(node), name, chip->line_count);
            return -EINVAL;
        }
        pin.function = function;
        if (out->count == PINCTRL_PIN_MAX) {
            log_err("%s: more than %u pins", device_name(device), PINCTRL_PIN_MAX);
            return -EINVAL;
        }
        out->pins[out->count++] = pin;
    }
    return 0;
}

static int read_group(struct device *device, int group, struct pinctrl *out)
{
    struct device *controller = device_at_node(fdt_node_parent(group));
    if (controller == NULL)
        return -EPROBE_DEFER;
    struct gpio_chip *chip = gpio_chip_of(controller);
    if (chip == NULL) {
        log_err("%s: %s is no pin controller's group", device_name(device), fdt_node_name(group));
        return -EINVAL;
    }
    int err = read_node(device, group, chip, out);
    for (int child = fdt_node_next_child(group, -1); err == 0 && child >= 0;
         child = fdt_node_next_child(group, child))
        err = read_node(device, child, chip, out);
    return err;
}

static int read_groups(struct device *device, struct pinctrl *out)
{
    uint32_t phandle;
    for (uint32_t i = 0; i < GROUP_MAX; i++) {
        int err = device_property_u32(device, "pinctrl-0", i, &phandle);
        if (err == -ENOENT || err == -EINVAL) /* absent, or the end of the list */
            return 0;
        int group = fdt_node_by_phandle(phandle);
        if (group < 0) {
            log_err("%s: pinctrl-0 entry %u names no node", device_name(device), i);
            return -EINVAL;
        }
        err = read_group(device, group, out);
        if (err)
            return err;
    }
    return 0;
}

int pinctrl_apply(struct device *device, struct pinctrl *out)
{
    struct pinctrl pinctrl = { .count = 0 };
    int err = read_groups(device, &pinctrl);
    if (err)
        return err;
    uint32_t wanted = pinctrl.count;
    for (pinctrl.count = 0; pinctrl.count < wanted; pinctrl.count++) {
        const struct pinctrl_pin *pin = &pinctrl.pins[pinctrl.count];
        err = gpio_pin_function(pin->chip, pin->line, pin->function, pin->pull);
        if (err) {
            log_err("%s: GPIO %u cannot be %s (error %d)", device_name(device), pin->line,
                    pin->function, -err);
            pinctrl_release(&pinctrl);
            return err;
        }
    }
    *out = pinctrl;
    return 0;
}

void pinctrl_release(const struct pinctrl *pinctrl)
{
    for (uint32_t i = pinctrl->count; i-- > 0;) {
        const struct pinctrl_pin *pin = &pinctrl->pins[i];
        gpio_pin_function(pin->chip, pin->line, NULL, GPIO_PULL_NONE);
    }
}
