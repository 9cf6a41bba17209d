/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* The encoder for x86-64, System V ABI.
 *
 * rax and rcx are its own scratch: rax for results, returned values and moves, rcx for shift counts,
 * divisors and constants that do not fit. Everything else but rsp is the allocator's. Spill slots
 * are at rsp + 8 n. A 32-bit operation zero-extends by itself, so "size 4" costs nothing. */
#include <axiom/errno.h>

#include "x86_64.h"

struct encoder {
    struct emit *e;
    const struct ir_form *form;
    const struct ir_function *function;
    uint32_t number;
    uint32_t frame_size;  /* bytes below the saved registers */
    uint32_t stack_shift; /* pushed since the prologue */
    /* What the flags say: of a result that is in a register still; or of an earlier comparison. */
    enum { FLAGS_NOTHING, FLAGS_ZERO, FLAGS_LOGIC, FLAGS_COMPARED } flags;
    ir_place flags_place;    /* the result */
    uint32_t flags_size;     /* its bytes */
    struct ir_insn compared; /* cond: whether it was a test */
};

/* --- Places --- */

static struct x86_rm rm_of(const struct encoder *x, ir_place place)
{
    if (IR_IS_SLOT(place))
        return x86_memory(RSP, (int32_t)(IR_SLOT_NUMBER(place) * 8 + x->stack_shift));
    return x86_reg_rm(place);
}

/* The place's register; of a slot, `scratch` after loading it. */
static uint32_t in_reg(const struct encoder *x, ir_place place, uint32_t scratch)
{
    if (!IR_IS_SLOT(place))
        return place;
    x86_mov(x->e, 8, scratch, rm_of(x, place));
    return scratch;
}

/* The register to compute `dst` in; put() brings it where it belongs. */
static uint32_t result_reg(ir_place dst)
{
    return IR_IS_SLOT(dst) ? RAX : dst;
}

static void put(const struct encoder *x, ir_place dst, uint32_t reg)
{
    if (IR_IS_SLOT(dst))
        x86_store(x->e, 8, rm_of(x, dst), reg);
    else if (dst != reg)
        x86_mov(x->e, 8, dst, x86_reg_rm(reg));
}

static void load_place(const struct encoder *x, uint32_t size, uint32_t dst, ir_place from)
{
    if (dst != from || size == 4)
        x86_mov(x->e, size, dst, rm_of(x, from));
}

/* An immediate that the instruction can hold, or the register (rcx) that holds it. */
static bool imm_fits(const struct ir_insn *insn)
{
    return insn->size != 8 || x86_fits32(insn->imm);
}

/* The second operand, in a register or slot; a constant that does not fit goes to rcx. */
static struct x86_rm operand_b(const struct encoder *x, const struct ir_insn *insn)
{
    if (insn->b != IR_NONE)
        return rm_of(x, insn->b);
    x86_mov_imm(x->e, RCX, (uint64_t)insn->imm);
    return x86_reg_rm(RCX);
}

static void set_flags(struct encoder *x, const struct ir_insn *insn, uint32_t flags, uint32_t size);

/* --- ALU --- */

static bool commutes(const struct ir_insn *insn)
{
    return insn->op != IR_SUB;
}

/* dst = a op b where the machine has dst op= b. `d`: in which register. */
static uint32_t start_two_operand(const struct encoder *x, struct ir_insn *insn)
{
    uint32_t d = result_reg(insn->dst);
    if (insn->b == d && insn->a != d) {
        if (commutes(insn)) {
            insn->b = insn->a;
            insn->a = d;
        } else {
            d = RAX;
        }
    }
    if (insn->a != d)
        x86_mov(x->e, insn->size, d, rm_of(x, insn->a));
    return d;
}

