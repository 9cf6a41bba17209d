/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* The I/O APIC (Intel 82093AA): pins, each of which sends a vector to a local APIC.
 *
 * Pin n of a controller whose first is global interrupt g sends vector VECTOR_FIRST + g + n, so no
 * two pins share one. All go to the boot CPU. A level-triggered pin is held by the chip from its
 * message until the CPU's end of interrupt, so nothing has to be acknowledged here. */
#include <axiom/bits.h>
#include <axiom/errno.h>
#include <axiom/log.h>
#include <core/mm.h>
#include <core/spinlock.h>
#include <drivers/lapic.h>
#include <drivers/table.h>
#include <hw/device.h>
#include <hw/irq.h>
#include <hw/regs/ioapic.h>

#define PINS_MAX 120u

struct ioapic;

struct pin {
    struct ioapic *ioapic;
    struct irq *parent; /* NULL until configured */
    uint32_t low;       /* of its redirection entry, IOAPIC_MASKED aside */
    uint32_t number;
};

struct ioapic {
    struct mmio regs;
    struct spinlock lock; /* index and window are two accesses */
    struct irq_domain *domain, *parent_domain;
    uint32_t first_vector, pin_count;
    uint32_t destination;
    struct pin pins[PINS_MAX];
};

static uint32_t read_locked(struct ioapic *ioapic, uint32_t reg)
{
    mmio_write32(&ioapic->regs, IOAPIC_SELECT, reg);
    return mmio_read32(&ioapic->regs, IOAPIC_WINDOW);
}

static void write_locked(struct ioapic *ioapic, uint32_t reg, uint32_t value)
{
    mmio_write32(&ioapic->regs, IOAPIC_SELECT, reg);
    mmio_write32(&ioapic->regs, IOAPIC_WINDOW, value);
}

static void pin_write(struct ioapic *ioapic, uint32_t pin, uint32_t low)
{
    struct irq_state state = spin_lock_irqsave(&ioapic->lock);
    write_locked(ioapic, IOAPIC_REDIRECT_LOW(pin), IOAPIC_MASKED | low);
    write_locked(ioapic, IOAPIC_REDIRECT_HIGH(pin), ioapic->destination << IOAPIC_DESTINATION_AT);
    write_locked(ioapic, IOAPIC_REDIRECT_LOW(pin), low);
    spin_unlock_irqrestore(&ioapic->lock, state);
}

static void handle_pin(struct irq *irq, void *context)
{
    const struct pin *pin = context;
    (void)irq;
    irq_domain_handle(pin->ioapic->domain, pin->number);
}

/* <pin sense>: the senses of intel,ce4100-ioapic.txt: 0 edge rising, 1 level low, 2 level high, 3
 * edge falling. */
static int translate(struct irq_domain *domain, const uint32_t *cells, uint32_t count,
                     uint32_t *hwirq, enum irq_type *type)
{
    static const enum irq_type senses[] = { IRQ_TYPE_EDGE_RISING, IRQ_TYPE_LEVEL_LOW,
                                            IRQ_TYPE_LEVEL_HIGH, IRQ_TYPE_EDGE_FALLING };
    const struct ioapic *ioapic = irq_domain_data(domain);
    if (count != 2 || cells[0] >= ioapic->pin_count || cells[1] >= ARRAY_SIZE(senses)) {
        log_err("ioapic: an interrupt is <pin sense>, %u pins, senses 0 to 3", ioapic->pin_count);
        return -EINVAL;
    }
    *hwirq = cells[0];
    *type = senses[cells[1]];
    return 0;
}

static int parent_request(struct ioapic *ioapic, struct pin *pin)
{
    struct irq *parent;
    int err = irq_domain_map(ioapic->parent_domain, ioapic->first_vector + pin->number,
                             IRQ_TYPE_EDGE_RISING, &parent);
    if (err == 0)
        err = irq_request(parent, handle_pin, pin, "ioapic");
    if (err == 0)
        pin->parent = parent;
    return err;
}

static int set_type(struct irq_domain *domain, uint32_t hwirq, enum irq_type type)
{
    struct ioapic *ioapic = irq_domain_data(domain);
    struct pin *pin = &ioapic->pins[hwirq];
    if (type == IRQ_TYPE_EDGE_BOTH || type == IRQ_TYPE_NONE)
        return -EINVAL;
    bool level = type == IRQ_TYPE_LEVEL_HIGH || type == IRQ_TYPE_LEVEL_LOW;
    bool low = type == IRQ_TYPE_LEVEL_LOW || type == IRQ_TYPE_EDGE_FALLING;
    pin->low =
        (ioapic->first_vector + hwirq) | (level ? IOAPIC_LEVEL : 0) | (low ? IOAPIC_ACTIVE_LOW : 0);
    return pin->parent != NULL ? 0 : parent_request(ioapic, pin);
}

