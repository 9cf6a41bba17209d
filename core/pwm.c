/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* PWM chips; a change goes through policy (which may clamp it), guard, interlock, driver.
 *
 * The interlock's lock serialises all actuator writes, so chip->state and the hardware change
 * together; the record of a change is made under it too, and so lies before the record of a stop
 * that came after. */
#include <axiom/bug.h>
#include <axiom/errno.h>
#include <axiom/event.h>
#include <core/attach_hooks.h>
#include <core/interlock.h>
#include <core/pwm.h>
#include <hw/device.h>

static struct pwm_chip *chips[PWM_CHIP_MAX];

void pwm_init(void)
{
    for (uint32_t i = 0; i < PWM_CHIP_MAX; i++)
        chips[i] = NULL;
}

void pwm_exit(void)
{
    pwm_init();
}

static int choose_index(const struct pwm_chip *chip, uint32_t *out)
{
    uint32_t free = 0, alias;
    while (free < PWM_CHIP_MAX && chips[free] != NULL)
        free++;
    if (free == PWM_CHIP_MAX)
        return -ENOSPC;
    if (chip->device != NULL && device_alias(chip->device, "pwm", &alias) == 0 &&
        alias < PWM_CHIP_MAX && chips[alias] == NULL)
        free = alias;
    *out = free;
    return 0;
}

int pwm_chip_register(struct pwm_chip *chip)
{
    BUG_ON(chip->channel_count > PWM_CHANNEL_MAX);
    int err = choose_index(chip, &chip->index);
    if (err)
        return err;
    for (uint32_t channel = 0; channel < PWM_CHANNEL_MAX; channel++)
        chip->state[channel] = (struct pwm_state){ .enabled = false };
    chips[chip->index] = chip;
    return 0;
}

void pwm_chip_unregister(struct pwm_chip *chip)
{
    BUG_ON(chips[chip->index] != chip);
    chips[chip->index] = NULL;
}

struct pwm_chip *pwm_chip_find(uint32_t chip)
{
    return chip < PWM_CHIP_MAX ? chips[chip] : NULL;
}

struct pwm_chip *pwm_chip_of(const struct device *device)
{
    for (uint32_t i = 0; i < PWM_CHIP_MAX; i++) {
        if (chips[i] != NULL && chips[i]->device == device)
            return chips[i];
    }
    return NULL;
}

static int check_state(const struct pwm_state *state)
{
    if (state->duty_ns > state->period_ns || (state->enabled && state->period_ns == 0))
        return -EINVAL;
    return 0;
}

static int ask_programs(struct pwm_chip *chip, uint32_t channel, struct pwm_state *wanted,
                        const char *origin)
{
    const struct attach_hooks *hooks = attach_hooks;
    if (hooks == NULL)
        return 0;
    const struct pwm_state old = chip->state[channel];
    int err = 0;
    if (hooks->policy_pwm != NULL) {
        err = hooks->policy_pwm(chip, channel, &old, wanted, origin);
        if (err == 0)
            err = check_state(wanted);
    }
    if (err == 0 && hooks->guard_pwm != NULL)
        err = hooks->guard_pwm(chip, channel, &old, wanted, origin);
    return err;
}

static void record(const struct pwm_chip *chip, uint32_t channel)
{
    if (!event_wanted(EVENT_PWM)) {
        event_skip();
        return;
    }
    const struct pwm_state *state = &chip->state[channel];
    struct event event = {
        .kind = EVENT_PWM,
        .layer = EVENT_LAYER_KERNEL,
        .role = EVENT_ROLE_OUTPUT,
        .pwm = { .chip = (uint8_t)chip->index,
                 .channel = (uint8_t)channel,
                 .enabled = state->enabled,
                 .inverted = state->inverted,
                 .period_ns = state->period_ns,
                 .duty_ns = state->duty_ns },
    };
    event_emit(&event);
}

int pwm_apply(uint32_t chip_index, uint32_t channel, const struct pwm_state *state,
              const char *origin)
{
    struct pwm_chip *chip = pwm_chip_find(chip_index);
    if (chip == NULL || channel >= chip->channel_count)
        return -ENODEV;
    struct pwm_state wanted = *state;
    int err = check_state(&wanted);
    if (err == 0)
        err = ask_programs(chip, channel, &wanted, origin);
    if (err == 0)
        err = interlock_write_begin(origin, ACTUATOR_PWM, chip_index, channel);
    if (err)
        return err;
    err = chip->ops->apply(chip, channel, &wanted);
    if (err == 0) {
        chip->state[channel] = wanted;
        record(chip, channel);
    }
    interlock_write_end();
    return err;
}

int pwm_get(uint32_t chip_index, uint32_t channel, struct pwm_state *out)
{
    const struct pwm_chip *chip = pwm_chip_find(chip_index);
    if (chip == NULL || channel >= chip->channel_count)
        return -ENODEV;
    *out = chip->state[channel];
    return 0;
}
