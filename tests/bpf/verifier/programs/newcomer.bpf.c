/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* What someone writes in the first week, as clang compiles it: every program here must be accepted. */
#include <axiom/bpf.h>

char LICENSE[] SEC("license") = "Dual MIT/GPL";

struct {
    __uint(type, BPF_MAP_TYPE_ARRAY);
    __uint(max_entries, 16);
    __type(key, uint32_t);
    __type(value, uint64_t);
} counts SEC(".maps");

struct motor {
    uint32_t steps;
    int32_t position;
    uint16_t speed[8];
    uint8_t flags;
    char name[7];
};

struct {
    __uint(type, BPF_MAP_TYPE_HASH);
    __uint(max_entries, 64);
    __type(key, uint64_t);
    __type(value, struct motor);
} motors SEC(".maps");

struct {
    __uint(type, BPF_MAP_TYPE_RINGBUF);
    __uint(max_entries, 4096);
} events SEC(".maps");

struct {
    __uint(type, AXIOM_MAP_TYPE_TIMESERIES);
    __uint(max_entries, 32);
    __type(key, uint32_t);
    __type(value, struct axiom_sample);
} temperature SEC(".maps");

struct event {
    uint64_t time_ns;
    uint32_t line;
    uint16_t kind;
    uint8_t level;
};

const volatile int64_t limit_nano = 150000000000; /* .rodata */
int64_t position_nano = 5;                        /* .data */
uint64_t edge_count;                              /* .bss */
static uint8_t history[64];                       /* .bss */
static int32_t table[4][4];

static __noinline uint32_t weight(uint32_t line, uint32_t edge)
{
    return edge == AXIOM_GPIO_RISING ? line * 3 : line;
}

static __noinline int64_t clamp(int64_t value, int64_t low, int64_t high)
{
    if (value < low)
        return low;
    return value > high ? high : value;
}

static __noinline void count(uint32_t index)
{
    uint32_t key = index & 15;
    uint64_t *value = bpf_map_lookup_elem(&counts, &key);
    if (value)
        *value += 1;
}

SEC("gpio/chip0/line17/rising")
int lookup_and_count(struct axiom_gpio_ctx *ctx)
{
    uint32_t key = (uint32_t)ctx->line & 15;
    uint64_t *value = bpf_map_lookup_elem(&counts, &key);
    if (!value)
        return 0;
    (*value)++;
    return 1;
}

SEC("gpio/chip0/line17/rising")
int spilled_pointer(struct axiom_gpio_ctx *ctx)
{
    /* Many values alive over calls: some of them, pointers too, go to the stack. */
    uint32_t key = 0;
    uint64_t *first = bpf_map_lookup_elem(&counts, &key);
    key = 1;
    uint64_t *second = bpf_map_lookup_elem(&counts, &key);
    key = 2;
    uint64_t *third = bpf_map_lookup_elem(&counts, &key);
    key = 3;
    uint64_t *fourth = bpf_map_lookup_elem(&counts, &key);
    uint64_t a = ctx->time_ns, b = ctx->line, c = ctx->edge, d = ctx->level;
    if (!first || !second || !third || !fourth)
        return 0;
    uint64_t now = bpf_ktime_get_ns();
    *first += a + now;
    *second += b;
    *third += c;
    *fourth += d;
    return (int)(*first + *second + *third + *fourth);
}

SEC("gpio/chip0/line17/rising")
int subprograms(struct axiom_gpio_ctx *ctx)
{
    count((uint32_t)ctx->line);
    count(weight((uint32_t)ctx->line, (uint32_t)ctx->edge));
    position_nano = clamp(position_nano + 1000, -limit_nano, limit_nano);
    return 0;
}

SEC("gpio/chip0/line17/rising")
int bounded_loop(struct axiom_gpio_ctx *ctx)
{
    uint64_t sum = 0;
    for (int i = 0; i < 100; i++)
        sum += history[i & 63] * (uint64_t)i;
    history[ctx->line & 63] = (uint8_t)sum;
    return (int)sum;
}

SEC("gpio/chip0/line17/rising")
int loop_with_branches(struct axiom_gpio_ctx *ctx)
{
    uint32_t large = 0, small = 0, none = 0;
    for (int i = 0; i < 64; i++) {
        if (history[i] > 100)
            large++;
        else if (history[i] > 0)
            small++;
        else
            none++;
    }
    return (int)(large * 10000 + small * 100 + none + ctx->level);
}

