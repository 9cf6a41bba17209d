/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* What the two halves of RP1's GPIO driver share: its state, and single accesses to registers that
 * several parties write. rp1_gpio.c has lines and pads, rp1_gpio_events.c edges and interrupts. */
#pragma once
#include <axiom/bits.h>
#include <core/gpio.h>
#include <core/ratelimit.h>
#include <core/spinlock.h>
#include <core/time.h>
#include <hw/irq.h>
#include <hw/mmio.h>
#include <hw/regs/rp1_gpio.h>

struct rp1_gpio;

struct rp1_gpio_bank {
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

struct rp1_gpio_pin_state {
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
    uint64_t poll_ns; /* 0: banks interrupt; else they are looked at so often */
    struct rp1_gpio_bank banks[RP1_GPIO_BANK_COUNT];
    struct ratelimit limit;
    struct spinlock lock;
    /* lock protects, but for what pin_state says otherwise: */
    struct rp1_gpio_pin_state pins[RP1_GPIO_LINE_COUNT];
};

/* A line's bank, and its place in it. */
struct rp1_gpio_pin {
    struct rp1_gpio_bank *bank;
    uint32_t index;
};

static inline struct rp1_gpio_pin rp1_pin_of(struct rp1_gpio *gpio, uint32_t line)
{
    uint32_t bank = 0;
    while (bank + 1 < RP1_GPIO_BANK_COUNT && line >= gpio->banks[bank + 1].first)
        bank++;
    return (struct rp1_gpio_pin){ &gpio->banks[bank], line - gpio->banks[bank].first };
}

static inline uint32_t rp1_ctrl_offset(struct rp1_gpio_pin pin)
{
    return pin.bank->offset + RP1_GPIO_CTRL(pin.index);
}

static inline void rp1_ctrl_set(const struct rp1_gpio *gpio, struct rp1_gpio_pin pin, uint32_t bits)
{
    mmio_write32(&gpio->io, rp1_ctrl_offset(pin) + RP1_ALIAS_SET, bits);
}

static inline void rp1_ctrl_clear(const struct rp1_gpio *gpio, struct rp1_gpio_pin pin,
                                  uint32_t bits)
{
    mmio_write32(&gpio->io, rp1_ctrl_offset(pin) + RP1_ALIAS_CLR, bits);
}

/* One field to a value, in one access. */
static inline void rp1_ctrl_field(const struct rp1_gpio *gpio, struct rp1_gpio_pin pin,
                                  uint32_t field, uint32_t value)
{
    uint32_t old = mmio_read32(&gpio->io, rp1_ctrl_offset(pin)) & field;
    mmio_write32(&gpio->io, rp1_ctrl_offset(pin) + RP1_ALIAS_XOR, old ^ field_prep(field, value));
}

static inline void rp1_pad_update(const struct rp1_gpio *gpio, struct rp1_gpio_pin pin,
                                  uint32_t clear, uint32_t set)
{
    uint32_t offset = pin.bank->offset + RP1_PAD(pin.index);
    uint32_t old = mmio_read32(&gpio->pads, offset);
    mmio_write32(&gpio->pads, offset + RP1_ALIAS_XOR, old ^ ((old & ~clear) | set));
}

static inline void rp1_rio_write(const struct rp1_gpio *gpio, struct rp1_gpio_pin pin, uint32_t reg,
                                 bool value)
{
    mmio_write32(&gpio->rio, pin.bank->offset + reg + (value ? RP1_ALIAS_SET : RP1_ALIAS_CLR),
                 BIT(pin.index));
}

/* Connects the pad and gives it to a function. With the interlock's lock. */
void rp1_gpio_connect(struct rp1_gpio *gpio, uint32_t line, uint32_t funcsel);

/* rp1_gpio_events.c */
extern const struct irq_domain_ops rp1_gpio_domain_ops;
int rp1_gpio_set_edges(struct gpio_chip *chip, uint32_t line, uint32_t edges);
int rp1_gpio_set_debounce(struct gpio_chip *chip, uint32_t line, uint64_t time_ns);
void rp1_gpio_handle_bank(struct irq *irq, void *context); /* a struct rp1_gpio_bank */
void rp1_gpio_watch(struct timer *timer, void *context);   /* a struct rp1_gpio */