static void encode_alu(struct encoder *x, struct ir_insn insn)
{
    static const uint8_t ops[] = { [IR_ADD] = X86_ADD,
                                   [IR_SUB] = X86_SUB,
                                   [IR_AND] = X86_AND,
                                   [IR_OR] = X86_OR,
                                   [IR_XOR] = X86_XOR };
    enum x86_alu op = ops[insn.op];
    if (insn.op == IR_AND && insn.b == IR_NONE && insn.size == 8 &&
        (uint64_t)insn.imm <= UINT32_MAX)
        insn.size = 4;
    bool by_imm = insn.b == IR_NONE && imm_fits(&insn);
    if (insn.op == IR_SUB && by_imm && (int32_t)insn.imm != INT32_MIN) {
        op = X86_ADD;
        insn.op = IR_ADD;
        insn.imm = -(int64_t)(int32_t)insn.imm;
    }
    struct x86_rm b = x86_reg_rm(RCX);
    if (!by_imm && insn.b == IR_NONE) {
        b = operand_b(x, &insn);
        insn.b = RCX;
    }
    bool a_is_reg = !IR_IS_SLOT(insn.a), dst_is_reg = !IR_IS_SLOT(insn.dst);
    if (insn.op == IR_ADD && a_is_reg && dst_is_reg && insn.a != insn.dst &&
        (by_imm || (!IR_IS_SLOT(insn.b) && insn.b != insn.dst && insn.b != RSP))) {
        struct x86_rm sum = x86_memory(insn.a, by_imm ? (int32_t)insn.imm : 0);
        if (!by_imm)
            sum.index = (uint8_t)insn.b;
        x86_op(x->e, 0x8d, insn.size, insn.dst, sum);
        set_flags(x, &insn, FLAGS_NOTHING, 0);
        return;
    }
    set_flags(x, &insn, insn.op == IR_ADD || insn.op == IR_SUB ? FLAGS_ZERO : FLAGS_LOGIC,
              insn.size);
    if (by_imm && insn.dst == insn.a && insn.size == 8 && !dst_is_reg) {
        x86_alu_imm(x->e, op, 8, rm_of(x, insn.dst), (int32_t)insn.imm);
        return;
    }
    uint32_t d = start_two_operand(x, &insn);
    b = by_imm ? b : rm_of(x, insn.b);
    if (by_imm)
        x86_alu_imm(x->e, op, insn.size, x86_reg_rm(d), (int32_t)insn.imm);
    else
        x86_alu_reg(x->e, op, insn.size, d, b);
    put(x, insn.dst, d);
}

static void encode_mul(const struct encoder *x, struct ir_insn insn)
{
    uint32_t d = result_reg(insn.dst);
    if (insn.b == IR_NONE && imm_fits(&insn)) {
        bool small = x86_fits8((int32_t)insn.imm);
        x86_op(x->e, small ? 0x6b : 0x69, insn.size, d, rm_of(x, insn.a));
        if (small)
            emit8(x->e, (uint32_t)insn.imm);
        else
            emit32(x->e, (uint32_t)insn.imm);
    } else {
        if (insn.b == IR_NONE) {
            operand_b(x, &insn);
            insn.b = RCX;
        }
        d = start_two_operand(x, &insn);
        x86_op(x->e, 0x0faf, insn.size, d, rm_of(x, insn.b));
    }
    put(x, insn.dst, d);
}

static void encode_shift(const struct encoder *x, const struct ir_insn *insn)
{
    static const uint8_t digits[] = { [IR_SHL] = 4, [IR_SHR] = 5, [IR_SAR] = 7, [IR_ROL] = 0 };
    uint32_t digit = digits[insn->op], d = result_reg(insn->dst);
    if (insn->b != IR_NONE)
        x86_mov(x->e, 4, RCX, rm_of(x, insn->b));
    load_place(x, insn->size == 4 && insn->a == d ? 0 : insn->size, d, insn->a);
    if (insn->b != IR_NONE) {
        x86_op(x->e, 0xd3, insn->size, digit, x86_reg_rm(d));
    } else {
        uint32_t count = (uint32_t)insn->imm & (insn->size * 8u - 1);
        if (count == 0) { /* a 32-bit move still clears the upper half */
            if (insn->size == 4)
                x86_mov(x->e, 4, d, x86_reg_rm(d));
        } else if (count == 1) {
            x86_op(x->e, 0xd1, insn->size, digit, x86_reg_rm(d));
        } else {
            x86_op(x->e, 0xc1, insn->size, digit, x86_reg_rm(d));
            emit8(x->e, count);
        }
    }
    put(x, insn->dst, d);
}

static void encode_neg(const struct encoder *x, const struct ir_insn *insn)
{
    uint32_t d = result_reg(insn->dst);
    if (insn->a != d)
        x86_mov(x->e, insn->size, d, rm_of(x, insn->a));
    x86_op(x->e, 0xf7, insn->size, 3, x86_reg_rm(d));
    if (insn->op == IR_RSUB && insn->imm != 0) {
        if (imm_fits(insn)) {
            x86_alu_imm(x->e, X86_ADD, insn->size, x86_reg_rm(d), (int32_t)insn->imm);
        } else {
            x86_mov_imm(x->e, RCX, (uint64_t)insn->imm);
            x86_alu_reg(x->e, X86_ADD, insn->size, d, x86_reg_rm(RCX));
        }
    }
    put(x, insn->dst, d);
}

