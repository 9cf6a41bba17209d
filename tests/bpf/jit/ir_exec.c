/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* Encoders against the meaning of the internal form: random functions are encoded and run here, on
 * the CPU that this was compiled for (or qemu-user's), and must leave the same memory and result as
 * the reference. Also says a digest of the bytes that each target's encoder gives, which must be the
 * same on every host.
 *
 *     ir_exec [COUNT [SEED]] */
#include "emit.h"
#include "ir_program.h"

#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <ucontext.h>
#include <unistd.h>

#define CODE_MAX (2u << 20)

static const struct bpf_jit_target *const targets[] = {
    &bpf_jit_x86_64,  &bpf_jit_x86_64_bmi2, &bpf_jit_aarch64,       &bpf_jit_aarch64_lse,
    &bpf_jit_riscv64, &bpf_jit_riscv64_zb,  &bpf_jit_riscv64_zicond
};
#define TARGET_COUNT (sizeof targets / sizeof targets[0])

static struct ir_memory *memory;

static uint64_t helper(uint64_t a, uint64_t b, uint64_t c, uint64_t d, uint64_t e, uint64_t f)
{
    uint64_t sum = a + 3 * b + 5 * c + 7 * d + 11 * e + 13 * f;
    memory->calls = memory->calls * 31 + sum;
    return sum ^ UINT64_C(0x123456789abcdef0);
}

/* Rounds until nothing moves, as bpf_jit_encode() does; `far` never relaxes. */
static size_t encode(const struct ir_form *form, bool far, uint8_t *code)
{
    static uint32_t labels[2][2 * IR_BLOCK_MAX + 2];
    struct emit e = { .relax = !far, .first_round = true, .label_count = form->label_count };
    size_t size = 0;
    memset(labels, 0, sizeof labels);
    for (uint32_t round = 0;; round++) {
        e.size = 0;
        e.first_round = round == 0;
        e.labels = labels[round & 1];
        e.old_labels = labels[~round & 1];
        for (uint32_t i = 0; i < form->function_count; i++)
            form->target->encode(form, i, &e);
        bool settled =
            round > 0 && e.size == size && memcmp(labels[0], labels[1], sizeof labels[0]) == 0;
        size = e.size;
        if (settled && e.at != NULL)
            return e.overflow ? 0 : size;
        if (settled) {
            e.at = code;
            e.capacity = CODE_MAX;
        }
    }
}

/* FNV-1a. */
static uint64_t digest(uint64_t hash, const uint8_t *bytes, size_t size)
{
    for (size_t i = 0; i < size; i++)
        hash = (hash ^ bytes[i]) * UINT64_C(0x100000001b3);
    return hash;
}

static void fill(uint64_t seed)
{
    memset(memory, 0, sizeof *memory);
    for (uint32_t i = 0; i < IR_VALUE_COUNT; i++)
        memory->in[i] = ir_random_number(&seed);
    for (uint32_t i = 0; i < IR_BUFFER_SIZE; i++) {
        memory->buffer[i] = (uint8_t)(ir_random(&seed) >> 20);
        memory->far_buffer[i] = (uint8_t)(ir_random(&seed) >> 20);
    }
}

static uint64_t run(void *code, size_t size)
{
    if (mprotect(code, CODE_MAX, PROT_READ | PROT_EXEC) != 0)
        abort();
    __builtin___clear_cache((char *)code, (char *)code + size);
    uint64_t (*entry)(void *) = (uint64_t(*)(void *))(uintptr_t)code;
    uint64_t result = entry(memory);
    if (mprotect(code, CODE_MAX, PROT_READ | PROT_WRITE) != 0)
        abort();
    return result;
}

/* The first byte of the memory that differs, for a person. */
static void tell(uint64_t seed, const char *name, uint64_t got, uint64_t expected,
                 const struct ir_memory *got_memory)
{
    printf("seed %" PRIu64 ", %s: result %" PRIx64 ", expected %" PRIx64 "\n", seed, name, got,
           expected);
    const uint8_t *a = (const uint8_t *)got_memory, *b = (const uint8_t *)memory;
    for (size_t i = 0; i < sizeof *memory; i++) {
        if (a[i] != b[i]) {
            printf("memory differs from byte %zu on: out[] begins at %zu, buffer at %zu\n", i,
                   offsetof(struct ir_memory, out), offsetof(struct ir_memory, buffer));
            return;
        }
    }
}

/* One program on this CPU, short and far forms, blinded or not. */
static bool runs_right(const struct bpf_jit_target *target, uint64_t seed, uint8_t *code)
{
    static struct ir_program p;
    static struct ir_memory got_memory;
    bool far = seed % 5 == 0;
    ir_program_make(&p, target, seed, seed % 3 == 0 ? seed * 77 : 0, helper);
    size_t size = encode(&p.form, far, code);
    fill(seed);
    uint64_t got = run(code, size);
    got_memory = *memory;
    fill(seed);
    uint64_t expected = ir_program_reference(&p, memory);
    if (got == expected && memcmp(&got_memory, memory, sizeof got_memory) == 0)
        return true;
    tell(seed, target->name, got, expected, &got_memory);
    FILE *file = fopen("/tmp/ir_exec.bin", "w");
    if (file != NULL) {
        encode(&p.form, far, code);
        fwrite(code, 1, size, file);
        fclose(file);
    }
    return false;
}

/* --- Jumps of every length --- */

#define FILLER_MAX 270000

/* A condition of the kind `variant` jumps over, or `backward` to before, `filler` additions of 1 to
 * one register (4 bytes each on both targets). What is returned is how many were done. */
static uint64_t jump_over(const struct bpf_jit_target *target, uint32_t filler, bool backward,
                          uint32_t variant, uint8_t *code)
{
    static struct ir_insn insns[FILLER_MAX + 8];
    ir_place counter = target->caller_saved[0], rounds = target->caller_saved[1];
    const struct ir_insn zero = {
        .op = IR_MOV, .size = 8, .dst = counter, .a = IR_NONE, .b = IR_NONE, .imm = 0
    };
    const struct ir_insn one = {
        .op = IR_ADD, .size = 8, .dst = counter, .a = counter, .b = IR_NONE, .imm = 1
    };
    static const struct ir_insn kinds[] = {
        { .op = IR_BRANCH, .size = 8, .cond = IR_EQ, .imm = 0 },
        { .op = IR_BRANCH, .size = 4, .cond = IR_NOT_TEST, .imm = 2 },
        { .op = IR_BRANCH, .size = 8, .cond = IR_LEU, .imm = 1 },
        { .op = IR_JUMP, .size = 8 },
    };
    struct ir_insn jump = kinds[variant], step = one;
    jump.dst = jump.b = jump.c = IR_NONE;
    jump.a = rounds;
    uint32_t n = 0, block = 0;
    struct ir_block blocks[4] = { 0 };
    insns[n++] = zero;
    insns[n] = zero;
    insns[n++].dst = rounds;
    if (!backward) { /* 0: ..., jump to 2; 1: filler; 2: return */
        jump.d = 2;
        if (variant == 3)
            jump.target = 2;
        insns[n++] = jump;
        blocks[block++].end = n;
        for (uint32_t i = 0; i < filler; i++)
            insns[n++] = one;
        blocks[block++].end = n;
    } else { /* 0: rounds = -2 (0 in the end); 1: filler, rounds += 2, jump to 1 if ...; 2: return */
        insns[1].imm = -2;
        blocks[block++].end = n;
        for (uint32_t i = 0; i < filler; i++)
            insns[n++] = one;
        step.dst = step.a = rounds;
        step.imm = 2;
        insns[n++] = step;
        jump.d = 1;
        insns[n++] = jump;
        blocks[block++].end = n;
    }
    insns[n++] = (struct ir_insn){ .op = IR_RETURN, .size = 8, .a = counter, .b = IR_NONE };
    blocks[block++].end = n;
    for (uint32_t i = 1; i < block; i++)
        blocks[i].first = blocks[i - 1].end;
    struct ir_function function = {
        .insns = insns, .blocks = blocks, .insn_count = n, .block_count = block
    };
    for (uint32_t i = 0; i < IR_ARG_COUNT; i++)
        function.params[i] = IR_NONE;
    const struct ir_form form = { .target = target,
                                  .functions = &function,
                                  .function_count = 1,
                                  .label_count = 2 * IR_BLOCK_MAX };
    size_t size = encode(&form, false, code);
    return size == 0 ? UINT64_MAX : run(code, size);
}

/* Around each reach: 4 KiB, 32 KiB, and (not every kind, for time) 1 MiB. Backward, each condition
 * holds once: rounds is 0 after the first time, 2 after the second. */
static uint64_t wrong_jumps(const struct bpf_jit_target *target, uint8_t *code)
{
    static const uint32_t reaches[] = { 1024, 8192, 262144 };
    uint64_t wrong = 0, count = 0;
    for (uint32_t r = 0; r < sizeof reaches / sizeof reaches[0]; r++) {
        for (uint32_t i = 0; i < 6; i++) {
            uint32_t filler = reaches[r] - 4 + i;
            for (uint32_t variant = i % 2; variant < 4; variant += r < 2 ? 1 : 3, count++)
                wrong += jump_over(target, filler, false, variant, code) != 0;
            for (uint32_t variant = 0; variant < (r < 2 ? 2u : i % 2); variant++, count++)
                wrong += jump_over(target, filler, true, variant, code) != 2 * (uint64_t)filler;
        }
    }
    printf("%" PRIu64 " jumps of all lengths, %" PRIu64 " wrong\n", count, wrong);
    return wrong;
}

static bool is_of_this_cpu(const struct bpf_jit_target *target)
{
#if defined(__aarch64__)
    return strncmp(target->name, "aarch64", 7) == 0;
#elif defined(__riscv)
    return strncmp(target->name, "riscv64", 7) == 0;
#else
    return target == &bpf_jit_x86_64 || target == bpf_jit_host_target();
#endif
}

/* A helper at the same address on every host. */
static uint64_t (*fixed_helper(void))(uint64_t, uint64_t, uint64_t, uint64_t, uint64_t, uint64_t)
{
    return (uint64_t(*)(uint64_t, uint64_t, uint64_t, uint64_t, uint64_t, uint64_t))(
        uintptr_t)UINT64_C(0x7f0123456780);
}

#if defined(__riscv)
/* QEMU 7.2 does not know Zicond: CZERO.EQZ and CZERO.NEZ (chapter 12 of the manual) are done here. */
static void on_illegal(int signal_number, siginfo_t *info, void *context)
{
    (void)signal_number, (void)info;
    unsigned long *regs = ((ucontext_t *)context)->uc_mcontext.__gregs; /* [0] is the pc */
    uint32_t word = *(const uint32_t *)(uintptr_t)regs[0], kind = word & 0xfe00707f;
    uint32_t rd = word >> 7 & 31, rs1 = word >> 15 & 31, rs2 = word >> 20 & 31;
    if ((kind != 0x0e005033 && kind != 0x0e007033) || rd == 0)
        _exit(3);
    unsigned long value = rs1 == 0 ? 0 : regs[rs1], condition = rs2 == 0 ? 0 : regs[rs2];
    regs[rd] = (condition == 0) == (kind == 0x0e005033) ? 0 : value;
    regs[0] += 4;
}

static void prepare_cpu(void)
{
    struct sigaction action = { .sa_sigaction = on_illegal, .sa_flags = SA_SIGINFO };
    sigaction(SIGILL, &action, NULL);
}
#else
static void prepare_cpu(void)
{
}
#endif

int main(int argc, char **argv)
{
    uint64_t count = argc > 1 ? strtoull(argv[1], NULL, 0) : 2000;
    uint64_t first = argc > 2 ? strtoull(argv[2], NULL, 0) : 1, run_count = 0, wrong = 0;
    static struct ir_program p;
    uint8_t *code =
        mmap(NULL, CODE_MAX, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    memory = malloc(sizeof *memory);
    if (code == MAP_FAILED || memory == NULL)
        return 1;
    prepare_cpu();
    for (size_t t = 0; t < TARGET_COUNT; t++) {
        uint64_t hash = UINT64_C(0xcbf29ce484222325), bytes = 0;
        for (uint64_t seed = first; seed < first + count; seed++) {
            ir_program_make(&p, targets[t], seed, seed % 3 == 0 ? seed * 77 : 0, fixed_helper());
            size_t size = encode(&p.form, seed % 5 == 0, code);
            hash = digest(hash, code, size);
            bytes += size;
            if (is_of_this_cpu(targets[t])) {
                run_count++;
                wrong += !runs_right(targets[t], seed, code);
            }
        }
        if (is_of_this_cpu(targets[t]) && targets[t]->cpu == 0)
            wrong += wrong_jumps(targets[t], code);
        printf("digest %s: %" PRIu64 " bytes, %016" PRIx64 "\n", targets[t]->name, bytes, hash);
    }
    printf("%" PRIu64 " functions run, %" PRIu64 " wrong\n", run_count, wrong);
    free(memory);
    return wrong == 0 ? 0 : 1;
}
