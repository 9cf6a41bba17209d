/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* Statement by statement, each chosen by a byte. The generator remembers roughly what registers
 * hold and mostly picks operands that fit; one time in so many it does not care. Numbers that
 * become offsets are mostly bounded before, by masks, comparisons and remainders near the sizes
 * that matter: mistakes of a verifier show where things only just fit.
 *
 * R9 keeps the context, R8 counts rounds of the loop, R7 is a value, R6 a record or socket to give
 * back, in functions a pointer into the caller's stack, or whatever. */
#include "generator_inside.h"

static const struct bpf_special_field special_fields[] = {
    { .kind = BPF_SPECIAL_SPIN_LOCK, .offset = GENERATOR_LOCK_AT, .size = 4 },
    { .kind = BPF_SPECIAL_TIMER, .offset = GENERATOR_TIMER_AT, .size = 16 },
    { .kind = BPF_SPECIAL_KPTR, .offset = GENERATOR_KPTR_AT, .size = 8, .btf_id = GENERATED_STRUCT_TASK,
      .flavour = 2 /* it owns what it points to */ },
};

static const struct bpf_special_field own_fields[] = {
    { .kind = BPF_SPECIAL_SPIN_LOCK, .offset = GENERATOR_LOCK_AT, .size = 4 },
    { .kind = BPF_SPECIAL_LIST_HEAD, .offset = GENERATOR_ITEMS_AT, .size = GENERATED_ROOT_SIZE,
      .btf_id = GENERATED_STRUCT_OWN + GENERATED_ITEM, .flavour = 8 /* where its node lies */ },
    { .kind = BPF_SPECIAL_LIST_HEAD, .offset = GENERATOR_COUNTED_AT, .size = GENERATED_ROOT_SIZE,
      .btf_id = GENERATED_STRUCT_OWN + GENERATED_COUNTED, .flavour = 8 },
    { .kind = BPF_SPECIAL_RB_ROOT, .offset = GENERATOR_TREE_AT, .size = GENERATED_ROOT_SIZE,
      .btf_id = GENERATED_STRUCT_OWN + GENERATED_TREE_ITEM, .flavour = 8 },
    { .kind = BPF_SPECIAL_RB_ROOT, .offset = GENERATOR_COUNTED_TREE_AT, .size = GENERATED_ROOT_SIZE,
      .btf_id = GENERATED_STRUCT_OWN + GENERATED_COUNTED, .flavour = 32 },
    { .kind = BPF_SPECIAL_KPTR, .offset = GENERATOR_OWN_KPTR_AT, .size = 8,
      .btf_id = GENERATED_STRUCT_OWN + GENERATED_COUNTED, .flavour = 2 },
    { .kind = BPF_SPECIAL_WORKQUEUE, .offset = GENERATOR_WORK_AT, .size = 16 },
};

const struct bpf_map_spec generator_maps[GENERATOR_ALL_MAP_COUNT] = {
    [GENERATOR_ARRAY8] = { .name = "array8", .type = BPF_MAP_TYPE_ARRAY, .key_size = 4,
                           .value_size = 8, .max_entries = 4 },
    [GENERATOR_ARRAY48] = { .name = "array48", .type = BPF_MAP_TYPE_ARRAY, .key_size = 4,
                            .value_size = 48, .max_entries = 4 },
    [GENERATOR_HASH16] = { .name = "hash16", .type = BPF_MAP_TYPE_HASH, .key_size = 8,
                           .value_size = 16, .max_entries = 4 },
    [GENERATOR_RING] = { .name = "ring", .type = BPF_MAP_TYPE_RINGBUF, .max_entries = 4096 },
    [GENERATOR_BSS] = { .name = "bss", .type = BPF_MAP_TYPE_ARRAY, .key_size = 4,
                        .value_size = 64, .max_entries = 1 },
    [GENERATOR_RODATA] = { .name = "rodata", .type = BPF_MAP_TYPE_ARRAY, .key_size = 4,
                           .value_size = 32, .max_entries = 1, .flags = BPF_F_RDONLY_PROG },
    [GENERATOR_PROGS] = { .name = "progs", .type = BPF_MAP_TYPE_PROG_ARRAY, .key_size = 4,
                          .value_size = 4, .max_entries = 2 },
    [GENERATOR_SPECIAL] = { .name = "special", .type = BPF_MAP_TYPE_ARRAY, .key_size = 4,
                            .value_size = 64, .max_entries = 4, .special_field_count = 3,
                            .special_fields = special_fields },
    [GENERATOR_SPECIAL_BSS] = { .name = "special_bss", .type = BPF_MAP_TYPE_ARRAY, .key_size = 4,
                                .value_size = 64, .max_entries = 1, .special_field_count = 3,
                                .special_fields = special_fields },
    [GENERATOR_OWN] = { .name = "own", .type = BPF_MAP_TYPE_ARRAY, .key_size = 4, .value_size = 112,
                        .max_entries = 3, .special_field_count = 7, .special_fields = own_fields },
};

