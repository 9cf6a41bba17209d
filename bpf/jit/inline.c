/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* Calls that need none: lookups in arrays, which are a comparison and a sum (and for per-CPU arrays
 * the question which CPU this is); the clock, whose function the platform has; small functions of the
 * program itself. Only in verified programs, where facts say what map a helper is called with.
 *
 * What a helper does besides (its cost by the CPU model, bpf_map_touch()) is done here, too. */
#include <axiom/errno.h>
#include <axiom/string.h>
#include <bpf/helper.h>
#include <bpf/map.h>
#include <bpf_internal/helpers.h>

#include "build.h"

/* --- Blocks that begin later --- */

/* Branches to the block that will be built after what is built now. */
struct pending {
    uint32_t insns[2];
    uint32_t count;
};

static void branch_later(struct builder *b, struct pending *pending, enum ir_cond cond, ir_place a,
                         int64_t imm, uint32_t flags)
{
    struct ir_insn *branch = build_insn(b, IR_BRANCH, IR_NONE);
    branch->size = 4;
    branch->cond = (uint8_t)cond;
    branch->a = a;
    branch->imm = imm;
    branch->flags = flags;
    if (!b->failed)
        pending->insns[pending->count++] = b->f->insn_count - 1;
    build_cut(b);
}

static void begin_pending(struct builder *b, const struct pending *pending)
{
    build_cut(b);
    for (uint32_t i = 0; i < pending->count && !b->failed; i++)
        b->f->insns[pending->insns[i]].d = BLOCK_TARGET | (b->f->block_count - 1);
}

/* --- The platform's own functions --- */

static void call_platform(struct builder *b, const struct bpf_env *env, uint64_t address,
                          ir_place result)
{
    ir_place user = build_temp(b);
    build_mov_imm(b, user, (int64_t)(uintptr_t)env->user);
    struct ir_call *call = build_call(b, result, IR_CALL_ADDRESS);
    call->address = address;
    call->args[IR_ARG_RUN] = user;
    b->f->has_helper_calls = true;
}

/* How far this CPU's values lie behind the first one's, as bpf_env_cpu_index() says; IR_NONE: not at
 * all. */
static ir_place cpu_offset(struct builder *b, const struct bpf_map *map, uint64_t cpu_stride)
{
    const struct bpf_env *env = map->env;
    if (cpu_stride == 0 || env->cpu_count <= 1 || env->platform == NULL ||
        env->platform->cpu_index == NULL)
        return IR_NONE;
    ir_place cpu = build_temp(b), is_one = build_temp(b), offset = build_temp(b);
    call_platform(b, env, (uint64_t)(uintptr_t)env->platform->cpu_index, cpu);
    struct ir_insn *set = build_insn(b, IR_SET, is_one);
    set->size = 4;
    set->cond = IR_LTU;
    set->a = cpu;
    set->imm = env->cpu_count;
    struct ir_insn *chosen = build_insn(b, IR_MUL, cpu); /* else the first */
    chosen->size = 4;
    chosen->a = cpu;
    chosen->b = is_one;
    struct ir_insn *product = build_insn(b, IR_MUL, offset);
    product->a = cpu;
    product->imm = (int64_t)cpu_stride;
    return offset;
}

/* R0 += offset */
static void add_offset(struct builder *b, ir_place offset)
{
    if (offset == IR_NONE)
        return;
    struct ir_insn *sum = build_insn(b, IR_ADD, 0);
    sum->a = 0;
    sum->b = offset;
}

/* --- Lookups in arrays --- */

static void touch(struct builder *b, const struct bpf_map *map, struct pending *pending)
{
    if (bpf_map_values_read_only(map))
        return;
    ir_place at = build_temp(b), changed = build_temp(b);
    build_mov_imm(b, at, (int64_t)(uintptr_t)&map->changed);
    build_load(b, changed, at, 0, sizeof map->changed);
    branch_later(b, pending, IR_NE, changed, 0, IR_LIKELY);
    at = build_temp(b); /* again: where this stands nothing should have to wait for it */
    build_mov_imm(b, at, (int64_t)(uintptr_t)&map->changed);
    build_store(b, at, 0, sizeof map->changed, IR_NONE, 1);
}

