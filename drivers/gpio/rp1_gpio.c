/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* RP1's GPIO: 54 pins in three banks, each with a function select and override register (IO), a
 * bit in the bank's level, output and enable registers (RIO), and a pad (RP1 Peripherals §3.1,
 * §3.3; sequences: pinctrl-rp1.c in raspberrypi/linux).
 *
 * Registers that several parties write are only changed through the atomic aliases, one access
 * each: the pin's function, the event enables and the overrides share CTRL, and an emergency stop
 * on another CPU must not be undone by a read-modify-write that was on its way.
 *
 * Edges and interrupts are rp1_gpio_events.c. */
#include <axiom/errno.h>
#include <axiom/log.h>
#include <core/mm.h>
#include <core/option.h>
#include <drivers/rp1_pins.h>
#include <drivers/table.h>
#include <hw/device.h>

#include "rp1_gpio.h"

/* Of each region: three banks, each with its aliases. */
#define REGION_SIZE (3u * RP1_GPIO_BANK_STRIDE)

/* --- lines --- */

static uint32_t pull_field(enum gpio_pull pull)
{
    uint32_t value = pull == GPIO_PULL_UP     ? RP1_PULL_UP
                     : pull == GPIO_PULL_DOWN ? RP1_PULL_DOWN
                                              : RP1_PULL_NONE;
    return field_prep(RP1_PAD_PULL, value);
}

/* Connects the pad and gives it to a function; overrides go back to the function unless the
 * interlock has them. */
void rp1_gpio_connect(struct rp1_gpio *gpio, uint32_t line, uint32_t funcsel)
{
    struct rp1_gpio_pin pin = rp1_pin_of(gpio, line);
    if (gpio->pins[line].forced) {
        rp1_pad_update(gpio, pin, 0, RP1_PAD_IE);
    } else {
        rp1_pad_update(gpio, pin, RP1_PAD_OD, RP1_PAD_IE);
        rp1_ctrl_clear(gpio, pin, RP1_CTRL_OUTOVER | RP1_CTRL_OEOVER);
    }
    rp1_ctrl_field(gpio, pin, RP1_CTRL_FUNCSEL, funcsel);
}

static int direction_input(struct gpio_chip *chip, uint32_t line, enum gpio_pull pull)
{
    struct rp1_gpio *gpio = chip->driver_data;
    struct rp1_gpio_pin pin = rp1_pin_of(gpio, line);
    if (gpio->pins[line].claimed)
        return -EBUSY;
    if (gpio->pins[line].forced)
        return -EPERM;
    rp1_rio_write(gpio, pin, RP1_RIO_OE, false);
    rp1_pad_update(gpio, pin, RP1_PAD_PULL, pull_field(pull));
    rp1_gpio_connect(gpio, line, RP1_FUNCSEL_SYS_RIO);
    return 0;
}

static int direction_output(struct gpio_chip *chip, uint32_t line, bool level)
{
    struct rp1_gpio *gpio = chip->driver_data;
    struct rp1_gpio_pin pin = rp1_pin_of(gpio, line);
    if (gpio->pins[line].claimed)
        return -EBUSY;
    rp1_rio_write(gpio, pin, RP1_RIO_OUT, level);
    rp1_rio_write(gpio, pin, RP1_RIO_OE, true);
    rp1_gpio_connect(gpio, line, RP1_FUNCSEL_SYS_RIO);
    return 0;
}

static int get(struct gpio_chip *chip, uint32_t line)
{
    struct rp1_gpio *gpio = chip->driver_data;
    struct rp1_gpio_pin pin = rp1_pin_of(gpio, line);
    return (mmio_read32(&gpio->rio, pin.bank->offset + RP1_RIO_IN) & BIT(pin.index)) != 0;
}

static void set(struct gpio_chip *chip, uint32_t line, bool level)
{
    struct rp1_gpio *gpio = chip->driver_data;
    rp1_rio_write(gpio, rp1_pin_of(gpio, line), RP1_RIO_OUT, level);
}

static int set_function(struct gpio_chip *chip, uint32_t line, const char *function,
                        enum gpio_pull pull)
{
    struct rp1_gpio *gpio = chip->driver_data;
    struct rp1_gpio_pin_state *state = &gpio->pins[line];
    uint32_t funcsel = RP1_FUNCSEL_NULL;
    if (function != NULL && state->claimed)
        return -EBUSY;
    if (function != NULL && rp1_pin_funcsel(line, function, &funcsel) != 0)
        return -EINVAL;
    if (function != NULL) {
        rp1_pad_update(gpio, rp1_pin_of(gpio, line), RP1_PAD_PULL, pull_field(pull));
        rp1_gpio_connect(gpio, line, funcsel);
    } else {
        rp1_ctrl_field(gpio, rp1_pin_of(gpio, line), RP1_CTRL_FUNCSEL, funcsel);
    }
    state->claimed = function != NULL;
    return 0;
}

