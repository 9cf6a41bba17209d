/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* An interrupt that storms: its device never lets go of the line, or its driver does not make it. The CPU then
 * does nothing else, and the robot stands still with its actuators on. So it is masked, with a message.
 *
 * Looked at each STORM_LOOK_EACH interrupts: nearly all since the last look were this one's, and handling
 * them (one is measured) took more than half of the time. When most looks of a whole STORM_NS say so, it
 * is a storm and not a burst; single looks are not enough, since a host or a firmware may have taken the
 * CPU away. It stays masked until somebody requests it again. */
#include <axiom/log.h>
#include <core/irq.h>
#include <core/time.h>
#include <hw/irq.h>
#include <internal/irq.h>
#include <internal/percpu.h>

#define STORM_NS   NSEC_PER_SEC
#define LOOKS_MIN  8u
#define LEAF_SHARE (STORM_LOOK_EACH - STORM_LOOK_EACH / 20)

static void window_begin(struct cpu *cpu, uint64_t now_ns)
{
    cpu->storm.since_ns = now_ns;
    cpu->storm.looks = cpu->storm.busy_looks = 0;
}

static void judge(struct cpu *cpu, struct irq *leaf, uint64_t now_ns)
{
    char text[128];
    if (now_ns - cpu->storm.since_ns < STORM_NS)
        return;
    if (cpu->storm.looks >= LOOKS_MIN && cpu->storm.busy_looks > cpu->storm.looks / 2) {
        irq_mask(leaf);
        log_err("irq: %s storms: it is masked", irq_describe(leaf, text, sizeof text));
    }
    window_begin(cpu, now_ns);
}

void irq_storm_look(struct cpu *cpu, uint64_t begin_ns)
{
    uint64_t now_ns = ktime_get_ns(), taken_ns = now_ns - begin_ns;
    struct irq *leaf = cpu->irq_leaf;
    uint64_t count = leaf != NULL ? irq_count(leaf) : 0;
    if (leaf == NULL || leaf != cpu->storm.leaf || count - cpu->storm.leaf_count < LEAF_SHARE) {
        window_begin(cpu, now_ns);
    } else {
        cpu->storm.looks++;
        cpu->storm.busy_looks += taken_ns * STORM_LOOK_EACH > (now_ns - cpu->storm.looked_ns) / 2;
        judge(cpu, leaf, now_ns);
    }
    cpu->storm.leaf = leaf;
    cpu->storm.leaf_count = count;
    cpu->storm.looked_ns = now_ns;
}
