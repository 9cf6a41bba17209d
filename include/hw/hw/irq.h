/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* Interrupts as drivers see them: domains that nest like the device tree's interrupt-parent, and
 * handlers.
 *
 * A controller's driver makes a domain for its node. Whoever wants an interrupt asks by (node,
 * index) through device_irq(), which walks the tree, translates the cells in the parent's domain
 * and gives a `struct irq *`, valid until both sides are gone. A chained controller requests its
 * own parent interrupts and hands each pending hwirq on with irq_domain_handle() from its handler.
 *
 * Handlers run with this CPU's interrupts masked, on the interrupted thread's stack; they must not
 * sleep. A switch to a thread that they wake happens after the outermost handler has returned. */
#pragma once
#include <axiom/types.h>

/* The device tree's numbers (dt-bindings/interrupt-controller/irq.h). */
enum irq_type {
    IRQ_TYPE_NONE = 0,
    IRQ_TYPE_EDGE_RISING = 1,
    IRQ_TYPE_EDGE_FALLING = 2,
    IRQ_TYPE_EDGE_BOTH = 3,
    IRQ_TYPE_LEVEL_HIGH = 4,
    IRQ_TYPE_LEVEL_LOW = 8,
};

struct irq;
struct irq_domain;
struct device;

typedef void irq_handler(struct irq *irq, void *context);

/* What a device writes, and where, to raise a message-signalled interrupt. */
struct irq_message {
    uint64_t address;
    uint32_t data;
};

struct irq_domain_ops {
    /* The specifier's `count` cells to a hardware number and a type; -EINVAL with a log line.
     * Process context. */
    int (*translate)(struct irq_domain *domain, const uint32_t *cells, uint32_t count,
                     uint32_t *hwirq, enum irq_type *type);
    /* Process context, interrupt masked; -EINVAL: the controller cannot do this type. */
    int (*set_type)(struct irq_domain *domain, uint32_t hwirq, enum irq_type type);
    /* Any context. */
    void (*mask)(struct irq_domain *domain, uint32_t hwirq);
    void (*unmask)(struct irq_domain *domain, uint32_t hwirq);
    /* MSI controllers; NULL: it is none. A hardware number that is nobody's, or -ENOSPC. Process
     * context. */
    int (*message_allocate)(struct irq_domain *domain, uint32_t *hwirq,
                            struct irq_message *message);
    void (*message_free)(struct irq_domain *domain, uint32_t hwirq);
};

/* One domain for the controller at `device`'s node (or a child node, for a controller that has no
 * device of its own: `node` is its offset in the tree). Specifiers have the node's
 * #interrupt-cells (none: an MSI controller, reached by irq_domain_find()). -ENOMEM. Process
 * context. */
int irq_domain_create(struct device *device, int node, const struct irq_domain_ops *ops,
                      uint32_t hwirq_count, void *driver_data, struct irq_domain **out);
void irq_domain_destroy(struct irq_domain *domain);
void *irq_domain_data(const struct irq_domain *domain);

/* An interrupt of a domain by hardware number, without a device tree specifier. Process context. */
int irq_domain_map(struct irq_domain *domain, uint32_t hwirq, enum irq_type type, struct irq **out);

/* As irq_domain_map() for a specifier's cells, which the domain translates; for who finds its
 * parent's specifier elsewhere than in `interrupts` (msi-ranges). Process context. */
int irq_domain_map_cells(struct irq_domain *domain, const uint32_t *cells, uint32_t count,
                         struct irq **out);
/* An edge-triggered interrupt for a device that raises it by a message. -EOPNOTSUPP: the domain is no MSI
 * controller; -ENOSPC: it has no number left; -ENOMEM. Given back after irq_free(). Process
 * context. */
int irq_message_allocate(struct irq_domain *domain, struct irq **out, struct irq_message *message);
void irq_message_free(struct irq *irq);
/* The domain of the controller at `device`'s own node, for who names it by another phandle than
 * interrupt-parent (msi-parent); NULL: it has none. Process context. */
struct irq_domain *irq_domain_find(const struct device *device);

/* From the controller's handler: runs the handler of `hwirq`; false (and counted as spurious) if it
 * has none. */
bool irq_domain_handle(struct irq_domain *domain, uint32_t hwirq);
/* True if hwirq has a handler. Any context. */
bool irq_domain_has_handler(const struct irq_domain *domain, uint32_t hwirq);

/* The root controller: `handle` is called with interrupts masked when the CPU takes an interrupt,
 * and acknowledges, dispatches and ends at least one that is pending, if any; the CPU takes the
 * others after it. `cpu_start` brings the calling CPU's
 * interface up. */
struct irq_root {
    void (*handle)(struct irq_root *root);
    void (*cpu_start)(struct irq_root *root);
    /* Interrupts the CPUs in the mask; there `handle` finds it and calls irq_root_ipi(). Interrupts
     * masked. */
    void (*send_ipi)(struct irq_root *root, uint32_t cpu_mask);
};
int irq_root_register(struct irq_root *root);
void irq_root_unregister(struct irq_root *root);
/* From the root's handler, when the interrupt was an IPI. */
void irq_root_ipi(void);

/* Takes the interrupt and unmasks it. -EBUSY: it has a handler. `name` must live as long. Process
 * context. */
int irq_request(struct irq *irq, irq_handler *handler, void *context, const char *name);
/* Masks it and forgets the handler; none runs after the return. Process context. */
void irq_free(struct irq *irq);
int irq_set_type(struct irq *irq, enum irq_type type);
void irq_mask(struct irq *irq);
void irq_unmask(struct irq *irq);
uint32_t irq_hwirq(const struct irq *irq);
enum irq_type irq_type(const struct irq *irq);
