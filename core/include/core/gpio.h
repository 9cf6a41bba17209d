/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* GPIO: chips, their lines, edges. The word "chip" is Linux's: a controller with numbered lines.
 *
 * Everyone who moves a line, BPF or later a user, goes through gpio_set(), which asks policy, guard
 * and the interlock in that order before the driver; the interlock itself goes straight to the
 * driver's force_safe. */
#pragma once
#include <axiom/types.h>

#define GPIO_CHIP_MAX 4
#define GPIO_LINE_MAX 64 /* a chip */
#define GPIO_BANK_MAX 4  /* a chip */

enum gpio_edge {
    GPIO_EDGE_RISING = 1,
    GPIO_EDGE_FALLING = 2,
};

enum gpio_pull {
    GPIO_PULL_NONE,
    GPIO_PULL_DOWN,
    GPIO_PULL_UP,
};

struct gpio_chip;

struct gpio_chip_ops {
    /* The line becomes a GPIO input or output (at `level` from its first moment as output). -EBUSY:
     * the pin belongs to another function. Must not sleep: called under the interlock's lock. */
    int (*direction_input)(struct gpio_chip *chip, uint32_t line, enum gpio_pull pull);
    int (*direction_output)(struct gpio_chip *chip, uint32_t line, bool level);
    /* Any context. */
    int (*get)(struct gpio_chip *chip, uint32_t line); /* 0, 1 */
    void (*set)(struct gpio_chip *chip, uint32_t line, bool level);
    /* Starts or stops reporting edges (enum gpio_edge mask; 0 stops) through gpio_line_edge().
     * Process context. */
    int (*set_edges)(struct gpio_chip *chip, uint32_t line, uint32_t edges);
    /* For the interlock, any context, bounded time: the pad itself goes to the safe level whatever
     * function drives it, until `release`. level < 0: the output driver is switched off. */
    void (*force_safe)(struct gpio_chip *chip, uint32_t line, int level);
    void (*release)(struct gpio_chip *chip, uint32_t line);
    /* Optional debounce; -EINVAL if the hardware cannot. 0 switches it off. Process context. */
    int (*set_debounce)(struct gpio_chip *chip, uint32_t line, uint64_t time_ns);
    /* The pin's other side: gives the pin to a function of the device tree's name ("i2c1"); NULL
     * takes it back. -EINVAL: this pin has no such function; -EBUSY: another one has it. Must not
     * sleep. Optional. */
    int (*set_function)(struct gpio_chip *chip, uint32_t line, const char *function,
                        enum gpio_pull pull);
};

struct device;
struct gpio_core;

struct gpio_chip {
    uint32_t index; /* "gpio/chip0"; the tree's alias gpiochipN, else the next free one */
    uint32_t line_count;
    /* Lines bank_first[b] up to the next bank's first are bank b; edges of one time on one bank are
     * one change of it. */
    uint32_t bank_count;
    uint32_t bank_first[GPIO_BANK_MAX];
    const struct gpio_chip_ops *ops;
    struct device *device;
    void *driver_data;
    struct gpio_core *core; /* the core's */
};

/* Drivers. Everything but index and core is filled in. -ENOSPC: GPIO_CHIP_MAX; -ENOMEM. */
int gpio_chip_register(struct gpio_chip *chip);
void gpio_chip_unregister(struct gpio_chip *chip);
/* From the driver's interrupt handler: `line` saw `edge` (one bit); `bank_level` are all lines of
 * its bank just after, bit = line within the bank. Records the edge and runs the attached programs.
 * Interrupt context. */
void gpio_line_edge(struct gpio_chip *chip, uint32_t line, enum gpio_edge edge,
                    uint64_t bank_level);

/* Users. chip from 0. -ENODEV: no such chip or line. */
int gpio_direction_input(uint32_t chip, uint32_t line, enum gpio_pull pull);
int gpio_direction_output(uint32_t chip, uint32_t line, bool level, const char *origin);
int gpio_get(uint32_t chip, uint32_t line);
bool gpio_is_output(uint32_t chip, uint32_t line);
/* A line that is no output yet becomes one, at that level. -EPERM: the interlock is latched; -EBUSY:
 * the pin belongs to another function; a guard's or policy's own errno. `origin` names who asks,
 * for the record. Any context. */
int gpio_set(uint32_t chip, uint32_t line, bool level, const char *origin);
/* Counted: edges stay on while anyone wants them. Process context. */
int gpio_edges_get(uint32_t chip, uint32_t line, uint32_t edges);
void gpio_edges_put(uint32_t chip, uint32_t line, uint32_t edges);
int gpio_set_debounce(uint32_t chip, uint32_t line, uint64_t time_ns);
struct gpio_chip *gpio_chip_find(uint32_t chip);
/* The chip of a controller's device; NULL: it is none. */
struct gpio_chip *gpio_chip_of(const struct device *device);
/* The chip's set_function, serialised with the interlock; for drivers of what is behind the pins
 * (drivers/pinctrl.h). -EOPNOTSUPP: the chip has no functions. Process context. */
int gpio_pin_function(struct gpio_chip *chip, uint32_t line, const char *function,
                      enum gpio_pull pull);
/* For the interlock, inside its lock: the line is the driver's again, quiet until the next write. */
void gpio_release_safe(struct gpio_chip *chip, uint32_t line);
/* The bank that a line is in. Any context. */
uint32_t gpio_bank_of(const struct gpio_chip *chip, uint32_t line);

/* Boot, before devices; and after the last one is gone. */
void gpio_init(void);
void gpio_exit(void);