SEC("gpio/chip0/line17/rising")
int loop_with_break(struct axiom_gpio_ctx *ctx)
{
    int i;
    for (i = 0; i < 64; i++) {
        if (history[i] == (uint8_t)ctx->line)
            break;
    }
    return i;
}

SEC("gpio/chip0/line17/rising")
int nested_loops(struct axiom_gpio_ctx *ctx)
{
    int32_t trace = 0;
    for (int i = 0; i < 4; i++)
        for (int j = 0; j < 4; j++) {
            table[i][j] += i * j;
            if (i == j)
                trace += table[i][j];
        }
    return trace + (int)ctx->level;
}

SEC("gpio/chip0/line17/rising")
int index_from_outside(struct axiom_gpio_ctx *ctx)
{
    uint64_t i = ctx->line;
    if (i >= sizeof history)
        return 0;
    history[i]++;
    int32_t j = (int32_t)ctx->edge;
    if (j < 0 || j >= 4)
        return 0;
    table[j][i & 3] -= j;
    return history[i];
}

SEC("gpio/chip0/line17/rising")
int ringbuf_record(struct axiom_gpio_ctx *ctx)
{
    struct event *record = bpf_ringbuf_reserve(&events, sizeof *record, 0);
    if (!record)
        return 0;
    record->time_ns = ctx->time_ns;
    record->line = (uint32_t)ctx->line;
    record->kind = (uint16_t)ctx->edge;
    record->level = (uint8_t)ctx->level;
    if (ctx->level > 1)
        bpf_ringbuf_discard(record, 0);
    else
        bpf_ringbuf_submit(record, 0);
    return 0;
}

SEC("gpio/chip0/line17/rising")
int ringbuf_output(struct axiom_gpio_ctx *ctx)
{
    struct event event = {};
    event.time_ns = ctx->time_ns;
    event.kind = 3;
    return (int)bpf_ringbuf_output(&events, &event, sizeof event, 0);
}

SEC("gpio/chip0/line17/rising")
int global_variables(struct axiom_gpio_ctx *ctx)
{
    edge_count++;
    position_nano += ctx->level ? 12500000 : -12500000;
    if (position_nano > limit_nano || position_nano < -limit_nano)
        bpf_motor_emergency_stop(1);
    return (int)edge_count;
}

SEC("gpio/chip0/line17/rising")
int printing(struct axiom_gpio_ctx *ctx)
{
    bpf_printk("edge %d on line %llu at %llu", (int)ctx->edge, ctx->line, ctx->time_ns);
    return 0;
}

SEC("timer/1000hz")
int time_series(struct axiom_timer_ctx *ctx)
{
    struct axiom_sample last[4];
    struct axiom_window window;
    bpf_timeseries_push(&temperature, ctx->now_ns, (int64_t)ctx->sequence);
    uint32_t count = (uint32_t)bpf_timeseries_last(&temperature, last, sizeof last);
    int64_t sum = 0;
    for (uint32_t i = 0; i < 4; i++)
        if (i < count)
            sum += last[i].value;
    bpf_timeseries_window(&temperature, ctx->now_ns - 1000000, &window, sizeof window);
    uint32_t age = 0;
    struct axiom_sample *newest = bpf_map_lookup_elem(&temperature, &age);
    if (newest)
        sum += newest->value;
    return (int)(sum + window.mean);
}

SEC("iio/imu0/accel_x")
int switch_statement(struct axiom_iio_ctx *ctx)
{
    switch (ctx->channel) {
    case 0:
        return ctx->value > 100;
    case 1:
        return ctx->value < -100;
    case 2:
        count(2);
        return 1;
    case 6:
        return ctx->nano > 60000000000;
    case 7:
        bpf_motor_emergency_stop(7);
        return 0;
    default:
        return 1;
    }
}

SEC("iio/imu0/accel_x")
int small_types(struct axiom_iio_ctx *ctx)
{
    uint8_t a = (uint8_t)ctx->value;
    int8_t b = (int8_t)ctx->value;
    uint16_t c = (uint16_t)(ctx->value >> 3);
    int16_t d = (int16_t)(ctx->value * 5);
    int32_t e = (int32_t)ctx->value;
    a += 200;
    b >>= 1;
    c = (uint16_t)(c << 3 | c >> 13);
    d = (int16_t)(d - a);
    e -= a;
    history[a & 63] = (uint8_t)b;
    if (c < 64)
        history[c] = (uint8_t)d;
    if (e >= 0 && e < 4)
        table[e][e] = d;
    return a + b + c + d + e > 0;
}

