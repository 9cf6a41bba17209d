/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* A device that was interrupted in the middle of a byte waits for clocks with SDA low. Whatever it
 * was sending, nine clocks bring it to the acknowledge bit, where SDA is free, and a STOP ends the
 * transfer (UM10204 rev. 7 §3.1.16). The lines are open drain: low is driven, high is let go. */
#include <core/interlock.h>
#include <core/time.h>
#include <drivers/i2c_recovery.h>

#define CLOCK_COUNT    9u
#define HALF_PERIOD_NS 5000u /* 100 kHz, which every device follows */

/* Straight to the chip: a bus is no actuator, and sensors are read during an emergency stop too. */
static void line_set(const struct pinctrl_pin *pin, bool high)
{
    interlock_configure_begin();
    if (high)
        pin->chip->ops->direction_input(pin->chip, pin->line, GPIO_PULL_UP);
    else
        pin->chip->ops->direction_output(pin->chip, pin->line, false);
    interlock_write_end();
    delay_ns(HALF_PERIOD_NS);
}

static bool line_get(const struct pinctrl_pin *pin)
{
    return gpio_get(pin->chip->index, pin->line) == 1;
}

static bool free_bus(const struct pinctrl_pin *sda, const struct pinctrl_pin *scl)
{
    line_set(sda, true);
    line_set(scl, true);
    for (uint32_t i = 0; i < CLOCK_COUNT && !line_get(sda); i++) {
        line_set(scl, false);
        line_set(scl, true);
    }
    /* STOP: SDA rises while SCL is high. */
    line_set(scl, false);
    line_set(sda, false);
    line_set(scl, true);
    line_set(sda, true);
    return line_get(sda);
}

bool i2c_bus_recover(const struct pinctrl *pinctrl)
{
    if (pinctrl->count != 2)
        return false;
    const struct pinctrl_pin *sda = &pinctrl->pins[0], *scl = &pinctrl->pins[1];
    pinctrl_release(pinctrl);
    bool is_free = free_bus(sda, scl);
    /* They were this adapter's a moment ago, and nobody else's since. */
    gpio_pin_function(sda->chip, sda->line, sda->function, sda->pull);
    gpio_pin_function(scl->chip, scl->line, scl->function, scl->pull);
    return is_free;
}
