/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* RP1's PWM: four channels that count clock ticks (50 MHz, 20 ns each) up to RANGE and are high for
 * DUTY of them (pwm-rp1.c in raspberrypi/linux; registers: rp1_pwm.h).
 *
 * What is written takes effect together at SET_UPDATE, at the end of the period that runs. An
 * emergency stop cannot wait for that: it overrides the pads that the channel comes out at, which
 * the driver knows from the pin groups in pinctrl-0, or from axiom,pins = <&gpio channel line>, ...
 * where the tree has no group. The PWM goes on counting behind the override.
 *
 * The core calls apply and the stop under the interlock's lock, so GLOBAL_CTRL has one writer. */
#include <axiom/bits.h>
#include <axiom/errno.h>
#include <axiom/log.h>
#include <core/gpio.h>
#include <core/mm.h>
#include <core/pwm.h>
#include <drivers/clk.h>
#include <drivers/pinctrl.h>
#include <drivers/rp1_pins.h>
#include <drivers/table.h>
#include <hw/device.h>
#include <hw/regs/rp1_pwm.h>

#define OUTPUT_MAX       PINCTRL_PIN_MAX
#define PERIOD_TICKS_MIN 2u
#define CTRL_DEFAULT     (RP1_PWM_FIFO_POP_MASK | RP1_PWM_MODE_TRAILING)

/* A pad at which a channel comes out. */
struct output {
    struct gpio_chip *gpio;
    uint32_t line, channel;
};

struct rp1_pwm {
    struct pwm_chip chip;
    struct mmio regs;
    uint64_t clock_hz;
    struct pinctrl pinctrl;
    uint32_t output_count;
    struct output outputs[OUTPUT_MAX];
};

static uint32_t ticks(const struct rp1_pwm *pwm, uint64_t time_ns)
{
    return (uint32_t)((time_ns * pwm->clock_hz + NSEC_PER_SEC / 2) / NSEC_PER_SEC);
}

/* The last period that ticks() takes without overflow and RANGE can hold. */
static uint64_t period_max_ns(const struct rp1_pwm *pwm)
{
    return UINT64_C(0xfffffffe) * NSEC_PER_SEC / pwm->clock_hz;
}

static void update(const struct rp1_pwm *pwm, uint32_t enables)
{
    mmio_write32(&pwm->regs, RP1_PWM_GLOBAL_CTRL, enables);
    mmio_write32(&pwm->regs, RP1_PWM_GLOBAL_CTRL, enables | RP1_PWM_SET_UPDATE);
}

static int apply(struct pwm_chip *chip, uint32_t channel, const struct pwm_state *state)
{
    struct rp1_pwm *pwm = chip->driver_data;
    uint32_t enables = mmio_read32(&pwm->regs, RP1_PWM_GLOBAL_CTRL) & RP1_PWM_CHANNEL_EN_MASK;
    if (!state->enabled) {
        mmio_write32(&pwm->regs, RP1_PWM_CHAN_DUTY(channel), 0);
        update(pwm, enables & ~RP1_PWM_CHANNEL_EN(channel));
        return 0;
    }
    if (state->period_ns > period_max_ns(pwm))
        return -ERANGE;
    if (ticks(pwm, state->period_ns) < PERIOD_TICKS_MIN)
        return -EINVAL;
    mmio_write32(&pwm->regs, RP1_PWM_CHAN_DUTY(channel), ticks(pwm, state->duty_ns));
    mmio_write32(&pwm->regs, RP1_PWM_CHAN_RANGE(channel), ticks(pwm, state->period_ns));
    mmio_write32(&pwm->regs, RP1_PWM_CHAN_CTRL(channel),
                 CTRL_DEFAULT | (state->inverted ? RP1_PWM_INVERT : 0u));
    update(pwm, enables | RP1_PWM_CHANNEL_EN(channel));
    return 0;
}

static void force_safe(struct pwm_chip *chip, uint32_t channel, bool high)
{
    const struct rp1_pwm *pwm = chip->driver_data;
    for (uint32_t i = 0; i < pwm->output_count; i++) {
        const struct output *output = &pwm->outputs[i];
        if (output->channel == channel)
            output->gpio->ops->force_safe(output->gpio, output->line, high);
    }
}