static bool look_up(struct builder *b, uint32_t index)
{
    const struct bpf_insn_fact *fact = build_fact(b->f, index);
    struct bpf_map_layout layout;
    if ((fact->flags & BPF_FACT_MAP) == 0 || fact->map_index >= b->f->prog->map_count)
        return false;
    const struct bpf_map *map = b->f->prog->maps[fact->map_index];
    if (!bpf_map_array_layout(map, &layout))
        return false;
    ir_place of_cpu = cpu_offset(b, map, layout.cpu_stride);
    struct pending pending = { .count = 0 };
    if ((fact->flags & BPF_FACT_KEY) != 0) {
        bool inside = fact->key < map->max_entries;
        uint64_t at = (uint64_t)(uintptr_t)layout.values + (uint64_t)fact->key * layout.stride;
        build_mov_imm(b, 0, inside ? (int64_t)at : 0);
        if (inside) {
            add_offset(b, of_cpu);
            touch(b, map, &pending);
        }
    } else {
        ir_place key = build_temp(b), offset = build_temp(b), base = build_temp(b);
        build_load(b, key, 2, 0, 4);
        build_mov_imm(b, 0, 0);
        branch_later(b, &pending, IR_GEU, key, (int32_t)map->max_entries, IR_UNLIKELY);
        build_mov_imm(b, base, (int64_t)(uintptr_t)layout.values);
        struct ir_insn *product = build_insn(b, IR_MUL, offset);
        product->a = key;
        product->imm = layout.stride;
        struct ir_insn *sum = build_insn(b, IR_ADD, 0);
        sum->a = base;
        sum->b = offset;
        add_offset(b, of_cpu);
        touch(b, map, &pending);
    }
    begin_pending(b, &pending);
    return true;
}

bool build_inline_helper(struct builder *b, uint32_t index, const struct bpf_helper *helper)
{
    const struct bpf_platform_ops *platform = b->f->prog->env->platform;
    if (!b->f->is_verified || b->f->prog->facts == NULL)
        return false;
    if (helper->body == bpf_helper_map_lookup_elem)
        return look_up(b, index);
    if (helper->body == bpf_helper_ktime_get_ns && platform != NULL && platform->clock_ns != NULL) {
        call_platform(b, b->f->prog->env, (uint64_t)(uintptr_t)platform->clock_ns, 0);
        return true;
    }
    return false;
}

/* --- Functions of the program --- */

#define INLINE_INSNS   40u /* of a function that is inlined */
#define INLINE_BLOCKS  12u
#define INLINE_ALL_MAX 4000u /* that one function takes in */

/* Reads where its frame is. */
static bool reads_frame(const struct ir_insn *insn, ir_place run)
{
    return insn->op == IR_LOAD && insn->a == run && run != IR_NONE && insn->b == IR_NONE &&
           insn->disp == (int32_t)offsetof(struct bpf_run, engine.frame);
}

static bool has_live_in(const struct lower *f, ir_place place)
{
    for (uint32_t i = 0; i < f->insn_count; i++) {
        ir_place *sources[LOWER_SOURCE_MAX];
        uint32_t count = lower_sources((struct lower *)(uintptr_t)f, &f->insns[i], sources);
        for (uint32_t s = 0; s < count; s++) {
            if (*sources[s] == place)
                return true;
        }
    }
    return false;
}

/* After lower_live(), when only what is needed is left. */
int lower_summarise(struct lower *f)
{
    struct lower_summary *own = &f->summaries[f->number];
    if (f->is_main) /* nobody calls it */
        return 0;
    bool small = f->is_verified && f->options->blinding_seed == 0 && f->call_count == 0 &&
                 f->block_count <= INLINE_BLOCKS;
    uint32_t count = 0;
    own->needs_frame = !f->is_verified;
    for (uint32_t i = 0; i < f->insn_count; i++) {
        count += f->insns[i].op != IR_NOP;
        own->needs_frame |= reads_frame(&f->insns[i], f->params[IR_ARG_RUN]);
    }
    own->arguments = !f->is_verified ? UINT32_MAX : 0;
    for (uint32_t i = 0; i < IR_ARG_COUNT; i++) {
        if (f->params[i] != IR_NONE && (f->is_verified && has_live_in(f, f->params[i])))
            own->arguments |= 1u << i;
    }
    own->is_done = true;
    if (!small || count > INLINE_INSNS)
        return 0;
    own->insns = lower_alloc(f->tables, count + 1, sizeof *own->insns);
    own->blocks = lower_alloc(f->tables, f->block_count, sizeof *own->blocks);
    if (own->insns == NULL || own->blocks == NULL)
        return -ENOMEM;
    own->block_count = f->block_count;
    own->place_count = f->place_count;
    memcpy(own->params, f->params, sizeof own->params);
    count = 0;
    for (uint32_t block = 0; block < f->block_count; block++) {
        own->blocks[block].first = count;
        for (uint32_t i = f->blocks[block].first; i < f->blocks[block].end; i++) {
            if (f->insns[i].op != IR_NOP)
                own->insns[count++] = f->insns[i];
        }
        own->blocks[block].end = count;
    }
    own->insn_count = count;
    return 0;
}

