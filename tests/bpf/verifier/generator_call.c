/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* Statements that call: helpers, functions, callbacks; and the functions themselves. */
#include "generator_inside.h"

void call_helper(struct generator *g, int32_t id)
{
    emit(g, BPF_JMP | BPF_CALL, 0, 0, 0, id);
    for (uint32_t r = 0; r <= 5; r++)
        g->kinds[r] = K_UNSET;
    set_number(g, 0);
}

static void load_map(struct generator *g, uint32_t dst, uint32_t map)
{
    /* Now and then another one than is right. */
    if (one_in(g, 100))
        map = pick(g, GENERATOR_MAP_COUNT);
    emit(g, BPF_LDDW, dst, BPF_PSEUDO_MAP_IDX, 0, map);
    emit(g, 0, 0, 0, 0, 0);
}

void move(struct generator *g, uint32_t dst, uint32_t src)
{
    emit(g, BPF_ALU64 | BPF_MOV | BPF_X, dst, src, 0, 0);
}

void set(struct generator *g, uint32_t dst, int64_t value)
{
    emit(g, BPF_ALU64 | BPF_MOV | BPF_K, dst, 0, 0, value);
}

void stack_address(struct generator *g, uint32_t dst, int32_t offset)
{
    move(g, dst, 10);
    emit(g, BPF_ALU64 | BPF_ADD | BPF_K, dst, 0, 0, offset);
}

void reload(struct generator *g, uint32_t r, int32_t place, int32_t plus)
{
    emit(g, BPF_LDX | BPF_MEM | BPF_DW, r, 10, place, 0);
    if (plus != 0)
        emit(g, BPF_ALU64 | BPF_ADD | BPF_K, r, 0, 0, plus);
}

#define LEFT (-56) /* what functions find: R6 points to it */

void caller_address(struct generator *g, uint32_t dst, int32_t offset)
{
    move(g, dst, 6);
    emit(g, BPF_ALU64 | BPF_ADD | BPF_K, dst, 0, 0, offset - LEFT);
}

/* --- Maps
 * ------------------------------------------------------------------------------------------------------------- */

void lookup(struct generator *g, uint32_t dst)
{
    static const uint32_t sizes[] = { 8, 48, 16 };
    uint32_t map = pick(g, 3);
    emit(g, BPF_ST | BPF_MEM | BPF_DW, 10, 0, -48, pick(g, 4));
    stack_address(g, 2, -48);
    emit(g, BPF_LDDW, 1, BPF_PSEUDO_MAP_IDX, 0, map);
    emit(g, 0, 0, 0, 0, 0);
    call_helper(g, BPF_FUNC_map_lookup_elem);
    uint32_t tested = 0;
    if ((take(g) & 15) == 0) {
        /* Something between the call and the test, or another pointer tested. */
        move(g, 5, 0);
        if (take(g) & 1)
            emit(g, BPF_ALU64 | BPF_ADD | BPF_K, 5, 0, 0, pick(g, 8));
        if (take(g) & 1)
            tested = dst;
    }
    if ((take(g) & 31) != 0) {
        emit(g, BPF_JMP | BPF_JNE | BPF_K, tested, 0, 2, 0);
        emit(g, BPF_LDDW, 0, BPF_PSEUDO_MAP_IDX_VALUE, 0, GENERATOR_BSS);
        emit(g, 0, 0, 0, 0, 0);
    }
    move(g, dst, 0);
    g->kinds[dst] = g->kinds[0] = K_VALUE;
    g->sizes[dst] = g->sizes[0] = sizes[map];
}

void direct_value(struct generator *g)
{
    uint32_t dst = target_reg(g), map = take(g) & 3 ? GENERATOR_BSS : GENERATOR_RODATA;
    uint32_t size = map == GENERATOR_BSS ? 64 : 32;
    emit(g, BPF_LDDW, dst, BPF_PSEUDO_MAP_IDX_VALUE, 0, map);
    uint32_t at = take(g) & 1 ? 0 : pick(g, size) & ~7u;
    emit(g, 0, 0, 0, 0, at);
    g->kinds[dst] = K_VALUE;
    g->sizes[dst] = size - at;
}

