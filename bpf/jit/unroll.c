/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* Short loops that are known to go round often get several rounds' instructions in a row, with one of
 * the tests: what is left of counting is a sum at the end, addresses take their parts of it in.
 *
 * A loop here is a chain of blocks, each entered from the one before alone, with ways out from any of
 * them. One of its branches compares a counter, which begins as a constant and grows by a constant,
 * with a constant: the number of the test that first fails, F, is known. With U rounds in a row it is
 * made in copy (F - 1) mod U, in the others it cannot fail.
 *
 * A sum that a round only adds to waits for the one before: of U rounds' parts a sum of its own is
 * made first, which is the same (addition and bitwise operations may be grouped as one likes). */
#include <axiom/errno.h>

#include "flow.h"

#define CHAIN_MAX 4u
#define COPY_MAX  8u
#define BODY_MAX  16u /* instructions of one round */
#define TOTAL_MAX 40u /* and of all in a row */
#define TESTS_MIN 8u  /* rounds below which it is not worth it */
#define VALUE_MAX INT64_C(0x7fffffff)
#define ADDED_MIN 200u /* instructions that any function may get */
#define LOOK_BACK 4u   /* blocks in which the counter's beginning is looked for */

struct chain {
    struct flow *w;
    uint32_t blocks[CHAIN_MAX];
    uint32_t count, insn_count;
    uint32_t test;  /* number of the block in the chain that compares the counter */
    uint64_t fails; /* which of its tests fails first: 1, 2, ... */
};

/* Of each block two that lead to it. */
struct unroller {
    struct flow *w;
    uint32_t (*before)[2];
};

/* --- Finding --- */

/* Where the block goes on in the loop; FLOW_NONE: that cannot be said. */
static uint32_t next_in_loop(const struct flow *w, uint32_t block, uint32_t head)
{
    const struct flow_block *b = &w->blocks[block];
    if (b->branch == FLOW_NONE)
        return b->no;
    if (b->yes == head || b->no == head)
        return b->yes == b->no ? FLOW_NONE : head;
    uint8_t depth = w->blocks[head].loop_depth;
    bool yes = w->blocks[b->yes].loop_depth >= depth, no = w->blocks[b->no].loop_depth >= depth;
    if (yes == no)
        return FLOW_NONE;
    return yes ? b->yes : b->no;
}

static bool find_chain(struct chain *c, uint32_t head)
{
    const struct flow *w = c->w;
    uint32_t block = head;
    do {
        const struct flow_block *b = &w->blocks[block];
        if (c->count == CHAIN_MAX || b->before_count != (block == head ? 2 : 1))
            return false;
        c->blocks[c->count++] = block;
        for (uint32_t i = b->head; i != FLOW_NONE; i = w->next[i]) {
            if (++c->insn_count > BODY_MAX || w->f->insns[i].op == IR_CALL)
                return false;
        }
        block = next_in_loop(w, block, head);
    } while (block != head && block != FLOW_NONE && block != 0);
    return block == head;
}

/* The one instruction of the chain that writes `var`, and in which of its blocks; FLOW_NONE. */
static uint32_t only_writer(const struct chain *c, ir_place var, uint32_t *in)
{
    uint32_t found = FLOW_NONE;
    for (uint32_t k = 0; k < c->count; k++) {
        for (uint32_t i = c->w->blocks[c->blocks[k]].head; i != FLOW_NONE; i = c->w->next[i]) {
            if (c->w->f->insns[i].dst != var)
                continue;
            if (found != FLOW_NONE)
                return FLOW_NONE;
            found = i;
            *in = k;
        }
    }
    return found;
}

