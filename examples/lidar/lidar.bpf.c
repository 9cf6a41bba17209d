/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* LIDAR-Lite's PWM output on line 4: 10 us of high time are 1 cm. Each pulse becomes a record in a ring buffer. */
#include <axiom/bpf.h>

struct distance {
    uint64_t time_ns;  /* of the falling edge */
    uint64_t width_ns;
    uint64_t centimetres; /* nearest */
};

struct {
    __uint(type, BPF_MAP_TYPE_RINGBUF);
    __uint(max_entries, 131072);
} distances SEC(".maps");

struct state {
    uint64_t rise_ns;
    uint64_t pulses;
    uint64_t lost; /* the ring was full */
    uint64_t sum_cm;
};

struct {
    __uint(type, BPF_MAP_TYPE_ARRAY);
    __uint(max_entries, 1);
    __type(key, uint32_t);
    __type(value, struct state);
} lidar SEC(".maps");

SEC("gpio/chip0/line4/both")
int pulse(struct axiom_gpio_ctx *ctx)
{
    uint32_t zero = 0;
    struct state *s = bpf_map_lookup_elem(&lidar, &zero);
    if (s == NULL)
        return 0;
    if (ctx->edge == AXIOM_GPIO_RISING) {
        s->rise_ns = ctx->time_ns;
        return 0;
    }
    if (s->rise_ns == 0)
        return 0; /* the recording began inside a pulse */
    uint64_t width_ns = ctx->time_ns - s->rise_ns;
    uint64_t centimetres = (width_ns + 5000) / 10000;
    s->rise_ns = 0;
    s->pulses++;
    s->sum_cm += centimetres;
    struct distance *d = bpf_ringbuf_reserve(&distances, sizeof(*d), 0);
    if (d == NULL) {
        s->lost++;
        return (int)centimetres;
    }
    d->time_ns = ctx->time_ns;
    d->width_ns = width_ns;
    d->centimetres = centimetres;
    bpf_ringbuf_submit(d, 0);
    return (int)centimetres; /* recorded with the run */
}

char LICENSE[] SEC("license") = "Dual MIT/GPL";