static void encode_extend(const struct encoder *x, const struct ir_insn *insn)
{
    uint32_t d = result_reg(insn->dst), from = IR_FROM(insn), opcode;
    struct x86_rm source = rm_of(x, insn->a);
    if (from == 4)
        opcode = 0x63;
    else if (insn->op == IR_SEXT)
        opcode = from == 1 ? 0x0fbe : 0x0fbf;
    else
        opcode = from == 1 ? 0x0fb6 : 0x0fb7;
    if (from == 1 && !source.is_memory && source.reg >= RSP)
        opcode |= X86_FORCE_REX;
    x86_op(x->e, opcode, insn->op == IR_SEXT && insn->size == 8 ? 8 : 4, d, source);
    put(x, insn->dst, d);
}

static void encode_bswap(const struct encoder *x, const struct ir_insn *insn)
{
    uint32_t d = result_reg(insn->dst);
    if (insn->a != d)
        x86_mov(x->e, insn->size == 8 ? 8 : 4, d, rm_of(x, insn->a));
    if (insn->size == 2) {
        x86_op(x->e, 0xc1, 2, 0, x86_reg_rm(d)); /* rol 8 */
        emit8(x->e, 8);
        x86_op(x->e, 0x0fb7, 4, d, x86_reg_rm(d));
    } else {
        if (insn->size == 8 || d >= R8)
            emit8(x->e, 0x40 | (insn->size == 8 ? 8u : 0) | (d >= R8));
        emit8(x->e, 0x0f);
        emit8(x->e, 0xc8 | (d & 7));
    }
    put(x, insn->dst, d);
}

static void encode_mov(const struct encoder *x, const struct ir_insn *insn)
{
    if (insn->a == IR_NONE) {
        int64_t value = insn->size == 4 ? (int64_t)(uint32_t)insn->imm : insn->imm;
        if (IR_IS_SLOT(insn->dst) && x86_fits32(value)) {
            x86_store_imm(x->e, 8, rm_of(x, insn->dst), (int32_t)value);
            return;
        }
        uint32_t d = result_reg(insn->dst);
        x86_mov_imm(x->e, d, (uint64_t)value);
        put(x, insn->dst, d);
        return;
    }
    if (insn->size == 8 && IR_IS_SLOT(insn->dst) && !IR_IS_SLOT(insn->a)) {
        x86_store(x->e, 8, rm_of(x, insn->dst), insn->a);
        return;
    }
    uint32_t d = result_reg(insn->dst);
    load_place(x, insn->size, d, insn->a);
    put(x, insn->dst, d);
}

/* --- Multiplication and division with rdx:rax --- */

static void encode_mulhi(const struct encoder *x, const struct ir_insn *insn)
{
    load_place(x, 8, RAX, insn->a);
    x86_op(x->e, 0xf7, 8, insn->op == IR_MULHI ? 4 : 5, rm_of(x, insn->b));
    put(x, insn->dst, RDX);
}

/* RFC 9669 §4.1; the processor's own answers to 0 and -1 would be exceptions. */
static void encode_divide(const struct encoder *x, const struct ir_insn *insn)
{
    struct emit *e = x->e;
    bool is_signed = insn->op == IR_SDIV || insn->op == IR_SMOD;
    bool wants_rest = insn->op == IR_MOD || insn->op == IR_SMOD;
    uint32_t size = insn->size, b = RCX;
    if (insn->b == IR_NONE)
        x86_mov_imm(e, RCX, size == 4 ? (uint32_t)insn->imm : (uint64_t)insn->imm);
    else if (IR_IS_SLOT(insn->b) || insn->b == RDX)
        x86_mov(e, size, RCX, rm_of(x, insn->b));
    else
        b = insn->b;
    x86_mov(e, size, RAX, rm_of(x, insn->a));
    int64_t divisor = size == 4 ? (int32_t)insn->imm : insn->imm;
    bool tests_zero = (insn->flags & IR_NOT_ZERO) == 0 && (insn->b != IR_NONE || divisor == 0);
    bool tests_minus = is_signed && (insn->b != IR_NONE || divisor == -1);
    size_t to_divide = 0, from_zero = 0, not_minus = 0, from_minus = 0;
    if (tests_zero) {
        x86_op(e, 0x85, size, b, x86_reg_rm(b));
        to_divide = x86_short_jump(e, 0x75);
        if (wants_rest)
            x86_mov(e, size, RDX, x86_reg_rm(RAX));
        else
            x86_mov_imm(e, RAX, 0);
        from_zero = x86_short_jump(e, 0xeb);
        x86_short_land(e, to_divide);
    }
    if (tests_minus) {
        x86_alu_imm(e, X86_CMP, size, x86_reg_rm(b), -1);
        not_minus = x86_short_jump(e, 0x75);
        if (wants_rest)
            x86_mov_imm(e, RDX, 0);
        else
            x86_op(e, 0xf7, size, 3, x86_reg_rm(RAX));
        from_minus = x86_short_jump(e, 0xeb);
        x86_short_land(e, not_minus);
    }
    if (is_signed) {
        if (size == 8)
            emit8(e, 0x48);
        emit8(e, 0x99); /* cdq, cqo */
    } else {
        x86_mov_imm(e, RDX, 0);
    }
    x86_op(e, 0xf7, size, is_signed ? 7 : 6, x86_reg_rm(b));
    if (tests_minus)
        x86_short_land(e, from_minus);
    if (tests_zero)
        x86_short_land(e, from_zero);
    put(x, insn->dst, wants_rest ? RDX : RAX);
}

