/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* Statements that access memory: values and records, the stack, callers' stacks, packets, the context. */
#include "generator_inside.h"

uint32_t access_opcode(struct generator *g, uint32_t *bytes)
{
    static const uint8_t sizes[] = { BPF_B, BPF_B, BPF_H, BPF_W, BPF_DW };
    uint32_t i = pick(g, 5);
    *bytes = i < 2 ? 1 : 1u << (i - 1);
    return sizes[i];
}

/* Through `at`. */
static void access_by(struct generator *g, uint32_t at, uint32_t opcode, uint32_t bytes,
                      int32_t offset)
{
    static const int32_t atomics[] = { BPF_ADD, BPF_ADD | BPF_FETCH, BPF_OR, BPF_AND | BPF_FETCH,
                                       BPF_XOR, BPF_XCHG,            BPF_CMPXCHG };
    switch (pick(g, 5)) {
    case 0:
    case 1:
        emit(g, BPF_LDX | (opcode != BPF_DW && one_in(g, 6) ? BPF_MEMSX : BPF_MEM) | opcode, 0, at,
             offset, 0);
        set_number(g, 0);
        break;
    case 2:
        emit(g, BPF_STX | BPF_MEM | opcode, at, reg_of(g, K_NUMBER), offset, 0);
        break;
    case 3:
        if (bytes < 4) {
            emit(g, BPF_ST | BPF_MEM | opcode, at, 0, offset, number(g));
        } else {
            uint32_t src = reg_of(g, K_NUMBER);
            int32_t imm = atomics[pick(g, 7)];
            uses(g, GENERATED_atomic);
            if (imm == BPF_CMPXCHG && g->kinds[0] != K_NUMBER)
                emit(g, BPF_ALU64 | BPF_MOV | BPF_K, 0, 0, 0, 1);
            emit(g, BPF_STX | BPF_ATOMIC | opcode, at, src, offset, imm);
            if (imm == BPF_CMPXCHG)
                set_number(g, 0);
        }
        break;
    default:
        if (one_in(g, 4)) {
            uses(g, GENERATED_ordered);
            if (take(g) & 1)
                emit(g, BPF_STX | BPF_ATOMIC | opcode, 0, at, offset, BPF_LOAD_ACQUIRE);
            else
                emit(g, BPF_STX | BPF_ATOMIC | opcode, at, reg_of(g, K_NUMBER), offset,
                     BPF_STORE_RELEASE);
            set_number(g, 0);
        } else {
            emit(g, BPF_ST | BPF_MEM | opcode, at, 0, offset, number(g));
        }
        break;
    }
}

/* pointer (+ bounded number), then an access. */
void access_object(struct generator *g)
{
    uint32_t pointer = reg_of(g, g->held == K_RECORD && (take(g) & 1) ? K_RECORD : K_VALUE);
    uint32_t bytes, at = 5;
    int32_t plus = 0;
    uint32_t size = g->sizes[pointer] != 0 ? g->sizes[pointer] : 8;
    uint32_t opcode = access_opcode(g, &bytes);
    emit(g, BPF_ALU64 | BPF_MOV | BPF_X, at, pointer, 0, 0);
    g->kinds[at] = K_VALUE;
    g->sizes[at] = size;
    if (take(g) & 3) {
        uint32_t index = reg_of(g, K_NUMBER);
        if (index == at)
            index = 0;
        if (g->depth > 0 && (take(g) & 3) == 0) {
            /* The round's number, times something. */
            emit(g, BPF_ALU64 | BPF_MOV | BPF_X, 4, 8, 0, 0);
            emit(g, BPF_ALU64 | BPF_MUL | BPF_K, 4, 0, 0, 1 + pick(g, 8));
            set_number(g, 4);
            index = 4;
        }
        uses(g, GENERATED_value_variable);
        uint32_t limit = take(g) & 1 ? size : size / bytes;
        if ((take(g) & 3) == 0)
            bound_or_leave(g, copied(g, index, &plus), limit);
        else
            bound(g, index, limit);
        if (bytes > 1 && g->out->kind == GENERATED_AXIOM && (take(g) & 7) != 0) {
            emit(g, BPF_ALU64 | BPF_MOV | BPF_X, 4, index, 0, 0);
            bool multiplies = limit != size;
            emit(g, BPF_ALU64 | (multiplies ? BPF_MUL : BPF_AND) | BPF_K, 4, 0, 0,
                 multiplies ? (int64_t)bytes : -(int64_t)bytes);
            set_number(g, 4);
            index = 4;
        }
        emit(g, BPF_ALU64 | ((take(g) & 15) == 0 ? BPF_SUB : BPF_ADD) | BPF_X, at, index, 0, 0);
    }
    int32_t offset = (take(g) & 3) != 0 ? 0 : (int32_t)(pick(g, size / bytes + 1) * bytes);
    if (one_in(g, g->careful ? 64 : 8))
        offset -= (int32_t)bytes;
    if (plus != 0 && one_in(g, 2))
        offset -= plus;
    access_by(g, at, opcode, bytes, offset);
}

