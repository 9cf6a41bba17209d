/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* The interpreter's loop with each access and each helper argument checked against what really
 * exists at that moment. */
#include <axiom/errno.h>
#include <bpf/helper.h>
#include <bpf_internal/prog.h>
#include <bpf_unverified/unverified.h>

struct checker {
    const struct bpf_prog *prog;
    const struct bpf_region *regions;
    uint32_t region_count;
    uint64_t stack_start;
};

static bool in_map_value(const struct bpf_map *map, uint64_t at, uint64_t size_bytes, bool is_write)
{
    uint64_t start = (uint64_t)(uintptr_t)map;
    if (at < start || at - start >= map->size_bytes || (is_write && bpf_map_values_read_only(map)))
        return false;
    return map->ops->holds(map, at - start, size_bytes);
}

static bool is_lent(const struct bpf_run *run, uint64_t at, uint64_t size_bytes)
{
    for (const struct bpf_lent_memory *lent = run->engine.lent; lent != NULL; lent = lent->outer) {
        uint64_t start = (uint64_t)(uintptr_t)lent->start;
        if (at >= start && at + size_bytes <= start + lent->size_bytes)
            return true;
    }
    return false;
}

/* frame_end is R10: frames above the running one are dead. */
static bool bad_access(const struct bpf_run *run, uint64_t frame_end, uint64_t at,
                       uint64_t size_bytes, bool is_write)
{
    const struct checker *checker = run->engine.checker;
    if (at + size_bytes < at)
        return true;
    if (at >= checker->stack_start && at + size_bytes <= frame_end)
        return false;
    if (!is_write && is_lent(run, at, size_bytes))
        return false;
    for (uint32_t i = 0; i < checker->region_count; i++) {
        const struct bpf_region *region = &checker->regions[i];
        uint64_t start = (uint64_t)(uintptr_t)region->start;
        if (at >= start && at + size_bytes <= start + region->size_bytes &&
            (region->writable || !is_write))
            return false;
    }
    for (uint32_t i = 0; i < checker->prog->map_count; i++) {
        if (in_map_value(checker->prog->maps[i], at, size_bytes, is_write))
            return false;
    }
    return true;
}

static bool is_map_of_program(const struct checker *checker, uint64_t value,
                              const struct bpf_helper *helper)
{
    for (uint32_t i = 0; i < checker->prog->map_count; i++) {
        const struct bpf_map *map = checker->prog->maps[i];
        if ((uint64_t)(uintptr_t)map == value)
            return (helper->map_types & map->ops->bit) != 0;
    }
    return false;
}

static bool is_record(const struct checker *checker, uint64_t at)
{
    for (uint32_t i = 0; i < checker->prog->map_count; i++) {
        const struct bpf_map *map = checker->prog->maps[i];
        if (map->ops->type == BPF_MAP_TYPE_RINGBUF && in_map_value(map, at, 0, false))
            return true;
    }
    return false;
}

static bool bad_argument(const struct bpf_run *run, const struct bpf_helper *helper,
                         const uint64_t *r, uint32_t number)
{
    const struct checker *checker = run->engine.checker;
    const struct bpf_map *map = (const struct bpf_map *)(uintptr_t)r[1];
    uint64_t value = r[number], frame_end = r[BPF_REG_FP];
    enum bpf_arg_type type = helper->args[number - 1] & BPF_ARG_BASE;
    switch (type) {
    case BPF_ARG_MAP:
        return !is_map_of_program(checker, value, helper);
    case BPF_ARG_MAP_KEY:
        return bad_access(run, frame_end, value, map->key_size, false);
    case BPF_ARG_MAP_VALUE:
        return bad_access(run, frame_end, value, map->value_size, false);
    case BPF_ARG_MAP_VALUE_OUT:
        return bad_access(run, frame_end, value, map->value_size, true);
    case BPF_ARG_FIXED_READ:
        return bad_access(run, frame_end, value, helper->fixed_sizes[number - 1], false);
    case BPF_ARG_FIXED_WRITE:
    case BPF_ARG_FIXED_UPDATE:
        return bad_access(run, frame_end, value, helper->fixed_sizes[number - 1], true);
    case BPF_ARG_MEM_READ:
    case BPF_ARG_MEM_WRITE:
    case BPF_ARG_MEM_UPDATE:
        return bad_access(run, frame_end, value, r[number + 1], type != BPF_ARG_MEM_READ) &&
               r[number + 1] != 0;
    case BPF_ARG_RINGBUF_RECORD:
        return !is_record(checker, value);
    default:
        return false;
    }
}

static bool bad_call(const struct bpf_run *run, const struct bpf_helper *helper, const uint64_t *r)
{
    for (uint32_t number = 1; number <= BPF_HELPER_ARG_MAX; number++) {
        if (bad_argument(run, helper, r, number))
            return true;
    }
    return false;
}

#define INTERP_LOOP        checked_loop
#define INTERP_OFFSET(pc)                                                                   \
    ((const char *)(uintptr_t)                                                              \
         handler_table[s->prog->origins[(pc)-s->prog->code].op][INTERP_FORM_MEMORY] -       \
     base)
#define INTERP_BAD_ACCESS(at, size_bytes, is_write) \
    bad_access(s->run, r[BPF_REG_FP], at, size_bytes, is_write)
#define INTERP_BAD_CALL(helper) bad_call(s->run, helper, r)
#include <bpf_internal/interp_loop.h>

static uint64_t enter(struct bpf_run *run, uint32_t index, const uint64_t *r)
{
    const struct interp_arguments arguments = { run->prog, r, run, index };
    return checked_loop(&arguments);
}

uint64_t bpf_prog_run_checked(const struct bpf_prog *prog, void *context, uint64_t r2,
                              const struct bpf_region *regions, uint32_t region_count,
                              struct bpf_run *run)
{
    const struct checker checker = { prog, regions, region_count, (uint64_t)(uintptr_t)run->stack };
    const uint64_t r[BPF_CALL_ARG_COUNT] = { (uint64_t)(uintptr_t)context, r2 };
    const struct interp_arguments arguments = { prog, r, run, 0 };
    bpf_run_begin(prog, run);
    run->engine.enter = enter;
    run->engine.checker = &checker;
    memset(run->stack, 0, run->stack_size);
    uint64_t r0 = checked_loop(&arguments);
    bpf_run_end(prog);
    return r0;
}
