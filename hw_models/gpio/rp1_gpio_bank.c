/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* Levels, events and interrupts of one GPIO bank; see rp1_gpio_bank.h for the way of a signal.
 *
 * Edges are latched whether or not they are enabled, until IRQRESET. All pins that change in one
 * call change together: one latch update, one interrupt, and every event carries the same bank
 * level. */
#include "rp1_gpio_bank.h"

/* --- outputs and levels --- */

/* Output enable and output as they reach the pads. PWM pins count as enabled peripherals. */
static uint32_t oe_to_pad(const struct rp1_bank *bank)
{
    uint32_t from_peri = (bank->rio_oe & bank->sel_rio) | bank->sel_pwm;
    return (((from_peri ^ bank->oe_invert) | bank->oe_on) & ~bank->oe_off) & bank->valid;
}

static uint32_t out_to_pad(const struct rp1_bank *bank)
{
    uint32_t from_peri = bank->rio_out & bank->sel_rio;
    return ((from_peri ^ bank->out_invert) | bank->out_high) & ~bank->out_low;
}

/* Who decides an undriven pin, first the stronger: the outside world, a wire of the board, a pull;
 * a pin with both pulls keeps its level. */
static uint32_t undriven_level(const struct rp1_bank *bank)
{
    uint32_t pulled = bank->pull_up & ~bank->pull_down;
    uint32_t kept = bank->pull_up & bank->pull_down & bank->level;
    uint32_t wired = (bank->wired & bank->wired_level) | (~bank->wired & (pulled | kept));
    return (bank->outside & bank->outside_level) | (~bank->outside & wired);
}

static void warn_contention(struct rp1_gpio *gpio, struct rp1_bank *bank)
{
    uint32_t contended =
        bank->drive & bank->outside & (bank->driven_level ^ bank->outside_level) & ~bank->pwm_live;
    uint32_t fresh = contended & ~bank->contended;
    bank->contended = contended;
    for (; fresh != 0; fresh &= fresh - 1) {
        uint32_t pin = (uint32_t)__builtin_ctz(fresh);
        model_warn(&gpio->model, "GPIO %u is driven %s by the chip and %s from outside",
                   bank->first + pin, (bank->driven_level & BIT(pin)) != 0 ? "high" : "low",
                   (bank->outside_level & BIT(pin)) != 0 ? "high" : "low");
    }
}

static void resolve_outputs(struct rp1_gpio *gpio, struct rp1_bank *bank)
{
    gpio->pwm_pins[bank->index].known = false;
    bank->drive = oe_to_pad(bank) & ~bank->pad_od;
    bank->pwm_live = bank->sel_pwm & bank->drive & ~bank->out_low & ~bank->out_high;
    bank->driven_level = out_to_pad(bank) & bank->drive & ~bank->pwm_live;
}

/* The levels of all pins but the PWM ones. */
static uint32_t resolve(struct rp1_gpio *gpio, struct rp1_bank *bank)
{
    if (((bank->drive & bank->outside) | bank->contended) != 0)
        warn_contention(gpio, bank);
    return bank->driven_level | (~bank->drive & undriven_level(bank) & bank->valid);
}

/* Few PWM pins move: the levels of the others are known until something says otherwise. */
static uint32_t with_pwm(struct rp1_gpio *gpio, const struct rp1_bank *bank, uint32_t level)
{
    const struct pwm_pins *pins = &gpio->pwm_pins[bank->index];
    if (!pins->known)
        pwm_pins_look(gpio, bank);
    level |= pins->high;
    for (uint32_t moving = pins->moving; moving != 0; moving &= moving - 1) {
        uint32_t pin = (uint32_t)__builtin_ctz(moving);
        if (pwm_pin_level(gpio, bank, pin))
            level |= BIT(pin);
    }
    return level;
}

uint32_t bank_level_now(struct rp1_gpio *gpio, const struct rp1_bank *bank)
{
    return with_pwm(gpio, bank, bank->level);
}

