/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* Freeing an I2C bus on which a device holds SDA low. */
#pragma once
#include <drivers/pinctrl.h>

/* Takes the bus's two pins, clocks until SDA is free (at most 9 times), makes a STOP, and gives the
 * pins back to their function (UM10204 §3.1.16). True: SDA is high now. False also where the pins
 * are not known. `pinctrl` is the adapter's; SDA is its first pin, SCL its second. The adapter is
 * disabled. Process context; takes about 100 us. */
bool i2c_bus_recover(const struct pinctrl *pinctrl);
