/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* Two arenas. */
#include <axiom/bpf.h>

#define ARENA    33 /* Linux's BPF_MAP_TYPE_ARENA */
#define MMAPABLE (1u << 10)

struct {
    __uint(type, ARENA);
    __uint(map_flags, MMAPABLE);
    __uint(max_entries, 2);
} small SEC(".maps"), other SEC(".maps");

SEC("timer/10hz")
int program(struct axiom_timer_ctx *context)
{
    return (long)&small + (long)&other > 0;
}
