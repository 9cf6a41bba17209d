/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#include "gic_v2_state.h"

#include <axiom/errno.h>

/* --- pending and deliverable --- */

void gic_word_set(struct gic *gic, uint32_t index, uint32_t *field, uint32_t value)
{
    if (index == 0)
        *field = value;
    else
        model_reg_set(&gic->model, field, value);
}

static uint32_t candidates_of(const struct gic_word *word, uint32_t also_pending)
{
    uint32_t pending = word->latch | (word->line & ~word->edge) | also_pending;
    return pending & word->enabled & ~word->active;
}

uint32_t gic_pending(const struct gic *gic, uint32_t cpu, uint32_t index)
{
    const struct gic_word *word = index == 0 ? &gic->banked[cpu] : &gic->shared[index];
    uint32_t pending = word->latch | (word->line & ~word->edge);
    return index == 0 ? pending | gic->cpu[cpu].sgi_any : pending;
}

static uint32_t byte_of(const uint32_t *words, uint32_t intid)
{
    return words[intid / 4] >> (8 * (intid % 4)) & 0xff;
}

struct best {
    uint32_t intid, priority;
};

/* Lower INTIDs win among equals: §3.3.1 leaves that to the implementation. */
static void consider(const struct gic *gic, uint32_t cpu, uint32_t index, uint32_t candidates,
                     struct best *best)
{
    for (; candidates != 0; candidates &= candidates - 1) {
        uint32_t intid = 32 * index + (uint32_t)__builtin_ctz(candidates);
        if (index != 0 && (byte_of(gic->target, intid) & BIT(cpu)) == 0)
            continue;
        const uint32_t *priorities = index == 0 ? gic->banked_priority[cpu] : gic->priority;
        uint32_t priority = byte_of(priorities, intid);
        if (priority < best->priority)
            *best = (struct best){ intid, priority };
    }
}

static struct best best_pending(const struct gic *gic, uint32_t cpu, uint32_t banked)
{
    struct best best = { GIC_INTID_NONE, GIC_PRIORITY_IDLE + 1 };
    consider(gic, cpu, 0, banked, &best);
    for (uint32_t words = gic->candidate_words; words != 0; words &= words - 1) {
        uint32_t index = (uint32_t)__builtin_ctz(words);
        consider(gic, cpu, index, gic->candidates[index], &best);
    }
    return best;
}

uint32_t gic_highest_pending(const struct gic *gic, uint32_t cpu)
{
    uint32_t banked = candidates_of(&gic->banked[cpu], gic->cpu[cpu].sgi_any);
    return best_pending(gic, cpu, banked).intid;
}

uint32_t gic_running_priority(const struct gic_cpu *cpu)
{
    return cpu->active_priorities == 0 ? GIC_PRIORITY_IDLE
                                       : 16u * (uint32_t)__builtin_ctz(cpu->active_priorities);
}

/* Non-secure BPR n: the group priority is bits 7..n (§3.3.3, table 3-2). */
static uint32_t group_priority(const struct gic_cpu *cpu, uint32_t priority)
{
    return priority & (0xffu << cpu->bpr) & 0xff;
}

static bool passes(const struct gic *gic, const struct gic_cpu *cpu, const struct best *best)
{
    return (gic->ctlr & GICD_CTLR_ENABLE) != 0 && (cpu->ctlr & GICC_CTLR_ENABLE) != 0 &&
           best->intid != GIC_INTID_NONE && best->priority < cpu->pmr &&
           group_priority(cpu, best->priority) < gic_running_priority(cpu);
}

static void set_deliverable(struct gic *gic, uint32_t index, uint32_t intid)
{
    struct gic_cpu *cpu = &gic->cpu[index];
    bool was = cpu->deliverable != GIC_INTID_NONE, now = intid != GIC_INTID_NONE;
    cpu->deliverable = intid;
    if (was != now)
        model_cpu_irq_set(&gic->model, index, now);
}

__attribute__((noinline)) static void choose(struct gic *gic, uint32_t index, uint32_t banked)
{
    struct gic_cpu *cpu = &gic->cpu[index];
    struct best best = best_pending(gic, index, banked);
    cpu->deliverable_priority = best.priority;
    set_deliverable(gic, index, passes(gic, cpu, &best) ? best.intid : GIC_INTID_NONE);
}

void gic_update_cpus(struct gic *gic)
{
    for (uint32_t i = 0; i < gic->cpu_count; i++) {
        uint32_t banked = candidates_of(&gic->banked[i], gic->cpu[i].sgi_any);
        if ((banked | gic->candidate_words) != 0)
            choose(gic, i, banked);
        else
            set_deliverable(gic, i, GIC_INTID_NONE);
    }
}

