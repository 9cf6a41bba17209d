/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* RP1 PWM, one block of four channels (RP1 Peripherals, chapter PWM).
 *
 * A channel counts clock ticks 0..RANGE-1 over and over; its output is a function of the count, so
 * the level at any time is computed and no edge costs an event. What software writes takes effect
 *   - enables, CTRL, PHASE and COMMON_RANGE: at SET_UPDATE, at once;
 *   - RANGE and DUTY: at the channel's next counter overflow, the end of the running period; at
 * once if it does not count. PHASE preloads the counter when the channel starts or PHASE itself
 * changes. A disabled channel shows its inactive level (low; high with INVERT). Without a clock
 * nothing counts and the output keeps its level. RANGE ticks make a period, as
 * drivers/pwm/pwm-rp1.c computes it; whether the hardware takes RANGE + 1 is to be measured.
 *
 * What the datasheet leaves open and this model assumes: phase-correct mode counts up and down, a
 * period of 2 * RANGE; pulse density is a first-order accumulator; the serialisers show DUTY's 32
 * bits and then zeros. The sigma-delta modulator is not modelled (a warning, then as without it).
 *
 * EVENT_PWM says what reaches the board: the waveform as the pads pass it on (hw_models/rp1.h). */
#include <axiom/errno.h>

#include "rp1_pwm_wave.h"

#define FIFO_CTRL_RESET    (2u << 16) /* DWELL_TIME */
#define FIFO_CTRL_WRITABLE (RP1_PWM_FIFO_THRESHOLD | RP1_PWM_FIFO_DWELL_TIME | RP1_PWM_FIFO_DREQ_EN)

static struct rp1_pwm *pwm_of(struct model *model)
{
    return CONTAINER_OF(model, struct rp1_pwm, model);
}

static const struct rp1_pwm *pwm_of_const(const struct model *model)
{
    return CONTAINER_OF(model, const struct rp1_pwm, model);
}

bool rp1_pwm_level(const struct model *model, uint32_t channel)
{
    const struct rp1_pwm *pwm = pwm_of_const(model);
    return pwm_level_at(pwm, &pwm->channel[channel], model_time_ns(model));
}

bool rp1_pwm_is_steady(const struct model *model, uint32_t channel)
{
    return !pwm_of_const(model)->channel[channel].counting;
}

/* --- interrupts --- */

static uint64_t overflow_count(const struct rp1_pwm *pwm, const struct pwm_channel *ch,
                               uint64_t time_ns)
{
    return pwm_ticks_at(pwm, ch, time_ns) / pwm_period_ticks(ch);
}

/* RELOAD bits follow the overflows since the last look; no timer runs for them unless enabled. */
static void settle_reloads(struct rp1_pwm *pwm)
{
    uint64_t now_ns = model_time_ns(&pwm->model);
    for (uint32_t i = 0; i < RP1_PWM_CHANNEL_COUNT; i++) {
        struct pwm_channel *ch = &pwm->channel[i];
        if (!ch->counting || ch->reload_ns >= now_ns)
            continue;
        if (overflow_count(pwm, ch, now_ns) > overflow_count(pwm, ch, ch->reload_ns))
            pwm->intr |= RP1_PWM_INT_RELOAD(i);
        ch->reload_ns = now_ns;
    }
}

static uint32_t raw_interrupts(struct rp1_pwm *pwm)
{
    settle_reloads(pwm);
    uint32_t threshold = field_get(RP1_PWM_FIFO_THRESHOLD, pwm->fifo_ctrl);
    return pwm->intr | (pwm->fifo_count == 0 ? RP1_PWM_INT_EMPTY : 0) |
           (pwm->fifo_count == PWM_FIFO_SIZE ? RP1_PWM_INT_FULL : 0) |
           (pwm->fifo_count <= threshold ? RP1_PWM_INT_DREQ : 0);
}

static uint32_t masked_interrupts(struct rp1_pwm *pwm)
{
    return (raw_interrupts(pwm) & pwm->inte) | pwm->intf;
}

