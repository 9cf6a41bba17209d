/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* Every function of a64_insn.h and a64_insn_mem.h, over grids of operands, against LLVM's assembler. */
#include "a64_insn_mem.h"
#include "asm_judge.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <tests/check_main.h>

static struct asm_judge judge;
#define EXPECT(word, ...) asm_judge_add(&judge, word, __VA_ARGS__)

static const uint32_t regs[] = { 0, 1, 15, 16, 29, 30 };
#define REG_COUNT (sizeof regs / sizeof regs[0])
static const char *const conds[] = { "eq", "ne", "hs", "lo", "mi", "pl", "vs",
                                     "vc", "hi", "ls", "ge", "lt", "gt", "le" };

static char letter(bool wide)
{
    return wide ? 'x' : 'w';
}

static void immediates(bool wide, uint32_t d, uint32_t n)
{
    static const uint64_t imms[] = { 0, 1, 0xfff, 0x1000, 0xfff000 };
    char r = letter(wide);
    for (size_t i = 0; i < sizeof imms / sizeof imms[0]; i++) {
        EXPECT(a64_add_imm(wide, d, n, imms[i]), "add %c%u, %c%u, #%" PRIu64, r, d, r, n, imms[i]);
        EXPECT(a64_sub_imm(wide, d, n, imms[i]), "sub %c%u, %c%u, #%" PRIu64, r, d, r, n, imms[i]);
        EXPECT(a64_adds_imm(wide, d, n, imms[i]), "adds %c%u, %c%u, #%" PRIu64, r, d, r, n,
               imms[i]);
        EXPECT(a64_subs_imm(wide, d, n, imms[i]), "subs %c%u, %c%u, #%" PRIu64, r, d, r, n,
               imms[i]);
    }
    for (uint32_t part = 0; part < (wide ? 4 : 2); part++) {
        EXPECT(a64_movz(wide, d, 0xf1a2, part), "movz %c%u, #0xf1a2, lsl #%u", r, d, part * 16);
        EXPECT(a64_movn(wide, d, 0xf1a2, part), "movn %c%u, #0xf1a2, lsl #%u", r, d, part * 16);
        EXPECT(a64_movk(wide, d, 0xf1a2, part), "movk %c%u, #0xf1a2, lsl #%u", r, d, part * 16);
    }
    uint32_t bits = wide ? 64 : 32;
    for (uint32_t low = 0; low < bits; low += 7) {
        EXPECT(a64_ubfx(wide, d, n, low, bits - low), "ubfx %c%u, %c%u, #%u, #%u", r, d, r, n, low,
               bits - low);
        EXPECT(a64_ubfx(wide, d, n, low, 1), "ubfx %c%u, %c%u, #%u, #1", r, d, r, n, low);
        EXPECT(a64_sbfx(wide, d, n, low, 1), "sbfx %c%u, %c%u, #%u, #1", r, d, r, n, low);
        EXPECT(a64_ubfiz(wide, d, n, low, 1), "ubfiz %c%u, %c%u, #%u, #1", r, d, r, n, low);
        EXPECT(a64_lsl_imm(wide, d, n, low), "lsl %c%u, %c%u, #%u", r, d, r, n, low);
        EXPECT(a64_lsr_imm(wide, d, n, low), "lsr %c%u, %c%u, #%u", r, d, r, n, low);
        EXPECT(a64_asr_imm(wide, d, n, low), "asr %c%u, %c%u, #%u", r, d, r, n, low);
        EXPECT(a64_ror_imm(wide, d, n, low), "ror %c%u, %c%u, #%u", r, d, r, n, low);
        EXPECT(a64_extr(wide, d, n, 7, low), "extr %c%u, %c%u, %c7, #%u", r, d, r, n, r, low);
    }
}