/* An index bounded by a number that data chose: one path proves nothing for the other. */
void access_chosen(struct generator *g)
{
    uint32_t size = g->kinds[7] == K_VALUE ? g->sizes[7] : 64, chosen = 4;
    uint32_t small = pick(g, 4), by = reg_of(g, K_NUMBER);
    uint32_t large = one_in(g, 3) ? size + pick(g, 64) : size - 1;
    bool small_first = take(g) & 1;
    if (by == chosen)
        load_any(g, by = 0);
    emit(g, BPF_ALU64 | BPF_MOV | BPF_K, chosen, 0, 0, small_first ? small : large);
    emit(g, BPF_JMP | (take(g) & 1 ? BPF_JSGT : BPF_JGT) | BPF_K, by, 0, 1, number(g));
    emit(g, BPF_ALU64 | BPF_MOV | BPF_K, chosen, 0, 0, small_first ? large : small);
    load_any(g, 0);
    emit(g, (one_in(g, 3) ? BPF_JMP32 : BPF_JMP) | BPF_JLE | BPF_X, 0, chosen, 1, 0);
    emit(g, BPF_ALU64 | BPF_MOV | BPF_K, 0, 0, 0, 0);
    emit(g, BPF_ALU64 | BPF_MOV | BPF_X, 5, 7, 0, 0);
    emit(g, BPF_ALU64 | BPF_ADD | BPF_X, 5, 0, 0, 0);
    emit(g, BPF_LDX | BPF_MEM | BPF_B, 0, 5, 0, 0);
    set_number(g, 0);
    set_number(g, 4);
    g->kinds[5] = K_UNSET;
}

