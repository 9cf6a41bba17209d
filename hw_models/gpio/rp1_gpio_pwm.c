/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* The way of a PWM channel to the pads: function select, overrides, output disable.
 *
 * A channel's effective output is decided here and not in the PWM block: an override or OD takes
 * effect at once, in the middle of a period. The PWM model is told and records it as a change of
 * the waveform, so that an emergency stop is visible at its moment. */
#include "rp1_gpio_bank.h"

/* Pins that can show a PWM channel. PWM0: facts of pinctrl-rp1.c and the RP1 datasheet's function
 * table. PWM1 lies on bank 2, whose functions the datasheet does not document: from Raspberry Pi's
 * pinctrl utility (the fan's GPIO 45 is confirmed by the tree). */
static const struct {
    uint8_t line, funcsel, block, channel;
} pwm_pins[] = {
    { 12, 0, 0, 0 }, { 13, 0, 0, 1 }, { 14, 0, 0, 2 }, { 15, 0, 0, 3 }, { 18, 3, 0, 2 },
    { 19, 3, 0, 3 }, { 34, 0, 1, 2 }, { 35, 1, 1, 0 }, { 40, 0, 1, 1 }, { 41, 0, 1, 2 },
    { 44, 2, 1, 0 }, { 45, 0, 1, 3 }, { 48, 0, 1, 0 },
};

bool pwm_pin(uint32_t line, uint32_t funcsel, uint32_t *block, uint32_t *channel)
{
    for (uint32_t i = 0; i < ARRAY_SIZE(pwm_pins); i++)
        if (pwm_pins[i].line == line && pwm_pins[i].funcsel == funcsel) {
            *block = pwm_pins[i].block;
            *channel = pwm_pins[i].channel;
            return true;
        }
    return false;
}

static struct model *pwm_model(const struct rp1_gpio *gpio, uint32_t block)
{
    struct rp1_gpio *mutable = (struct rp1_gpio *)gpio; /* only the cache of a look-up */
    struct model *pwm;
    for (uint32_t i = 0; mutable->pwm[block] == NULL; i++) {
        pwm = model_find(&mutable->model, "raspberrypi,rp1-pwm", i);
        if (pwm == NULL)
            return NULL;
        if (rp1_pwm_block(pwm) == block)
            mutable->pwm[block] = pwm;
    }
    return mutable->pwm[block];
}

bool pwm_pin_level(const struct rp1_gpio *gpio, const struct rp1_bank *bank, uint32_t pin)
{
    const struct model *pwm = pwm_model(gpio, bank->pwm_source[pin].block);
    bool level = pwm != NULL && rp1_pwm_level(pwm, bank->pwm_source[pin].channel);
    return level != ((bank->out_invert & BIT(pin)) != 0);
}

void pwm_pins_look(struct rp1_gpio *gpio, const struct rp1_bank *bank)
{
    struct pwm_pins *pins = &gpio->pwm_pins[bank->index];
    *pins = (struct pwm_pins){ .known = true };
    for (uint32_t live = bank->pwm_live; live != 0; live &= live - 1) {
        uint32_t pin = (uint32_t)__builtin_ctz(live);
        const struct model *pwm = pwm_model(gpio, bank->pwm_source[pin].block);
        if (pwm == NULL || !rp1_pwm_is_steady(pwm, bank->pwm_source[pin].channel))
            pins->moving |= BIT(pin);
        else if (pwm_pin_level(gpio, bank, pin))
            pins->high |= BIT(pin);
    }
}

void rp1_gpio_pwm_changed(struct model *model)
{
    struct rp1_gpio *gpio = rp1_gpio_of(model);
    for (uint32_t b = 0; b < RP1_GPIO_BANK_COUNT; b++)
        gpio->pwm_pins[b].known = false;
}

static const struct rp1_bank *bank_of_line(const struct rp1_gpio *gpio, uint32_t line)
{
    uint32_t b = line < RP1_GPIO_BANK1_FIRST ? 0 : line < RP1_GPIO_BANK2_FIRST ? 1 : 2;
    return &gpio->bank[b];
}

/* The lowest pin that selects the channel counts. */
static enum rp1_pwm_route route_of(const struct rp1_gpio *gpio, uint32_t block, uint32_t channel)
{
    for (uint32_t i = 0; i < ARRAY_SIZE(pwm_pins); i++) {
        if (pwm_pins[i].block != block || pwm_pins[i].channel != channel)
            continue;
        const struct rp1_bank *bank = bank_of_line(gpio, pwm_pins[i].line);
        uint32_t pin = pwm_pins[i].line - bank->first;
        if (field_get(RP1_CTRL_FUNCSEL, bank->ctrl[pin]) != pwm_pins[i].funcsel)
            continue;
        if ((bank->pwm_live & BIT(pin)) != 0)
            return (bank->out_invert & BIT(pin)) != 0 ? RP1_ROUTE_INVERTED : RP1_ROUTE_DIRECT;
        return (bank->level & BIT(pin)) != 0 ? RP1_ROUTE_HIGH : RP1_ROUTE_LOW;
    }
    return RP1_ROUTE_NONE;
}

void pwm_routes_update(struct rp1_gpio *gpio)
{
    for (uint32_t block = 0; block < PWM_BLOCKS; block++)
        for (uint32_t channel = 0; channel < PWM_CHANNELS; channel++) {
            enum rp1_pwm_route route = route_of(gpio, block, channel);
            if (route == gpio->route[block][channel])
                continue;
            gpio->route[block][channel] = route;
            struct model *pwm = pwm_model(gpio, block);
            if (pwm != NULL)
                rp1_pwm_route_changed(pwm, channel, route);
        }
}

enum rp1_pwm_route rp1_gpio_pwm_route(struct model *model, uint32_t block, uint32_t channel)
{
    const struct rp1_gpio *gpio = rp1_gpio_of(model);
    return block < PWM_BLOCKS && channel < PWM_CHANNELS ? gpio->route[block][channel]
                                                        : RP1_ROUTE_NONE;
}
