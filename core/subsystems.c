/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* The registries with which drivers register, set up before the first device is probed. */
#include <core/block.h>
#include <core/console.h>
#include <core/gpio.h>
#include <core/i2c.h>
#include <core/iio.h>
#include <core/pwm.h>
#include <internal/boot.h>

int subsystems_init(void)
{
    interlock_init();
    gpio_init();
    pwm_init();
    i2c_init();
    iio_init();
    block_init();
    console_init();
    return 0;
}

void subsystems_exit(void)
{
    console_exit();
    block_exit();
    iio_exit();
    i2c_exit();
    pwm_exit();
    gpio_exit();
}
