/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* GICv3 with one security state (IHI 0069G §12): distributor, a redistributor for each CPU, CPU
 * interfaces by system registers. What interrupts do is as in version 2 (gic_v2_state.c), so this is
 * the registers, and what stands for version 2's byte of targets: an SPI goes to the CPU whose
 * affinity IROUTER names. CPU n has affinity 0.0.n.0, as on a Cortex-A76.
 *
 * An interrupt of group 0 would be an FIQ: software that enables one is told, and gets none. */
#include <axiom/errno.h>
#include <hw/regs/gic_v3.h>
#include <hw/regs/sysreg.h>

#include "gic_v2_state.h"

#define REGION_GICD   0u
#define REGION_GICR   1u
#define PRIORITY_BITS 0xf8u /* 32 levels */
#define ARCH_VERSION  0x3bu

struct gic_v3 {
    struct gic gic; /* must be first; its words' `enabled` are those of group 1 only */
    uint32_t ctlr;
    uint32_t asleep;                                /* a bit a CPU */
    uint32_t enabled[GIC_CPU_MAX + GIC_WORD_COUNT]; /* by row(): as written */
    uint32_t group1[GIC_CPU_MAX + GIC_WORD_COUNT];
    uint64_t router[GIC_INTID_COUNT];
    uint32_t sre, igrpen[GIC_CPU_MAX], icc_ctlr[GIC_CPU_MAX];
};

static struct gic_v3 *v3_of(struct model *model)
{
    return CONTAINER_OF(model, struct gic_v3, gic.model);
}

static uint64_t mpidr_of(uint32_t cpu)
{
    return (uint64_t)cpu << 8;
}

static uint32_t row(uint32_t cpu, uint32_t index)
{
    return index == 0 ? cpu : GIC_CPU_MAX + index;
}

/* Word `index` offers what is enabled and of group 1. */
static void word_update(struct gic_v3 *v3, uint32_t cpu, uint32_t index)
{
    uint32_t at = row(cpu, index);
    struct gic_word *word = gic_word_of(&v3->gic, cpu, index);
    gic_word_set(&v3->gic, index, &word->enabled, v3->enabled[at] & v3->group1[at]);
    gic_update(&v3->gic, index);
}

static void interface_update(struct gic_v3 *v3, uint32_t cpu)
{
    bool open = (v3->igrpen[cpu] & ICC_IGRPEN_ENABLE) != 0 && (v3->asleep & BIT(cpu)) == 0;
    struct gic_cpu *state = &v3->gic.cpu[cpu];
    state->ctlr = (open ? GICC_CTLR_ENABLE : 0) |
                  ((v3->icc_ctlr[cpu] & ICC_CTLR_EOIMODE) != 0 ? GICC_CTLR_EOIMODE : 0);
    gic_update_cpus(&v3->gic);
}

/* --- registers of a bit, a byte or two bits an interrupt; word 0 is a redistributor's --- */

static uint32_t bits_read(struct gic_v3 *v3, uint32_t cpu, uint32_t index, uint32_t reg)
{
    const struct gic_word *word = gic_word_of(&v3->gic, cpu, index);
    switch (reg) {
    case GICD_IGROUPR(0):
        return v3->group1[row(cpu, index)];
    case GICD_ISENABLER(0):
    case GICD_ICENABLER(0):
        return v3->enabled[row(cpu, index)];
    case GICD_ISPENDR(0):
    case GICD_ICPENDR(0):
        return gic_pending(&v3->gic, cpu, index);
    case GICD_ISACTIVER(0):
    case GICD_ICACTIVER(0):
        return word->active;
    default:
        return 0;
    }
}

static void latch_set(struct gic_v3 *v3, uint32_t cpu, uint32_t index, uint32_t bits, bool set)
{
    struct gic_word *word = gic_word_of(&v3->gic, cpu, index);
    gic_word_set(&v3->gic, index, &word->latch, set ? word->latch | bits : word->latch & ~bits);
    for (uint32_t sgi = 0; index == 0 && sgi < GIC_SGI_COUNT && !set; sgi++) {
        if ((bits & BIT(sgi)) != 0)
            gic_sgi_set(&v3->gic.cpu[cpu], sgi, 0);
    }
}

