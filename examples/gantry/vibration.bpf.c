/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* The vibration filter: keeps a sample of the head's X acceleration only when it is far from the mean of the last quarter of
 * a second. What user space then sees are the shocks. */
#include <axiom/bpf.h>

#define WINDOW_NS      250000000ull
#define THRESHOLD_NANO 2500000000ll /* 2.5 m/s^2 */

struct {
    __uint(type, AXIOM_MAP_TYPE_TIMESERIES);
    __uint(max_entries, 256);
    __type(key, uint32_t);
    __type(value, struct axiom_sample);
} accel SEC(".maps");

struct counters {
    uint64_t seen, kept;
    int64_t largest_nano;
};

struct {
    __uint(type, BPF_MAP_TYPE_ARRAY);
    __uint(max_entries, 1);
    __type(key, uint32_t);
    __type(value, struct counters);
} vibration SEC(".maps");

SEC("iio/imu0/accel_x")
int shocks(struct axiom_iio_ctx *ctx)
{
    uint32_t zero = 0;
    struct counters *c = bpf_map_lookup_elem(&vibration, &zero);
    if (c == NULL)
        return 1;
    struct axiom_window window = {};
    uint64_t since = ctx->time_ns > WINDOW_NS ? ctx->time_ns - WINDOW_NS : 0;
    bpf_timeseries_window(&accel, since, &window, sizeof(window));
    bpf_timeseries_push(&accel, ctx->time_ns, ctx->nano);
    int64_t away = ctx->nano - window.mean;
    if (away < 0)
        away = -away;
    c->seen++;
    if (away > c->largest_nano)
        c->largest_nano = away;
    if (away < THRESHOLD_NANO)
        return 0;
    c->kept++;
    return 1;
}

char LICENSE[] SEC("license") = "Dual MIT/GPL";
