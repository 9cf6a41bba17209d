/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* GIC-400's registers as non-secure software sees them (IHI 0048B.b §4; GIC-400 TRM DDI 0471B §3).
 * What interrupts do stands in gic_v2_state.c. */
#include <axiom/errno.h>

#include "gic_v2_state.h"

#define REGION_GICD 0u
#define REGION_GICC 1u

static struct gic *gic_of(struct model *model)
{
    return CONTAINER_OF(model, struct gic, model);
}

/* --- distributor --- */

/* Registers with one bit an interrupt. False: offset is none of them. */
static bool read_bits(struct gic *gic, uint32_t cpu, uint32_t offset, uint32_t *value)
{
    uint32_t index = offset % 0x80 / 4;
    if (offset < GICD_IGROUPR(0) || offset >= GICD_IPRIORITYR)
        return false;
    *value = 0;
    if (index >= GIC_WORD_COUNT)
        return true;
    const struct gic_word *word = gic_word_of(gic, cpu, index);
    switch (offset & ~0x7fu) {
    case GICD_ISENABLER(0):
    case GICD_ICENABLER(0):
        *value = word->enabled;
        break;
    case GICD_ISPENDR(0):
    case GICD_ICPENDR(0):
        *value = gic_pending(gic, cpu, index);
        break;
    case GICD_ISACTIVER(0):
    case GICD_ICACTIVER(0):
        *value = word->active;
        break;
    default: /* IGROUPR reads as zero without the secure state, §4.3.4 */
        break;
    }
    return true;
}

static bool write_bits(struct gic *gic, uint32_t cpu, uint32_t offset, uint32_t value)
{
    uint32_t index = offset % 0x80 / 4;
    if (offset < GICD_IGROUPR(0) || offset >= GICD_IPRIORITYR)
        return false;
    if (index >= GIC_WORD_COUNT)
        return true;
    struct gic_word *word = gic_word_of(gic, cpu, index);
    uint32_t not_sgi = index == 0 ? value & ~GENMASK(15, 0) : value;
    switch (offset & ~0x7fu) {
    case GICD_ISENABLER(0):
        gic_word_set(gic, index, &word->enabled, word->enabled | value);
        break;
    case GICD_ICENABLER(0): /* SGIs are always enabled: TRM §3.2 */
        gic_word_set(gic, index, &word->enabled, word->enabled & ~not_sgi);
        break;
    case GICD_ISPENDR(0): /* of SGIs read only: §4.3.7 */
        gic_word_set(gic, index, &word->latch, word->latch | not_sgi);
        break;
    case GICD_ICPENDR(0):
        gic_word_set(gic, index, &word->latch, word->latch & ~not_sgi);
        break;
    case GICD_ISACTIVER(0):
        gic_word_set(gic, index, &word->active, word->active | value);
        break;
    case GICD_ICACTIVER(0):
        gic_word_set(gic, index, &word->active, word->active & ~value);
        break;
    default:
        break;
    }
    gic_update(gic, index);
    return true;
}

/* GIC-400 TRM table 3-2: SGIs are edge typed, PPIs level typed, both fixed; bit 0 of a field is a
 * leftover that reads as one. */
static uint32_t read_icfgr(struct gic *gic, uint32_t cpu, uint32_t index)
{
    if (index == 0)
        return 0xaaaaaaaa;
    if (index == 1)
        return 0x55540000;
    if (index >= 2 * GIC_WORD_COUNT)
        return 0;
    uint32_t edge = gic_word_of(gic, cpu, index / 2)->edge >> (16 * (index % 2));
    uint32_t value = 0x55555555;
    for (uint32_t i = 0; i < 16; i++)
        if ((edge & BIT(i)) != 0)
            value |= BIT(2 * i + 1);
    return value;
}

static void write_icfgr(struct gic *gic, uint32_t index, uint32_t value)
{
    if (index < 2 || index >= 2 * GIC_WORD_COUNT)
        return;
    struct gic_word *word = &gic->shared[index / 2];
    uint32_t shift = 16 * (index % 2), bits = 0;
    for (uint32_t i = 0; i < 16; i++)
        if ((value & BIT(2 * i + 1)) != 0)
            bits |= BIT(i);
    if (((word->edge ^ bits << shift) & word->enabled & GENMASK(15, 0) << shift) != 0)
        model_warn(&gic->model,
                   "type changed by ICFGR%u while enabled: unpredictable (IHI 0048B "
                   "§4.3.13)",
                   index);
    gic_word_set(gic, index / 2, &word->edge,
                 (word->edge & ~(GENMASK(15, 0) << shift)) | bits << shift);
    gic_update(gic, index / 2);
}