/* --- Helpers that take memory
 * ----------------------------------------------------------------------------------------------- */

/* dst = memory of 32 bytes: mostly the stack, also at an offset that varies, values, read-only data. */
static void memory(struct generator *g, uint32_t dst)
{
    switch (pick(g, 8)) {
    case 0:
        emit(g, BPF_LDDW, dst, BPF_PSEUDO_MAP_IDX_VALUE, 0,
             one_in(g, 2) ? GENERATOR_BSS : GENERATOR_RODATA);
        emit(g, 0, 0, 0, 0, 0);
        break;
    case 1:
        stack_address(g, dst, -40);
        load_any(g, 5);
        emit(g, BPF_ALU64 | BPF_AND | BPF_K, 5, 0, 0, take(g) & 1 ? 8 : 15);
        emit(g, BPF_ALU64 | BPF_ADD | BPF_X, dst, 5, 0, 0);
        break;
    case 2:
        move(g, dst, 7);
        break;
    default:
        stack_address(g, dst, -32);
        break;
    }
}

static void size_argument(struct generator *g, uint32_t dst)
{
    move(g, dst, reg_of(g, K_NUMBER));
    bound(g, dst, one_in(g, 8) ? 48 : 32);
    if (one_in(g, 2))
        emit(g, BPF_ALU64 | BPF_ADD | BPF_K, dst, 0, 0, pick(g, 3));
}

static void fill_memory(struct generator *g)
{
    if (g->out->kind == GENERATED_AXIOM && one_in(g, 2)) {
        size_argument(g, 4);
        set(g, 1, 0);
        set(g, 2, 0);
        memory(g, 3);
        call_helper(g, BPF_FUNC_pwm_get);
        return;
    }
    size_argument(g, 2);
    memory(g, 1);
    set(g, 3, 0);
    call_helper(g, BPF_FUNC_probe_read_kernel);
}

static void parse_number(struct generator *g)
{
    stack_address(g, 1, -16);
    set(g, 2, 8);
    set(g, 3, 0);
    memory(g, 4);
    call_helper(g, BPF_FUNC_strtol);
}

static void output(struct generator *g)
{
    move(g, 3, reg_of(g, K_NUMBER));
    bound(g, 3, 32);
    load_map(g, 1, GENERATOR_RING);
    memory(g, 2);
    set(g, 4, 0);
    call_helper(g, BPF_FUNC_ringbuf_output);
}

static void update(struct generator *g)
{
    static const uint32_t maps[] = { GENERATOR_ARRAY8, GENERATOR_ARRAY48, GENERATOR_HASH16 };
    stack_address(g, 2, -16);
    if (one_in(g, 4))
        move(g, 3, 7);
    else
        stack_address(g, 3, -32);
    load_map(g, 1, one_in(g, 12) ? GENERATOR_RODATA : maps[pick(g, 3)]);
    set(g, 4, 0);
    call_helper(g, BPF_FUNC_map_update_elem);
}

void helper(struct generator *g)
{
    uses(g, GENERATED_helper_memory);
    switch (pick(g, 6)) {
    case 0:
        call_helper(g, BPF_FUNC_ktime_get_ns);
        break;
    case 1:
        output(g);
        break;
    case 2:
        parse_number(g);
        break;
    case 3:
        update(g);
        break;
    case 4:
        if (g->out->kind == GENERATED_AXIOM && one_in(g, 3)) {
            move(g, 1, reg_of(g, K_NUMBER));
            call_helper(g, BPF_FUNC_motor_emergency_stop);
            break;
        }
        /* fall through */
    default:
        fill_memory(g);
        break;
    }
}

/* --- References
 * --------------------------------------------------------------------------------------------------------- */

