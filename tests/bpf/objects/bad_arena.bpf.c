/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* Variables of an arena that is too small for them. */
#include <axiom/bpf.h>

#define ARENA    33 /* Linux's BPF_MAP_TYPE_ARENA */
#define MMAPABLE (1u << 10)

struct {
    __uint(type, ARENA);
    __uint(map_flags, MMAPABLE);
    __uint(max_entries, 2);
} small SEC(".maps");

char table[3 * 4096] SEC(".addr_space.1") = "x";

SEC("timer/10hz")
int program(struct axiom_timer_ctx *context)
{
    return (long)&small + (long)table > 0;
}