int bank_line_level(struct rp1_gpio *gpio, const struct rp1_bank *bank, uint32_t pin)
{
    uint32_t decided = bank->drive | bank->outside | bank->wired | bank->pull_up | bank->pull_down;
    if ((decided & BIT(pin)) == 0)
        return -1;
    return (bank_level_now(gpio, bank) & BIT(pin)) != 0;
}

/* --- events on the record --- */

static void emit_changes(struct rp1_gpio *gpio, const struct rp1_bank *bank, uint32_t changed,
                         uint32_t level, uint32_t drive_before, enum gpio_cause cause)
{
    uint32_t chip_moved = drive_before | bank->drive;
    for (; changed != 0; changed &= changed - 1) {
        uint32_t pin = (uint32_t)__builtin_ctz(changed), bit = BIT(pin);
        enum event_role role = (chip_moved & bit) != 0  ? EVENT_ROLE_OUTPUT
                               : cause == CAUSE_OUTSIDE ? EVENT_ROLE_INPUT
                                                        : EVENT_ROLE_OBSERVATION;
        struct event event;
        event.kind = EVENT_GPIO;
        event.source_ns = 0;
        event.gpio = (struct event_gpio){
            .chip = 0,
            .line = (uint8_t)(bank->first + pin),
            .level = (level & bit) != 0,
            .driven = (bank->drive & bit) != 0,
            .bank_level = level,
        };
        model_emit(&gpio->model, &event, role);
    }
}

/* --- filter --- */

static uint64_t filter_ns(const struct rp1_bank *bank, uint32_t pin)
{
    return (uint64_t)RP1_FILTER_STEP_NS * field_get(RP1_CTRL_F_M, bank->ctrl[pin]);
}

/* Lets the filtered level catch up with an input that has been stable long enough. */
static void filter_settle(struct rp1_bank *bank, uint32_t pin, uint64_t now_ns)
{
    uint32_t bit = BIT(pin);
    if (((bank->input ^ bank->f_level) & bit) == 0 ||
        now_ns - bank->changed_ns[pin] < filter_ns(bank, pin))
        return;
    bank->f_level ^= bit;
    if ((bank->f_level & bit) != 0)
        bank->f_rise |= bit;
    else
        bank->f_fall |= bit;
}

static uint32_t filter_enabled(const struct rp1_bank *bank)
{
    return bank->on_f_fall | bank->on_f_rise | bank->on_db_low | bank->on_db_high;
}

static void filter_fired(struct model *model, struct model_timer *timer)
{
    struct rp1_gpio *gpio = rp1_gpio_of(model);
    for (uint32_t b = 0; b < RP1_GPIO_BANK_COUNT; b++) {
        struct rp1_bank *bank = &gpio->bank[b];
        if (timer < bank->filter_timer || timer >= bank->filter_timer + BANK_PIN_MAX)
            continue;
        filter_settle(bank, (uint32_t)(timer - bank->filter_timer), model_time_ns(model));
        bank_update_irq(gpio, bank);
    }
}

void bank_filter_arm(struct rp1_gpio *gpio, struct rp1_bank *bank, uint32_t pin)
{
    struct model_timer *timer = &bank->filter_timer[pin];
    uint64_t now_ns = model_time_ns(&gpio->model);
    filter_settle(bank, pin, now_ns);
    if (((bank->input ^ bank->f_level) & filter_enabled(bank) & BIT(pin)) != 0)
        model_timer_set(&gpio->model, timer, bank->changed_ns[pin] + filter_ns(bank, pin),
                        filter_fired);
    else if (timer->heap_index != 0)
        model_timer_cancel(&gpio->model, timer);
}

/* --- event detectors and interrupt --- */

/* Pins whose level is PWM are not watched: their edges are a function of time and not events. */
static uint32_t input_now(const struct rp1_bank *bank, uint32_t level)
{
    return level & bank->pad_ie & ~bank->sel_null & ~bank->pwm_live;
}

