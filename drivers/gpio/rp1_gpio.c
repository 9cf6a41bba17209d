/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* RP1's GPIO: 54 pins in three banks, each with a function select and override register (IO), a
 * bit in the bank's level, output and enable registers (RIO), and a pad (RP1 Peripherals §3.1,
 * §3.3; sequences: pinctrl-rp1.c in raspberrypi/linux).
 *
 * Registers that several parties write are only changed through the atomic aliases, one access
 * each: the pin's function, the event enables and the overrides share CTRL, and an emergency stop
 * on another CPU must not be undone by a read-modify-write that was on its way.
 *
 * A pin's events go to two kinds of takers: the GPIO core (edges for programs) and the interrupt
 * domain (a sensor's data-ready line). What CTRL enables is the union of what they want. */
#include <axiom/bits.h>
#include <axiom/errno.h>
#include <axiom/log.h>
#include <core/gpio.h>
#include <core/interlock.h>
#include <core/mm.h>
#include <core/ratelimit.h>
#include <core/spinlock.h>
#include <core/time.h>
#include <drivers/rp1_pins.h>
#include <drivers/table.h>
#include <hw/device.h>
#include <hw/regs/rp1_gpio.h>

#define EVENT_SHIFT_RAW 20u
#define EVENT_SHIFT_F   24u
#define FILTER_M_MAX    (RP1_CTRL_F_M >> 5)
/* Of each region: three banks, each with its aliases. */
#define REGION_SIZE     (3u * RP1_GPIO_BANK_STRIDE)
#define WATCH_PERIOD_NS (50ull * NSEC_PER_MSEC)
#define WATCH_GRACE_NS  (1ull * NSEC_PER_MSEC)

/* Events of a pin without their place in CTRL. */
#define EVENT_FALL BIT(0)
#define EVENT_RISE BIT(1)
#define EVENT_LOW  BIT(2)
#define EVENT_HIGH BIT(3)
#define EVENT_ALL  GENMASK(3, 0)

struct rp1_gpio;

struct bank {
    struct rp1_gpio *gpio;
    struct irq *irq;
    uint32_t first, count;
    uint32_t offset; /* of its registers in each of the three regions */
    /* gpio->lock protects; the handler reads without it, each word changes as a whole: */
    uint32_t level; /* of the pins as last reported; bits of pins without edges mean nothing */
    uint32_t enabled_pins;  /* with an event enabled */
    uint32_t handled_count; /* runs of the handler, which alone writes it */
    /* The watch timer's: */
    uint32_t suspect_count; /* handled_count when something was pending at the last look */
    bool suspect;
};

struct pin_state {
    uint8_t edges;      /* that the GPIO core wants: EVENT_FALL, EVENT_RISE */
    uint8_t irq_events; /* that the interrupt domain's type needs */
    uint8_t enabled;    /* in CTRL now */
    bool irq_unmasked;
    bool filtered;
    bool claimed; /* by a function of the tree */
    bool forced;  /* by the interlock, whose lock protects this and the next */
    int8_t forced_level;
};

struct rp1_gpio {
    struct gpio_chip chip;
    struct mmio io, rio, pads;
    struct irq_domain *domain;
    struct timer watch;
    struct bank banks[RP1_GPIO_BANK_COUNT];
    struct ratelimit limit;
    struct spinlock lock;
    /* lock protects, but for what pin_state says otherwise: */
    struct pin_state pins[RP1_GPIO_LINE_COUNT];
};

/* A line's bank, and its place in it. */
struct pin {
    struct bank *bank;
    uint32_t index;
};

static struct pin pin_of(struct rp1_gpio *gpio, uint32_t line)
{
    uint32_t bank = 0;
    while (bank + 1 < RP1_GPIO_BANK_COUNT && line >= gpio->banks[bank + 1].first)
        bank++;
    return (struct pin){ &gpio->banks[bank], line - gpio->banks[bank].first };
}

static uint32_t ctrl_offset(struct pin pin)
{
    return pin.bank->offset + RP1_GPIO_CTRL(pin.index);
}

static void ctrl_set(const struct rp1_gpio *gpio, struct pin pin, uint32_t bits)
{
    mmio_write32(&gpio->io, ctrl_offset(pin) + RP1_ALIAS_SET, bits);
}

static void ctrl_clear(const struct rp1_gpio *gpio, struct pin pin, uint32_t bits)
{
    mmio_write32(&gpio->io, ctrl_offset(pin) + RP1_ALIAS_CLR, bits);
}

/* One field to a value, in one access. */
static void ctrl_field(const struct rp1_gpio *gpio, struct pin pin, uint32_t field, uint32_t value)
{
    uint32_t old = mmio_read32(&gpio->io, ctrl_offset(pin)) & field;
    mmio_write32(&gpio->io, ctrl_offset(pin) + RP1_ALIAS_XOR, old ^ field_prep(field, value));
}

static void pad_update(const struct rp1_gpio *gpio, struct pin pin, uint32_t clear, uint32_t set)
{
    uint32_t offset = pin.bank->offset + RP1_PAD(pin.index);
    uint32_t old = mmio_read32(&gpio->pads, offset);
    mmio_write32(&gpio->pads, offset + RP1_ALIAS_XOR, old ^ ((old & ~clear) | set));
}

static void rio_write(const struct rp1_gpio *gpio, struct pin pin, uint32_t reg, bool value)
{
    mmio_write32(&gpio->rio, pin.bank->offset + reg + (value ? RP1_ALIAS_SET : RP1_ALIAS_CLR),
                 BIT(pin.index));
}

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
static void connect(struct rp1_gpio *gpio, uint32_t line, uint32_t funcsel)
{
    struct pin pin = pin_of(gpio, line);
    if (gpio->pins[line].forced) {
        pad_update(gpio, pin, 0, RP1_PAD_IE);
    } else {
        pad_update(gpio, pin, RP1_PAD_OD, RP1_PAD_IE);
        ctrl_clear(gpio, pin, RP1_CTRL_OUTOVER | RP1_CTRL_OEOVER);
    }
    ctrl_field(gpio, pin, RP1_CTRL_FUNCSEL, funcsel);
}

static int direction_input(struct gpio_chip *chip, uint32_t line, enum gpio_pull pull)
{
    struct rp1_gpio *gpio = chip->driver_data;
    struct pin pin = pin_of(gpio, line);
    if (gpio->pins[line].claimed)
        return -EBUSY;
    if (gpio->pins[line].forced)
        return -EPERM;
    rio_write(gpio, pin, RP1_RIO_OE, false);
    pad_update(gpio, pin, RP1_PAD_PULL, pull_field(pull));
    connect(gpio, line, RP1_FUNCSEL_SYS_RIO);
    return 0;
}

static int direction_output(struct gpio_chip *chip, uint32_t line, bool level)
{
    struct rp1_gpio *gpio = chip->driver_data;
    struct pin pin = pin_of(gpio, line);
    if (gpio->pins[line].claimed)
        return -EBUSY;
    rio_write(gpio, pin, RP1_RIO_OUT, level);
    rio_write(gpio, pin, RP1_RIO_OE, true);
    connect(gpio, line, RP1_FUNCSEL_SYS_RIO);
    return 0;
}

static int get(struct gpio_chip *chip, uint32_t line)
{
    struct rp1_gpio *gpio = chip->driver_data;
    struct pin pin = pin_of(gpio, line);
    return (mmio_read32(&gpio->rio, pin.bank->offset + RP1_RIO_IN) & BIT(pin.index)) != 0;
}

static void set(struct gpio_chip *chip, uint32_t line, bool level)
{
    struct rp1_gpio *gpio = chip->driver_data;
    rio_write(gpio, pin_of(gpio, line), RP1_RIO_OUT, level);
}

static int set_function(struct gpio_chip *chip, uint32_t line, const char *function,
                        enum gpio_pull pull)
{
    struct rp1_gpio *gpio = chip->driver_data;
    struct pin_state *state = &gpio->pins[line];
    uint32_t funcsel = RP1_FUNCSEL_NULL;
    if (function != NULL && state->claimed)
        return -EBUSY;
    if (function != NULL && rp1_pin_funcsel(line, function, &funcsel) != 0)
        return -EINVAL;
    if (function != NULL) {
        pad_update(gpio, pin_of(gpio, line), RP1_PAD_PULL, pull_field(pull));
        connect(gpio, line, funcsel);
    } else {
        ctrl_field(gpio, pin_of(gpio, line), RP1_CTRL_FUNCSEL, funcsel);
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
    struct pin pin = pin_of(gpio, line);
    const uint32_t upper_out = field_prep(RP1_CTRL_OUTOVER, 2), lower_out = upper_out >> 1;
    const uint32_t upper_oe = field_prep(RP1_CTRL_OEOVER, 2), lower_oe = upper_oe >> 1;
    gpio->pins[line].forced = true;
    gpio->pins[line].forced_level = (int8_t)level;
    if (level < 0) {
        mmio_write32(&gpio->pads, pin.bank->offset + RP1_PAD(pin.index) + RP1_ALIAS_SET,
                     RP1_PAD_OD);
        ctrl_set(gpio, pin, upper_oe);
        ctrl_clear(gpio, pin, lower_oe);
    } else {
        if (level == 0)
            ctrl_clear(gpio, pin, lower_out);
        ctrl_set(gpio, pin, level == 0 ? upper_out : upper_out | lower_out);
        ctrl_set(gpio, pin, upper_oe | lower_oe);
        mmio_write32(&gpio->pads, pin.bank->offset + RP1_PAD(pin.index) + RP1_ALIAS_CLR,
                     RP1_PAD_OD);
    }
    (void)mmio_read32(&gpio->io, ctrl_offset(pin));
}

/* The line's own output takes the safe level first, so that nothing moves. */
static void release(struct gpio_chip *chip, uint32_t line)
{
    struct rp1_gpio *gpio = chip->driver_data;
    struct pin_state *state = &gpio->pins[line];
    struct pin pin = pin_of(gpio, line);
    if (!state->forced)
        return;
    if (state->forced_level < 0)
        rio_write(gpio, pin, RP1_RIO_OE, false);
    else
        rio_write(gpio, pin, RP1_RIO_OUT, state->forced_level == 1);
    ctrl_clear(gpio, pin, RP1_CTRL_OUTOVER | RP1_CTRL_OEOVER);
    mmio_write32(&gpio->pads, pin.bank->offset + RP1_PAD(pin.index) + RP1_ALIAS_CLR, RP1_PAD_OD);
    state->forced = false;
}

/* --- events --- */

static uint32_t event_bits(const struct pin_state *state, uint32_t events)
{
    return events << (state->filtered ? EVENT_SHIFT_F : EVENT_SHIFT_RAW);
}

/* Brings CTRL and INTE in line with what the takers want. The level is read before the events are
 * enabled: an edge in between makes the next one look like two, which it then was. */
static void update_events_locked(struct rp1_gpio *gpio, uint32_t line) MUST_HOLD(gpio->lock)
{
    struct pin_state *state = &gpio->pins[line];
    struct pin pin = pin_of(gpio, line);
    uint32_t wanted = state->edges | (state->irq_unmasked ? state->irq_events : 0u);
    ctrl_clear(gpio, pin, RP1_EVENT_MASK);
    if (wanted == 0)
        mmio_write32(&gpio->io, pin.bank->offset + RP1_GPIO_PCIE_INTE + RP1_ALIAS_CLR,
                     BIT(pin.index));
    ctrl_set(gpio, pin, RP1_CTRL_IRQRESET);
    state->enabled = (uint8_t)wanted;
    if (wanted == 0) {
        pin.bank->enabled_pins &= ~BIT(pin.index);
        return;
    }
    uint32_t level = mmio_read32(&gpio->rio, pin.bank->offset + RP1_RIO_IN) & BIT(pin.index);
    pin.bank->level = (pin.bank->level & ~BIT(pin.index)) | level;
    ctrl_set(gpio, pin, event_bits(state, wanted));
    pin.bank->enabled_pins |= BIT(pin.index);
    if (!gpio->watch.pending && time_is_running())
        timer_start(&gpio->watch, ktime_get_ns() + WATCH_PERIOD_NS);
    mmio_write32(&gpio->io, pin.bank->offset + RP1_GPIO_PCIE_INTE + RP1_ALIAS_SET, BIT(pin.index));
}

/* A pin that is watched needs its input; one that nobody has configured yet becomes an input. */
static void listen(struct rp1_gpio *gpio, uint32_t line)
{
    struct pin pin = pin_of(gpio, line);
    interlock_configure_begin();
    uint32_t ctrl = mmio_read32(&gpio->io, ctrl_offset(pin));
    if (field_get(RP1_CTRL_FUNCSEL, ctrl) == RP1_FUNCSEL_NULL) {
        rio_write(gpio, pin, RP1_RIO_OE, false);
        connect(gpio, line, RP1_FUNCSEL_SYS_RIO);
    } else {
        pad_update(gpio, pin, 0, RP1_PAD_IE);
    }
    interlock_write_end();
}

static int set_edges(struct gpio_chip *chip, uint32_t line, uint32_t edges)
{
    struct rp1_gpio *gpio = chip->driver_data;
    if (edges != 0)
        listen(gpio, line);
    struct irq_state state = spin_lock_irqsave(&gpio->lock);
    gpio->pins[line].edges = (uint8_t)((edges & GPIO_EDGE_RISING ? EVENT_RISE : 0u) |
                                       (edges & GPIO_EDGE_FALLING ? EVENT_FALL : 0u));
    update_events_locked(gpio, line);
    spin_unlock_irqrestore(&gpio->lock, state);
    return 0;
}

/* F_M counts RP1_FILTER_STEP_NS; a level must hold that long to be seen. */
static int set_debounce(struct gpio_chip *chip, uint32_t line, uint64_t time_ns)
{
    struct rp1_gpio *gpio = chip->driver_data;
    uint64_t steps = (time_ns + RP1_FILTER_STEP_NS - 1) / RP1_FILTER_STEP_NS;
    if (steps > FILTER_M_MAX)
        return -EINVAL;
    struct irq_state state = spin_lock_irqsave(&gpio->lock);
    if (steps != 0)
        ctrl_field(gpio, pin_of(gpio, line), RP1_CTRL_F_M, (uint32_t)steps);
    gpio->pins[line].filtered = steps != 0;
    update_events_locked(gpio, line);
    spin_unlock_irqrestore(&gpio->lock, state);
    return 0;
}

static const struct gpio_chip_ops chip_ops = {
    .direction_input = direction_input,
    .direction_output = direction_output,
    .get = get,
    .set = set,
    .set_edges = set_edges,
    .force_safe = force_safe,
    .release = release,
    .set_debounce = set_debounce,
    .set_function = set_function,
};

/* --- interrupts --- */

static void report_edge(struct bank *bank, uint32_t index, bool rising, uint32_t level)
{
    struct rp1_gpio *gpio = bank->gpio;
    uint32_t line = bank->first + index;
    const struct pin_state *state = &gpio->pins[line];
    uint32_t event = rising ? EVENT_RISE : EVENT_FALL;
    level = rising ? level | BIT(index) : level & ~BIT(index);
    if (state->edges & event)
        gpio_line_edge(&gpio->chip, line, rising ? GPIO_EDGE_RISING : GPIO_EDGE_FALLING, level);
    if (state->irq_unmasked && (state->irq_events & event))
        irq_domain_handle(gpio->domain, line);
}

/* What happened since the last look follows from the level now: with both edges enabled, another
 * level is one edge, the same level is two. With one enabled it was that one. */
static void report_pin(struct bank *bank, uint32_t index, uint32_t level)
{
    struct rp1_gpio *gpio = bank->gpio;
    uint32_t line = bank->first + index, enabled = gpio->pins[line].enabled;
    bool now = (level & BIT(index)) != 0, before = (bank->level & BIT(index)) != 0;
    bank->level = (bank->level & ~BIT(index)) | (level & BIT(index));
    if ((enabled & (EVENT_RISE | EVENT_FALL)) == (EVENT_RISE | EVENT_FALL)) {
        if (now == before)
            report_edge(bank, index, !now, level);
        report_edge(bank, index, now, level);
    } else if (enabled & (EVENT_RISE | EVENT_FALL)) {
        report_edge(bank, index, (enabled & EVENT_RISE) != 0, level);
    } else if (enabled != 0) {
        irq_domain_handle(gpio->domain, line);
    } else {
        mmio_write32(&gpio->io, bank->offset + RP1_GPIO_PCIE_INTE + RP1_ALIAS_CLR, BIT(index));
        if (ratelimit_allow(&gpio->limit, "rp1_gpio"))
            log_warning("rp1_gpio: GPIO %u interrupted though nobody asked for it; masked", line);
    }
}

/* Short, because edges come by the hundred thousand: one read says which pins, one write a pin
 * forgets the edge, one read of the levels also waits until those writes have arrived, so that what
 * comes after is latched anew. */
static void handle_bank(struct irq *irq, void *context)
{
    struct bank *bank = context;
    struct rp1_gpio *gpio = bank->gpio;
    (void)irq;
    bank->handled_count++;
    uint32_t pending = mmio_read32(&gpio->io, bank->offset + RP1_GPIO_PCIE_INTS);
    if (pending == 0)
        return;
    for (uint32_t left = pending; left != 0; left &= left - 1) {
        uint32_t index = (uint32_t)__builtin_ctz(left);
        ctrl_set(gpio, (struct pin){ bank, index }, RP1_CTRL_IRQRESET);
    }
    uint32_t level = mmio_read32(&gpio->rio, bank->offset + RP1_RIO_IN);
    for (uint32_t left = pending & GENMASK(bank->count - 1, 0); left != 0; left &= left - 1)
        report_pin(bank, (uint32_t)__builtin_ctz(left), level);
}

/* The bank's interrupt was lost: the pending edge keeps its line active, so none will come by
 * itself. Dropping and raising the line, and unmasking at RP1, which then looks at it again, makes
 * another message. */
static void send_again(struct bank *bank)
{
    if (ratelimit_allow(&bank->gpio->limit, "rp1_gpio"))
        log_warning(
            "rp1_gpio: interrupt lost: edges of GPIO %u..%u pending for %llu us; RP1 is asked "
            "to send it again",
            bank->first, bank->first + bank->count - 1,
            (unsigned long long)(WATCH_GRACE_NS / NSEC_PER_USEC));
    const struct mmio *io = &bank->gpio->io;
    struct irq_state state = spin_lock_irqsave(&bank->gpio->lock);
    uint32_t enabled = mmio_read32(io, bank->offset + RP1_GPIO_PCIE_INTE);
    irq_mask(bank->irq);
    mmio_write32(io, bank->offset + RP1_GPIO_PCIE_INTE, 0);
    mmio_write32(io, bank->offset + RP1_GPIO_PCIE_INTE, enabled);
    irq_unmask(bank->irq);
    spin_unlock_irqrestore(&bank->gpio->lock, state);
}

/* Looks at a bank that has edges enabled. True: something is pending that was not when we looked
 * last, so look again soon. */
static bool watch_bank(struct bank *bank)
{
    const struct rp1_gpio *gpio = bank->gpio;
    if (mmio_read32(&gpio->io, bank->offset + RP1_GPIO_PCIE_INTS) == 0) {
        bank->suspect = false;
        return false;
    }
    if (bank->suspect && bank->suspect_count == bank->handled_count) {
        bank->suspect = false;
        send_again(bank);
        return false;
    }
    bank->suspect = true;
    bank->suspect_count = bank->handled_count;
    return true;
}

/* Every WATCH_PERIOD_NS while edges are enabled; what is pending then has WATCH_GRACE_NS to be
 * handled the usual way. */
static void watch(struct timer *timer, void *context)
{
    struct rp1_gpio *gpio = context;
    bool look_soon = false, edges = false;
    for (uint32_t i = 0; i < RP1_GPIO_BANK_COUNT; i++) {
        if (gpio->banks[i].enabled_pins == 0)
            continue;
        edges = true;
        look_soon = watch_bank(&gpio->banks[i]) || look_soon;
    }
    if (edges)
        timer_start(timer, ktime_get_ns() + (look_soon ? WATCH_GRACE_NS : WATCH_PERIOD_NS));
}

static int translate(struct irq_domain *domain, const uint32_t *cells, uint32_t count,
                     uint32_t *hwirq, enum irq_type *type)
{
    (void)domain;
    if (count < 2 || cells[0] >= RP1_GPIO_LINE_COUNT) {
        log_err("rp1_gpio: an interrupt specifier is <line type>, line below %u",
                RP1_GPIO_LINE_COUNT);
        return -EINVAL;
    }
    *hwirq = cells[0];
    *type = (enum irq_type)cells[1];
    return 0;
}

static int events_of_type(enum irq_type type, uint8_t *events)
{
    switch (type) {
    case IRQ_TYPE_EDGE_RISING:
        *events = EVENT_RISE;
        return 0;
    case IRQ_TYPE_EDGE_FALLING:
        *events = EVENT_FALL;
        return 0;
    case IRQ_TYPE_EDGE_BOTH:
        *events = EVENT_RISE | EVENT_FALL;
        return 0;
    case IRQ_TYPE_LEVEL_HIGH:
        *events = EVENT_HIGH;
        return 0;
    case IRQ_TYPE_LEVEL_LOW:
        *events = EVENT_LOW;
        return 0;
    default:
        return -EINVAL;
    }
}

/* A line that is asked for as an interrupt becomes an input; its pull stays as the board has it. */
static int set_type(struct irq_domain *domain, uint32_t hwirq, enum irq_type type)
{
    struct rp1_gpio *gpio = irq_domain_data(domain);
    uint8_t events;
    if (events_of_type(type, &events) != 0 || gpio->pins[hwirq].claimed) {
        log_err("rp1_gpio: GPIO %u cannot be an interrupt of type %d", hwirq, (int)type);
        return -EINVAL;
    }
    interlock_configure_begin();
    if (!gpio->pins[hwirq].forced) {
        rio_write(gpio, pin_of(gpio, hwirq), RP1_RIO_OE, false);
        connect(gpio, hwirq, RP1_FUNCSEL_SYS_RIO);
    }
    interlock_write_end();
    struct irq_state state = spin_lock_irqsave(&gpio->lock);
    gpio->pins[hwirq].irq_events = events;
    update_events_locked(gpio, hwirq);
    spin_unlock_irqrestore(&gpio->lock, state);
    return 0;
}

static void set_unmasked(struct irq_domain *domain, uint32_t hwirq, bool unmasked)
{
    struct rp1_gpio *gpio = irq_domain_data(domain);
    struct irq_state state = spin_lock_irqsave(&gpio->lock);
    if (gpio->pins[hwirq].irq_unmasked != unmasked) {
        gpio->pins[hwirq].irq_unmasked = unmasked;
        update_events_locked(gpio, hwirq);
    }
    spin_unlock_irqrestore(&gpio->lock, state);
}

static void mask(struct irq_domain *domain, uint32_t hwirq)
{
    set_unmasked(domain, hwirq, false);
}

static void unmask(struct irq_domain *domain, uint32_t hwirq)
{
    set_unmasked(domain, hwirq, true);
}

static const struct irq_domain_ops domain_ops = {
    .translate = translate,
    .set_type = set_type,
    .mask = mask,
    .unmask = unmask,
};

/* --- probe --- */

static void fill_banks(struct rp1_gpio *gpio)
{
    static const uint32_t first[] = { RP1_GPIO_BANK0_FIRST, RP1_GPIO_BANK1_FIRST,
                                      RP1_GPIO_BANK2_FIRST };
    static const uint32_t count[] = { RP1_GPIO_BANK0_COUNT, RP1_GPIO_BANK1_COUNT,
                                      RP1_GPIO_BANK2_COUNT };
    for (uint32_t i = 0; i < RP1_GPIO_BANK_COUNT; i++) {
        gpio->banks[i] = (struct bank){
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
    for (uint32_t i = 0; i < count; i++)
        irq_free(gpio->banks[i].irq);
}

static int request_irqs(struct device *device, struct rp1_gpio *gpio)
{
    for (uint32_t i = 0; i < RP1_GPIO_BANK_COUNT; i++) {
        struct bank *bank = &gpio->banks[i];
        mmio_write32(&gpio->io, bank->offset + RP1_GPIO_PCIE_INTE, 0);
        int err = device_irq(device, i, &bank->irq);
        if (err == 0)
            err = irq_request(bank->irq, handle_bank, bank, "rp1_gpio");
        if (err) {
            free_irqs(gpio, i);
            return err;
        }
    }
    return 0;
}

/* Lines of bank 0 (the 40-pin header) that nobody has given a function become inputs, so that a
 * program that reads a bank's levels sees its pins. Pulls stay as they are; banks 1 and 2 are the
 * board's own. */
static void unused_lines_to_inputs(struct rp1_gpio *gpio)
{
    for (uint32_t line = 0; line < gpio->banks[1].first; line++) {
        struct pin pin = pin_of(gpio, line);
        uint32_t ctrl = mmio_read32(&gpio->io, ctrl_offset(pin));
        if (field_get(RP1_CTRL_FUNCSEL, ctrl) != RP1_FUNCSEL_NULL)
            continue;
        rio_write(gpio, pin, RP1_RIO_OE, false);
        connect(gpio, line, RP1_FUNCSEL_SYS_RIO);
    }
}

static int probe(struct device *device)
{
    struct rp1_gpio *gpio = kzalloc(sizeof *gpio);
    if (gpio == NULL)
        return -ENOMEM;
    fill_banks(gpio);
    spin_lock_init(&gpio->lock);
    timer_init(&gpio->watch, watch, gpio);
    gpio->chip.device = device;
    int err = map_regions(device, gpio);
    if (err)
        goto free_gpio;
    err = irq_domain_create(device, device_node(device), &domain_ops, RP1_GPIO_LINE_COUNT, gpio,
                            &gpio->domain);
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
