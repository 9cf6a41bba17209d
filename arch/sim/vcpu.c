/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* The virtual CPUs: 1 to 8 stacks of which one runs.
 *
 *              arch_cpu_start                  wait ends
 *        OFF ------------------> READY <------------------- IDLE, RELAX
 *         ^                      | | |                        ^
 *         +----------------------+ | +------------------------+
 *        kernel_secondary_main     |        arch_cpu_idle, arch_cpu_relax
 *              returns             +-- runs, and is left only at a named point
 *
 * Another CPU goes on at a named point, if the schedule policy says so, or when this one waits.
 * Only when none can go on does virtual time move: to the next event, or to the earliest deadline
 * of a polling loop (RELAX). An IDLE CPU goes on when its interrupt line is active. A RELAX CPU
 * goes on to look again after anything happened that could have changed what it polls: time moved,
 * or another CPU ran. CPUs that only poll would wake each other for ever; after POLLS_MAX calls
 * without anything else they wait for time.
 *
 * Interrupts are taken where the contract says: at unmask, wait and register accesses. */
#include <arch/context.h>
#include <arch/cpu.h>
#include <arch/entry.h>
#include <arch/irqflags.h>
#include <arch/mmu.h>
#include <arch/work.h>
#include <axiom/bug.h>
#include <axiom/errno.h>
#include <axiom/format.h>
#include <axiom/string.h>

#include "sim_port.h"

/* arch_cpu_relax() calls without virtual time moving, after which polling CPUs no longer wake each
 * other. */
#define POLLS_MAX 256u
/* Then, if time cannot move either, how often everybody may look again before it is a deadlock. */
#define FRUITLESS_MAX 1000u
/* Interrupts taken without virtual time moving or an input coming, before we say that nobody serves
 * the device. A board has some dozens of sources; what asks so often asks for ever, and a hundred
 * thousand turns are a second of the host's time in the slowest (sanitized, fuzzed) build. */
#define STORM_MAX 100000u

enum vcpu_state {
    VCPU_OFF,
    VCPU_READY,
    VCPU_IDLE,
    VCPU_RELAX,
};

struct vcpu {
    enum vcpu_state state;
    bool irqs_masked; /* while another runs */
    bool irq_line;
    /* IDLE, RELAX: goes on at its next turn. READY: what it is about to poll may have changed since
     * it looked, so its next arch_cpu_relax() does not wait. */
    bool look_again;
    uint64_t deadline_ns; /* RELAX */
    struct arch_context context;
};

struct arch_sim_cpu arch_sim_cpu;

static struct vcpu vcpus[CPU_MAX];
static uint32_t vcpu_count;
static struct arch_context host_context;
static const struct port_boot *boot;
static const uint32_t *cost_ns; /* NULL: work takes no time */
static uint32_t polls, fruitless;
static uint64_t storm_ns, storm_inputs;
static uint32_t storm_count;
static bool running;

/* --- which one runs --- */

static void update_attention(void)
{
    bool before = arch_sim_cpu.point_armed || arch_sim_cpu.charge_armed;
    sim_now.attention =
        (arch_sim_cpu.irq_line ? SIM_ATTENTION_IRQ : 0u) | (before ? SIM_ATTENTION_BEFORE : 0u);
}

static void set_current(uint32_t cpu)
{
    arch_sim_cpu.id = cpu;
    arch_sim_cpu.irq_line = vcpus[cpu].irq_line;
    sim_now.cpu = cpu;
    update_attention();
}

/* One CPU has nobody to be interleaved with; a script counts points all the same. */
static void arm_points(void)
{
    uint32_t started = 0;
    for (uint32_t i = 0; i < vcpu_count; i++)
        started += vcpus[i].state != VCPU_OFF;
    enum sim_schedule_policy policy = boot->config->schedule.policy;
    arch_sim_cpu.point_armed =
        policy == SIM_SCHEDULE_SCRIPTED || (policy == SIM_SCHEDULE_SEEDED && started > 1);
    update_attention();
}

/* Leaves this CPU's stack for that of `next`; returns when this CPU goes on. */
static void switch_to(uint32_t next)
{
    uint32_t me = arch_sim_cpu.id;
    vcpus[me].irqs_masked = arch_sim_cpu.irqs_masked;
    arch_sim_cpu.irqs_masked = true;
    set_current(next);
    arch_context_switch(&vcpus[me].context, &vcpus[next].context);
    arch_sim_cpu.irqs_masked = vcpus[me].irqs_masked;
}