void access_stack(struct generator *g)
{
    uint32_t bytes, opcode = access_opcode(g, &bytes);
    int32_t offset = -(int32_t)((1 + pick(g, 32 / bytes)) * bytes);
    if (bytes > 4)
        offset = -8 * (int32_t)(1 + pick(g, 4));
    switch (pick(g, 6)) {
    case 0:
        emit(g, BPF_STX | BPF_MEM | opcode, 10, reg_of(g, K_NUMBER), offset, 0);
        break;
    case 1:
        emit(g, BPF_ST | BPF_MEM | opcode, 10, 0, offset, number(g));
        break;
    case 2: {
        uint32_t dst = target_reg(g);
        emit(g, BPF_LDX | BPF_MEM | opcode, dst, 10, offset, 0);
        set_number(g, dst);
        break;
    }
    case 3: /* a pointer to the stack and back */
        uses(g, GENERATED_spilled_pointer);
        emit(g, BPF_STX | BPF_MEM | BPF_DW, 10, reg_of(g, K_VALUE), -40, 0);
        if ((take(g) & 7) == 0)
            emit(g, BPF_STX | BPF_MEM | opcode, 10, reg_of(g, K_NUMBER),
                 -40 + (int32_t)(pick(g, 8 / bytes) * bytes), 0);
        if (one_in(g, 4)) { /* by another register than r10 */
            emit(g, BPF_ALU64 | BPF_MOV | BPF_X, 4, 10, 0, 0);
            emit(g, BPF_ALU64 | BPF_ADD | BPF_K, 4, 0, 0, -40);
            emit(g, BPF_LDX | BPF_MEM | BPF_DW, 5, 4, 0, 0);
            g->kinds[4] = K_STACK;
        } else {
            emit(g, BPF_LDX | BPF_MEM | BPF_DW, 5, 10, -40, 0);
        }
        g->kinds[5] = K_VALUE;
        g->sizes[5] = 8;
        break;
    case 4: /* a varying offset */
        uses(g, GENERATED_stack_variable);
        emit(g, BPF_ALU64 | BPF_MOV | BPF_X, 4, reg_of(g, K_NUMBER), 0, 0);
        emit(g, BPF_ALU64 | BPF_AND | BPF_K, 4, 0, 0, take(g) & 1 ? 24 & -(int32_t)bytes : 31);
        emit(g, BPF_ALU64 | BPF_MOV | BPF_X, 5, 10, 0, 0);
        emit(g, BPF_ALU64 | BPF_ADD | BPF_X, 5, 4, 0, 0);
        g->kinds[5] = K_STACK;
        set_number(g, 4);
        if (take(g) & 1)
            emit(g, BPF_STX | BPF_MEM | opcode, 5, reg_of(g, K_NUMBER), -32, 0);
        else
            access_by(g, 5, opcode, bytes, -32);
        break;
    default: { /* the same number, twice: linked by a spill or a copy; or what a narrow one leaves of it */
        uint32_t r = reg_of(g, K_NUMBER), dst = target_reg(g);
        if (take(g) & 1)
            opcode = BPF_DW;
        emit(g, BPF_STX | BPF_MEM | opcode, 10, r, -8, 0);
        if (one_in(g, 3) && dst != 4) {
            emit(g, BPF_ALU64 | BPF_MOV | BPF_X, 4, 10, 0, 0);
            emit(g, BPF_ALU64 | BPF_ADD | BPF_K, 4, 0, 0, -24);
            emit(g, BPF_LDX | BPF_MEM | opcode, dst, 4, 16, 0);
            g->kinds[4] = K_STACK;
        } else {
            emit(g, BPF_LDX | BPF_MEM | opcode, dst, 10, -8, 0);
        }
        set_number(g, dst);
        break;
    }
    }
}

/* --- Callers' stacks --- */

/* 8 bytes that the caller left: a number or a pointer, which may be put back changed. */
void access_caller(struct generator *g)
{
    if (g->kinds[6] != K_STACK) {
        access_stack(g);
        return;
    }
    uses(g, GENERATED_spill_across_frames);
    if (g->slot_is_pointer) {
        emit(g, BPF_LDX | BPF_MEM | BPF_DW, 5, 6, 0, 0);
        g->kinds[5] = K_VALUE;
        g->sizes[5] = 8;
        if (one_in(g, 4))
            emit(g, BPF_STX | BPF_MEM | BPF_DW, 6, one_in(g, 8) ? reg_of(g, K_NUMBER) : 7, 0, 0);
    } else if (take(g) & 1) {
        uint32_t dst = target_reg(g);
        if (dst == 6)
            dst = 0;
        emit(g, BPF_LDX | BPF_MEM | BPF_DW, dst, 6, 0, 0);
        set_number(g, dst);
    } else {
        emit(g, BPF_STX | BPF_MEM | BPF_DW, 6, reg_of(g, K_NUMBER), 0, 0);
    }
}

/* --- Packets --- */

static int32_t field_of(const struct generator *g, int which)
{
    static const int32_t xdp[] = { 0, 4, 8 }, skb[] = { 76, 80, 140 };
    return g->out->kind == GENERATED_XDP ? xdp[which] : skb[which];
}

