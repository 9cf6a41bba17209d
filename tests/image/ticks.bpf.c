/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* For record_test.sh: what a board without any pins can run. */
#include <axiom/bpf.h>

struct {
    __uint(type, BPF_MAP_TYPE_ARRAY);
    __uint(max_entries, 1);
    __type(key, uint32_t);
    __type(value, uint64_t);
} ticks SEC(".maps");

SEC("timer/100hz")
int tick(struct axiom_timer_ctx *ctx)
{
    uint32_t zero = 0;
    uint64_t *count = bpf_map_lookup_elem(&ticks, &zero);
    (void)ctx;
    if (count == 0)
        return 0;
    return (int)(*count)++;
}
