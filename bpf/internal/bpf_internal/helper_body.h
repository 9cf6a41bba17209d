/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* What every helper's body is made of. */
#pragma once
#include <bpf/helper.h>
#include <bpf/interp.h>

#define HELPER_BODY(name)                                                                   \
    uint64_t name(struct bpf_run *run __attribute__((unused)),                              \
                  uint64_t r1 __attribute__((unused)), uint64_t r2 __attribute__((unused)), \
                  uint64_t r3 __attribute__((unused)), uint64_t r4 __attribute__((unused)), \
                  uint64_t r5 __attribute__((unused)))

/* What a 32-bit register argument is: compilers leave anything above. */
#define U32(value)    ((uint32_t)(value))
#define RESULT(value) ((uint64_t)(int64_t)(value))

static inline struct bpf_map *map_of(uint64_t argument)
{
    return (struct bpf_map *)(uintptr_t)argument;
}

static inline void *memory_of(uint64_t argument)
{
    return (void *)(uintptr_t)argument;
}

static inline const struct bpf_platform_ops *platform_of(const struct bpf_run *run, void **user)
{
    static const struct bpf_platform_ops none;
    const struct bpf_env *env = bpf_prog_env(run->prog);
    *user = env->user;
    return env->platform == NULL ? &none : env->platform;
}
