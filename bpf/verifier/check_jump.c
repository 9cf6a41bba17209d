/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* Conditional jumps: which ways are possible, and what each teaches.
 *
 * A way is possible if assuming its condition leaves values for both operands. If only one is, the
 * numbers decided and count as precise. What is learnt of a number holds for everything with its
 * id, constants added to it considered; what a test for NULL shows, for every pointer from the same lookup. */
#include "walk.h"

#define COND_JEQ      COND_EQ
#define COND_JGT      COND_GT
#define COND_JGE      COND_GE
#define COND_JSET     COND_SET
#define COND_JNE      COND_NE
#define COND_JSGT     COND_SGT
#define COND_JSGE     COND_SGE
#define COND_JLT      COND_LT
#define COND_JLE      COND_LE
#define COND_JSLT     COND_SLT
#define COND_JSLE     COND_SLE
#define COND_OF(name) COND_##name,
static const uint8_t conditions[] = { BPF_CONDITION_OPS(COND_OF) };

struct jump {
    enum jump_cond cond;
    bool half;
    bool immediate;
    uint32_t dst, src;
    uint32_t next, target;
    bool second; /* the state has waited: go the way that was not gone first */
};

/* --- Numbers
 * ----------------------------------------------------------------------------------------------------------
 */

struct learnt {
    const struct reg *number;
    uint64_t deps; /* of all that have the id */
};

static void collect_deps(struct reg *r, void *user)
{
    struct learnt *l = user;
    if (r->type == REG_NUMBER && r->id == l->number->id)
        l->deps |= r->deps;
}

/* Equal, or a constant apart. */
static void set_equal(struct reg *r, void *user)
{
    const struct learnt *l = user;
    if (r->type != REG_NUMBER || r->id != l->number->id)
        return;
    r->n = l->number->n;
    r->deps = l->deps;
    if (r->fixed != l->number->fixed) {
        int64_t apart = (int64_t)r->fixed - l->number->fixed;
        struct scalar delta = scalar_const((uint64_t)apart, BITS);
        r->n = scalar_alu(ALU_ADD, &r->n, &delta, BITS);
    }
}

/* Writes back what was learnt of register `number`, also to its equals. Whoever uses one of them
 * depends on them all: their being equal was part of it. */
static void learn(struct state *s, uint32_t number, const struct scalar *n, uint64_t deps)
{
    struct reg *r = state_reg(s, number);
    r->n = *n;
    r->deps |= deps;
    if (r->id == 0)
        return;
    struct reg copy = *r;
    struct learnt l = { &copy, 0 };
    state_each_value(s, collect_deps, &l);
    state_each_value(s, set_equal, &l);
}

struct way {
    bool possible;
    struct scalar dst, src;
};

static struct way assume(enum jump_cond cond, bool half, const struct reg *dst,
                         const struct reg *src)
{
    struct way way = { .dst = dst->n, .src = src->n };
    way.possible = scalar_assume(cond, &way.dst, &way.src, half, BITS);
    return way;
}

static void take(struct verifier *v, const struct jump *j, const struct way *way, uint64_t deps)
{
    learn(&v->state, j->dst, &way->dst, deps);
    if (!j->immediate && j->src != j->dst)
        learn(&v->state, j->src, &way->src, deps);
}

static int number_jump(struct verifier *v, const struct jump *j, const struct reg *dst,
                       const struct reg *src, bool *path_ends)
{
    struct way taken = assume(j->cond, j->half, dst, src);
    struct way falls = assume(cond_opposite(j->cond), j->half, dst, src);
    uint64_t deps = dst->deps | src->deps;
    if (!taken.possible && !falls.possible) {
        mark_precise(v, deps);
        *path_ends = true;
        return 0;
    }
    if (!taken.possible || !falls.possible)
        mark_precise(v, deps);
    bool take_it = taken.possible && (!falls.possible || j->second != v->here.taken_first);
    if (taken.possible && falls.possible && !j->second) {
        int err = walk_push(v);
        if (err != 0)
            return err;
    }
    take(v, j, take_it ? &taken : &falls, j->immediate ? 0 : deps);
    v->state.pc = take_it ? j->target : j->next;
    return 0;
}

/* --- Pointers
 * ---------------------------------------------------------------------------------------------------------
 */

