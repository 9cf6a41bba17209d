/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* A driver for the troubles that the product's own do not make: the node "axiom,test-trouble" says
 * which, and after how many ms. Its table stands before the archive's at link time, so this is the
 * very command `axiom` with one driver more. */
#include <axiom/bug.h>
#include <core/time.h>
#include <drivers/table.h>

static struct timer trouble_timer;

/* Named so that the backtrace can be looked at; never part of its caller. */
__attribute__((noinline)) static void trouble_panics(void)
{
    BUG_ON(trouble_timer.expires_ns != 0);
    __asm__ volatile(""); /* no tail call */
}

static void trouble_comes(struct timer *timer, void *context)
{
    (void)timer;
    (void)context;
    trouble_panics();
    __asm__ volatile("");
}

static int trouble_probe(struct device *device)
{
    uint32_t after_ms;
    timer_init(&trouble_timer, trouble_comes, NULL);
    if (device_property_u32(device, "panic-after-ms", 0, &after_ms) == 0)
        timer_start(&trouble_timer, (uint64_t)after_ms * NSEC_PER_MSEC);
    return 0;
}

static void trouble_remove(struct device *device)
{
    (void)device;
    (void)timer_cancel_sync(&trouble_timer);
}

static const char *const trouble_compatible[] = { "axiom,test-trouble", NULL };
static const struct driver trouble_driver = {
    .name = "trouble",
    .compatible = trouble_compatible,
    .probe = trouble_probe,
    .remove = trouble_remove,
};

const struct driver *const driver_table[] = {
    &gic_v2_driver,     &arm_timer_driver, &bcm2712_mip_driver, &rp1_driver,
    &rp1_clocks_driver, &rp1_gpio_driver,  &rp1_pwm_driver,     &dw_i2c_driver,
    &sht3x_driver,      &lsm6dso_driver,   &trouble_driver,     NULL,
};