static void enable_set(struct gic_v3 *v3, uint32_t cpu, uint32_t index, uint32_t enabled)
{
    uint32_t at = row(cpu, index), fresh = enabled & ~v3->enabled[at];
    if ((fresh & ~v3->group1[at]) != 0)
        model_warn(&v3->gic.model, "interrupts of word %u (%#x) are enabled in group 0: FIQs",
                   index, fresh & ~v3->group1[at]);
    v3->enabled[at] = enabled;
}

static void bits_write(struct gic_v3 *v3, uint32_t cpu, uint32_t index, uint32_t reg,
                       uint32_t value)
{
    uint32_t at = row(cpu, index);
    struct gic_word *word = gic_word_of(&v3->gic, cpu, index);
    switch (reg) {
    case GICD_IGROUPR(0):
        v3->group1[at] = value;
        break;
    case GICD_ISENABLER(0):
        enable_set(v3, cpu, index, v3->enabled[at] | value);
        break;
    case GICD_ICENABLER(0):
        enable_set(v3, cpu, index, v3->enabled[at] & ~value);
        break;
    case GICD_ISPENDR(0):
    case GICD_ICPENDR(0):
        latch_set(v3, cpu, index, value, reg == GICD_ISPENDR(0));
        break;
    case GICD_ISACTIVER(0):
        gic_word_set(&v3->gic, index, &word->active, word->active | value);
        break;
    case GICD_ICACTIVER(0):
        gic_word_set(&v3->gic, index, &word->active, word->active & ~value);
        break;
    default:
        return;
    }
    word_update(v3, cpu, index);
}

static uint32_t *priority_word(struct gic_v3 *v3, uint32_t cpu, uint32_t offset)
{
    return offset < 32 ? &v3->gic.banked_priority[cpu][offset / 4] : &v3->gic.priority[offset / 4];
}

static uint32_t config_read(struct gic_v3 *v3, uint32_t cpu, uint32_t index)
{
    uint32_t edge = gic_word_of(&v3->gic, cpu, index / 2)->edge >> 16 * (index % 2), value = 0;
    for (uint32_t i = 0; i < 16; i++)
        value |= (edge & BIT(i)) != 0 ? BIT(2 * i + 1) : 0;
    return value;
}

/* SGIs are edges; a PPI's type is the hardware's. */
static void config_write(struct gic_v3 *v3, uint32_t index, uint32_t value)
{
    if (index < 2)
        return;
    struct gic_word *word = &v3->gic.shared[index / 2];
    uint32_t shift = 16 * (index % 2), bits = 0, mask = GENMASK(15, 0) << shift;
    for (uint32_t i = 0; i < 16; i++)
        bits |= (value & BIT(2 * i + 1)) != 0 ? BIT(i) : 0;
    if (((word->edge ^ bits << shift) & word->enabled & mask) != 0)
        model_warn(&v3->gic.model, "type changed by ICFGR%u while enabled: unpredictable", index);
    gic_word_set(&v3->gic, index / 2, &word->edge, (word->edge & ~mask) | bits << shift);
    gic_update(&v3->gic, index / 2);
}

/* Offsets that distributor and redistributor share, for interrupts `first` up to `end`. False: it is
 * none of them. */
static bool shared_read(struct gic_v3 *v3, uint32_t cpu, uint32_t offset, uint32_t first,
                        uint32_t end, uint32_t *value)
{
    uint32_t index = offset % 0x80 / 4, priority = offset - GICD_IPRIORITYR;
    uint32_t config = (offset - GICD_ICFGR) / 4;
    *value = 0;
    if (offset >= GICD_IGROUPR(0) && offset < GICD_IPRIORITYR) {
        if (index >= first / 32 && index < end / 32)
            *value = bits_read(v3, cpu, index, offset & ~0x7fu);
    } else if (offset >= GICD_IPRIORITYR && offset < GICD_ITARGETSR) {
        if (priority >= first && priority < end)
            *value = *priority_word(v3, cpu, priority);
    } else if (offset >= GICD_ICFGR && offset < GICD_PPISR) {
        if (config >= first / 16 && config < end / 16)
            *value = config_read(v3, cpu, config);
    } else {
        return false;
    }
    return true;
}

