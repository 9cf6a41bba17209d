/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* Every function of rv64_insn.h, over grids of operands, against LLVM's assembler. */
#include "asm_judge.h"
#include "rv64_insn.h"

#include <inttypes.h>
#include <tests/check_main.h>

static struct asm_judge judge;
#define EXPECT(word, ...) asm_judge_add(&judge, word, __VA_ARGS__)

struct named {
    uint32_t base;
    const char *name;
};
static const uint32_t regs[] = { 0, 1, 5, 10, 15, 16, 31 };
#define REG_COUNT (sizeof regs / sizeof regs[0])

static const struct named three[] = {
    { RV_ADD, "add" },
    { RV_SUB, "sub" },
    { RV_SLL, "sll" },
    { RV_SLT, "slt" },
    { RV_SLTU, "sltu" },
    { RV_XOR, "xor" },
    { RV_SRL, "srl" },
    { RV_SRA, "sra" },
    { RV_OR, "or" },
    { RV_AND, "and" },
    { RV_ADDW, "addw" },
    { RV_SUBW, "subw" },
    { RV_SLLW, "sllw" },
    { RV_SRLW, "srlw" },
    { RV_SRAW, "sraw" },
    { RV_MUL, "mul" },
    { RV_MULH, "mulh" },
    { RV_MULHU, "mulhu" },
    { RV_DIV, "div" },
    { RV_DIVU, "divu" },
    { RV_REM, "rem" },
    { RV_REMU, "remu" },
    { RV_MULW, "mulw" },
    { RV_DIVW, "divw" },
    { RV_DIVUW, "divuw" },
    { RV_REMW, "remw" },
    { RV_REMUW, "remuw" },
    { RV_SH1ADD, "sh1add" },
    { RV_SH2ADD, "sh2add" },
    { RV_SH3ADD, "sh3add" },
    { RV_ADD_UW, "add.uw" },
    { RV_SH1ADD_UW, "sh1add.uw" },
    { RV_SH2ADD_UW, "sh2add.uw" },
    { RV_SH3ADD_UW, "sh3add.uw" },
    { RV_ANDN, "andn" },
    { RV_ORN, "orn" },
    { RV_XNOR, "xnor" },
    { RV_ROL, "rol" },
    { RV_ROR, "ror" },
    { RV_ROLW, "rolw" },
    { RV_RORW, "rorw" },
    { RV_CZERO_EQZ, "czero.eqz" },
    { RV_CZERO_NEZ, "czero.nez" },
};
static const struct named immediate[] = { { RV_ADDI, "addi" },   { RV_SLTI, "slti" },
                                          { RV_SLTIU, "sltiu" }, { RV_XORI, "xori" },
                                          { RV_ORI, "ori" },     { RV_ANDI, "andi" },
                                          { RV_ADDIW, "addiw" } };
static const struct named loads[] = { { RV_LB, "lb" },   { RV_LH, "lh" },    { RV_LW, "lw" },
                                      { RV_LD, "ld" },   { RV_LBU, "lbu" },  { RV_LHU, "lhu" },
                                      { RV_LWU, "lwu" }, { RV_JALR, "jalr" } };
static const struct named stores[] = {
    { RV_SB, "sb" }, { RV_SH, "sh" }, { RV_SW, "sw" }, { RV_SD, "sd" }
};
static const struct named branches[] = {
    { RV_BEQ, "beq" }, { RV_BNE, "bne" },   { RV_BLT, "blt" },
    { RV_BGE, "bge" }, { RV_BLTU, "bltu" }, { RV_BGEU, "bgeu" }
};
static const struct named shifts[] = { { RV_SLLI, "slli" },       { RV_SRLI, "srli" },
                                       { RV_SRAI, "srai" },       { RV_RORI, "rori" },
                                       { RV_SLLI_UW, "slli.uw" }, { RV_SLLIW, "slliw" },
                                       { RV_SRLIW, "srliw" },     { RV_SRAIW, "sraiw" },
                                       { RV_RORIW, "roriw" } };
static const struct named unary[] = {
    { RV_REV8, "rev8" }, { RV_SEXT_B, "sext.b" }, { RV_SEXT_H, "sext.h" }, { RV_ZEXT_H, "zext.h" }
};
static const struct named amos[] = { { RV_AMOSWAP, "amoswap" }, { RV_AMOADD, "amoadd" },
                                     { RV_AMOXOR, "amoxor" },   { RV_AMOAND, "amoand" },
                                     { RV_AMOOR, "amoor" },     { RV_SC, "sc" } };
#define EACH(index, table) \
    for (size_t index = 0; index < sizeof(table) / sizeof((table)[0]); index++)

