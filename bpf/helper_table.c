/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* The helpers: bodies, then the table. To add one: a line in AXIOM_BPF_HELPERS
 * (include/uapi/axiom/bpf.h), a body here, a row in the table. Bodies trust their arguments: the
 * row tells the verifier what to prove. */
#include <axiom/errno.h>
#include <axiom/string.h>
#include <bpf/helper.h>
#include <bpf/interp.h>
#include <bpf/map.h>
#include <bpf_internal/helper_body.h>
#include <bpf_internal/helpers.h>

#define BODY(name) static HELPER_BODY(name)

HELPER_BODY(bpf_helper_map_lookup_elem)
{
    struct bpf_map *map = map_of(r1);
    void *value = bpf_map_lookup(map, memory_of(r2));
    /* The program may write through it until it ends. */
    if (value != NULL && !bpf_map_values_read_only(map))
        bpf_map_touch(map);
    return (uint64_t)(uintptr_t)value;
}

BODY(map_update_elem)
{
    if ((map_of(r1)->flags & BPF_F_RDONLY_PROG) != 0)
        return RESULT(-EACCES);
    return RESULT(bpf_map_update(map_of(r1), memory_of(r2), memory_of(r3), r4));
}

BODY(map_delete_elem)
{
    if ((map_of(r1)->flags & BPF_F_RDONLY_PROG) != 0)
        return RESULT(-EACCES);
    return RESULT(bpf_map_delete(map_of(r1), memory_of(r2)));
}

BODY(get_smp_processor_id)
{
    void *user;
    const struct bpf_platform_ops *platform = platform_of(run, &user);
    return platform->cpu_index == NULL ? 0 : platform->cpu_index(user);
}

BODY(ringbuf_output)
{
    return RESULT(bpf_ringbuf_output(map_of(r1), memory_of(r2), r3, r4));
}

BODY(ringbuf_reserve)
{
    return r3 != 0 ? 0 : (uint64_t)(uintptr_t)bpf_ringbuf_reserve(map_of(r1), r2);
}

BODY(ringbuf_submit)
{
    bpf_ringbuf_submit(memory_of(r1), r2);
    return 0;
}

BODY(ringbuf_discard)
{
    bpf_ringbuf_discard(memory_of(r1), r2);
    return 0;
}

BODY(ringbuf_query)
{
    return bpf_ringbuf_query(map_of(r1), r2);
}

BODY(gpio_get)
{
    void *user;
    const struct bpf_platform_ops *platform = platform_of(run, &user);
    return RESULT(platform->gpio_get == NULL ? -EOPNOTSUPP
                                             : platform->gpio_get(user, U32(r1), U32(r2)));
}

BODY(gpio_set)
{
    void *user;
    const struct bpf_platform_ops *platform = platform_of(run, &user);
    if (platform->gpio_set == NULL)
        return RESULT(-EOPNOTSUPP);
    return RESULT(U32(r3) > 1 ? -EINVAL : platform->gpio_set(user, U32(r1), U32(r2), U32(r3)));
}

BODY(pwm_get)
{
    void *user;
    const struct bpf_platform_ops *platform = platform_of(run, &user);
    struct axiom_pwm_state state = { 0 };
    int err = -EOPNOTSUPP;
    if (U32(r4) != sizeof state)
        err = -EINVAL;
    else if (platform->pwm_get != NULL)
        err = platform->pwm_get(user, U32(r1), U32(r2), &state);
    /* The verifier counts all r4 bytes as written, also on failure. */
    memset(memory_of(r3), 0, U32(r4));
    if (err == 0)
        memcpy(memory_of(r3), &state, sizeof state);
    return RESULT(err);
}

BODY(pwm_set)
{
    void *user;
    const struct bpf_platform_ops *platform = platform_of(run, &user);
    return RESULT(platform->pwm_set == NULL ? -EOPNOTSUPP
                                            : platform->pwm_set(user, U32(r1), U32(r2), r3, r4));
}