static bool shared_write(struct gic_v3 *v3, uint32_t cpu, uint32_t offset, uint32_t first,
                         uint32_t end, uint32_t value)
{
    uint32_t index = offset % 0x80 / 4, priority = offset - GICD_IPRIORITYR;
    uint32_t config = (offset - GICD_ICFGR) / 4;
    if (offset >= GICD_IGROUPR(0) && offset < GICD_IPRIORITYR) {
        if (index >= first / 32 && index < end / 32)
            bits_write(v3, cpu, index, offset & ~0x7fu, value);
    } else if (offset >= GICD_IPRIORITYR && offset < GICD_ITARGETSR) {
        if (priority >= first && priority < end) {
            gic_word_set(&v3->gic, priority / 32, priority_word(v3, cpu, priority),
                         value & PRIORITY_BITS * 0x01010101u);
            gic_update_cpus(&v3->gic);
        }
    } else if (offset >= GICD_ICFGR && offset < GICD_PPISR) {
        if (config >= first / 16 && config < end / 16)
            config_write(v3, config, value);
    } else {
        return false;
    }
    return true;
}

/* --- distributor --- */

static void route(struct gic_v3 *v3, uint32_t intid, uint64_t to)
{
    uint32_t target = 0;
    v3->router[intid] = to;
    for (uint32_t cpu = 0; cpu < v3->gic.cpu_count; cpu++)
        target |= mpidr_of(cpu) == to ? BIT(cpu) : 0;
    if (target == 0)
        model_warn(&v3->gic.model, "interrupt %u is routed to no CPU (%#llx)", intid,
                   (unsigned long long)to);
    uint32_t shift = 8 * (intid % 4), *word = &v3->gic.target[intid / 4];
    *word = (*word & ~(0xffu << shift)) | target << shift;
    gic_update_cpus(&v3->gic);
}

static void control(struct gic_v3 *v3, uint32_t value)
{
    const uint32_t on = GICD3_CTLR_ARE | GICD3_CTLR_GRP1;
    v3->ctlr = value & (on | GICD3_CTLR_GRP0);
    model_reg_set(&v3->gic.model, &v3->gic.ctlr, (v3->ctlr & on) == on ? GICD_CTLR_ENABLE : 0);
    gic_update_cpus(&v3->gic);
}

static bool is_router(uint64_t offset)
{
    return offset >= GICD3_IROUTER(GIC_SPI_FIRST) && offset < GICD3_IROUTER(GIC_INTID_COUNT) &&
           offset % 8 == 0;
}

static uint64_t distributor_read(struct gic_v3 *v3, const struct model_access *access)
{
    uint32_t offset = (uint32_t)access->offset, value;
    if (is_router(access->offset))
        return v3->router[(offset - GICD3_IROUTER(0)) / 8];
    if (shared_read(v3, access->cpu, offset, GIC_SPI_FIRST, GIC_INTID_COUNT, &value))
        return value;
    switch (offset) {
    case GICD_CTLR:
        return v3->ctlr | GICD3_CTLR_DS;
    case GICD_TYPER:
        return field_prep(GICD_TYPER_ITLINES, GIC_WORD_COUNT - 1);
    case GICD3_PIDR2:
        return ARCH_VERSION;
    default:
        return 0;
    }
}

static void distributor_write(struct gic_v3 *v3, const struct model_access *access, uint64_t value)
{
    uint32_t offset = (uint32_t)access->offset;
    if (is_router(access->offset) && access->size == 8)
        route(v3, (offset - GICD3_IROUTER(0)) / 8, value);
    else if (offset == GICD_CTLR)
        control(v3, (uint32_t)value);
    else if (!shared_write(v3, access->cpu, offset, GIC_SPI_FIRST, GIC_INTID_COUNT,
                           (uint32_t)value))
        model_warn(&v3->gic.model, "write of %#llx to the distributor's offset %#x",
                   (unsigned long long)value, offset);
}

/* --- redistributors --- */

static uint64_t type_of(const struct gic_v3 *v3, uint32_t cpu)
{
    return (mpidr_of(cpu) & 0xffffffff) << 32 | field_prep(GICR_TYPER_NUMBER, cpu) |
           (cpu + 1 == v3->gic.cpu_count ? GICR_TYPER_LAST : 0);
}

