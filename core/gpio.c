/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* GPIO chips and the way of an edge and of a write through the core.
 *
 * Edges come up from a driver's interrupt handler: recorded, then the attached programs. Writes go
 * down: guard, interlock, driver. Chips are registered while devices are probed and unregistered
 * when they are removed, both in the boot thread; lookups need no lock. */
#include <axiom/bits.h>
#include <axiom/bug.h>
#include <axiom/errno.h>
#include <axiom/event.h>
#include <axiom/log.h>
#include <core/attach_hooks.h>
#include <core/gpio.h>
#include <core/interlock.h>
#include <core/mm.h>
#include <core/mutex.h>
#include <core/time.h>
#include <hw/device.h>

struct gpio_core {
    struct mutex lock;
    /* lock protects: */
    uint16_t rising_count[GPIO_LINE_MAX], falling_count[GPIO_LINE_MAX]; /* who wants edges */
    /* The interlock's write lock protects: */
    uint64_t outputs; /* lines that direction_output() made outputs */
    uint64_t levels;  /* what was written to them */
};

static struct gpio_chip *chips[GPIO_CHIP_MAX];
const struct attach_hooks *attach_hooks;

void gpio_init(void)
{
    for (uint32_t i = 0; i < GPIO_CHIP_MAX; i++)
        chips[i] = NULL;
    attach_hooks = NULL;
}

void gpio_exit(void)
{
    attach_hooks = NULL;
}

/* The number that the tree's alias gives, if it is free, else the lowest free one. */
static int choose_index(const struct gpio_chip *chip, uint32_t *out)
{
    uint32_t free = 0, alias;
    while (free < GPIO_CHIP_MAX && chips[free] != NULL)
        free++;
    if (free == GPIO_CHIP_MAX)
        return -ENOSPC;
    if (chip->device != NULL && device_alias(chip->device, "gpiochip", &alias) == 0 &&
        alias < GPIO_CHIP_MAX && chips[alias] == NULL)
        free = alias;
    *out = free;
    return 0;
}

int gpio_chip_register(struct gpio_chip *chip)
{
    BUG_ON(chip->line_count > GPIO_LINE_MAX);
    BUG_ON(chip->bank_count > GPIO_BANK_MAX);
    int err = choose_index(chip, &chip->index);
    if (err)
        return err;
    chip->core = kzalloc(sizeof *chip->core);
    if (chip->core == NULL)
        return -ENOMEM;
    mutex_init(&chip->core->lock);
    chips[chip->index] = chip;
    return 0;
}

void gpio_chip_unregister(struct gpio_chip *chip)
{
    BUG_ON(chips[chip->index] != chip);
    chips[chip->index] = NULL;
    kfree(chip->core);
    chip->core = NULL;
}

struct gpio_chip *gpio_chip_find(uint32_t chip)
{
    return chip < GPIO_CHIP_MAX ? chips[chip] : NULL;
}

struct gpio_chip *gpio_chip_of(const struct device *device)
{
    for (uint32_t i = 0; i < GPIO_CHIP_MAX; i++) {
        if (chips[i] != NULL && chips[i]->device == device)
            return chips[i];
    }
    return NULL;
}

uint32_t gpio_bank_of(const struct gpio_chip *chip, uint32_t line)
{
    uint32_t bank = 0;
    while (bank + 1 < chip->bank_count && line >= chip->bank_first[bank + 1])
        bank++;
    return bank;
}

static struct gpio_chip *find_line(uint32_t chip_index, uint32_t line)
{
    struct gpio_chip *chip = gpio_chip_find(chip_index);
    return chip != NULL && line < chip->line_count ? chip : NULL;
}

