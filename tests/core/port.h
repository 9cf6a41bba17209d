/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* A machine of one CPU for testing the core alone: memory, a clock that a test owns, interrupt
 * lines that it pulls. No bus and no models; those are sim/'s.
 *
 * Time moves only where the CPU waits: arch_cpu_idle() and arch_cpu_relax() advance it to the next
 * alarm, planned event or deadline. So a schedule can be written down to the nanosecond. */
#pragma once
#include <axiom/types.h>
#include <core/mm.h>
#include <hw/irq.h>

#define PORT_MEMORY_SIZE (4u * 1024u * 1024u)
#define PORT_LINES       16u

struct port_options {
    uint64_t fail_allocation; /* the nth fails; 0: none */
    uint64_t memory_size;     /* 0: PORT_MEMORY_SIZE */
    uint64_t clock_hz;        /* 0: 1 GHz */
    const void *fdt;          /* NULL: a tree with just the test board */
    size_t fdt_size;
    const char *command_line; /* NULL: empty */
    bool no_body;             /* `body` is not started: boot, then stop */
};

/* Boots a kernel whose "test" thread (fixed priority 40) runs body(argument), then stops it. What
 * kernel_main() returned. */
int port_run(const struct port_options *options, void (*body)(void *argument), void *argument);

/* Of the last run: allocations asked for. */
uint64_t port_allocations(void);
struct mm_stats port_mm_stats(void);

/* --- from the body --- */

/* At time_ns the callback runs outside of the CPU (it may pull lines, move nothing else). */
void port_plan(uint64_t time_ns, void (*callback)(void *context), void *context);
/* Interrupt line 0..PORT_LINES-1 becomes pending; it is taken when the CPU has interrupts on. */
void port_pull(uint32_t line);
/* The interrupt of a line, edge type. */
struct irq *port_irq(uint32_t line);
struct irq_domain *port_domain(void);
uint64_t port_now_ns(void);
/* How often the alarm was set; how often it went off. */
uint64_t port_alarms_set(void);
uint64_t port_alarms_expired(void);
/* The calling thread uses the CPU for so long, however often it is preempted. */
void port_burn(uint64_t cpu_ns);

/* Text that arch_panic() would leave the process with; tests of panics run in a fork. */
const char *port_console(void);

/* The device tree of the board alone; the caller frees it. */
void *port_board_tree(size_t *size);
