/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* The GIC's state machine: which interrupt is pending, active, deliverable (IHI 0048B §3). Registers
 * are gic_v2_model.c's.
 *
 * An interrupt is inactive, pending, active, or active and pending (§3.2.4). Pending of an edge
 * typed one is a latch; of a level typed one the input itself, or the latch that ISPENDR set. A
 * CPU's output is on while some enabled pending interrupt that targets it beats both its priority
 * mask and its running priority (§3.3): so an interrupt that nobody ends holds back every other of
 * its priority and below.
 *
 * In the state hash: type, enable, latch, active and priority of shared interrupts. Not in it: what
 * is banked per CPU, CPU interfaces and targets, so that the hash does not depend on the number of
 * CPUs; input levels, which are their drivers' state. */
#pragma once
#include <hw/regs/gic_v2.h>
#include <hw_models/models.h>

#define GIC_INTID_COUNT 352u /* 320 SPIs: what BCM2712's tree uses, in whole words */
#define GIC_WORD_COUNT  (GIC_INTID_COUNT / 32u)

struct gic_cpu {
    uint32_t ctlr, pmr, bpr;
    uint32_t active_priorities;         /* bit p: an interrupt of group priority 16 * p is active */
    uint8_t sgi_pending[GIC_SGI_COUNT]; /* bit: the CPU that sent it */
    uint32_t sgi_any;                   /* bit: that SGI has a sender above */
    /* What an acknowledge would take now: kept up by gic_update(). */
    uint32_t deliverable, deliverable_priority;
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
    struct gic_word shared[GIC_WORD_COUNT];        /* [0] unused */
    uint32_t candidates[GIC_WORD_COUNT];           /* shared: enabled, pending, not active */
    uint32_t candidate_words;                      /* bit: that word of candidates is not 0 */
    uint32_t banked_priority[GIC_CPU_MAX][32 / 4]; /* four interrupts a word, as in the register */
    uint32_t priority[GIC_INTID_COUNT / 4];
    uint32_t target[GIC_INTID_COUNT / 4];
    struct gic_cpu cpu[GIC_CPU_MAX];
};

static inline struct gic_word *gic_word_of(struct gic *gic, uint32_t cpu, uint32_t index)
{
    return index == 0 ? &gic->banked[cpu] : &gic->shared[index];
}

/* Stores a field of word `index`; gic_update() is due after it. */
void gic_word_set(struct gic *gic, uint32_t index, uint32_t *field, uint32_t value);
/* After word `index` changed: recomputes what it offers and the CPUs' outputs. */
void gic_update(struct gic *gic, uint32_t index);
/* After a priority, a target or a CPU interface changed. */
void gic_update_cpus(struct gic *gic);

uint32_t gic_pending(const struct gic *gic, uint32_t cpu, uint32_t index);
/* The pending interrupt of highest priority, deliverable or not; GIC_INTID_NONE. */
uint32_t gic_highest_pending(const struct gic *gic, uint32_t cpu);
uint32_t gic_running_priority(const struct gic_cpu *cpu);
void gic_sgi_set(struct gic_cpu *cpu, uint32_t sgi, uint32_t senders);
/* An input line changed. */
void gic_line(struct gic *gic, uint32_t intid, uint32_t cpu, bool level);

/* IAR, EOIR, DIR (§4.4.4, §4.4.5, §4.4.16). */
uint32_t gic_acknowledge(struct gic *gic, uint32_t cpu);
void gic_end(struct gic *gic, uint32_t cpu, uint32_t value);
void gic_deactivate(struct gic *gic, uint32_t cpu, uint32_t value);

/* model_ops' translate(): <type number flags>, the same for both versions. */
int gic_translate(struct model *model, const uint32_t *cells, uint32_t count, uint32_t *line);