/* --- Memory --- */

/* The address as an operand; slots come through rax and rcx. */
static struct x86_rm address(const struct encoder *x, const struct ir_insn *insn)
{
    struct x86_rm at = x86_memory(in_reg(x, insn->a, RAX), insn->disp);
    if (insn->b != IR_NONE && insn->op != IR_ATOMIC_CMPXCHG) {
        at.index = (uint8_t)in_reg(x, insn->b, RCX);
        at.scale = insn->scale;
    }
    return at;
}

static void encode_load(const struct encoder *x, const struct ir_insn *insn)
{
    static const uint32_t plain[] = { [1] = 0x0fb6, [2] = 0x0fb7, [4] = 0x8b, [8] = 0x8b };
    static const uint32_t with_sign[] = { [1] = 0x0fbe, [2] = 0x0fbf, [4] = 0x63, [8] = 0x8b };
    bool is_signed = (insn->flags & IR_SIGNED) != 0;
    uint32_t d = result_reg(insn->dst);
    uint32_t opcode = is_signed ? with_sign[insn->size] : plain[insn->size];
    x86_op(x->e, opcode, is_signed || insn->size == 8 ? 8 : 4, d, address(x, insn));
    put(x, insn->dst, d);
}

/* rcx is free again afterwards. */
static struct x86_rm address_without_rcx(const struct encoder *x, const struct ir_insn *insn)
{
    struct x86_rm at = address(x, insn);
    if (at.index != RCX)
        return at;
    x86_op(x->e, 0x8d, 8, RAX, at);
    return x86_memory(RAX, 0);
}

static void encode_store(const struct encoder *x, const struct ir_insn *insn)
{
    bool by_imm = insn->c == IR_NONE && (insn->size != 8 || x86_fits32(insn->imm));
    if (by_imm) {
        x86_store_imm(x->e, insn->size, address(x, insn), (int32_t)insn->imm);
        return;
    }
    if (insn->c != IR_NONE && !IR_IS_SLOT(insn->c)) {
        x86_store(x->e, insn->size, address(x, insn), insn->c);
        return;
    }
    struct x86_rm at = address_without_rcx(x, insn);
    if (insn->c == IR_NONE)
        x86_mov_imm(x->e, RCX, (uint64_t)insn->imm);
    else
        in_reg(x, insn->c, RCX);
    x86_store(x->e, insn->size, at, RCX);
}

static void encode_lea(const struct encoder *x, const struct ir_insn *insn)
{
    uint32_t d = result_reg(insn->dst);
    x86_op(x->e, 0x8d, insn->size, d, address(x, insn));
    put(x, insn->dst, d);
}

static void encode_add_memory(const struct encoder *x, const struct ir_insn *insn)
{
    struct x86_rm at = address(x, insn);
    if (x86_fits32(insn->imm)) {
        x86_alu_imm(x->e, X86_ADD, insn->size, at, (int32_t)insn->imm);
        return;
    }
    x86_mov_imm(x->e, RCX, (uint64_t)insn->imm);
    x86_op(x->e, 0x01, insn->size, RCX, at);
}

/* --- Atomics --- */

static enum x86_alu atomic_alu(uint32_t op)
{
    switch (op) {
    case IR_ATOMIC_AND:
        return X86_AND;
    case IR_ATOMIC_OR:
        return X86_OR;
    case IR_ATOMIC_XOR:
        return X86_XOR;
    default:
        return X86_ADD;
    }
}

/* With rax and rcx both taken, an address in a slot needs a third register: rdx or rbx, whichever
 * is not an operand, pushed meanwhile. */
struct borrowed {
    struct x86_rm at;
    uint32_t reg; /* X86_NO_REG: none */
};

static struct borrowed borrow_address(struct encoder *x, const struct ir_insn *insn)
{
    if (!IR_IS_SLOT(insn->a))
        return (struct borrowed){ x86_memory(insn->a, insn->disp), X86_NO_REG };
    uint32_t reg = RDX;
    while (reg == insn->b || reg == insn->c || reg == RCX)
        reg++;
    x86_push(x->e, reg);
    x->stack_shift += 8;
    x86_mov(x->e, 8, reg, rm_of(x, insn->a));
    return (struct borrowed){ x86_memory(reg, insn->disp), reg };
}