/* The tree gives the block no interrupt; a tree that does gets it. */
static void update_irq(struct rp1_pwm *pwm)
{
    bool irq = masked_interrupts(pwm) != 0;
    if (irq == pwm->irq)
        return;
    pwm->irq = irq;
    model_line_set(&pwm->model, 0, 0, irq);
}

/* --- counting --- */

static void overflow_fired(struct model *model, struct model_timer *timer);

static struct model *gpio_model(struct rp1_pwm *pwm)
{
    if (pwm->gpio == NULL)
        pwm->gpio = model_find(&pwm->model, "raspberrypi,rp1-gpio", 0);
    return pwm->gpio;
}

static bool from_fifo(const struct pwm_channel *ch)
{
    return (ch->live_ctrl & RP1_PWM_USEFIFO) != 0;
}

static uint32_t wanted_range(const struct rp1_pwm *pwm, const struct pwm_channel *ch)
{
    return (ch->live_ctrl & RP1_PWM_BIND) != 0 ? pwm->live_common_range : ch->range;
}

static uint32_t wanted_duty(const struct rp1_pwm *pwm, const struct pwm_channel *ch)
{
    if (from_fifo(ch))
        return ch->live_duty; /* the FIFO's words come at overflows */
    return (ch->live_ctrl & RP1_PWM_BIND) != 0 ? pwm->common_duty : ch->duty;
}

/* An overflow matters if it brings new values, a FIFO word, or an interrupt. */
static bool overflow_awaited(const struct rp1_pwm *pwm, const struct pwm_channel *ch)
{
    uint32_t index = (uint32_t)(ch - pwm->channel);
    return wanted_range(pwm, ch) != ch->live_range || wanted_duty(pwm, ch) != ch->live_duty ||
           from_fifo(ch) || (pwm->inte & ~pwm->intr & RP1_PWM_INT_RELOAD(index)) != 0;
}

static void await_overflow(struct rp1_pwm *pwm, struct pwm_channel *ch)
{
    if (!ch->counting || !overflow_awaited(pwm, ch)) {
        model_timer_cancel(&pwm->model, &ch->overflow);
        return;
    }
    uint64_t now_ns = model_time_ns(&pwm->model);
    uint64_t ticks = (overflow_count(pwm, ch, now_ns) + 1) * pwm_period_ticks(ch) - ch->preload;
    uint64_t after_ns = scale_ceil(ticks, NSEC_PER_SEC, pwm->clock_hz);
    if (after_ns < TIME_NEVER - ch->epoch_ns)
        model_timer_set(&pwm->model, &ch->overflow, ch->epoch_ns + after_ns, overflow_fired);
}

static void count_from(struct rp1_pwm *pwm, struct pwm_channel *ch, uint32_t preload)
{
    ch->epoch_ns = model_time_ns(&pwm->model);
    ch->reload_ns = ch->epoch_ns;
    ch->preload = preload;
}

static uint32_t fifo_pop(struct rp1_pwm *pwm, uint32_t otherwise)
{
    if (pwm->fifo_count == 0) {
        pwm->intr |= RP1_PWM_INT_UNDERFLOW;
        return otherwise;
    }
    uint32_t word = pwm->fifo[pwm->fifo_head];
    model_reg_set(&pwm->model, &pwm->fifo_head, (pwm->fifo_head + 1) % PWM_FIFO_SIZE);
    model_reg_set(&pwm->model, &pwm->fifo_count, pwm->fifo_count - 1);
    return word;
}

static void take_values(struct rp1_pwm *pwm, struct pwm_channel *ch)
{
    model_reg_set(&pwm->model, &ch->live_range, wanted_range(pwm, ch));
    uint32_t duty = from_fifo(ch) ? fifo_pop(pwm, ch->live_duty) : wanted_duty(pwm, ch);
    model_reg_set(&pwm->model, &ch->live_duty, duty);
}

