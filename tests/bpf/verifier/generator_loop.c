/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* Loops: R8 counts the rounds.
 *
 * A verifier that summarises loops must get three things right: how many rounds there are, what moves
 * beside the counter, and what a round acquires and gives up. So pointers are moved beside it through just
 * as much as there is, or a little more, in more rounds than are walked one by one; and records are
 * reserved and submitted inside, or now and then not. */
#include "generator_inside.h"

void loop(struct generator *g)
{
    if (g->depth > 0 || g->patch_count > 0)
        return;
    int32_t rounds = 1 + (int32_t)pick(g, 12), step = 1 + (int32_t)pick(g, 2);
    bool up = take(g) & 1;
    uses(g, GENERATED_loop);
    emit(g, BPF_ALU64 | BPF_MOV | BPF_K, 8, 0, 0, up ? 0 : rounds * step);
    set_number(g, 8);
    uint32_t head = g->out->insn_count;
    uint32_t may_goto = 0;
    if (one_in(g, 8)) {
        uses(g, GENERATED_may_goto);
        may_goto = g->out->insn_count;
        emit(g, BPF_JMP | BPF_JCOND, 0, 0, 0, 0);
    }
    g->depth++;
    statements(g, 1 + pick(g, 5));
    g->depth--;
    emit(g, BPF_ALU64 | BPF_ADD | BPF_K, 8, 0, 0, up ? step : -step);
    int32_t back = (int32_t)head - (int32_t)g->out->insn_count - 1;
    if ((take(g) & 15) == 0) {
        /* It may never end. */
        emit(g, BPF_LDX | BPF_MEM | BPF_DW, 4, 10, -8, 0);
        set_number(g, 4);
        emit(g, BPF_JMP | BPF_JGT | BPF_K, 4, 0, back - 1, number(g));
    } else {
        emit(g, BPF_JMP | (up ? BPF_JLT : BPF_JNE) | BPF_K, 8, 0, back, up ? rounds * step : 0);
    }
    if (may_goto != 0)
        g->out->insns[may_goto].offset = (int16_t)(g->out->insn_count - may_goto - 1);
}

/* --- A pointer beside the counter
 * ------------------------------------------------------------------------------------------- */

/* How the counter begins, and when the loop goes round again. */
struct counter {
    int32_t first, step, limit;
    uint32_t condition;
};

static struct counter counter_of(struct generator *g, int32_t rounds)
{
    int32_t step = 1 + (int32_t)pick(g, 3);
    switch (pick(g, 7)) {
    case 0:
        return (struct counter){ rounds * step, -step, 0, BPF_JNE };
    case 1:
        return (struct counter){ rounds * step, -step, 0, BPF_JGT };
    case 2:
        return (struct counter){ rounds * step, -step, 0, BPF_JSGT };
    case 3:
        return (struct counter){ 0, step, rounds * step, BPF_JNE };
    case 4:
        return (struct counter){ 0, step, rounds * step - step, BPF_JLE };
    case 5:
        return (struct counter){ -rounds * step, step, 0, BPF_JSLT };
    default:
        return (struct counter){ 0, step, rounds * step - (int32_t)pick(g, (uint32_t)step), BPF_JLT };
    }
}

/* R6 = memory of `size` bytes. */
static uint32_t begin_of(struct generator *g)
{
    if (g->kinds[7] == K_VALUE && g->sizes[7] >= 48 && one_in(g, 2)) {
        emit(g, BPF_ALU64 | BPF_MOV | BPF_X, 6, 7, 0, 0);
        return g->sizes[7];
    }
    emit(g, BPF_LDDW, 6, BPF_PSEUDO_MAP_IDX_VALUE, 0, GENERATOR_BSS);
    emit(g, 0, 0, 0, 0, 0);
    return 64;
}

static void access_moved(struct generator *g, uint32_t bytes, int32_t offset)
{
    static const uint8_t sizes[] = { [1] = BPF_B, [2] = BPF_H, [4] = BPF_W, [8] = BPF_DW };
    if (one_in(g, 3)) {
        emit(g, BPF_ST | BPF_MEM | sizes[bytes], 6, 0, offset, number(g));
        return;
    }
    emit(g, BPF_LDX | BPF_MEM | sizes[bytes], 0, 6, offset, 0);
    set_number(g, 0);
}

/* By `step`; on some paths not, or twice. */
static void move_pointer(struct generator *g, int32_t step)
{
    bool sometimes = one_in(g, 8);
    if (sometimes)
        emit(g, BPF_JMP | BPF_JGT | BPF_K, reg_of(g, K_NUMBER), 0, 1, number(g));
    emit(g, BPF_ALU64 | BPF_ADD | BPF_K, 6, 0, 0, step);
    if (sometimes && one_in(g, 3))
        emit(g, BPF_ALU64 | BPF_ADD | BPF_K, 6, 0, 0, step);
}