/* IPRIORITYR and ITARGETSR allow bytes. */
static uint32_t read_bytes(const uint32_t *words, uint32_t offset, uint32_t size)
{
    uint32_t word = words[offset / 4];
    return size == 1 ? word >> (8 * (offset % 4)) & 0xff : word;
}

static uint32_t merge_bytes(uint32_t old, uint32_t offset, uint32_t size, uint32_t value,
                            uint32_t mask)
{
    mask *= 0x01010101u;
    if (size == 4)
        return value & mask;
    uint32_t shift = 8 * (offset % 4);
    return (old & ~(0xffu << shift)) | ((value << shift) & (0xffu << shift) & mask);
}

static void write_priority(struct gic *gic, const struct model_access *access, uint32_t offset,
                           uint32_t value)
{
    if (offset >= GIC_INTID_COUNT)
        return;
    uint32_t *word =
        offset < 32 ? &gic->banked_priority[access->cpu][offset / 4] : &gic->priority[offset / 4];
    gic_word_set(gic, offset / 32, word,
                 merge_bytes(*word, offset, access->size, value, GICD_PRIORITY_MASK));
    gic_update_cpus(gic);
}

static void write_target(struct gic *gic, const struct model_access *access, uint32_t offset,
                         uint32_t value)
{
    if (offset < 32 || offset >= GIC_INTID_COUNT)
        return;
    uint32_t *word = &gic->target[offset / 4];
    *word = merge_bytes(*word, offset, access->size, value, BIT(gic->interface_count) - 1);
    gic_update_cpus(gic);
}

static void write_sgir(struct gic *gic, uint32_t cpu, uint32_t value)
{
    uint32_t sgi = field_get(GICD_SGIR_INTID, value), targets = 0;
    switch (field_get(GICD_SGIR_FILTER, value)) {
    case GICD_SGIR_TO_LIST:
        targets = field_get(GICD_SGIR_TARGETS, value);
        break;
    case GICD_SGIR_TO_OTHERS:
        targets = ~BIT(cpu);
        break;
    case GICD_SGIR_TO_SELF:
        targets = BIT(cpu);
        break;
    default:
        model_warn(&gic->model, "SGIR with the reserved target filter 3");
        return;
    }
    for (uint32_t to = 0; to < gic->cpu_count; to++)
        if ((targets & BIT(to)) != 0)
            gic_sgi_set(&gic->cpu[to], sgi, gic->cpu[to].sgi_pending[sgi] | BIT(cpu));
    gic_update_cpus(gic);
}

static uint32_t read_sgi_pending(const struct gic_cpu *cpu, uint32_t offset, uint32_t size)
{
    uint32_t value = 0;
    for (uint32_t i = 0; i < size; i++)
        value |= (uint32_t)cpu->sgi_pending[offset + i] << (8 * i);
    return value;
}

static void write_sgi_pending(struct gic *gic, const struct model_access *access, uint32_t offset,
                              uint32_t value, bool set)
{
    struct gic_cpu *cpu = &gic->cpu[access->cpu];
    for (uint32_t i = 0; i < access->size; i++) {
        uint32_t pending = cpu->sgi_pending[offset + i], byte = value >> (8 * i) & 0xff;
        gic_sgi_set(cpu, offset + i, set ? pending | byte : pending & ~byte);
    }
    gic_update_cpus(gic);
}

static uint32_t read_spisr(const struct gic *gic, uint32_t index)
{
    return index + 1 < GIC_WORD_COUNT ? gic->shared[index + 1].line : 0;
}

