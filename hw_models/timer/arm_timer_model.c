/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* The Arm generic timer (Arm ARM DDI 0487, chapter D11) on virtual time.
 *
 * The system counter is floor(t * frequency / 1e9) of the machine's virtual time, never
 * accumulated, so it cannot drift. Each CPU has a virtual and a physical timer (the virtual offset
 * is 0). An output is a level: on while ENABLE, not IMASK, and count >= CVAL (§D11.2.4); it goes
 * off when software moves CVAL or masks, not by being acknowledged.
 *
 * Timers belong to CPUs and say what software plans, so they stay outside the state hash, which
 * covers virtual time itself. */
#include <axiom/errno.h>
#include <hw/regs/arm_timer.h>
#include <hw_models/models.h>
#include <hw_models/scale.h>

#define FREQUENCY_DEFAULT_HZ 54000000u /* BCM2712's oscillator */

enum channel { CHANNEL_PHYS, CHANNEL_VIRT, CHANNEL_COUNT };

struct arm_timer_channel {
    uint64_t cval;
    uint32_t ctl; /* ENABLE and IMASK */
    bool output;
    struct model_timer alarm;
};

struct arm_timer {
    struct model model;
    uint64_t frequency_hz;
    struct arm_timer_channel channel[CPU_MAX][CHANNEL_COUNT];
};

static const uint32_t channel_irq[CHANNEL_COUNT] = {
    [CHANNEL_PHYS] = ARM_TIMER_IRQ_PHYS,
    [CHANNEL_VIRT] = ARM_TIMER_IRQ_VIRT,
};

static struct arm_timer *timer_of(struct model *model)
{
    return CONTAINER_OF(model, struct arm_timer, model);
}

static uint64_t count_now(const struct arm_timer *timer)
{
    return scale_floor(model_time_ns(&timer->model), timer->frequency_hz, NSEC_PER_SEC);
}

static bool condition(const struct arm_timer *timer, const struct arm_timer_channel *channel)
{
    return (channel->ctl & CNT_CTL_ENABLE) != 0 && count_now(timer) >= channel->cval;
}

static void alarm_fired(struct model *model, struct model_timer *alarm);

static void channel_update(struct arm_timer *timer, uint32_t cpu, enum channel which)
{
    struct arm_timer_channel *channel = &timer->channel[cpu][which];
    bool met = condition(timer, channel);
    bool output = met && (channel->ctl & CNT_CTL_IMASK) == 0;
    if (output != channel->output) {
        channel->output = output;
        model_line_set(&timer->model, channel_irq[which], cpu, output);
    }
    model_timer_cancel(&timer->model, &channel->alarm);
    if ((channel->ctl & (CNT_CTL_ENABLE | CNT_CTL_IMASK)) != CNT_CTL_ENABLE || met)
        return;
    uint64_t at_ns = scale_ceil(channel->cval, NSEC_PER_SEC, timer->frequency_hz);
    if (at_ns != TIME_NEVER)
        model_timer_set(&timer->model, &channel->alarm, at_ns, alarm_fired);
}

static void alarm_fired(struct model *model, struct model_timer *alarm)
{
    struct arm_timer *timer = timer_of(model);
    for (uint32_t cpu = 0; cpu < CPU_MAX; cpu++)
        for (uint32_t which = 0; which < CHANNEL_COUNT; which++)
            if (alarm == &timer->channel[cpu][which].alarm)
                channel_update(timer, cpu, (enum channel)which);
}

static bool arm_timer_claims(uint32_t reg)
{
    return reg <= SYSREG_CNTPCT_EL0;
}

static uint32_t ctl_read(const struct arm_timer *timer, const struct arm_timer_channel *channel)
{
    return channel->ctl | (condition(timer, channel) ? CNT_CTL_ISTATUS : 0);
}

static uint64_t arm_timer_sysreg_read(struct model *model, uint32_t reg, uint32_t cpu)
{
    struct arm_timer *timer = timer_of(model);
    if (cpu >= CPU_MAX)
        return 0;
    struct arm_timer_channel *channel = timer->channel[cpu];
    switch (reg) {
    case SYSREG_CNTFRQ_EL0:
        return timer->frequency_hz;
    case SYSREG_CNTVCT_EL0:
    case SYSREG_CNTPCT_EL0:
        return count_now(timer);
    case SYSREG_CNTV_CTL_EL0:
        return ctl_read(timer, &channel[CHANNEL_VIRT]);
    case SYSREG_CNTP_CTL_EL0:
        return ctl_read(timer, &channel[CHANNEL_PHYS]);
    case SYSREG_CNTV_CVAL_EL0:
        return channel[CHANNEL_VIRT].cval;
    case SYSREG_CNTP_CVAL_EL0:
        return channel[CHANNEL_PHYS].cval;
    default:
        return 0;
    }
}

static void arm_timer_sysreg_write(struct model *model, uint32_t reg, uint32_t cpu, uint64_t value)
{
    struct arm_timer *timer = timer_of(model);
    if (cpu >= CPU_MAX)
        return;
    bool virt = reg == SYSREG_CNTV_CTL_EL0 || reg == SYSREG_CNTV_CVAL_EL0;
    enum channel which = virt ? CHANNEL_VIRT : CHANNEL_PHYS;
    struct arm_timer_channel *channel = &timer->channel[cpu][which];
    switch (reg) {
    case SYSREG_CNTV_CTL_EL0:
    case SYSREG_CNTP_CTL_EL0:
        channel->ctl = (uint32_t)value & (CNT_CTL_ENABLE | CNT_CTL_IMASK);
        break;
    case SYSREG_CNTV_CVAL_EL0:
    case SYSREG_CNTP_CVAL_EL0:
        channel->cval = value;
        break;
    default:
        model_warn(model, "write of %#llx to read-only system register %u",
                   (unsigned long long)value, reg);
        return;
    }
    channel_update(timer, cpu, which);
}

static int arm_timer_init(struct model *model, const struct model_node *node)
{
    struct arm_timer *timer = timer_of(model);
    uint32_t frequency = FREQUENCY_DEFAULT_HZ;
    if (model_node_u32(node, "clock-frequency", 0, &frequency) == 0 &&
        (frequency == 0 || frequency > NSEC_PER_SEC)) {
        model_warn(model, "clock-frequency %u is not in 1..1000000000", frequency);
        return -EINVAL;
    }
    timer->frequency_hz = frequency;
    return 0;
}

static const char *const arm_timer_compatible[] = { "arm,armv8-timer", "arm,armv7-timer", NULL };

const struct model_ops arm_timer_model = {
    .name = "arm-timer",
    .compatible = arm_timer_compatible,
    .size = sizeof(struct arm_timer),
    .init = arm_timer_init,
    .claims_sysreg = arm_timer_claims,
    .sysreg_read = arm_timer_sysreg_read,
    .sysreg_write = arm_timer_sysreg_write,
};
