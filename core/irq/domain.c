/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* Interrupt domains: one a controller, with a table from hardware number to struct irq.
 *
 * The way of an interrupt is one bounds check, two loads and the call; all else (translation,
 * creation, types) happens when somebody asks for it. A struct irq is made at its first mapping and
 * lives as long as its domain. */
#include <axiom/bug.h>
#include <axiom/errno.h>
#include <axiom/format.h>
#include <axiom/list.h>
#include <axiom/log.h>
#include <core/device.h>
#include <core/irq.h>
#include <core/mm.h>
#include <hw/device.h>
#include <internal/irq.h>
#include <internal/percpu.h>

#define SPECIFIER_CELLS_MAX 8u
#define HWIRQ_COUNT_MAX     4096u

struct irq {
    irq_handler *handler; /* atomic: published after context */
    void *context;
    uint64_t count;
    struct irq_domain *domain;
    uint32_t hwirq;
    enum irq_type type;
    const char *name;
};

struct irq_domain {
    uint32_t hwirq_count;
    uint32_t cells;
    const struct irq_domain_ops *ops;
    void *driver_data;
    int node;
    struct list_head link;
    struct irq *irqs[]; /* by hwirq; NULL: not mapped */
};

/* Changes in process context while drivers are bound or removed, one at a time. */
static struct list_head domains;

void irq_domains_init(void)
{
    list_init(&domains);
}

struct irq_domain *irq_domain_at_node(int node)
{
    struct irq_domain *domain;
    list_for_each_entry(domain, &domains, link) {
        if (domain->node == node)
            return domain;
    }
    return NULL;
}

int irq_domain_create(struct device *device, int node, const struct irq_domain_ops *ops,
                      uint32_t hwirq_count, void *driver_data, struct irq_domain **out)
{
    /* Without #interrupt-cells nobody can name its interrupts in `interrupts`: an MSI controller. */
    uint32_t cells = 0;
    int err = fdt_node_u32(node, "#interrupt-cells", 0, &cells);
    if ((err && err != -ENOENT) || cells > SPECIFIER_CELLS_MAX || hwirq_count == 0 ||
        hwirq_count > HWIRQ_COUNT_MAX || irq_domain_at_node(node) != NULL) {
        log_err("%s: no interrupt domain: #interrupt-cells is absurd, or a second one",
                device_path(device));
        return -EINVAL;
    }
    struct irq_domain *domain = kzalloc(sizeof *domain + hwirq_count * sizeof domain->irqs[0]);
    if (domain == NULL)
        return -ENOMEM;
    domain->hwirq_count = hwirq_count;
    domain->cells = cells;
    domain->ops = ops;
    domain->driver_data = driver_data;
    domain->node = node;
    list_add_tail(&domain->link, &domains);
    *out = domain;
    return 0;
}

void irq_domain_destroy(struct irq_domain *domain)
{
    list_del(&domain->link);
    for (uint32_t hwirq = 0; hwirq < domain->hwirq_count; hwirq++) {
        struct irq *irq = domain->irqs[hwirq];
        BUG_ON(irq != NULL && irq->handler != NULL); /* who uses it is removed before */
        kfree(irq);
    }
    kfree(domain);
}

void *irq_domain_data(const struct irq_domain *domain)
{
    return domain->driver_data;
}

struct irq_domain *irq_domain_find(const struct device *device)
{
    return irq_domain_at_node(device_node(device));
}

uint32_t irq_domain_cells(const struct irq_domain *domain)
{
    return domain->cells;
}

int irq_domain_map(struct irq_domain *domain, uint32_t hwirq, enum irq_type type, struct irq **out)
{
    if (hwirq >= domain->hwirq_count) {
        char path[96];
        log_err("%s: has no interrupt %u", fdt_node_path(domain->node, path, sizeof path), hwirq);
        return -EINVAL;
    }
    struct irq *irq = domain->irqs[hwirq];
    if (irq == NULL) {
        irq = kzalloc(sizeof *irq);
        if (irq == NULL)
            return -ENOMEM;
        irq->domain = domain;
        irq->hwirq = hwirq;
        domain->irqs[hwirq] = irq;
    }
    if (type != IRQ_TYPE_NONE)
        irq->type = type;
    *out = irq;
    return 0;
}