/* Reads or writes the run's count of instructions. */
static bool is_of_count(const struct ir_insn *insn, ir_place run)
{
    return (insn->op == IR_LOAD || insn->op == IR_STORE) && insn->a == run && run != IR_NONE &&
           insn->b == IR_NONE && insn->disp == (int32_t)offsetof(struct bpf_run, insn_count);
}

static void copy_insn(struct builder *b, const struct lower_summary *callee, uint32_t number,
                      ir_place places, uint32_t blocks)
{
    struct lower *f = b->f;
    struct ir_insn insn = callee->insns[number];
    bool frame = reads_frame(&insn, callee->params[IR_ARG_RUN]);
    bool of_count = is_of_count(&insn, callee->params[IR_ARG_RUN]);
    ir_place *sources[LOWER_SOURCE_MAX];
    uint32_t count = lower_sources(f, &insn, sources);
    for (uint32_t s = 0; s < count; s++)
        *sources[s] += places;
    if (insn.dst != IR_NONE)
        insn.dst += places;
    if (frame) {
        build_add_imm(b, insn.dst, VAR_FP, (int64_t)f->prog->frame_size);
        return;
    }
    struct ir_insn *to;
    if (of_count) { /* to the caller's own, which goes into the run when the caller returns */
        to = build_insn(b, IR_MOV, insn.op == IR_LOAD ? insn.dst : (ir_place)VAR_COUNT);
        to->a = insn.op == IR_LOAD ? (ir_place)VAR_COUNT : insn.c;
        to->imm = insn.imm;
        return;
    }
    switch (insn.op) {
    case IR_RETURN: /* the result, and on after the last block */
        to = build_insn(b, IR_MOV, 0);
        to->a = insn.a;
        to->imm = insn.imm;
        build_insn(b, IR_JUMP, IR_NONE)->target = BLOCK_TARGET | (blocks + callee->block_count);
        return;
    case IR_JUMP:
        insn.target = BLOCK_TARGET | (blocks + (uint32_t)insn.target);
        break;
    case IR_BRANCH:
        insn.d = BLOCK_TARGET | (blocks + insn.d);
        break;
    default:
        break;
    }
    *build_insn(b, (enum ir_op)insn.op, insn.dst) = insn;
}

bool build_inline_function(struct builder *b, uint32_t function)
{
    struct lower *f = b->f;
    const struct lower_summary *callee = &f->summaries[function];
    if (!callee->is_done || callee->insns == NULL ||
        f->inlined_count + callee->insn_count > INLINE_ALL_MAX)
        return false;
    f->inlined_count += callee->insn_count;
    ir_place places = f->place_count;
    f->place_count += callee->place_count;
    for (uint32_t i = 0; i < IR_ARG_COUNT; i++) {
        if (callee->params[i] == IR_NONE)
            continue;
        struct ir_insn *mov = build_insn(b, IR_MOV, places + callee->params[i]);
        mov->a = i == IR_ARG_RUN ? (ir_place)VAR_RUN : i;
    }
    build_cut(b);
    uint32_t blocks = f->block_count - 1;
    for (uint32_t block = 0; block < callee->block_count; block++) {
        for (uint32_t i = callee->blocks[block].first; i < callee->blocks[block].end; i++)
            copy_insn(b, callee, i, places, blocks);
        build_cut(b);
    }
    return true;
}