static uint64_t redistributor_read(struct gic_v3 *v3, uint32_t cpu, uint32_t offset, uint32_t size)
{
    uint32_t value;
    if (offset >= GICR_SGI_BASE) {
        shared_read(v3, cpu, offset - GICR_SGI_BASE, 0, GIC_SPI_FIRST, &value);
        return value;
    }
    switch (offset) {
    case GICR_TYPER:
        return size == 8 ? type_of(v3, cpu) : type_of(v3, cpu) & UINT32_MAX;
    case GICR_TYPER + 4:
        return type_of(v3, cpu) >> 32;
    case GICR_WAKER:
        return (v3->asleep & BIT(cpu)) != 0 ? GICR_WAKER_SLEEP | GICR_WAKER_ASLEEP : 0;
    case GICR_PIDR2:
        return ARCH_VERSION;
    default:
        return 0;
    }
}

static void redistributor_write(struct gic_v3 *v3, uint32_t cpu, uint32_t offset, uint32_t value)
{
    if (offset >= GICR_SGI_BASE &&
        shared_write(v3, cpu, offset - GICR_SGI_BASE, 0, GIC_SPI_FIRST, value))
        return;
    if (offset != GICR_WAKER) {
        model_warn(&v3->gic.model, "write of %#x to a redistributor's offset %#x", value, offset);
        return;
    }
    v3->asleep &= ~BIT(cpu);
    v3->asleep |= (value & GICR_WAKER_SLEEP) != 0 ? BIT(cpu) : 0;
    interface_update(v3, cpu);
}

/* --- CPU interface --- */

static bool v3_claims(uint32_t reg)
{
    return reg >= SYSREG_ICC_IAR1_EL1 && reg <= SYSREG_ARM_CPU;
}

static uint64_t v3_sysreg_read(struct model *model, uint32_t reg, uint32_t cpu)
{
    struct gic_v3 *v3 = v3_of(model);
    if (cpu >= v3->gic.cpu_count)
        return 0;
    switch (reg) {
    case SYSREG_ICC_IAR1_EL1:
        return gic_acknowledge(&v3->gic, cpu);
    case SYSREG_ICC_PMR_EL1:
        return v3->gic.cpu[cpu].pmr;
    case SYSREG_ICC_BPR1_EL1:
        return v3->gic.cpu[cpu].bpr;
    case SYSREG_ICC_CTLR_EL1:
        return v3->icc_ctlr[cpu];
    case SYSREG_ICC_SRE_EL1:
        return ICC_SRE_SRE; /* nothing else is there: read as one (§12.2.23) */
    case SYSREG_ICC_IGRPEN1_EL1:
        return v3->igrpen[cpu];
    case SYSREG_MPIDR_EL1:
        return mpidr_of(cpu);
    case SYSREG_ARM_CPU:
        return cpu;
    default:
        return 0;
    }
}

/* §12.2.18: to the CPUs of one cluster; Aff0 is 0 on all of ours. */
static void sgi_send(struct gic_v3 *v3, uint64_t value)
{
    uint64_t cluster = (value >> ICC_SGI_AFF3_AT & 0xff) << 32 |
                       (value >> ICC_SGI_AFF2_AT & 0xff) << 16 |
                       (value >> ICC_SGI_AFF1_AT & 0xff) << 8;
    uint32_t sgi = (uint32_t)(value >> ICC_SGI_INTID_AT) & 0xf;
    for (uint32_t cpu = 0; cpu < v3->gic.cpu_count; cpu++) {
        if (mpidr_of(cpu) == cluster && (value & 1) != 0 && (value >> ICC_SGI_RANGE_AT & 0xf) == 0)
            gic_sgi_set(&v3->gic.cpu[cpu], sgi, 1);
    }
    gic_update_cpus(&v3->gic);
}

