/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* Arithmetic: on numbers by scalar.c; on pointers only what keeps the object known: adding and
 * subtracting numbers, and the distance of two pointers into one object. */
#include "arena.h"

/* From enum bpf_op's names to enum alu_op; MOV is not arithmetic. */
#define ALU_MOV      ALU_OP_COUNT
#define ALU_OF(name) ALU_##name,
static const uint8_t alu_ops[] = { BPF_ALU_OPS(ALU_OF) };

/* Linux: BPF_MAX_VAR_OFF. */
#define LINUX_OFFSET_LIMIT (INT64_C(1) << 29)

/* What `dst OP src` is written as, for messages. */
static const char *const alu_signs[ALU_OP_COUNT] = {
    [ALU_ADD] = "+=",   [ALU_SUB] = "-=",   [ALU_MUL] = "*=",    [ALU_DIV] = "/=", [ALU_MOD] = "%=",
    [ALU_SDIV] = "s/=", [ALU_SMOD] = "s%=", [ALU_AND] = "&=",    [ALU_OR] = "|=",  [ALU_XOR] = "^=",
    [ALU_LSH] = "<<=",  [ALU_RSH] = ">>=",  [ALU_ARSH] = "s>>=",
};

/* A pointer was there until a call, of index `pc`, gave up what it pointed to. */
static int refuse_given_up(struct verifier *v, uint32_t reg_number, uint32_t pc)
{
    const struct bpf_debug_line *line = bpf_debug_line_at(v->request->debug, pc);
    return refuse(v, -EACCES, BPF_REJECT_UNINIT, "use it before that call, not afterwards",
                  "r%u pointed to what the call %s %u gave up: it is not the program's any more",
                  reg_number, line == NULL ? "at insn" : "in line", line == NULL ? pc : line->line);
}

int refuse_unset(struct verifier *v, uint32_t reg_number)
{
    uint32_t given_up_at = state_reg(&v->state, reg_number)->given_up_at;
    if (given_up_at != 0)
        return refuse_given_up(v, reg_number, given_up_at - 1);
    return refuse(v, -EACCES, BPF_REJECT_UNINIT,
                  "give the variable a value on every path; after a call only r0 and r6 to r9 "
                  "still hold theirs",
                  "r%u is read, but has not been set on this path", reg_number);
}

static int refuse_pointer_alu(struct verifier *v, uint32_t reg_number, const char *sign, bool half)
{
    struct description is = describe(v, state_reg(&v->state, reg_number));
    return refuse(v, -EACCES, BPF_REJECT_POINTER_MATH,
                  "a pointer may only have 64-bit numbers added or subtracted",
                  "r%u is %s: '%s'%s is not possible with a pointer", reg_number, is.text, sign,
                  half ? " in 32 bits" : "");
}

/* --- Pointers
 * ---------------------------------------------------------------------------------------------------------
 */

/* Linux refuses constants that are far, and takes ranges that only reach there, as long as they are not used. Where
 * states were merged a range may be constants: then those count, and the walk comes back to see them one by one. */
static bool may_be_far(const struct verifier *v, const struct reg *number)
{
    bool constant = scalar_is_const(&number->n) || v->here.speculations != NULL;
    return constant && (number->n.smax >= LINUX_OFFSET_LIMIT || number->n.smin <= -LINUX_OFFSET_LIMIT);
}

static int check_offset(struct verifier *v, uint32_t reg_number, const struct reg *result)
{
    int64_t least = -OFFSET_LIMIT, most = OFFSET_LIMIT;
    if (has_rule(v, BPF_RULE_LINUX)) {
        /* As far as it is not used for an access, an offset may be large there. */
        least = -LINUX_OFFSET_LIMIT + 1;
        bool all_far = v->here.speculations != NULL ? result->n.smax >= LINUX_OFFSET_LIMIT
                                                    : result->n.smin >= LINUX_OFFSET_LIMIT;
        most = all_far ? 0 : INT64_MAX;
    }
    if (result->n.smin >= least && result->n.smax <= most)
        return 0;
    struct description n = describe_number(&result->n);
    return refuse(
        v, -EACCES, BPF_REJECT_POINTER_MATH,
        "bound the index first, on both sides: if (i >= SIZE) return 0; or i &= SIZE - 1;",
        "the offset of pointer r%u would be %s: too far from what it points to", reg_number,
        n.text);
}