static void registers(bool wide, uint32_t d, uint32_t n, uint32_t m)
{
    static const struct {
        uint32_t base;
        const char *name;
    } plain[] = { { A64_ADD, "add" },   { A64_ADDS, "adds" }, { A64_SUB, "sub" },
                  { A64_SUBS, "subs" }, { A64_AND, "and" },   { A64_BIC, "bic" },
                  { A64_ORR, "orr" },   { A64_ORN, "orn" },   { A64_EOR, "eor" },
                  { A64_EON, "eon" },   { A64_ANDS, "ands" } },
      two[] = { { A64_UDIV, "udiv" }, { A64_SDIV, "sdiv" }, { A64_LSLV, "lsl" },
                { A64_LSRV, "lsr" },  { A64_ASRV, "asr" },  { A64_RORV, "ror" } },
      selects[] = { { A64_CSEL, "csel" },
                    { A64_CSINC, "csinc" },
                    { A64_CSINV, "csinv" },
                    { A64_CSNEG, "csneg" } };
    static const char *const shifts[] = { "lsl", "lsr", "asr", "ror" };
    char r = letter(wide);
    for (size_t i = 0; i < sizeof plain / sizeof plain[0]; i++) {
        EXPECT(a64_reg3(plain[i].base, wide, d, n, m), "%s %c%u, %c%u, %c%u", plain[i].name, r, d,
               r, n, r, m);
        for (uint32_t s = A64_LSL; s <= (i < 4 ? A64_ASR : A64_ROR); s++)
            EXPECT(a64_shifted(plain[i].base, wide, d, n, m, (enum a64_shift)s, 13),
                   "%s %c%u, %c%u, %c%u, %s #13", plain[i].name, r, d, r, n, r, m, shifts[s]);
    }
    for (size_t i = 0; i < sizeof two / sizeof two[0]; i++)
        EXPECT(a64_two_source(two[i].base, wide, d, n, m), "%s %c%u, %c%u, %c%u", two[i].name, r, d,
               r, n, r, m);
    for (size_t i = 0; i < sizeof selects / sizeof selects[0]; i++) {
        for (uint32_t c = A64_EQ; c <= A64_LE; c++)
            EXPECT(a64_select(selects[i].base, wide, d, n, m, (enum a64_cond)c),
                   "%s %c%u, %c%u, %c%u, %s", selects[i].name, r, d, r, n, r, m, conds[c]);
    }
    EXPECT(a64_mov(wide, d, m), "mov %c%u, %c%u", r, d, r, m);
    EXPECT(a64_madd(wide, d, n, m, 9), "madd %c%u, %c%u, %c%u, %c9", r, d, r, n, r, m, r);
    EXPECT(a64_msub(wide, d, n, m, 9), "msub %c%u, %c%u, %c%u, %c9", r, d, r, n, r, m, r);
    EXPECT(a64_cset(wide, d, A64_HI), "cset %c%u, hi", r, d);
    EXPECT(a64_rev(wide, d, n), "rev %c%u, %c%u", r, d, r, n);
    EXPECT(a64_rev16(wide, d, n), "rev16 %c%u, %c%u", r, d, r, n);
    EXPECT(a64_clz(wide, d, n), "clz %c%u, %c%u", r, d, r, n);
    EXPECT(a64_rbit(wide, d, n), "rbit %c%u, %c%u", r, d, r, n);
    EXPECT(a64_umulh(d, n, m), "umulh x%u, x%u, x%u", d, n, m);
    EXPECT(a64_smulh(d, n, m), "smulh x%u, x%u, x%u", d, n, m);
    EXPECT(a64_umull(d, n, m), "umull x%u, w%u, w%u", d, n, m);
    EXPECT(a64_smull(d, n, m), "smull x%u, w%u, w%u", d, n, m);
    EXPECT(a64_add_extended(d, n, m, A64_UXTW, 0), "add x%u, x%u, w%u, uxtw", d, n, m);
    EXPECT(a64_add_extended(d, n, m, A64_SXTW, 3), "add x%u, x%u, w%u, sxtw #3", d, n, m);
    EXPECT(a64_add_extended(d, n, m, A64_UXTB, 4), "add x%u, x%u, w%u, uxtb #4", d, n, m);
}

