/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* The machine's inside, shared by the files of sim/.
 *
 *   machine.c        creation from a tree, destruction, sim_run()
 *   tree.c           the device tree as an array of nodes; addresses, interrupt specifiers
 *   wire.c           interrupt outputs to inputs
 *   bus.c            register accesses
 *   event_queue.c    model timers in order of time
 *   virtual_clock.c  now, and the hash at each interval
 *   pump.c           which event is next
 *   replay.c         inputs, one ahead; targets by path
 *   fault.c          the fault script
 *   schedule.c       interleaving of CPUs
 *   services.c       what model.h offers to models */
#pragma once
#include <axiom/types.h>
#include <hw_models/model.h>
#include <sim/machine.h>
#include <sim/port.h>

/* --- rng.c: splitmix64 --- */
struct rng {
    uint64_t state;
};
enum rng_stream { /* streams of one seed do not disturb each other */
                  RNG_SCHEDULE = 1,
                  RNG_FAULT,
};
void rng_init(struct rng *rng, uint64_t seed, enum rng_stream stream);
uint64_t rng_next(struct rng *rng);
/* Uniform in 0..bound-1; bound is not 0. */
uint32_t rng_below(struct rng *rng, uint32_t bound);

/* --- event_queue.c --- */
struct event_queue_entry {
    uint64_t at_ns, order;
    struct model_timer *timer;
};
struct event_queue {
    struct event_queue_entry *heap; /* 1-based */
    uint32_t count, capacity;
    uint64_t next_order;
};
void event_queue_init(struct event_queue *queue, struct event_queue_entry *memory,
                      uint32_t capacity);
/* Timers of one time stand in the order in which they were set. */
void event_queue_set(struct event_queue *queue, struct model_timer *timer, uint64_t at_ns);
void event_queue_cancel(struct event_queue *queue, struct model_timer *timer);
struct model_timer *event_queue_pop(struct event_queue *queue);
static inline uint64_t event_queue_next_ns(const struct event_queue *queue)
{
    return queue->count != 0 ? queue->heap[1].at_ns : TIME_NEVER;
}

/* --- virtual_clock.c --- */
struct virtual_clock {
    uint64_t now_ns;
    uint64_t next_hash_ns, hash_interval_ns; /* next: TIME_NEVER without hashes */
};

/* --- tree.c --- */
#define TREE_NODE_MAX  65536u
#define TREE_DEPTH_MAX 32u

struct model_node {
    int offset;       /* in the tree */
    uint32_t parent;  /* index; the root is its own */
    uint32_t phandle; /* 0: none */
    bool enabled;     /* status of this node and of all above */
    struct model_binding *binding;
};

struct tree_specifier { /* one interrupt specifier */
    struct model_node *parent;
    uint32_t cells[4];
    uint32_t count; /* cells */
};

int board_open(const void *fdt, size_t size);
struct model_node *board_by_phandle(uint32_t phandle);
const void *board_property(const struct model_node *node, const char *name, uint32_t *size);
/* Entry `index` of reg, untranslated and unsized for buses without size; -ENOENT. */
int board_reg(const struct model_node *node, uint32_t index, uint64_t *address, uint64_t *size);
/* The same as a CPU physical address; -EINVAL: some bus above does not translate. */
int board_reg_physical(const struct model_node *node, uint32_t index, uint64_t *address,
                       uint64_t *size);
/* An address on the bus below `bus` as a CPU physical one. -EINVAL. */
int board_translate(const struct model_node *bus, uint32_t space, uint64_t address, uint64_t size,
                    uint64_t *out);
/* The child of `node` with that name, with or without unit address; NULL: none. */
struct model_node *board_child(const struct model_node *node, const char *name);
/* The interrupt outputs of a node, one after the other: the entries of interrupts-extended or
 * interrupts, or the messages of msi-ranges, each with its number in its range, which must be added
 * to the translated line. In one pass, because the list comes from outside and may be long. */
struct board_interrupts {
    struct tree_specifier specifier; /* of the last output */
    const void *list;
    uint32_t cells, at;              /* of the list */
    bool has_parent, has_counts;     /* one controller for all; a count after each specifier */
    struct model_node *parent;       /* has_parent: it, or NULL */
    uint32_t message, message_count; /* of the specifier */
};
void board_interrupts_begin(const struct model_node *node, struct board_interrupts *out);
bool board_interrupts_next(struct board_interrupts *list, uint32_t *message);
uint32_t board_interrupt_count(const struct model_node *node);
/* "/soc/x@1" into text; false: too long. */
bool board_path(const struct model_node *node, char *text, size_t size);
bool board_compatible(const struct model_node *node, const char *compatible);

/* --- machine.c: a model and what the machine keeps of it --- */

/* A Pi 5 has some 30. What is done once a model may look at the whole tree. */
#define BINDING_MAX 1024u
/* Names in /aliases that are looked at; a Pi 5 has 60. core/device/device.c has the same number, so
 * that both give a chip one name. */
#define ALIAS_MAX 256u