/* A pointer into a packet, of which `size` bytes were compared with the end in r3, goes on from there; what lies behind
 * it then needs another comparison, which may be missing. Where it jumps from; 0: nowhere. */
static uint32_t move_on(struct generator *g, uint32_t at, uint32_t size)
{
    uint32_t more = one_in(g, 3) ? 4 : reg_of(g, K_NUMBER);
    if (more == 4)
        emit(g, BPF_LDX | BPF_MEM | BPF_B, 4, at, 0, 0); /* a header's length */
    emit(g, BPF_ALU64 | BPF_AND | BPF_K, more, 0, 0, one_in(g, 2) ? 63 : 7);
    emit(g, BPF_ALU64 | (one_in(g, 4) ? BPF_SUB : BPF_ADD) | BPF_X, at, more, 0, 0);
    if (one_in(g, 3))
        return 0;
    emit(g, BPF_ALU64 | BPF_MOV | BPF_X, 4, at, 0, 0);
    emit(g, BPF_ALU64 | BPF_ADD | BPF_K, 4, 0, 0, size);
    emit(g, BPF_JMP | BPF_JGT | BPF_X, 4, 3, 0, 0);
    return g->out->insn_count - 1;
}

/* `size` bytes of the packet, from R`at` on. */
static void packet_argument(struct generator *g, uint32_t at, uint32_t size)
{
    uses(g, GENERATED_packet_argument);
    if (size >= 4 && one_in(g, 2) && pass_to_global(g, at))
        return;
    emit(g, BPF_ALU64 | BPF_MOV | BPF_X, 1, at, 0, 0);
    emit(g, BPF_ALU64 | BPF_MOV | BPF_K, 2, 0, 0, size & ~3u);
    emit(g, BPF_ALU64 | BPF_MOV | BPF_K, 3, 0, 0, 0);
    emit(g, BPF_ALU64 | BPF_MOV | BPF_K, 4, 0, 0, 0);
    emit(g, BPF_ALU64 | BPF_MOV | BPF_K, 5, 0, 0, 0);
    emit(g, BPF_JMP | BPF_CALL, 0, 0, 0, BPF_FUNC_csum_diff);
    for (uint32_t r = 0; r <= 5; r++)
        g->kinds[r] = K_UNSET;
}

