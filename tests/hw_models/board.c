/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#include "board.h"

enum { PHANDLE_GIC = 1, PHANDLE_CLOCKS = 2, PHANDLE_MIP = 0x27, PHANDLE_GPIO = 0x2e };

struct board board;

static const struct env_property no_properties[] = { { NULL, NULL, 0, { 0 } } };
static const struct env_property mip_properties[] = {
    { "reg", NULL, 8, { 0x10, 0x130000, 0, 0xc0, 0xff, 0xfffff000, 0, 0x1000 } },
    { "brcm,msi-offset", NULL, 1, { 0 } },
    { 0 }
};
static const struct env_property pcie_properties[] = { { "msi-parent", NULL, 1, { PHANDLE_MIP } },
                                                       { 0 } };
static const struct env_property pwm0_properties[] = {
    { "reg", NULL, 4, { 0xc0, 0x40098000, 0, 0x100 } },
    { "clocks", NULL, 2, { PHANDLE_CLOCKS, 17 } },
    { 0 }
};
static const struct env_property pwm1_properties[] = {
    { "reg", NULL, 4, { 0xc0, 0x4009c000, 0, 0x100 } },
    { "clocks", NULL, 2, { PHANDLE_CLOCKS, 18 } },
    { 0 }
};
static const struct env_property i2c_properties[] = { { "i2c-scl-rising-time-ns", NULL, 1, { 65 } },
                                                      { 0 } };
static const struct env_property odr_properties[] = { { "axiom,sampling", "odr", 0, { 0 } },
                                                      { 0 } };

static const struct model_node gic_node = {
    "interrupt-controller@7fff9000", "gic", PHANDLE_GIC, 0, NULL, no_properties
};
static const struct model_node timer_node = { "timer", "timer", 0, 0, NULL, no_properties };
static const struct model_node mip_node = {
    "msi-controller@1000130000", "mip", PHANDLE_MIP, 0, NULL, mip_properties
};
static const struct model_node pcie_node = { "pcie@1000120000", "pcie", 0xa4, 0, NULL,
                                             pcie_properties };
static const struct model_node clocks_node = { "clocks@18000", "clocks",     PHANDLE_CLOCKS, 0,
                                               &pcie_node,     no_properties };
static const struct model_node gpio_node = { "gpio@d0000", "chip0",      PHANDLE_GPIO, 0,
                                             &pcie_node,   no_properties };
static const struct model_node pwm0_node = { "pwm@98000", "pwm0",     0xb8,
                                             0,           &pcie_node, pwm0_properties };
static const struct model_node pwm1_node = { "pwm@9c000", "pwm1",     0x61,
                                             0,           &pcie_node, pwm1_properties };
static const struct model_node i2c_node = {
    "i2c@74000", "i2c1", 0x63, 0, &pcie_node, i2c_properties
};
static const struct model_node sht_node = {
    "sht31@44", "sht31", 0, 0x44, &i2c_node, no_properties
};
static const struct model_node imu_node = { "imu@6a", "imu0", 0, 0x6a, &i2c_node, no_properties };
static const struct model_node imu_odr_node = {
    "imu@6a", "imu0", 0, 0x6a, &i2c_node, odr_properties
};

static void setup(uint32_t cpus, const struct model_node *imu)
{
    env_reset();
    env_cpus(cpus);
    board.gic = env_add(&gic_v2_model, &gic_node);
    board.timer = env_add(&arm_timer_model, &timer_node);
    board.mip = env_add(&bcm2712_mip_model, &mip_node);
    board.msix = env_add(&rp1_msix_model, &pcie_node);
    board.clocks = env_add(&rp1_clocks_model, &clocks_node);
    board.pwm0 = env_add(&rp1_pwm_model, &pwm0_node);
    board.pwm1 = env_add(&rp1_pwm_model, &pwm1_node);
    board.i2c = env_add(&dw_i2c_model, &i2c_node);
    board.sht = env_add(&sht3x_model, &sht_node);
    board.imu = env_add(&lsm6dso_model, imu);
    board.gpio = env_add(&rp1_gpio_model, &gpio_node);
    env_start();
    for (uint32_t message = 0; message < 64; message++)
        env_wire(board.mip, message, board.gic, 3, (const uint32_t[]){ 0, 0x80 + message, 1 });
    for (uint32_t bank = 0; bank < 3; bank++)
        env_wire(board.gpio, bank, board.msix, 2, (const uint32_t[]){ bank, 4 });
    env_wire(board.i2c, 0, board.msix, 2, (const uint32_t[]){ 8, 4 });
    env_wire(board.imu, 0, board.gpio, 2, (const uint32_t[]){ 22, 1 });
    static const uint32_t ppi[] = { 13, 14, 11, 10, 12 };
    for (uint32_t i = 0; i < 5; i++)
        env_wire(board.timer, i, board.gic, 3, (const uint32_t[]){ 1, ppi[i], 0xf08 });
}

