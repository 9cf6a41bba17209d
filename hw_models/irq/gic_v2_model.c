/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* GIC-400 as non-secure software sees it (IHI 0048B.b; GIC-400 TRM DDI 0471B).
 *
 * An interrupt is inactive, pending, active, or active and pending (IHI 0048B §3.2.4). Pending of
 * an edge typed one is a latch; of a level typed one the input itself, or the latch that ISPENDR
 * set. A CPU's interrupt output is on while some enabled pending interrupt that targets it beats
 * both its priority mask and its running priority (§3.3): so an interrupt that nobody ends with
 * EOIR holds back every other of its priority and below.
 *
 * Distributor state of shared interrupts is in the state hash; what is banked per CPU, CPU
 * interfaces and targets are not, so that the hash does not depend on the number of CPUs. */
#include <axiom/errno.h>
#include <axiom/string.h>
#include <hw/regs/gic_v2.h>
#include <hw_models/models.h>

#define INTID_COUNT 352u /* 320 SPIs: what BCM2712's tree uses, in whole words */
#define WORD_COUNT  (INTID_COUNT / 32u)
#define REGION_GICD 0u
#define REGION_GICC 1u

struct gic_cpu {
    uint32_t ctlr, pmr, bpr;
    uint32_t active_priorities;         /* bit p: an interrupt of group priority 16 * p is active */
    uint8_t sgi_pending[GIC_SGI_COUNT]; /* bit: the CPU that sent it */
    uint32_t sgi_any;                   /* bit: that SGI has a sender above */
    bool irq;
};

/* One bit an interrupt: word 0 banked per CPU, the others shared. */
struct gic_word {
    uint32_t enabled, latch, line, active, edge;
};

struct gic {
    struct model model;
    uint32_t cpu_count, interface_count;
    uint32_t ctlr;
    struct gic_word banked[GIC_CPU_MAX];
    struct gic_word shared[WORD_COUNT];            /* [0] unused */
    uint32_t banked_priority[GIC_CPU_MAX][32 / 4]; /* four interrupts a word, as in the register */
    uint32_t priority[INTID_COUNT / 4];
    uint32_t target[INTID_COUNT / 4];
    struct gic_cpu cpu[GIC_CPU_MAX];
};

static struct gic *gic_of(struct model *model)
{
    return CONTAINER_OF(model, struct gic, model);
}

static struct gic_word *word_of(struct gic *gic, uint32_t cpu, uint32_t index)
{
    return index == 0 ? &gic->banked[cpu] : &gic->shared[index];
}

/* Shared words go through the state hash, banked ones do not. */
static void word_set(struct gic *gic, uint32_t index, uint32_t *field, uint32_t value)
{
    if (index == 0)
        *field = value;
    else
        model_reg_set(&gic->model, field, value);
}

static uint32_t byte_of(const uint32_t *words, uint32_t intid)
{
    return words[intid / 4] >> (8 * (intid % 4)) & 0xff;
}

static uint32_t priority_of(const struct gic *gic, uint32_t cpu, uint32_t intid)
{
    return byte_of(intid < 32 ? gic->banked_priority[cpu] : gic->priority, intid);
}

static void sgi_set(struct gic_cpu *cpu, uint32_t sgi, uint32_t senders)
{
    cpu->sgi_pending[sgi] = (uint8_t)senders;
    cpu->sgi_any = (cpu->sgi_any & ~BIT(sgi)) | (senders != 0 ? BIT(sgi) : 0);
}

/* Enabled, pending and not active. Word 0 has the SGIs of this CPU. */
static uint32_t word_candidates(const struct gic *gic, uint32_t cpu, uint32_t index)
{
    const struct gic_word *word = index == 0 ? &gic->banked[cpu] : &gic->shared[index];
    uint32_t pending = word->latch | (word->line & ~word->edge);
    if (index == 0)
        pending |= gic->cpu[cpu].sgi_any;
    return pending & word->enabled & ~word->active;
}

/* The pending interrupt of highest priority for a CPU, lowest INTID first (§3.3.1 leaves that to
 * the implementation); GIC_INTID_NONE. */
static uint32_t highest_pending(const struct gic *gic, uint32_t cpu, uint32_t *priority)
{
    uint32_t best = GIC_INTID_NONE, best_priority = GIC_PRIORITY_IDLE + 1;
    for (uint32_t index = 0; index < WORD_COUNT; index++) {
        uint32_t candidates = word_candidates(gic, cpu, index);
        for (; candidates != 0; candidates &= candidates - 1) {
            uint32_t intid = 32 * index + (uint32_t)__builtin_ctz(candidates);
            if (index != 0 && (byte_of(gic->target, intid) & BIT(cpu)) == 0)
                continue;
            uint32_t p = priority_of(gic, cpu, intid);
            if (p < best_priority) {
                best = intid;
                best_priority = p;
            }
        }
    }
    *priority = best_priority;
    return best;
}