static void release(struct pwm_chip *chip, uint32_t channel)
{
    const struct rp1_pwm *pwm = chip->driver_data;
    for (uint32_t i = 0; i < pwm->output_count; i++) {
        const struct output *output = &pwm->outputs[i];
        if (output->channel == channel)
            output->gpio->ops->release(output->gpio, output->line);
    }
}

static const struct pwm_chip_ops chip_ops = {
    .apply = apply,
    .force_safe = force_safe,
    .release = release,
};

static void add_output(struct rp1_pwm *pwm, struct gpio_chip *gpio, uint32_t line, uint32_t channel)
{
    if (pwm->output_count == OUTPUT_MAX)
        return;
    pwm->outputs[pwm->output_count++] = (struct output){ gpio, line, channel };
    pwm->chip.forcible_channels |= BIT(channel);
}

static void outputs_of_groups(struct rp1_pwm *pwm)
{
    for (uint32_t i = 0; i < pwm->pinctrl.count; i++) {
        const struct pinctrl_pin *pin = &pwm->pinctrl.pins[i];
        uint32_t channel;
        if (rp1_pin_pwm_channel(pin->line, pin->function, &channel) == 0)
            add_output(pwm, pin->chip, pin->line, channel);
    }
}

static int outputs_of_property(struct device *device, struct rp1_pwm *pwm)
{
    for (uint32_t i = 0; i < OUTPUT_MAX; i++) {
        struct device *controller;
        uint32_t channel, line;
        int err = device_property_device(device, "axiom,pins", 3 * i, &controller);
        if (err == -EPROBE_DEFER)
            return err;
        if (err)
            return 0;
        struct gpio_chip *gpio = gpio_chip_of(controller);
        if (gpio == NULL || device_property_u32(device, "axiom,pins", 3 * i + 1, &channel) != 0 ||
            device_property_u32(device, "axiom,pins", 3 * i + 2, &line) != 0 ||
            channel >= RP1_PWM_CHANNEL_COUNT || line >= gpio->line_count) {
            log_err("%s: axiom,pins must be <&gpio channel line> ...", device_name(device));
            return -EINVAL;
        }
        add_output(pwm, gpio, line, channel);
    }
    return 0;
}

static int find_outputs(struct device *device, struct rp1_pwm *pwm)
{
    int err = outputs_of_property(device, pwm);
    if (err)
        return err;
    err = pinctrl_apply(device, &pwm->pinctrl);
    if (err)
        return err;
    outputs_of_groups(pwm);
    return 0;
}

static int probe(struct device *device)
{
    struct rp1_pwm *pwm = kzalloc(sizeof *pwm);
    if (pwm == NULL)
        return -ENOMEM;
    int err = device_mmio(device, 0, RP1_PWM_INTS + 4, &pwm->regs);
    if (err)
        goto free_pwm;
    err = clk_enable(device, 0, &pwm->clock_hz);
    if (err)
        goto unmap;
    update(pwm, 0);
    err = find_outputs(device, pwm);
    if (err)
        goto disable_clock;
    pwm->chip.channel_count = RP1_PWM_CHANNEL_COUNT;
    pwm->chip.ops = &chip_ops;
    pwm->chip.device = device;
    pwm->chip.driver_data = pwm;
    err = pwm_chip_register(&pwm->chip);
    if (err)
        goto release_pins;
    device_set_data(device, pwm);
    return 0;
release_pins:
    pinctrl_release(&pwm->pinctrl);
disable_clock:
    clk_disable(device, 0);
unmap:
    mmio_unmap(&pwm->regs);
free_pwm:
    kfree(pwm);
    return err;
}

static void remove(struct device *device)
{
    struct rp1_pwm *pwm = device_data(device);
    pwm_chip_unregister(&pwm->chip);
    update(pwm, 0);
    pinctrl_release(&pwm->pinctrl);
    clk_disable(device, 0);
    mmio_unmap(&pwm->regs);
    kfree(pwm);
}

static const char *const compatible[] = { "raspberrypi,rp1-pwm", NULL };

const struct driver rp1_pwm_driver = {
    .name = "rp1_pwm",
    .compatible = compatible,
    .probe = probe,
    .remove = remove,
};