/* What `var` is before the loop. */
static bool find_beginning(const struct unroller *u, uint32_t head, uint32_t latch, ir_place var,
                           int64_t *out)
{
    const struct flow *w = u->w;
    const uint32_t *before = u->before[head];
    uint32_t block = before[0] == latch ? before[1] : before[0];
    for (uint32_t step = 0; step < LOOK_BACK && block != FLOW_NONE; step++) {
        if (w->blocks[block].loop_depth >= w->blocks[head].loop_depth)
            return false; /* maybe one that is not any more what it was */
        for (uint32_t i = w->blocks[block].tail; i != FLOW_NONE; i = w->previous[i]) {
            const struct ir_insn *insn = &w->f->insns[i];
            if (insn->dst != var)
                continue;
            *out = insn->size == 4 ? (int64_t)(uint32_t)insn->imm : insn->imm;
            return insn->op == IR_MOV && insn->a == IR_NONE;
        }
        block = w->blocks[block].before_count == 1 && block != 0 ? u->before[block][0] : FLOW_NONE;
    }
    return false;
}

static bool in_range(int64_t value)
{
    return value >= 0 && value <= VALUE_MAX;
}

/* How often `first`, `first + step`, ... meet the condition with `limit` before one does not; false:
 * not to be told. All values are small, so that sizes and signs make no difference. */
static bool count_passes(uint32_t cond, int64_t first, int64_t step, int64_t limit, uint64_t *out)
{
    int64_t way = limit - first;
    if (cond == IR_LEU || cond == IR_LES)
        way++;
    else if (cond == IR_GEU || cond == IR_GES)
        way--;
    if (cond == IR_NE) {
        if (way % step != 0)
            return false;
    } else {
        bool up = cond == IR_LTU || cond == IR_LTS || cond == IR_LEU || cond == IR_LES;
        bool down = cond == IR_GTU || cond == IR_GTS || cond == IR_GEU || cond == IR_GES;
        if (up ? step < 0 : !down || step > 0)
            return false;
        way += up ? step - 1 : step + 1; /* rounded up */
    }
    int64_t passes = way / step;
    if (passes < 0 || !in_range(first + passes * step))
        return false;
    *out = (uint64_t)passes;
    return true;
}

/* The chain's block number k compares a counter. */
static bool find_test(struct chain *c, const struct unroller *u, uint32_t k)
{
    const struct flow *w = c->w;
    const struct flow_block *b = &w->blocks[c->blocks[k]];
    if (b->branch == FLOW_NONE)
        return false;
    const struct ir_insn *branch = &w->f->insns[b->branch];
    uint32_t in = 0, head = c->blocks[0];
    if (branch->b != IR_NONE || branch->a >= LOWER_VAR_MAX || !in_range(branch->imm) ||
        branch->size < 4)
        return false;
    uint32_t writer = only_writer(c, branch->a, &in);
    if (writer == FLOW_NONE)
        return false;
    const struct ir_insn *add = &w->f->insns[writer];
    int64_t first;
    if (add->op != IR_ADD || add->a != branch->a || add->b != IR_NONE || add->imm == 0 ||
        !in_range(add->imm < 0 ? -add->imm : add->imm) ||
        !find_beginning(u, head, c->blocks[c->count - 1], branch->a, &first) || !in_range(first))
        return false;
    if (in <= k) /* what is compared has grown once */
        first += add->imm;
    bool stays_if = next_in_loop(w, c->blocks[k], head) == b->yes;
    uint64_t passes;
    if (!in_range(first) || !count_passes(stays_if ? branch->cond : branch->cond ^ 1u, first,
                                          add->imm, branch->imm, &passes))
        return false;
    c->test = k;
    c->fails = passes + 1;
    return true;
}

/* How many rounds in a row: if it can be, so many that the test is at their end. */
static uint32_t choose_copies(const struct chain *c)
{
    uint32_t most = TOTAL_MAX / (c->insn_count + c->count);
    most = most > COPY_MAX ? COPY_MAX : most;
    for (uint32_t copies = most; copies >= 2 && copies * 2 >= most; copies--) {
        if (c->fails % copies == 0)
            return copies;
    }
    return most > 4 ? 4 : most;
}

/* --- Copying --- */