static void mask(struct irq_domain *domain, uint32_t hwirq)
{
    struct ioapic *ioapic = irq_domain_data(domain);
    pin_write(ioapic, hwirq, IOAPIC_MASKED | ioapic->pins[hwirq].low);
}

static void unmask(struct irq_domain *domain, uint32_t hwirq)
{
    struct ioapic *ioapic = irq_domain_data(domain);
    pin_write(ioapic, hwirq, ioapic->pins[hwirq].low);
}

static const struct irq_domain_ops domain_ops = {
    .translate = translate,
    .set_type = set_type,
    .mask = mask,
    .unmask = unmask,
};

/* Its pins, all masked. */
static int hardware_start(struct device *device, struct ioapic *ioapic)
{
    struct irq_state state = spin_lock_irqsave(&ioapic->lock);
    uint32_t version = read_locked(ioapic, IOAPIC_VERSION);
    spin_unlock_irqrestore(&ioapic->lock, state);
    ioapic->pin_count = IOAPIC_VERSION_LAST_PIN(version) + 1;
    if (ioapic->pin_count > PINS_MAX ||
        ioapic->first_vector + ioapic->pin_count > LAPIC_VECTOR_MESSAGE) {
        log_err("%s: %u pins from vector %u on are more than there are vectors",
                device_name(device), ioapic->pin_count, ioapic->first_vector);
        return -EINVAL;
    }
    for (uint32_t i = 0; i < ioapic->pin_count; i++) {
        ioapic->pins[i] = (struct pin){ .ioapic = ioapic, .number = i };
        pin_write(ioapic, i, IOAPIC_MASKED);
    }
    state = spin_lock_irqsave(&ioapic->lock);
    bool answers = (read_locked(ioapic, IOAPIC_REDIRECT_LOW(0)) & IOAPIC_MASKED) != 0;
    spin_unlock_irqrestore(&ioapic->lock, state);
    if (!answers)
        log_err("%s: no I/O APIC answers", device_name(device));
    return answers ? 0 : -ENODEV;
}

static int properties_read(struct device *device, struct ioapic *ioapic)
{
    struct device *parent;
    uint32_t gsi_base = 0;
    int err = device_property_device(device, "interrupt-parent", 0, &parent);
    if (err)
        return err;
    ioapic->parent_domain = irq_domain_find(parent);
    if (device_property_u32(device, "axiom,gsi-base", 0, &gsi_base) == -ENOENT)
        gsi_base = 0;
    if (ioapic->parent_domain == NULL || gsi_base > LAPIC_VECTOR_LAST) {
        log_err("%s: its parent is no controller, or axiom,gsi-base %u is absurd",
                device_name(device), gsi_base);
        return -EINVAL;
    }
    ioapic->first_vector = LAPIC_VECTOR_FIRST + gsi_base;
    if (device_property_u32(device, "axiom,destination", 0, &ioapic->destination) != 0)
        ioapic->destination = 0;
    if (ioapic->destination > IOAPIC_DESTINATION_MAX) {
        log_err("%s: its messages do not reach CPUs with numbers as %u", device_name(device),
                ioapic->destination);
        return -EINVAL;
    }
    return 0;
}

static int probe(struct device *device)
{
    struct ioapic *ioapic = kzalloc(sizeof *ioapic);
    if (ioapic == NULL)
        return -ENOMEM;
    spin_lock_init(&ioapic->lock);
    int err = properties_read(device, ioapic);
    if (err)
        goto free_ioapic;
    err = device_mmio(device, 0, IOAPIC_SIZE, &ioapic->regs);
    if (err)
        goto free_ioapic;
    err = hardware_start(device, ioapic);
    if (err)
        goto unmap;
    err = irq_domain_create(device, device_node(device), &domain_ops, ioapic->pin_count, ioapic,
                            &ioapic->domain);
    if (err)
        goto unmap;
    device_set_data(device, ioapic);
    return 0;
unmap:
    mmio_unmap(&ioapic->regs);
free_ioapic:
    kfree(ioapic);
    return err;
}

static void remove(struct device *device)
{
    struct ioapic *ioapic = device_data(device);
    for (uint32_t i = 0; i < ioapic->pin_count; i++) {
        pin_write(ioapic, i, IOAPIC_MASKED);
        if (ioapic->pins[i].parent != NULL)
            irq_free(ioapic->pins[i].parent);
    }
    irq_domain_destroy(ioapic->domain);
    mmio_unmap(&ioapic->regs);
    kfree(ioapic);
}

static const char *const compatible[] = { "intel,ce4100-ioapic", NULL };

const struct driver ioapic_driver = {
    .name = "ioapic",
    .compatible = compatible,
    .probe = probe,
    .remove = remove,
};