/* Kinds of pointer that stay as they are. Linux lets functions be moved; what wants one wants it unmoved. */
static bool is_fixed(const struct verifier *v, const struct reg *r)
{
    return r->type == REG_MAP || r->type == REG_PACKET_END || r->type == REG_SOCKET ||
           (r->type == REG_FUNCTION && !has_rule(v, BPF_RULE_LINUX));
}

static int check_operands(struct verifier *v, const struct reg *pointer, const struct reg *number,
                          enum alu_op op)
{
    bool adds_nothing = op == ALU_ADD && scalar_is_const(&number->n) && number->n.umin == 0;
    if (is_fixed(v, pointer) &&
        !(pointer->type == REG_MAP && adds_nothing && has_rule(v, BPF_RULE_LINUX)))
        return refuse(v, -EACCES, BPF_REJECT_POINTER_MATH,
                      pointer->type == REG_MAP ? "look a value up with bpf_map_lookup_elem()" : "",
                      "arithmetic on %s", describe(v, pointer).text);
    if (pointer->may_be_null)
        return refuse(v, -EACCES, BPF_REJECT_NULL, "test it for NULL before the arithmetic",
                      "arithmetic on a pointer that may be NULL: %s", describe(v, pointer).text);
    if (!has_rule(v, BPF_RULE_LINUX))
        return 0;
    if (op == ALU_SUB && pointer->type == REG_STACK)
        return refuse(v, -EACCES, BPF_REJECT_POINTER_MATH, "add the negative number",
                      "subtraction from %s", describe(v, pointer).text);
    if (pointer->type == REG_MEM && (pointer->attr & REG_FROM_CONTEXT) != 0 && !scalar_is_const(&number->n))
        return refuse(v, -EACCES, BPF_REJECT_POINTER_MATH, "constant offsets", "%s is added to or subtracted from %s",
                      describe(v, number).text, describe(v, pointer).text);
    if (number->n.smin == INT64_MIN || may_be_far(v, number))
        return refuse(v, -EACCES, BPF_REJECT_POINTER_MATH, "bound the number from below first",
                      "%s is added to or subtracted from %s", describe(v, number).text,
                      describe(v, pointer).text);
    return 0;
}

static int add_to_pointer(struct verifier *v, uint32_t dst, const struct reg *pointer,
                          const struct reg *number, enum alu_op op)
{
    int err = check_operands(v, pointer, number, op);
    if (err != 0)
        return err;
    if (pointer->type == REG_PACKET || pointer->type == REG_PACKET_META)
        return packet_add(v, dst, pointer, number, op == ALU_SUB);
    struct reg result = *pointer;
    result.n = scalar_alu(op, &pointer->n, &number->n, BITS);
    result.deps = 0;
    err = check_offset(v, dst, &result);
    if (err != 0)
        return err;
    mark_precise(v, number->deps);
    reg_added(&result, pointer, number, op == ALU_SUB, false);
    *state_reg(&v->state, dst) = result;
    return 0;
}

static int set_unknown(struct verifier *v, uint32_t dst, bool half)
{
    struct reg result = reg_any_number();
    if (half)
        result.n = scalar_zext(&result.n, 32, BITS);
    *state_reg(&v->state, dst) = result;
    return 0;
}

