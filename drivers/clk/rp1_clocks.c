/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* RP1's clock generators, as far as this kernel's drivers need them: the two PWM clocks, which it
 * sets up, and clk_sys, which the firmware has running (register sequence and rates: clk-rp1.c and
 * rp1.dtsi in raspberrypi/linux).
 *
 * A PWM clock comes from the 50 MHz crystal undivided: 20 ns a tick, and independent of what the
 * firmware does to the PLLs. Divider and source are written while the clock is stopped. */
#include <axiom/bits.h>
#include <axiom/errno.h>
#include <axiom/log.h>
#include <core/mm.h>
#include <drivers/clk.h>
#include <drivers/table.h>
#include <hw/device.h>
#include <hw/regs/rp1_clocks.h>

#define CLOCK_SYS         12u /* include/dt-bindings/clock/rp1.h */
#define CLOCK_SYS_RATE_HZ 200000000u
#define PWM_CLOCK_COUNT   2u

struct rp1_clocks {
    struct mmio regs;
    uint32_t use_count[PWM_CLOCK_COUNT];
};

struct generator {
    uint32_t ctrl, div_int, div_frac;
};

static const struct generator generators[PWM_CLOCK_COUNT] = {
    { RP1_CLK_PWM0_CTRL, RP1_CLK_PWM0_DIV_INT, RP1_CLK_PWM0_DIV_FRAC },
    { RP1_CLK_PWM1_CTRL, RP1_CLK_PWM1_DIV_INT, RP1_CLK_PWM1_DIV_FRAC },
};

/* Controller and number of an entry: clocks = <&controller number> ... */
static int find(struct device *device, uint32_t index, struct rp1_clocks **clocks, uint32_t *number)
{
    struct device *controller;
    int err = device_property_device(device, "clocks", 2 * index, &controller);
    if (err == -EPROBE_DEFER || err == -ENOENT)
        return err;
    if (err == 0)
        err = device_property_u32(device, "clocks", 2 * index + 1, number);
    if (err || device_driver(controller) != &rp1_clocks_driver) {
        log_err("%s: clocks entry %u names no clock that this kernel knows", device_name(device),
                index);
        return -EINVAL;
    }
    *clocks = device_data(controller);
    return 0;
}

static void start(const struct rp1_clocks *clocks, const struct generator *generator)
{
    const struct mmio *regs = &clocks->regs;
    mmio_write32(regs, generator->ctrl, 0);
    mmio_write32(regs, generator->div_int, 1);
    mmio_write32(regs, generator->div_frac, 0);
    uint32_t source = field_prep(RP1_CLK_CTRL_AUXSRC, RP1_CLK_AUXSRC_XOSC);
    mmio_write32(regs, generator->ctrl, source);
    mmio_write32(regs, generator->ctrl, source | RP1_CLK_CTRL_ENABLE);
}

int clk_enable(struct device *device, uint32_t index, uint64_t *rate_hz)
{
    struct rp1_clocks *clocks;
    uint32_t number;
    int err = find(device, index, &clocks, &number);
    if (err)
        return err;
    if (number == CLOCK_SYS) {
        *rate_hz = CLOCK_SYS_RATE_HZ;
        return 0;
    }
    if (number - RP1_CLOCK_PWM0 >= PWM_CLOCK_COUNT) {
        log_err("%s: RP1's clock %u is not supported", device_name(device), number);
        return -EINVAL;
    }
    uint32_t pwm = number - RP1_CLOCK_PWM0;
    if (clocks->use_count[pwm]++ == 0)
        start(clocks, &generators[pwm]);
    *rate_hz = RP1_XOSC_HZ;
    return 0;
}

void clk_disable(struct device *device, uint32_t index)
{
    struct rp1_clocks *clocks;
    uint32_t number;
    if (find(device, index, &clocks, &number) != 0 || number - RP1_CLOCK_PWM0 >= PWM_CLOCK_COUNT)
        return;
    uint32_t pwm = number - RP1_CLOCK_PWM0;
    if (--clocks->use_count[pwm] == 0)
        mmio_write32(&clocks->regs, generators[pwm].ctrl, 0);
}

static int probe(struct device *device)
{
    struct rp1_clocks *clocks = kzalloc(sizeof *clocks);
    if (clocks == NULL)
        return -ENOMEM;
    int err = device_mmio(device, 0, RP1_CLK_PWM1_SEL + 4, &clocks->regs);
    if (err) {
        kfree(clocks);
        return err;
    }
    device_set_data(device, clocks);
    return 0;
}

static void remove(struct device *device)
{
    struct rp1_clocks *clocks = device_data(device);
    mmio_unmap(&clocks->regs);
    kfree(clocks);
}

static const char *const compatible[] = { "raspberrypi,rp1-clocks", NULL };

const struct driver rp1_clocks_driver = {
    .name = "rp1_clocks",
    .compatible = compatible,
    .probe = probe,
    .remove = remove,
};