static bool line_unmasked(const struct vcpu *vcpu)
{
    return vcpu->irq_line && !vcpu->irqs_masked;
}

/* CPUs that can go on while nothing else happens. */
static uint32_t runnable_mask(void)
{
    uint32_t mask = 0;
    for (uint32_t i = 0; i < vcpu_count; i++) {
        const struct vcpu *vcpu = &vcpus[i];
        bool can = false;
        switch (vcpu->state) {
        case VCPU_OFF:
            break;
        case VCPU_READY:
            can = true;
            break;
        case VCPU_IDLE:
            can = vcpu->irq_line || vcpu->look_again;
            break;
        case VCPU_RELAX:
            can = vcpu->look_again || line_unmasked(vcpu);
            break;
        }
        mask |= can ? 1u << i : 0;
    }
    return mask;
}

/* At a point a polling CPU may be the next as well. */
static uint32_t point_mask(void)
{
    uint32_t mask = runnable_mask();
    for (uint32_t i = 0; i < vcpu_count; i++)
        mask |= vcpus[i].state == VCPU_RELAX ? 1u << i : 0;
    return mask;
}

static void pollers_look_again(uint32_t except)
{
    for (uint32_t i = 0; i < vcpu_count; i++) {
        if (i != except && vcpus[i].state != VCPU_IDLE)
            vcpus[i].look_again = true;
    }
}

/* --- named points and costs --- */

void arch_sim_point(void)
{
    uint32_t me = arch_sim_cpu.id;
    uint32_t next = schedule_point(me, point_mask());
    if (next == me)
        return;
    switch_to(next);
    vcpus[me].look_again = true;
    arch_sim_take_irqs();
}

uint64_t arch_sim_charge(enum arch_work work, uint64_t count)
{
    uint64_t ns = cost_ns[work] * count;
    if (machine_charge(ns))
        pollers_look_again(CPU_MAX);
    return ns;
}

void port_before_access(void)
{
    arch_point();
    arch_charge(ARCH_WORK_MMIO, 1);
}

/* --- a kernel that hangs --- */

/* It may be the kernel's fault or that of a device tree that wires what is not there; a board would
 * stand still for ever. Here the place is told and the image ends like by power-off, with an error:
 * what was recorded stays whole. */
_Noreturn static void hang(const char *format, ...) __attribute__((format(printf, 1, 2)));
_Noreturn static void hang(const char *format, ...)
{
    char why[SIM_REASON_MAX - 24], line[SIM_REASON_MAX];
    va_list arguments;
    va_start(arguments, format);
    format_text_va(why, sizeof why, format, arguments);
    va_end(arguments);
    format_text(line, sizeof line, "the kernel hangs: %s", why);
    machine_end_with(-EDEADLK, line);
    format_text(line, sizeof line, "the kernel hangs: %s\n", why);
    arch_console_write(line, strlen(line));
    arch_sim_say_where(arch_console_write);
    vcpus_end();
}

/* --- interrupts --- */

void port_cpu_irq(uint32_t cpu, bool active)
{
    vcpus[cpu].irq_line = active;
    if (cpu == arch_sim_cpu.id) {
        arch_sim_cpu.irq_line = active;
        update_attention();
    }
}

/* Inputs make for interrupts too, and a recording may have any number of edges at one time. */
static void storm_is_over_limit(void)
{
    uint64_t inputs = machine_input_count();
    if (inputs == storm_inputs)
        hang("CPU %u took %u interrupts while no time passed: the device that asks is not served",
             arch_sim_cpu.id, STORM_MAX);
    storm_inputs = inputs;
    storm_count = 0;
}

static void watch_for_storm(void)
{
    uint64_t now = machine_now_ns();
    if (now != storm_ns) {
        storm_ns = now;
        storm_count = 0;
    }
    if (__builtin_expect(++storm_count == STORM_MAX, 0))
        storm_is_over_limit();
}