static void give_back(struct encoder *x, const struct borrowed *borrowed)
{
    if (borrowed->reg == X86_NO_REG)
        return;
    x86_pop(x->e, borrowed->reg);
    x->stack_shift -= 8;
}

/* and, or, xor with the old value wanted: tried until nobody came between. */
static void encode_atomic_loop(struct encoder *x, const struct ir_insn *insn)
{
    struct emit *e = x->e;
    struct borrowed borrowed = borrow_address(x, insn);
    x86_mov(e, insn->size, RAX, borrowed.at);
    size_t again = e->size;
    x86_mov(e, insn->size, RCX, x86_reg_rm(RAX));
    x86_alu_reg(e, atomic_alu(insn->op), insn->size, RCX, rm_of(x, insn->c));
    emit8(e, 0xf0);
    x86_op(e, 0x0fb1, insn->size, RCX, borrowed.at);
    emit8(e, 0x75);
    emit8(e, (uint32_t)(again - (e->size + 1)));
    give_back(x, &borrowed);
    put(x, insn->dst, RAX);
}

static void encode_cmpxchg(struct encoder *x, const struct ir_insn *insn)
{
    struct borrowed borrowed = borrow_address(x, insn);
    uint32_t operand = in_reg(x, insn->c, RCX);
    x86_mov(x->e, insn->size, RAX, rm_of(x, insn->b));
    emit8(x->e, 0xf0);
    x86_op(x->e, 0x0fb1, insn->size, operand, borrowed.at);
    give_back(x, &borrowed);
    /* Equal: the processor leaves eax alone, whose upper half the move above cleared. */
    if (insn->dst != IR_NONE)
        put(x, insn->dst, RAX);
}

static void encode_atomic(struct encoder *x, const struct ir_insn *insn)
{
    struct emit *e = x->e;
    if (insn->op == IR_ATOMIC_CMPXCHG) {
        encode_cmpxchg(x, insn);
        return;
    }
    if (insn->dst == IR_NONE && insn->op != IR_ATOMIC_XCHG) {
        uint32_t operand = in_reg(x, insn->c, RCX);
        struct x86_rm at = x86_memory(in_reg(x, insn->a, RAX), insn->disp);
        emit8(e, 0xf0);
        x86_op(e, (uint32_t)atomic_alu(insn->op) * 8 + 1, insn->size, operand, at);
        return;
    }
    if (insn->op != IR_ATOMIC_ADD && insn->op != IR_ATOMIC_XCHG) {
        encode_atomic_loop(x, insn);
        return;
    }
    struct x86_rm at = x86_memory(in_reg(x, insn->a, RCX), insn->disp);
    x86_mov(e, insn->size, RAX, rm_of(x, insn->c));
    if (insn->op == IR_ATOMIC_XCHG) {
        x86_op(e, 0x87, insn->size, RAX, at); /* locks by itself */
    } else {
        emit8(e, 0xf0);
        x86_op(e, 0x0fc1, insn->size, RAX, at);
    }
    if (insn->dst != IR_NONE)
        put(x, insn->dst, RAX);
}

/* --- Comparison --- */

/* The condition's number in jcc, setcc, cmovcc. */
static uint32_t condition_code(uint32_t cond)
{
    static const uint8_t codes[] = {
        [IR_EQ] = 4,   [IR_NE] = 5,   [IR_LTU] = 2,  [IR_GEU] = 3,  [IR_LEU] = 6,  [IR_GTU] = 7,
        [IR_LTS] = 12, [IR_GES] = 13, [IR_LES] = 14, [IR_GTS] = 15, [IR_TEST] = 5, [IR_NOT_TEST] = 4
    };
    return codes[cond];
}

static bool is_test(uint32_t cond)
{
    return cond == IR_TEST || cond == IR_NOT_TEST;
}

/* The flags are already as the comparison would set them. */
static bool is_compared(const struct encoder *x, const struct ir_insn *insn)
{
    if (x->flags == FLAGS_COMPARED)
        return x->compared.a == insn->a && x->compared.b == insn->b &&
               x->compared.size == insn->size && is_test(x->compared.cond) == is_test(insn->cond) &&
               (insn->b != IR_NONE || x->compared.imm == insn->imm);
    if (x->flags == FLAGS_NOTHING || x->flags_place != insn->a || insn->b != IR_NONE ||
        insn->imm != 0 || is_test(insn->cond))
        return false;
    if (insn->cond == IR_EQ || insn->cond == IR_NE) /* upper halves are zero */
        return insn->size >= x->flags_size;
    return x->flags == FLAGS_LOGIC && insn->size == x->flags_size;
}

static void write_compare(const struct encoder *x, const struct ir_insn *insn);

static void compare(struct encoder *x, const struct ir_insn *insn)
{
    if (is_compared(x, insn))
        return;
    write_compare(x, insn);
    x->flags = FLAGS_COMPARED;
    x->compared = *insn;
}