#define NAME_OF(name) #name,
const char *generated_feature_name(enum generated_feature feature)
{
    static const char *const names[] = { GENERATED_FEATURES(NAME_OF) };
    return names[feature];
}

uint32_t take(struct generator *g)
{
    if (g->left == 0)
        return 0;
    g->left--;
    return *g->bytes++;
}

uint32_t pick(struct generator *g, uint32_t count)
{
    return count == 0 ? 0 : take(g) % count;
}

void emit(struct generator *g, uint32_t opcode, uint32_t dst, uint32_t src, int32_t offset,
          int64_t imm)
{
    /* Room is kept for what closes the program. */
    if (g->out->insn_count >= GENERATED_INSN_MAX)
        return;
    g->out->insns[g->out->insn_count++] =
        (struct bpf_insn){ (uint8_t)opcode, dst & 15, src & 15, (int16_t)offset, (int32_t)imm };
}

/* Functions that are called need their part. */
static bool full(const struct generator *g)
{
    uint32_t kept = g->function == FUNCTION_MAIN ? 280 : 60;
    return g->out->insn_count > GENERATED_INSN_MAX - kept;
}

/* --- Operands
 * ------------------------------------------------------------------------------------------------------------
 */

int64_t number(struct generator *g)
{
    static const int64_t interesting[] = { 0,         1,    2,      7,         8,
                                           15,        31,   32,     47,        48,
                                           63,        64,   255,    256,       511,
                                           512,       4095, 0x7fff, 0xffff,    INT32_MAX,
                                           -1,        -2,   -8,     INT32_MIN, INT32_MIN + 1,
                                           0x55555555 };
    uint32_t b = take(g);
    if (b < 160)
        return interesting[b % (sizeof interesting / sizeof interesting[0])];
    if (b < 220)
        return (int8_t)take(g);
    return (int32_t)(take(g) | take(g) << 8 | take(g) << 16 | take(g) << 24);
}

uint32_t reg_of(struct generator *g, enum kind kind)
{
    uint32_t start = pick(g, 9);
    bool careless = !g->careful && take(g) >= 252;
    for (uint32_t i = 0; i < 9; i++) {
        uint32_t r = (start + i) % 9;
        if ((g->kinds[r] == kind || careless) && !(r == 8 && g->depth > 0))
            return r;
    }
    if (kind == K_NUMBER) {
        load_any(g, 0);
        return 0;
    }
    return kind == K_VALUE ? 7 : start == 8 ? 0 : start;
}

uint32_t target_reg(struct generator *g)
{
    uint32_t r = pick(g, 7);
    bool keeps_6 = g->held != K_UNSET || g->moves_6 || g->kinds[6] == K_STACK;
    return r == 6 && keeps_6 ? 0 : r;
}

/* --- Statements
 * ------------------------------------------------------------------------------------------------------------
 */

static void records(struct generator *g)
{
    switch (pick(g, 4)) {
    case 0:
        lookup(g, g->function == FUNCTION_MAIN ? 7 : target_reg(g));
        break;
    case 1:
        look_up_socket(g);
        break;
    default:
        reserve(g);
        break;
    }
}

static void rarely(struct generator *g)
{
    switch (pick(g, 4)) {
    case 0:
        legacy_load(g);
        break;
    case 1:
        write_context(g);
        break;
    case 2:
        change_packet(g);
        break;
    default:
        tail_call(g);
        break;
    }
}