void arch_sim_take_irqs(void)
{
    while (arch_sim_cpu.irq_line && !arch_sim_cpu.irqs_masked) {
        arch_sim_cpu.irqs_masked = true;
        watch_for_storm();
        arch_charge(ARCH_WORK_INTERRUPT, 1);
        kernel_irq();
        vcpus[arch_sim_cpu.id].look_again = true;
        if (arch_sim_cpu.charge_armed && machine_stop_overdue())
            kernel_stop();
        arch_sim_cpu.irqs_masked = false;
    }
}

void port_take_irqs(void)
{
    arch_sim_take_irqs();
}

/* --- waiting --- */

static uint64_t earliest_deadline(void)
{
    uint64_t earliest = TIME_NEVER;
    for (uint32_t i = 0; i < vcpu_count; i++) {
        if (vcpus[i].state == VCPU_RELAX && vcpus[i].deadline_ns < earliest)
            earliest = vcpus[i].deadline_ns;
    }
    return earliest;
}

_Noreturn static void nothing_will_happen(void)
{
    char states[128];
    vcpus_describe(states, sizeof states);
    hang("every CPU waits for something that can never happen (%s)", states);
}

/* The kernel's code runs here, in the middle of this CPU's wait; it may be switched from at a point
 * and must come back. Afterwards the CPU looks for work again. */
static void ask_kernel_to_stop(uint32_t me)
{
    enum vcpu_state waiting = vcpus[me].state;
    vcpus[me].state = VCPU_READY;
    kernel_stop();
    vcpus[me].state = waiting;
    vcpus[me].look_again = true;
}

/* No CPU can go on: the world outside of them does. */
static void let_time_pass(uint32_t me)
{
    uint64_t now = machine_now_ns();
    uint64_t limit = earliest_deadline();
    switch (machine_step(limit > now ? limit : now)) {
    case MACHINE_EVENT:
        fruitless = 0;
        break;
    case MACHINE_STOP:
        ask_kernel_to_stop(me);
        break;
    case MACHINE_NOTHING:
        if (++fruitless == FRUITLESS_MAX)
            nothing_will_happen();
        break;
    }
    polls = 0;
    pollers_look_again(CPU_MAX);
}

/* The CPU that goes on next, after `me` said what it waits for. */
static uint32_t next_to_run(uint32_t me)
{
    for (;;) {
        uint32_t runnable = runnable_mask();
        if (runnable != 0)
            return schedule_wait(me, runnable);
        let_time_pass(me);
    }
}

static void wait_as(enum vcpu_state state, uint64_t deadline_ns)
{
    uint32_t me = arch_sim_cpu.id;
    struct vcpu *vcpu = &vcpus[me];
    vcpu->irqs_masked = arch_sim_cpu.irqs_masked;
    vcpu->deadline_ns = deadline_ns;
    vcpu->look_again = false;
    vcpu->state = state;
    uint32_t next = next_to_run(me);
    if (next != me)
        switch_to(next);
    vcpu->look_again = false;
    vcpu->state = VCPU_READY;
}

void arch_cpu_idle(void)
{
    BUG_ON(!arch_irqs_disabled());
    if (arch_sim_cpu.irq_line)
        return;
    pollers_look_again(arch_sim_cpu.id);
    wait_as(VCPU_IDLE, TIME_NEVER);
}

void arch_cpu_relax(uint64_t deadline_ns)
{
    arch_sim_take_irqs();
    struct vcpu *me = &vcpus[arch_sim_cpu.id];
    if (deadline_ns <= machine_now_ns()) {
        arch_point();
        return;
    }
    if (polls < POLLS_MAX) {
        polls++;
        if (me->look_again) {
            me->look_again = false;
            return;
        }
        pollers_look_again(arch_sim_cpu.id);
    }
    wait_as(VCPU_RELAX, deadline_ns);
    arch_sim_take_irqs();
}

/* --- start and end --- */

uint32_t arch_cpu_count(void)
{
    return vcpu_count;
}

bool arch_cpu_parked(uint32_t cpu)
{
    return cpu < vcpu_count && vcpus[cpu].state == VCPU_OFF;
}