/* The branch again, standing in no list. */
static uint32_t copy_branch(struct flow *w, uint32_t block, uint32_t branch)
{
    if (branch == FLOW_NONE || flow_append(w, block, &w->f->insns[branch]) == NULL)
        return FLOW_NONE;
    uint32_t copy = w->f->insn_count - 1;
    flow_unlink(w, block, copy);
    return copy;
}

/* All rounds: the blocks of each, in the order of the chain. */
struct rounds {
    uint32_t blocks[COPY_MAX][CHAIN_MAX];
    uint32_t count;
};

/* Where `block` of round r goes on: to the same round's next, or to the next round's first. */
static uint32_t next_of(const struct chain *c, const struct rounds *rounds, uint32_t r, uint32_t k)
{
    if (k + 1 < c->count)
        return rounds->blocks[r][k + 1];
    return rounds->blocks[r + 1 < rounds->count ? r + 1 : 0][0];
}

static bool copy_blocks(const struct chain *c, struct rounds *rounds)
{
    struct flow *w = c->w;
    for (uint32_t r = 0; r < rounds->count; r++) {
        for (uint32_t k = 0; k < c->count; k++) {
            uint32_t old = c->blocks[k], copy = r == 0 ? old : flow_new_block(w);
            if (copy == FLOW_NONE)
                return false;
            rounds->blocks[r][k] = copy;
            for (uint32_t i = w->blocks[old].head; r != 0 && i != FLOW_NONE && !w->failed;
                 i = w->next[i])
                flow_append(w, copy, &w->f->insns[i]);
            w->blocks[copy].loop_depth = w->blocks[old].loop_depth;
        }
    }
    return !w->failed;
}

/* The new ones first: they ask the old ones which way leads on. */
static void connect_blocks(const struct chain *c, const struct rounds *rounds)
{
    struct flow *w = c->w;
    for (uint32_t r = rounds->count; r-- != 0;) {
        for (uint32_t k = c->count; k-- != 0 && !w->failed;) {
            uint32_t old = c->blocks[k], block = rounds->blocks[r][k];
            uint32_t old_next = c->blocks[k + 1 < c->count ? k + 1 : 0];
            uint32_t next = next_of(c, rounds, r, k), branch = w->blocks[old].branch;
            bool is_yes = branch != FLOW_NONE && w->blocks[old].yes == old_next;
            uint32_t out = is_yes ? w->blocks[old].no : w->blocks[old].yes;
            /* Which cannot fail is not asked. */
            bool asks = branch != FLOW_NONE &&
                        (k != c->test || r == (uint32_t)((c->fails - 1) % rounds->count));
            if (asks && r != 0)
                branch = copy_branch(w, block, branch);
            if (!asks)
                flow_go(w, block, FLOW_NONE, FLOW_NONE, next);
            else
                flow_go(w, block, branch, is_yes ? next : out, is_yes ? out : next);
        }
    }
}

/* --- Sums --- */

static bool is_grouped(uint32_t op)
{
    return op == IR_ADD || op == IR_XOR || op == IR_OR || op == IR_AND;
}

static uint32_t count_reads(const struct flow *w, uint32_t block, ir_place var)
{
    const struct flow_block *b = &w->blocks[block];
    ir_place *sources[LOWER_SOURCE_MAX];
    uint32_t reads = 0;
    for (uint32_t i = b->head; i != FLOW_NONE; i = w->next[i]) {
        uint32_t count = lower_sources(w->f, &w->f->insns[i], sources);
        for (uint32_t s = 0; s < count; s++)
            reads += *sources[s] == var;
    }
    uint32_t count = lower_sources(w->f, &w->f->insns[b->branch], sources);
    for (uint32_t s = 0; s < count; s++)
        reads += *sources[s] == var;
    return reads;
}

