/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* Interrupts of a RISC-V hart (privileged specification, 4.1.3), the root controller: bits of sip, which
 * come where sie has them and the hart is unmasked. Software interrupts are the kernel's IPIs, the
 * timer's is the hart's alarm, and the external one is the PLIC's.
 *
 * The tree has one such node in each CPU's. The one of the boot hart serves all: every hart's are
 * alike, and masks act on the hart that asks. */
#include <axiom/bits.h>
#include <axiom/errno.h>
#include <axiom/log.h>
#include <core/mm.h>
#include <drivers/riscv_timer.h>
#include <drivers/table.h>
#include <hw/device.h>
#include <hw/irq.h>
#include <hw/regs/riscv_intc.h>
#include <hw/sysreg.h>

struct intc {
    struct irq_root root;
    struct irq_domain *domain;
    struct riscv_timer *timer;
};

/* --- the domain --- */

static int translate(struct irq_domain *domain, const uint32_t *cells, uint32_t count,
                     uint32_t *hwirq, enum irq_type *type)
{
    (void)domain;
    if (count != 1 || (cells[0] != RISCV_IRQ_TIMER && cells[0] != RISCV_IRQ_EXTERNAL)) {
        log_err("riscv_intc: an interrupt is one cell: %u (timer) or %u (external)",
                RISCV_IRQ_TIMER, RISCV_IRQ_EXTERNAL);
        return -EINVAL;
    }
    *hwirq = cells[0];
    *type = IRQ_TYPE_LEVEL_HIGH;
    return 0;
}

static int set_type(struct irq_domain *domain, uint32_t hwirq, enum irq_type type)
{
    (void)domain;
    (void)hwirq;
    return type == IRQ_TYPE_LEVEL_HIGH ? 0 : -EINVAL;
}

static void mask(struct irq_domain *domain, uint32_t hwirq)
{
    (void)domain;
    sysreg_write(SYSREG_RISCV_SIE, sysreg_read(SYSREG_RISCV_SIE) & ~BIT64(hwirq));
}

static void unmask(struct irq_domain *domain, uint32_t hwirq)
{
    (void)domain;
    sysreg_write(SYSREG_RISCV_SIE, sysreg_read(SYSREG_RISCV_SIE) | BIT64(hwirq));
}

static const struct irq_domain_ops domain_ops = {
    .translate = translate,
    .set_type = set_type,
    .mask = mask,
    .unmask = unmask,
};

/* --- the root controller --- */

/* Of several that are pending the order is the specification's (4.1.3). One whose handler is gone would
 * come for ever: it is switched off. */
static void handle(struct irq_root *root)
{
    struct intc *intc = CONTAINER_OF(root, struct intc, root);
    uint64_t pending = sysreg_read(SYSREG_RISCV_SIP) & sysreg_read(SYSREG_RISCV_SIE);
    uint32_t hwirq = (pending & BIT64(RISCV_IRQ_EXTERNAL)) != 0   ? RISCV_IRQ_EXTERNAL
                     : (pending & BIT64(RISCV_IRQ_SOFTWARE)) != 0 ? RISCV_IRQ_SOFTWARE
                     : (pending & BIT64(RISCV_IRQ_TIMER)) != 0    ? RISCV_IRQ_TIMER
                                                                  : RISCV_IRQ_COUNT;
    if (hwirq == RISCV_IRQ_COUNT)
        return;
    if (hwirq == RISCV_IRQ_SOFTWARE) {
        sysreg_write(SYSREG_RISCV_SIP, sysreg_read(SYSREG_RISCV_SIP) & ~BIT64(RISCV_IRQ_SOFTWARE));
        irq_root_ipi();
    } else if (!irq_domain_handle(intc->domain, hwirq)) {
        mask(intc->domain, hwirq);
        log_warning("riscv_intc: interrupt %u came without a handler; it is masked now", hwirq);
    }
}

static void cpu_start(struct irq_root *root)
{
    (void)root;
    sysreg_write(SYSREG_RISCV_SIE, BIT64(RISCV_IRQ_SOFTWARE));
}

static void send_ipi(struct irq_root *root, uint32_t cpu_mask)
{
    (void)root;
    sysreg_write(SYSREG_RISCV_IPI, cpu_mask);
}

/* --- the device --- */

static int timer_start(struct intc *intc, int cpu_node)
{
    struct irq *irq;
    int err = irq_domain_map(intc->domain, RISCV_IRQ_TIMER, IRQ_TYPE_LEVEL_HIGH, &irq);
    return err ? err : riscv_timer_create(irq, cpu_node, &intc->timer);
}

static int probe(struct device *device)
{
    int cpu_node = fdt_node_parent(device_node(device));
    uint32_t hart;
    if (fdt_node_u32(cpu_node, "reg", 0, &hart) != 0 || hart != sysreg_read(SYSREG_RISCV_BOOT_HART))
        return -ENODEV;
    struct intc *intc = kzalloc(sizeof *intc);
    if (intc == NULL)
        return -ENOMEM;
    int err = irq_domain_create(device, device_node(device), &domain_ops, RISCV_IRQ_COUNT, intc,
                                &intc->domain);
    if (err)
        goto free_intc;
    intc->root = (struct irq_root){ handle, cpu_start, send_ipi };
    err = irq_root_register(&intc->root);
    if (err)
        goto destroy_domain;
    err = timer_start(intc, cpu_node);
    if (err)
        goto unregister;
    device_set_data(device, intc);
    return 0;
unregister:
    irq_root_unregister(&intc->root);
destroy_domain:
    irq_domain_destroy(intc->domain);
free_intc:
    kfree(intc);
    return err;
}

static void remove(struct device *device)
{
    struct intc *intc = device_data(device);
    riscv_timer_destroy(intc->timer);
    irq_root_unregister(&intc->root);
    sysreg_write(SYSREG_RISCV_SIE, 0);
    irq_domain_destroy(intc->domain);
    kfree(intc);
}

static const char *const compatible[] = { "riscv,cpu-intc", NULL };

const struct driver riscv_intc_driver = {
    .name = "riscv_intc",
    .compatible = compatible,
    .probe = probe,
    .remove = remove,
};
