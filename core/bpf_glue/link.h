/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* Links: a verified program at an attach point. Internal to core/bpf_glue. */
#pragma once
#include <axiom/event.h>
#include <axiom/list.h>
#include <bpf/interp.h>
#include <bpf/prog.h>
#include <core/gpio.h>
#include <core/pwm.h>
#include <core/time.h>

#define LINK_TARGET_REASON_MAX 160

/* A section's name, understood. */
struct attach_target {
    enum bpf_attach_type type;
    uint32_t chip;
    uint32_t line;                /* or PWM channel */
    uint32_t edges;               /* enum gpio_edge mask */
    uint64_t rate_hz;             /* timers; 0: one shot */
    char device[EVENT_NAME_MAX];  /* IIO */
    char channel[EVENT_NAME_MAX]; /* IIO */
};

/* "gpio/chip0/line17/rising" and so on. -EINVAL with a reason for the person: what is wrong, and a
 * name that would do. */
int attach_target_parse(const char *section, const struct bpf_context_layout *layout,
                        struct attach_target *out, char *reason, size_t reason_size);

struct bpf_link {
    struct list_head all;        /* of every link, in order of attaching */
    struct list_head point;      /* of the links at the same attach point, same order */
    const struct bpf_prog *prog; /* replaced by one store (replace.c); a run reads it once */
    uint32_t slot_count;         /* of its context */
    char attach_point[EVENT_NAME_MAX];
    struct attach_target target;
    uint32_t iio_device, iio_channel; /* indexes of what an IIO link watches */
    uint32_t number;                  /* from 0, in order of attaching */
    uint64_t sequence;                /* events seen */
    struct timer timer;
    uint64_t started_ns, fired_count; /* timer */
};

/* --- attach.c --- */
void link_table_init(void);
void link_table_exit(void); /* detaches all */
uint32_t link_count(void);
/* By its number. */
struct bpf_link *link_at(uint32_t number);
/* The link takes `prog` over and destroys it when it is detached; on failure it stays the caller's.
 * -ENODEV, -ENOMEM with a reason. */
int link_attach(const struct bpf_prog *prog, const char *section, char *reason, size_t reason_size);
/* From here on attached programs run, all at once: nothing moves an actuator before every guard and
 * policy is in its place, and a module that is left out never ran. */
void link_go_live(void);
/* Detaches the links from number `first` on. */
void link_detach_from(uint32_t first);

/* --- run.c --- */
void run_init(void);
void run_exit(void);
/* From now on each CPU has this much stack for each run. -ENOMEM. Process context. */
int run_reserve(uint32_t stack_size);
/* Runs the link's program on its context's slots; records the run. Nests (a guard inside an
 * actuator helper). R0; *error_out is 0 or why it ended early. Any context. */
uint64_t link_run(struct bpf_link *link, uint64_t *slots, int *error_out);
/* A program is running on this CPU. Interrupts masked, as inside of one. */
bool run_is_inside(void);
/* The name of the innermost one; "bpf" if there is none. */
const char *run_program_name(void);
/* Returns when every run that had begun before has ended, on all CPUs. Not inside of a run. */
void run_synchronize(void);

/* --- env.c --- */
void glue_env_init(void);
const struct bpf_env *glue_env(void);