static void hold(struct generator *g, enum kind kind, uint32_t size)
{
    /* Something between the call and the test: the copy is what is tested, or arithmetic before it. */
    uint32_t tested = 0;
    if (one_in(g, 16)) {
        uses(g, GENERATED_record_or_null);
        move(g, 5, 0);
        emit(g, BPF_ALU64 | BPF_ADD | BPF_K, one_in(g, 2) ? 5 : 0, 0, 0, 8 * pick(g, 2));
        tested = one_in(g, 2) ? 5 : 0;
    }
    emit(g, BPF_JMP | BPF_JNE | BPF_K, tested, 0, 2, 0);
    set(g, 0, 0);
    emit(g, BPF_JMP | BPF_EXIT, 0, 0, 0, 0);
    move(g, 6, 0);
    g->kinds[6] = g->kinds[0] = kind;
    g->sizes[6] = g->sizes[0] = size;
    g->held = kind;
    g->held_reg = 6;
}

static bool may_hold(const struct generator *g)
{
    return g->held == K_UNSET && g->function == FUNCTION_MAIN && g->depth == 0 &&
           g->patch_count == 0;
}

void reserve(struct generator *g)
{
    if (!may_hold(g)) {
        helper(g);
        return;
    }
    uint32_t size = 8u * (1 + pick(g, 4));
    uses(g, GENERATED_record);
    load_map(g, 1, GENERATOR_RING);
    set(g, 2, size);
    set(g, 3, 0);
    call_helper(g, BPF_FUNC_ringbuf_reserve);
    hold(g, K_RECORD, size);
}

void look_up_socket(struct generator *g)
{
    if (!has_packets(g) || !may_hold(g)) {
        reserve(g);
        return;
    }
    uses(g, GENERATED_socket);
    move(g, 1, 9);
    stack_address(g, 2, -40);
    set(g, 3, one_in(g, 2) ? 12 : 36);
    set(g, 4, -1);
    set(g, 5, 0);
    call_helper(g, 84 + (int32_t)pick(g, 2)); /* sk_lookup_tcp, sk_lookup_udp */
    hold(g, K_SOCKET, 0);
}

/* struct bpf_sock, include/uapi/linux/bpf.h */
void read_socket(struct generator *g)
{
    static const int32_t fields[] = { 0, 4, 8, 12, 16, 20, 24, 44, 52, 72, 76, 80 };
    if (g->held != K_SOCKET) {
        look_up_socket(g);
        return;
    }
    emit(g, BPF_LDX | BPF_MEM | BPF_W, 0, g->held_reg, fields[pick(g, g->careful ? 11 : 12)], 0);
    set_number(g, 0);
}

void give_back(struct generator *g)
{
    if (g->held == K_UNSET)
        return;
    move(g, 1, g->held_reg);
    if (one_in(g, 24))
        emit(g, BPF_ALU64 | BPF_ADD | BPF_K, 1, 0, 0, 8);
    set(g, 2, 0);
    int32_t id = take(g) & 1 ? BPF_FUNC_ringbuf_submit : BPF_FUNC_ringbuf_discard;
    call_helper(g, g->held == K_SOCKET ? 86 /* sk_release */ : id);
    g->kinds[g->held_reg] = g->kinds[0] = K_UNSET;
    g->held = K_UNSET;
    if (g->function == FUNCTION_MAIN)
        load_any(g, 6);
}

/* --- Helpers that change the packet, or the program
 * ------------------------------------------------------------------------- */

void change_packet(struct generator *g)
{
    if (!has_packets(g) || !has_context(g)) {
        helper(g);
        return;
    }
    /* xdp_adjust_head, _meta, _tail; skb_change_tail, skb_pull_data */
    static const int32_t xdp[] = { 44, 54, 65 };
    uses(g, GENERATED_packet_changed);
    move(g, 1, 9);
    set(g, 2, 8 * (int64_t)pick(g, 3));
    set(g, 3, 0);
    call_helper(g, g->out->kind == GENERATED_XDP ? xdp[pick(g, 3)] : 38 + (int32_t)pick(g, 2));
}