/* After an instruction other than comparisons: what it says of the flags. `size` is how many bytes
 * the arithmetic was done on, 0: the flags are as before. */
static void set_flags(struct encoder *x, const struct ir_insn *insn, uint32_t flags, uint32_t size)
{
    if (insn->dst == IR_NONE)
        return;
    if (size != 0) {
        x->flags = flags;
        x->flags_place = insn->dst;
        x->flags_size = size;
        if (IR_IS_SLOT(insn->dst))
            x->flags = FLAGS_NOTHING;
    } else if (x->flags == FLAGS_COMPARED) {
        if (insn->dst == x->compared.a || insn->dst == x->compared.b)
            x->flags = FLAGS_NOTHING;
    } else if (insn->dst == x->flags_place) {
        x->flags = FLAGS_NOTHING;
    }
}

/* Follows the flags over the instructions that leave or set them in a known way. */
static void follow_flags(struct encoder *x, const struct ir_insn *insn)
{
    switch ((enum ir_op)insn->op) {
    case IR_ADD: /* these said it themselves */
    case IR_SUB:
    case IR_AND:
    case IR_OR:
    case IR_XOR:
    case IR_SET:
    case IR_BRANCH:
        return;
    case IR_MOV:
        if (insn->a == IR_NONE && insn->imm == 0) /* xor */
            break;
        set_flags(x, insn, FLAGS_NOTHING, 0);
        return;
    case IR_LOAD:
    case IR_LEA:
    case IR_SEXT:
    case IR_ZEXT:
    case IR_SELECT:
        set_flags(x, insn, FLAGS_NOTHING, 0);
        return;
    case IR_STORE:
        if (insn->c == IR_NONE && insn->size == 8 && !x86_fits32(insn->imm))
            break;
        set_flags(x, insn, FLAGS_NOTHING, 0);
        return;
    default:
        break;
    }
    x->flags = FLAGS_NOTHING;
}

static void write_compare(const struct encoder *x, const struct ir_insn *insn)
{
    struct emit *e = x->e;
    bool tests = is_test(insn->cond);
    uint32_t size = insn->size;
    struct x86_rm a = rm_of(x, insn->a);
    if (insn->b == IR_NONE && imm_fits(insn)) {
        int32_t imm = (int32_t)insn->imm;
        if (tests) {
            if (imm >= 0)
                size = 4;
            bool in_byte = imm >= 0 && imm <= 127;
            uint32_t force = !a.is_memory && a.reg >= RSP ? X86_FORCE_REX : 0;
            x86_op(e, in_byte ? 0xf6 | force : 0xf7, in_byte ? 4 : size, 0, a);
            if (in_byte)
                emit8(e, (uint32_t)imm);
            else
                emit32(e, (uint32_t)imm);
        } else if (imm == 0 && !a.is_memory) {
            x86_op(e, 0x85, size, a.reg, a);
        } else {
            x86_alu_imm(e, X86_CMP, size, a, imm);
        }
        return;
    }
    struct x86_rm b = operand_b(x, insn);
    if (tests && b.is_memory) { /* test has no form with the register first */
        struct x86_rm swap = a;
        a = b;
        b = swap;
    }
    if (tests) {
        if (b.is_memory) {
            x86_mov(e, size, RCX, b);
            b = x86_reg_rm(RCX);
        }
        x86_op(e, 0x85, size, b.reg, a);
        return;
    }
    if (a.is_memory) {
        x86_mov(e, size, RAX, a);
        a = x86_reg_rm(RAX);
    }
    x86_alu_reg(e, X86_CMP, size, a.reg, b);
}

static void encode_set(struct encoder *x, const struct ir_insn *insn)
{
    uint32_t d = result_reg(insn->dst);
    bool clears_before = d != RAX && d != insn->a && d != insn->b && !is_compared(x, insn);
    if (clears_before)
        x86_mov_imm(x->e, d, 0);
    compare(x, insn);
    uint32_t byte = clears_before ? d : RAX;
    x86_op(x->e, 0x0f90 | condition_code(insn->cond) | (byte >= RSP ? X86_FORCE_REX : 0), 4, 0,
           x86_reg_rm(byte));
    if (!clears_before)
        x86_op(x->e, 0x0fb6, 4, d, x86_reg_rm(RAX));
    put(x, insn->dst, d);
    set_flags(x, insn, FLAGS_NOTHING, 0);
}