static void make_null(struct reg *r, void *user)
{
    const uint32_t *id = user;
    if (reg_is_pointer(r) && r->may_be_null && r->id == *id)
        *r = reg_const(0);
}

static void make_not_null(struct reg *r, void *user)
{
    const uint32_t *id = user;
    if (reg_is_pointer(r) && r->id == *id)
        r->may_be_null = 0;
}

static void decide_null(struct state *s, uint32_t id, bool is_null)
{
    state_each_value(s, is_null ? make_null : make_not_null, &id);
    if (is_null)
        state_drop_reference(s, id);
}

static bool inside_object(const struct verifier *v, const struct reg *r)
{
    if (r->may_be_null)
        return false;
    if (r->type == REG_STACK)
        return r->n.smin >= -(int64_t)v->context->stack_limit && r->n.smax <= 0;
    if (r->type == REG_MAP_VALUE || r->type == REG_RECORD || r->type == REG_MEM)
        return r->n.smin >= 0 && r->n.smax <= r->size;
    return scalar_is_const(&r->n) && r->n.smin == 0 && r->fixed == 0 && r->type != REG_ARENA &&
           (r->type != REG_BTF || reg_is_trusted(r));
}

/* Certainly not NULL. Linux knows that of some kinds of pointer only, and finds dead code and loops
 * by it. */
static bool never_null(const struct verifier *v, const struct reg *r)
{
    if (!has_rule(v, BPF_RULE_LINUX))
        return inside_object(v, r);
    if (r->may_be_null || r->n.smin <= -(OFFSET_LIMIT / 2) || r->n.smax >= OFFSET_LIMIT / 2)
        return false;
    return r->type == REG_MAP || r->type == REG_MAP_VALUE || r->type == REG_MAP_KEY ||
           r->type == REG_SOCKET || r->type == REG_MEM || r->type == REG_RECORD ||
           (r->type == REG_BTF && (reg_is_trusted(r) || (r->attr & REG_RCU) != 0));
}

/* And a test for NULL goes one way only (Linux: reg_not_null()). */
static bool decides_null(const struct verifier *v, const struct reg *r)
{
    bool linux_does_not = (r->type == REG_SOCKET && r->type_id == SOCKET_XDP) ||
                          (r->type == REG_BTF && !reg_is_trusted(r));
    return never_null(v, r) && !(linux_does_not && has_rule(v, BPF_RULE_LINUX));
}

/* Both ways, and nothing is learnt. */
static int open_jump(struct verifier *v, const struct jump *j)
{
    int err = j->second ? 0 : walk_push(v);
    if (err == 0)
        v->state.pc = j->second ? j->target : j->next;
    return err;
}

/* `if (pointer == 0)`, `!=`: the pointer is register `number`. First the way where it is not NULL.
 */
static int null_jump(struct verifier *v, const struct jump *j, uint32_t number)
{
    struct state *s = &v->state;
    const struct reg pointer = *state_reg(s, number);
    uint32_t if_null = j->cond == COND_EQ ? j->target : j->next;
    uint32_t if_not = j->cond == COND_EQ ? j->next : j->target;
    /* Where it points into its object it is not NULL. Outside nothing is known, so both ways are
     * walked. */
    int err = decides_null(v, &pointer) || j->second ? 0 : walk_push(v);
    if (err != 0)
        return err;
    if (pointer.may_be_null)
        decide_null(s, pointer.id, j->second);
    s->pc = j->second ? if_null : if_not;
    return 0;
}

/* Two pointers into one object: constant offsets inside it decide, else both ways are walked and
 * nothing is learnt. Not for Linux's kinds, where addresses just compare: its verifier decides nothing there. */
static int pointer_jump(struct verifier *v, const struct jump *j, const struct reg *a,
                        const struct reg *b)
{
    if (!inside_object(v, a) || !inside_object(v, b) || !scalar_is_const(&a->n) ||
        !scalar_is_const(&b->n))
        return open_jump(v, j);
    /* Addresses of one object have the order of their offsets; 2^30 makes the stack's negative ones
     * unsigned. */
    struct reg x = reg_const((uint64_t)a->n.smin + (UINT64_C(1) << 30));
    struct reg y = reg_const((uint64_t)b->n.smin + (UINT64_C(1) << 30));
    v->state.pc = assume(j->cond, false, &x, &y).possible ? j->target : j->next;
    return 0;
}

