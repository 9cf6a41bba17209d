/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* The form as text: one line per instruction, `dst = OP.size sources`, for people and tests. */
#include <axiom/format.h>

#include "ir.h"

struct printer {
    char *to;
    size_t size, length;
};

static const char *const op_names[IR_OP_COUNT] = {
    "nop",  "mov",    "add",    "sub",  "mul",   "and",    "or",      "xor",      "shl",
    "shr",  "sar",    "rol",    "rsub", "mulhi", "smulhi", "div",     "mod",      "sdiv",
    "smod", "neg",    "sext",   "zext", "bswap", "bits",   "lea",     "load",     "store",
    "addm", "xadd",   "xand",   "xor_", "xxor",  "xchg",   "cmpxchg", "load_acq", "store_rel",
    "set",  "select", "branch", "jump", "call",  "return",
};
static const char *const cond_names[] = { "==", "!=",  "u<",  "u>=", "u<=", "u>",
                                          "s<", "s>=", "s<=", "s>",  "&",   "!&" };

#define PRINT(p, ...)                                                \
    do {                                                             \
        char text_[64];                                              \
        int length_ = format_text(text_, sizeof text_, __VA_ARGS__); \
        for (int i_ = 0; i_ < length_; i_++) {                       \
            if ((p)->length + 1 < (p)->size)                         \
                (p)->to[(p)->length] = text_[i_];                    \
            (p)->length++;                                           \
        }                                                            \
    } while (0)

static void print_place(struct printer *p, ir_place place)
{
    if (IR_IS_SLOT(place))
        PRINT(p, " s%u", IR_SLOT_NUMBER(place));
    else
        PRINT(p, " r%u", place);
}

static void print_operand(struct printer *p, ir_place place, int64_t imm)
{
    if (place == IR_NONE)
        PRINT(p, " %lld", (long long)imm);
    else
        print_place(p, place);
}

static void print_address(struct printer *p, const struct ir_insn *insn)
{
    PRINT(p, " [");
    print_place(p, insn->a);
    if (insn->b != IR_NONE && insn->op != IR_ATOMIC_CMPXCHG) {
        print_place(p, insn->b);
        PRINT(p, "<<%u", insn->scale);
    }
    PRINT(p, " %+d ]", insn->disp);
}

static void print_sources(struct printer *p, const struct ir_function *function,
                          const struct ir_insn *insn)
{
    switch ((enum ir_op)insn->op) {
    case IR_LEA:
    case IR_LOAD:
    case IR_LOAD_ACQUIRE:
        print_address(p, insn);
        return;
    case IR_STORE:
    case IR_STORE_RELEASE:
    case IR_ADD_MEMORY:
    case IR_ATOMIC_ADD:
    case IR_ATOMIC_AND:
    case IR_ATOMIC_OR:
    case IR_ATOMIC_XOR:
    case IR_ATOMIC_XCHG:
        print_address(p, insn);
        print_operand(p, insn->c, insn->imm);
        return;
    case IR_ATOMIC_CMPXCHG:
        print_address(p, insn);
        print_place(p, insn->b);
        print_place(p, insn->c);
        return;
    case IR_JUMP:
        PRINT(p, " b%u", IR_TARGET(insn));
        return;
    case IR_CALL: {
        const struct ir_call *call = &function->calls[insn->target];
        if (call->callee == IR_CALL_FUNCTION)
            PRINT(p, " f%u", call->function);
        for (uint32_t i = 0; i < IR_ARG_COUNT; i++) {
            if (call->args[i] != IR_NONE)
                print_place(p, call->args[i]);
            else
                PRINT(p, " -");
        }
        return;
    }
    case IR_SET:
    case IR_SELECT:
    case IR_BRANCH:
        print_place(p, insn->a);
        PRINT(p, " %s", cond_names[insn->cond]);
        print_operand(p, insn->b, insn->imm);
        if (insn->op == IR_BRANCH)
            PRINT(p, " b%u", insn->d);
        if (insn->op != IR_SELECT)
            return;
        print_place(p, insn->c);
        print_place(p, insn->d);
        return;
    default:
        break;
    }
    if (insn->a != IR_NONE)
        print_place(p, insn->a);
    bool unary = (insn->op >= IR_NEG && insn->op <= IR_BSWAP) ||
                 ((insn->op == IR_MOV || insn->op == IR_RETURN) && insn->a != IR_NONE);
    if (!unary)
        print_operand(p, insn->b, insn->imm);
    if (insn->op == IR_SEXT || insn->op == IR_ZEXT)
        PRINT(p, " from %u", IR_FROM(insn));
    if (insn->op == IR_BITS)
        PRINT(p, " %d", insn->disp);
}

size_t bpf_jit_print(const struct ir_form *form, uint32_t number, char *to, size_t size)
{
    const struct ir_function *function = &form->functions[number];
    struct printer p = { to, size, 0 };
    PRINT(&p, "f%u(", number);
    for (uint32_t i = 0; i < IR_ARG_COUNT; i++) {
        if (function->params[i] != IR_NONE)
            print_place(&p, function->params[i]);
        else
            PRINT(&p, " -");
    }
    PRINT(&p, " ) slots %u\n", function->slot_count);
    for (uint32_t block = 0; block < function->block_count; block++) {
        const struct ir_block *b = &function->blocks[block];
        PRINT(&p, "b%u:%s\n", block, b->loop_head ? " loop" : "");
        for (uint32_t i = b->first; i < b->end; i++) {
            const struct ir_insn *insn = &function->insns[i];
            PRINT(&p, "   ");
            if (insn->dst != IR_NONE) {
                print_place(&p, insn->dst);
                PRINT(&p, " =");
            }
            PRINT(&p, " %s.%u%s", op_names[insn->op], insn->size,
                  (insn->flags & IR_SIGNED) != 0 ? "s" : "");
            print_sources(&p, function, insn);
            PRINT(&p, "\n");
        }
    }
    if (size != 0)
        to[p.length < size ? p.length : size - 1] = '\0';
    return p.length;
}
