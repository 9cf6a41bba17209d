/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* Between the machine and the port that runs its CPUs (arch/sim; a real port that links the machine
 * in place of its board answers the same).
 *
 * The machine is everything outside of the CPUs: models, wires, time, inputs. It does not know the
 * kernel. It runs inside calls of the port only and never calls the kernel back: port_ functions
 * that could enter it are called by the bus alone, before and after the model's part. */
#pragma once
#include <axiom/types.h>
#include <sim/machine.h>

/* --- what the bus reads at each access; the port writes it --- */

enum sim_attention {
    SIM_ATTENTION_IRQ = 1,    /* the running CPU's interrupt line is active */
    SIM_ATTENTION_BEFORE = 2, /* named points or costs are armed: port_before_access() */
};

struct sim_now {
    uint32_t cpu;       /* the running one */
    uint32_t attention; /* enum sim_attention */
};
extern struct sim_now sim_now;

/* --- the port's, called by the machine --- */

/* Before anything is allocated for a run, and after everything is given back. */
void port_begin(const struct sim_config *config);
void port_end(struct sim_result *result);

struct port_boot {
    const struct sim_config *config;
    struct sim_result *result; /* kernel_error, booted, powered_off, leaks, kernel_allocations */
};
/* Runs the kernel to its end. 0, or -ENOMEM with result->reason: it could not be started. */
int port_boot(const struct port_boot *boot);

/* Before a register access: a named point, and its cost. */
void port_before_access(void);
/* After one, when the running CPU's line is active: takes interrupts unless they are masked. */
void port_take_irqs(void);
/* The interrupt line of a CPU changed. Does not enter the kernel. */
void port_cpu_irq(uint32_t cpu, bool active);

/* Memory for the machine itself, zeroed; NULL: there is none. Not in the path of an event. */
void *port_alloc(size_t size);
void port_free(void *at);
/* RAM of the kernel's, for a model that reaches memory by itself; NULL: not all of it is RAM. */
void *port_dma(uint64_t address, uint32_t size);

/* --- the machine's, called by the port --- */

enum machine_step {
    MACHINE_EVENT,   /* something happened, or time reached the limit */
    MACHINE_STOP,    /* the run is over: ask the kernel to stop, once */
    MACHINE_NOTHING, /* stopped, no limit, and nothing will ever happen */
};
/* No CPU can go on before limit_ns (TIME_NEVER: before something happens): time advances to the
 * next event, which happens, or to the limit. One event a call, the inputs of one instant and
 * target together. */
enum machine_step machine_step(uint64_t limit_ns);
/* True once, if the run should have ended while the CPUs were too busy for machine_step(). */
bool machine_stop_overdue(void);

uint64_t machine_now_ns(void);
/* Inputs of the trace that have been delivered. */
uint64_t machine_input_count(void);
/* The number of the kernel's allocation that is to fail; 0: none. */
uint64_t machine_failing_allocation(void);
/* Time passes while CPUs work; what comes due happens at its own time. True if anything did. */
bool machine_charge(uint64_t ns);

/* The schedule policy. runnable: bit mask of CPUs, contains `cpu` for a point. */
uint32_t schedule_point(uint32_t cpu, uint32_t runnable);
uint32_t schedule_wait(uint32_t cpu, uint32_t runnable);

/* ns that one unit of work costs (index: enum arch_work's order); NULL with the instant model. */
const uint32_t *cpu_model_cost_ns(enum sim_cpu_model model);

/* The run ends with this error, unless it has one already. */
void machine_end_with(int error, const char *reason);

/* For the last words: where the run stood, one line without newline. */
void machine_describe(char *text, size_t size);
