/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* The architected timer of ARMv8 (Arm ARM DDI 0487, D11 and D19.12): a counter that all CPUs share,
 * and in each CPU a comparator whose output is a private interrupt.
 *
 * The virtual timer is used: it is there at EL1 and at EL2, under a hypervisor or not. Its output
 * is a level: it stays until CVAL is moved or IMASK is set, so the handler masks before the core
 * arms the next alarm. */
#include <axiom/bits.h>
#include <axiom/errno.h>
#include <axiom/log.h>
#include <core/mm.h>
#include <drivers/table.h>
#include <hw/clock.h>
#include <hw/device.h>
#include <hw/irq.h>
#include <hw/regs/arm_timer.h>
#include <hw/sysreg.h>

#define RATING 400u

struct arm_timer {
    struct clock_source source;
    struct clock_event event;
    struct irq *irq;
};

static uint64_t counter_read(struct clock_source *source)
{
    (void)source;
    return sysreg_read(SYSREG_CNTVCT_EL0);
}

static void set_ticks(struct clock_event *event, uint64_t ticks)
{
    (void)event;
    if (ticks == TIME_NEVER) {
        sysreg_write(SYSREG_CNTV_CTL_EL0, CNT_CTL_IMASK);
        return;
    }
    sysreg_write(SYSREG_CNTV_CVAL_EL0, ticks);
    sysreg_write(SYSREG_CNTV_CTL_EL0, CNT_CTL_ENABLE);
}

/* The interrupt is a PPI: every CPU has its own enable bit. */
static void cpu_start(struct clock_event *event)
{
    struct arm_timer *timer = CONTAINER_OF(event, struct arm_timer, event);
    set_ticks(event, TIME_NEVER);
    irq_unmask(timer->irq);
}

static void handle_alarm(struct irq *irq, void *context)
{
    struct arm_timer *timer = context;
    (void)irq;
    sysreg_write(SYSREG_CNTV_CTL_EL0, CNT_CTL_IMASK);
    clock_event_expired(&timer->event);
}

/* CNTFRQ is what the firmware says; `clock-frequency` is for firmware that says nothing
 * (arm,arch_timer.yaml). */
static int frequency(struct device *device, uint64_t *out)
{
    uint64_t hz = sysreg_read(SYSREG_CNTFRQ_EL0);
    uint32_t property;
    if (hz == 0 && device_property_u32(device, "clock-frequency", 0, &property) == 0)
        hz = property;
    if (hz == 0 || hz > UINT64_C(10) * NSEC_PER_SEC) {
        log_err("%s: CNTFRQ_EL0 is %llu and the node has no usable clock-frequency",
                device_name(device), (unsigned long long)hz);
        return -EINVAL;
    }
    *out = hz;
    return 0;
}

static int register_clocks(struct arm_timer *timer)
{
    int err = clock_source_register(&timer->source);
    if (err)
        return err;
    err = clock_event_register(&timer->event);
    if (err)
        clock_source_unregister(&timer->source);
    return err;
}

static int probe(struct device *device)
{
    struct arm_timer *timer = kzalloc(sizeof *timer);
    if (timer == NULL)
        return -ENOMEM;
    timer->source =
        (struct clock_source){ .name = "arm_timer", .read = counter_read, .rating = RATING };
    timer->event =
        (struct clock_event){ .name = "arm_timer", .set_ticks = set_ticks, .cpu_start = cpu_start };
    int err = frequency(device, &timer->source.frequency_hz);
    if (err)
        goto free_timer;
    err = device_irq(device, ARM_TIMER_IRQ_VIRT, &timer->irq);
    if (err)
        goto free_timer;
    set_ticks(&timer->event, TIME_NEVER);
    err = irq_request(timer->irq, handle_alarm, timer, "arm_timer");
    if (err)
        goto free_timer;
    err = register_clocks(timer);
    if (err)
        goto free_irq;
    device_set_data(device, timer);
    return 0;
free_irq:
    irq_free(timer->irq);
free_timer:
    kfree(timer);
    return err;
}

static void remove(struct device *device)
{
    struct arm_timer *timer = device_data(device);
    clock_event_unregister(&timer->event);
    clock_source_unregister(&timer->source);
    set_ticks(&timer->event, TIME_NEVER);
    irq_free(timer->irq);
    kfree(timer);
}

static const char *const compatible[] = { "arm,armv8-timer", NULL };

const struct driver arm_timer_driver = {
    .name = "arm_timer",
    .compatible = compatible,
    .probe = probe,
    .remove = remove,
};