static void v3_sysreg_write(struct model *model, uint32_t reg, uint32_t cpu, uint64_t value)
{
    struct gic_v3 *v3 = v3_of(model);
    if (cpu >= v3->gic.cpu_count)
        return;
    switch (reg) {
    case SYSREG_ICC_EOIR1_EL1:
        gic_end(&v3->gic, cpu, (uint32_t)value & GICC_IAR_INTID);
        break;
    case SYSREG_ICC_PMR_EL1:
        v3->gic.cpu[cpu].pmr = (uint32_t)value & PRIORITY_BITS;
        break;
    case SYSREG_ICC_BPR1_EL1:
        v3->gic.cpu[cpu].bpr = (value & 7) < GICC_BPR_MIN ? GICC_BPR_MIN : (uint32_t)value & 7;
        break;
    case SYSREG_ICC_CTLR_EL1:
        v3->icc_ctlr[cpu] = (uint32_t)value & ICC_CTLR_EOIMODE;
        break;
    case SYSREG_ICC_SRE_EL1:
        break;
    case SYSREG_ICC_IGRPEN1_EL1:
        v3->igrpen[cpu] = (uint32_t)value & ICC_IGRPEN_ENABLE;
        break;
    case SYSREG_ICC_SGI1R_EL1:
        sgi_send(v3, value);
        return;
    default:
        model_warn(model, "write of %#llx to read-only system register %u",
                   (unsigned long long)value, reg);
        return;
    }
    interface_update(v3, cpu);
}

/* --- the model --- */

static bool good(struct gic_v3 *v3, const struct model_access *access)
{
    uint64_t limit = access->region == REGION_GICD   ? GICD3_SIZE
                     : access->region == REGION_GICR ? GICR_STRIDE * v3->gic.cpu_count
                                                     : 0;
    bool wide = access->size == 8 && access->offset % 8 == 0;
    return access->cpu < v3->gic.cpu_count && access->offset < limit &&
           ((access->size == 4 && access->offset % 4 == 0) || wide);
}

static uint64_t v3_read(struct model *model, const struct model_access *access)
{
    struct gic_v3 *v3 = v3_of(model);
    if (!good(v3, access)) {
        model_warn(model, "read of %u bytes at %#llx of region %u", access->size,
                   (unsigned long long)access->offset, access->region);
        return 0;
    }
    if (access->region == REGION_GICD)
        return distributor_read(v3, access);
    return redistributor_read(v3, (uint32_t)(access->offset / GICR_STRIDE),
                              (uint32_t)(access->offset % GICR_STRIDE), access->size);
}

static void v3_write(struct model *model, const struct model_access *access, uint64_t value)
{
    struct gic_v3 *v3 = v3_of(model);
    if (!good(v3, access))
        model_warn(model, "write of %u bytes at %#llx of region %u", access->size,
                   (unsigned long long)access->offset, access->region);
    else if (access->region == REGION_GICD)
        distributor_write(v3, access, value);
    else
        redistributor_write(v3, (uint32_t)(access->offset / GICR_STRIDE),
                            (uint32_t)(access->offset % GICR_STRIDE), (uint32_t)value);
}

static void v3_line_input(struct model *model, uint32_t line, uint32_t cpu, bool level)
{
    struct gic *gic = &v3_of(model)->gic;
    if (line >= GIC_PPI_FIRST && line < GIC_INTID_COUNT &&
        (line >= GIC_SPI_FIRST || cpu < gic->cpu_count))
        gic_line(gic, line, cpu, level);
}

static int v3_init(struct model *model, const struct model_node *node)
{
    (void)node;
    struct gic_v3 *v3 = v3_of(model);
    struct gic *gic = &v3->gic;
    gic->cpu_count = gic->interface_count = model_cpu_count(model);
    if (gic->cpu_count == 0 || gic->cpu_count > GIC_CPU_MAX) {
        model_warn(model, "%u CPUs; this model serves 1 to 8", gic->cpu_count);
        return -EINVAL;
    }
    v3->asleep = GENMASK(gic->cpu_count - 1, 0);
    for (uint32_t cpu = 0; cpu < gic->cpu_count; cpu++) {
        gic->banked[cpu].edge = GENMASK(15, 0);
        gic->cpu[cpu].bpr = GICC_BPR_MIN;
        gic->cpu[cpu].deliverable = GIC_INTID_NONE;
    }
    return 0;
}

static const char *const v3_compatible[] = { "arm,gic-v3", NULL };

const struct model_ops gic_v3_model = {
    .name = "gic-v3",
    .compatible = v3_compatible,
    .size = sizeof(struct gic_v3),
    .init = v3_init,
    .read = v3_read,
    .write = v3_write,
    .claims_sysreg = v3_claims,
    .sysreg_read = v3_sysreg_read,
    .sysreg_write = v3_sysreg_write,
    .line_input = v3_line_input,
    .translate = gic_translate,
};
