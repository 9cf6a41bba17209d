/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* The two locks of maps, and copies that others may see half done but never torn inside a word.
 *
 * A spin lock is a word, 0 when free. A sequence lock is a word too: odd while a writer is inside;
 * readers take nothing, they look again if it moved meanwhile. All data that such a reader may meet
 * is written and read by atomic accesses of whole words, so that there is no data race in C's sense
 * either. Interrupts are masked inside, if the env can (struct bpf_env, irq_save): a program in an
 * interrupt handler must not find its own CPU's lock held. Nothing inside calls out. */
#pragma once
#include <axiom/string.h>
#include <axiom/types.h>
#include <bpf/env.h>

/* Locks are held so briefly that no CPU's own instruction for waiting is needed. */
static inline void map_relax(void)
{
    __asm__ volatile("" ::: "memory");
}

static inline uint64_t map_irq_save(const struct bpf_env *env)
{
    return env->irq_save == NULL ? 0 : env->irq_save(env->user);
}

static inline void map_irq_restore(const struct bpf_env *env, uint64_t state)
{
    if (env->irq_restore != NULL)
        env->irq_restore(env->user, state);
}

/* --- Spin lock; the state goes to map_unlock() --- */

static inline void map_spin(uint32_t *lock)
{
    while (__atomic_exchange_n(lock, 1, __ATOMIC_ACQUIRE) != 0) {
        while (__atomic_load_n(lock, __ATOMIC_RELAXED) != 0)
            map_relax();
    }
}

static inline uint64_t map_lock(const struct bpf_env *env, uint32_t *lock)
{
    uint64_t state = map_irq_save(env);
    map_spin(lock);
    return state;
}

static inline void map_unlock(const struct bpf_env *env, uint32_t *lock, uint64_t state)
{
    __atomic_store_n(lock, 0, __ATOMIC_RELEASE);
    map_irq_restore(env, state);
}

/* --- Sequence lock --- */

static inline uint64_t map_write_begin(const struct bpf_env *env, uint32_t *sequence)
{
    uint64_t state = map_irq_save(env);
    /* Odd is taken. Not a compare-exchange: gcc 12 for RISC-V may compare its sign-extended word with
     * a register that is not (PR 114130). */
    while ((__atomic_load_n(sequence, __ATOMIC_RELAXED) & 1) != 0 ||
           (__atomic_fetch_or(sequence, 1, __ATOMIC_ACQUIRE) & 1) != 0)
        map_relax();
    /* What is written next must not be seen before the odd number is. */
    __atomic_thread_fence(__ATOMIC_RELEASE);
    return state;
}

static inline void map_write_end(const struct bpf_env *env, uint32_t *sequence, uint64_t state)
{
    uint32_t now = __atomic_load_n(sequence, __ATOMIC_RELAXED);
    __atomic_store_n(sequence, now + 1, __ATOMIC_RELEASE);
    map_irq_restore(env, state);
}

static inline uint32_t map_read_begin(const uint32_t *sequence)
{
    uint32_t now = __atomic_load_n(sequence, __ATOMIC_ACQUIRE);
    while (__builtin_expect((now & 1) != 0, 0)) {
        map_relax();
        now = __atomic_load_n(sequence, __ATOMIC_ACQUIRE);
    }
    return now;
}

/* Whether what was read since may be mixed. */
static inline bool map_read_retry(const uint32_t *sequence, uint32_t begun)
{
    __atomic_thread_fence(__ATOMIC_ACQUIRE);
    return __builtin_expect(__atomic_load_n(sequence, __ATOMIC_RELAXED) != begun, 0);
}

/* --- Words --- */

static inline uint32_t map_get32(const uint32_t *at)
{
    return __atomic_load_n(at, __ATOMIC_RELAXED);
}

static inline void map_set32(uint32_t *at, uint32_t value)
{
    __atomic_store_n(at, value, __ATOMIC_RELAXED);
}

static inline uint64_t map_get64(const uint64_t *at)
{
    return __atomic_load_n(at, __ATOMIC_RELAXED);
}

static inline void map_set64(uint64_t *at, uint64_t value)
{
    __atomic_store_n(at, value, __ATOMIC_RELAXED);
}

/* Copies into shared memory, `to` aligned to 4: words of 8 bytes where it is aligned to 8. Forward,
 * so `to` may be `from`. */
static inline void map_store(void *to, const void *from, size_t size_bytes)
{
    uint8_t *out = to;
    const uint8_t *in = from;
    if (((uintptr_t)out & 7) != 0 && size_bytes >= 4) {
        uint32_t half;
        memcpy(&half, in, 4);
        map_set32((uint32_t *)(void *)out, half);
        out += 4, in += 4, size_bytes -= 4;
    }
    for (; size_bytes >= 8; out += 8, in += 8, size_bytes -= 8) {
        uint64_t word;
        memcpy(&word, in, 8);
        map_set64((uint64_t *)(void *)out, word);
    }
    if (size_bytes >= 4) {
        uint32_t half;
        memcpy(&half, in, 4);
        map_set32((uint32_t *)(void *)out, half);
        out += 4, in += 4, size_bytes -= 4;
    }
    for (; size_bytes > 0; size_bytes--)
        __atomic_store_n(out++, *in++, __ATOMIC_RELAXED);
}

/* Copies out of shared memory, `from` aligned to 4. */
static inline void map_load(void *to, const void *from, size_t size_bytes)
{
    uint8_t *out = to;
    const uint8_t *in = from;
    if (((uintptr_t)in & 7) != 0 && size_bytes >= 4) {
        uint32_t half = map_get32((const uint32_t *)(const void *)in);
        memcpy(out, &half, 4);
        out += 4, in += 4, size_bytes -= 4;
    }
    for (; size_bytes >= 8; out += 8, in += 8, size_bytes -= 8) {
        uint64_t word = map_get64((const uint64_t *)(const void *)in);
        memcpy(out, &word, 8);
    }
    if (size_bytes >= 4) {
        uint32_t half = map_get32((const uint32_t *)(const void *)in);
        memcpy(out, &half, 4);
        out += 4, in += 4, size_bytes -= 4;
    }
    for (; size_bytes > 0; size_bytes--)
        *out++ = __atomic_load_n(in++, __ATOMIC_RELAXED);
}
