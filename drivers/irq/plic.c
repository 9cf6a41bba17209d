/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* The platform-level interrupt controller (RISC-V PLIC specification 1.0.0): sources, each with a
 * priority, to contexts (a hart in one mode), each with enable bits and a threshold. Reading the claim
 * register takes the most urgent one, whose gateway is shut until the same number is written there.
 *
 * All sources have one priority and go to the boot hart's supervisor context. Gateways turn levels
 * into requests by themselves; which sources are edges is wired. */
#include <axiom/bits.h>
#include <axiom/errno.h>
#include <axiom/log.h>
#include <core/mm.h>
#include <drivers/table.h>
#include <hw/device.h>
#include <hw/irq.h>
#include <hw/regs/plic.h>
#include <hw/regs/riscv_intc.h>
#include <hw/sysreg.h>

#define WORDS (PLIC_SOURCE_MAX / 32)

struct plic {
    struct mmio regs;
    struct irq *parent;
    struct irq_domain *domain;
    uint32_t source_count;    /* with source 0 */
    uint32_t enable, context; /* offsets of our context's registers */
    uint32_t enabled[WORDS];
    uint32_t unclaimed_count;
};

/* --- the domain --- */

static int translate(struct irq_domain *domain, const uint32_t *cells, uint32_t count,
                     uint32_t *hwirq, enum irq_type *type)
{
    const struct plic *plic = irq_domain_data(domain);
    if (count < 1 || cells[0] == 0 || cells[0] >= plic->source_count) {
        log_err("plic: an interrupt is a source from 1 to %u", plic->source_count - 1);
        return -EINVAL;
    }
    *hwirq = cells[0];
    *type = count > 1 ? (enum irq_type)cells[1] : IRQ_TYPE_LEVEL_HIGH;
    return 0;
}

static int set_type(struct irq_domain *domain, uint32_t hwirq, enum irq_type type)
{
    (void)domain;
    if (type == IRQ_TYPE_LEVEL_HIGH || type == IRQ_TYPE_EDGE_RISING)
        return 0;
    log_err("plic: source %u can be high or rising, not type %d", hwirq, (int)type);
    return -EINVAL;
}

static void enable_write(const struct plic *plic, uint32_t word)
{
    mmio_write32(&plic->regs, plic->enable + 4 * word, plic->enabled[word]);
}

/* Called with interrupts masked or from the boot hart only, to which all sources go: the shadow
 * needs an atomic update all the same. */
static void mask(struct irq_domain *domain, uint32_t hwirq)
{
    struct plic *plic = irq_domain_data(domain);
    __atomic_fetch_and(&plic->enabled[hwirq / 32], ~BIT(hwirq % 32), __ATOMIC_RELAXED);
    enable_write(plic, hwirq / 32);
}

static void unmask(struct irq_domain *domain, uint32_t hwirq)
{
    struct plic *plic = irq_domain_data(domain);
    __atomic_fetch_or(&plic->enabled[hwirq / 32], BIT(hwirq % 32), __ATOMIC_RELAXED);
    enable_write(plic, hwirq / 32);
}

static const struct irq_domain_ops domain_ops = {
    .translate = translate,
    .set_type = set_type,
    .mask = mask,
    .unmask = unmask,
};

/* --- interrupts --- */

/* The completion of a source that is not enabled is ignored ("Interrupt Completion"), and its gateway
 * would stay shut for ever: one whose handler masked it is enabled for the moment. */
static void complete(struct plic *plic, uint32_t source)
{
    uint32_t word = source / 32, bit = BIT(source % 32);
    bool masked = (plic->enabled[word] & bit) == 0;
    if (masked)
        mmio_write32(&plic->regs, plic->enable + 4 * word, plic->enabled[word] | bit);
    mmio_write32(&plic->regs, plic->context + PLIC_CLAIM, source);
    if (masked)
        enable_write(plic, word);
}

/* Nobody has it: a level would come again at once and for ever. */
static void mask_unclaimed(struct plic *plic, uint32_t source)
{
    mask(plic->domain, source);
    if (plic->unclaimed_count++ < 8)
        log_warning("plic: interrupt %u came without a handler; it is masked now", source);
}

