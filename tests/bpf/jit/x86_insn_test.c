/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* The instructions of x86_64.h, over grids of operands, against LLVM's disassembler: each must come out as the text that
 * stands beside it, and take all of its bytes. (An assembler would choose among encodings of equal meaning.) */
#include "x86_64.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <tests/check_main.h>
#include <unistd.h>

#define CASE_MAX 20000

static struct {
    uint8_t bytes[16];
    uint32_t size;
    char text[80];
} cases[CASE_MAX];
static uint32_t case_count;
static struct emit emit;

static struct emit *fresh(void)
{
    ck_assert_uint_lt(case_count, CASE_MAX);
    emit = (struct emit){ .at = cases[case_count].bytes, .capacity = 16 };
    return &emit;
}

static void __attribute__((format(printf, 1, 2))) expect(const char *format, ...)
{
    va_list args;
    va_start(args, format);
    vsnprintf(cases[case_count].text, sizeof cases[0].text, format, args);
    va_end(args);
    ck_assert(!emit.overflow);
    cases[case_count++].size = (uint32_t)emit.size;
}

/* --- Operands as text --- */

static const char *reg_name(uint32_t size, uint32_t reg)
{
    static const char *const names[4][16] = {
        { "al", "cl", "dl", "bl", "spl", "bpl", "sil", "dil", "r8b", "r9b", "r10b", "r11b", "r12b",
          "r13b", "r14b", "r15b" },
        { "ax", "cx", "dx", "bx", "sp", "bp", "si", "di", "r8w", "r9w", "r10w", "r11w", "r12w",
          "r13w", "r14w", "r15w" },
        { "eax", "ecx", "edx", "ebx", "esp", "ebp", "esi", "edi", "r8d", "r9d", "r10d", "r11d",
          "r12d", "r13d", "r14d", "r15d" },
        { "rax", "rcx", "rdx", "rbx", "rsp", "rbp", "rsi", "rdi", "r8", "r9", "r10", "r11", "r12",
          "r13", "r14", "r15" },
    };
    return names[size == 1 ? 0 : size == 2 ? 1 : size == 4 ? 2 : 3][reg];
}

static const char *memory_text(uint32_t size, struct x86_rm rm)
{
    static char texts[2][64];
    static uint32_t turn;
    static const char *const widths[] = {
        [1] = "byte", [2] = "word", [4] = "dword", [8] = "qword"
    };
    char *to = texts[++turn & 1];
    int n = size == 0 ? snprintf(to, 64, "[%s", reg_name(8, rm.reg))
                      : snprintf(to, 64, "%s ptr [%s", widths[size], reg_name(8, rm.reg));
    if (rm.index != X86_NO_REG && rm.scale == 0)
        n += snprintf(to + n, 64 - (size_t)n, " + %s", reg_name(8, rm.index));
    else if (rm.index != X86_NO_REG)
        n += snprintf(to + n, 64 - (size_t)n, " + %u*%s", 1u << rm.scale, reg_name(8, rm.index));
    if (rm.disp != 0)
        n += snprintf(to + n, 64 - (size_t)n, " %c %" PRId64, rm.disp < 0 ? '-' : '+',
                      rm.disp < 0 ? -(int64_t)rm.disp : (int64_t)rm.disp);
    snprintf(to + n, 64 - (size_t)n, "]");
    return to;
}

/* --- The grids --- */

static const uint32_t regs[] = { RAX, RCX, RBX, RSP, RBP, RSI, RDI, R8, R12, R13, R15 };
#define REG_COUNT (sizeof regs / sizeof regs[0])
static const int32_t disps[] = { 0, 8, -128, 127, 128, -129, 0x12345678, INT32_MIN };
static const uint32_t sizes[] = { 4, 8 };

static void registers(uint32_t size, uint32_t a, uint32_t b)
{
    static const char *const names[] = { "add", "or", "adc", "sbb", "and", "sub", "xor", "cmp" };
    for (uint32_t op = X86_ADD; op <= X86_CMP; op++) {
        x86_alu_reg(fresh(), (enum x86_alu)op, size, a, x86_reg_rm(b));
        expect("%s %s, %s", names[op], reg_name(size, a), reg_name(size, b));
    }
    x86_mov(fresh(), size, a, x86_reg_rm(b));
    expect("mov %s, %s", reg_name(size, a), reg_name(size, b));
    x86_op(fresh(), 0x0faf, size, a, x86_reg_rm(b));
    expect("imul %s, %s", reg_name(size, a), reg_name(size, b));
    x86_op(fresh(), 0x85, size, a, x86_reg_rm(b));
    expect("test %s, %s", reg_name(size, b), reg_name(size, a));
    x86_op(fresh(), 0x0f42, size, a, x86_reg_rm(b));
    expect("cmovb %s, %s", reg_name(size, a), reg_name(size, b));
    x86_op(fresh(), 0x0fb6 | X86_FORCE_REX, 4, a, x86_reg_rm(b));
    expect("movzx %s, %s", reg_name(4, a), reg_name(1, b));
    x86_op(fresh(), 0x63, 8, a, x86_reg_rm(b));
    expect("movsxd %s, %s", reg_name(8, a), reg_name(4, b));
}