static void detect(struct rp1_gpio *gpio, struct rp1_bank *bank, uint32_t input)
{
    uint32_t changed = bank->input ^ input;
    if (changed == 0)
        return;
    struct model *model = &gpio->model;
    uint64_t now_ns = model_time_ns(model);
    for (uint32_t left = changed; left != 0; left &= left - 1) {
        uint32_t pin = (uint32_t)__builtin_ctz(left);
        filter_settle(bank, pin, now_ns);
        bank->changed_ns[pin] = now_ns;
    }
    model_reg_set(model, &bank->rise, bank->rise | (changed & input));
    model_reg_set(model, &bank->fall, bank->fall | (changed & ~input));
    bank->input = input;
    for (uint32_t left = changed; left != 0; left &= left - 1) {
        uint32_t pin = (uint32_t)__builtin_ctz(left);
        if (filter_ns(bank, pin) == 0)
            filter_settle(bank, pin, now_ns);
        if ((filter_enabled(bank) & BIT(pin)) != 0)
            bank_filter_arm(gpio, bank, pin);
    }
}

/* Events of the filtered input, where any is enabled. */
static uint32_t irq_filtered(const struct rp1_bank *bank)
{
    uint32_t level = (~bank->f_level & bank->on_db_low) | (bank->f_level & bank->on_db_high);
    return (bank->f_rise & bank->on_f_rise) | (bank->f_fall & bank->on_f_fall) |
           (level & ~bank->sel_null);
}

/* After CTRL's event enables, before IRQOVER. A null pin has no input and so no levels either. */
static uint32_t irq_combined(const struct rp1_bank *bank)
{
    uint32_t level = (~bank->input & bank->on_low) | (bank->input & bank->on_high);
    uint32_t raw =
        (bank->rise & bank->on_rise) | (bank->fall & bank->on_fall) | (level & ~bank->sel_null);
    return filter_enabled(bank) == 0 ? raw : raw | irq_filtered(bank);
}

uint32_t bank_intr(const struct rp1_bank *bank)
{
    uint32_t combined = irq_combined(bank);
    if ((bank->irq_invert | bank->irq_high | bank->irq_low) == 0)
        return combined;
    return ((combined ^ bank->irq_invert) | bank->irq_high) & ~bank->irq_low;
}

uint32_t bank_ints(const struct rp1_bank *bank, enum gpio_destination to)
{
    return (bank_intr(bank) & bank->inte[to]) | bank->intf[to];
}

void bank_update_irq(struct rp1_gpio *gpio, struct rp1_bank *bank)
{
    bool irq = bank_ints(bank, DEST_PCIE) != 0;
    if (irq == bank->irq)
        return;
    bank->irq = irq;
    model_line_set(&gpio->model, bank->index, 0, irq);
}

void bank_irq_reset(struct rp1_gpio *gpio, struct rp1_bank *bank, uint32_t pin)
{
    uint32_t keep = ~BIT(pin);
    filter_settle(bank, pin, model_time_ns(&gpio->model));
    model_reg_set(&gpio->model, &bank->rise, bank->rise & keep);
    model_reg_set(&gpio->model, &bank->fall, bank->fall & keep);
    bank->f_rise &= keep;
    bank->f_fall &= keep;
    bank_update_irq(gpio, bank);
}

/* --- changes --- */

static void apply(struct rp1_gpio *gpio, struct rp1_bank *bank, uint32_t drive_before,
                  enum gpio_cause cause)
{
    uint32_t level = resolve(gpio, bank);
    uint32_t changed = level ^ bank->level;
    if (changed == 0)
        return;
    model_reg_set(&gpio->model, &bank->level, level);
    emit_changes(gpio, bank, changed, with_pwm(gpio, bank, level), drive_before, cause);
    detect(gpio, bank, input_now(bank, level));
    bank_update_irq(gpio, bank);
}

void bank_apply_inputs(struct rp1_gpio *gpio, struct rp1_bank *bank, enum gpio_cause cause)
{
    apply(gpio, bank, bank->drive, cause);
}

void bank_apply_outputs(struct rp1_gpio *gpio, struct rp1_bank *bank)
{
    uint32_t drive_before = bank->drive;
    resolve_outputs(gpio, bank);
    apply(gpio, bank, drive_before, CAUSE_CHIP);
}

static void set_bit(uint32_t *word, uint32_t pin, bool value)
{
    *word = (*word & ~BIT(pin)) | (value ? BIT(pin) : 0);
}