void tail_call(struct generator *g)
{
    if (!has_context(g) || ((g->held != K_UNSET || g->open > 0) && !one_in(g, 16))) {
        helper(g);
        return;
    }
    uses(g, GENERATED_tail_call);
    move(g, 1, 9);
    load_map(g, 2, GENERATOR_PROGS);
    set(g, 3, pick(g, 3));
    call_helper(g, BPF_FUNC_tail_call);
    g->kinds[0] = K_UNSET;
    load_any(g, 0);
}

void legacy_load(struct generator *g)
{
    if (g->out->kind != GENERATED_TC || g->function != FUNCTION_MAIN || g->held != K_UNSET) {
        load_context(g);
        return;
    }
    uses(g, GENERATED_legacy_load);
    move(g, 6, 9);
    emit(g, BPF_LD | BPF_ABS | BPF_W, 0, 0, 0, pick(g, 40));
    for (uint32_t r = 0; r <= 5; r++)
        g->kinds[r] = K_UNSET;
    set_number(g, 0);
    load_any(g, 6);
}

/* --- Calls of the program's functions
 * --------------------------------------------------------------------------------------- */

/* What functions find at R10 - 56 of their caller. */
static void leave_in_stack(struct generator *g)
{
    if (g->slot_is_pointer)
        emit(g, BPF_STX | BPF_MEM | BPF_DW, 10, 7, LEFT, 0);
    else if (one_in(g, 2))
        emit(g, BPF_STX | BPF_MEM | BPF_DW, 10, reg_of(g, K_NUMBER), LEFT, 0);
    else
        emit(g, BPF_ST | BPF_MEM | BPF_DW, 10, 0, LEFT, number(g));
}

static void find_in_stack(struct generator *g)
{
    if (one_in(g, 2) && !g->slot_is_pointer) {
        emit(g, BPF_LDX | BPF_MEM | BPF_DW, 1, 10, LEFT, 0);
        set_number(g, 1);
    } else if (g->slot_is_pointer && (g->flags & GENERATE_DYNPTRS) != 0 && one_in(g, 2)) {
        emit(g, BPF_LDX | BPF_MEM | BPF_DW, 5, 10, LEFT, 0);
        emit(g, BPF_LDX | BPF_MEM | BPF_B, 5, 5, 0, 0);
    }
}

static bool note_call(struct generator *g, enum function function)
{
    if (g->call_count == sizeof g->calls / sizeof g->calls[0])
        return false;
    g->calls[g->call_count++] = (struct call_patch){ g->out->insn_count, function };
    return true;
}

/* int f(u64 number, u32 *memory, context *), of which R1 and R2 are set */
static void enter_global(struct generator *g)
{
    uses(g, GENERATED_global_function);
    move(g, 3, 9);
    if (note_call(g, FUNCTION_GLOBAL))
        emit(g, BPF_JMP | BPF_CALL, 0, BPF_CALL_LOCAL, 0, 0);
    for (uint32_t r = 0; r <= 5; r++)
        g->kinds[r] = K_UNSET;
    set_number(g, 0);
}

bool pass_to_global(struct generator *g, uint32_t memory)
{
    if (g->function != FUNCTION_MAIN || (g->flags & GENERATE_GLOBALS) == 0 || !has_context(g) || g->call_count > 12)
        return false;
    move(g, 2, memory);
    set(g, 1, number(g));
    enter_global(g);
    return true;
}

static void call_global(struct generator *g)
{
    move(g, 1, reg_of(g, K_NUMBER));
    switch (pick(g, 4)) {
    case 0:
        set(g, 2, 0);
        break;
    case 1:
        move(g, 2, 7);
        break;
    default:
        stack_address(g, 2, one_in(g, 16) ? -28 : -32);
        break;
    }
    enter_global(g);
}

