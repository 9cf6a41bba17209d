/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* The local APIC (Intel SDM volume 3, chapter 10): the root controller of a PC, and each CPU's alarm.
 *
 * Interrupts come as vectors: those from VECTOR_DEVICE_FIRST on belong to controllers behind this one
 * (a vector is its hwirq), two are its own. All messages are edges here; what is level-triggered is
 * the I/O APIC's matter, which the end of interrupt reaches by itself. The timer counts the bus clock
 * down once and knows nothing of the clock source. In x2APIC mode (10.12; the tree says `axiom,x2apic`)
 * the registers are the CPU's. */
#include <axiom/bits.h>
#include <axiom/bug.h>
#include <axiom/errno.h>
#include <axiom/log.h>
#include <core/mm.h>
#include <core/time.h>
#include <drivers/lapic.h>
#include <drivers/table.h>
#include <hw/clock.h>
#include <hw/device.h>
#include <hw/irq.h>
#include <hw/regs/lapic.h>
#include <hw/sysreg.h>

struct lapic {
    struct mmio regs;
    bool x2;
    struct irq_root root;
    struct clock_event event;
    struct irq_domain *domain;
    uint32_t timer_hz;
    uint32_t apic_ids[CPU_MAX]; /* noted as CPUs come up */
    uint32_t messages;          /* a bit a vector from LAPIC_VECTOR_MESSAGE on */
};

static struct lapic *lapic_of(struct irq_root *root)
{
    return CONTAINER_OF(root, struct lapic, root);
}

/* --- registers --- */

static enum sysreg sysreg_of(uint32_t offset)
{
    switch (offset) {
    case LAPIC_ID:
        return SYSREG_X86_APIC_ID;
    case LAPIC_TPR:
        return SYSREG_X86_APIC_TPR;
    case LAPIC_EOI:
        return SYSREG_X86_APIC_EOI;
    case LAPIC_SVR:
        return SYSREG_X86_APIC_SVR;
    case LAPIC_LVT_TIMER:
        return SYSREG_X86_APIC_LVT_TIMER;
    case LAPIC_LVT_LINT0:
        return SYSREG_X86_APIC_LVT_LINT0;
    case LAPIC_TIMER_INITIAL:
        return SYSREG_X86_APIC_TIMER_INITIAL;
    case LAPIC_TIMER_DIVIDE:
        return SYSREG_X86_APIC_TIMER_DIVIDE;
    default:
        panic("lapic: register 0x%x has no name", offset);
    }
}

static uint32_t get(const struct lapic *lapic, uint32_t offset)
{
    return lapic->x2 ? (uint32_t)sysreg_read(sysreg_of(offset)) : mmio_read32(&lapic->regs, offset);
}

static void set(const struct lapic *lapic, uint32_t offset, uint32_t value)
{
    if (lapic->x2)
        sysreg_write(sysreg_of(offset), value);
    else
        mmio_write32(&lapic->regs, offset, value);
}

static uint32_t id_of(const struct lapic *lapic)
{
    return lapic->x2 ? get(lapic, LAPIC_ID) : get(lapic, LAPIC_ID) >> 24;
}

static void send(const struct lapic *lapic, uint32_t apic_id, uint32_t vector)
{
    if (lapic->x2) {
        sysreg_write(SYSREG_X86_APIC_ICR,
                     (uint64_t)apic_id << LAPIC_MSR_ID_AT | LAPIC_ICR_ASSERT | vector);
        return;
    }
    while ((mmio_read32(&lapic->regs, LAPIC_ICR_LOW) & LAPIC_ICR_PENDING) != 0)
        ;
    mmio_write32(&lapic->regs, LAPIC_ICR_HIGH, apic_id << 24);
    mmio_write32(&lapic->regs, LAPIC_ICR_LOW, LAPIC_ICR_ASSERT | vector);
}

/* --- the root controller --- */

static void handle(struct irq_root *root)
{
    struct lapic *lapic = lapic_of(root);
    uint32_t vector = (uint32_t)sysreg_read(SYSREG_X86_VECTOR);
    if (vector == LAPIC_VECTOR_IPI)
        irq_root_ipi();
    else if (vector == LAPIC_VECTOR_TIMER)
        clock_event_expired(&lapic->event);
    else
        irq_domain_handle(lapic->domain, vector);
    set(lapic, LAPIC_EOI, 0);
}

static void cpu_start(struct irq_root *root)
{
    struct lapic *lapic = lapic_of(root);
    uint32_t svr = get(lapic, LAPIC_SVR);
    uint32_t cpu = (uint32_t)sysreg_read(SYSREG_X86_CPU) % CPU_MAX;
    __atomic_store_n(&lapic->apic_ids[cpu], id_of(lapic), __ATOMIC_RELAXED);
    set(lapic, LAPIC_LVT_LINT0, LAPIC_LVT_MASKED);
    set(lapic, LAPIC_LVT_TIMER, LAPIC_LVT_MASKED | LAPIC_VECTOR_TIMER);
    set(lapic, LAPIC_TPR, 0);
    set(lapic, LAPIC_SVR, svr | LAPIC_SVR_ENABLE);
}

static void send_ipi(struct irq_root *root, uint32_t cpu_mask)
{
    struct lapic *lapic = lapic_of(root);
    for (uint32_t cpu = 0; cpu < CPU_MAX; cpu++) {
        if ((cpu_mask >> cpu & 1) == 0)
            continue;
        send(lapic, __atomic_load_n(&lapic->apic_ids[cpu], __ATOMIC_RELAXED), LAPIC_VECTOR_IPI);
    }
}

/* --- vectors of controllers behind it --- */