/* A variable that the round only adds something to, that varies: it is not read otherwise. */
static bool is_sum(const struct chain *c, uint32_t insn)
{
    const struct ir_insn *sum = &c->w->f->insns[insn];
    uint32_t in;
    return is_grouped(sum->op) && sum->dst < LOWER_VAR_MAX && sum->dst != VAR_COUNT &&
           sum->b != IR_NONE && sum->a != sum->b && (sum->a == sum->dst || sum->b == sum->dst) &&
           only_writer(c, sum->dst, &in) == insn && count_reads(c->w, c->blocks[0], sum->dst) == 1;
}

/* The instruction's copies in all rounds: what each adds is put together, which is added at the end. */
static void group_sum(const struct chain *c, const struct rounds *rounds, const uint32_t *insns)
{
    struct flow *w = c->w;
    struct ir_insn sum = w->f->insns[insns[0]];
    ir_place var = sum.dst, part = sum.a == var ? sum.b : sum.a, all = w->f->place_count++;
    w->f->insns[insns[0]] = (struct ir_insn){
        .op = IR_MOV, .size = 8, .dst = all, .a = part, .b = IR_NONE, .c = IR_NONE, .d = IR_NONE
    };
    for (uint32_t r = 1; r < rounds->count; r++) {
        struct ir_insn *insn = &w->f->insns[insns[r]];
        insn->a = all;
        insn->b = part;
        insn->dst = all = w->f->place_count++;
    }
    sum.a = var;
    sum.b = all;
    flow_append(w, rounds->blocks[rounds->count - 1][0], &sum);
}

static void group_sums(const struct chain *c, const struct rounds *rounds)
{
    struct flow *w = c->w;
    uint32_t at[COPY_MAX];
    for (uint32_t r = 0; r < rounds->count; r++)
        at[r] = w->blocks[rounds->blocks[r][0]].head;
    while (at[0] != FLOW_NONE && !w->failed) {
        if (is_sum(c, at[0]))
            group_sum(c, rounds, at);
        for (uint32_t r = 0; r < rounds->count; r++)
            at[r] = w->next[at[r]];
    }
}

/* --- The pass --- */

static void unroll(const struct chain *c, uint32_t copies)
{
    struct rounds rounds = { .count = copies };
    if (!copy_blocks(c, &rounds))
        return;
    if (c->count == 1 && c->fails % copies == 0)
        group_sums(c, &rounds);
    connect_blocks(c, &rounds);
}

static void note_before(struct unroller *u)
{
    const struct flow *w = u->w;
    for (uint32_t block = 0; block < w->block_count; block++)
        u->before[block][0] = u->before[block][1] = FLOW_NONE;
    for (uint32_t i = 0; i < 2 * w->block_count; i++) {
        const struct flow_block *b = &w->blocks[i / 2];
        uint32_t to = i % 2 == 0 ? b->yes : b->no;
        if (to != FLOW_NONE && flow_is_reached(w, i / 2))
            u->before[to][u->before[to][0] != FLOW_NONE] = i / 2;
    }
}

int flow_unroll(struct flow *w)
{
    struct unroller u = { .w = w };
    uint32_t block_count = w->block_count, insn_max = 2 * w->f->insn_count + ADDED_MIN;
    bool any = false;
    for (uint32_t block = 0; block < block_count; block++)
        any |= w->blocks[block].starts_loop;
    if (!any)
        return 0;
    u.before = lower_alloc_raw(w->f->pass, block_count, sizeof *u.before);
    if (u.before == NULL)
        return -ENOMEM;
    note_before(&u);
    for (uint32_t head = 1; head < block_count && w->f->insn_count < insn_max; head++) {
        struct chain c = { .w = w };
        if (!w->blocks[head].starts_loop || !flow_is_reached(w, head) || !find_chain(&c, head))
            continue;
        bool found = false;
        for (uint32_t k = 0; k < c.count && !found; k++)
            found = find_test(&c, &u, k);
        uint32_t copies = found && c.fails >= TESTS_MIN ? choose_copies(&c) : 0;
        if (copies >= 2)
            unroll(&c, copies);
    }
    return w->failed ? -ENOMEM : 0;
}