struct wire {
    struct model *to; /* NULL: leads nowhere */
    uint32_t line;
    bool inverted;       /* a GPIO pin that is low when active */
    uint8_t active_cpus; /* level as driven, bit per CPU (bit 0 for outputs that have none) */
    uint8_t seen_cpus;   /* as the other side was told */
    struct model_timer late;
    uint32_t late_cpu;
};

struct model_binding {
    struct model *model;
    struct model_node *node;
    struct wire *wires;
    uint32_t wire_count;
    bool initialised;
    char label[EVENT_NAME_MAX];
};

struct bus_region {
    uint64_t base, size;
    struct model *model;
    uint64_t (*read)(struct model *model, const struct model_access *access);
    void (*write)(struct model *model, const struct model_access *access, uint64_t value);
    uint32_t index; /* into reg */
};

#define BUS_EXTRA_MAX 32u

/* Asked for by model_region_add(). */
struct bus_extra {
    struct model *model;
    uint64_t base, size;
    uint32_t index;
};

struct sim_target {
    struct model *model;
    uint32_t line;
};

struct replay {
    struct sim_input next;
    bool have_next;
    bool ended;
    bool delivering; /* a model is being told of an input now */
    uint64_t source_ns, position, last_time_ns, delivered;
    struct sim_target *targets;
};

#define FAULT_RULE_MAX 64u

enum fault_trigger {
    FAULT_AT,     /* once, at the first occasion from `from_ns` on */
    FAULT_WITHIN, /* at each occasion from from_ns to to_ns */
    FAULT_EVERY,  /* at each nth occasion */
    FAULT_RANDOM, /* at numerator of denominator occasions, by the seed */
};

struct fault_rule {
    enum fault_trigger trigger;
    enum fault_kind kind;
    const struct model *model;
    uint64_t from_ns, to_ns;
    uint32_t every, numerator, denominator;
    uint64_t occasions;
    uint64_t left; /* injections; UINT64_MAX: any number */
    bool has_parameter;
    uint64_t parameter;
};

struct faults {
    struct fault_rule rules[FAULT_RULE_MAX];
    uint32_t count;
    uint32_t kinds; /* bit mask: some rule has this kind */
    struct rng rng;
    uint64_t injected;
    uint64_t failing_allocation; /* 0: none */
    uint64_t jump_at_ns, jump_by_ns;
    struct model_timer jump;
};

struct schedule {
    struct sim_schedule config;
    struct rng rng;
    uint64_t points, switches;
    uint32_t script_next;
    uint32_t window_depth;
};

/* How long an input may wait for a model whose FIFO the driver does not empty. */
#define INPUT_HOLD_MAX_NS (100u * NSEC_PER_MSEC)

struct machine {
    const struct sim_config *config;
    struct sim_result *result;
    struct virtual_clock clock;
    struct event_queue queue;
    struct replay replay;
    struct faults faults;
    struct schedule schedule;

    const void *fdt;
    struct model_node *nodes;
    uint32_t node_count;
    struct model_binding *bindings;
    uint32_t binding_count;
    struct bus_region *regions; /* by address */
    uint32_t region_count;
    struct bus_extra extras[BUS_EXTRA_MAX];
    uint32_t extra_count;
    struct model **sysregs;     /* by enum sysreg; NULL: nothing answers */
    struct model **busy_models; /* those with a busy() */
    uint32_t busy_count;

    struct model_binding self; /* the machine as owner of timers and events of its own */
    struct model self_model;
    struct allocation *allocations;
    uint64_t stop_at_ns; /* TIME_NEVER: not known yet */
    bool stop_requested, stopped, live;
};

/* The one machine. All of it is set up by machine_create(). */
extern struct machine machine;

/* -ENOMEM, -EINVAL with result->reason. */
int machine_create(const struct sim_config *config, struct sim_result *result);
void machine_destroy(void);
/* Zeroed, freed with the machine. */
void *machine_alloc(size_t size);
int machine_fail(int error, const char *format, ...) __attribute__((format(printf, 2, 3)));
void machine_log(uint8_t level, const char *source, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
static inline struct model_binding *binding_of(const struct model *model)
{
    return model->node->binding;
}

/* wire.c */
int wires_allocate(struct model_binding *binding);
int wires_connect(void);

/* bus.c */
int bus_build(void);

/* virtual_clock.c */
void virtual_clock_init(uint64_t hash_interval_ns);
/* Forward only; emits the hashes that lie between. */
void clock_advance(uint64_t to_ns);

/* replay.c */
int replay_init(void);
/* Delivers what the pins show before power-on. */
int replay_initial(void);
/* When the next input may be delivered; TIME_NEVER: none, or a model must be served first. */
uint64_t replay_due_ns(void);
/* All inputs of that instant and target. */
void replay_deliver(void);
/* An input that is not the trace's (sim_config.live_input): whether it names a target that takes it; its delivery, now. */
bool replay_input_fits(const struct sim_input *input);
void replay_deliver_live(const struct sim_input *input);

/* fault.c */
int fault_init(void);
bool fault_due(struct model *model, enum fault_kind kind, uint64_t *parameter);

/* schedule.c */
void schedule_init(const struct sim_schedule *config, uint64_t seed);