void local_call(struct generator *g)
{
    bool nested = g->function != FUNCTION_MAIN;
    if (g->function == FUNCTION_INNER || g->call_count > 12) {
        helper(g);
        return;
    }
    if (!nested && (g->flags & GENERATE_GLOBALS) != 0 && has_context(g) && one_in(g, has_packets(g) ? 2 : 3)) {
        call_global(g);
        return;
    }
    uses(g, nested ? GENERATED_function_nested : GENERATED_function);
    move(g, 1, reg_of(g, K_NUMBER));
    leave_in_stack(g);
    stack_address(g, 2, LEFT);
    move(g, 3, 7);
    if (has_context(g))
        move(g, 4, 9);
    else
        set(g, 4, 0);
    if (note_call(g, nested ? FUNCTION_INNER : FUNCTION_FIRST))
        emit(g, BPF_JMP | BPF_CALL, 0, BPF_CALL_LOCAL, 0, 0);
    for (uint32_t r = 0; r <= 5; r++)
        g->kinds[r] = K_UNSET;
    set_number(g, 0);
    find_in_stack(g);
}

void load_function(struct generator *g, uint32_t dst, enum function function)
{
    if (note_call(g, function))
        emit(g, BPF_LDDW, dst, BPF_PSEUDO_FUNC, 0, 0);
    else
        emit(g, BPF_LDDW, dst, 0, 0, 0);
    emit(g, 0, 0, 0, 0, 0);
}

void call_with_callback(struct generator *g)
{
    if (g->function != FUNCTION_MAIN || g->call_count > 10 || g->depth > 0) {
        local_call(g);
        return;
    }
    bool loops = one_in(g, 2);
    uses(g, loops ? GENERATED_callback_loop : GENERATED_callback_map);
    leave_in_stack(g);
    if (loops) {
        if (one_in(g, 3))
            size_argument(g, 1);
        else
            set(g, 1, pick(g, 9));
    } else {
        emit(g, BPF_LDDW, 1, BPF_PSEUDO_MAP_IDX, 0, GENERATOR_ARRAY48);
        emit(g, 0, 0, 0, 0, 0);
    }
    load_function(g, 2, loops ? FUNCTION_LOOP : FUNCTION_EACH);
    stack_address(g, 3, LEFT);
    set(g, 4, 0);
    call_helper(g, loops ? BPF_FUNC_loop : BPF_FUNC_for_each_map_elem);
    find_in_stack(g);
}

/* --- Ends and functions
 * ------------------------------------------------------------------------------------------------- */

static bool is_callback(const struct generator *g)
{
    return g->function == FUNCTION_LOOP || g->function == FUNCTION_EACH;
}

void finish(struct generator *g)
{
    give_back(g);
    bool timer = (g->function == FUNCTION_TIMER || g->function == FUNCTION_WORK) && !one_in(g, 16);
    if (timer || g->kinds[0] != K_NUMBER || (is_callback(g) && one_in(g, 2)))
        set(g, 0, 0);
    else if (is_callback(g))
        emit(g, BPF_ALU64 | BPF_AND | BPF_K, 0, 0, 0, one_in(g, 16) ? 3 : 1);
    emit(g, BPF_JMP | BPF_EXIT, 0, 0, 0, 0);
}

/* R1 is a number, R2 eight bytes of the caller's stack, R3 its R7, R4 the context or nothing. */
static void begin_function(struct generator *g)
{
    move(g, 9, 4);
    move(g, 7, 3);
    move(g, 6, 2);
    move(g, 0, 1);
    set_number(g, 0);
    set_number(g, 1);
    g->kinds[7] = K_VALUE;
    g->sizes[7] = 8;
    g->kinds[6] = K_STACK;
    /* From a callback there is no context; the two are not told apart later on. */
    g->kinds[9] = g->function == FUNCTION_FIRST ? K_CONTEXT : K_UNSET;
    if (g->function == FUNCTION_FIRST && one_in(g, 5))
        tail_call(g);
}