/* Starts or stops counting as enable, clock and range ask, and records what comes out. */
static void update(struct rp1_pwm *pwm, struct pwm_channel *ch)
{
    bool counts = ch->enabled != 0 && pwm_mode(ch) != RP1_PWM_MODE_ZERO;
    if (counts && !ch->counting && pwm->clock_hz != 0) {
        if (!ch->frozen)
            take_values(pwm, ch);
        count_from(pwm, ch, ch->frozen ? ch->preload : ch->live_phase);
    }
    if (!counts || pwm->clock_hz != 0)
        ch->frozen = false;
    ch->counting = counts && pwm->clock_hz != 0 && ch->live_range != 0;
    if (!ch->counting && !ch->frozen)
        ch->held = pwm_inverted(ch);
    struct model *gpio = gpio_model(pwm);
    if (gpio != NULL)
        rp1_gpio_pwm_changed(gpio);
    await_overflow(pwm, ch);
    pwm_show(pwm, ch);
}

static void overflow_fired(struct model *model, struct model_timer *timer)
{
    struct rp1_pwm *pwm = pwm_of(model);
    struct pwm_channel *ch = CONTAINER_OF(timer, struct pwm_channel, overflow);
    settle_reloads(pwm);
    take_values(pwm, ch);
    count_from(pwm, ch, 0);
    update(pwm, ch);
    update_irq(pwm);
}

/* Clock and pads may have been set up before this block was first touched. */
static void bind(struct rp1_pwm *pwm)
{
    if (pwm->bound)
        return;
    pwm->bound = true;
    pwm->clocks = model_by_phandle(&pwm->model, pwm->clock_phandle);
    if (pwm->clocks != NULL)
        pwm->clock_hz = rp1_clocks_rate_hz(pwm->clocks, pwm->clock_index);
    struct model *gpio = gpio_model(pwm);
    for (uint32_t i = 0; i < RP1_PWM_CHANNEL_COUNT && gpio != NULL; i++)
        pwm->channel[i].route = rp1_gpio_pwm_route(gpio, pwm->block, i);
}

void rp1_pwm_clock_changed(struct model *model)
{
    struct rp1_pwm *pwm = pwm_of(model);
    uint64_t now_ns = model_time_ns(model);
    bind(pwm);
    uint64_t hz = pwm->clocks != NULL ? rp1_clocks_rate_hz(pwm->clocks, pwm->clock_index) : 0;
    if (hz == pwm->clock_hz)
        return;
    settle_reloads(pwm);
    for (uint32_t i = 0; i < RP1_PWM_CHANNEL_COUNT; i++) {
        struct pwm_channel *ch = &pwm->channel[i];
        if (!ch->counting)
            continue;
        /* The count stands where it is and goes on from there with the new clock. */
        ch->held = pwm_level_at(pwm, ch, now_ns);
        ch->frozen = hz == 0;
        ch->preload = (uint32_t)(pwm_ticks_at(pwm, ch, now_ns) % pwm_period_ticks(ch));
        ch->epoch_ns = now_ns;
        ch->reload_ns = now_ns;
    }
    pwm->clock_hz = hz;
    for (uint32_t i = 0; i < RP1_PWM_CHANNEL_COUNT; i++)
        update(pwm, &pwm->channel[i]);
}

void rp1_pwm_route_changed(struct model *model, uint32_t channel, enum rp1_pwm_route route)
{
    struct rp1_pwm *pwm = pwm_of(model);
    bind(pwm);
    pwm->channel[channel].route = route;
    pwm_show(pwm, &pwm->channel[channel]);
}

uint32_t rp1_pwm_block(const struct model *model)
{
    return pwm_of_const(model)->block;
}

/* --- registers --- */

static void check_ctrl(struct rp1_pwm *pwm, uint32_t index, uint32_t ctrl)
{
    if ((ctrl & RP1_PWM_SDM) != 0)
        model_warn(&pwm->model, "channel %u: the sigma-delta modulator is not modelled", index);
    if ((ctrl & (RP1_PWM_USEFIFO | RP1_PWM_BIND)) == RP1_PWM_USEFIFO)
        model_warn(&pwm->model, "channel %u: USEFIFO without BIND is unpredictable", index);
}