static void decode_over(uint32_t over, uint32_t pin, uint32_t *invert, uint32_t *low,
                        uint32_t *high)
{
    set_bit(invert, pin, over == RP1_OVER_INVERT);
    set_bit(low, pin, over == RP1_OVER_LOW);
    set_bit(high, pin, over == RP1_OVER_HIGH);
}

static void decode_pin(struct rp1_bank *bank, uint32_t pin)
{
    uint32_t ctrl = bank->ctrl[pin], pad = bank->pad[pin], block, channel;
    uint32_t funcsel = field_get(RP1_CTRL_FUNCSEL, ctrl);
    set_bit(&bank->sel_rio, pin, funcsel == RP1_FUNCSEL_SYS_RIO);
    set_bit(&bank->sel_null, pin, funcsel == RP1_FUNCSEL_NULL);
    bool pwm = pwm_pin(bank->first + pin, funcsel, &block, &channel);
    set_bit(&bank->sel_pwm, pin, pwm);
    bank->pwm_source[pin].block = pwm ? (uint8_t)block : 0;
    bank->pwm_source[pin].channel = pwm ? (uint8_t)channel : 0;
    decode_over(field_get(RP1_CTRL_OUTOVER, ctrl), pin, &bank->out_invert, &bank->out_low,
                &bank->out_high);
    decode_over(field_get(RP1_CTRL_OEOVER, ctrl), pin, &bank->oe_invert, &bank->oe_off,
                &bank->oe_on);
    decode_over(field_get(RP1_CTRL_INOVER, ctrl), pin, &bank->in_invert, &bank->in_low,
                &bank->in_high);
    decode_over(field_get(RP1_CTRL_IRQOVER, ctrl), pin, &bank->irq_invert, &bank->irq_low,
                &bank->irq_high);
    set_bit(&bank->on_fall, pin, (ctrl & RP1_EVENT_EDGE_LOW) != 0);
    set_bit(&bank->on_rise, pin, (ctrl & RP1_EVENT_EDGE_HIGH) != 0);
    set_bit(&bank->on_low, pin, (ctrl & RP1_EVENT_LEVEL_LOW) != 0);
    set_bit(&bank->on_high, pin, (ctrl & RP1_EVENT_LEVEL_HIGH) != 0);
    set_bit(&bank->on_f_fall, pin, (ctrl & RP1_EVENT_F_EDGE_LOW) != 0);
    set_bit(&bank->on_f_rise, pin, (ctrl & RP1_EVENT_F_EDGE_HIGH) != 0);
    set_bit(&bank->on_db_low, pin, (ctrl & RP1_EVENT_DB_LEVEL_LOW) != 0);
    set_bit(&bank->on_db_high, pin, (ctrl & RP1_EVENT_DB_LEVEL_HIGH) != 0);
    uint32_t pull = field_get(RP1_PAD_PULL, pad);
    set_bit(&bank->pad_ie, pin, (pad & RP1_PAD_IE) != 0);
    set_bit(&bank->pad_od, pin, (pad & RP1_PAD_OD) != 0);
    set_bit(&bank->pull_up, pin, (pull & RP1_PULL_UP) != 0);
    set_bit(&bank->pull_down, pin, (pull & RP1_PULL_DOWN) != 0);
}

void bank_reconfigure(struct rp1_gpio *gpio, struct rp1_bank *bank, uint32_t pin)
{
    uint32_t drive_before = bank->drive, before = bank_level_now(gpio, bank);
    /* With the time constant that held until now. */
    filter_settle(bank, pin, model_time_ns(&gpio->model));
    decode_pin(bank, pin);
    resolve_outputs(gpio, bank);
    uint32_t level = resolve(gpio, bank);
    model_reg_set(&gpio->model, &bank->level, level);
    uint32_t now = with_pwm(gpio, bank, level);
    emit_changes(gpio, bank, before ^ now, now, drive_before, CAUSE_CHIP);
    detect(gpio, bank, input_now(bank, level));
    bank_filter_arm(gpio, bank, pin);
    pwm_routes_update(gpio);
    bank_update_irq(gpio, bank);
    if ((bank->pwm_live & (bank->on_fall | bank->on_rise | bank->on_low | bank->on_high)) != 0 &&
        !gpio->pwm_edge_warned) {
        gpio->pwm_edge_warned = true;
        model_warn(&gpio->model,
                   "GPIO %u shows a PWM channel: its edges raise no events in this model",
                   bank->first + pin);
    }
}

