/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#include "port.h"

#include <arch/cpu.h>
#include <arch/entry.h>
#include <arch/irqflags.h>
#include <arch/mmu.h>
#include <arch/work.h>
#include <axiom/bug.h>
#include <axiom/errno.h>
#include <axiom/event.h>
#include <bpf_glue/bpf_glue.h>
#include <core/thread.h>
#include <core/time.h>
#include <hw/clock.h>
#include <hw/device.h>
#include <libfdt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#ifdef __SANITIZE_ADDRESS__
#include <sanitizer/asan_interface.h>
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#include <sanitizer/asan_interface.h>
#endif
#endif
#ifndef ASAN_POISON_MEMORY_REGION
#define ASAN_POISON_MEMORY_REGION(at, size)   ((void)(at), (void)(size))
#define ASAN_UNPOISON_MEMORY_REGION(at, size) ((void)(at), (void)(size))
#endif

#define PLANS_MAX  64
#define ALARM_LINE PORT_LINES

struct plan {
    uint64_t time_ns;
    void (*callback)(void *context);
    void *context;
};

struct arch_sim_cpu arch_sim_cpu;
char *arch_sim_memory;

static struct {
    uint64_t now_ns;
    uint64_t clock_hz;
    uint64_t alarm_ticks;
    uint64_t alarms_set, alarms_expired;
    uint32_t pending; /* lines, and the alarm */
    uint32_t enabled;
    struct plan plans[PLANS_MAX];
    uint32_t plan_count;
    struct irq_domain *domain;
    struct thread *test_thread;
    void (*body)(void *argument);
    void *argument;
    bool no_body;
    struct mm_stats mm;
} port;

static char console_text[65536];
static size_t console_length;

/* --- time --- */

static uint64_t ticks_at(uint64_t ns)
{
    return (uint64_t)((unsigned __int128)ns * port.clock_hz / NSEC_PER_SEC);
}

/* The first ns at which the counter shows `ticks`. */
static uint64_t ns_at(uint64_t ticks)
{
    return (uint64_t)(((unsigned __int128)ticks * NSEC_PER_SEC + port.clock_hz - 1) /
                      port.clock_hz);
}

static void update_line(void)
{
    arch_sim_cpu.irq_line = (port.pending & port.enabled) != 0;
}

/* Makes happen what is due at now_ns. */
static void happen(void)
{
    for (uint32_t i = 0; i < port.plan_count;) {
        if (port.plans[i].time_ns > port.now_ns) {
            i++;
            continue;
        }
        struct plan plan = port.plans[i];
        memmove(&port.plans[i], &port.plans[i + 1], (--port.plan_count - i) * sizeof port.plans[0]);
        plan.callback(plan.context);
    }
    if (port.alarm_ticks != TIME_NEVER && ticks_at(port.now_ns) >= port.alarm_ticks) {
        port.alarm_ticks = TIME_NEVER;
        port.alarms_expired++;
        port.pending |= 1u << ALARM_LINE;
    }
    update_line();
}

/* To the next thing that happens, at most to limit_ns; false if there is none. */
static bool advance(uint64_t limit_ns)
{
    uint64_t next_ns = limit_ns;
    for (uint32_t i = 0; i < port.plan_count; i++) {
        if (port.plans[i].time_ns < next_ns)
            next_ns = port.plans[i].time_ns;
    }
    if (port.alarm_ticks != TIME_NEVER && ns_at(port.alarm_ticks) < next_ns)
        next_ns = ns_at(port.alarm_ticks);
    if (next_ns == TIME_NEVER)
        return false;
    if (next_ns > port.now_ns)
        port.now_ns = next_ns;
    happen();
    return true;
}

void port_plan(uint64_t time_ns, void (*callback)(void *context), void *context)
{
    BUG_ON(port.plan_count == PLANS_MAX);
    uint32_t at = port.plan_count++;
    for (; at > 0 && port.plans[at - 1].time_ns > time_ns; at--)
        port.plans[at] = port.plans[at - 1];
    port.plans[at] = (struct plan){ time_ns, callback, context };
}

void port_pull(uint32_t line)
{
    port.pending |= 1u << line;
    update_line();
}

uint64_t port_now_ns(void)
{
    return port.now_ns;
}

uint64_t port_alarms_set(void)
{
    return port.alarms_set;
}

uint64_t port_alarms_expired(void)
{
    return port.alarms_expired;
}

void port_burn(uint64_t cpu_ns)
{
    uint64_t until = thread_cpu_time_ns(thread_current()) + cpu_ns;
    for (;;) {
        uint64_t used = thread_cpu_time_ns(thread_current());
        if (used >= until)
            return;
        delay_relax(ktime_get_ns() + (until - used));
    }
}

/* --- the CPU contract --- */

void arch_sim_take_irqs(void)
{
    while (arch_sim_cpu.irq_line && !arch_sim_cpu.irqs_masked) {
        arch_sim_cpu.irqs_masked = true;
        kernel_irq();
        arch_sim_cpu.irqs_masked = false;
    }
}

void arch_sim_point(void)
{
}