int irq_domain_map_cells(struct irq_domain *domain, const uint32_t *cells, uint32_t count,
                         struct irq **out)
{
    uint32_t hwirq;
    enum irq_type type = IRQ_TYPE_NONE;
    int err = domain->ops->translate(domain, cells, count, &hwirq, &type);
    if (err)
        return err;
    return irq_domain_map(domain, hwirq, type, out);
}

int irq_message_allocate(struct irq_domain *domain, struct irq **out, struct irq_message *message)
{
    if (domain->ops->message_allocate == NULL)
        return -EOPNOTSUPP;
    uint32_t hwirq;
    int err = domain->ops->message_allocate(domain, &hwirq, message);
    if (err)
        return err;
    err = irq_domain_map(domain, hwirq, IRQ_TYPE_EDGE_RISING, out);
    if (err)
        domain->ops->message_free(domain, hwirq);
    return err;
}

void irq_message_free(struct irq *irq)
{
    irq->domain->ops->message_free(irq->domain, irq->hwirq);
}

bool irq_domain_handle(struct irq_domain *domain, uint32_t hwirq)
{
    struct irq *irq = hwirq < domain->hwirq_count ? domain->irqs[hwirq] : NULL;
    irq_handler *handler = irq != NULL ? __atomic_load_n(&irq->handler, __ATOMIC_ACQUIRE) : NULL;
    if (__builtin_expect(handler == NULL, 0)) {
        irq_count_spurious();
        return false;
    }
    struct cpu *cpu = this_cpu();
    irq->count++;
    cpu->irq_leaf = NULL;
    handler(irq, irq->context);
    if (cpu->irq_leaf == NULL) /* else the handler of a controller behind this one has set it */
        cpu->irq_leaf = irq;
    return true;
}

bool irq_domain_has_handler(const struct irq_domain *domain, uint32_t hwirq)
{
    return hwirq < domain->hwirq_count && domain->irqs[hwirq] != NULL &&
           __atomic_load_n(&domain->irqs[hwirq]->handler, __ATOMIC_ACQUIRE) != NULL;
}

int irq_request(struct irq *irq, irq_handler *handler, void *context, const char *name)
{
    struct irq_domain *domain = irq->domain;
    if (irq->handler != NULL) {
        log_err("irq %u for %s: %s has it", irq->hwirq, name, irq->name);
        return -EBUSY;
    }
    if (irq->type != IRQ_TYPE_NONE) {
        int err = domain->ops->set_type(domain, irq->hwirq, irq->type);
        if (err)
            return err;
    }
    irq->context = context;
    irq->name = name;
    __atomic_store_n(&irq->handler, handler, __ATOMIC_RELEASE);
    domain->ops->unmask(domain, irq->hwirq);
    return 0;
}

void irq_free(struct irq *irq)
{
    irq->domain->ops->mask(irq->domain, irq->hwirq);
    __atomic_store_n(&irq->handler, NULL, __ATOMIC_SEQ_CST);
    irq_synchronize();
}

int irq_set_type(struct irq *irq, enum irq_type type)
{
    struct irq_domain *domain = irq->domain;
    bool in_use = irq->handler != NULL;
    if (in_use)
        domain->ops->mask(domain, irq->hwirq);
    int err = domain->ops->set_type(domain, irq->hwirq, type);
    if (err == 0)
        irq->type = type;
    if (in_use)
        domain->ops->unmask(domain, irq->hwirq);
    return err;
}

void irq_mask(struct irq *irq)
{
    irq->domain->ops->mask(irq->domain, irq->hwirq);
}

void irq_unmask(struct irq *irq)
{
    irq->domain->ops->unmask(irq->domain, irq->hwirq);
}

uint32_t irq_hwirq(const struct irq *irq)
{
    return irq->hwirq;
}

enum irq_type irq_type(const struct irq *irq)
{
    return irq->type;
}

const char *irq_describe(const struct irq *irq, char *to, size_t size)
{
    char path[64];
    format_text(to, size, "%s (interrupt %u of %s)", irq->name != NULL ? irq->name : "?",
                irq->hwirq, fdt_node_path(irq->domain->node, path, sizeof path));
    return to;
}

uint64_t irq_count(const struct irq *irq)
{
    return irq->count;
}