/* So many of a hundred each. */
static const struct {
    uint8_t share;
    void (*make)(struct generator *g);
} kinds_of_statement[] = {
    { 13, alu },         { 4, alu_other },     { 2, wide_number },   { 6, load_context },
    { 13, jump },        { 6, select_number }, { 3, half_known },    { 3, wide_bounded },
    { 14, access_object }, { 2, access_chosen }, { 8, access_stack }, { 6, access_packet },
    { 3, access_caller }, { 3, direct_value }, { 3, helper },        { 3, records },
    { 1, read_socket },  { 2, local_call },    { 2, call_with_callback }, { 1, loop },
    { 1, loop_beside }, { 1, record_here },
    { 0, rarely },
};

static void statement(struct generator *g)
{
    if ((g->flags & GENERATE_OBJECTS) != 0 && one_in(g, (g->flags & GENERATE_OWN) != 0 ? 3 : 5)) {
        kernel_object(g);
        return;
    }
    uint32_t left = pick(g, 101), i = 0;
    while (left >= kinds_of_statement[i].share &&
           i + 1 < sizeof kinds_of_statement / sizeof kinds_of_statement[0])
        left -= kinds_of_statement[i++].share;
    kinds_of_statement[i].make(g);
}

/* Where ways meet, only what is so on both. */
static void meet(struct generator *g, const struct patch *p)
{
    for (uint32_t r = 0; r < BPF_REG_COUNT; r++) {
        if (p->kinds[r] != g->kinds[r])
            g->kinds[r] = K_UNSET;
        if (p->sizes[r] < g->sizes[r])
            g->sizes[r] = p->sizes[r];
    }
}

static void patch_jumps(struct generator *g, bool all)
{
    uint32_t kept = 0;
    for (uint32_t i = 0; i < g->patch_count; i++) {
        struct patch *p = &g->patches[i];
        if (--p->statements_left == 0 || all) {
            g->out->insns[p->insn_index].offset = (int16_t)(g->out->insn_count - p->insn_index - 1);
            meet(g, p);
        } else {
            g->patches[kept++] = *p;
        }
    }
    g->patch_count = kept;
}

void statements(struct generator *g, uint32_t count)
{
    for (uint32_t i = 0; i < count && !full(g); i++) {
        statement(g);
        patch_jumps(g, false);
    }
    patch_jumps(g, true);
}

void generate_program_of(enum generated_kind kind, uint32_t flags, const uint8_t *bytes, size_t size,
                         struct generated *out)
{
    struct generator g = {
        .out = out, .bytes = bytes, .left = size, .flags = flags,
        .function = FUNCTION_MAIN
    };
    out->insn_count = out->function_count = 0;
    memset(out->features, 0, sizeof out->features);
    out->flags = flags;
    out->has_callback = false;
    out->kind = kind;
    uint32_t manner = take(&g);
    bool objects = (flags & GENERATE_OBJECTS) != 0;
    g.careful = (manner & 1) != 0 || (objects && manner < 224);
    g.slot_is_pointer = (manner & 6) == 0;
    emit(&g, BPF_ALU64 | BPF_MOV | BPF_X, 9, 1, 0, 0);
    g.kinds[9] = K_CONTEXT;
    /* The part of the stack that statements use is set, mostly. */
    for (int32_t at = -8; at >= -40; at -= 8)
        if (g.careful || (take(&g) & 15) != 0)
            emit(&g, BPF_ST | BPF_MEM | BPF_DW, 10, 0, at, pick(&g, 9));
    lookup(&g, 7);
    load_any(&g, 6);
    for (uint32_t r = 0; r < 4; r++)
        load_any(&g, r);
    set_number(&g, 8);
    load_any(&g, 8);
    bool own = (flags & GENERATE_OWN) != 0 && has_packets(&g);
    if (own)
        own_or_other(&g);
    statements(&g, own ? pick(&g, 5) : 2 + pick(&g, objects ? 7 : 14));
    finish(&g);
    functions(&g);
}

void generate_program(const uint8_t *bytes, size_t size, struct generated *out)
{
    generate_program_of(GENERATED_AXIOM, 0, bytes, size, out);
}