/* R1 is a number, R2 four bytes or NULL, R3 the context. */
static void begin_global(struct generator *g)
{
    move(g, 9, 3);
    g->kinds[9] = K_CONTEXT;
    move(g, 0, 1);
    emit(g, BPF_JMP | BPF_JNE | BPF_K, 2, 0, one_in(g, 32) ? 0 : 2, 0);
    set(g, 0, 7);
    emit(g, BPF_JMP | BPF_EXIT, 0, 0, 0, 0);
    move(g, 7, 2);
    g->kinds[7] = K_VALUE;
    g->sizes[7] = 4;
    set_number(g, 0);
    set_number(g, 1);
    load_any(g, 6);
    if (has_packets(g) && one_in(g, 2))
        change_packet(g);
}

/* R1 is a number and R2 eight bytes of the caller's stack; or map, key, value, and those. */
static void begin_callback(struct generator *g)
{
    bool each = g->function == FUNCTION_EACH;
    if (each) {
        if (one_in(g, 2)) {
            emit(g, BPF_LDX | BPF_MEM | BPF_W, 0, 2, one_in(g, 20) ? 4 : 0, 0);
            set_number(g, 0);
        }
        move(g, 7, 3);
    } else {
        emit(g, BPF_LDDW, 7, BPF_PSEUDO_MAP_IDX_VALUE, 0, GENERATOR_BSS);
        emit(g, 0, 0, 0, 0, 0);
        move(g, 0, 1);
        set_number(g, 0);
    }
    g->kinds[7] = K_VALUE;
    g->sizes[7] = each ? 48 : 64;
    move(g, 6, each ? 4 : 2);
    g->kinds[6] = K_STACK;
    if (g->kinds[0] != K_NUMBER)
        load_any(g, 0);
}

static void function(struct generator *g, enum function which)
{
    struct generated *out = g->out;
    bool called = false;
    for (uint32_t i = 0; i < g->call_count; i++) {
        struct bpf_insn *insn = &out->insns[g->calls[i].insn_index];
        if (g->calls[i].function == which)
            insn->imm = (int32_t)(out->insn_count - g->calls[i].insn_index - 1);
        called |= g->calls[i].function == which;
    }
    bool callback = which == FUNCTION_EXCEPTION && out->features[GENERATED_throw] && one_in(g, 2);
    if (!called && !callback)
        return;
    out->functions[out->function_count].start = out->insn_count;
    out->functions[out->function_count].is_callback = callback;
    out->functions[out->function_count++].is_global = which == FUNCTION_GLOBAL || callback;
    memset(g->kinds, 0, sizeof g->kinds);
    g->held = K_UNSET;
    g->function = which;
    if (which == FUNCTION_LESS || which == FUNCTION_LESS_COUNTED) {
        compare(g, which == FUNCTION_LESS ? GENERATED_TREE_ITEM : GENERATED_COUNTED);
        return;
    }
    if (callback) {
        on_exception(g);
        return;
    }
    if (which == FUNCTION_GLOBAL)
        begin_global(g);
    else if (is_callback(g))
        begin_callback(g);
    else if (which == FUNCTION_TIMER || which == FUNCTION_WORK)
        begin_timer(g);
    else
        begin_function(g);
    if (one_in(g, 2) && which != FUNCTION_GLOBAL)
        access_caller(g);
    for (int32_t at = -8; at >= -40; at -= 8)
        if ((take(g) & 7) != 0)
            emit(g, BPF_ST | BPF_MEM | BPF_DW, 10, 0, at, pick(g, 9));
    if (leaves_pointer(g) && (g->flags & GENERATE_DYNPTRS) != 0 && one_in(g, 2))
        dynptr(g);
    statements(g, 1 + pick(g, 6));
    finish(g);
}

void functions(struct generator *g)
{
    for (enum function which = 0; which < FUNCTION_COUNT; which++)
        function(g, which);
}