static void branches(uint32_t t)
{
    static const int64_t near[] = { 0, 4, -4, 32764, -32768 };
    static const int64_t middle[] = { 1048572, -1048576 };
    static const int64_t far[] = { 134217724, -134217728 };
    for (size_t i = 0; i < 5; i++) {
        EXPECT(a64_tbz(t, 3, near[i]), "tbz w%u, #3, #%" PRId64, t, near[i]);
        EXPECT(a64_tbnz(t, 63, near[i]), "tbnz x%u, #63, #%" PRId64, t, near[i]);
    }
    for (size_t i = 0; i < 7; i++) {
        int64_t at = i < 5 ? near[i] : middle[i - 5];
        EXPECT(a64_cbz(true, t, at), "cbz x%u, #%" PRId64, t, at);
        EXPECT(a64_cbnz(false, t, at), "cbnz w%u, #%" PRId64, t, at);
        for (uint32_t c = A64_EQ; c <= A64_LE; c++)
            EXPECT(a64_b_cond((enum a64_cond)c, at), "b.%s #%" PRId64, conds[c], at);
    }
    for (size_t i = 0; i < 9; i++) {
        int64_t at = i < 5 ? near[i] : i < 7 ? middle[i - 5] : far[i - 7];
        EXPECT(a64_b(at), "b #%" PRId64, at);
        EXPECT(a64_bl(at), "bl #%" PRId64, at);
    }
    EXPECT(a64_adr(t, 1048575), "adr x%u, #1048575", t);
    EXPECT(a64_adr(t, -5), "adr x%u, #-5", t);
    EXPECT(a64_br(t), "br x%u", t);
    EXPECT(a64_blr(t), "blr x%u", t);
    EXPECT(a64_ret(t), "ret x%u", t);
    EXPECT(A64_NOP, "nop");
    EXPECT(A64_DMB_ISH, "dmb ish");
    EXPECT(a64_brk(0xf00), "brk #0xf00");
}

/* size, kind of load: the mnemonic's ending and the register's letter */
struct access_form {
    uint32_t size_log2;
    enum a64_load load;
    const char *scaled, *unscaled;
    char letter;
};
static const struct access_form forms[] = {
    { 0, A64_STORE, "strb", "sturb", 'w' },    { 1, A64_STORE, "strh", "sturh", 'w' },
    { 2, A64_STORE, "str", "stur", 'w' },      { 3, A64_STORE, "str", "stur", 'x' },
    { 0, A64_LOAD, "ldrb", "ldurb", 'w' },     { 1, A64_LOAD, "ldrh", "ldurh", 'w' },
    { 2, A64_LOAD, "ldr", "ldur", 'w' },       { 3, A64_LOAD, "ldr", "ldur", 'x' },
    { 0, A64_LOADS, "ldrsb", "ldursb", 'x' },  { 1, A64_LOADS, "ldrsh", "ldursh", 'x' },
    { 2, A64_LOADS, "ldrsw", "ldursw", 'x' },  { 0, A64_LOADSW, "ldrsb", "ldursb", 'w' },
    { 1, A64_LOADSW, "ldrsh", "ldursh", 'w' },
};

