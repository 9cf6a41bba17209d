/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* The temperature guard: above 45 degrees the spindle's PWM goes down, in proportion, to nothing at 65.
 *
 * It also is the guard of that PWM: whoever sets it, never more than the temperature allows. */
#include <axiom/bpf.h>

#define PERIOD_NS   1000000ull
#define WARM_NANO   45000000000ll /* 45 degrees Celsius in 1e-9 */
#define HOT_NANO    65000000000ll
#define DUTY_MAX_NS 800000ull

struct {
    __uint(type, AXIOM_MAP_TYPE_TIMESERIES);
    __uint(max_entries, 64);
    __type(key, uint32_t);
    __type(value, struct axiom_sample);
} temperatures SEC(".maps");

static uint64_t allowed_duty_ns = DUTY_MAX_NS;

static __always_inline uint64_t duty_for(int64_t nano)
{
    if (nano <= WARM_NANO)
        return DUTY_MAX_NS;
    if (nano >= HOT_NANO)
        return 0;
    /* 20 degrees of ramp; in steps of a millidegree so that nothing overflows. */
    return DUTY_MAX_NS * (uint64_t)((HOT_NANO - nano) / 1000000) / 20000;
}

SEC("iio/sht31/temp")
int temperature(struct axiom_iio_ctx *ctx)
{
    bpf_timeseries_push(&temperatures, ctx->time_ns, ctx->nano);
    /* A mean over two seconds, so that noise does not play with the spindle. */
    struct axiom_window window = {};
    uint64_t since = ctx->time_ns > 2000000000ull ? ctx->time_ns - 2000000000ull : 0;
    if (bpf_timeseries_window(&temperatures, since, &window, sizeof(window)) != 0)
        return 1;
    allowed_duty_ns = duty_for(window.mean);
    bpf_pwm_set(0, 0, PERIOD_NS, allowed_duty_ns);
    return 1;
}

SEC("guard/pwm")
int pwm_guard(struct axiom_pwm_ctx *ctx)
{
    if (ctx->chip == 0 && ctx->channel == 0 && ctx->duty_ns > allowed_duty_ns)
        return -13; /* EACCES */
    return 0;
}

char LICENSE[] SEC("license") = "Dual MIT/GPL";
