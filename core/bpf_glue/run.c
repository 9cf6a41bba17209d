/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* One run of a program: stack, context digest, cost, record.
 *
 * Each CPU has its own run state, so CPUs run programs side by side; what programs share is maps,
 * which have their own locks. Interrupts are masked for the length of a run: nothing else of this
 * CPU can come in between, and a run's length counts against the longest interrupts-off section
 * (the verifier's budget bounds it). A run nests in another one of its CPU only by its own doing: an
 * actuator helper brings the policy's and the guard's programs in.
 *
 * A run takes its link's program once, when it begins. Whoever replaced the program and calls
 * run_synchronize() afterwards knows that nobody runs the old one: `entered` is odd while the CPU is
 * inside, and every CPU has either been outside or entered anew. */
#include <arch/cpu.h>
#include <arch/work.h>
#include <axiom/bug.h>
#include <axiom/errno.h>
#include <axiom/state_hash.h>
#include <axiom/string.h>
#include <core/mm.h>
#include <core/spinlock.h>
#include <core/time.h>

#include "engine.h"
#include "link.h"

/* A program, its policy, its guard; one more would be a helper that calls back, which the context
 * table forbids. */
#define NEST_MAX 4

/* Memory for the frames of nested runs, large enough for every program that is loaded. */
struct run_stacks {
    uint32_t size;
    void *at[NEST_MAX];
};

struct run_frame {
    struct bpf_run run;
    const struct bpf_link *link;
    const struct bpf_prog *prog;
};

struct run_cpu {
    uint64_t entered; /* odd: inside; read by other CPUs */
    uint32_t depth;
    const struct run_stacks *stacks;
    struct run_frame frames[NEST_MAX];
} __attribute__((aligned(64)));

static struct {
    struct run_cpu cpus[CPU_MAX];
    uint32_t cpu_count;
    uint32_t stack_size;
} runner;

void run_init(void)
{
    memset(&runner, 0, sizeof runner);
    runner.cpu_count = arch_cpu_count();
}

/* --- stacks --- */

static void free_stacks(struct run_stacks *stacks)
{
    if (stacks == NULL)
        return;
    for (uint32_t i = 0; i < NEST_MAX; i++)
        kfree(stacks->at[i]);
    kfree(stacks);
}

static struct run_stacks *make_stacks(uint32_t size)
{
    struct run_stacks *stacks = kzalloc(sizeof *stacks);
    if (stacks == NULL)
        return NULL;
    stacks->size = size;
    for (uint32_t i = 0; i < NEST_MAX; i++) {
        stacks->at[i] = kzalloc(size);
        if (stacks->at[i] == NULL) {
            free_stacks(stacks);
            return NULL;
        }
    }
    return stacks;
}

int run_reserve(uint32_t stack_size)
{
    struct run_stacks *made[CPU_MAX] = { NULL };
    if (stack_size <= runner.stack_size)
        return 0;
    for (uint32_t i = 0; i < runner.cpu_count; i++) {
        made[i] = make_stacks(stack_size);
        if (made[i] == NULL) {
            while (i-- > 0)
                free_stacks(made[i]);
            return -ENOMEM;
        }
    }
    for (uint32_t i = 0; i < runner.cpu_count; i++) {
        struct run_stacks *old = (struct run_stacks *)(uintptr_t)runner.cpus[i].stacks;
        __atomic_store_n(&runner.cpus[i].stacks, made[i], __ATOMIC_SEQ_CST);
        made[i] = old;
    }
    runner.stack_size = stack_size;
    run_synchronize();
    for (uint32_t i = 0; i < runner.cpu_count; i++)
        free_stacks(made[i]);
    return 0;
}

void run_exit(void)
{
    for (uint32_t i = 0; i < runner.cpu_count; i++)
        free_stacks((struct run_stacks *)(uintptr_t)runner.cpus[i].stacks);
    memset(&runner, 0, sizeof runner);
}

/* --- who runs --- */

static struct run_frame *enter(struct run_cpu *cpu)
{
    if (cpu->depth == 0) {
        __atomic_store_n(&cpu->entered, cpu->entered + 1, __ATOMIC_RELAXED);
        /* What is loaded next (the link's program) must not be older than the odd number that the
         * others see. */
        if (runner.cpu_count > 1)
            __atomic_thread_fence(__ATOMIC_SEQ_CST);
    }
    BUG_ON(cpu->depth == NEST_MAX);
    return &cpu->frames[cpu->depth++];
}

static void leave(struct run_cpu *cpu)
{
    if (--cpu->depth == 0)
        __atomic_store_n(&cpu->entered, cpu->entered + 1, __ATOMIC_RELEASE);
}

void run_synchronize(void)
{
    __atomic_thread_fence(__ATOMIC_SEQ_CST);
    for (uint32_t i = 0; i < runner.cpu_count; i++) {
        const uint64_t *entered = &runner.cpus[i].entered;
        uint64_t seen = __atomic_load_n(entered, __ATOMIC_ACQUIRE);
        while ((seen & 1) != 0 && __atomic_load_n(entered, __ATOMIC_ACQUIRE) == seen)
            arch_cpu_relax(TIME_NEVER);
    }
}

static const struct run_frame *innermost(void)
{
    const struct run_cpu *cpu = &runner.cpus[arch_cpu_id()];
    return cpu->depth == 0 ? NULL : &cpu->frames[cpu->depth - 1];
}

bool run_is_inside(void)
{
    return innermost() != NULL;
}

const char *run_program_name(void)
{
    const struct run_frame *frame = innermost();
    return frame == NULL ? "bpf" : bpf_prog_name(frame->prog);
}

/* --- a run --- */

static uint64_t digest(const uint64_t *slots, uint32_t count)
{
    uint64_t value = 0;
    for (uint32_t i = 0; i < count; i++)
        value = state_hash_mix(value + slots[i] + 0x9e3779b97f4a7c15u);
    return value;
}

/* Not in line: what it needs on the stack is not every run's. */
static __attribute__((noinline)) void record(const struct run_frame *frame, uint64_t context_digest,
                                             uint64_t r0, uint64_t duration_ns)
{
    struct event event; /* the other kinds' part is left as it is */
    event.source_ns = 0;
    event.kind = EVENT_BPF_RUN;
    event.layer = EVENT_LAYER_KERNEL;
    event.role = EVENT_ROLE_OUTPUT;
    event.bpf_run = (struct event_bpf_run){
        .program = bpf_prog_name(frame->prog),
        .attach_point = frame->link->attach_point,
        .context_digest = context_digest,
        .return_value = r0,
        .insn_count = frame->run.insn_count,
        .duration_ns = duration_ns,
        .error = frame->run.error,
    };
    event_emit(&event);
}

uint64_t link_run(struct bpf_link *link, uint64_t *slots, int *error_out)
{
    arch_point();
    struct irq_state irq = cpu_irq_save();
    struct run_cpu *cpu = &runner.cpus[arch_cpu_id()];
    uint32_t depth = cpu->depth;
    struct run_frame *frame = enter(cpu);
    const struct bpf_prog *prog = __atomic_load_n(&link->prog, __ATOMIC_ACQUIRE);
    const struct run_stacks *stacks = __atomic_load_n(&cpu->stacks, __ATOMIC_ACQUIRE);
    frame->link = link;
    frame->prog = prog;
    struct bpf_run *run = &frame->run;
    run->stack = stacks->at[depth];
    run->stack_size = stacks->size;
    run->insn_limit = 0;
    run->user = link;

    bool wanted = event_wanted(EVENT_BPF_RUN);
    uint64_t context_digest = wanted ? digest(slots, link->slot_count) : 0;
    uint64_t charged_ns = arch_charge(ARCH_WORK_BPF_ENTRY, 1);
    uint64_t r0 = engine_run(prog, slots, run);
    charged_ns += arch_charge(ARCH_WORK_BPF_INSN, run->insn_count);
    *error_out = run->error;
    if (wanted)
        record(frame, context_digest, r0, charged_ns);
    else
        event_skip();

    leave(cpu);
    cpu_irq_restore(irq);
    return r0;
}