uint64_t arch_sim_charge(enum arch_work work, uint64_t count)
{
    (void)work;
    (void)count;
    return 0;
}

void arch_cpu_relax(uint64_t deadline_ns)
{
    arch_sim_take_irqs();
    if (deadline_ns <= port.now_ns)
        return;
    if (!advance(deadline_ns)) {
        fprintf(stderr, "port: the CPU polls for something that cannot happen\n");
        abort();
    }
    arch_sim_take_irqs();
}

void arch_cpu_idle(void)
{
    while (!arch_sim_cpu.irq_line) {
        if (!advance(TIME_NEVER)) {
            kernel_stop(); /* nothing will ever happen */
            return;
        }
    }
}

uint32_t arch_cpu_count(void)
{
    return 1;
}

int arch_cpu_start(uint32_t cpu, void *stack_base, size_t stack_size)
{
    (void)cpu;
    (void)stack_base;
    (void)stack_size;
    return -ENODEV;
}

bool arch_cpu_parked(uint32_t cpu)
{
    (void)cpu;
    return true;
}

void arch_console_write(const char *text, size_t size)
{
    fwrite(text, 1, size, stderr);
    if (size > sizeof console_text - 1 - console_length)
        size = sizeof console_text - 1 - console_length;
    memcpy(console_text + console_length, text, size);
    console_length += size;
    console_text[console_length] = '\0';
}

bool arch_console_lock(void)
{
    return true;
}

void arch_console_unlock(bool taken)
{
    (void)taken;
}

const char *port_console(void)
{
    return console_text;
}

void arch_panic(void)
{
    abort();
}

int arch_stack_map(struct phys_addr pages, size_t size, void **base)
{
    (void)size;
    *base = arch_phys_to_virt(pages);
    return 0;
}

void arch_stack_unmap(void *base, size_t size)
{
    arch_unpoison(base, size);
}

void arch_poison(const void *at, size_t size)
{
    ASAN_POISON_MEMORY_REGION(at, size);
}

void arch_unpoison(const void *at, size_t size)
{
    ASAN_UNPOISON_MEMORY_REGION(at, size);
}

int mmio_map(struct phys_addr base, uint64_t size, enum mmio_kind kind, struct mmio *out)
{
    *out = (struct mmio){ .base = base.value, .size = size, .kind = kind };
    return 0;
}

void mmio_unmap(struct mmio *region)
{
    *region = (struct mmio){ 0 };
}

/* --- the board's driver: root controller, clock, and the test's thread --- */

static void root_handle(struct irq_root *root)
{
    (void)root;
    uint32_t pending;
    while ((pending = port.pending & port.enabled) != 0) {
        uint32_t line = (uint32_t)__builtin_ctz(pending);
        port.pending &= ~(1u << line);
        update_line();
        if (line == ALARM_LINE) {
            extern struct clock_event port_clock_event;
            clock_event_expired(&port_clock_event);
        } else {
            irq_domain_handle(port.domain, line);
        }
    }
}

static void root_cpu_start(struct irq_root *root)
{
    (void)root;
    port.enabled |= 1u << ALARM_LINE;
}

static void root_send_ipi(struct irq_root *root, uint32_t cpu_mask)
{
    (void)root;
    (void)cpu_mask;
}

static struct irq_root port_root = { root_handle, root_cpu_start, root_send_ipi };

static uint64_t clock_read(struct clock_source *source)
{
    (void)source;
    return ticks_at(port.now_ns);
}

static struct clock_source port_clock_source;

static void event_set_ticks(struct clock_event *event, uint64_t ticks)
{
    (void)event;
    port.alarms_set++;
    port.alarm_ticks = ticks;
    if (ticks != TIME_NEVER)
        happen();
}

static void event_cpu_start(struct clock_event *event)
{
    (void)event;
}

extern struct clock_event port_clock_event;
struct clock_event port_clock_event = { .name = "port",
                                        .set_ticks = event_set_ticks,
                                        .cpu_start = event_cpu_start };

static int domain_translate(struct irq_domain *domain, const uint32_t *cells, uint32_t count,
                            uint32_t *hwirq, enum irq_type *type)
{
    (void)domain;
    (void)count;
    *hwirq = cells[0];
    *type = IRQ_TYPE_EDGE_RISING;
    return cells[0] < PORT_LINES ? 0 : -EINVAL;
}

static int domain_set_type(struct irq_domain *domain, uint32_t hwirq, enum irq_type type)
{
    (void)domain;
    (void)hwirq;
    return type == IRQ_TYPE_LEVEL_LOW ? -EINVAL : 0;
}

static void domain_mask(struct irq_domain *domain, uint32_t hwirq)
{
    (void)domain;
    port.enabled &= ~(1u << hwirq);
    update_line();
}

static void domain_unmask(struct irq_domain *domain, uint32_t hwirq)
{
    (void)domain;
    port.enabled |= 1u << hwirq;
    update_line();
}

static const struct irq_domain_ops domain_ops = {
    .translate = domain_translate,
    .set_type = domain_set_type,
    .mask = domain_mask,
    .unmask = domain_unmask,
};