static uint32_t read_distributor(struct gic *gic, const struct model_access *access)
{
    uint32_t offset = (uint32_t)access->offset, cpu = access->cpu, value = 0;
    if (read_bits(gic, cpu, offset, &value))
        return value;
    if (offset >= GICD_IPRIORITYR && offset < GICD_IPRIORITYR + GIC_INTID_COUNT) {
        offset -= GICD_IPRIORITYR;
        return read_bytes(offset < 32 ? gic->banked_priority[cpu] : gic->priority, offset,
                          access->size);
    }
    if (offset >= GICD_ITARGETSR && offset < GICD_ITARGETSR + GIC_INTID_COUNT) {
        offset -= GICD_ITARGETSR;
        if (offset < 32)
            return access->size == 1 ? BIT(cpu) : BIT(cpu) * 0x01010101u;
        return read_bytes(gic->target, offset, access->size);
    }
    if (offset >= GICD_ICFGR && offset < GICD_PPISR)
        return read_icfgr(gic, cpu, (offset - GICD_ICFGR) / 4);
    if (offset >= GICD_SPISR(0) && offset < GICD_SPISR(GIC_WORD_COUNT))
        return read_spisr(gic, (offset - GICD_SPISR(0)) / 4);
    if (offset >= GICD_CPENDSGIR && offset < GICD_SPENDSGIR + GIC_SGI_COUNT)
        return read_sgi_pending(&gic->cpu[cpu], offset % GIC_SGI_COUNT, access->size);
    switch (offset) {
    case GICD_CTLR:
        return gic->ctlr;
    case GICD_TYPER:
        return field_prep(GICD_TYPER_ITLINES, GIC_WORD_COUNT - 1) |
               field_prep(GICD_TYPER_CPUS, gic->interface_count - 1);
    case GICD_IIDR:
        return GICD_IIDR_GIC400;
    case GICD_PPISR:
        return gic->banked[cpu].line >> GIC_PPI_FIRST;
    case GICD_PIDR2:
        return GICD_PIDR2_GIC400;
    default:
        return 0;
    }
}

static void write_distributor(struct gic *gic, const struct model_access *access, uint32_t value)
{
    uint32_t offset = (uint32_t)access->offset;
    if (write_bits(gic, access->cpu, offset, value))
        return;
    if (offset >= GICD_IPRIORITYR && offset < GICD_ITARGETSR) {
        write_priority(gic, access, offset - GICD_IPRIORITYR, value);
    } else if (offset >= GICD_ITARGETSR && offset < GICD_ICFGR) {
        write_target(gic, access, offset - GICD_ITARGETSR, value);
    } else if (offset >= GICD_ICFGR && offset < GICD_PPISR) {
        write_icfgr(gic, (offset - GICD_ICFGR) / 4, value);
    } else if (offset >= GICD_CPENDSGIR && offset < GICD_SPENDSGIR + GIC_SGI_COUNT) {
        write_sgi_pending(gic, access, offset % GIC_SGI_COUNT, value, offset >= GICD_SPENDSGIR);
    } else if (offset == GICD_SGIR) {
        write_sgir(gic, access->cpu, value);
    } else if (offset == GICD_CTLR) {
        model_reg_set(&gic->model, &gic->ctlr, value & GICD_CTLR_ENABLE);
        gic_update_cpus(gic);
    } else {
        model_warn(&gic->model, "write of %#x to the distributor's read-only offset %#x", value,
                   offset);
    }
}

/* --- CPU interface --- */

static uint32_t read_interface(struct gic *gic, uint32_t index, uint32_t offset)
{
    struct gic_cpu *cpu = &gic->cpu[index];
    switch (offset) {
    case GICC_CTLR:
        return cpu->ctlr;
    case GICC_PMR:
        return cpu->pmr;
    case GICC_BPR:
        return cpu->bpr;
    case GICC_IAR:
        return gic_acknowledge(gic, index);
    case GICC_RPR:
        return gic_running_priority(cpu);
    case GICC_HPPIR: {
        uint32_t intid = gic_highest_pending(gic, index);
        if (intid >= GIC_SGI_COUNT)
            return intid;
        return intid | field_prep(GICC_IAR_CPUID, (uint32_t)__builtin_ctz(cpu->sgi_pending[intid]));
    }
    case GICC_APR0:
        return cpu->active_priorities;
    case GICC_IIDR:
        return GICC_IIDR_GIC400;
    default:
        return 0;
    }
}

