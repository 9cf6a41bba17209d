/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* One bank of RP1 GPIO as words: bit n of every word is pin n of the bank, so that a change costs
 * the same for one pin as for all of them.
 *
 *   outside world, other models ──┐
 *   RIO OUT, PWM ─OUTOVER─┐       ├─> level ─IE──> infrompad ─FUNCSEL not null─> input ─> events
 *   RIO OE, PWM ──OEOVER──┴─OD──> drive            (STATUS)                      │
 *   pulls ────────────────────────┘                                              └─INOVER─> RIO IN
 *
 * `level` is what the board sees, except on pins that show a PWM channel: their level is a function
 * of time (pwm_live) and they are 0 in `level`. */
#pragma once
#include <hw/regs/rp1_gpio.h>
#include <hw_models/models.h>
#include <hw_models/rp1.h>

#define BANK_PIN_MAX 28u
#define PWM_BLOCKS   2u
#define PWM_CHANNELS 4u

enum gpio_cause {
    CAUSE_OUTSIDE, /* the outside world drove or released a pin */
    CAUSE_WIRE,    /* another model's output did */
    CAUSE_CHIP,    /* a register write did */
};

enum gpio_destination { DEST_PROC0, DEST_PROC1, DEST_PCIE, DEST_COUNT };

struct rp1_bank {
    uint32_t index, first, count;
    uint32_t valid; /* the pins that exist */

    /* Registers, in the state hash. */
    uint32_t ctrl[BANK_PIN_MAX], pad[BANK_PIN_MAX];
    uint32_t voltage;
    uint32_t rio_out, rio_oe;
    uint32_t inte[DEST_COUNT], intf[DEST_COUNT];
    uint32_t rise, fall; /* edges latched until IRQRESET */
    uint32_t level;

    /* Decoded from ctrl and pad by bank_decode_pin(). */
    uint32_t sel_rio, sel_null, sel_pwm;
    struct {
        uint8_t block, channel;
    } pwm_source[BANK_PIN_MAX]; /* of pins in sel_pwm */
    uint32_t out_invert, out_low, out_high;
    uint32_t oe_invert, oe_off, oe_on;
    uint32_t in_invert, in_low, in_high;
    uint32_t irq_invert, irq_low, irq_high;
    uint32_t on_fall, on_rise, on_low, on_high;           /* events enabled into the interrupt */
    uint32_t on_f_fall, on_f_rise, on_db_low, on_db_high; /* of the filtered input */
    uint32_t pad_ie, pad_od, pull_up, pull_down;

    /* What others drive. */
    uint32_t outside, outside_level;
    uint32_t wired, wired_level;

    /* Of the registers, by bank_apply_outputs() and bank_reconfigure(). */
    uint32_t drive;        /* pins that the chip drives */
    uint32_t driven_level; /* to these levels, PWM pins aside */
    uint32_t pwm_live;     /* of these, pins that show a PWM channel */
    uint32_t input;        /* what the event detectors see */
    uint32_t contended;    /* both sides drive, to different levels */
    bool irq;

    /* The filter: a pin's filtered level follows its input once that has been stable for the pin's
     * time. Settled lazily, by a timer only where an event of it is enabled. A function of the
     * levels over time, so outside the hash. */
    uint32_t f_level, f_rise, f_fall;
    uint64_t changed_ns[BANK_PIN_MAX];
    struct model_timer filter_timer[BANK_PIN_MAX];
};

struct rp1_gpio {
    struct model model;
    struct rp1_bank bank[RP1_GPIO_BANK_COUNT];
    struct model *pwm[PWM_BLOCKS]; /* found at first use */
    enum rp1_pwm_route route[PWM_BLOCKS][PWM_CHANNELS];
    bool pwm_edge_warned;
    /* Of the banks' pwm_live pins. */
    struct pwm_pins {
        bool known;      /* the rest is up to date */
        uint32_t moving; /* pins whose level changes by itself */
        uint32_t high;   /* of the others, those that are high */
    } pwm_pins[RP1_GPIO_BANK_COUNT];
};

static inline struct rp1_gpio *rp1_gpio_of(struct model *model)
{
    return CONTAINER_OF(model, struct rp1_gpio, model);
}

/* Recomputes levels after outside or wired changed. */
void bank_apply_inputs(struct rp1_gpio *gpio, struct rp1_bank *bank, enum gpio_cause cause);
/* After rio_out or rio_oe changed. */
void bank_apply_outputs(struct rp1_gpio *gpio, struct rp1_bank *bank);
/* Takes over ctrl[pin] and pad[pin]. */
void bank_reconfigure(struct rp1_gpio *gpio, struct rp1_bank *bank, uint32_t pin);
/* As bank_reconfigure, for init: nothing has happened yet. */
void bank_reset(struct rp1_bank *bank);
void bank_irq_reset(struct rp1_gpio *gpio, struct rp1_bank *bank, uint32_t pin);
void bank_update_irq(struct rp1_gpio *gpio, struct rp1_bank *bank);
/* After CTRL's interrupt half of a pin changed. */
void bank_filter_arm(struct rp1_gpio *gpio, struct rp1_bank *bank, uint32_t pin);

/* Levels as the board sees them now, PWM included. */
uint32_t bank_level_now(struct rp1_gpio *gpio, const struct rp1_bank *bank);
/* 0, 1, or -1: nobody drives or pulls it. */
int bank_line_level(struct rp1_gpio *gpio, const struct rp1_bank *bank, uint32_t pin);
uint32_t bank_read_rio_in(struct rp1_gpio *gpio, const struct rp1_bank *bank);
uint32_t bank_read_status(struct rp1_gpio *gpio, struct rp1_bank *bank, uint32_t pin);
uint32_t bank_intr(const struct rp1_bank *bank);
uint32_t bank_ints(const struct rp1_bank *bank, enum gpio_destination to);

/* gpio/rp1_gpio_pwm.c: which pins show which PWM channel. */
bool pwm_pin(uint32_t line, uint32_t funcsel, uint32_t *block, uint32_t *channel);
/* The channel's output at this pin, OUTOVER applied. */
bool pwm_pin_level(const struct rp1_gpio *gpio, const struct rp1_bank *bank, uint32_t pin);
/* Brings the bank's pwm_pins up to date. */
void pwm_pins_look(struct rp1_gpio *gpio, const struct rp1_bank *bank);
/* Tells the PWM models what became of their channels' ways. */
void pwm_routes_update(struct rp1_gpio *gpio);