static void set_update(struct rp1_pwm *pwm)
{
    model_reg_set(&pwm->model, &pwm->live_common_range, pwm->common_range);
    for (uint32_t i = 0; i < RP1_PWM_CHANNEL_COUNT; i++) {
        struct pwm_channel *ch = &pwm->channel[i];
        if (ch->live_ctrl != ch->ctrl)
            check_ctrl(pwm, i, ch->ctrl);
        bool preload = ch->counting && ch->live_phase != ch->phase;
        model_reg_set(&pwm->model, &ch->live_ctrl, ch->ctrl);
        model_reg_set(&pwm->model, &ch->live_phase, ch->phase);
        model_reg_set(&pwm->model, &ch->enabled, pwm->enables & RP1_PWM_CHANNEL_EN(i));
        if (ch->phase > wanted_range(pwm, ch))
            model_warn(&pwm->model, "channel %u: PHASE %u is above RANGE", i, ch->phase);
        if (preload)
            count_from(pwm, ch, ch->phase);
        update(pwm, ch);
    }
}

static void fifo_push(struct rp1_pwm *pwm, uint32_t word)
{
    if (pwm->fifo_count == PWM_FIFO_SIZE) {
        pwm->intr |= RP1_PWM_INT_OVERFLOW;
        return;
    }
    uint32_t at = (pwm->fifo_head + pwm->fifo_count) % PWM_FIFO_SIZE;
    model_reg_set(&pwm->model, &pwm->fifo[at], word);
    model_reg_set(&pwm->model, &pwm->fifo_count, pwm->fifo_count + 1);
}

static uint32_t *channel_register(struct pwm_channel *ch, uint32_t reg)
{
    switch (reg) {
    case 0x0:
        return &ch->ctrl;
    case 0x4:
        return &ch->range;
    case 0x8:
        return &ch->phase;
    default:
        return &ch->duty;
    }
}

static bool is_channel_register(uint64_t offset)
{
    return offset >= RP1_PWM_CHAN_CTRL(0) && offset < RP1_PWM_CHAN_CTRL(RP1_PWM_CHANNEL_COUNT);
}

static void write_channel(struct rp1_pwm *pwm, uint32_t offset, uint32_t value)
{
    struct pwm_channel *ch = &pwm->channel[offset / 16];
    uint32_t reg = offset % 16;
    model_reg_set(&pwm->model, channel_register(ch, reg),
                  reg == 0 ? value & RP1_PWM_CHAN_CTRL_MASK : value);
    /* RANGE and DUTY have a strobe of their own; what does not count takes them when it starts. */
    if (reg == 0x4 || reg == 0xc) {
        if (ch->enabled != 0 && !ch->counting)
            update(pwm, ch); /* enabled, but RANGE was 0 */
        else
            await_overflow(pwm, ch);
    }
}

static uint64_t pwm_read(struct model *model, const struct model_access *access)
{
    struct rp1_pwm *pwm = pwm_of(model);
    if (access->region != 0 || access->size != 4 || access->offset % 4 != 0) {
        model_warn(model, "read of %u bytes at %#llx", access->size,
                   (unsigned long long)access->offset);
        return 0;
    }
    if (is_channel_register(access->offset)) {
        uint32_t offset = (uint32_t)access->offset - RP1_PWM_CHAN_CTRL(0);
        return *channel_register(&pwm->channel[offset / 16], offset % 16);
    }
    switch (access->offset) {
    case RP1_PWM_GLOBAL_CTRL:
        return pwm->enables;
    case RP1_PWM_FIFO_CTRL: /* a flush needs no time here: always done */
        return pwm->fifo_ctrl | field_prep(RP1_PWM_FIFO_LEVEL, pwm->fifo_count) |
               RP1_PWM_FIFO_FLUSH_DONE;
    case RP1_PWM_COMMON_RANGE:
        return pwm->common_range;
    case RP1_PWM_COMMON_DUTY:
        return pwm->common_duty;
    case RP1_PWM_INTR:
        return raw_interrupts(pwm);
    case RP1_PWM_INTE:
        return pwm->inte;
    case RP1_PWM_INTF:
        return pwm->intf;
    case RP1_PWM_INTS:
        return masked_interrupts(pwm);
    default:
        return 0;
    }
}

