/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* Time series: the newest max_entries samples of one quantity, each with its time, times never
 * going backwards.
 *
 * The key is an age: 0 is the newest sample. Programs push by a helper and read: values are
 * read-only for them, so that the order of times always holds. Statistics over a window walk back
 * from the newest. Readers take no lock: they begin again when a push came between. */
#include <bpf_internal/map.h>

struct timeseries_map {
    struct bpf_map map;
    uint32_t sequence; /* sequence lock over everything below */
    uint32_t next;     /* where the next sample goes */
    uint32_t count;    /* samples that are there */
    struct axiom_sample samples[];
};

static struct timeseries_map *series_of(const struct bpf_map *map)
{
    return CONTAINER_OF(map, struct timeseries_map, map);
}

static int timeseries_check(const struct bpf_map_spec *spec, uint32_t cpu_count,
                            uint64_t *size_bytes, struct bpf_error *error)
{
    (void)cpu_count;
    if (spec->key_size != 4 || spec->value_size != sizeof(struct axiom_sample))
        return map_refuse(
            spec, error,
            "a time series has uint32_t keys and struct axiom_sample values, not %u and %u bytes",
            spec->key_size, spec->value_size);
    *size_bytes =
        sizeof(struct timeseries_map) + (uint64_t)spec->max_entries * sizeof(struct axiom_sample);
    return 0;
}

static void timeseries_init(struct bpf_map *map, const struct bpf_map_spec *spec)
{
    (void)spec;
    (void)map; /* zeroed memory is an empty series */
}

static uint32_t count_of(const struct bpf_map *map)
{
    return map_get32(&series_of(map)->count);
}

static struct axiom_sample *place_by_age(const struct bpf_map *map, uint32_t age)
{
    struct timeseries_map *series = series_of(map);
    uint32_t next = map_get32(&series->next);
    uint32_t index = next > age ? next - age - 1 : next + (map->max_entries - age - 1);
    return &series->samples[index];
}

static struct axiom_sample sample_by_age(const struct bpf_map *map, uint32_t age)
{
    struct axiom_sample sample;
    map_load(&sample, place_by_age(map, age), sizeof sample);
    return sample;
}

static int push_locked(struct bpf_map *map, const struct axiom_sample *sample)
{
    struct timeseries_map *series = series_of(map);
    if (series->count > 0 && sample->time_ns < sample_by_age(map, 0).time_ns)
        return -EINVAL;
    map_store(&series->samples[series->next], sample, sizeof *sample);
    map_set32(&series->next, series->next + 1 == map->max_entries ? 0 : series->next + 1);
    if (series->count < map->max_entries)
        map_set32(&series->count, series->count + 1);
    return 0;
}

int bpf_timeseries_push(struct bpf_map *map, uint64_t time_ns, int64_t value)
{
    const struct axiom_sample sample = { time_ns, value };
    if (map->ops != &bpf_timeseries_ops)
        return -EINVAL;
    uint64_t state = map_write_begin(map->env, &series_of(map)->sequence);
    int err = push_locked(map, &sample);
    map_write_end(map->env, &series_of(map)->sequence, state);
    if (err == 0)
        bpf_map_touch(map);
    return err;
}

uint32_t bpf_timeseries_last(const struct bpf_map *map, struct axiom_sample *to, uint32_t count)
{
    if (map->ops != &bpf_timeseries_ops)
        return 0;
    for (;;) {
        uint32_t begun = map_read_begin(&series_of(map)->sequence);
        uint32_t have = count_of(map) < count ? count_of(map) : count;
        for (uint32_t age = 0; age < have; age++)
            to[age] = sample_by_age(map, age);
        if (!map_read_retry(&series_of(map)->sequence, begun))
            return have;
    }
}