static void record_edge(const struct gpio_chip *chip, uint32_t line, enum gpio_edge edge,
                        uint64_t bank_level, uint64_t time_ns)
{
    if (!event_wanted(EVENT_GPIO)) {
        event_skip();
        return;
    }
    struct event event; /* the other kinds' part is left as it is */
    event.source_ns = time_ns;
    event.kind = EVENT_GPIO;
    event.layer = EVENT_LAYER_KERNEL;
    event.role = EVENT_ROLE_OBSERVATION;
    event.gpio = (struct event_gpio){ .chip = (uint8_t)chip->index,
                                      .line = (uint8_t)line,
                                      .level = edge == GPIO_EDGE_RISING,
                                      .driven = (chip->core->outputs >> line & 1) != 0,
                                      .bank_level = bank_level };
    event_emit(&event);
}

/* What was written to a line, where it is something else than before: on a board where nobody sees the pin this is what
 * the robot did. Registers are not read for it: of the bank it has the lines that the kernel drives. Inside the
 * interlock's write. */
static void record_write(struct gpio_chip *chip, uint32_t line, bool level)
{
    struct gpio_core *core = chip->core;
    core->levels = (core->levels & ~BIT64(line)) | (uint64_t)level << line;
    if (!event_wanted(EVENT_GPIO)) {
        event_skip();
        return;
    }
    uint32_t bank = gpio_bank_of(chip, line), first = chip->bank_first[bank];
    uint32_t end = bank + 1 < chip->bank_count ? chip->bank_first[bank + 1] : chip->line_count;
    uint64_t lines = end - first < 64 ? BIT64(end - first) - 1 : UINT64_MAX;
    struct event event; /* the other kinds' part is left as it is */
    event.source_ns = 0;
    event.kind = EVENT_GPIO;
    event.layer = EVENT_LAYER_KERNEL;
    event.role = EVENT_ROLE_OUTPUT;
    event.gpio =
        (struct event_gpio){ .chip = (uint8_t)chip->index,
                             .line = (uint8_t)line,
                             .level = level,
                             .driven = 1,
                             .bank_level = (core->levels & core->outputs) >> first & lines };
    event_emit(&event);
}

void gpio_line_edge(struct gpio_chip *chip, uint32_t line, enum gpio_edge edge, uint64_t bank_level)
{
    uint64_t time_ns = ktime_get_ns();
    record_edge(chip, line, edge, bank_level, time_ns);
    const struct attach_hooks *hooks = attach_hooks;
    if (hooks != NULL && hooks->gpio_edge != NULL)
        hooks->gpio_edge(chip, line, edge, bank_level, time_ns);
}

static int ask_guard(struct gpio_chip *chip, uint32_t line, bool level, const char *origin)
{
    const struct attach_hooks *hooks = attach_hooks;
    if (hooks == NULL || hooks->guard_gpio == NULL)
        return 0;
    return hooks->guard_gpio(chip, line, chip->ops->get(chip, line) > 0, level, origin);
}

int gpio_direction_input(uint32_t chip_index, uint32_t line, enum gpio_pull pull)
{
    struct gpio_chip *chip = find_line(chip_index, line);
    if (chip == NULL)
        return -ENODEV;
    interlock_configure_begin();
    int err = chip->ops->direction_input(chip, line, pull);
    if (err == 0)
        chip->core->outputs &= ~BIT64(line);
    interlock_write_end();
    return err;
}

/* Inside the interlock's write. */
static int become_output(struct gpio_chip *chip, uint32_t line, bool level)
{
    int err = chip->ops->direction_output(chip, line, level);
    if (err == 0) {
        chip->core->outputs |= BIT64(line);
        record_write(chip, line, level);
    }
    return err;
}

int gpio_direction_output(uint32_t chip_index, uint32_t line, bool level, const char *origin)
{
    struct gpio_chip *chip = find_line(chip_index, line);
    if (chip == NULL)
        return -ENODEV;
    int err = ask_guard(chip, line, level, origin);
    if (err)
        return err;
    err = interlock_write_begin(origin, ACTUATOR_GPIO, chip_index, line);
    if (err)
        return err;
    err = become_output(chip, line, level);
    interlock_write_end();
    return err;
}

bool gpio_is_output(uint32_t chip_index, uint32_t line)
{
    const struct gpio_chip *chip = find_line(chip_index, line);
    return chip != NULL && (chip->core->outputs & BIT64(line)) != 0;
}