static void memory(uint32_t t, uint32_t n, uint32_t m)
{
    for (size_t i = 0; i < sizeof forms / sizeof forms[0]; i++) {
        const struct access_form *f = &forms[i];
        uint32_t top = 4095u << f->size_log2, log = f->size_log2;
        EXPECT(a64_access_scaled(log, f->load, t, n, top), "%s %c%u, [x%u, #%u]", f->scaled,
               f->letter, t, n, top);
        EXPECT(a64_access_scaled(log, f->load, t, A64_SP, 0), "%s %c%u, [sp]", f->scaled, f->letter,
               t);
        EXPECT(a64_access_unscaled(log, f->load, t, n, -256), "%s %c%u, [x%u, #-256]", f->unscaled,
               f->letter, t, n);
        EXPECT(a64_access_unscaled(log, f->load, t, n, 255), "%s %c%u, [x%u, #255]", f->unscaled,
               f->letter, t, n);
        EXPECT(a64_access_register(log, f->load, t, n, m, A64_UXTX, false), "%s %c%u, [x%u, x%u]",
               f->scaled, f->letter, t, n, m);
        EXPECT(a64_access_register(log, f->load, t, n, m, A64_SXTW, false),
               "%s %c%u, [x%u, w%u, sxtw]", f->scaled, f->letter, t, n, m);
        if (log != 0)
            EXPECT(a64_access_register(log, f->load, t, n, m, A64_UXTX, true),
                   "%s %c%u, [x%u, x%u, lsl #%u]", f->scaled, f->letter, t, n, m, log);
    }
    EXPECT(a64_pair(A64_PAIR_PRE, false, t, m, A64_SP, -512), "stp x%u, x%u, [sp, #-512]!", t, m);
    EXPECT(a64_pair(A64_PAIR_OFFSET, false, t, m, n, 504), "stp x%u, x%u, [x%u, #504]", t, m, n);
    EXPECT(a64_pair(A64_PAIR_POST, true, 3, 4, A64_SP, 16), "ldp x3, x4, [sp], #16");
    EXPECT(a64_pair(A64_PAIR_OFFSET, true, 3, 4, n, -8), "ldp x3, x4, [x%u, #-8]", n);
}

static void atomics(uint32_t s, uint32_t t, uint32_t n)
{
    static const struct {
        uint32_t base;
        const char *name;
    } ops[] = { { A64_LDADD, "ldadd" },
                { A64_LDCLR, "ldclr" },
                { A64_LDEOR, "ldeor" },
                { A64_LDSET, "ldset" },
                { A64_SWP, "swp" } };
    static const char *const ending[] = { "b", "h", "", "" };
    for (uint32_t log = 0; log < 4; log++) {
        char r = log == 3 ? 'x' : 'w';
        for (size_t i = 0; i < sizeof ops / sizeof ops[0]; i++) {
            EXPECT(a64_atomic(ops[i].base, log, true, true, s, t, n), "%sal%s %c%u, %c%u, [x%u]",
                   ops[i].name, ending[log], r, s, r, t, n);
            EXPECT(a64_atomic(ops[i].base, log, false, true, s, t, n), "%sl%s %c%u, %c%u, [x%u]",
                   ops[i].name, ending[log], r, s, r, t, n);
            EXPECT(a64_atomic(ops[i].base, log, false, false, s, t, n), "%s%s %c%u, %c%u, [x%u]",
                   ops[i].name, ending[log], r, s, r, t, n);
        }
        EXPECT(a64_casal(log, s, t, n), "casal%s %c%u, %c%u, [x%u]", ending[log], r, s, r, t, n);
        EXPECT(a64_ldxr(log, false, t, n), "ldxr%s %c%u, [x%u]", ending[log], r, t, n);
        EXPECT(a64_ldxr(log, true, t, n), "ldaxr%s %c%u, [x%u]", ending[log], r, t, n);
        EXPECT(a64_stxr(log, false, 5, t, n), "stxr%s w5, %c%u, [x%u]", ending[log], r, t, n);
        EXPECT(a64_stxr(log, true, 5, t, n), "stlxr%s w5, %c%u, [x%u]", ending[log], r, t, n);
        EXPECT(a64_ldar(log, t, n), "ldar%s %c%u, [x%u]", ending[log], r, t, n);
        EXPECT(a64_stlr(log, t, n), "stlr%s %c%u, [x%u]", ending[log], r, t, n);
    }
}