/* What facts of pcie-brcmstb.c and PCI's MSI-X say: window 3, bus master, an entry a source. */
static void open_the_way(void)
{
    env_write(board.msix, 0, 0x403c, 0xfffff01c); /* RC_BAR3_CONFIG_LO: 4 KiB at ff_ffff_f000 */
    env_write(board.msix, 0, 0x4040, 0xff);
    env_write(board.msix, 0, 0x40bc,
              0x00130001); /* UBUS_BAR3_CONFIG_REMAP: 10_0013_0000, enabled */
    env_write(board.msix, 0, 0x40c0, 0x10);
    env_write(board.msix, 0, 0x9000, 0x00100000); /* bus 1 */
    env_write(board.msix, 0, 0x8004, 0x6);        /* memory, bus master */
    env_write(board.msix, 0, 0x80b0, 0x80000000); /* MSI-X enable */
    for (uint32_t i = 0; i < 61; i++) {
        env_write(board.msix, 3, 16 * i, 0xfffff000);
        env_write(board.msix, 3, 16 * i + 4, 0xff);
        env_write(board.msix, 3, 16 * i + 8, i);
        env_write(board.msix, 3, 16 * i + 12, 0);
    }
}

void board_setup_closed(void)
{
    setup(1, &imu_node);
}

void board_setup(void)
{
    setup(1, &imu_node);
    open_the_way();
}

void board_setup_four_cpus(void)
{
    setup(4, &imu_node);
    open_the_way();
}

void board_setup_own_rate(void)
{
    setup(1, &imu_odr_node);
    open_the_way();
}

void board_teardown(void)
{
    env_free();
}

void board_pins(uint64_t mask, uint64_t level)
{
    board.gpio->ops->pins_input(board.gpio, mask, level);
}

static uint32_t bank_first(uint32_t line)
{
    return line < 28 ? 0 : line < 34 ? 28 : 34;
}

uint32_t bank_base(uint32_t line)
{
    return line < 28 ? 0x0000 : line < 34 ? 0x4000 : 0x8000;
}

uint32_t bank_bit(uint32_t line)
{
    return 1u << (line - bank_first(line));
}

uint32_t io_status(uint32_t line)
{
    return bank_base(line) + 8 * (line - bank_first(line));
}

uint32_t io_ctrl(uint32_t line)
{
    return io_status(line) + 4;
}

uint32_t pad_of(uint32_t line)
{
    return bank_base(line) + 4 + 4 * (line - bank_first(line));
}

void board_input(uint32_t line)
{
    env_write(board.gpio, 1, bank_base(line) + 4 + ALIAS_CLR, bank_bit(line)); /* RIO OE */
    env_write(board.gpio, 2, pad_of(line) + ALIAS_SET, 1u << 6);               /* IE */
    env_write(board.gpio, 0, io_ctrl(line), 0x85);                 /* FUNCSEL 5, F_M 4 */
    env_write(board.gpio, 0, io_ctrl(line) + ALIAS_SET, 1u << 28); /* forget edges so far */
}

void board_output(uint32_t line, bool level)
{
    env_write(board.gpio, 1, bank_base(line) + (level ? ALIAS_SET : ALIAS_CLR), bank_bit(line));
    env_write(board.gpio, 1, bank_base(line) + 4 + ALIAS_SET, bank_bit(line));
    env_write(board.gpio, 2, pad_of(line) + ALIAS_SET, 1u << 6);
    env_write(board.gpio, 2, pad_of(line) + ALIAS_CLR, 1u << 7);
    env_write(board.gpio, 0, io_ctrl(line), 0x85);
}