void loop_beside(struct generator *g)
{
    bool free_6 = g->held == K_UNSET && g->kinds[6] != K_STACK;
    if (g->depth > 0 || g->patch_count > 0 || !free_6) {
        loop(g);
        return;
    }
    uses(g, GENERATED_loop_beside);
    uint32_t bytes = 1u << pick(g, 4), size = begin_of(g);
    int32_t step = (int32_t)(bytes * (1 + pick(g, 2))), rounds = (int32_t)size / step, off = 0;
    bool down = one_in(g, 3), moves_first = one_in(g, 6);
    if (one_in(g, 4))
        rounds -= (int32_t)pick(g, 4);
    if (one_in(g, g->careful ? 16 : 4))
        off = one_in(g, 2) ? step : -step; /* one round too many, or a place too far */
    struct counter c = counter_of(g, rounds + (one_in(g, 2) && off > 0 ? 1 : 0));
    g->moves_6 = true;
    g->kinds[6] = K_UNSET;
    if (down)
        emit(g, BPF_ALU64 | BPF_ADD | BPF_K, 6, 0, 0, (int32_t)size - step);
    emit(g, BPF_ALU64 | BPF_MOV | BPF_K, 8, 0, 0, c.first);
    set_number(g, 8);
    if (g->kinds[0] != K_NUMBER)
        load_any(g, 0);
    uint32_t head = g->out->insn_count;
    g->depth++;
    if (moves_first)
        move_pointer(g, down ? -step : step);
    access_moved(g, bytes, moves_first ? (down ? step : -step) : off);
    if (one_in(g, 2))
        statements(g, 1 + pick(g, 2));
    uint32_t leaves_at = 0;
    if (one_in(g, 3)) {
        leaves_at = g->out->insn_count;
        emit(g, BPF_JMP | BPF_JEQ | BPF_K, reg_of(g, K_NUMBER), 0, 0, number(g));
    }
    if (!moves_first)
        move_pointer(g, down ? -step : step);
    g->depth--;
    emit(g, BPF_ALU64 | BPF_ADD | BPF_K, 8, 0, 0, c.step);
    int32_t back = (int32_t)head - (int32_t)g->out->insn_count - 1;
    emit(g, (one_in(g, 4) ? BPF_JMP32 : BPF_JMP) | c.condition | BPF_K, 8, 0, back, c.limit);
    if (leaves_at != 0)
        g->out->insns[leaves_at].offset = (int16_t)(g->out->insn_count - leaves_at - 1);
    /* Where it went: the last place that was looked at, or the one behind. */
    if (one_in(g, 2))
        access_moved(g, bytes, one_in(g, 4) ? 0 : down ? step : -step);
    g->moves_6 = false;
    load_any(g, 6);
}

/* --- A record in each round
 * ------------------------------------------------------------------------------------------------- */

void record_here(struct generator *g)
{
    uint32_t size = 8u * (1 + pick(g, 3)), end[2];
    uses(g, GENERATED_record_in_round);
    emit(g, BPF_LDDW, 1, BPF_PSEUDO_MAP_IDX, 0, GENERATOR_RING);
    emit(g, 0, 0, 0, 0, 0);
    emit(g, BPF_ALU64 | BPF_MOV | BPF_K, 2, 0, 0, size);
    emit(g, BPF_ALU64 | BPF_MOV | BPF_K, 3, 0, 0, 0);
    emit(g, BPF_JMP | BPF_CALL, 0, 0, 0, BPF_FUNC_ringbuf_reserve);
    emit(g, BPF_JMP | BPF_JEQ | BPF_K, 0, 0, 0, 0);
    end[0] = end[1] = g->out->insn_count - 1;
    emit(g, BPF_ST | BPF_MEM | BPF_DW, 0, 0, (int32_t)(8 * pick(g, size / 8 + (g->careful ? 0 : 1))), number(g));
    emit(g, BPF_ALU64 | BPF_MOV | BPF_X, 1, 0, 0, 0);
    emit(g, BPF_ALU64 | BPF_MOV | BPF_K, 2, 0, 0, 0);
    if (one_in(g, 24)) { /* not given back when the round's number says so */
        emit(g, BPF_JMP | BPF_JEQ | BPF_K, 8, 0, 0, pick(g, 20));
        end[1] = g->out->insn_count - 1;
    }
    emit(g, BPF_JMP | BPF_CALL, 0, 0, 0,
         one_in(g, 2) ? BPF_FUNC_ringbuf_submit : BPF_FUNC_ringbuf_discard);
    for (uint32_t i = 0; i < 2; i++)
        g->out->insns[end[i]].offset = (int16_t)(g->out->insn_count - end[i] - 1);
    for (uint32_t r = 0; r <= 5; r++)
        g->kinds[r] = K_UNSET;
    load_any(g, 0);
}