/* How many samples are not older than since_ns: times are in order, so by bisection. */
static uint32_t window_count(const struct bpf_map *map, uint64_t since_ns)
{
    uint32_t low = 0, high = count_of(map);
    while (low < high) {
        uint32_t middle = low + (high - low) / 2;
        if (sample_by_age(map, middle).time_ns >= since_ns)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

static void read_window(const struct bpf_map *map, uint64_t since_ns, struct axiom_window *out)
{
    *out = (struct axiom_window){ 0 };
    uint32_t count = window_count(map, since_ns);
    if (count == 0)
        return;
    *out = (struct axiom_window){ .count = count,
                                  .min = INT64_MAX,
                                  .max = INT64_MIN,
                                  .first_ns = sample_by_age(map, count - 1).time_ns,
                                  .last_ns = sample_by_age(map, 0).time_ns };
    /* The sum may not fit 64 bits, its quotient does: sum = quotient * count + rest all along. */
    int64_t quotient = 0, rest = 0;
    for (uint32_t age = 0; age < count; age++) {
        int64_t value = sample_by_age(map, age).value;
        out->min = value < out->min ? value : out->min;
        out->max = value > out->max ? value : out->max;
        quotient += value / (int64_t)count;
        rest += value % (int64_t)count;
        quotient += rest / (int64_t)count;
        rest %= (int64_t)count;
    }
    if (quotient > 0 && rest < 0)
        quotient--;
    else if (quotient < 0 && rest > 0)
        quotient++;
    out->mean = quotient;
}

void bpf_timeseries_window(const struct bpf_map *map, uint64_t since_ns, struct axiom_window *out)
{
    *out = (struct axiom_window){ 0 };
    if (map->ops != &bpf_timeseries_ops)
        return;
    uint32_t begun;
    do {
        begun = map_read_begin(&series_of(map)->sequence);
        read_window(map, since_ns, out);
    } while (map_read_retry(&series_of(map)->sequence, begun));
}

static void *timeseries_lookup(struct bpf_map *map, const void *key)
{
    uint32_t age = get_le32(key), begun;
    void *at;
    do {
        begun = map_read_begin(&series_of(map)->sequence);
        at = age < count_of(map) ? place_by_age(map, age) : NULL;
    } while (map_read_retry(&series_of(map)->sequence, begun));
    return at;
}

static int timeseries_copy(struct bpf_map *map, const void *key, void *value)
{
    uint32_t begun;
    const void *at;
    do {
        begun = map_read_begin(&series_of(map)->sequence);
        at = timeseries_lookup(map, key);
        if (at != NULL)
            map_load(value, at, map->value_size);
    } while (map_read_retry(&series_of(map)->sequence, begun));
    return at == NULL ? -ENOENT : 0;
}

static int timeseries_next(struct bpf_map *map, const void *key, void *next_key)
{
    uint64_t age = key == NULL ? 0 : (uint64_t)get_le32(key) + 1;
    if (age >= count_of(map))
        return -ENOENT;
    put_le32(next_key, (uint32_t)age);
    return 0;
}

static bool timeseries_iterate(const struct bpf_map *map, uint64_t *cursor,
                               struct bpf_map_entry *out)
{
    if (*cursor >= series_of(map)->count)
        return false;
    uint32_t age = (uint32_t)(*cursor)++;
    *out = (struct bpf_map_entry){ .key = &out->index,
                                   .key_size = 4,
                                   .value = place_by_age(map, age),
                                   .value_size = map->value_size,
                                   .value_count = 1,
                                   .index = age };
    return true;
}

static bool timeseries_holds(const struct bpf_map *map, uint64_t offset, uint64_t size_bytes)
{
    uint64_t start = offsetof(struct timeseries_map, samples);
    const uint64_t stride = sizeof(struct axiom_sample);
    if (offset < start || (offset - start) / stride >= series_of(map)->count)
        return false;
    return size_bytes <= stride && (offset - start) % stride <= stride - size_bytes;
}

const struct bpf_map_ops bpf_timeseries_ops = {
    .type = AXIOM_MAP_TYPE_TIMESERIES,
    .name = "timeseries",
    .bit = BPF_MAP_BIT_TIMESERIES,
    .flags = BPF_F_RDONLY_PROG | BPF_F_RDONLY | BPF_F_WRONLY | BPF_F_NUMA_NODE,
    .check = timeseries_check,
    .init = timeseries_init,
    .lookup = timeseries_lookup,
    .copy = timeseries_copy,
    .next = timeseries_next,
    .iterate = timeseries_iterate,
    .holds = timeseries_holds,
};
