/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* One object with everything that the loader knows: maps of all types, global data, subprograms,
 * several programs. */
#include <axiom/bpf.h>

char LICENSE[] SEC("license") = "Dual MIT/GPL";

struct event {
    uint64_t time_ns;
    uint64_t line;
};

struct {
    __uint(type, BPF_MAP_TYPE_ARRAY);
    __uint(max_entries, 4);
    __type(key, uint32_t);
    __type(value, uint64_t);
} counts SEC(".maps");

struct {
    __uint(type, BPF_MAP_TYPE_HASH);
    __uint(max_entries, 16);
    __type(key, uint64_t);
    __type(value, struct event);
} lines SEC(".maps");

struct {
    __uint(type, BPF_MAP_TYPE_RINGBUF);
    __uint(max_entries, 4096);
} events SEC(".maps");

struct {
    __uint(type, AXIOM_MAP_TYPE_TIMESERIES);
    __uint(max_entries, 8);
    __type(key, uint32_t);
    __type(value, struct axiom_sample);
} series SEC(".maps");

const volatile uint64_t factor = 7;   /* .rodata */
uint64_t total = 100;                 /* .data */
uint64_t zeroed;                      /* .bss */
static volatile uint32_t static_seen; /* .bss, by its section's symbol */

static __noinline uint64_t scaled(uint64_t value)
{
    return value * factor;
}

__noinline uint64_t twice_scaled(uint64_t value)
{
    return scaled(value) + scaled(value + 1);
}

SEC("gpio/chip0/line17/rising")
int on_edge(struct axiom_gpio_ctx *context)
{
    uint32_t key = 2;
    uint64_t *count = bpf_map_lookup_elem(&counts, &key);
    if (count != NULL)
        *count += 1;

    uint64_t line = context->line;
    struct event event = { context->time_ns, line };
    bpf_map_update_elem(&lines, &line, &event, BPF_ANY);

    struct event *record = bpf_ringbuf_reserve(&events, sizeof *record, 0);
    if (record != NULL) {
        *record = event;
        bpf_ringbuf_submit(record, 0);
    }
    bpf_timeseries_push(&series, context->time_ns, (int64_t)line);
    total += twice_scaled(line);
    zeroed++;
    static_seen++;
    return (int)total;
}

SEC("iio/imu0/accel_x")
int filter(struct axiom_iio_ctx *context)
{
    bpf_printk("value %lld of channel %d", context->value, (int)context->channel);
    return context->value >= 0;
}

SEC("pwm/chip0/channel0")
int clamp(struct axiom_pwm_ctx *context)
{
    if (context->duty_ns > context->period_ns / 2)
        context->duty_ns = context->period_ns / 2;
    return context->enabled ? 0 : -22;
}

SEC("timer/1000hz")
int statistics(struct axiom_timer_ctx *context)
{
    struct axiom_window window;
    bpf_timeseries_window(&series, context->scheduled_ns, &window, sizeof window);
    bpf_gpio_set(0, 5, window.count > 1);
    return (int)window.mean;
}
