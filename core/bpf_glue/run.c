/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* One run of a program: stack, context digest, cost, record.
 *
 * Maps have no locks, so runs and map calls are serialised by one lock over all CPUs that its owner
 * may take again: an actuator helper inside a program brings the guard's program in. Interrupts are
 * masked meanwhile, which is also what makes a run's length count against the longest
 * interrupts-off section; the verifier's budget bounds it. */
#include <arch/cpu.h>
#include <arch/work.h>
#include <axiom/bug.h>
#include <axiom/errno.h>
#include <axiom/state_hash.h>
#include <axiom/string.h>
#include <core/spinlock.h>
#include <core/time.h>

#include "link.h"

/* A program, its policy, its guard; one more would be a helper that calls back, which the context
 * table forbids. */
#define NEST_MAX 4

struct run_frame {
    struct bpf_run run;
    const struct bpf_link *link;
    _Alignas(16) uint8_t stack[BPF_RUN_STACK_SIZE];
};

static struct {
    uint32_t owner; /* CPU index + 1; 0: nobody runs a program */
    uint32_t depth;
    struct run_frame frames[NEST_MAX];
} runner;

void run_init(void)
{
    memset(&runner, 0, sizeof runner);
}

static void runner_enter(uint32_t cpu)
{
    if (__atomic_load_n(&runner.owner, __ATOMIC_RELAXED) == cpu + 1) {
        runner.depth++;
        return;
    }
    uint32_t nobody = 0;
    arch_point();
    while (!__atomic_compare_exchange_n(&runner.owner, &nobody, cpu + 1, false, __ATOMIC_ACQUIRE,
                                        __ATOMIC_RELAXED)) {
        nobody = 0;
        arch_cpu_relax(TIME_NEVER);
    }
    runner.depth = 1;
}

static void runner_leave(void)
{
    if (--runner.depth == 0)
        __atomic_store_n(&runner.owner, 0, __ATOMIC_RELEASE);
}

const struct bpf_link *link_running(void)
{
    if (__atomic_load_n(&runner.owner, __ATOMIC_RELAXED) != arch_cpu_id() + 1)
        return NULL;
    return runner.frames[runner.depth - 1].link;
}

static uint64_t digest(const uint64_t *slots, uint32_t count)
{
    uint64_t value = 0;
    for (uint32_t i = 0; i < count; i++)
        value = state_hash_mix(value + slots[i] + 0x9e3779b97f4a7c15u);
    return value;
}

static void record(const struct bpf_link *link, const struct bpf_run *run, uint64_t context_digest,
                   uint64_t r0, uint64_t duration_ns)
{
    struct event event; /* the other kinds' part is left as it is */
    event.source_ns = 0;
    event.kind = EVENT_BPF_RUN;
    event.layer = EVENT_LAYER_KERNEL;
    event.role = EVENT_ROLE_OUTPUT;
    event.bpf_run = (struct event_bpf_run){
        .program = bpf_prog_name(link->prog),
        .attach_point = link->attach_point,
        .context_digest = context_digest,
        .return_value = r0,
        .insn_count = run->insn_count,
        .duration_ns = duration_ns,
        .error = run->error,
    };
    event_emit(&event);
}

uint64_t link_run(struct bpf_link *link, uint64_t *slots, int *error_out)
{
    struct irq_state irq = cpu_irq_save();
    runner_enter(arch_cpu_id());
    BUG_ON(runner.depth > NEST_MAX);
    struct run_frame *frame = &runner.frames[runner.depth - 1];
    frame->link = link;
    struct bpf_run *run = &frame->run;
    run->stack = frame->stack;
    run->stack_size = sizeof frame->stack;
    run->insn_limit = 0;
    run->user = link;

    bool wanted = event_wanted(EVENT_BPF_RUN);
    uint64_t context_digest = wanted ? digest(slots, bpf_prog_context(link->prog)->slot_count) : 0;
    uint64_t charged_ns = arch_charge(ARCH_WORK_BPF_ENTRY, 1);
    uint64_t r0 = bpf_prog_run(link->prog, slots, run);
    charged_ns += arch_charge(ARCH_WORK_BPF_INSN, run->insn_count);
    *error_out = run->error;
    if (wanted)
        record(link, run, context_digest, r0, charged_ns);
    else
        event_skip();

    runner_leave();
    cpu_irq_restore(irq);
    return r0;
}
