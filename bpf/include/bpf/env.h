/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* What the library is handed by the program that links it: memory, clock, log, actuators, and the
 * table of helpers.
 *
 * bpf/ calls nothing else of the outside. The kernel fills this once (core/bpf_glue), the `axiom`
 * command, tests and fuzzers each have their own. An env outlives every map and program made with
 * it and does not change meanwhile. */
#pragma once
#include <axiom/bpf.h>
#include <axiom/log.h>
#include <axiom/types.h>

#define BPF_PAGE_SIZE 4096u

struct bpf_env;
struct bpf_helper;
struct bpf_kfunc;
struct bpf_map;

/* What helpers do outside the library. A NULL member makes its helper return -EOPNOTSUPP (0 for
 * times). Called in whatever context the program runs in. Results: 0 or a negative errno unless
 * said otherwise. */
struct bpf_platform_ops {
    uint64_t (*clock_ns)(void *user);
    uint32_t (*cpu_index)(void *user);
    void (*trace_print)(void *user, const char *text);
    void (*ringbuf_notify)(void *user,
                           struct bpf_map *ringbuf); /* a record was committed: wake the reader */
    int (*gpio_get)(void *user, uint32_t chip, uint32_t line); /* 0, 1 or a negative errno */
    int (*gpio_set)(void *user, uint32_t chip, uint32_t line, uint32_t level);
    int (*pwm_get)(void *user, uint32_t chip, uint32_t channel, struct axiom_pwm_state *out);
    int (*pwm_set)(void *user, uint32_t chip, uint32_t channel, uint64_t period_ns,
                   uint64_t duty_ns);
    int (*emergency_stop)(void *user, uint64_t reason);
    uint64_t (*sensor_last_ns)(void *user, uint32_t device, uint32_t channel);
    /* Classic BPF's packet loads (RFC 9669 §5.5) for contexts that are packets: `size_bytes` bytes at
     * `offset` in network byte order, as a number. False ends the program with 0, as does NULL. */
    bool (*packet_load)(void *user, void *context, int32_t offset, uint32_t size_bytes,
                        uint32_t *out);
    /* The next number of the run's seeded generator; never a host's randomness. */
    uint32_t (*random)(void *user);
    uint64_t (*current_pid_tgid)(void *user); /* process in the upper half, thread in the lower */
    uint64_t (*current_uid_gid)(void *user);  /* group in the upper half, user in the lower */
    void (*current_comm)(void *user, char comm[16]); /* with the final 0; `comm` is zeroed */
    /* Copies kernel memory at an address that may be bad: -EFAULT, with nothing promised of `to`.
     */
    int (*read_kernel)(void *user, void *to, const void *from, size_t size_bytes);
};

/* Executable memory: written, then sealed, then run; never writable and executable at once. */
struct bpf_exec_ops {
    /* Writable memory, not executable, aligned to 64 bytes, or NULL. */
    void *(*alloc)(void *user, size_t size_bytes);
    /* Makes it executable and no longer writable, and the instruction caches see it. 0, or a
       negative errno: it is still to be freed. */
    int (*seal)(void *user, void *at, size_t size_bytes);
    void (*free)(void *user, void *at, size_t size_bytes); /* sealed or not */
};

struct bpf_env {
    void *user; /* handed to every function of this env */

    /* Zeroed memory aligned to 16 bytes, or NULL. Never called while a program runs. */
    void *(*alloc)(void *user, size_t size_bytes);
    void (*free)(void *user, void *at, size_t size_bytes);

    /* CPUs that programs run on, whose indexes (platform->cpu_index) are below it; 0 counts as 1.
     * Per-CPU maps have so many values. */
    uint32_t cpu_count;

    /* Mask this CPU's interrupts while a map's lock is held, and restore what was before. NULL
     * where nothing can interrupt a map operation with another one on the same CPU. */
    uint64_t (*irq_save)(void *user);
    void (*irq_restore)(void *user, uint64_t state);
    /* Returns when every program run that had begun before has ended. Called outside of programs,
     * before something that they could reach by a map (an inner map, a program) is given back. NULL
     * where no program runs meanwhile. */
    void (*synchronize)(void *user);

    /* A struct_ops map was filled and goes live, or was deleted and must not be called any more.
     * 0 or a negative errno. NULL: the kernel has none. */
    int (*struct_ops_register)(void *user, struct bpf_map *map);
    void (*struct_ops_unregister)(void *user, struct bpf_map *map);

    /* Zeroed memory: head_bytes, then ring_bytes, then the same ring_bytes a second time right
     * behind (both multiples of BPF_PAGE_SIZE, and so is the address). NULL, the function or its
     * result: records never cross the end of a ring. */
    void *(*alloc_ring)(void *user, size_t head_bytes, size_t ring_bytes);
    void (*free_ring)(void *user, void *at, size_t head_bytes, size_t ring_bytes);

    /* A line of the log, without newline. May be NULL. */
    void (*log)(void *user, enum log_level level, const char *text);

    const struct bpf_platform_ops *platform;

    /* For JITs; NULL: programs are interpreted only. */
    const struct bpf_exec_ops *exec;

    /* The helpers that programs may call, sorted by id; usually bpf_helpers and bpf_helper_count
     * (helper.h). */
    const struct bpf_helper *helpers;
    uint32_t helper_count;
    /* The kernel's functions that programs may call by BTF id, sorted by name; NULL: none. */
    const struct bpf_kfunc *kfuncs;
    uint32_t kfunc_count;

    /* The CPU model: what one instruction costs, in picoseconds; 0 when code takes no time. */
    uint32_t insn_cost_ps;
};

static inline uint32_t bpf_env_cpu_count(const struct bpf_env *env)
{
    return env->cpu_count == 0 ? 1 : env->cpu_count;
}

/* Below bpf_env_cpu_count(), whatever the platform says. */
static inline uint32_t bpf_env_cpu_index(const struct bpf_env *env)
{
    if (env->cpu_count <= 1 || env->platform == NULL || env->platform->cpu_index == NULL)
        return 0;
    uint32_t index = env->platform->cpu_index(env->user);
    return index < env->cpu_count ? index : 0;
}

static inline void *bpf_env_alloc(const struct bpf_env *env, size_t size_bytes)
{
    return env->alloc(env->user, size_bytes);
}

static inline void bpf_env_free(const struct bpf_env *env, void *at, size_t size_bytes)
{
    if (at != NULL)
        env->free(env->user, at, size_bytes);
}
