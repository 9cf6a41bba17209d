/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* The counter `time` that all harts share, and each hart's alarm (privileged specification, 3.1.10;
 * Sstc 1.0, or the firmware's timer: SBI 1.0, chapter 6).
 *
 * The alarm's interrupt is a level that stays until the alarm is moved, so the handler puts it off
 * before the core sets the next one. */
#include <drivers/riscv_timer.h>

#include <axiom/bits.h>
#include <axiom/errno.h>
#include <axiom/log.h>
#include <core/mm.h>
#include <hw/clock.h>
#include <hw/sysreg.h>

#define RATING 400u

struct riscv_timer {
    struct clock_source source;
    struct clock_event event;
    struct irq *irq;
};

static uint64_t counter_read(struct clock_source *source)
{
    (void)source;
    return sysreg_read(SYSREG_RISCV_TIME);
}

/* The last tick of all is never reached. */
static void set_ticks(struct clock_event *event, uint64_t ticks)
{
    (void)event;
    sysreg_write(SYSREG_RISCV_STIMECMP, ticks == TIME_NEVER ? UINT64_MAX : ticks);
}

static void cpu_start(struct clock_event *event)
{
    struct riscv_timer *timer = CONTAINER_OF(event, struct riscv_timer, event);
    set_ticks(event, TIME_NEVER);
    irq_unmask(timer->irq); /* each hart has its own enable bit */
}

static void handle_alarm(struct irq *irq, void *context)
{
    struct riscv_timer *timer = context;
    (void)irq;
    set_ticks(&timer->event, TIME_NEVER);
    clock_event_expired(&timer->event);
}

/* Of all CPUs, else of this one (Linux, Documentation/devicetree/bindings/riscv/cpus.yaml). */
static int frequency(int cpu_node, uint64_t *out)
{
    uint32_t hz = 0;
    if (fdt_node_u32(fdt_node_parent(cpu_node), "timebase-frequency", 0, &hz) != 0)
        (void)fdt_node_u32(cpu_node, "timebase-frequency", 0, &hz);
    if (hz == 0) {
        log_err("riscv_timer: the device tree says no timebase-frequency");
        return -EINVAL;
    }
    *out = hz;
    return 0;
}

static int register_clocks(struct riscv_timer *timer)
{
    int err = clock_source_register(&timer->source);
    if (err)
        return err;
    err = clock_event_register(&timer->event);
    if (err)
        clock_source_unregister(&timer->source);
    return err;
}

int riscv_timer_create(struct irq *irq, int cpu_node, struct riscv_timer **out)
{
    struct riscv_timer *timer = kzalloc(sizeof *timer);
    if (timer == NULL)
        return -ENOMEM;
    timer->irq = irq;
    timer->source =
        (struct clock_source){ .name = "riscv_timer", .read = counter_read, .rating = RATING };
    timer->event = (struct clock_event){
        .name = "riscv_timer",
        .set_ticks = set_ticks,
        .cpu_start = cpu_start,
    };
    int err = frequency(cpu_node, &timer->source.frequency_hz);
    if (err)
        goto free_timer;
    set_ticks(&timer->event, TIME_NEVER);
    err = irq_request(irq, handle_alarm, timer, "riscv_timer");
    if (err)
        goto free_timer;
    err = register_clocks(timer);
    if (err)
        goto free_irq;
    *out = timer;
    return 0;
free_irq:
    irq_free(irq);
free_timer:
    kfree(timer);
    return err;
}

void riscv_timer_destroy(struct riscv_timer *timer)
{
    clock_event_unregister(&timer->event);
    clock_source_unregister(&timer->source);
    set_ticks(&timer->event, TIME_NEVER);
    irq_free(timer->irq);
    kfree(timer);
}
