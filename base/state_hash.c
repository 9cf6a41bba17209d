/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* The image's state hash: the running XOR, and the sources that are asked. */
#include <axiom/state_hash.h>

uint64_t state_hash_words;
static struct state_hash_source *sources;

void state_hash_reset(void)
{
    state_hash_words = 0;
    sources = NULL;
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
    uint64_t all = state_hash_words;
    /* XOR again: the order of registration must not matter. */
    for (struct state_hash_source *source = sources; source != NULL; source = source->next)
        all ^= state_hash_mix(source->hash(source));
    return state_hash_mix(all ^ state_hash_mix(time_ns));
}