void bank_reset(struct rp1_bank *bank)
{
    for (uint32_t pin = 0; pin < bank->count; pin++)
        decode_pin(bank, pin);
    bank->level = undriven_level(bank) & bank->valid;
}

/* --- what registers show --- */

/* RIO sees the pad's input with INOVER applied, unfiltered. That a null function cuts it off too is
 * an assumption: the datasheet only says that 31 connects no peripheral. */
uint32_t bank_read_rio_in(struct rp1_gpio *gpio, const struct rp1_bank *bank)
{
    uint32_t in = bank_level_now(gpio, bank) & bank->pad_ie;
    in = ((in ^ bank->in_invert) | bank->in_high) & ~bank->in_low;
    return in & bank->valid & ~bank->sel_null;
}

static uint32_t flag(uint32_t word, uint32_t pin, uint32_t value)
{
    return (word & BIT(pin)) != 0 ? value : 0;
}

static uint32_t status_outputs(const struct rp1_gpio *gpio, const struct rp1_bank *bank,
                               uint32_t pin)
{
    uint32_t bit = BIT(pin), peri = bank->rio_out & bank->sel_rio, pad = out_to_pad(bank);
    if ((bank->sel_pwm & bit) != 0) {
        bool shown = pwm_pin_level(gpio, bank, pin); /* OUTOVER's inversion included */
        bool inverted = (bank->out_invert & bit) != 0;
        peri |= shown != inverted ? bit : 0;
        pad = ((pad & ~bit) | (shown ? bit : 0) | bank->out_high) & ~bank->out_low;
    }
    uint32_t oe = (bank->rio_oe & bank->sel_rio) | bank->sel_pwm;
    return flag(peri, pin, RP1_STATUS_OUTFROMPERI) | flag(pad, pin, RP1_STATUS_OUTTOPAD) |
           flag(oe, pin, RP1_STATUS_OEFROMPERI) | flag(oe_to_pad(bank), pin, RP1_STATUS_OETOPAD);
}

static uint32_t status_events(const struct rp1_bank *bank, uint32_t pin)
{
    uint32_t connected = ~bank->sel_null;
    return flag(bank->fall, pin, RP1_EVENT_EDGE_LOW) | flag(bank->rise, pin, RP1_EVENT_EDGE_HIGH) |
           flag(~bank->input & connected, pin, RP1_EVENT_LEVEL_LOW) |
           flag(bank->input, pin, RP1_EVENT_LEVEL_HIGH) |
           flag(bank->f_fall, pin, RP1_EVENT_F_EDGE_LOW) |
           flag(bank->f_rise, pin, RP1_EVENT_F_EDGE_HIGH) |
           flag(~bank->f_level & connected, pin, RP1_EVENT_DB_LEVEL_LOW) |
           flag(bank->f_level, pin, RP1_EVENT_DB_LEVEL_HIGH);
}

uint32_t bank_read_status(struct rp1_gpio *gpio, struct rp1_bank *bank, uint32_t pin)
{
    filter_settle(bank, pin, model_time_ns(&gpio->model));
    uint32_t from_pad = bank_level_now(gpio, bank) & bank->pad_ie;
    uint32_t to_peri = ((bank->f_level ^ bank->in_invert) | bank->in_high) & ~bank->in_low;
    return status_outputs(gpio, bank, pin) | flag(from_pad, pin, RP1_STATUS_INFROMPAD) |
           flag(bank->f_level, pin, RP1_STATUS_INFILTERED) |
           flag(to_peri & ~bank->sel_null, pin, RP1_STATUS_INTOPERI) | status_events(bank, pin) |
           flag(irq_combined(bank), pin, RP1_STATUS_IRQCOMBINED) |
           flag(bank_intr(bank), pin, RP1_STATUS_IRQTOPROC);
}
