/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* A machine for model tests: answers the services of hw_models/model.h and keeps everything a model
 * says.
 *
 * Nodes are given as C tables; interrupts are wired by env_wire(). There is one environment at a
 * time. */
#pragma once
#include <hw_models/models.h>

#define ENV_MODEL_MAX 16
#define ENV_EVENT_MAX 8192
#define ENV_CELL_MAX  16

struct env_property {
    const char *name;
    const char *text; /* or cells */
    uint32_t count, cells[ENV_CELL_MAX];
};

struct model_node {
    const char *name, *label;
    uint32_t phandle;
    uint32_t i2c_address;
    const struct model_node *parent;
    const struct env_property *properties; /* name NULL ends it */
};

struct env_event {
    struct event event;
    uint8_t write_data[64], read_data[4096];
};

/* What models reach by themselves (model_dma_read(), model_dma_write()). */
#define ENV_RAM_BASE 0x40000000u
#define ENV_RAM_SIZE 0x10000u
extern uint8_t env_ram[ENV_RAM_SIZE];

void env_reset(void);
void env_free(void);
/* Binds a model; init() is called by env_start(). */
struct model *env_add(const struct model_ops *ops, const struct model_node *node);
void env_start(void);
/* Output `index` of `from` goes to `to`, with this specifier. */
void env_wire(struct model *from, uint32_t index, struct model *to, uint32_t count,
              const uint32_t *cells);
void env_cpus(uint32_t count);

uint64_t env_now(void);
/* Runs every timer up to and including `time_ns`, then stands there. */
void env_run_until(uint64_t time_ns);
void env_run_for(uint64_t ns);

uint32_t env_read(struct model *model, uint32_t region, uint32_t offset);
void env_write(struct model *model, uint32_t region, uint32_t offset, uint32_t value);
uint32_t env_read_cpu(struct model *model, uint32_t cpu, uint32_t region, uint32_t offset,
                      uint32_t size);
void env_write_cpu(struct model *model, uint32_t cpu, uint32_t region, uint32_t offset,
                   uint32_t size, uint32_t value);

bool env_cpu_irq(uint32_t cpu);
/* Output level as last set; activations count rising edges. */
bool env_line(struct model *model, uint32_t index);
uint32_t env_activations(struct model *model, uint32_t index);
bool env_timer_line(struct model *model, uint32_t index, uint32_t cpu);

uint32_t env_event_count(void);
const struct env_event *env_event(uint32_t index);
const struct env_event *env_last(enum event_kind kind); /* NULL: none */
uint32_t env_count(enum event_kind kind);
void env_forget_events(void);

/* What UARTs have sent since the last call. */
uint32_t env_serial(const uint8_t **bytes);

uint32_t env_warnings(void); /* since the last call */
const char *env_last_warning(void);

/* The next `count` askings of this kind on this model find it due. Matched kinds compare
 * `parameter`. */
void env_fault(struct model *model, enum fault_kind kind, uint64_t parameter, uint32_t count);
uint64_t env_hash(void);

/* One register of a table: what it reads after reset, and which bits keep what is written. */
struct env_register {
    const char *name;
    uint32_t offset, reset, writable;
};
/* Checks reset value, all ones and all zeros of each; restores the reset value. */
void env_check_registers(struct model *model, uint32_t region, const struct env_register *table,
                         uint32_t count);