static void alu(uint32_t d, uint32_t a, uint32_t b)
{
    static const int32_t imms[] = { 0, 1, -1, 2047, -2048 };
    static const uint32_t amounts[] = { 0, 1, 31, 32, 63 };
    EACH(i, three)
    EXPECT(rv_r(three[i].base, d, a, b), "%s x%u, x%u, x%u", three[i].name, d, a, b);
    EACH(k, imms)
    {
        EACH(i, immediate)
        EXPECT(rv_i(immediate[i].base, d, a, imms[k]), "%s x%u, x%u, %d", immediate[i].name, d, a,
               imms[k]);
        EACH(i, loads)
        EXPECT(rv_i(loads[i].base, d, a, imms[k]), "%s x%u, %d(x%u)", loads[i].name, d, imms[k], a);
        EACH(i, stores)
        EXPECT(rv_s(stores[i].base, a, b, imms[k]), "%s x%u, %d(x%u)", stores[i].name, b, imms[k],
               a);
    }
    EACH(k, amounts)
    {
        EACH(i, shifts)
        {
            if (i < 5 || amounts[k] < 32)
                EXPECT(rv_shift(shifts[i].base, d, a, amounts[k]), "%s x%u, x%u, %u",
                       shifts[i].name, d, a, amounts[k]);
        }
    }
    EACH(i, unary)
    EXPECT(rv_unary(unary[i].base, d, a), "%s x%u, x%u", unary[i].name, d, a);
    EXPECT(rv_mv(d, a), "addi x%u, x%u, 0", d, a);
}

static void jumps(uint32_t d, uint32_t a)
{
    static const int32_t near[] = { 0, 4, -4, 2048, 4094, -4096 };
    static const int32_t far[] = { 4, -4, 2048, 4096, 0x7f800, 1048574, -1048576 };
    EACH(k, near)
    {
        EACH(i, branches)
        {
            EXPECT(rv_branch(branches[i].base, d, a, near[k]), "%s x%u, x%u, %d", branches[i].name,
                   d, a, near[k]);
            /* BEQ and BNE, BLT and BGE, BLTU and BGEU stand side by side */
            EXPECT(rv_branch(rv_invert(branches[i].base), d, a, near[k]), "%s x%u, x%u, %d",
                   branches[i ^ 1].name, d, a, near[k]);
        }
    }
    EACH(k, far)
    EXPECT(rv_jal(d, far[k]), "jal x%u, %d", d, far[k]);
    EXPECT(rv_lui(d, 0x12345), "lui x%u, 0x12345", d);
    EXPECT(rv_lui(d, -1), "lui x%u, 0xfffff", d);
    EXPECT(rv_auipc(d, -524288), "auipc x%u, 0x80000", d);
}

static void atomics(uint32_t d, uint32_t at, uint32_t value)
{
    EACH(i, amos)
    {
        EXPECT(rv_amo(amos[i].base, false, false, false, d, at, value), "%s.w x%u, x%u, (x%u)",
               amos[i].name, d, value, at);
        EXPECT(rv_amo(amos[i].base, true, true, true, d, at, value), "%s.d.aqrl x%u, x%u, (x%u)",
               amos[i].name, d, value, at);
        EXPECT(rv_amo(amos[i].base, true, false, true, d, at, value), "%s.d.rl x%u, x%u, (x%u)",
               amos[i].name, d, value, at);
    }
    EXPECT(rv_amo(RV_LR, false, true, false, d, at, 0), "lr.w.aq x%u, (x%u)", d, at);
    EXPECT(rv_amo(RV_LR, true, true, true, d, at, 0), "lr.d.aqrl x%u, (x%u)", d, at);
}

START_TEST(every_emitter_gives_the_assemblers_word)
{
    if (!asm_judge_begin(&judge, "-triple=riscv64 -mattr=+m,+a,+zba,+zbb,+zicond,-c,-relax"))
        return;
    for (size_t d = 0; d < REG_COUNT; d++) {
        for (size_t a = 0; a < REG_COUNT; a++) {
            alu(regs[d], regs[a], regs[(d + a * 2) % REG_COUNT]);
            jumps(regs[d], regs[a]);
        }
        atomics(regs[d], regs[(d + 1) % REG_COUNT], regs[(d + 2) % REG_COUNT]);
    }
    EXPECT(rv_fence(RV_FENCE_RW, RV_FENCE_RW), "fence rw, rw");
    EXPECT(rv_fence(RV_FENCE_RW, RV_FENCE_W), "fence rw, w");
    EXPECT(rv_fence(RV_FENCE_R, RV_FENCE_RW), "fence r, rw");
    EXPECT(RV_NOP, "nop");
    EXPECT(RV_EBREAK, "ebreak");
    ck_assert_uint_eq(asm_judge_end(&judge), 0);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("rv64_insn");
    TCase *tcase = tcase_create("words");
    tcase_add_test(tcase, every_emitter_gives_the_assemblers_word);
    suite_add_tcase(suite, tcase);
    return check_main(suite);
}