void gpio_release_safe(struct gpio_chip *chip, uint32_t line)
{
    chip->ops->release(chip, line);
    chip->core->outputs &= ~BIT64(line); /* the next write sets everything up again */
}

int gpio_get(uint32_t chip_index, uint32_t line)
{
    struct gpio_chip *chip = find_line(chip_index, line);
    return chip != NULL ? chip->ops->get(chip, line) : -ENODEV;
}

int gpio_set(uint32_t chip_index, uint32_t line, bool level, const char *origin)
{
    struct gpio_chip *chip = find_line(chip_index, line);
    if (chip == NULL)
        return -ENODEV;
    int err = ask_guard(chip, line, level, origin);
    if (err)
        return err;
    err = interlock_write_begin(origin, ACTUATOR_GPIO, chip_index, line);
    if (err)
        return err;
    if ((chip->core->outputs & BIT64(line)) == 0) {
        err = become_output(chip, line, level);
    } else {
        chip->ops->set(chip, line, level);
        if ((chip->core->levels >> line & 1) != level)
            record_write(chip, line, level);
    }
    interlock_write_end();
    return err;
}

static uint32_t edges_wanted(const struct gpio_core *core, uint32_t line)
{
    return (core->rising_count[line] != 0 ? GPIO_EDGE_RISING : 0u) |
           (core->falling_count[line] != 0 ? GPIO_EDGE_FALLING : 0u);
}

static void count_edges(struct gpio_core *core, uint32_t line, uint32_t edges, int by)
{
    if (edges & GPIO_EDGE_RISING)
        core->rising_count[line] = (uint16_t)(core->rising_count[line] + by);
    if (edges & GPIO_EDGE_FALLING)
        core->falling_count[line] = (uint16_t)(core->falling_count[line] + by);
}

int gpio_edges_get(uint32_t chip_index, uint32_t line, uint32_t edges)
{
    struct gpio_chip *chip = find_line(chip_index, line);
    if (chip == NULL)
        return -ENODEV;
    struct gpio_core *core = chip->core;
    mutex_lock(&core->lock);
    uint32_t before = edges_wanted(core, line);
    count_edges(core, line, edges, 1);
    uint32_t after = edges_wanted(core, line);
    int err = after != before ? chip->ops->set_edges(chip, line, after) : 0;
    if (err)
        count_edges(core, line, edges, -1);
    mutex_unlock(&core->lock);
    return err;
}

void gpio_edges_put(uint32_t chip_index, uint32_t line, uint32_t edges)
{
    struct gpio_chip *chip = find_line(chip_index, line);
    if (chip == NULL)
        return;
    struct gpio_core *core = chip->core;
    mutex_lock(&core->lock);
    uint32_t before = edges_wanted(core, line);
    BUG_ON((edges & ~before) != 0);
    count_edges(core, line, edges, -1);
    uint32_t after = edges_wanted(core, line);
    if (after != before && chip->ops->set_edges(chip, line, after) != 0)
        log_warning("gpio/chip%u/%u: edges could not be switched off", chip_index, line);
    mutex_unlock(&core->lock);
}

int gpio_set_debounce(uint32_t chip_index, uint32_t line, uint64_t time_ns)
{
    struct gpio_chip *chip = find_line(chip_index, line);
    if (chip == NULL)
        return -ENODEV;
    if (chip->ops->set_debounce == NULL)
        return time_ns == 0 ? 0 : -EINVAL;
    return chip->ops->set_debounce(chip, line, time_ns);
}

int gpio_pin_function(struct gpio_chip *chip, uint32_t line, const char *function,
                      enum gpio_pull pull)
{
    if (chip->ops->set_function == NULL)
        return -EOPNOTSUPP;
    interlock_configure_begin();
    int err = chip->ops->set_function(chip, line, function, pull);
    if (err == 0)
        chip->core->outputs &= ~BIT64(line);
    interlock_write_end();
    return err;
}