static void await_all(struct rp1_pwm *pwm)
{
    for (uint32_t i = 0; i < RP1_PWM_CHANNEL_COUNT; i++)
        await_overflow(pwm, &pwm->channel[i]);
}

static void write_global(struct rp1_pwm *pwm, uint32_t offset, uint32_t value)
{
    struct model *model = &pwm->model;
    switch (offset) {
    case RP1_PWM_GLOBAL_CTRL:
        model_reg_set(model, &pwm->enables, value & RP1_PWM_CHANNEL_EN_MASK);
        if ((value & RP1_PWM_SET_UPDATE) != 0)
            set_update(pwm);
        break;
    case RP1_PWM_FIFO_CTRL:
        model_reg_set(model, &pwm->fifo_ctrl, value & FIFO_CTRL_WRITABLE);
        if ((value & RP1_PWM_FIFO_FLUSH) != 0)
            model_reg_set(model, &pwm->fifo_count, 0);
        break;
    case RP1_PWM_COMMON_RANGE:
        model_reg_set(model, &pwm->common_range, value);
        break;
    case RP1_PWM_COMMON_DUTY:
        model_reg_set(model, &pwm->common_duty, value);
        await_all(pwm);
        break;
    case RP1_PWM_DUTY_FIFO:
        fifo_push(pwm, value);
        break;
    case RP1_PWM_INTR: /* write 1 to clear what is latched */
        (void)raw_interrupts(pwm);
        pwm->intr &= ~value;
        await_all(pwm);
        break;
    case RP1_PWM_INTE:
        model_reg_set(model, &pwm->inte, value & RP1_PWM_INT_MASK);
        await_all(pwm);
        break;
    case RP1_PWM_INTF:
        model_reg_set(model, &pwm->intf, value & RP1_PWM_INT_MASK);
        break;
    default:
        model_warn(model, "write of %#x to read-only offset %#x", value, offset);
        return;
    }
    update_irq(pwm);
}

static void pwm_write(struct model *model, const struct model_access *access, uint64_t value)
{
    struct rp1_pwm *pwm = pwm_of(model);
    if (access->region != 0 || access->size != 4 || access->offset % 4 != 0) {
        model_warn(model, "write of %u bytes at %#llx", access->size,
                   (unsigned long long)access->offset);
        return;
    }
    bind(pwm);
    if (is_channel_register(access->offset))
        write_channel(pwm, (uint32_t)access->offset - RP1_PWM_CHAN_CTRL(0), (uint32_t)value);
    else
        write_global(pwm, (uint32_t)access->offset, (uint32_t)value);
}

static int pwm_init(struct model *model, const struct model_node *node)
{
    struct rp1_pwm *pwm = pwm_of(model);
    uint32_t base;
    if (model_node_u32(node, "reg", 1, &base) != 0 ||
        model_node_u32(node, "clocks", 0, &pwm->clock_phandle) != 0 ||
        model_node_u32(node, "clocks", 1, &pwm->clock_index) != 0) {
        model_warn(model, "needs reg of RP1's two cells and clocks = <&rp1_clocks N>");
        return -EINVAL;
    }
    /* PWM0 at 0x98000, PWM1 at 0x9c000. */
    pwm->block = (base & 0x4000) != 0;
    pwm->fifo_ctrl = FIFO_CTRL_RESET;
    for (uint32_t i = 0; i < RP1_PWM_CHANNEL_COUNT; i++) {
        pwm->channel[i].ctrl = RP1_PWM_CHAN_CTRL_RESET;
        pwm->channel[i].live_ctrl = RP1_PWM_CHAN_CTRL_RESET;
    }
    return 0;
}

static const char *const pwm_compatible[] = { "raspberrypi,rp1-pwm", NULL };

const struct model_ops rp1_pwm_model = {
    .name = "rp1-pwm",
    .compatible = pwm_compatible,
    .size = sizeof(struct rp1_pwm),
    .init = pwm_init,
    .read = pwm_read,
    .write = pwm_write,
};