/* --- the interlock --- */

/* Whatever the pin's function does, the pad is what this says from the last write on: the level is
 * overridden before the output is enabled. OUTOVER and OEOVER are two bits each, 2 and 3 being low
 * and high, disabled and enabled. The read waits until the writes have reached RP1. */
static void force_safe(struct gpio_chip *chip, uint32_t line, int level)
{
    struct rp1_gpio *gpio = chip->driver_data;
    struct rp1_gpio_pin pin = rp1_pin_of(gpio, line);
    const uint32_t upper_out = field_prep(RP1_CTRL_OUTOVER, 2), lower_out = upper_out >> 1;
    const uint32_t upper_oe = field_prep(RP1_CTRL_OEOVER, 2), lower_oe = upper_oe >> 1;
    gpio->pins[line].forced = true;
    gpio->pins[line].forced_level = (int8_t)level;
    if (level < 0) {
        mmio_write32(&gpio->pads, pin.bank->offset + RP1_PAD(pin.index) + RP1_ALIAS_SET,
                     RP1_PAD_OD);
        rp1_ctrl_set(gpio, pin, upper_oe);
        rp1_ctrl_clear(gpio, pin, lower_oe);
    } else {
        if (level == 0)
            rp1_ctrl_clear(gpio, pin, lower_out);
        rp1_ctrl_set(gpio, pin, level == 0 ? upper_out : upper_out | lower_out);
        rp1_ctrl_set(gpio, pin, upper_oe | lower_oe);
        mmio_write32(&gpio->pads, pin.bank->offset + RP1_PAD(pin.index) + RP1_ALIAS_CLR,
                     RP1_PAD_OD);
    }
    (void)mmio_read32(&gpio->io, rp1_ctrl_offset(pin));
}

/* The line's own output takes the safe level first, so that nothing moves. */
static void release(struct gpio_chip *chip, uint32_t line)
{
    struct rp1_gpio *gpio = chip->driver_data;
    struct rp1_gpio_pin_state *state = &gpio->pins[line];
    struct rp1_gpio_pin pin = rp1_pin_of(gpio, line);
    if (!state->forced)
        return;
    if (state->forced_level < 0)
        rp1_rio_write(gpio, pin, RP1_RIO_OE, false);
    else
        rp1_rio_write(gpio, pin, RP1_RIO_OUT, state->forced_level == 1);
    rp1_ctrl_clear(gpio, pin, RP1_CTRL_OUTOVER | RP1_CTRL_OEOVER);
    mmio_write32(&gpio->pads, pin.bank->offset + RP1_PAD(pin.index) + RP1_ALIAS_CLR, RP1_PAD_OD);
    state->forced = false;
}

static const struct gpio_chip_ops chip_ops = {
    .direction_input = direction_input,
    .direction_output = direction_output,
    .get = get,
    .set = set,
    .set_edges = rp1_gpio_set_edges,
    .force_safe = force_safe,
    .release = release,
    .set_debounce = rp1_gpio_set_debounce,
    .set_function = set_function,
};

/* --- probe --- */

static void fill_banks(struct rp1_gpio *gpio)
{
    static const uint32_t first[] = { RP1_GPIO_BANK0_FIRST, RP1_GPIO_BANK1_FIRST,
                                      RP1_GPIO_BANK2_FIRST };
    static const uint32_t count[] = { RP1_GPIO_BANK0_COUNT, RP1_GPIO_BANK1_COUNT,
                                      RP1_GPIO_BANK2_COUNT };
    for (uint32_t i = 0; i < RP1_GPIO_BANK_COUNT; i++) {
        gpio->banks[i] = (struct rp1_gpio_bank){
            .gpio = gpio, .first = first[i], .count = count[i], .offset = i * RP1_GPIO_BANK_STRIDE
        };
        gpio->chip.bank_first[i] = first[i];
    }
    gpio->chip.bank_count = RP1_GPIO_BANK_COUNT;
    gpio->chip.line_count = RP1_GPIO_LINE_COUNT;
    gpio->chip.ops = &chip_ops;
    gpio->chip.driver_data = gpio;
}

static int map_regions(struct device *device, struct rp1_gpio *gpio)
{
    int err = device_mmio(device, RP1_GPIO_REGION_IO, REGION_SIZE, &gpio->io);
    if (err)
        return err;
    err = device_mmio(device, RP1_GPIO_REGION_RIO, REGION_SIZE, &gpio->rio);
    if (err)
        goto unmap_io;
    err = device_mmio(device, RP1_GPIO_REGION_PADS, REGION_SIZE, &gpio->pads);
    if (err)
        goto unmap_rio;
    return 0;
unmap_rio:
    mmio_unmap(&gpio->rio);
unmap_io:
    mmio_unmap(&gpio->io);
    return err;
}