static void immediates(uint32_t size, uint32_t reg)
{
    static const int32_t imms[] = { 1, 127, -128, 128, -129, 0x12345678, INT32_MIN };
    for (size_t i = 0; i < sizeof imms / sizeof imms[0]; i++) {
        /* Long ones of 32 bits are printed without sign. */
        bool is_unsigned = size == 4 && (imms[i] < -128 || imms[i] > 127);
        int64_t shown = is_unsigned ? (int64_t)(uint32_t)imms[i] : imms[i];
        x86_alu_imm(fresh(), X86_SUB, size, x86_reg_rm(reg), imms[i]);
        expect("sub %s, %" PRId64, reg_name(size, reg), shown);
        x86_alu_imm(fresh(), X86_CMP, size, x86_memory(reg, 16), imms[i]);
        expect("cmp %s, %" PRId64, memory_text(size, x86_memory(reg, 16)), shown);
    }
    x86_op(fresh(), 0xd1, size, 5, x86_reg_rm(reg));
    expect("shr %s", reg_name(size, reg));
    x86_op(fresh(), 0xd3, size, 4, x86_reg_rm(reg));
    expect("shl %s, cl", reg_name(size, reg));
    x86_op(fresh(), 0xf7, size, 3, x86_reg_rm(reg));
    expect("neg %s", reg_name(size, reg));
    x86_op(fresh(), 0xf7, size, 6, x86_reg_rm(reg));
    expect("div %s", reg_name(size, reg));
}

static void constants(uint32_t reg)
{
    x86_mov_imm(fresh(), reg, 0);
    expect("xor %s, %s", reg_name(4, reg), reg_name(4, reg));
    x86_mov_imm(fresh(), reg, 0x89abcdef);
    expect("mov %s, %u", reg_name(4, reg), 0x89abcdefu);
    x86_mov_imm(fresh(), reg, (uint64_t)-5);
    expect("mov %s, -5", reg_name(8, reg));
    x86_mov_imm(fresh(), reg, UINT64_C(0x123456789abcdef0));
    expect("movabs %s, 1311768467463790320", reg_name(8, reg));
    x86_push(fresh(), reg);
    expect("push %s", reg_name(8, reg));
    x86_pop(fresh(), reg);
    expect("pop %s", reg_name(8, reg));
    x86_op(fresh(), 0x0f94 | X86_FORCE_REX, 4, 0, x86_reg_rm(reg));
    expect("sete %s", reg_name(1, reg));
    x86_op(fresh(), 0xff, 4, 2, x86_reg_rm(reg));
    expect("call %s", reg_name(8, reg));
}

static void memory(struct x86_rm rm)
{
    static const uint32_t all_sizes[] = { 1, 2, 4, 8 };
    for (size_t i = 0; i < 4; i++) {
        uint32_t size = all_sizes[i];
        x86_store(fresh(), size, rm, RSI);
        expect("mov %s, %s", memory_text(size, rm), reg_name(size, RSI));
        x86_store(fresh(), size, rm, R9);
        expect("mov %s, %s", memory_text(size, rm), reg_name(size, R9));
        x86_store_imm(fresh(), size, rm, 77);
        expect("mov %s, 77", memory_text(size, rm));
    }
    x86_mov(fresh(), 8, R10, rm);
    expect("mov r10, %s", memory_text(8, rm));
    x86_op(fresh(), 0x0fb7, 4, RDX, rm);
    expect("movzx edx, %s", memory_text(2, rm));
    x86_op(fresh(), 0x0fbe, 8, RDX, rm);
    expect("movsx rdx, %s", memory_text(1, rm));
    x86_op(fresh(), 0x8d, 8, R11, rm);
    expect("lea r11, %s", memory_text(0, rm));
    x86_op(fresh(), 0x8d, 4, RBP, rm);
    expect("lea ebp, %s", memory_text(0, rm));
    x86_alu_reg(fresh(), X86_ADD, 4, RCX, rm);
    expect("add ecx, %s", memory_text(4, rm));
}

