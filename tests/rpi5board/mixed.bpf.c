/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* What a recording of the board's kernel must bring back: edges of one direction only, a timer's phase among them, and what a
 * sensor measured. */
#include <axiom/bpf.h>

struct {
    __uint(type, BPF_MAP_TYPE_ARRAY);
    __uint(max_entries, 4);
    __type(key, uint32_t);
    __type(value, uint64_t);
} counts SEC(".maps");

static __always_inline uint64_t count(uint32_t key, uint64_t by)
{
    uint64_t *value = bpf_map_lookup_elem(&counts, &key);
    if (value == 0)
        return 0;
    *value += by;
    return *value;
}

SEC("gpio/chip0/line17/rising")
int pulse(struct axiom_gpio_ctx *ctx)
{
    return (int)count(0, 1);
}

SEC("timer/50hz")
int tick(struct axiom_timer_ctx *ctx)
{
    uint32_t pulses = 0;
    uint64_t *seen = bpf_map_lookup_elem(&counts, &pulses);
    count(1, 1);
    return seen != 0 ? (int)*seen : -1; /* how many pulses came before this one */
}

SEC("iio/sht31/temp")
int temperature(struct axiom_iio_ctx *ctx)
{
    count(2, (uint64_t)ctx->nano);
    return 1;
}

SEC("iio/imu0/accel_x")
int acceleration(struct axiom_iio_ctx *ctx)
{
    count(3, (uint64_t)ctx->nano);
    return 1;
}