static void unmap_regions(struct rp1_gpio *gpio)
{
    mmio_unmap(&gpio->pads);
    mmio_unmap(&gpio->rio);
    mmio_unmap(&gpio->io);
}

static void free_irqs(struct rp1_gpio *gpio, uint32_t count)
{
    for (uint32_t i = 0; i < count && gpio->poll_ns == 0; i++)
        irq_free(gpio->banks[i].irq);
}

static int request_irqs(struct device *device, struct rp1_gpio *gpio)
{
    for (uint32_t i = 0; i < RP1_GPIO_BANK_COUNT; i++) {
        struct rp1_gpio_bank *bank = &gpio->banks[i];
        mmio_write32(&gpio->io, bank->offset + RP1_GPIO_PCIE_INTE, 0);
        if (gpio->poll_ns != 0)
            continue;
        int err = device_irq(device, i, &bank->irq);
        if (err == 0)
            err = irq_request(bank->irq, rp1_gpio_handle_bank, bank, "rp1_gpio");
        if (err) {
            free_irqs(gpio, i);
            return err;
        }
    }
    return 0;
}

/* gpio.poll_us=N: banks are looked at every N microseconds, for a board whose way from RP1's MSI-X
 * to the interrupt controller is not set up (docs/RPI5.md). */
static void choose_polling(struct rp1_gpio *gpio)
{
    uint64_t period_us;
    if (!option_number("gpio.poll_us", 20, 100000, &period_us))
        return;
    gpio->poll_ns = period_us * NSEC_PER_USEC;
    log_info("rp1_gpio: edges are polled every %llu us", (unsigned long long)period_us);
}

/* Lines of bank 0 (the 40-pin header) that nobody has given a function become inputs, so that a
 * program that reads a bank's levels sees its pins. Pulls stay as they are; banks 1 and 2 are the
 * board's own. */
static void unused_lines_to_inputs(struct rp1_gpio *gpio)
{
    for (uint32_t line = 0; line < gpio->banks[1].first; line++) {
        struct rp1_gpio_pin pin = rp1_pin_of(gpio, line);
        uint32_t ctrl = mmio_read32(&gpio->io, rp1_ctrl_offset(pin));
        if (field_get(RP1_CTRL_FUNCSEL, ctrl) != RP1_FUNCSEL_NULL)
            continue;
        rp1_rio_write(gpio, pin, RP1_RIO_OE, false);
        rp1_gpio_connect(gpio, line, RP1_FUNCSEL_SYS_RIO);
    }
}

static int probe(struct device *device)
{
    struct rp1_gpio *gpio = kzalloc(sizeof *gpio);
    if (gpio == NULL)
        return -ENOMEM;
    fill_banks(gpio);
    spin_lock_init(&gpio->lock);
    timer_init(&gpio->watch, rp1_gpio_watch, gpio);
    gpio->chip.device = device;
    choose_polling(gpio);
    int err = map_regions(device, gpio);
    if (err)
        goto free_gpio;
    err = irq_domain_create(device, device_node(device), &rp1_gpio_domain_ops, RP1_GPIO_LINE_COUNT,
                            gpio, &gpio->domain);
    if (err)
        goto unmap;
    err = request_irqs(device, gpio);
    if (err)
        goto destroy_domain;
    err = gpio_chip_register(&gpio->chip);
    if (err)
        goto free_irqs;
    unused_lines_to_inputs(gpio);
    device_set_data(device, gpio);
    return 0;
free_irqs:
    free_irqs(gpio, RP1_GPIO_BANK_COUNT);
destroy_domain:
    irq_domain_destroy(gpio->domain);
unmap:
    unmap_regions(gpio);
free_gpio:
    kfree(gpio);
    return err;
}

/* Levels stay as they are: a pin that lets go could be a motor that starts. */
static void remove(struct device *device)
{
    struct rp1_gpio *gpio = device_data(device);
    gpio_chip_unregister(&gpio->chip);
    for (uint32_t i = 0; i < RP1_GPIO_BANK_COUNT; i++)
        gpio->banks[i].enabled_pins = 0;
    timer_cancel_sync(&gpio->watch);
    for (uint32_t i = 0; i < RP1_GPIO_BANK_COUNT; i++)
        mmio_write32(&gpio->io, gpio->banks[i].offset + RP1_GPIO_PCIE_INTE, 0);
    free_irqs(gpio, RP1_GPIO_BANK_COUNT);
    irq_domain_destroy(gpio->domain);
    unmap_regions(gpio);
    kfree(gpio);
}

static const char *const compatible[] = { "raspberrypi,rp1-gpio", NULL };

const struct driver rp1_gpio_driver = {
    .name = "rp1_gpio",
    .compatible = compatible,
    .probe = probe,
    .remove = remove,
};