static uint32_t running_priority(const struct gic_cpu *cpu)
{
    return cpu->active_priorities == 0 ? GIC_PRIORITY_IDLE
                                       : 16u * (uint32_t)__builtin_ctz(cpu->active_priorities);
}

/* Non-secure BPR n: the group priority is bits 7..n (§3.3.3, table 3-2). */
static uint32_t group_priority(const struct gic_cpu *cpu, uint32_t priority)
{
    return priority & (0xffu << cpu->bpr) & 0xff;
}

/* What the CPU would acknowledge now; GIC_INTID_NONE. */
static uint32_t deliverable(const struct gic *gic, uint32_t index, uint32_t *priority)
{
    const struct gic_cpu *cpu = &gic->cpu[index];
    if ((gic->ctlr & GICD_CTLR_ENABLE) == 0 || (cpu->ctlr & GICC_CTLR_ENABLE) == 0)
        return GIC_INTID_NONE;
    uint32_t intid = highest_pending(gic, index, priority);
    if (intid == GIC_INTID_NONE || *priority >= cpu->pmr)
        return GIC_INTID_NONE;
    return group_priority(cpu, *priority) < running_priority(cpu) ? intid : GIC_INTID_NONE;
}

static void update_cpu(struct gic *gic, uint32_t index)
{
    uint32_t priority;
    bool irq = deliverable(gic, index, &priority) != GIC_INTID_NONE;
    if (irq != gic->cpu[index].irq) {
        gic->cpu[index].irq = irq;
        model_cpu_irq_set(&gic->model, index, irq);
    }
}

static void update_all(struct gic *gic)
{
    for (uint32_t cpu = 0; cpu < gic->cpu_count; cpu++)
        update_cpu(gic, cpu);
}

/* --- acknowledge and end (§3.2.4, §4.4.4 to §4.4.5) --- */

static uint32_t sgi_take(struct gic_cpu *cpu, uint32_t sgi)
{
    uint32_t source = (uint32_t)__builtin_ctz(cpu->sgi_pending[sgi]);
    sgi_set(cpu, sgi, cpu->sgi_pending[sgi] & ~BIT(source));
    return sgi | field_prep(GICC_IAR_CPUID, source);
}

static uint32_t acknowledge(struct gic *gic, uint32_t index)
{
    struct gic_cpu *cpu = &gic->cpu[index];
    uint32_t priority;
    uint32_t intid = deliverable(gic, index, &priority);
    if (intid == GIC_INTID_NONE)
        return GIC_INTID_NONE;
    uint32_t bit = BIT(intid % 32), value = intid;
    struct gic_word *word = word_of(gic, index, intid / 32);
    if (intid < GIC_SGI_COUNT)
        value = sgi_take(cpu, intid);
    word_set(gic, intid / 32, &word->latch, word->latch & ~bit);
    word_set(gic, intid / 32, &word->active, word->active | bit);
    cpu->active_priorities |= BIT(group_priority(cpu, priority) / 16);
    if (intid < 32)
        update_cpu(gic, index);
    else
        update_all(gic); /* the other targets lose it: 1-N model, §3.2.3 */
    return value;
}

static void deactivate(struct gic *gic, uint32_t index, uint32_t intid)
{
    struct gic_word *word = word_of(gic, index, intid / 32);
    word_set(gic, intid / 32, &word->active, word->active & ~BIT(intid % 32));
}

static bool is_active(struct gic *gic, uint32_t cpu, uint32_t intid)
{
    return intid < INTID_COUNT && (word_of(gic, cpu, intid / 32)->active & BIT(intid % 32)) != 0;
}

static void end_of_interrupt(struct gic *gic, uint32_t index, uint32_t value)
{
    struct gic_cpu *cpu = &gic->cpu[index];
    uint32_t intid = field_get(GICC_IAR_INTID, value);
    if (intid >= GIC_INTID_MAX)
        return; /* ending a spurious interrupt does nothing, §4.4.5 */
    if (!is_active(gic, index, intid) || cpu->active_priorities == 0) {
        model_warn(&gic->model,
                   "EOIR of interrupt %u, which is not active on CPU %u (IHI 0048B §4.4.5)", intid,
                   index);
        return;
    }
    cpu->active_priorities &= cpu->active_priorities - 1;
    if ((cpu->ctlr & GICC_CTLR_EOIMODE) == 0)
        deactivate(gic, index, intid);
    update_all(gic);
}