struct irq_domain *port_domain(void)
{
    return port.domain;
}

struct irq *port_irq(uint32_t line)
{
    struct irq *irq;
    BUG_ON(irq_domain_map(port.domain, line, IRQ_TYPE_EDGE_RISING, &irq) != 0);
    return irq;
}

static int test_entry(void *argument)
{
    (void)argument;
    port.body(port.argument);
    kernel_stop();
    return 0;
}

static int start_test_thread(void)
{
    const struct thread_options options = {
        .name = "test",
        .entry = test_entry,
        .sched = { .policy = SCHED_POLICY_FIFO, .priority = 40 },
    };
    return thread_create(&options, &port.test_thread);
}

/* A tree that names two boards gets one: the core has one root controller. */
static int board_probe(struct device *device)
{
    struct irq_domain *domain;
    int err =
        irq_domain_create(device, device_node(device), &domain_ops, PORT_LINES, NULL, &domain);
    if (err)
        return err;
    err = irq_root_register(&port_root);
    if (err)
        goto destroy_domain;
    port.domain = domain;
    port_clock_source = (struct clock_source){ "port", port.clock_hz, clock_read, 100 };
    err = clock_source_register(&port_clock_source);
    if (err)
        goto unregister_root;
    err = clock_event_register(&port_clock_event);
    if (err)
        goto unregister_source;
    if (!port.no_body)
        err = start_test_thread();
    if (err == 0)
        return 0;
    clock_event_unregister(&port_clock_event);
unregister_source:
    clock_source_unregister(&port_clock_source);
unregister_root:
    irq_root_unregister(&port_root);
    port.domain = NULL;
destroy_domain:
    irq_domain_destroy(domain);
    return err;
}

static void board_remove(struct device *device)
{
    (void)device;
    if (port.test_thread != NULL)
        thread_join(port.test_thread);
    clock_event_unregister(&port_clock_event);
    clock_source_unregister(&port_clock_source);
    irq_root_unregister(&port_root);
    irq_domain_destroy(port.domain);
}

static const char *const board_compatible[] = { "test,board", NULL };
extern const struct driver port_board_driver;
const struct driver port_board_driver = { "test-board", board_compatible, board_probe,
                                          board_remove };

/* --- a run --- */

void *port_board_tree(size_t *size)
{
    *size = 4096;
    void *fdt = aligned_alloc(8, *size);
    BUG_ON(fdt_create(fdt, (int)*size) != 0);
    fdt_finish_reservemap(fdt);
    fdt_begin_node(fdt, "");
    fdt_property_u32(fdt, "#address-cells", 1);
    fdt_property_u32(fdt, "#size-cells", 1);
    fdt_begin_node(fdt, "board");
    fdt_property_string(fdt, "compatible", "test,board");
    fdt_property_u32(fdt, "#interrupt-cells", 1);
    fdt_property(fdt, "interrupt-controller", NULL, 0);
    fdt_property_u32(fdt, "phandle", 1);
    fdt_end_node(fdt);
    fdt_end_node(fdt);
    BUG_ON(fdt_finish(fdt) != 0);
    return fdt;
}

int port_run(const struct port_options *options, void (*body)(void *argument), void *argument)
{
    static const struct port_options none;
    options = options != NULL ? options : &none;
    memset(&port, 0, sizeof port);
    port.clock_hz = options->clock_hz != 0 ? options->clock_hz : NSEC_PER_SEC;
    port.alarm_ticks = TIME_NEVER;
    port.body = body;
    port.argument = argument;
    port.no_body = options->no_body;
    console_length = 0;
    console_text[0] = '\0';

    size_t size = options->memory_size != 0 ? options->memory_size : PORT_MEMORY_SIZE;
    arch_sim_memory = aligned_alloc(PAGE_SIZE, size);
    arch_sim_cpu = (struct arch_sim_cpu){ .irqs_masked = true,
                                          .allocation_failing = options->fail_allocation };
    size_t tree_size = options->fdt_size;
    void *own_tree = options->fdt == NULL ? port_board_tree(&tree_size) : NULL;
    event_registry_reset();
    event_clock_set(ktime_get_ns);
    const struct boot_memory memory = { { ARCH_SIM_MEMORY_BASE }, size };
    const struct boot_info info = {
        .fdt = own_tree != NULL ? own_tree : options->fdt,
        .fdt_size = tree_size,
        .memory = &memory,
        .memory_count = 1,
        .command_line = options->command_line != NULL ? options->command_line : "",
    };
    int err = kernel_main(&info);
    mm_stats(&port.mm);
    free(own_tree);
    free(arch_sim_memory);
    arch_sim_memory = NULL;
    return err;
}

uint64_t port_allocations(void)
{
    return arch_sim_cpu.allocation_count;
}

struct mm_stats port_mm_stats(void)
{
    return port.mm;
}

/* The core's last boot step: no programs here. */
int bpf_glue_init(const struct boot_module *modules, uint32_t module_count, uint32_t flags)
{
    (void)modules;
    (void)module_count;
    (void)flags;
    return 0;
}

void bpf_glue_exit(void)
{
}
