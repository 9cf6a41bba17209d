/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* RP1's clock generators, first bank (drivers/clk/clk-rp1.c): 28 generators of CTRL, DIV_INT,
 * DIV_FRAC and SEL from offset 0x14 on, in the driver's order.
 *
 * A generator divides its source by DIV_INT + DIV_FRAC / 2^16 (DIV_INT 0 counts as 2^16) and runs
 * while CTRL.ENABLE. Only the two PWM generators and the UART's are used by other models, so only
 * their sources are known: the 50 MHz crystal, and for the UART the 100 MHz phase of the system
 * PLL. PLLs are not modelled: their registers read zero, and a PWM clock from one stands still. */
#include <axiom/errno.h>
#include <hw/regs/rp1_clocks.h>
#include <hw_models/models.h>
#include <hw_models/rp1.h>

#define GENERATOR_FIRST 0x14u
#define GENERATOR_SIZE  0x10u
#define GENERATOR_COUNT 28u
#define GENERATOR_UART  4u
#define GENERATOR_PWM0  6u
#define GENERATOR_PWM1  7u
#define CTRL_MASK       (RP1_CLK_CTRL_SRC | RP1_CLK_CTRL_AUXSRC | RP1_CLK_CTRL_ENABLE)
#define UART_PLL_HZ     100000000u

struct generator {
    uint32_t ctrl, div_int, div_frac;
};

struct rp1_clocks {
    struct model model;
    struct generator generator[GENERATOR_COUNT];
    bool pll_warned;
};

static struct rp1_clocks *clocks_of(struct model *model)
{
    return CONTAINER_OF(model, struct rp1_clocks, model);
}

/* clk-rp1.c: PWM and the general purpose clocks (from 0x174) divide by 16.16 bits, clk_sys by 24,
 * the others by 8. */
static bool has_fraction(uint32_t index)
{
    return index == GENERATOR_PWM0 || index == GENERATOR_PWM1 || index >= 22;
}

static uint32_t div_int_mask(uint32_t index)
{
    return index == 0 ? GENMASK(23, 0) : has_fraction(index) ? RP1_CLK_DIV_INT_MASK : GENMASK(7, 0);
}

static uint32_t source_hz(uint32_t index, uint32_t auxsrc)
{
    if (index == GENERATOR_UART)
        return auxsrc == 0 ? UART_PLL_HZ : auxsrc == RP1_CLK_AUXSRC_XOSC ? RP1_XOSC_HZ : 0;
    return auxsrc == RP1_CLK_AUXSRC_XOSC ? RP1_XOSC_HZ : 0;
}

static uint32_t rate_hz(const struct rp1_clocks *clocks, uint32_t index)
{
    const struct generator *g = &clocks->generator[index];
    if ((g->ctrl & RP1_CLK_CTRL_ENABLE) == 0)
        return 0;
    uint64_t divider = (uint64_t)(g->div_int == 0 ? 1u << 16 : g->div_int) << 16;
    divider |= field_get(RP1_CLK_DIV_FRAC_MASK, g->div_frac);
    uint64_t source = source_hz(index, field_get(RP1_CLK_CTRL_AUXSRC, g->ctrl));
    return (uint32_t)((source << 16) / divider);
}

uint32_t rp1_clocks_rate_hz(const struct model *model, uint32_t clock)
{
    const struct rp1_clocks *clocks = CONTAINER_OF(model, const struct rp1_clocks, model);
    if (clock == RP1_CLOCK_PWM0)
        return rate_hz(clocks, GENERATOR_PWM0);
    if (clock == RP1_CLOCK_PWM1)
        return rate_hz(clocks, GENERATOR_PWM1);
    return 0;
}

static void check(struct rp1_clocks *clocks, uint32_t index)
{
    const struct generator *g = &clocks->generator[index];
    if ((index != GENERATOR_PWM0 && index != GENERATOR_PWM1) ||
        (g->ctrl & RP1_CLK_CTRL_ENABLE) == 0)
        return;
    uint32_t rate = rate_hz(clocks, index);
    if (rate == 0)
        model_warn(&clocks->model,
                   "PWM clock from source %u, which is not modelled: it stands still",
                   field_get(RP1_CLK_CTRL_AUXSRC, g->ctrl));
    else if (rate > RP1_CLK_PWM_MAX_HZ)
        model_warn(&clocks->model, "PWM clock of %u Hz is above its maximum", rate);
}

static void changed(struct rp1_clocks *clocks, uint32_t index)
{
    check(clocks, index);
    struct model *pwm;
    for (uint32_t i = 0; (pwm = model_find(&clocks->model, "raspberrypi,rp1-pwm", i)) != NULL; i++)
        if (index == (rp1_pwm_block(pwm) == 0 ? GENERATOR_PWM0 : GENERATOR_PWM1))
            rp1_pwm_clock_changed(pwm);
}

static bool decode(const struct model_access *access, uint32_t *index, uint32_t *reg)
{
    if (access->region != 0 || access->size != 4 || access->offset < GENERATOR_FIRST ||
        access->offset >= GENERATOR_FIRST + GENERATOR_COUNT * GENERATOR_SIZE)
        return false;
    *index = (uint32_t)(access->offset - GENERATOR_FIRST) / GENERATOR_SIZE;
    *reg = (uint32_t)(access->offset - GENERATOR_FIRST) % GENERATOR_SIZE;
    return true;
}

static uint64_t clocks_read(struct model *model, const struct model_access *access)
{
    const struct rp1_clocks *clocks = clocks_of(model);
    uint32_t index, reg;
    if (!decode(access, &index, &reg))
        return 0;
    const struct generator *g = &clocks->generator[index];
    switch (reg) {
    case 0x0:
        return g->ctrl;
    case 0x4:
        return g->div_int;
    case 0x8:
        return g->div_frac;
    default: /* SEL: one-hot, the source that runs; a glitchless switch needs no time here */
        return (g->ctrl & RP1_CLK_CTRL_ENABLE) != 0 ? BIT(field_get(RP1_CLK_CTRL_SRC, g->ctrl)) : 0;
    }
}

static void clocks_write(struct model *model, const struct model_access *access, uint64_t wide)
{
    struct rp1_clocks *clocks = clocks_of(model);
    uint32_t index, reg, value = (uint32_t)wide;
    if (!decode(access, &index, &reg)) {
        if (!clocks->pll_warned)
            model_warn(model,
                       "write of %#x to offset %#llx: only the clock generators are modelled",
                       value, (unsigned long long)access->offset);
        clocks->pll_warned = true;
        return;
    }
    struct generator *g = &clocks->generator[index];
    if (reg == 0x0)
        model_reg_set(model, &g->ctrl, value & CTRL_MASK);
    else if (reg == 0x4)
        model_reg_set(model, &g->div_int, value & div_int_mask(index));
    else if (reg == 0x8 && has_fraction(index))
        model_reg_set(model, &g->div_frac, value & RP1_CLK_DIV_FRAC_MASK);
    else
        return;
    changed(clocks, index);
}

static int clocks_init(struct model *model, const struct model_node *node)
{
    (void)model;
    (void)node;
    return 0;
}

static const char *const clocks_compatible[] = { "raspberrypi,rp1-clocks", NULL };

const struct model_ops rp1_clocks_model = {
    .name = "rp1-clocks",
    .compatible = clocks_compatible,
    .size = sizeof(struct rp1_clocks),
    .init = clocks_init,
    .read = clocks_read,
    .write = clocks_write,
};