BODY(motor_emergency_stop)
{
    void *user;
    const struct bpf_platform_ops *platform = platform_of(run, &user);
    return RESULT(platform->emergency_stop == NULL ? -EOPNOTSUPP
                                                   : platform->emergency_stop(user, r1));
}

BODY(timeseries_push)
{
    return RESULT(bpf_timeseries_push(map_of(r1), r2, (int64_t)r3));
}

BODY(timeseries_last)
{
    uint32_t size_bytes = U32(r3);
    memset(memory_of(r2), 0, size_bytes);
    if ((uintptr_t)memory_of(r2) % _Alignof(struct axiom_sample) != 0)
        return RESULT(-EINVAL);
    return bpf_timeseries_last(map_of(r1), memory_of(r2),
                               size_bytes / (uint32_t)sizeof(struct axiom_sample));
}

BODY(timeseries_window)
{
    struct axiom_window window;
    if (U32(r4) != sizeof window) {
        memset(memory_of(r3), 0, U32(r4));
        return RESULT(-EINVAL);
    }
    bpf_timeseries_window(map_of(r1), r2, &window);
    memcpy(memory_of(r3), &window, sizeof window);
    return 0;
}

BODY(sensor_last_timestamp)
{
    void *user;
    const struct bpf_platform_ops *platform = platform_of(run, &user);
    return platform->sensor_last_ns == NULL ? 0 : platform->sensor_last_ns(user, U32(r1), U32(r2));
}

#define M(type) BPF_MAP_BIT_##type
#define PERCPU  (M(PERCPU_HASH) | M(PERCPU_ARRAY) | M(LRU_PERCPU_HASH))
#define KEYED   (M(HASH) | M(ARRAY) | M(LRU_HASH) | PERCPU | M(LPM_TRIE))
/* Walked by their own order, each entry with a key and a value. */
#define WALKED (KEYED & ~M(LPM_TRIE))
#define NESTED (M(ARRAY_OF_MAPS) | M(HASH_OF_MAPS))
#define QUEUED (M(QUEUE) | M(STACK))
#define SERIES BPF_MAP_BIT_TIMESERIES
#define RING   BPF_MAP_BIT_RINGBUF

#define ID(helper) .id = BPF_FUNC_##helper, .name = #helper, .attach_types = BPF_ATTACH_ALL

/* Costs in ns are for the CPU model of a Cortex-A76 at 2.4 GHz: rounded up from what the same code
 * takes on a desk, not measured on the board yet. */