static int subtract_pointers(struct verifier *v, uint32_t dst, const struct reg *a,
                             const struct reg *b, bool half)
{
    if (has_rule(v, BPF_RULE_POINTER_LEAKS))
        return set_unknown(v, dst, half);
    if (!reg_same_object(a, b) || a->may_be_null || half || a->fixed != 0 || b->fixed != 0) {
        struct description left = describe(v, a), right = describe(v, b);
        return refuse(v, -EACCES, BPF_REJECT_POINTER_MATH,
                      "only pointers into one object have a distance", "%s minus %s", left.text,
                      right.text);
    }
    struct reg result = reg_any_number();
    result.n = scalar_alu(ALU_SUB, &a->n, &b->n, BITS);
    *state_reg(&v->state, dst) = result;
    return 0;
}

static int pointer_alu(struct verifier *v, const struct bpf_insn *insn, enum alu_op op, bool half,
                       const struct reg *src)
{
    const struct reg dst = *state_reg(&v->state, insn->dst_reg);
    uint32_t culprit = reg_is_pointer(&dst) ? insn->dst_reg : insn->src_reg;
    bool both = reg_is_pointer(&dst) && reg_is_pointer(src);
    bool leaks = has_rule(v, BPF_RULE_POINTER_LEAKS);
    if (op == ALU_SUB && (both || (half && leaks)) && (!half || leaks))
        return both ? subtract_pointers(v, insn->dst_reg, &dst, src, half)
                    : set_unknown(v, insn->dst_reg, half);
    if (half || (op != ALU_ADD && op != ALU_SUB))
        return refuse_pointer_alu(v, culprit, alu_signs[op], half);
    if (both)
        return refuse_pointer_alu(v, culprit, "pointer + pointer", false);
    if (reg_is_pointer(&dst))
        return add_to_pointer(v, insn->dst_reg, &dst, src, op);
    if (op == ALU_SUB)
        return refuse_pointer_alu(v, culprit, "number - pointer", false);
    return add_to_pointer(v, insn->dst_reg, src, &dst, op);
}

/* --- Numbers
 * ----------------------------------------------------------------------------------------------------------
 */

static bool is_shift(enum alu_op op)
{
    return op == ALU_LSH || op == ALU_RSH || op == ALU_ARSH;
}

/* Results of which Linux knows nothing (is_safe_to_compute_dst_reg_range()). Knowing more is sound, but
 * verdicts on its programs are to be its own. */
static bool linux_gives_up(enum alu_op op, const struct scalar *src, bool half)
{
    if (is_shift(op))
        return !scalar_is_const(src) || src->umax >= (half ? 32u : 64u);
    return op == ALU_DIV || op == ALU_MOD || op == ALU_SDIV || op == ALU_SMOD;
}

static struct scalar number_result(const struct verifier *v, const struct reg *dst,
                                   const struct reg *src, enum alu_op op, bool half)
{
    if (has_rule(v, BPF_RULE_LINUX) && linux_gives_up(op, &src->n, half)) {
        const struct scalar any = scalar_unknown(BITS);
        return scalar_zext(&any, half ? 32 : 64, BITS);
    }
    return half ? scalar_alu_half(op, &dst->n, &src->n, BITS)
                : scalar_alu(op, &dst->n, &src->n, BITS);
}

/* `src` may be the same register. */
static void number_alu(struct verifier *v, const struct bpf_insn *insn, enum alu_op op, bool half,
                       const struct reg *src)
{
    struct reg *dst = state_reg(&v->state, insn->dst_reg);
    bool same_register = BPF_SRC(insn->opcode) == BPF_X && insn->src_reg == insn->dst_reg;
    if (same_register && (op == ALU_XOR || op == ALU_SUB) && !has_rule(v, BPF_RULE_LINUX)) {
        /* x ^ x and x - x: the usual ways to make zero, but not for Linux's verifier. */
        *dst = reg_const(0);
        return;
    }
    struct reg result = { .type = REG_NUMBER, .deps = dst->deps | src->deps };
    result.n = number_result(v, dst, src, op, half);
    if ((op == ALU_ADD || op == ALU_SUB) && (dst->origin | src->origin) != 0)
        reg_added(&result, dst, src, op == ALU_SUB, half);
    /* Once: what compilers make of array[i + 1]. (Linux: BPF_ADD_CONST) */
    bool wraps = half && (src->n.umin > INT32_MAX || dst->n.umax > UINT32_MAX - src->n.umin);
    if (op == ALU_ADD && !wraps && dst->id != 0 && dst->fixed == 0 && scalar_is_const(&src->n) &&
        src->n.umin <= INT32_MAX) {
        result.id = dst->id;
        result.fixed = (int32_t)src->n.umin;
    }
    *dst = result;
}