void gic_update(struct gic *gic, uint32_t index)
{
    if (index != 0) {
        uint32_t candidates = candidates_of(&gic->shared[index], 0), bit = BIT(index);
        gic->candidates[index] = candidates;
        gic->candidate_words = (gic->candidate_words & ~bit) | (candidates != 0 ? bit : 0);
    }
    gic_update_cpus(gic);
}

void gic_sgi_set(struct gic_cpu *cpu, uint32_t sgi, uint32_t senders)
{
    cpu->sgi_pending[sgi] = (uint8_t)senders;
    cpu->sgi_any = (cpu->sgi_any & ~BIT(sgi)) | (senders != 0 ? BIT(sgi) : 0);
}

void gic_line(struct gic *gic, uint32_t intid, uint32_t cpu, bool level)
{
    struct gic_word *word = gic_word_of(gic, cpu, intid / 32);
    uint32_t bit = BIT(intid % 32);
    if (((word->line & bit) != 0) == level)
        return;
    word->line ^= bit;
    if ((word->edge & bit) != 0) {
        if (!level)
            return;
        gic_word_set(gic, intid / 32, &word->latch, word->latch | bit);
    }
    gic_update(gic, intid / 32);
}

/* --- acknowledge and end --- */

static uint32_t sgi_take(struct gic_cpu *cpu, uint32_t sgi)
{
    uint32_t source = (uint32_t)__builtin_ctz(cpu->sgi_pending[sgi]);
    gic_sgi_set(cpu, sgi, cpu->sgi_pending[sgi] & ~BIT(source));
    return sgi | field_prep(GICC_IAR_CPUID, source);
}

uint32_t gic_acknowledge(struct gic *gic, uint32_t index)
{
    struct gic_cpu *cpu = &gic->cpu[index];
    uint32_t intid = cpu->deliverable, value = intid;
    if (intid == GIC_INTID_NONE)
        return GIC_INTID_NONE;
    uint32_t bit = BIT(intid % 32);
    struct gic_word *word = gic_word_of(gic, index, intid / 32);
    if (intid < GIC_SGI_COUNT)
        value = sgi_take(cpu, intid);
    gic_word_set(gic, intid / 32, &word->latch, word->latch & ~bit);
    gic_word_set(gic, intid / 32, &word->active, word->active | bit);
    cpu->active_priorities |= BIT(group_priority(cpu, cpu->deliverable_priority) / 16);
    gic_update(gic, intid / 32); /* other targets of it lose it: the 1-N model, §3.2.3 */
    return value;
}

static bool is_active(struct gic *gic, uint32_t cpu, uint32_t intid)
{
    return intid < GIC_INTID_COUNT &&
           (gic_word_of(gic, cpu, intid / 32)->active & BIT(intid % 32)) != 0;
}

static void make_inactive(struct gic *gic, uint32_t index, uint32_t intid)
{
    struct gic_word *word = gic_word_of(gic, index, intid / 32);
    gic_word_set(gic, intid / 32, &word->active, word->active & ~BIT(intid % 32));
}

void gic_end(struct gic *gic, uint32_t index, uint32_t value)
{
    struct gic_cpu *cpu = &gic->cpu[index];
    uint32_t intid = field_get(GICC_IAR_INTID, value);
    if (intid >= GIC_INTID_MAX)
        return; /* ending a spurious interrupt does nothing, §4.4.5 */
    if (!is_active(gic, index, intid) || cpu->active_priorities == 0) {
        model_warn(&gic->model, "EOIR of interrupt %u, which is not active on CPU %u", intid,
                   index);
        return;
    }
    cpu->active_priorities &= cpu->active_priorities - 1;
    if ((cpu->ctlr & GICC_CTLR_EOIMODE) == 0)
        make_inactive(gic, index, intid);
    gic_update(gic, intid / 32);
}

void gic_deactivate(struct gic *gic, uint32_t index, uint32_t value)
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
    make_inactive(gic, index, intid);
    gic_update(gic, intid / 32);
}

/* --- the device tree --- */

int gic_translate(struct model *model, const uint32_t *cells, uint32_t count, uint32_t *line)
{
    (void)model;
    if (count < 2)
        return -EINVAL;
    if (cells[0] == GIC_CELL_SPI && cells[1] < GIC_INTID_COUNT - GIC_SPI_FIRST) {
        *line = GIC_SPI_FIRST + cells[1];
        return 0;
    }
    if (cells[0] == GIC_CELL_PPI && cells[1] < 16) {
        *line = GIC_PPI_FIRST + cells[1];
        return 0;
    }
    return -EINVAL;
}
