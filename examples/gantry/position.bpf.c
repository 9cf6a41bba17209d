/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* Where is the head? Counts step edges, signed by the direction lines, and stops the machine when X leaves its soft limit.
 *
 * Nothing but edges goes in. The stop is the interlock's: steppers off, spindle PWM off, and no program can undo it. */
#include <axiom/bpf.h>

#include "gantry.h"

/* In steps: millimetres would need a division on each edge. In .rodata, where a loader can set it. */
const volatile int64_t soft_limit_steps = SOFT_LIMIT_MM * STEPS_PER_MM;

struct position {
    int64_t x, y; /* steps from where the run began */
    uint64_t x_steps, y_steps;
    int64_t x_max, y_max;
    uint64_t tripped_at_ns;
    uint64_t tripped_step; /* the X step's number, from 1 */
};

struct {
    __uint(type, BPF_MAP_TYPE_ARRAY);
    __uint(max_entries, 1);
    __type(key, uint32_t);
    __type(value, struct position);
} position SEC(".maps");

struct limit_hit {
    uint64_t time_ns;
    uint64_t line;
};

struct {
    __uint(type, BPF_MAP_TYPE_RINGBUF);
    __uint(max_entries, 4096);
} limit_hits SEC(".maps");

static __always_inline struct position *the_position(void)
{
    uint32_t zero = 0;
    return bpf_map_lookup_elem(&position, &zero);
}

static __noinline void check_soft_limit(struct position *p, uint64_t time_ns)
{
    if (p == NULL || p->tripped_at_ns != 0)
        return;
    if (p->x < soft_limit_steps && p->x > -soft_limit_steps)
        return;
    p->tripped_at_ns = time_ns;
    p->tripped_step = p->x_steps;
    bpf_motor_emergency_stop(1);
    bpf_printk("soft limit: X at %lld steps, stopped", p->x);
}

SEC("timer/oneshot")
int start(struct axiom_timer_ctx *ctx)
{
    bpf_gpio_set(0, LINE_ENABLE_X, 1);
    bpf_gpio_set(0, LINE_ENABLE_Y, 1);
    bpf_printk("motors on at %llu ns", ctx->now_ns);
    return 0;
}

SEC("gpio/chip0/line17/rising")
int step_x(struct axiom_gpio_ctx *ctx)
{
    struct position *p = the_position();
    if (p == NULL)
        return 0;
    p->x += LINE_LEVEL(ctx, LINE_DIR_X) == DIR_POSITIVE ? 1 : -1;
    p->x_steps++;
    if (p->x > p->x_max)
        p->x_max = p->x;
    check_soft_limit(p, ctx->time_ns);
    return 0;
}

SEC("gpio/chip0/line5/rising")
int step_y(struct axiom_gpio_ctx *ctx)
{
    struct position *p = the_position();
    if (p == NULL)
        return 0;
    p->y += LINE_LEVEL(ctx, LINE_DIR_Y) == DIR_POSITIVE ? 1 : -1;
    p->y_steps++;
    if (p->y > p->y_max)
        p->y_max = p->y;
    return 0;
}

static __always_inline int limit_switch(struct axiom_gpio_ctx *ctx)
{
    struct limit_hit *hit = bpf_ringbuf_reserve(&limit_hits, sizeof(*hit), 0);
    if (hit == NULL)
        return 0;
    hit->time_ns = ctx->time_ns;
    hit->line = ctx->line;
    bpf_ringbuf_submit(hit, 0);
    return 0;
}

SEC("gpio/chip0/line20/rising")
int limit_x(struct axiom_gpio_ctx *ctx)
{
    return limit_switch(ctx);
}

SEC("gpio/chip0/line21/rising")
int limit_y(struct axiom_gpio_ctx *ctx)
{
    return limit_switch(ctx);
}

char LICENSE[] SEC("license") = "Dual MIT/GPL";
