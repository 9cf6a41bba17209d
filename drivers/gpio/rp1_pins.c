/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* RP1's pin functions as a table: one row says which lines have a function at one FUNCSEL value
 * (RP1 Peripherals §3.1.1, function select table; the same facts stand in pinctrl-rp1.c of
 * raspberrypi/linux). Functions that no driver of this kernel uses are left out. */
#include <axiom/bits.h>
#include <axiom/errno.h>
#include <axiom/string.h>
#include <drivers/rp1_pins.h>

struct function {
    const char *name;
    uint32_t funcsel;
    uint64_t lines;
};

/* Lines first..last, both included. */
#define LINES(first, last) ((UINT64_MAX >> (63 - (last))) & (UINT64_MAX << (first)))
#define LINE(line)         BIT64(line)

// clang-format off
static const struct function functions[] = {
    { "gpio",  5, LINES(0, 53) },
    { "i2c0",  3, LINES(0, 1) | LINES(8, 9) },
    { "i2c1",  3, LINES(2, 3) | LINES(10, 11) },
    { "i2c2",  3, LINES(4, 5) | LINES(12, 13) },
    { "i2c3",  3, LINES(6, 7) | LINES(14, 15) | LINES(22, 23) },
    { "i2c4",  1, LINES(28, 29) | LINES(46, 47) },
    { "i2c4",  2, LINES(40, 41) },
    { "i2c4",  3, LINES(34, 35) },
    { "i2c5",  1, LINES(30, 31) | LINES(44, 45) },
    { "i2c5",  2, LINES(49, 50) },
    { "i2c5",  3, LINES(36, 37) },
    { "i2c6",  2, LINES(51, 52) },
    { "i2c6",  3, LINES(38, 39) },
    { "pwm0",  0, LINES(12, 15) },
    { "pwm0",  3, LINES(18, 19) },
    { "pwm1",  0, LINE(34) | LINES(40, 41) | LINE(45) | LINE(48) },
    { "pwm1",  1, LINE(35) },
    { "pwm1",  2, LINE(44) },
    { "spi0",  0, LINES(0, 3) | LINES(7, 11) },
    { "spi1",  0, LINES(16, 21) },
    { "uart0", 4, LINES(14, 17) },
    { "uart1", 2, LINES(0, 3) },
    { "uart2", 2, LINES(4, 7) },
    { "uart3", 2, LINES(8, 11) },
    { "uart4", 2, LINES(12, 15) },
};

/* PWM1's other pins are left out: their channel is not in the sources that we could read. */
static const struct {
    const char *name;
    uint8_t line, channel;
} pwm_channels[] = {
    { "pwm0", 12, 0 }, { "pwm0", 13, 1 }, { "pwm0", 14, 2 }, { "pwm0", 15, 3 },
    { "pwm0", 18, 2 }, { "pwm0", 19, 3 }, { "pwm1", 45, 3 },
};
// clang-format on

int rp1_pin_funcsel(uint32_t line, const char *function, uint32_t *funcsel)
{
    for (size_t i = 0; line < 64 && i < ARRAY_SIZE(functions); i++) {
        if ((functions[i].lines & BIT64(line)) == 0 || strcmp(functions[i].name, function) != 0)
            continue;
        *funcsel = functions[i].funcsel;
        return 0;
    }
    return -EINVAL;
}

int rp1_pin_pwm_channel(uint32_t line, const char *function, uint32_t *channel)
{
    for (size_t i = 0; i < ARRAY_SIZE(pwm_channels); i++) {
        if (pwm_channels[i].line != line || strcmp(pwm_channels[i].name, function) != 0)
            continue;
        *channel = pwm_channels[i].channel;
        return 0;
    }
    return -EINVAL;
}
