/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* The simulated machine in place of the board: one real CPU runs the kernel, time and interrupts are
 * the machine's (sim/port.h).
 *
 * Waiting is what arch/sim/vcpu.c does with one virtual CPU, step for step, because the outputs of a
 * run depend on it: an idle CPU goes on when its line is active; a polling one after anything that
 * could have changed what it polls; time moves only when it cannot go on. The machine's line is a
 * level. The CPU is told of it by an interrupt of its own (port_line_raise()), again before each
 * handling, so that whoever unmasks next is interrupted while the line stays active; one that comes
 * too late finds the line inactive and does nothing. */
#include <arch/context.h>
#include <arch/cpu.h>
#include <arch/irqflags.h>
#include <arch/mmu.h>
#include <axiom/bits.h>
#include <axiom/bug.h>
#include <axiom/errno.h>
#include <axiom/format.h>
#include <axiom/string.h>
#include <port/console.h>
#include <port/port.h>
#include <sim/port.h>

#include "machine_port.h"

/* As in arch/sim/vcpu.c. */
#define POLLS_MAX     256u
#define FRUITLESS_MAX 1000u
#define STORM_MAX     100000u

static char *memory;
static size_t memory_left;
static const struct boot_info *boot_info;
static const struct port_boot *boot;
static struct arch_context host_context, kernel_context;
static void *kernel_stack;

static bool line, look_again;
static uint32_t polls, fruitless;
static uint64_t storm_ns, storm_inputs;
static uint32_t storm_count;

#define KERNEL_STACK_SIZE (128u * 1024u)

/* --- memory --- */

void machine_memory_set(void *at, size_t size)
{
    memory = at;
    memory_left = size;
}

void machine_boot_info_set(const struct boot_info *info)
{
    boot_info = info;
}

void *port_alloc(size_t size)
{
    size_t need = (size + 63) & ~(size_t)63;
    if (need < size || need > memory_left)
        return NULL;
    void *at = memory;
    memory += need;
    memory_left -= need;
    memset(at, 0, size);
    return at;
}

void port_free(void *at)
{
    (void)at; /* there is one run, and then the end */
}

void *port_dma(uint64_t address, uint32_t size)
{
    for (uint32_t i = 0; i < boot_info->memory_count; i++) {
        const struct boot_memory *ram = &boot_info->memory[i];
        if (size != 0 && address >= ram->base.value && size <= ram->size &&
            address - ram->base.value <= ram->size - size)
            return arch_phys_to_virt((struct phys_addr){ address });
    }
    return NULL;
}

/* --- one boot --- */

void port_begin(const struct sim_config *config)
{
    (void)config;
    line = look_again = false;
    polls = fruitless = storm_count = 0;
    storm_ns = storm_inputs = 0;
    sim_now = (struct sim_now){ 0 };
}

void port_end(struct sim_result *result)
{
    (void)result;
}

_Noreturn static void leave(void)
{
    arch_irq_disable();
    arch_context_exit(&kernel_context, &host_context);
}

static void kernel_entry(void *argument)
{
    boot->result->booted = true;
    boot->result->kernel_error = kernel_main(argument);
    leave();
}

static void modules_fill(struct boot_module *to, const struct sim_config *config)
{
    for (uint32_t i = 0; i < config->module_count; i++)
        to[i] = (struct boot_module){ config->modules[i].name, config->modules[i].data,
                                      config->modules[i].size };
}

int port_boot(const struct port_boot *new_boot)
{
    static struct boot_module modules[BOOT_MODULE_MAX];
    const struct sim_config *config = new_boot->config;
    boot = new_boot;
    kernel_stack = port_alloc(KERNEL_STACK_SIZE);
    if (kernel_stack == NULL || config->module_count > BOOT_MODULE_MAX) {
        string_copy(boot->result->reason, sizeof boot->result->reason,
                    "no memory for the kernel's stack, or too many boot modules");
        return -ENOMEM;
    }
    modules_fill(modules, config);
    static struct boot_info info;
    info = (struct boot_info){
        .fdt = config->fdt,
        .fdt_size = config->fdt_size,
        .memory = boot_info->memory,
        .memory_count = boot_info->memory_count,
        .command_line = config->command_line != NULL ? config->command_line : "",
        .modules = modules,
        .module_count = config->module_count,
    };
    host_context = (struct arch_context){ 0 };
    arch_context_init(&kernel_context, kernel_stack, KERNEL_STACK_SIZE, kernel_entry, &info);
    arch_context_switch(&host_context, &kernel_context);
    return 0;
}

_Noreturn void arch_power_off(void)
{
    boot->result->powered_off = true;
    leave();
}

_Noreturn void arch_reboot(void)
{
    arch_power_off();
}

/* --- a kernel that hangs --- */

_Noreturn static void hang(const char *why)
{
    char text[SIM_REASON_MAX];
    format_text(text, sizeof text, "the kernel hangs: %s", why);
    machine_end_with(-EDEADLK, text);
    console_print("%s", text);
    machine_describe(text, sizeof text);
    console_print("%s", text);
    leave();
}

/* --- interrupts --- */

void port_cpu_irq(uint32_t cpu, bool active)
{
    (void)cpu; /* there is one */
    line = active;
    sim_now.attention = active ? SIM_ATTENTION_IRQ : 0;
    if (active)
        port_line_raise();
}

static void watch_for_storm(void)
{
    uint64_t now = machine_now_ns();
    if (now != storm_ns) {
        storm_ns = now;
        storm_count = 0;
    }
    if (__builtin_expect(++storm_count < STORM_MAX, 1))
        return;
    uint64_t inputs = machine_input_count();
    if (inputs == storm_inputs)
        hang("it took very many interrupts while no time passed");
    storm_inputs = inputs;
    storm_count = 0;
}

void machine_interrupt(void)
{
    if (!line)
        return;
    watch_for_storm();
    port_line_raise();
    look_again = true;
    kernel_irq();
}

/* The interrupt is on its way; it is taken here and nowhere later. */
void port_take_irqs(void)
{
    while (__atomic_load_n(&line, __ATOMIC_RELAXED) && !arch_irqs_disabled())
        port_pause();
}

void port_before_access(void)
{
}

/* --- waiting --- */

static void let_time_pass(bool idle, uint64_t deadline_ns)
{
    uint64_t now = machine_now_ns();
    bool stop = false;
    switch (machine_step(deadline_ns > now ? deadline_ns : now)) {
    case MACHINE_EVENT:
        fruitless = 0;
        break;
    case MACHINE_STOP:
        stop = true;
        kernel_stop();
        break;
    case MACHINE_NOTHING:
        if (++fruitless == FRUITLESS_MAX)
            hang("the CPU waits for something that can never happen");
        break;
    }
    polls = 0;
    look_again |= stop || !idle;
}

static void wait_until(bool idle, uint64_t deadline_ns)
{
    look_again = false;
    while (!look_again && !(line && (idle || !arch_irqs_disabled())))
        let_time_pass(idle, deadline_ns);
    (void)schedule_wait(0, 1);
    look_again = false;
}

void arch_cpu_idle(void)
{
    BUG_ON(!arch_irqs_disabled());
    if (!line)
        wait_until(true, TIME_NEVER);
}

void arch_cpu_relax(uint64_t deadline_ns)
{
    port_take_irqs();
    if (deadline_ns <= machine_now_ns())
        return;
    if (polls < POLLS_MAX) {
        polls++;
        if (look_again) {
            look_again = false;
            return;
        }
    }
    wait_until(false, deadline_ns);
    port_take_irqs();
}