START_TEST(every_emitter_gives_the_assemblers_word)
{
    if (!asm_judge_begin(&judge, "-triple=aarch64 -mattr=+lse"))
        return;
    for (int wide = 0; wide < 2; wide++) {
        for (size_t d = 0; d < REG_COUNT; d++) {
            immediates(wide, regs[d], regs[(d * 2 + 1) % REG_COUNT]);
            for (size_t m = 0; m < REG_COUNT; m++)
                registers(wide, regs[d], regs[(d + m) % REG_COUNT], regs[m]);
        }
    }
    EXPECT(a64_add_imm(true, A64_SP, A64_SP, 32), "add sp, sp, #32");
    EXPECT(a64_sub_imm(true, A64_FP, A64_SP, 32), "sub x29, sp, #32");
    EXPECT(a64_subs_imm(true, A64_ZR, 3, 32), "cmp x3, #32");
    EXPECT(a64_reg3(A64_SUBS, false, A64_ZR, 3, 4), "cmp w3, w4");
    for (size_t t = 0; t < REG_COUNT; t++) {
        branches(regs[t]);
        memory(regs[t], regs[(t + 1) % REG_COUNT], regs[(t + 2) % REG_COUNT]);
    }
    atomics(2, 3, 4);
    atomics(17, 0, 29);
    ck_assert_uint_eq(asm_judge_end(&judge), 0);
}
END_TEST

/* Every value that has an encoding (all element sizes, run lengths, rotations), by its definition;
 * and that near values which are not among them are refused. */
static uint64_t mask_of(uint32_t size, uint32_t ones, uint32_t rotation)
{
    uint64_t element = ones == 64 ? UINT64_MAX : (UINT64_C(1) << ones) - 1, value = 0;
    uint64_t low = size == 64 ? UINT64_MAX : (UINT64_C(1) << size) - 1;
    if (rotation != 0)
        element = (element >> rotation | element << (size - rotation)) & low;
    for (uint32_t at = 0; at < 64; at += size)
        value |= element << at;
    return value;
}

static int by_value(const void *left, const void *right)
{
    uint64_t a = *(const uint64_t *)left, b = *(const uint64_t *)right;
    return a < b ? -1 : a > b;
}

START_TEST(bitmasks_are_exactly_those_that_decode)
{
    static uint64_t all[6000];
    size_t count = 0;
    bool judged = asm_judge_begin(&judge, "-triple=aarch64");
    for (uint32_t size = 2; size <= 64; size *= 2) {
        for (uint32_t ones = 1; ones < size; ones++) {
            for (uint32_t rotation = 0; rotation < size; rotation++)
                all[count++] = mask_of(size, ones, rotation);
        }
    }
    ck_assert_uint_eq(count, 5334); /* known: the number of 64-bit logical immediates */
    qsort(all, count, sizeof all[0], by_value);
    for (size_t i = 0; i < count; i++) {
        uint32_t field;
        ck_assert(a64_bitmask(true, all[i], &field));
        EXPECT(a64_and_imm(true, 1, 2, all[i]), "and x1, x2, #0x%" PRIx64, all[i]);
        if (all[i] >> 32 == (all[i] & UINT32_MAX)) {
            uint64_t low = all[i] & UINT32_MAX;
            EXPECT(a64_orr_imm(false, 1, 2, low), "orr w1, w2, #0x%" PRIx64, low);
            EXPECT(a64_eor_imm(true, 1, 2, all[i]), "eor x1, x2, #0x%" PRIx64, all[i]);
            EXPECT(a64_ands_imm(false, 1, 2, low), "ands w1, w2, #0x%" PRIx64, low);
        }
        for (uint32_t bit = 0; bit < 64; bit++) {
            uint64_t near = all[i] ^ UINT64_C(1) << bit;
            bool exists = bsearch(&near, all, count, sizeof all[0], by_value) != NULL;
            ck_assert_int_eq(a64_bitmask(true, near, &field), exists);
        }
    }
    if (judged)
        ck_assert_uint_eq(asm_judge_end(&judge), 0);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("a64_insn");
    TCase *tcase = tcase_create("words");
    tcase_add_test(tcase, every_emitter_gives_the_assemblers_word);
    tcase_add_test(tcase, bitmasks_are_exactly_those_that_decode);
    suite_add_tcase(suite, tcase);
    return check_main(suite);
}