/* Moves do not change the flags, so the comparison comes first and the result may be any operand. */
static void encode_select(struct encoder *x, const struct ir_insn *insn)
{
    uint32_t code = condition_code(insn->cond);
    uint32_t d = result_reg(insn->dst);
    ir_place other = insn->c;
    compare(x, insn);
    if (insn->c == d && insn->d != d) {
        other = insn->d;
        code ^= 1;
    } else if (insn->d != d) {
        x86_mov(x->e, 8, d, rm_of(x, insn->d));
    }
    x86_op(x->e, 0x0f40 | code, 8, d, rm_of(x, other));
    put(x, insn->dst, d);
}

/* --- The way --- */

static void jump_to(const struct encoder *x, uint32_t block, uint32_t short_opcode,
                    uint32_t near_opcode)
{
    struct emit *e = x->e;
    int64_t distance = emit_distance(e, x->function, block) - 2;
    if (emit_reaches(e, distance, -128, 127)) {
        emit8(e, short_opcode);
        emit8(e, (uint32_t)distance);
        return;
    }
    if ((near_opcode & 0xff00) != 0)
        emit8(e, 0x0f);
    emit8(e, near_opcode & 0xff);
    int64_t far_distance = emit_distance(e, x->function, block) - 4;
    emit32(e, (uint32_t)far_distance);
}

static void encode_branch(struct encoder *x, const struct ir_insn *insn)
{
    compare(x, insn);
    uint32_t code = condition_code(insn->cond);
    jump_to(x, insn->d, 0x70 | code, 0x0f80 | code);
}

static void epilogue(const struct encoder *x)
{
    struct emit *e = x->e;
    if (x->frame_size != 0)
        x86_alu_imm(e, X86_ADD, 8, x86_reg_rm(RSP), (int32_t)x->frame_size);
    for (uint32_t reg = 16; reg-- != 0;) {
        if ((x->function->saved >> reg & 1) != 0)
            x86_pop(e, reg);
    }
    emit8(e, 0xc3);
}

static void encode_return(const struct encoder *x, const struct ir_insn *insn)
{
    if (insn->a == IR_NONE)
        x86_mov_imm(x->e, RAX, (uint64_t)insn->imm);
    else
        load_place(x, 8, RAX, insn->a);
    epilogue(x);
}

static void do_moves(const struct encoder *x, const struct ir_move *moves, uint32_t count)
{
    struct ir_move ordered[2 * IR_ARG_COUNT];
    count = bpf_jit_moves(moves, count, RAX, ordered);
    for (uint32_t i = 0; i < count; i++) {
        if (IR_IS_SLOT(ordered[i].to))
            x86_store(x->e, 8, rm_of(x, ordered[i].to), in_reg(x, ordered[i].from, RAX));
        else
            x86_mov(x->e, 8, ordered[i].to, rm_of(x, ordered[i].from));
    }
}

static void encode_call(struct encoder *x, const struct ir_insn *insn)
{
    struct emit *e = x->e;
    const struct ir_call *call = &x->function->calls[insn->target];
    if (call->callee == IR_CALL_PLACE) { /* twice: the stack stays aligned */
        for (uint32_t i = 0; i < 2; i++) {
            x86_op(e, 0xff, 4, 6, rm_of(x, call->pointer));
            x->stack_shift += 8;
        }
    }
    struct ir_move moves[IR_ARG_COUNT];
    uint32_t count = 0;
    for (uint32_t i = 0; i < IR_ARG_COUNT; i++) {
        if (call->args[i] != IR_NONE)
            moves[count++] = (struct ir_move){ x->form->target->args[i], call->args[i] };
    }
    do_moves(x, moves, count);
    if (call->callee == IR_CALL_FUNCTION) {
        emit8(e, 0xe8);
        emit32(e, (uint32_t)(emit_distance_function(e, call->function) - 4));
    } else if (call->callee == IR_CALL_ADDRESS) {
        x86_mov_imm(e, RAX, call->address);
        x86_op(e, 0xff, 4, 2, x86_reg_rm(RAX));
    } else {
        x86_op(e, 0xff, 4, 2, x86_memory(RSP, 0));
        x86_alu_imm(e, X86_ADD, 8, x86_reg_rm(RSP), 16);
        x->stack_shift -= 16;
    }
    if (insn->dst != IR_NONE)
        put(x, insn->dst, RAX);
}

/* --- The function --- */