static int move_constant(struct verifier *v, const struct bpf_insn *insn, bool half)
{
    uint64_t value = (uint64_t)(int64_t)insn->imm;
    if (half)
        value = (uint32_t)value;
    *state_reg(&v->state, insn->dst_reg) = reg_const(value);
    return 0;
}

/* `value`: the source register. */
static int move(struct verifier *v, const struct bpf_insn *insn, bool half, const struct reg *value)
{
    struct reg *dst = state_reg(&v->state, insn->dst_reg);
    if (reg_is_pointer(value)) {
        if (half && has_rule(v, BPF_RULE_POINTER_LEAKS))
            return set_unknown(v, insn->dst_reg, true);
        if (half)
            return refuse_pointer_alu(v, insn->src_reg, "=", true);
        *dst = *value;
        return 0;
    }
    /* Both are the same number from here on: what a test of one shows holds for the other. In 32
     * bits only if nothing is cut off. */
    bool equal = (!half || value->n.umax <= UINT32_MAX) && !scalar_is_const(&value->n);
    if (equal && value->id == 0)
        state_reg(&v->state, insn->src_reg)->id = ++v->next_id;
    bool is_cut = half && value->n.umax > UINT32_MAX;
    if (dst != value)
        *dst = *value;
    if (half)
        dst->n = scalar_zext(&dst->n, 32, BITS);
    if (is_cut)
        dst->origin = 0;
    if (!equal)
        reg_unlink(dst);
    return 0;
}

/* Constants that the operation cannot have. */
static int check_immediate(struct verifier *v, const struct bpf_insn *insn, enum alu_op op,
                           bool half)
{
    bool divides = op == ALU_DIV || op == ALU_MOD || op == ALU_SDIV || op == ALU_SMOD;
    if (divides && insn->imm == 0)
        return refuse(v, -EINVAL, BPF_REJECT_BAD_INSN, "", "division by the constant 0");
    if (is_shift(op) && (insn->imm < 0 || insn->imm >= (half ? 32 : 64)))
        return refuse(v, -EINVAL, BPF_REJECT_BAD_INSN, "",
                      "shift by the constant %d, outside 0..%d", insn->imm, half ? 31 : 63);
    return 0;
}

int check_alu(struct verifier *v, const struct bpf_insn *insn, enum bpf_op op)
{
    unsigned form = (unsigned)op % 4; /* 64_X, 64_K, 32_X, 32_K */
    enum alu_op alu = (enum alu_op)alu_ops[op / 4];
    bool half = form >= 2, immediate = form & 1;
    const struct reg *src = state_reg(&v->state, insn->src_reg);
    const struct reg *dst = state_reg(&v->state, insn->dst_reg);
    struct reg constant;
    int err = 0;
    if (!immediate)
        err = check_set(v, insn->src_reg);
    if (err == 0 && alu != ALU_MOV)
        err = check_set(v, insn->dst_reg);
    if (err == 0 && immediate)
        err = check_immediate(v, insn, alu, half);
    if (err != 0)
        return err;
    if (immediate && alu == ALU_MOV)
        return move_constant(v, insn, half);
    if (immediate) {
        constant = reg_const((uint64_t)(int64_t)insn->imm);
        src = &constant;
    }
    if (alu == ALU_MOV)
        return move(v, insn, half, src);
    if (v->arena != 0 && arena_alu(v, insn, src, half, &err))
        return err;
    if (reg_is_pointer(src) || reg_is_pointer(dst)) {
        const struct reg value = *src;
        return pointer_alu(v, insn, alu, half, &value);
    }
    number_alu(v, insn, alu, half, src);
    return 0;
}