static void write_dir(struct gic *gic, uint32_t index, uint32_t value)
{
    uint32_t intid = field_get(GICC_IAR_INTID, value);
    if (intid >= GIC_INTID_MAX)
        return;
    if ((gic->cpu[index].ctlr & GICC_CTLR_EOIMODE) == 0) {
        model_warn(&gic->model, "DIR written with EOImode 0: unpredictable (IHI 0048B §4.4.16)");
        return;
    }
    if (!is_active(gic, index, intid)) {
        model_warn(&gic->model, "DIR of interrupt %u, which is not active", intid);
        return;
    }
    deactivate(gic, index, intid);
    update_all(gic);
}

/* --- distributor --- */

static uint32_t pending_word(struct gic *gic, uint32_t cpu, uint32_t index)
{
    struct gic_word *word = word_of(gic, cpu, index);
    uint32_t pending = word->latch | (word->line & ~word->edge);
    return index == 0 ? pending | gic->cpu[cpu].sgi_any : pending;
}

/* Registers with one bit an interrupt. False: offset is none of them. */
static bool read_bits(struct gic *gic, uint32_t cpu, uint32_t offset, uint32_t *value)
{
    uint32_t index = offset % 0x80 / 4;
    if (offset < GICD_IGROUPR(0) || offset >= GICD_IPRIORITYR)
        return false;
    *value = 0;
    if (index >= WORD_COUNT)
        return true;
    const struct gic_word *word = word_of(gic, cpu, index);
    switch (offset & ~0x7fu) {
    case GICD_ISENABLER(0):
    case GICD_ICENABLER(0):
        *value = word->enabled;
        break;
    case GICD_ISPENDR(0):
    case GICD_ICPENDR(0):
        *value = pending_word(gic, cpu, index);
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
    if (index >= WORD_COUNT)
        return true;
    struct gic_word *word = word_of(gic, cpu, index);
    uint32_t not_sgi = index == 0 ? value & ~GENMASK(15, 0) : value;
    switch (offset & ~0x7fu) {
    case GICD_ISENABLER(0):
        word_set(gic, index, &word->enabled, word->enabled | value);
        break;
    case GICD_ICENABLER(0): /* SGIs are always enabled: TRM §3.2 */
        word_set(gic, index, &word->enabled, word->enabled & ~not_sgi);
        break;
    case GICD_ISPENDR(0): /* of SGIs read only: §4.3.7 */
        word_set(gic, index, &word->latch, word->latch | not_sgi);
        break;
    case GICD_ICPENDR(0):
        word_set(gic, index, &word->latch, word->latch & ~not_sgi);
        break;
    case GICD_ISACTIVER(0):
        word_set(gic, index, &word->active, word->active | value);
        break;
    case GICD_ICACTIVER(0):
        word_set(gic, index, &word->active, word->active & ~value);
        break;
    default:
        break;
    }
    update_all(gic);
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
    if (index >= 2 * WORD_COUNT)
        return 0;
    uint32_t edge = word_of(gic, cpu, index / 2)->edge >> (16 * (index % 2));
    uint32_t value = 0x55555555;
    for (uint32_t i = 0; i < 16; i++)
        if ((edge & BIT(i)) != 0)
            value |= BIT(2 * i + 1);
    return value;
}

static void write_icfgr(struct gic *gic, uint32_t index, uint32_t value)
{
    if (index < 2 || index >= 2 * WORD_COUNT)
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
    word_set(gic, index / 2, &word->edge,
             (word->edge & ~(GENMASK(15, 0) << shift)) | bits << shift);
    update_all(gic);
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
    if (offset >= INTID_COUNT)
        return;
    uint32_t *word =
        offset < 32 ? &gic->banked_priority[access->cpu][offset / 4] : &gic->priority[offset / 4];
    word_set(gic, offset / 32, word,
             merge_bytes(*word, offset, access->size, value, GICD_PRIORITY_MASK));
    update_all(gic);
}

static void write_target(struct gic *gic, const struct model_access *access, uint32_t offset,
                         uint32_t value)
{
    if (offset < 32 || offset >= INTID_COUNT)
        return;
    uint32_t *word = &gic->target[offset / 4];
    *word = merge_bytes(*word, offset, access->size, value, BIT(gic->interface_count) - 1);
    update_all(gic);
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
            sgi_set(&gic->cpu[to], sgi, gic->cpu[to].sgi_pending[sgi] | BIT(cpu));
    update_all(gic);
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
        sgi_set(cpu, offset + i, set ? pending | byte : pending & ~byte);
    }
    update_all(gic);
}