static void encode_insn(struct encoder *x, const struct ir_insn *insn, uint32_t block)
{
    switch ((enum ir_op)insn->op) {
    case IR_NOP:
    case IR_OP_COUNT:
    case IR_BITS: /* the target has no IR_HAS_BITS */
        return;
    case IR_MOV:
        encode_mov(x, insn);
        return;
    case IR_ADD:
    case IR_SUB:
    case IR_AND:
    case IR_OR:
    case IR_XOR:
        encode_alu(x, *insn);
        return;
    case IR_MUL:
        encode_mul(x, *insn);
        return;
    case IR_SHL:
    case IR_SHR:
    case IR_SAR:
    case IR_ROL:
        encode_shift(x, insn);
        return;
    case IR_NEG:
    case IR_RSUB:
        encode_neg(x, insn);
        return;
    case IR_MULHI:
    case IR_SMULHI:
        encode_mulhi(x, insn);
        return;
    case IR_DIV:
    case IR_MOD:
    case IR_SDIV:
    case IR_SMOD:
        encode_divide(x, insn);
        return;
    case IR_SEXT:
    case IR_ZEXT:
        encode_extend(x, insn);
        return;
    case IR_BSWAP:
        encode_bswap(x, insn);
        return;
    case IR_LEA:
        encode_lea(x, insn);
        return;
    case IR_LOAD:
    case IR_LOAD_ACQUIRE: /* every load is one, every store a release (SDM volume 3, 8.2.2) */
        encode_load(x, insn);
        return;
    case IR_STORE:
    case IR_STORE_RELEASE:
        encode_store(x, insn);
        return;
    case IR_ADD_MEMORY:
        encode_add_memory(x, insn);
        return;
    case IR_ATOMIC_ADD:
    case IR_ATOMIC_AND:
    case IR_ATOMIC_OR:
    case IR_ATOMIC_XOR:
    case IR_ATOMIC_XCHG:
    case IR_ATOMIC_CMPXCHG:
        encode_atomic(x, insn);
        return;
    case IR_SET:
        encode_set(x, insn);
        return;
    case IR_SELECT:
        encode_select(x, insn);
        return;
    case IR_BRANCH:
        encode_branch(x, insn);
        return;
    case IR_JUMP:
        if (insn->target != block + 1)
            jump_to(x, (uint32_t)insn->target, 0xeb, 0xe9);
        return;
    case IR_CALL:
        encode_call(x, insn);
        return;
    case IR_RETURN:
        encode_return(x, insn);
        return;
    }
}

static void prologue(struct encoder *x)
{
    const struct ir_function *function = x->function;
    uint32_t pushed = 0;
    for (uint32_t reg = 0; reg < 16; reg++) {
        if ((function->saved >> reg & 1) != 0) {
            x86_push(x->e, reg);
            pushed++;
        }
    }
    x->frame_size = function->slot_count * 8;
    /* At entry rsp is 8 off a multiple of 16; calls want it on one. */
    if (function->has_calls && (8 + pushed * 8 + x->frame_size) % 16 != 0)
        x->frame_size += 8;
    if (x->frame_size != 0)
        x86_alu_imm(x->e, X86_SUB, 8, x86_reg_rm(RSP), (int32_t)x->frame_size);
    struct ir_move moves[IR_ARG_COUNT];
    uint32_t count = 0;
    for (uint32_t i = 0; i < IR_ARG_COUNT; i++) {
        if (function->params[i] != IR_NONE)
            moves[count++] = (struct ir_move){ function->params[i], x->form->target->args[i] };
    }
    do_moves(x, moves, count);
}

static int encode(const struct ir_form *form, uint32_t number, struct emit *e)
{
    struct encoder x = {
        .e = e, .form = form, .function = &form->functions[number], .number = number
    };
    if (e->relax && number != 0)
        x86_nops(e, (uint32_t)(-e->size & 15));
    emit_function_label(e, number);
    prologue(&x);
    for (uint32_t block = 0; block < x.function->block_count; block++) {
        const struct ir_block *b = &x.function->blocks[block];
        if (b->loop_head && e->relax)
            x86_nops(e, (uint32_t)(-e->size & 15));
        emit_label(e, x.function, block);
        if (!b->only_falls)
            x.flags = FLAGS_NOTHING;
        for (uint32_t i = b->first; i < b->end; i++) {
            encode_insn(&x, &x.function->insns[i], block);
            follow_flags(&x, &x.function->insns[i]);
        }
    }
    return e->size > INT32_MAX ? -E2BIG : 0;
}

const struct bpf_jit_target bpf_jit_x86_64 = {
    .name = "x86_64",
    .features = IR_HAS_SELECT | IR_HAS_ROTATE | IR_INDEX | IR_INDEX_SIZE | IR_INDEX_ANY |
                IR_INDEX_DISP | IR_HAS_LEA_SHIFT | IR_HAS_LEA32 | IR_FREE_IMM32,
    .caller_saved = { RDI, RSI, RDX, R8, R9, R10, R11 },
    .caller_saved_count = 7,
    .callee_saved = { RBX, RBP, R12, R13, R14, R15 },
    .callee_saved_count = 6,
    .args = { RDI, RSI, RDX, RCX, R8, R9 },
    .result = RAX,
    .divide_clobbers = UINT64_C(1) << RDX,
    .disp_min = INT32_MIN,
    .disp_max = INT32_MAX,
    .encode = encode,
};
