/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* Wrong programs whose messages are read as a person would: verdict_test.sh compares them with wrong.expected. */
#include <axiom/bpf.h>

struct event {
    uint64_t time_ns;
    uint32_t line;
};

struct {
    __uint(type, BPF_MAP_TYPE_RINGBUF);
    __uint(max_entries, 4096);
} events SEC(".maps");

struct {
    __uint(type, BPF_MAP_TYPE_ARRAY);
    __uint(max_entries, 4);
    __type(key, uint32_t);
    __type(value, uint64_t[8]);
} samples SEC(".maps");

static uint64_t *first(void)
{
    uint32_t key = 0;
    return bpf_map_lookup_elem(&samples, &key);
}

SEC("gpio/chip0/line26/falling")
int index_not_bounded(struct axiom_gpio_ctx *ctx)
{
    uint64_t *values = first();
    if (!values)
        return 0;
    if (ctx->level > 3)
        return 0;
    values[ctx->line] = ctx->time_ns;
    return 0;
}

SEC("gpio/chip0/line26/falling")
int index_may_be_negative(struct axiom_gpio_ctx *ctx)
{
    uint64_t *values = first();
    int64_t at = (int64_t)ctx->level - 1;
    if (!values || at > 7)
        return 0;
    values[at] = 1;
    return 0;
}

SEC("gpio/chip0/line26/falling")
int used_after_submit(struct axiom_gpio_ctx *ctx)
{
    struct event *event = bpf_ringbuf_reserve(&events, sizeof *event, 0);
    if (!event)
        return 0;
    event->time_ns = ctx->time_ns;
    bpf_ringbuf_submit(event, 0);
    event->line = (uint32_t)ctx->line;
    return 0;
}

SEC("gpio/chip0/line26/falling")
int of_the_context(struct axiom_gpio_ctx *ctx)
{
    bpf_ringbuf_output(&events, &ctx->line, 8, 0);
    return 0;
}

SEC("gpio/chip0/line26/falling")
int wrong_map(struct axiom_gpio_ctx *ctx)
{
    bpf_ringbuf_output(&samples, &ctx->line, 8, 0);
    return 0;
}

SEC("gpio/chip0/line26/falling")
int too_many_rounds(struct axiom_gpio_ctx *ctx)
{
    volatile uint64_t sum = 0;
    for (uint32_t i = 0; i < 20000; i++)
        sum += ctx->line;
    return (int)sum;
}

SEC("gpio/chip0/line26/falling")
int too_many_calls(struct axiom_gpio_ctx *ctx)
{
    uint64_t line = ctx->line;
    if (ctx->level)
        return 0;
    for (uint32_t i = 0; i < 4000; i++)
        bpf_ringbuf_output(&events, &line, 8, 0);
    return 0;
}

SEC("guard/gpio")
int waits_for_nobody(struct axiom_guard_gpio_ctx *ctx)
{
    volatile uint64_t *values = first();
    if (!values)
        return 0;
    while (values[1] == 0)
        ;
    return 0;
}