SEC("iio/imu0/accel_x")
int filter_over_state(struct axiom_iio_ctx *ctx)
{
    uint64_t key = ctx->device;
    struct motor *motor = bpf_map_lookup_elem(&motors, &key);
    if (!motor) {
        struct motor fresh = { .position = (int32_t)ctx->value };
        bpf_map_update_elem(&motors, &key, &fresh, BPF_NOEXIST);
        return 1;
    }
    uint32_t slot = motor->steps++ % 8;
    motor->speed[slot] = (uint16_t)ctx->value;
    uint32_t sum = 0;
    for (int i = 0; i < 8; i++)
        sum += motor->speed[i];
    motor->name[motor->flags < 7 ? motor->flags : 0] = 'x';
    motor->position = (int32_t)clamp(motor->position + (int64_t)sum, -1000, 1000);
    return motor->position > 0;
}

SEC("iio/imu0/accel_x")
int local_array(struct axiom_iio_ctx *ctx)
{
    int64_t window[8] = {};
    for (int i = 0; i < 8; i++)
        window[i] = ctx->value + i;
    uint64_t pick = ctx->sequence & 7;
    return window[pick] > 3;
}

SEC("iio/imu0/accel_x")
int sort_local_array(struct axiom_iio_ctx *ctx)
{
    uint32_t v[6];
    for (int i = 0; i < 6; i++)
        v[i] = history[i];
    for (int i = 0; i < 6; i++)
        for (int j = 0; j + 1 < 6; j++)
            if (v[j] > v[j + 1]) {
                uint32_t t = v[j];
                v[j] = v[j + 1];
                v[j + 1] = t;
            }
    return v[3] > (uint32_t)ctx->value;
}

SEC("pwm/chip0/channel0")
int policy_clamps(struct axiom_pwm_ctx *ctx)
{
    if (ctx->duty_ns > ctx->period_ns / 2)
        ctx->duty_ns = ctx->period_ns / 2;
    if (ctx->period_ns < 1000)
        return -22;
    return 0;
}

SEC("guard/gpio")
int guard_refuses(struct axiom_guard_gpio_ctx *ctx)
{
    if (ctx->line == 27 && ctx->level == 1 && edge_count > 10)
        return -1;
    return 0;
}

SEC("timer/oneshot")
int actuators(struct axiom_timer_ctx *ctx)
{
    struct axiom_pwm_state state;
    if (bpf_pwm_get(0, 2, &state, sizeof state))
        return 0;
    if (state.enabled && state.duty_ns > state.period_ns / 4)
        bpf_pwm_set(0, 2, state.period_ns, state.duty_ns / 2);
    bpf_gpio_set(0, 17, bpf_gpio_get(0, 27) > 0);
    return (int)ctx->number;
}

SEC("timer/oneshot")
int bitwise_crc(struct axiom_timer_ctx *ctx)
{
    uint32_t crc = 0xffffffff;
    for (int i = 0; i < 32; i++) {
        crc ^= history[i];
        for (int bit = 0; bit < 8; bit++)
            crc = crc & 1 ? crc >> 1 ^ 0xedb88320 : crc >> 1;
    }
    return (int)~crc + (int)ctx->number;
}

SEC("timer/oneshot")
int binary_search(struct axiom_timer_ctx *ctx)
{
    uint32_t low = 0, high = 64;
    for (int i = 0; i < 7 && low < high; i++) {
        uint32_t middle = (low + high) / 2;
        if (middle >= 64)
            break;
        if (history[middle] < (uint8_t)ctx->sequence)
            low = middle + 1;
        else
            high = middle;
    }
    return (int)low;
}

SEC("timer/oneshot")
int atomic_counter(struct axiom_timer_ctx *ctx)
{
    __sync_fetch_and_add(&edge_count, ctx->number);
    uint32_t key = 0;
    uint64_t *value = bpf_map_lookup_elem(&counts, &key);
    if (value)
        return (int)__sync_fetch_and_add(value, 1);
    return 0;
}
