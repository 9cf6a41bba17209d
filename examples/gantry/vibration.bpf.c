/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* The vibration filter: of the head's vertical acceleration only the shocks go on to user space, samples that are more
 * than 2.5 m/s^2 away from gravity. All samples arrive here, one run each; what is dropped is still in the recording. */
#include <axiom/bpf.h>

#define GRAVITY_NANO   9806650000ll /* m/s^2 in 1e-9 */
#define THRESHOLD_NANO 2500000000ll

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

SEC("iio/imu0/accel_z")
int shocks(struct axiom_iio_ctx *ctx)
{
    uint32_t zero = 0;
    struct counters *c = bpf_map_lookup_elem(&vibration, &zero);
    if (c == NULL)
        return 1;
    int64_t away = ctx->nano - GRAVITY_NANO;
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