/* One a call: the hart comes again while there are others. Claiming may find none, where another
 * context was faster or the source fell back. */
static void handle(struct irq *irq, void *context)
{
    struct plic *plic = context;
    (void)irq;
    uint32_t source = mmio_read32(&plic->regs, plic->context + PLIC_CLAIM);
    if (source == 0 || source >= plic->source_count)
        return;
    if (!irq_domain_handle(plic->domain, source))
        mask_unclaimed(plic, source);
    complete(plic, source);
}

/* --- the device --- */

/* Contexts are numbered by their place in interrupts-extended (<phandle cause> each); ours is the
 * external interrupt of the boot hart in supervisor mode. */
static int context_find(struct device *device, uint32_t *out)
{
    uint32_t phandle, cause, hart;
    for (uint32_t i = 0; i < PLIC_CONTEXT_MAX; i++) {
        if (device_property_u32(device, "interrupts-extended", 2 * i, &phandle) != 0 ||
            device_property_u32(device, "interrupts-extended", 2 * i + 1, &cause) != 0)
            break;
        int intc = fdt_node_by_phandle(phandle);
        if (cause != RISCV_IRQ_EXTERNAL || intc < 0 ||
            fdt_node_u32(fdt_node_parent(intc), "reg", 0, &hart) != 0 ||
            hart != sysreg_read(SYSREG_RISCV_BOOT_HART))
            continue;
        *out = i;
        return 0;
    }
    log_err("%s: no context is the boot hart's in supervisor mode", device_name(device));
    return -EINVAL;
}

static void hardware_off(const struct plic *plic)
{
    for (uint32_t word = 0; word <= (plic->source_count - 1) / 32; word++)
        mmio_write32(&plic->regs, plic->enable + 4 * word, 0);
}

static void hardware_reset(const struct plic *plic)
{
    hardware_off(plic);
    for (uint32_t source = 1; source < plic->source_count; source++)
        mmio_write32(&plic->regs, PLIC_PRIORITY(source), 1);
    mmio_write32(&plic->regs, plic->context + PLIC_THRESHOLD, 0);
}

static int find(struct device *device, struct plic *plic, uint32_t *context)
{
    uint32_t count;
    int err = context_find(device, context);
    if (err)
        return err;
    if (device_property_u32(device, "riscv,ndev", 0, &count) != 0 || count == 0 ||
        count >= PLIC_SOURCE_MAX) {
        log_err("%s: riscv,ndev is 1 to %u", device_name(device), PLIC_SOURCE_MAX - 1);
        return -EINVAL;
    }
    plic->source_count = count + 1;
    plic->enable = PLIC_ENABLE + *context * PLIC_ENABLE_STRIDE;
    plic->context = PLIC_CONTEXT + *context * PLIC_CONTEXT_STRIDE;
    return device_irq(device, *context, &plic->parent);
}

static int probe(struct device *device)
{
    struct plic *plic = kzalloc(sizeof *plic);
    if (plic == NULL)
        return -ENOMEM;
    uint32_t context;
    int err = find(device, plic, &context);
    if (err)
        goto free_plic;
    err = device_mmio(device, 0, plic->context + PLIC_CLAIM + 4, &plic->regs);
    if (err)
        goto free_plic;
    err = irq_domain_create(device, device_node(device), &domain_ops, plic->source_count, plic,
                            &plic->domain);
    if (err)
        goto unmap;
    hardware_reset(plic);
    err = irq_request(plic->parent, handle, plic, "plic");
    if (err)
        goto destroy_domain;
    device_set_data(device, plic);
    return 0;
destroy_domain:
    irq_domain_destroy(plic->domain);
unmap:
    mmio_unmap(&plic->regs);
free_plic:
    kfree(plic);
    return err;
}

static void remove(struct device *device)
{
    struct plic *plic = device_data(device);
    hardware_off(plic);
    irq_free(plic->parent);
    irq_domain_destroy(plic->domain);
    mmio_unmap(&plic->regs);
    kfree(plic);
}

static const char *const compatible[] = { "riscv,plic0", "sifive,plic-1.0.0", NULL };

const struct driver plic_driver = {
    .name = "plic",
    .compatible = compatible,
    .probe = probe,
    .remove = remove,
};