// clang-format off
const struct bpf_helper bpf_helpers[] = {
    { ID(map_lookup_elem), .body = bpf_helper_map_lookup_elem, .cost_ns = 10, .map_types = KEYED | SERIES | NESTED,
      .returns = BPF_RETURN_MAP_VALUE_OR_NULL, .args = { BPF_ARG_MAP, BPF_ARG_MAP_KEY } },
    { ID(map_update_elem), .body = map_update_elem, .cost_ns = 40, .map_types = KEYED,
      .returns = BPF_RETURN_SCALAR, .args = { BPF_ARG_MAP, BPF_ARG_MAP_KEY, BPF_ARG_MAP_VALUE, BPF_ARG_SCALAR } },
    { ID(map_delete_elem), .body = map_delete_elem, .cost_ns = 30, .map_types = KEYED,
      .returns = BPF_RETURN_SCALAR, .args = { BPF_ARG_MAP, BPF_ARG_MAP_KEY } },
    { ID(ktime_get_ns), .body = bpf_helper_ktime_get_ns, .cost_ns = 20, .returns = BPF_RETURN_SCALAR },
    { ID(trace_printk), .body = bpf_helper_trace_printk, .cost_ns = 1000, .flags = BPF_HELPER_VARIADIC,
      .returns = BPF_RETURN_SCALAR, .args = { BPF_ARG_MEM_READ, BPF_ARG_SIZE } },
    { ID(get_prandom_u32), .body = bpf_helper_get_prandom_u32, .cost_ns = 10, .returns = BPF_RETURN_SCALAR },
    { ID(get_smp_processor_id), .body = get_smp_processor_id, .cost_ns = 5, .returns = BPF_RETURN_SCALAR },
    { ID(tail_call), .body = bpf_helper_tail_call, .cost_ns = 20, .flags = BPF_HELPER_TAIL_CALL,
      .map_types = M(PROG_ARRAY), .returns = BPF_RETURN_VOID, .args = { BPF_ARG_CONTEXT, BPF_ARG_MAP, BPF_ARG_ANYTHING } },
    { ID(get_current_pid_tgid), .body = bpf_helper_get_current_pid_tgid, .cost_ns = 10, .returns = BPF_RETURN_SCALAR },
    { ID(get_current_uid_gid), .body = bpf_helper_get_current_uid_gid, .cost_ns = 10, .returns = BPF_RETURN_SCALAR },
    { ID(get_current_comm), .body = bpf_helper_get_current_comm, .cost_ns = 20,
      .returns = BPF_RETURN_SCALAR, .args = { BPF_ARG_MEM_WRITE, BPF_ARG_SIZE } },
    { ID(csum_diff), .body = bpf_helper_csum_diff, .cost_ns = 200, .returns = BPF_RETURN_SCALAR,
      .args = { BPF_ARG_MEM_READ | BPF_ARG_OR_NULL, BPF_ARG_SIZE_OR_ZERO, BPF_ARG_MEM_READ | BPF_ARG_OR_NULL,
                BPF_ARG_SIZE_OR_ZERO, BPF_ARG_SCALAR } },
    { ID(get_numa_node_id), .body = bpf_helper_get_numa_node_id, .cost_ns = 5, .returns = BPF_RETURN_SCALAR },
    { ID(map_push_elem), .body = bpf_helper_map_push_elem, .cost_ns = 40, .map_types = QUEUED | M(BLOOM_FILTER),
      .returns = BPF_RETURN_SCALAR, .args = { BPF_ARG_MAP, BPF_ARG_MAP_VALUE, BPF_ARG_SCALAR } },
    { ID(map_pop_elem), .body = bpf_helper_map_pop_elem, .cost_ns = 40, .map_types = QUEUED,
      .returns = BPF_RETURN_SCALAR, .args = { BPF_ARG_MAP, BPF_ARG_MAP_VALUE_OUT } },
    { ID(map_peek_elem), .body = bpf_helper_map_peek_elem, .cost_ns = 40, .map_types = QUEUED | M(BLOOM_FILTER),
      .returns = BPF_RETURN_SCALAR, .args = { BPF_ARG_MAP, BPF_ARG_MAP_VALUE_OUT } },
    { ID(spin_lock), .body = bpf_helper_spin_lock, .cost_ns = 20, .flags = BPF_HELPER_LOCKS,
      .returns = BPF_RETURN_VOID, .args = { BPF_ARG_SPIN_LOCK } },
    { ID(spin_unlock), .body = bpf_helper_spin_unlock, .cost_ns = 10, .flags = BPF_HELPER_UNLOCKS,
      .returns = BPF_RETURN_VOID, .args = { BPF_ARG_SPIN_LOCK } },
    { ID(strtol), .body = bpf_helper_strtol, .cost_ns = 150, .fixed_sizes = { 0, 0, 0, 8 }, .returns = BPF_RETURN_SCALAR,
      .args = { BPF_ARG_MEM_READ, BPF_ARG_SIZE, BPF_ARG_SCALAR, BPF_ARG_FIXED_WRITE } },
    { ID(strtoul), .body = bpf_helper_strtoul, .cost_ns = 150, .fixed_sizes = { 0, 0, 0, 8 }, .returns = BPF_RETURN_SCALAR,
      .args = { BPF_ARG_MEM_READ, BPF_ARG_SIZE, BPF_ARG_SCALAR, BPF_ARG_FIXED_WRITE } },
    { ID(probe_read_kernel), .body = bpf_helper_probe_read_kernel, .cost_ns = 100, .returns = BPF_RETURN_SCALAR,
      .args = { BPF_ARG_MEM_WRITE, BPF_ARG_SIZE_OR_ZERO, BPF_ARG_ANYTHING } },
    { ID(probe_read_kernel_str), .body = bpf_helper_probe_read_kernel_str, .cost_ns = 500, .returns = BPF_RETURN_SIZE,
      .args = { BPF_ARG_MEM_WRITE, BPF_ARG_SIZE_OR_ZERO, BPF_ARG_ANYTHING } },
    { ID(jiffies64), .body = bpf_helper_jiffies64, .cost_ns = 20, .returns = BPF_RETURN_SCALAR },
    { ID(ktime_get_boot_ns), .body = bpf_helper_ktime_get_ns, .cost_ns = 20, .returns = BPF_RETURN_SCALAR },
    { ID(ringbuf_output), .body = ringbuf_output, .cost_ns = 60, .map_types = RING, .returns = BPF_RETURN_SCALAR,
      .args = { BPF_ARG_MAP, BPF_ARG_MEM_READ, BPF_ARG_SIZE_OR_ZERO, BPF_ARG_SCALAR } },
    { ID(ringbuf_reserve), .body = ringbuf_reserve, .cost_ns = 30, .map_types = RING,
      .returns = BPF_RETURN_RINGBUF_RECORD_OR_NULL, .args = { BPF_ARG_MAP, BPF_ARG_CONST_SIZE, BPF_ARG_SCALAR } },
    { ID(ringbuf_submit), .body = ringbuf_submit, .cost_ns = 30,
      .returns = BPF_RETURN_VOID, .args = { BPF_ARG_RINGBUF_RECORD, BPF_ARG_SCALAR } },
    { ID(ringbuf_discard), .body = ringbuf_discard, .cost_ns = 30,
      .returns = BPF_RETURN_VOID, .args = { BPF_ARG_RINGBUF_RECORD, BPF_ARG_SCALAR } },
    { ID(ringbuf_query), .body = ringbuf_query, .cost_ns = 5, .map_types = RING,
      .returns = BPF_RETURN_SCALAR, .args = { BPF_ARG_MAP, BPF_ARG_SCALAR } },
    { ID(ktime_get_coarse_ns), .body = bpf_helper_ktime_get_ns, .cost_ns = 20, .returns = BPF_RETURN_SCALAR },
    { ID(for_each_map_elem), .body = bpf_helper_for_each_map_elem, .cost_ns = 50, .entry_cost_ns = 30,
      .map_types = WALKED, .flags = BPF_HELPER_CALLS_BACK, .callback = BPF_CALLBACK_MAP_ELEM,
      .returns = BPF_RETURN_SCALAR, .args = { BPF_ARG_MAP, BPF_ARG_CALLBACK, BPF_ARG_STACK, BPF_ARG_SCALAR } },
    { ID(snprintf), .body = bpf_helper_snprintf, .cost_ns = 1000, .returns = BPF_RETURN_SCALAR,
      .args = { BPF_ARG_MEM_UPDATE | BPF_ARG_OR_NULL, BPF_ARG_SIZE_OR_ZERO, BPF_ARG_CONST_STRING,
                BPF_ARG_MEM_READ | BPF_ARG_OR_NULL, BPF_ARG_SIZE_OR_ZERO } },
    { ID(trace_vprintk), .body = bpf_helper_trace_vprintk, .cost_ns = 1000, .returns = BPF_RETURN_SCALAR,
      .args = { BPF_ARG_MEM_READ, BPF_ARG_SIZE, BPF_ARG_MEM_READ | BPF_ARG_OR_NULL, BPF_ARG_SIZE_OR_ZERO } },
    { ID(loop), .body = bpf_helper_loop, .cost_ns = 20, .flags = BPF_HELPER_CALLS_BACK, .callback = BPF_CALLBACK_LOOP,
      .returns = BPF_RETURN_SCALAR, .args = { BPF_ARG_SCALAR, BPF_ARG_CALLBACK, BPF_ARG_STACK, BPF_ARG_SCALAR } },
    { ID(strncmp), .body = bpf_helper_strncmp, .cost_ns = 50, .returns = BPF_RETURN_SCALAR,
      .args = { BPF_ARG_MEM_READ, BPF_ARG_SIZE, BPF_ARG_CONST_STRING } },
    { ID(map_lookup_percpu_elem), .body = bpf_helper_map_lookup_percpu_elem, .cost_ns = 15, .map_types = PERCPU,
      .returns = BPF_RETURN_MAP_VALUE_OR_NULL, .args = { BPF_ARG_MAP, BPF_ARG_MAP_KEY, BPF_ARG_SCALAR } },
    { ID(ktime_get_tai_ns), .body = bpf_helper_ktime_get_ns, .cost_ns = 20, .returns = BPF_RETURN_SCALAR },
    { ID(gpio_get), .body = gpio_get, .cost_ns = 200,
      .returns = BPF_RETURN_SCALAR, .args = { BPF_ARG_SCALAR, BPF_ARG_SCALAR } },
    { ID(gpio_set), .body = gpio_set, .cost_ns = 300, .flags = BPF_HELPER_ACTUATOR,
      .returns = BPF_RETURN_SCALAR, .args = { BPF_ARG_SCALAR, BPF_ARG_SCALAR, BPF_ARG_SCALAR } },
    { ID(pwm_get), .body = pwm_get, .cost_ns = 200, .returns = BPF_RETURN_SCALAR,
      .args = { BPF_ARG_SCALAR, BPF_ARG_SCALAR, BPF_ARG_MEM_WRITE, BPF_ARG_SIZE } },
    { ID(pwm_set), .body = pwm_set, .cost_ns = 600, .flags = BPF_HELPER_ACTUATOR,
      .returns = BPF_RETURN_SCALAR, .args = { BPF_ARG_SCALAR, BPF_ARG_SCALAR, BPF_ARG_SCALAR, BPF_ARG_SCALAR } },
    /* Not an actuator write: it goes past policy and guard, so a guard may call it too. */
    { ID(motor_emergency_stop), .body = motor_emergency_stop, .cost_ns = 2000,
      .returns = BPF_RETURN_SCALAR, .args = { BPF_ARG_SCALAR } },
    { ID(timeseries_push), .body = timeseries_push, .cost_ns = 10, .map_types = SERIES,
      .returns = BPF_RETURN_SCALAR, .args = { BPF_ARG_MAP, BPF_ARG_SCALAR, BPF_ARG_SCALAR } },
    { ID(timeseries_last), .body = timeseries_last, .cost_ns = 20, .entry_cost_ns = 1, .map_types = SERIES,
      .returns = BPF_RETURN_SCALAR, .args = { BPF_ARG_MAP, BPF_ARG_MEM_WRITE, BPF_ARG_SIZE } },
    { ID(timeseries_window), .body = timeseries_window, .cost_ns = 50, .entry_cost_ns = 5, .map_types = SERIES,
      .returns = BPF_RETURN_SCALAR, .args = { BPF_ARG_MAP, BPF_ARG_SCALAR, BPF_ARG_MEM_WRITE, BPF_ARG_SIZE } },
    { ID(sensor_last_timestamp), .body = sensor_last_timestamp, .cost_ns = 20,
      .returns = BPF_RETURN_SCALAR, .args = { BPF_ARG_SCALAR, BPF_ARG_SCALAR } },
};
// clang-format on
const uint32_t bpf_helper_count = ARRAY_SIZE(bpf_helpers);

const struct bpf_helper *bpf_helper_find(const struct bpf_env *env, uint32_t id)
{
    uint32_t low = 0, high = env->helper_count;
    while (low < high) {
        uint32_t middle = low + (high - low) / 2;
        if (env->helpers[middle].id < id)
            low = middle + 1;
        else
            high = middle;
    }
    return low < env->helper_count && env->helpers[low].id == id ? &env->helpers[low] : NULL;
}

const struct bpf_helper *bpf_helper_find_for(const struct bpf_env *env, uint32_t id,
                                             const struct bpf_context_layout *context)
{
    const struct bpf_helper *first = bpf_helper_find(env, id), *row = first;
    if (first == NULL)
        return NULL;
    for (; row != env->helpers + env->helper_count && row->id == id; row++)
        if (bpf_helper_allowed(row, context))
            return row;
    return first;
}