static uint32_t read_spisr(const struct gic *gic, uint32_t index)
{
    return index + 1 < WORD_COUNT ? gic->shared[index + 1].line : 0;
}

static uint32_t read_distributor(struct gic *gic, const struct model_access *access)
{
    uint32_t offset = (uint32_t)access->offset, cpu = access->cpu, value = 0;
    if (read_bits(gic, cpu, offset, &value))
        return value;
    if (offset >= GICD_IPRIORITYR && offset < GICD_IPRIORITYR + INTID_COUNT) {
        offset -= GICD_IPRIORITYR;
        return read_bytes(offset < 32 ? gic->banked_priority[cpu] : gic->priority, offset,
                          access->size);
    }
    if (offset >= GICD_ITARGETSR && offset < GICD_ITARGETSR + INTID_COUNT) {
        offset -= GICD_ITARGETSR;
        if (offset < 32)
            return access->size == 1 ? BIT(cpu) : BIT(cpu) * 0x01010101u;
        return read_bytes(gic->target, offset, access->size);
    }
    if (offset >= GICD_ICFGR && offset < GICD_PPISR)
        return read_icfgr(gic, cpu, (offset - GICD_ICFGR) / 4);
    if (offset >= GICD_SPISR(0) && offset < GICD_SPISR(WORD_COUNT))
        return read_spisr(gic, (offset - GICD_SPISR(0)) / 4);
    if (offset >= GICD_CPENDSGIR && offset < GICD_SPENDSGIR + GIC_SGI_COUNT)
        return read_sgi_pending(&gic->cpu[cpu], offset % GIC_SGI_COUNT, access->size);
    switch (offset) {
    case GICD_CTLR:
        return gic->ctlr;
    case GICD_TYPER:
        return field_prep(GICD_TYPER_ITLINES, WORD_COUNT - 1) |
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
        update_all(gic);
    } else {
        model_warn(&gic->model, "write of %#x to the distributor's read-only offset %#x", value,
                   offset);
    }
}

/* --- CPU interface --- */

static uint32_t read_interface(struct gic *gic, uint32_t index, uint32_t offset)
{
    struct gic_cpu *cpu = &gic->cpu[index];
    uint32_t priority;
    switch (offset) {
    case GICC_CTLR:
        return cpu->ctlr;
    case GICC_PMR:
        return cpu->pmr;
    case GICC_BPR:
        return cpu->bpr;
    case GICC_IAR:
        return acknowledge(gic, index);
    case GICC_RPR:
        return running_priority(cpu);
    case GICC_HPPIR: {
        uint32_t intid = highest_pending(gic, index, &priority);
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
        end_of_interrupt(gic, index, value);
        return;
    case GICC_DIR:
        write_dir(gic, index, value);
        return;
    case GICC_APR0:
        cpu->active_priorities = value & GENMASK(15, 0);
        break;
    default:
        model_warn(&gic->model, "write of %#x to the CPU interface's read-only offset %#x", value,
                   offset);
        return;
    }
    update_cpu(gic, index);
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
    if (line < GIC_PPI_FIRST || line >= INTID_COUNT || (line < 32 && cpu >= gic->cpu_count))
        return;
    struct gic_word *word = word_of(gic, cpu, line / 32);
    uint32_t bit = BIT(line % 32);
    bool was = (word->line & bit) != 0;
    if (was == level)
        return;
    word_set(gic, line / 32, &word->line, word->line ^ bit);
    if ((word->edge & bit) != 0) {
        if (!level)
            return;
        word_set(gic, line / 32, &word->latch, word->latch | bit);
    }
    if (line < 32)
        update_cpu(gic, cpu);
    else
        update_all(gic);
}

static int gic_translate(struct model *model, const uint32_t *cells, uint32_t count, uint32_t *line)
{
    (void)model;
    if (count < 2)
        return -EINVAL;
    if (cells[0] == GIC_CELL_SPI && cells[1] < INTID_COUNT - GIC_SPI_FIRST) {
        *line = GIC_SPI_FIRST + cells[1];
        return 0;
    }
    if (cells[0] == GIC_CELL_PPI && cells[1] < 16) {
        *line = GIC_PPI_FIRST + cells[1];
        return 0;
    }
    return -EINVAL;
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