/* --- Negation, sign extension, byte order
 * ------------------------------------------------------------------------------- */

static struct scalar transform(enum bpf_op op, const struct scalar *n)
{
    struct scalar zero = scalar_const(0, BITS);
    switch (op) {
    case BPF_OP_NEG64:
        return scalar_alu(ALU_SUB, &zero, n, BITS);
    case BPF_OP_NEG32:
        return scalar_alu_half(ALU_SUB, &zero, n, BITS);
    case BPF_OP_MOVSX8_64:
        return scalar_sext(n, 8, 64, BITS);
    case BPF_OP_MOVSX16_64:
        return scalar_sext(n, 16, 64, BITS);
    case BPF_OP_MOVSX32_64:
        return scalar_sext(n, 32, 64, BITS);
    case BPF_OP_MOVSX8_32:
        return scalar_sext(n, 8, 32, BITS);
    case BPF_OP_MOVSX16_32:
        return scalar_sext(n, 16, 32, BITS);
    /* All our hosts are little endian: le only cuts off, be swaps. */
    case BPF_OP_LE16:
        return scalar_zext(n, 16, BITS);
    case BPF_OP_LE32:
        return scalar_zext(n, 32, BITS);
    case BPF_OP_LE64:
        return *n;
    case BPF_OP_BE16:
    case BPF_OP_BSWAP16:
        return scalar_bswap(n, 2, BITS);
    case BPF_OP_BE32:
    case BPF_OP_BSWAP32:
        return scalar_bswap(n, 4, BITS);
    case BPF_OP_BE64:
    case BPF_OP_BSWAP64:
        return scalar_bswap(n, 8, BITS);
    default:
        return scalar_unknown(BITS);
    }
}

static unsigned moved_bits(enum bpf_op op)
{
    return op == BPF_OP_MOVSX32_64 ? 32 : op == BPF_OP_MOVSX16_64 || op == BPF_OP_MOVSX16_32 ? 16 : 8;
}

int check_alu_other(struct verifier *v, const struct bpf_insn *insn, enum bpf_op op)
{
    bool moves = op >= BPF_OP_MOVSX8_64 && op <= BPF_OP_MOVSX16_32;
    uint32_t from = moves ? insn->src_reg : insn->dst_reg;
    int err = check_set(v, from);
    if (err != 0)
        return err;
    const struct reg *value = state_reg(&v->state, from);
    if (reg_is_pointer(value) && has_rule(v, BPF_RULE_POINTER_LEAKS))
        return set_unknown(v, insn->dst_reg, op == BPF_OP_MOVSX8_32 || op == BPF_OP_MOVSX16_32);
    if (reg_is_pointer(value))
        return refuse_pointer_alu(v, from, insn_row(v, v->state.pc)->text, false);
    /* A number without the sign bit stays what it is: a copy. */
    if (moves && value->n.umax < UINT64_C(1) << (moved_bits(op) - 1))
        return move(v, insn, op == BPF_OP_MOVSX8_32 || op == BPF_OP_MOVSX16_32, value);
    struct reg result = { .type = REG_NUMBER, .deps = value->deps, .n = transform(op, &value->n) };
    /* Negation and byte orders Linux does not follow. */
    if (!moves && has_rule(v, BPF_RULE_LINUX))
        result.n = scalar_unknown(BITS);
    *state_reg(&v->state, insn->dst_reg) = result;
    return 0;
}