static void secondary_entry(void *argument)
{
    struct vcpu *vcpu = argument;
    arch_sim_cpu.irqs_masked = true;
    kernel_secondary_main();
    /* Parked. Whoever sees that runs on another stack already. */
    uint32_t me = (uint32_t)(vcpu - vcpus);
    arch_sim_cpu.irqs_masked = true;
    vcpu->state = VCPU_OFF;
    pollers_look_again(me);
    uint32_t next = next_to_run(me);
    set_current(next);
    arch_context_exit(&vcpu->context, &vcpus[next].context);
}

int arch_cpu_start(uint32_t cpu, void *stack_base, size_t stack_size)
{
    if (cpu >= vcpu_count)
        return -ENODEV;
    if (vcpus[cpu].state != VCPU_OFF)
        return -EBUSY;
    vcpus[cpu].state = VCPU_READY;
    vcpus[cpu].irqs_masked = true;
    arch_context_init(&vcpus[cpu].context, stack_base, stack_size, secondary_entry, &vcpus[cpu]);
    arm_points();
    return 0;
}

static void boot_entry(void *argument)
{
    const struct boot_info *info = argument;
    arch_sim_cpu.irqs_masked = true;
    boot->result->booted = true;
    boot->result->kernel_error = kernel_main(info);
    vcpus_end();
}

static void fill_modules(struct boot_module *to, const struct sim_config *config)
{
    for (uint32_t i = 0; i < config->module_count; i++)
        to[i] = (struct boot_module){ config->modules[i].name, config->modules[i].data,
                                      config->modules[i].size };
}

void vcpus_begin(void)
{
    for (uint32_t i = 0; i < CPU_MAX; i++)
        vcpus[i] = (struct vcpu){ .irqs_masked = true };
    vcpu_count = 0;
    arch_sim_cpu = (struct arch_sim_cpu){ .irqs_masked = true };
    running = false;
}

static void reset(const struct port_boot *new_boot)
{
    boot = new_boot;
    vcpu_count = boot->config->cpu_count;
    cost_ns = cpu_model_cost_ns(boot->config->cpu_model);
    host_context = (struct arch_context){ 0 };
    polls = fruitless = storm_count = 0;
    storm_ns = storm_inputs = 0;
    arch_sim_context_reset();
    arch_sim_cpu = (struct arch_sim_cpu){
        .irqs_masked = true,
        .charge_armed = cost_ns != NULL,
        .allocation_failing = machine_failing_allocation(),
    };
    vcpus[0].state = VCPU_READY;
    set_current(0);
    arm_points();
}

void vcpus_run(const struct port_boot *new_boot, void *stack, size_t stack_size)
{
    reset(new_boot);
    struct boot_module modules[BOOT_MODULE_MAX];
    const struct sim_config *config = boot->config;
    fill_modules(modules, config);
    const struct boot_memory memory = { { ARCH_SIM_MEMORY_BASE }, config->memory_size };
    struct boot_info info = {
        .fdt = config->fdt,
        .fdt_size = config->fdt_size,
        .memory = &memory,
        .memory_count = 1,
        .command_line = config->command_line != NULL ? config->command_line : "",
        .modules = modules,
        .module_count = config->module_count,
    };
    arch_context_init(&vcpus[0].context, stack, stack_size, boot_entry, &info);
    running = true;
    arch_context_switch(&host_context, &vcpus[0].context);
    running = false;
    boot->result->kernel_allocations = arch_sim_cpu.allocation_count;
}

_Noreturn void vcpus_end(void)
{
    arch_sim_cpu.irqs_masked = true;
    arch_context_exit(&vcpus[arch_sim_cpu.id].context, &host_context);
}

_Noreturn void arch_power_off(void)
{
    boot->result->powered_off = true;
    vcpus_end();
}

_Noreturn void arch_reboot(void)
{
    arch_power_off();
}

bool vcpus_running(void)
{
    return running;
}

void vcpus_describe(char *text, size_t size)
{
    static const char *const names[] = { "off", "ready", "idle", "polling" };
    size_t used = 0;
    text[0] = '\0';
    for (uint32_t i = 0; i < vcpu_count && used + 1 < size; i++) {
        int wrote = format_text(text + used, size - used, "%sCPU %u: %s%s", i != 0 ? ", " : "", i,
                                i == arch_sim_cpu.id ? "running, was " : "", names[vcpus[i].state]);
        used += wrote > 0 ? (size_t)wrote : 0;
    }
}