static void write_interface(struct gic *gic, uint32_t index, uint32_t offset, uint32_t value)
{
    struct gic_cpu *cpu = &gic->cpu[index];
    switch (offset) {
    case GICC_CTLR:
        cpu->ctlr = value & (GICC_CTLR_ENABLE | GICC_CTLR_BYPASS | GICC_CTLR_EOIMODE);
        break;
    case GICC_PMR:
        cpu->pmr = value & GICD_PRIORITY_MASK;
        break;
    case GICC_BPR:
        cpu->bpr = (value & 7) < GICC_BPR_MIN ? GICC_BPR_MIN : value & 7;
        break;
    case GICC_EOIR:
        gic_end(gic, index, value);
        return;
    case GICC_DIR:
        gic_deactivate(gic, index, value);
        return;
    case GICC_APR0:
        cpu->active_priorities = value & GENMASK(15, 0);
        break;
    default:
        model_warn(&gic->model, "write of %#x to the CPU interface's read-only offset %#x", value,
                   offset);
        return;
    }
    gic_update_cpus(gic);
}

/* --- the model --- */

static bool size_allowed(const struct model_access *access)
{
    bool bytes = access->region == REGION_GICD &&
                 ((access->offset >= GICD_IPRIORITYR && access->offset < GICD_ICFGR) ||
                  (access->offset >= GICD_CPENDSGIR && access->offset < GICD_PIDR2));
    return access->size == 4 || (access->size == 1 && bytes);
}

static uint64_t gic_read(struct model *model, const struct model_access *access)
{
    struct gic *gic = gic_of(model);
    if (!size_allowed(access) || access->cpu >= gic->cpu_count) {
        model_warn(model, "read of %u bytes at %#llx of region %u", access->size,
                   (unsigned long long)access->offset, access->region);
        return 0;
    }
    if (access->region == REGION_GICD)
        return read_distributor(gic, access);
    if (access->region == REGION_GICC)
        return read_interface(gic, access->cpu, (uint32_t)access->offset);
    return 0; /* the virtualisation part is not modelled */
}

static void gic_write(struct model *model, const struct model_access *access, uint64_t value)
{
    struct gic *gic = gic_of(model);
    if (!size_allowed(access) || access->cpu >= gic->cpu_count) {
        model_warn(model, "write of %u bytes at %#llx of region %u", access->size,
                   (unsigned long long)access->offset, access->region);
        return;
    }
    if (access->region == REGION_GICD)
        write_distributor(gic, access, (uint32_t)value);
    else if (access->region == REGION_GICC)
        write_interface(gic, access->cpu, (uint32_t)access->offset, (uint32_t)value);
    else
        model_warn(model, "the virtualisation part is not modelled");
}

static void gic_line_input(struct model *model, uint32_t line, uint32_t cpu, bool level)
{
    struct gic *gic = gic_of(model);
    if (line >= GIC_PPI_FIRST && line < GIC_INTID_COUNT &&
        (line >= GIC_SPI_FIRST || cpu < gic->cpu_count))
        gic_line(gic, line, cpu, level);
}

static int gic_init(struct model *model, const struct model_node *node)
{
    (void)node;
    struct gic *gic = gic_of(model);
    gic->cpu_count = model_cpu_count(model);
    if (gic->cpu_count == 0 || gic->cpu_count > GIC_CPU_MAX) {
        model_warn(model, "%u CPUs; a GIC-400 serves 1 to 8", gic->cpu_count);
        return -EINVAL;
    }
    /* BCM2712 has four interfaces; a machine of more CPUs gets eight. */
    gic->interface_count = gic->cpu_count <= 4 ? 4 : 8;
    for (uint32_t cpu = 0; cpu < gic->cpu_count; cpu++) {
        gic->banked[cpu].enabled = GENMASK(15, 0);
        gic->banked[cpu].edge = GENMASK(15, 0);
        gic->cpu[cpu].bpr = GICC_BPR_MIN;
        gic->cpu[cpu].deliverable = GIC_INTID_NONE;
    }
    return 0;
}

static const char *const gic_compatible[] = { "arm,gic-400", "arm,cortex-a15-gic", NULL };

const struct model_ops gic_v2_model = {
    .name = "gic-v2",
    .compatible = gic_compatible,
    .size = sizeof(struct gic),
    .init = gic_init,
    .read = gic_read,
    .write = gic_write,
    .line_input = gic_line_input,
    .translate = gic_translate,
};
