/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* The state hash: what the machine and the kernel hold that outputs depend on, in one number.
 *
 * It is the XOR of one term per word of state, term(key, value), so a change costs two terms and
 * the order of changes does not matter. A word that is 0 contributes nothing: fresh state needs no
 * registration. Device registers go through model_reg_set(); state of the kernel that belongs to
 * it (contents of BPF maps, the interlock) either calls state_hash_change() on each write or
 * registers a source, which is asked at each EVENT_HASH. Never memory, pointers, CPU count or
 * queues. */
#pragma once
#include <axiom/types.h>

/* splitmix64's finaliser (Steele, Lea, Flood: Fast Splittable Pseudorandom Number Generators,
 * OOPSLA 2014; constants by Stafford, variant 13). A bijection of 64 bits. */
static inline uint64_t state_hash_mix(uint64_t x)
{
    x = (x ^ (x >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
    x = (x ^ (x >> 27)) * UINT64_C(0x94d049bb133111eb);
    return x ^ (x >> 31);
}

static inline uint64_t state_hash_term(uint64_t key, uint64_t value)
{
    if (value == 0)
        return 0;
    return state_hash_mix(value ^ state_hash_mix(key + UINT64_C(0x9e3779b97f4a7c15)));
}

/* Words that changed since the hash was last asked for. A latch that is set and cleared a million
 * times between two hashes counts with its first and last value alone: the terms between cancel
 * out. So a word's last value is kept here, one word a slot, with the term of its first one taken
 * out already; the last one's goes in when another word needs the slot or the hash is asked for. */
#define STATE_HASH_SLOT_BITS 10
struct state_hash_slot {
    uint64_t key; /* 0: free */
    uint64_t value;
};
extern struct state_hash_slot state_hash_slots[1u << STATE_HASH_SLOT_BITS];

/* Gives the slot to a word that was `before` until now. */
void state_hash_slot_take(struct state_hash_slot *slot, uint64_t key, uint64_t before);

/* Word `key` went from `before` to `after`. Keys are not 0: the upper 32 bits say who (a model's
 * id; kernel state sets bit 63), the lower ones which word. All changes of a word come here. */
static inline void state_hash_change(uint64_t key, uint64_t before, uint64_t after)
{
    uint64_t spread = (key >> 32) * 65 + (key >> 2); /* words of one model do not meet */
    struct state_hash_slot *slot = &state_hash_slots[spread % ARRAY_SIZE(state_hash_slots)];
    if (__builtin_expect(slot->key != key, 0))
        state_hash_slot_take(slot, key, before);
    slot->value = after;
}

/* The incremental part alone. */
uint64_t state_hash_words(void);

/* State that is hashed when asked. */
struct state_hash_source {
    uint64_t (*hash)(struct state_hash_source *source);
    struct state_hash_source *next; /* the registry's */
};
void state_hash_source_add(struct state_hash_source *source);
void state_hash_source_remove(struct state_hash_source *source);

/* Start of a boot: nothing registered, all state 0. */
void state_hash_reset(void);
/* All of it together with the time. */
uint64_t state_hash_value(uint64_t time_ns);