/* r2 = begin, r3 = end; r2 (+ a bounded number) in r5; r4 = r5 + size; compared; accessed. */
void access_packet(struct generator *g)
{
    static const struct {
        uint8_t condition;
        bool end_first;
    } outside[] = { { BPF_JGT, false }, { BPF_JGE, false }, { BPF_JLT, true }, { BPF_JLE, true } };
    if (!has_packets(g) || !has_context(g)) {
        access_stack(g);
        return;
    }
    bool meta = one_in(g, 4);
    uint32_t bytes, opcode = access_opcode(g, &bytes), size = bytes * (1 + pick(g, 4)), at = 5;
    uint32_t mode = one_in(g, 40) ? BPF_MEMSX : BPF_MEM;
    uses(g, meta ? GENERATED_packet_meta : GENERATED_packet);
    emit(g, BPF_LDX | mode | BPF_W, 2, 9, field_of(g, meta ? 2 : 0), 0);
    emit(g, BPF_LDX | BPF_MEM | BPF_W, 3, 9, field_of(g, meta ? 0 : 1), 0);
    g->kinds[2] = g->kinds[3] = g->kinds[4] = g->kinds[5] = K_UNSET;
    if (take(g) & 1) {
        uint32_t index = reg_of(g, K_NUMBER);
        uses(g, GENERATED_packet_variable);
        emit(g, BPF_ALU64 | BPF_MOV | BPF_X, 4, index, 0, 0);
        if (one_in(g, 4))
            bound(g, 4, 64);
        else
            emit(g, BPF_ALU64 | BPF_AND | BPF_K, 4, 0, 0, 63);
        emit(g, BPF_ALU64 | BPF_ADD | BPF_X, 2, 4, 0, 0);
    }
    emit(g, BPF_ALU64 | BPF_MOV | BPF_X, at, 2, 0, 0);
    emit(g, BPF_ALU64 | BPF_MOV | BPF_X, 4, 2, 0, 0);
    emit(g, BPF_ALU64 | BPF_ADD | BPF_K, 4, 0, 0, size);
    if (one_in(g, 6)) { /* moved on between comparison and access, or behind another's back */
        emit(g, BPF_ALU64 | BPF_ADD | BPF_K, at, 0, 0, pick(g, 3));
        size -= 2 > size ? 0 : 2;
        if (one_in(g, 3)) {
            uint32_t more = reg_of(g, K_NUMBER);
            emit(g, BPF_ALU64 | BPF_AND | BPF_K, more, 0, 0, 7);
            emit(g, BPF_ALU64 | (one_in(g, 3) ? BPF_SUB : BPF_ADD) | BPF_X, at, more, 0, 0);
        }
    }
    uint32_t form = pick(g, 4), jump_at = g->out->insn_count;
    emit(g, BPF_JMP | outside[form].condition | BPF_X, outside[form].end_first ? 3 : 4,
         outside[form].end_first ? 4 : 3, 0, 0);
    uint32_t second_jump_at = one_in(g, 6) ? move_on(g, at, size) : 0;
    int32_t offset = (int32_t)(pick(g, size / bytes + (g->careful ? 0 : 1)) * bytes);
    if (offset + (int32_t)bytes > (int32_t)size && g->careful)
        offset = 0;
    uint32_t value = reg_of(g, K_NUMBER);
    if (take(g) & 1)
        emit(g, BPF_STX | BPF_MEM | opcode, at, value, offset, 0);
    else
        emit(g, BPF_LDX | BPF_MEM | opcode, 4, at, offset, 0);
    if (one_in(g, 3)) { /* as an argument */
        packet_argument(g, at, size);
    } else if (one_in(g, 4) && g->function == FUNCTION_MAIN && g->held == K_UNSET &&
               g->depth == 0) {
        /* Kept, for when the packet may be another one: R6, as long as this branch holds. */
        emit(g, BPF_ALU64 | BPF_MOV | BPF_X, 6, at, 0, 0);
        g->kinds[6] = K_UNSET;
        if (one_in(g, 3))
            change_packet(g);
        else
            local_call(g);
        emit(g, BPF_LDX | BPF_MEM | opcode, 4, 6, offset, 0);
        emit(g, BPF_ALU64 | BPF_MOV | BPF_K, 6, 0, 0, number(g));
    }
    g->out->insns[jump_at].offset = (int16_t)(g->out->insn_count - jump_at - 1);
    if (second_jump_at != 0)
        g->out->insns[second_jump_at].offset = (int16_t)(g->out->insn_count - second_jump_at - 1);
    for (uint32_t r = 0; r <= 5; r++)
        g->kinds[r] = K_UNSET;
    load_any(g, 0);
    load_any(g, 1);
    if (g->kinds[6] == K_UNSET)
        load_any(g, 6);
}

/* --- Contexts that may be written --- */

void write_context(struct generator *g)
{
    if (!has_context(g) || g->out->kind == GENERATED_RAW_TP || g->out->kind == GENERATED_XDP) {
        load_context(g);
        return;
    }
    uses(g, GENERATED_context_write);
    uint32_t value = reg_of(g, K_NUMBER);
    if (g->out->kind == GENERATED_TC)
        emit(g, BPF_STX | BPF_MEM | BPF_W, 9, value, one_in(g, 16) ? 0 : 8 + 40 * (int32_t)pick(g, 2), 0);
    else
        emit(g, BPF_STX | BPF_MEM | BPF_DW, 9, value, 64 + 8 * (int32_t)pick(g, 4), 0);
}