static void shifts(uint32_t size, struct x86_rm rm, const char *text, size_t n)
{
    uint32_t reg = regs[n % REG_COUNT], count = regs[(n + 5) % REG_COUNT];
    x86_shift_by(fresh(), X86_SHLX, size, reg, rm, count);
    expect("shlx %s, %s, %s", reg_name(size, reg), text, reg_name(size, count));
    x86_shift_by(fresh(), X86_SHRX, size, reg, rm, count);
    expect("shrx %s, %s, %s", reg_name(size, reg), text, reg_name(size, count));
    x86_shift_by(fresh(), X86_SARX, size, reg, rm, count);
    expect("sarx %s, %s, %s", reg_name(size, reg), text, reg_name(size, count));
    x86_rorx(fresh(), size, reg, rm, 13);
    expect("rorx %s, %s, 13", reg_name(size, reg), text);
}

static void addresses(void)
{
    for (size_t b = 0; b < REG_COUNT; b++) {
        for (size_t d = 0; d < sizeof disps / sizeof disps[0]; d++) {
            memory(x86_memory(regs[b], disps[d]));
            struct x86_rm rm = x86_memory(regs[b], disps[d]);
            shifts(4, rm, memory_text(4, rm), b + d);
            shifts(8, x86_reg_rm(regs[b]), reg_name(8, regs[b]), b * 3 + d);
            rm.index = (uint8_t)regs[(b + 3 + d) % REG_COUNT];
            rm.scale = (uint8_t)(d & 3);
            if (rm.index != RSP)
                memory(rm);
        }
    }
}

/* --- The judge --- */

/* Without the comment and with single blanks; "shr eax, 1" and "shr eax" are the same text. */
static void normalise(char *line)
{
    char *to = line, *comment = strchr(line, '#');
    if (comment != NULL)
        *comment = '\0';
    bool blank = true;
    for (const char *c = line; *c != '\0'; c++) {
        bool is_blank = *c == ' ' || *c == '\t' || *c == '\n';
        if (!is_blank)
            *to++ = *c;
        else if (!blank)
            *to++ = ' ';
        blank = is_blank;
    }
    while (to != line && to[-1] == ' ')
        to--;
    *to = '\0';
    size_t length = strlen(line);
    bool shifts_by_one =
        strncmp(line, "shr ", 4) == 0 && length > 3 && strcmp(line + length - 3, ", 1") == 0;
    if (shifts_by_one)
        line[length - 3] = '\0';
}

START_TEST(bytes_are_what_llvm_reads)
{
    if (access("/usr/bin/llvm-mc-19", X_OK) != 0) {
        printf("skipped: llvm-mc-19 (Debian: llvm-19) is not installed\n");
        return;
    }
    for (size_t s = 0; s < 2; s++) {
        for (size_t a = 0; a < REG_COUNT; a++) {
            for (size_t b = 0; b < REG_COUNT; b++)
                registers(sizes[s], regs[a], regs[b]);
            immediates(sizes[s], regs[a]);
        }
    }
    for (size_t a = 0; a < REG_COUNT; a++)
        constants(regs[a]);
    addresses();
    char source[] = "/tmp/axiom_x86_XXXXXX", command[256], line[512];
    FILE *file = fdopen(mkstemp(source), "w");
    ck_assert_ptr_nonnull(file);
    for (uint32_t i = 0; i < case_count; i++) {
        for (uint32_t k = 0; k < cases[i].size; k++)
            fprintf(file, "0x%02x ", cases[i].bytes[k]);
        fprintf(file, "\n");
    }
    fclose(file);
    snprintf(command, sizeof command,
             "llvm-mc-19 --disassemble -triple=x86_64 --output-asm-variant=1 %s", source);
    FILE *pipe = popen(command, "r");
    ck_assert_ptr_nonnull(pipe);
    uint32_t seen = 0, wrong = 0;
    while (fgets(line, sizeof line, pipe) != NULL) {
        normalise(line);
        if (line[0] == '\0' || line[0] == '.')
            continue;
        ck_assert_uint_lt(seen, case_count);
        if (strcmp(line, cases[seen].text) != 0 && wrong++ < 20)
            printf("\"%s\", the disassembler says \"%s\"\n", cases[seen].text, line);
        seen++;
    }
    ck_assert_int_eq(pclose(pipe), 0);
    unlink(source);
    printf("%u instructions judged by llvm-mc\n", seen);
    ck_assert_uint_eq(seen, case_count);
    ck_assert_uint_eq(wrong, 0);
}
END_TEST

START_TEST(nops_are_one_instruction_each)
{
    for (uint32_t count = 1; count < 40; count++) {
        uint8_t bytes[64];
        struct emit e = { .at = bytes, .capacity = sizeof bytes };
        x86_nops(&e, count);
        ck_assert_uint_eq(e.size, count);
    }
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("x86_insn");
    TCase *all = tcase_create("all");
    tcase_set_timeout(all, 60);
    tcase_add_test(all, bytes_are_what_llvm_reads);
    tcase_add_test(all, nops_are_one_instruction_each);
    suite_add_tcase(suite, all);
    return check_main(suite);
}
