/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* The image's state hash: the running XOR, and the sources that are asked. */
#include <axiom/state_hash.h>

struct state_hash_slot state_hash_slots[1u << STATE_HASH_SLOT_BITS];
static uint16_t used[ARRAY_SIZE(state_hash_slots)]; /* slots that are not free */
static uint32_t used_count;
static uint64_t words; /* without what is in the slots */
static struct state_hash_source *sources;

void state_hash_reset(void)
{
    for (size_t i = 0; i < ARRAY_SIZE(state_hash_slots); i++)
        state_hash_slots[i] = (struct state_hash_slot){ 0 };
    used_count = 0;
    words = 0;
    sources = NULL;
}

/* Not inlined: what the usual change pays for is a compare. */
__attribute__((noinline)) void state_hash_slot_take(struct state_hash_slot *slot, uint64_t key,
                                                    uint64_t before)
{
    if (slot->key == 0)
        used[used_count++] = (uint16_t)(slot - state_hash_slots);
    else
        words ^= state_hash_term(slot->key, slot->value);
    words ^= state_hash_term(key, before);
    *slot = (struct state_hash_slot){ key, before };
}

uint64_t state_hash_words(void)
{
    for (uint32_t i = 0; i < used_count; i++) {
        struct state_hash_slot *slot = &state_hash_slots[used[i]];
        words ^= state_hash_term(slot->key, slot->value);
        slot->key = 0;
    }
    used_count = 0;
    return words;
}

void state_hash_source_add(struct state_hash_source *source)
{
    source->next = sources;
    sources = source;
}

void state_hash_source_remove(struct state_hash_source *source)
{
    for (struct state_hash_source **at = &sources; *at != NULL; at = &(*at)->next) {
        if (*at == source) {
            *at = source->next;
            return;
        }
    }
}

uint64_t state_hash_value(uint64_t time_ns)
{
    uint64_t all = state_hash_words();
    /* XOR again: the order of registration must not matter. */
    for (struct state_hash_source *source = sources; source != NULL; source = source->next)
        all ^= state_hash_mix(source->hash(source));
    return state_hash_mix(all ^ state_hash_mix(time_ns));
}