/* One of them may be NULL, the other certainly is not: where they are equal neither is. */
static void learn_not_null(struct verifier *v, const struct reg *a, const struct reg *b)
{
    if (a->may_be_null && never_null(v, b))
        decide_null(&v->state, a->id, false);
    else if (b->may_be_null && never_null(v, a))
        decide_null(&v->state, b->id, false);
}

/* Where addresses are no secret, anything compares with anything; packets with their ends anywhere. */
static int address_jump(struct verifier *v, const struct jump *j, const struct reg *a,
                        const struct reg *b)
{
    enum jump_cond holds = j->second ? j->cond : cond_opposite(j->cond);
    int err = open_jump(v, j);
    if (err != 0 || j->half)
        return err;
    packet_learn(v, holds, a, b);
    if (holds == COND_EQ && a->type != REG_BTF && b->type != REG_BTF)
        learn_not_null(v, a, b);
    return 0;
}

/* Linux learns from a test against the constant 0 only, not from one against a register that holds
 * it. */
static int zero_jump(struct verifier *v, const struct jump *j, const struct reg *pointer,
                     uint32_t number)
{
    bool learns = j->immediate || !has_rule(v, BPF_RULE_LINUX) || decides_null(v, pointer);
    return learns ? null_jump(v, j, number) : open_jump(v, j);
}

static bool is_zero(const struct reg *r)
{
    return r->type == REG_NUMBER && scalar_is_const(&r->n) && r->n.umin == 0;
}

static int any_pointer_jump(struct verifier *v, const struct jump *j, const struct reg *dst,
                            const struct reg *src)
{
    bool equality = !j->half && (j->cond == COND_EQ || j->cond == COND_NE);
    if (equality && is_zero(src)) {
        mark_precise(v, src->deps);
        return zero_jump(v, j, dst, j->dst);
    }
    if (equality && is_zero(dst)) {
        mark_precise(v, dst->deps);
        return zero_jump(v, j, src, j->src);
    }
    /* Signed order and common bits depend on where the object happens to lie. */
    bool ordered =
        j->cond == COND_EQ || j->cond == COND_NE || (j->cond >= COND_GT && j->cond <= COND_LT);
    if (!j->half && ordered && reg_same_object(dst, src) && !reg_is_packet(dst) &&
        !dst->may_be_null && !src->may_be_null && !has_rule(v, BPF_RULE_LINUX))
        return pointer_jump(v, j, dst, src);
    if (has_rule(v, BPF_RULE_POINTER_LEAKS))
        return address_jump(v, j, dst, src);
    struct description left = describe(v, dst), right = describe(v, src);
    return refuse(v, -EACCES, BPF_REJECT_POINTER_LEAK,
                  "pointers compare with NULL, and with pointers into the same object",
                  "%s is compared with %s%s", left.text, right.text, j->half ? " in 32 bits" : "");
}

int check_jump(struct verifier *v, const struct bpf_insn *insn, enum bpf_op op, bool waited,
               bool *path_ends)
{
    unsigned form = ((unsigned)op - BPF_OP_JEQ64_X) % 4; /* 64_X, 64_K, 32_X, 32_K */
    struct jump j = {
        .cond = (enum jump_cond)conditions[((unsigned)op - BPF_OP_JEQ64_X) / 4],
        .half = form >= 2,
        .immediate = form & 1,
        .dst = insn->dst_reg,
        .src = insn->src_reg,
        .next = v->state.pc + 1,
        .target = (uint32_t)((int64_t)v->state.pc + 1 + insn->offset),
        .second = waited,
    };
    int err = check_set(v, j.dst);
    if (err == 0 && !j.immediate)
        err = check_set(v, j.src);
    if (err != 0)
        return err;
    struct reg dst = *state_reg(&v->state, j.dst);
    struct reg src =
        j.immediate ? reg_const((uint64_t)(int64_t)insn->imm) : *state_reg(&v->state, j.src);
    if (reg_is_pointer(&dst) || reg_is_pointer(&src))
        return any_pointer_jump(v, &j, &dst, &src);
    return number_jump(v, &j, &dst, &src, path_ends);
}
