/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* Programs at every attach point, which write down how they were called. */
#include <axiom/bpf.h>

enum who { FIRST = 1, SECOND, BOTH, FALLING, KHZ, SEVEN_HZ, ONESHOT, TEMPERATURE, ACCEL_X };

struct call {
    uint64_t who, time_ns, sequence, a, b, c;
};

struct {
    __uint(type, BPF_MAP_TYPE_RINGBUF);
    __uint(max_entries, 16384);
} calls SEC(".maps");

static __always_inline void note(uint64_t who, uint64_t time_ns, uint64_t sequence, uint64_t a, uint64_t b, uint64_t c)
{
    struct call call = { who, time_ns, sequence, a, b, c };
    bpf_ringbuf_output(&calls, &call, sizeof call, 0);
}

/* Two programs on one line and edge, and a third on both: in the order of attaching. */
SEC("gpio/chip0/line17/rising")
int first(struct axiom_gpio_ctx *ctx)
{
    note(FIRST, ctx->time_ns, ctx->sequence, ctx->edge, ctx->level, ctx->bank_level);
    return 0;
}

SEC("gpio/chip0/line17/rising")
int second(struct axiom_gpio_ctx *ctx)
{
    note(SECOND, ctx->time_ns, ctx->sequence, ctx->edge, ctx->level, ctx->bank_level);
    return 0;
}

SEC("gpio/chip0/line17/both")
int both(struct axiom_gpio_ctx *ctx)
{
    note(BOTH, ctx->time_ns, ctx->sequence, ctx->edge, ctx->level, ctx->line);
    return 0;
}

SEC("gpio/chip0/line50/falling")
int falling(struct axiom_gpio_ctx *ctx)
{
    note(FALLING, ctx->time_ns, ctx->sequence, ctx->bank, ctx->level, ctx->line);
    return 0;
}

/* 1000 Hz: of a thousand expiries the first and the 50th are written down; all are counted. */
struct {
    __uint(type, BPF_MAP_TYPE_ARRAY);
    __uint(max_entries, 1);
    __type(key, uint32_t);
    __type(value, uint64_t);
} expiries SEC(".maps");

SEC("timer/1000hz")
int khz(struct axiom_timer_ctx *ctx)
{
    uint32_t zero = 0;
    uint64_t *count = bpf_map_lookup_elem(&expiries, &zero);
    if (count != NULL)
        ++*count;
    if (ctx->sequence == 1 || ctx->sequence == 50)
        note(KHZ, ctx->scheduled_ns, ctx->sequence, ctx->now_ns, ctx->period_ns, ctx->number);
    return 0;
}

SEC("timer/7hz")
int seven_hz(struct axiom_timer_ctx *ctx)
{
    note(SEVEN_HZ, ctx->scheduled_ns, ctx->sequence, ctx->now_ns, ctx->period_ns, ctx->number);
    return 0;
}

/* What actuator helpers say: the policy clamps, the guards refuse. */
SEC("timer/oneshot")
int oneshot(struct axiom_timer_ctx *ctx)
{
    struct axiom_pwm_state state = { 0 };
    long clamped = bpf_pwm_set(0, 2, 100000, 90000);
    bpf_pwm_get(0, 2, &state, sizeof state);
    note(ONESHOT, ctx->now_ns, ctx->sequence, clamped, state.period_ns, state.duty_ns);
    long refused = bpf_pwm_set(0, 2, 5000, 1000);
    long by_policy = bpf_pwm_set(0, 2, 700000, 1000);
    bpf_pwm_get(0, 2, &state, sizeof state);
    note(ONESHOT, ctx->now_ns, ctx->sequence, refused, by_policy, state.period_ns);
    long on = bpf_gpio_set(0, 16, 1);
    long guarded = bpf_gpio_set(0, 22, 1);
    note(ONESHOT, ctx->now_ns, ctx->sequence, on, guarded, bpf_gpio_get(0, 22));
    return 0;
}

SEC("pwm/chip0/channel2")
int half_at_most(struct axiom_pwm_ctx *ctx)
{
    if (ctx->period_ns == 700000)
        return -16; /* EBUSY */
    if (ctx->duty_ns > ctx->period_ns / 2)
        ctx->duty_ns = ctx->period_ns / 2;
    return 0;
}

SEC("guard/pwm")
int not_too_fast(struct axiom_pwm_ctx *ctx)
{
    return ctx->period_ns < 10000 ? -34 : 0; /* ERANGE */
}

SEC("guard/gpio")
int not_line_22(struct axiom_guard_gpio_ctx *ctx)
{
    return ctx->line == 22 && ctx->level == 1 ? -13 : 0; /* EACCES */
}

/* Every other sample of the temperature is dropped; the IMU's negative ones. */
SEC("iio/sht31/temp")
int temperature(struct axiom_iio_ctx *ctx)
{
    note(TEMPERATURE, ctx->time_ns, ctx->sequence, ctx->value, ctx->nano, ctx->channel);
    return ctx->sequence & 1;
}

SEC("iio/imu0/accel_x")
int accel_x(struct axiom_iio_ctx *ctx)
{
    return ctx->nano >= 0;
}

/* Keys go in in a scattered order, and some out again: what is left must come out in one order
 * always. */
struct {
    __uint(type, BPF_MAP_TYPE_HASH);
    __uint(max_entries, 128);
    __type(key, uint32_t);
    __type(value, uint64_t);
} scattered SEC(".maps");

SEC("timer/100hz")
int scatter(struct axiom_timer_ctx *ctx)
{
    uint32_t key = (uint32_t)ctx->sequence * 2654435761u >> 7;
    uint64_t value = ctx->sequence;
    bpf_map_update_elem(&scattered, &key, &value, BPF_ANY);
    if (ctx->sequence % 3 == 0) {
        key = (uint32_t)(ctx->sequence - 1) * 2654435761u >> 7;
        bpf_map_delete_elem(&scattered, &key);
    }
    return 0;
}
