/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* What goes wrong in the first week. Each program is refused, in the line that says so, for the reason that it says. */
#include <axiom/bpf.h>

char LICENSE[] SEC("license") = "Dual MIT/GPL";

struct {
    __uint(type, BPF_MAP_TYPE_ARRAY);
    __uint(max_entries, 16);
    __type(key, uint32_t);
    __type(value, uint64_t);
} counts SEC(".maps");

struct {
    __uint(type, BPF_MAP_TYPE_RINGBUF);
    __uint(max_entries, 4096);
} events SEC(".maps");

uint8_t history[64];
const volatile uint64_t limit = 5;

SEC("gpio/chip0/line17/rising")
int no_null_test(struct axiom_gpio_ctx *ctx)
{
    uint32_t key = 0;
    uint64_t *value = bpf_map_lookup_elem(&counts, &key);
    *value += ctx->level; /* refused: may be null */
    return 0;
}

SEC("gpio/chip0/line17/rising")
int index_too_large(struct axiom_gpio_ctx *ctx)
{
    uint64_t i = ctx->line;
    if (i > sizeof history)
        return 0;
    history[i] = 1; /* refused: out of bounds */
    return 0;
}

SEC("gpio/chip0/line17/rising")
int lost_record(struct axiom_gpio_ctx *ctx)
{
    uint64_t *record = bpf_ringbuf_reserve(&events, 8, 0);
    if (!record)
        return 0;
    *record = ctx->time_ns;
    if (ctx->level)
        bpf_ringbuf_submit(record, 0);
    return 0;
} /* refused: unreleased reference */

SEC("gpio/chip0/line17/rising")
int no_end(struct axiom_gpio_ctx *ctx)
{
    volatile uint8_t *wait = history;
    while (*wait == 0) /* refused: unbounded loop */
        ;
    return (int)ctx->level;
}

SEC("gpio/chip0/line17/rising")
int rounds_from_outside(struct axiom_gpio_ctx *ctx)
{
    uint64_t sum = 0;
    for (uint64_t i = 0; i < ctx->line; i++)
        sum += history[sum & 63]; /* refused: over budget */
    return (int)sum;
}

SEC("gpio/chip0/line17/rising")
int observer_writes(struct axiom_gpio_ctx *ctx)
{
    ctx->level = 0; /* refused: read-only */
    return 0;
}

SEC("guard/gpio")
int guard_drives(struct axiom_guard_gpio_ctx *ctx)
{
    bpf_gpio_set(0, 5, 1); /* refused: helper not available */
    return ctx->level ? -1 : 0;
}

SEC("gpio/chip0/line17/rising")
int constant_written(struct axiom_gpio_ctx *ctx)
{
    *(volatile uint64_t *)&limit = ctx->level; /* refused: read-only */
    return 0;
}

SEC("gpio/chip0/line17/rising")
int unset_padding(struct axiom_gpio_ctx *ctx)
{
    struct {
        uint64_t time_ns;
        uint8_t level;
    } event;
    event.time_ns = ctx->time_ns;
    event.level = (uint8_t)ctx->level;
    bpf_ringbuf_output(&events, &event, sizeof event, 0); /* refused: not initialised */
    return 0;
}

SEC("gpio/chip0/line17/rising")
int address_of_local(struct axiom_gpio_ctx *ctx)
{
    uint32_t key = 0;
    uint64_t **value = (uint64_t **)bpf_map_lookup_elem(&counts, &key);
    if (value)
        *value = &ctx->level; /* refused: pointer leak */
    return 0;
}