static int translate(struct irq_domain *domain, const uint32_t *cells, uint32_t count,
                     uint32_t *hwirq, enum irq_type *type)
{
    (void)domain;
    if (count != 2 || cells[0] < LAPIC_VECTOR_FIRST || cells[0] > LAPIC_VECTOR_LAST) {
        log_err("lapic: an interrupt is <vector 1>, vectors %u to %u", LAPIC_VECTOR_FIRST,
                LAPIC_VECTOR_LAST);
        return -EINVAL;
    }
    *hwirq = cells[0];
    *type = IRQ_TYPE_EDGE_RISING;
    return 0;
}

static int set_type(struct irq_domain *domain, uint32_t hwirq, enum irq_type type)
{
    (void)domain;
    (void)hwirq;
    return type == IRQ_TYPE_EDGE_RISING ? 0 : -EINVAL;
}

/* A vector cannot be masked by itself; who sends it does. */
static void nothing(struct irq_domain *domain, uint32_t hwirq)
{
    (void)domain;
    (void)hwirq;
}

/* Messages of devices (SDM volume 3, 10.11): to the boot CPU, fixed, an edge. */
static int message_allocate(struct irq_domain *domain, uint32_t *hwirq, struct irq_message *message)
{
    struct lapic *lapic = irq_domain_data(domain);
    uint32_t free = ~lapic->messages;
    if (free == 0 || lapic->apic_ids[0] > LAPIC_MESSAGE_ID_MAX)
        return -ENOSPC;
    uint32_t index = (uint32_t)__builtin_ctz(free);
    lapic->messages |= 1u << index;
    *hwirq = LAPIC_VECTOR_MESSAGE + index;
    *message = (struct irq_message){
        .address = LAPIC_MESSAGE_ADDRESS | lapic->apic_ids[0] << LAPIC_MESSAGE_ID_AT,
        .data = *hwirq,
    };
    return 0;
}

static void message_free(struct irq_domain *domain, uint32_t hwirq)
{
    struct lapic *lapic = irq_domain_data(domain);
    lapic->messages &= ~(1u << (hwirq - LAPIC_VECTOR_MESSAGE));
}

static const struct irq_domain_ops domain_ops = {
    .translate = translate,
    .set_type = set_type,
    .mask = nothing,
    .unmask = nothing,
    .message_allocate = message_allocate,
    .message_free = message_free,
};

/* --- the alarm --- */

static void set_delay_ns(struct clock_event *event, uint64_t delay_ns)
{
    struct lapic *lapic = CONTAINER_OF(event, struct lapic, event);
    if (delay_ns == TIME_NEVER) {
        set(lapic, LAPIC_TIMER_INITIAL, 0);
        return;
    }
    /* A long delay takes several rounds: an alarm that is early is set again. */
    uint64_t most_ns = UINT64_C(1) * NSEC_PER_SEC;
    uint64_t ticks = (delay_ns < most_ns ? delay_ns : most_ns) * lapic->timer_hz / NSEC_PER_SEC + 1;
    set(lapic, LAPIC_TIMER_INITIAL, ticks > UINT32_MAX ? UINT32_MAX : (uint32_t)ticks);
}

static void alarm_start(struct clock_event *event)
{
    struct lapic *lapic = CONTAINER_OF(event, struct lapic, event);
    set(lapic, LAPIC_TIMER_INITIAL, 0);
    set(lapic, LAPIC_TIMER_DIVIDE, LAPIC_DIVIDE_BY_1);
    set(lapic, LAPIC_LVT_TIMER, LAPIC_VECTOR_TIMER); /* one shot */
}

/* --- the device --- */

static int register_all(struct lapic *lapic)
{
    int err = irq_root_register(&lapic->root);
    if (err)
        return err;
    if (lapic->timer_hz == 0) {
        log_err("lapic: no clock-frequency: timers do not work");
        return 0;
    }
    err = clock_event_register(&lapic->event);
    if (err)
        irq_root_unregister(&lapic->root);
    return err;
}

static int probe(struct device *device)
{
    struct lapic *lapic = kzalloc(sizeof *lapic);
    if (lapic == NULL)
        return -ENOMEM;
    lapic->root = (struct irq_root){ handle, cpu_start, send_ipi };
    lapic->event = (struct clock_event){
        .name = "lapic",
        .cpu_start = alarm_start,
        .set_delay_ns = set_delay_ns,
    };
    if (device_property_u32(device, "clock-frequency", 0, &lapic->timer_hz) != 0)
        lapic->timer_hz = 0;
    lapic->x2 = device_property_present(device, "axiom,x2apic");
    int err = lapic->x2 ? 0 : device_mmio(device, 0, LAPIC_SIZE, &lapic->regs);
    if (err)
        goto free_lapic;
    err = irq_domain_create(device, device_node(device), &domain_ops, LAPIC_VECTOR_LAST + 1, lapic,
                            &lapic->domain);
    if (err)
        goto unmap;
    err = register_all(lapic);
    if (err)
        goto destroy_domain;
    device_set_data(device, lapic);
    return 0;
destroy_domain:
    irq_domain_destroy(lapic->domain);
unmap:
    mmio_unmap(&lapic->regs);
free_lapic:
    kfree(lapic);
    return err;
}

static void remove(struct device *device)
{
    struct lapic *lapic = device_data(device);
    clock_event_unregister(&lapic->event);
    set(lapic, LAPIC_LVT_TIMER, LAPIC_LVT_MASKED | LAPIC_VECTOR_TIMER);
    irq_root_unregister(&lapic->root);
    irq_domain_destroy(lapic->domain);
    mmio_unmap(&lapic->regs);
    kfree(lapic);
}

static const char *const compatible[] = { "intel,ce4100-lapic", NULL };

const struct driver lapic_driver = {
    .name = "lapic",
    .compatible = compatible,
    .probe = probe,
    .remove = remove,
};
