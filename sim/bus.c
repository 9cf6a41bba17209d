/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* The bus: hw/mmio.h, hw/sysreg.h and hw/dma.h answered by models.
 *
 * mmio_map() finds the model's region once; an access is then a check, one indirect call, and a
 * test of the attention word before (a named point, a cost) and after (interrupts). The model never
 * sees an access that is misaligned or outside of its region: those are the driver's bugs and
 * panic. */
#include <axiom/bug.h>
#include <axiom/errno.h>
#include <hw/dma.h>
#include <hw/mmio.h>
#include <hw/sysreg.h>

#include "internal.h"

struct sim_now sim_now;

/* --- regions --- */

static uint64_t no_read(struct model *model, const struct model_access *access)
{
    model_warn(model, "read of region %u offset 0x%llx, of a device without readable registers",
               access->region, (unsigned long long)access->offset);
    return 0;
}

static void no_write(struct model *model, const struct model_access *access, uint64_t value)
{
    model_warn(model, "write of 0x%llx to region %u offset 0x%llx, of a device without registers",
               (unsigned long long)value, access->region, (unsigned long long)access->offset);
}

/* The first region that ends after `address`. */
static uint32_t region_index(uint64_t address)
{
    uint32_t low = 0, high = machine.region_count;
    while (low < high) {
        uint32_t middle = low + (high - low) / 2;
        const struct bus_region *region = &machine.regions[middle];
        if (region->base + region->size <= address)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

/* Of regions that overlap the first in the tree answers; the other is not reachable. */
static void add_region(struct model *model, uint32_t index, uint64_t base, uint64_t size)
{
    uint32_t at = region_index(base);
    if (at < machine.region_count && machine.regions[at].base < base + size)
        return;
    for (uint32_t i = machine.region_count; i > at; i--)
        machine.regions[i] = machine.regions[i - 1];
    machine.region_count++;
    machine.regions[at] = (struct bus_region){
        .base = base,
        .size = size,
        .model = model,
        .read = model->ops->read != NULL ? model->ops->read : no_read,
        .write = model->ops->write != NULL ? model->ops->write : no_write,
        .index = index,
    };
}

static uint32_t reg_count(const struct model_node *node)
{
    const uint32_t most = 64;
    uint32_t count = 0;
    uint64_t address, size;
    while (count < most && board_reg(node, count, &address, &size) == 0)
        count++;
    return count;
}

static void claim_sysregs(struct model *model)
{
    if (model->ops->claims_sysreg == NULL)
        return;
    for (uint32_t reg = 0; reg < SYSREG_COUNT; reg++) {
        if (machine.sysregs[reg] == NULL && model->ops->claims_sysreg(reg))
            machine.sysregs[reg] = model;
    }
}

int bus_build(void)
{
    uint32_t most = machine.extra_count;
    for (uint32_t i = 0; i < machine.binding_count; i++)
        most += reg_count(machine.bindings[i].node);
    machine.regions = machine_alloc((most + 1u) * sizeof *machine.regions);
    machine.sysregs = machine_alloc(SYSREG_COUNT * sizeof *machine.sysregs);
    if (machine.regions == NULL || machine.sysregs == NULL)
        return -ENOMEM;
    for (uint32_t i = 0; i < machine.binding_count; i++) {
        struct model_binding *binding = &machine.bindings[i];
        if (!binding->initialised)
            continue;
        claim_sysregs(binding->model);
        uint32_t count = reg_count(binding->node);
        for (uint32_t k = 0; k < count; k++) {
            uint64_t base, size;
            if (board_reg_physical(binding->node, k, &base, &size) == 0)
                add_region(binding->model, k, base, size);
        }
    }
    for (uint32_t i = 0; i < machine.extra_count; i++) {
        const struct bus_extra *extra = &machine.extras[i];
        if (binding_of(extra->model) != NULL)
            add_region(extra->model, extra->index, extra->base, extra->size);
    }
    return 0;
}

int mmio_map(struct phys_addr base, uint64_t size, enum mmio_kind kind, struct mmio *out)
{
    if (size == 0 || base.value + size < base.value)
        return -EINVAL;
    if (kind != MMIO_MEMORY)
        return -ENODEV;
    uint32_t at = region_index(base.value);
    if (at == machine.region_count)
        return -ENODEV;
    struct bus_region *region = &machine.regions[at];
    if (base.value < region->base || size > region->size - (base.value - region->base))
        return -ENODEV;
    *out = (struct mmio){ .base = base.value, .size = size, .kind = kind, .handle = region };
    return 0;
}

void mmio_unmap(struct mmio *region)
{
    *region = (struct mmio){ 0 };
}

/* --- accesses --- */

_Noreturn static void refuse(const struct mmio *region, uint32_t offset, uint32_t size)
{
    if (region->handle == NULL)
        panic("register access of %u bytes at offset 0x%x of a region that is not mapped", size,
              offset);
    const struct bus_region *at = region->handle;
    panic(
        "%s: register access of %u bytes at offset 0x%x is misaligned or outside of 0x%llx+0x%llx",
        at->model->name, size, offset, (unsigned long long)region->base,
        (unsigned long long)region->size);
}

/* Everything that comes before the model's part. */
static inline const struct bus_region *begin(const struct mmio *region, uint32_t offset,
                                             uint32_t size, struct model_access *access)
{
    const struct bus_region *at = region->handle;
    if (__builtin_expect(
            at == NULL || (offset & (size - 1)) != 0 || (uint64_t)offset + size > region->size, 0))
        refuse(region, offset, size);
    if (__builtin_expect((sim_now.attention & SIM_ATTENTION_BEFORE) != 0, 0))
        port_before_access();
    access->region = at->index;
    access->size = size;
    access->offset = region->base - at->base + offset;
    access->cpu = sim_now.cpu;
    return at;
}

static inline void end(void)
{
    if (__builtin_expect((sim_now.attention & SIM_ATTENTION_IRQ) != 0, 0))
        port_take_irqs();
}

static inline uint64_t bus_read(const struct mmio *region, uint32_t offset, uint32_t size)
{
    struct model_access access;
    const struct bus_region *at = begin(region, offset, size, &access);
    uint64_t value = at->read(at->model, &access);
    end();
    return value;
}

static inline void bus_write(const struct mmio *region, uint32_t offset, uint32_t size,
                             uint64_t value)
{
    struct model_access access;
    const struct bus_region *at = begin(region, offset, size, &access);
    at->write(at->model, &access, value);
    end();
}

uint8_t mmio_read8(const struct mmio *region, uint32_t offset)
{
    return (uint8_t)bus_read(region, offset, 1);
}

uint16_t mmio_read16(const struct mmio *region, uint32_t offset)
{
    return (uint16_t)bus_read(region, offset, 2);
}

uint32_t mmio_read32(const struct mmio *region, uint32_t offset)
{
    return (uint32_t)bus_read(region, offset, 4);
}

uint64_t mmio_read64(const struct mmio *region, uint32_t offset)
{
    return bus_read(region, offset, 8);
}

void mmio_write8(const struct mmio *region, uint32_t offset, uint8_t value)
{
    bus_write(region, offset, 1, value);
}

void mmio_write16(const struct mmio *region, uint32_t offset, uint16_t value)
{
    bus_write(region, offset, 2, value);
}

void mmio_write32(const struct mmio *region, uint32_t offset, uint32_t value)
{
    bus_write(region, offset, 4, value);
}

void mmio_write64(const struct mmio *region, uint32_t offset, uint64_t value)
{
    bus_write(region, offset, 8, value);
}

uint64_t sysreg_read(enum sysreg reg)
{
    BUG_ON((uint32_t)reg >= SYSREG_COUNT);
    if (__builtin_expect((sim_now.attention & SIM_ATTENTION_BEFORE) != 0, 0))
        port_before_access();
    struct model *model = machine.sysregs[reg];
    uint64_t value = 0;
    if (model != NULL && model->ops->sysreg_read != NULL)
        value = model->ops->sysreg_read(model, reg, sim_now.cpu);
    end();
    return value;
}

void sysreg_write(enum sysreg reg, uint64_t value)
{
    BUG_ON((uint32_t)reg >= SYSREG_COUNT);
    if (__builtin_expect((sim_now.attention & SIM_ATTENTION_BEFORE) != 0, 0))
        port_before_access();
    struct model *model = machine.sysregs[reg];
    if (model != NULL && model->ops->sysreg_write != NULL)
        model->ops->sysreg_write(model, reg, sim_now.cpu, value);
    end();
}

/* Models reach memory inside the access that orders them to: program order is all there is. */
void dma_wmb(void)
{
    __asm__ volatile("" ::: "memory");
}

void dma_rmb(void)
{
    __asm__ volatile("" ::: "memory");
}
