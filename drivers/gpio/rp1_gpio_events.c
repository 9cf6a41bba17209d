/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* Edges and interrupts of RP1's GPIO. A pin's events go to two kinds of takers: the GPIO core (edges
 * for programs) and the interrupt domain (a sensor's data-ready line). What CTRL enables is the
 * union of what they want.
 *
 * An edge is latched in the pin until IRQRESET, and its bank's line to RP1's interrupt routing stays
 * active as long as one is. If that line's interrupt is lost, none follows: a watch looks for that
 * while any edge is wanted. */
#include <axiom/errno.h>
#include <axiom/log.h>
#include <core/interlock.h>

#include "rp1_gpio.h"

#define EVENT_SHIFT_RAW 20u
#define EVENT_SHIFT_F   24u
#define FILTER_M_MAX    (RP1_CTRL_F_M >> 5)
#define WATCH_PERIOD_NS (50ull * NSEC_PER_MSEC)
#define WATCH_GRACE_NS  (1ull * NSEC_PER_MSEC)

/* Events of a pin without their place in CTRL. */
#define EVENT_FALL BIT(0)
#define EVENT_RISE BIT(1)
#define EVENT_LOW  BIT(2)
#define EVENT_HIGH BIT(3)
#define EVENT_ALL  GENMASK(3, 0)

static uint32_t event_bits(const struct rp1_gpio_pin_state *state, uint32_t events)
{
    return events << (state->filtered ? EVENT_SHIFT_F : EVENT_SHIFT_RAW);
}

/* Brings CTRL and INTE in line with what the takers want. The level is read before the events are
 * enabled: an edge in between makes the next one look like two, which it then was. */
static void update_events_locked(struct rp1_gpio *gpio, uint32_t line) MUST_HOLD(gpio->lock)
{
    struct rp1_gpio_pin_state *state = &gpio->pins[line];
    struct rp1_gpio_pin pin = rp1_pin_of(gpio, line);
    uint32_t wanted = state->edges | (state->irq_unmasked ? state->irq_events : 0u);
    rp1_ctrl_clear(gpio, pin, RP1_EVENT_MASK);
    if (wanted == 0)
        mmio_write32(&gpio->io, pin.bank->offset + RP1_GPIO_PCIE_INTE + RP1_ALIAS_CLR,
                     BIT(pin.index));
    rp1_ctrl_set(gpio, pin, RP1_CTRL_IRQRESET);
    state->enabled = (uint8_t)wanted;
    if (wanted == 0) {
        pin.bank->enabled_pins &= ~BIT(pin.index);
        return;
    }
    uint32_t level = mmio_read32(&gpio->rio, pin.bank->offset + RP1_RIO_IN) & BIT(pin.index);
    pin.bank->level = (pin.bank->level & ~BIT(pin.index)) | level;
    rp1_ctrl_set(gpio, pin, event_bits(state, wanted));
    pin.bank->enabled_pins |= BIT(pin.index);
    if (!gpio->watch.pending && time_is_running())
        timer_start(&gpio->watch,
                    ktime_get_ns() + (gpio->poll_ns != 0 ? gpio->poll_ns : WATCH_PERIOD_NS));
    mmio_write32(&gpio->io, pin.bank->offset + RP1_GPIO_PCIE_INTE + RP1_ALIAS_SET, BIT(pin.index));
}

/* A pin that is watched needs its input; one that nobody has configured yet becomes an input. */
static void listen(struct rp1_gpio *gpio, uint32_t line)
{
    struct rp1_gpio_pin pin = rp1_pin_of(gpio, line);
    interlock_configure_begin();
    uint32_t ctrl = mmio_read32(&gpio->io, rp1_ctrl_offset(pin));
    if (field_get(RP1_CTRL_FUNCSEL, ctrl) == RP1_FUNCSEL_NULL) {
        rp1_rio_write(gpio, pin, RP1_RIO_OE, false);
        rp1_gpio_connect(gpio, line, RP1_FUNCSEL_SYS_RIO);
    } else {
        rp1_pad_update(gpio, pin, 0, RP1_PAD_IE);
    }
    interlock_write_end();
}

int rp1_gpio_set_edges(struct gpio_chip *chip, uint32_t line, uint32_t edges)
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
int rp1_gpio_set_debounce(struct gpio_chip *chip, uint32_t line, uint64_t time_ns)
{
    struct rp1_gpio *gpio = chip->driver_data;
    uint64_t steps = (time_ns + RP1_FILTER_STEP_NS - 1) / RP1_FILTER_STEP_NS;
    if (steps > FILTER_M_MAX)
        return -EINVAL;
    struct irq_state state = spin_lock_irqsave(&gpio->lock);
    if (steps != 0)
        rp1_ctrl_field(gpio, rp1_pin_of(gpio, line), RP1_CTRL_F_M, (uint32_t)steps);
    gpio->pins[line].filtered = steps != 0;
    update_events_locked(gpio, line);
    spin_unlock_irqrestore(&gpio->lock, state);
    return 0;
}

/* --- interrupts --- */

static void report_edge(struct rp1_gpio_bank *bank, uint32_t index, bool rising, uint32_t level)
{
    struct rp1_gpio *gpio = bank->gpio;
    uint32_t line = bank->first + index;
    const struct rp1_gpio_pin_state *state = &gpio->pins[line];
    uint32_t event = rising ? EVENT_RISE : EVENT_FALL;
    level = rising ? level | BIT(index) : level & ~BIT(index);
    if (state->edges & event)
        gpio_line_edge(&gpio->chip, line, rising ? GPIO_EDGE_RISING : GPIO_EDGE_FALLING, level);
    if (state->irq_unmasked && (state->irq_events & event))
        irq_domain_handle(gpio->domain, line);
}

/* What happened since the last look follows from the level now: with both edges enabled, another
 * level is one edge, the same level is two. With one enabled it was that one. */
static void report_pin(struct rp1_gpio_bank *bank, uint32_t index, uint32_t level)
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
void rp1_gpio_handle_bank(struct irq *irq, void *context)
{
    struct rp1_gpio_bank *bank = context;
    struct rp1_gpio *gpio = bank->gpio;
    (void)irq;
    bank->handled_count++;
    uint32_t pending = mmio_read32(&gpio->io, bank->offset + RP1_GPIO_PCIE_INTS);
    if (pending == 0)
        return;
    for (uint32_t left = pending; left != 0; left &= left - 1) {
        uint32_t index = (uint32_t)__builtin_ctz(left);
        rp1_ctrl_set(gpio, (struct rp1_gpio_pin){ bank, index }, RP1_CTRL_IRQRESET);
    }
    uint32_t level = mmio_read32(&gpio->rio, bank->offset + RP1_RIO_IN);
    for (uint32_t left = pending & GENMASK(bank->count - 1, 0); left != 0; left &= left - 1)
        report_pin(bank, (uint32_t)__builtin_ctz(left), level);
}

/* The bank's interrupt was lost: the pending edge keeps its line active, so none will come by
 * itself. Dropping and raising the line, and unmasking at RP1, which then looks at it again, makes
 * another message. */
static void send_again(struct rp1_gpio_bank *bank)
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
static bool watch_bank(struct rp1_gpio_bank *bank)
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

/* In place of interrupts. The next look is not before this one's end plus the period, so polling
 * leaves the CPU time for what it has found. */
static void poll_banks(struct rp1_gpio *gpio)
{
    bool edges = false;
    for (uint32_t i = 0; i < RP1_GPIO_BANK_COUNT; i++) {
        if (gpio->banks[i].enabled_pins == 0)
            continue;
        edges = true;
        rp1_gpio_handle_bank(NULL, &gpio->banks[i]);
    }
    if (edges)
        timer_start(&gpio->watch, ktime_get_ns() + gpio->poll_ns);
}

/* Every WATCH_PERIOD_NS while edges are enabled; what is pending then has WATCH_GRACE_NS to be
 * handled the usual way. */
void rp1_gpio_watch(struct timer *timer, void *context)
{
    struct rp1_gpio *gpio = context;
    bool look_soon = false, edges = false;
    if (gpio->poll_ns != 0) {
        poll_banks(gpio);
        return;
    }
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
        rp1_rio_write(gpio, rp1_pin_of(gpio, hwirq), RP1_RIO_OE, false);
        rp1_gpio_connect(gpio, hwirq, RP1_FUNCSEL_SYS_RIO);
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

const struct irq_domain_ops rp1_gpio_domain_ops = {
    .translate = translate,
    .set_type = set_type,
    .mask = mask,
    .unmask = unmask,
};
