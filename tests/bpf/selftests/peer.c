/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* The running Linux as second judge: random programs of the soundness generator, as raw tracepoint, XDP and
 * tc programs, go to this verifier and to bpf(2).
 *
 *     bpf-linux-peer [--objects | --own] COUNT [SEED [SHOW [PATTERN]]]
 *
 * --objects: programs with iterators, dynptrs, locks, timers, tasks. --own: also with objects of their own, lists, trees,
 * exceptions, work.
 *
 * Each program that only this verifier accepts is held against execution (tests/bpf/verifier/soundness.h)
 * with INPUTS inputs: what it may do to memory, registers and slots, what it claims. One that is not what was
 * claimed ends the run: exit 1. Prints how often both say the same, and for each way to differ its reasons
 * with how often; SHOW prints so many programs of those that only one accepts and whose reason has PATTERN.
 * Verdicts alone fail nothing: newer kernels know more than 6.12, and both are incomplete in their own ways.
 * Exit 77: bpf(2) cannot be used here. */
#include <bpf/btf.h>
#include <bpf/disasm.h>
#include <bpf/verifier.h>
#include <bpf_linux/contexts.h>
#include <bpf_linux/helpers.h>

#include "domain.h"
#include "generated_btf.h"
#include "generator.h"
#include "host_env.h"
#include "linux_attr.h"
#include "linux_bpf.h"
#include "soundness.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define BYTES_MAX 600
#define INPUTS    64

/* Of the generator's kinds; Axiom's own has no peer. */
static const struct {
    const char *section;
    uint32_t prog_type, expected_type;
} peers[GENERATED_KIND_COUNT] = {
    [GENERATED_RAW_TP] = { "raw_tp", BPF_LINUX_RAW_TRACEPOINT, 0 },
    [GENERATED_XDP] = { "xdp", BPF_LINUX_XDP, BPF_LINUX_XDP_HOOK },
    [GENERATED_TC] = { "tc", BPF_LINUX_SCHED_CLS, 0 },
};

/* Of each kind its own: an array of programs belongs to the first kind that calls through it. Without and with an exception
 * callback: a value's own objects are of the types of its map's BTF. */
static int fds[GENERATED_KIND_COUNT][2][GENERATOR_ALL_MAP_COUNT], btf_fds[GENERATED_KIND_COUNT][2];
static char linux_log[1 << 20];

/* Of the kernel's functions, its own ids. */
static int32_t kfunc_ids[GENERATED_KFUNC_COUNT];

static int make_maps(enum generated_kind kind, uint32_t exception)
{
    for (uint32_t i = 0; i < GENERATOR_ALL_MAP_COUNT; i++) {
        const struct bpf_map_spec *spec = &generator_maps[i];
        struct linux_map_create create = {
            .type = spec->type,
            .key_size = spec->key_size,
            .value_size = spec->value_size,
            .max_entries = spec->max_entries,
            .flags = spec->flags,
        };
        if (spec->special_field_count != 0) {
            create.btf_fd = (uint32_t)btf_fds[kind][exception];
            create.btf_key = GENERATED_NUMBER;
            create.btf_value = i == GENERATOR_OWN ? GENERATED_STRUCT_OWN_VALUE : GENERATED_STRUCT_VALUE;
        }
        fds[kind][exception][i] = linux_bpf(LINUX_MAP_CREATE, &create, sizeof create);
        if (fds[kind][exception][i] < 0) {
            printf("skipped: map %s: %s\n", spec->name, strerror(-fds[kind][exception][i]));
            return -1;
        }
    }
    return 0;
}

/* Where the members of the generator's task lie in the kernel's. */
static struct {
    const char *name;
    int16_t generated, real;
} members[] = { { "pid", 0, 0 }, { "tgid", 4, 0 }, { "group_leader", GENERATED_TASK_LEADER, 0 },
                { "start_time", 16, 0 } };
#define MEMBER_COUNT (sizeof members / sizeof members[0])

static void find_members(const struct bpf_btf *btf)
{
    struct bpf_btf_type task;
    struct bpf_btf_member member;
    if (!bpf_btf_type_at(btf, bpf_btf_find(btf, "task_struct", BPF_BTF_STRUCT), &task))
        return;
    for (uint32_t i = 0; i < task.member_count && bpf_btf_member_at(btf, &task, i, &member); i++)
        for (uint32_t m = 0; m < MEMBER_COUNT; m++)
            if (strcmp(member.name, members[m].name) == 0)
                members[m].real = (int16_t)(member.bit_offset / 8);
}

static void put_member(struct bpf_insn *load)
{
    for (uint32_t m = 0; m < MEMBER_COUNT; m++)
        if (load->offset == members[m].generated) {
            load->offset = members[m].real;
            return;
        }
}

/* A task is loaded from the stack, then a member, and where that is a task, too, its tgid. */
static void put_members(struct bpf_insn *insns, uint32_t count)
{
    for (uint32_t i = 0; i + 3 < count; i += bpf_insn_slots(&insns[i])) {
        struct bpf_insn *insn = &insns[i], *load = insn + 1;
        bool task = insn->opcode == (BPF_LDX | BPF_MEM | BPF_DW) && insn->src_reg == BPF_REG_FP &&
                    (insn->offset == GENERATED_TASK_SLOT || insn->offset == GENERATED_SEEN_SLOT);
        if (!task || BPF_CLASS(load->opcode) != BPF_LDX || load->src_reg != insn->dst_reg)
            continue;
        bool leader = load->offset == GENERATED_TASK_LEADER;
        put_member(load);
        if (leader && BPF_CLASS(insn[3].opcode) == BPF_LDX)
            put_member(&insn[3]);
    }
}

#define KERNEL_BTF_MAX (64u << 20)

static int find_kfuncs(void)
{
#define NAME_OF(name) "bpf_" #name,
    static const char *const names[] = { GENERATED_KFUNCS(NAME_OF) };
    struct host_env host;
    struct bpf_btf *btf;
    struct bpf_error error;
    FILE *file = fopen("/sys/kernel/btf/vmlinux", "rb");
    void *bytes = malloc(KERNEL_BTF_MAX);
    size_t size = file == NULL || bytes == NULL ? 0 : fread(bytes, 1, KERNEL_BTF_MAX, file);
    if (file != NULL)
        fclose(file);
    host_env_init(&host);
    int err = bpf_btf_parse(&host.env, bytes, size, &btf, &error);
    for (uint32_t i = 0; err == 0 && i < GENERATED_KFUNC_COUNT; i++)
        kfunc_ids[i] = (int32_t)bpf_btf_find(btf, names[i], BPF_BTF_FUNC);
    if (err == 0)
        find_members(btf);
    if (err == 0)
        bpf_btf_put(btf);
    else
        printf("skipped: the kernel's BTF: %s\n", error.text);
    free(bytes);
    return err;
}

static int load_btf(const char *context, bool exception, int *fd)
{
    uint8_t blob[GENERATED_BTF_MAX];
    struct linux_btf_load load = { .btf = (uint64_t)(uintptr_t)blob,
                                   .size = (uint32_t)generated_btf(context, exception, blob),
                                   .log = (uint64_t)(uintptr_t)linux_log,
                                   .log_size = sizeof linux_log,
                                   .log_level = 1 };
    *fd = linux_bpf(LINUX_BTF_LOAD, &load, sizeof load);
    if (*fd < 0)
        printf("skipped: BTF: %s\n%s\n", strerror(-*fd), linux_log);
    return *fd < 0 ? -1 : 0;
}

static int make_peers(void)
{
    for (uint32_t kind = GENERATED_AXIOM + 1; kind < GENERATED_KIND_COUNT; kind++) {
        const char *context = bpf_linux_context_by_section(peers[kind].section)->struct_name;
        for (uint32_t exception = 0; exception < 2; exception++)
            if (load_btf(context, exception != 0, &btf_fds[kind][exception]) != 0 ||
                make_maps((enum generated_kind)kind, exception) != 0)
                return -1;
    }
    return 0;
}

static void put_kfuncs(struct bpf_insn *insns, uint32_t count)
{
    for (uint32_t i = 0; i < count; i += bpf_insn_slots(&insns[i]))
        if (insns[i].opcode == (BPF_JMP | BPF_CALL) && insns[i].src_reg == BPF_CALL_BTF_ID)
            insns[i].imm = kfunc_ids[generated_kfunc_of(insns[i].imm)];
}

static int linux_verdict(const struct generated *program)
{
    struct bpf_insn insns[GENERATED_INSN_MAX];
    struct linux_func_info infos[GENERATED_FUNCTION_MAX + 1] = { { 0, GENERATED_FUNC_MAIN } };
    memcpy(insns, program->insns, program->insn_count * sizeof *insns);
    for (uint32_t i = 0; i < program->function_count; i++)
        infos[i + 1] =
            (struct linux_func_info){ program->functions[i].start, program->functions[i].is_global
                                                                       ? GENERATED_FUNC_GLOBAL
                                                                       : GENERATED_FUNC_STATIC };
    for (uint32_t i = 0; i < program->function_count; i++)
        if (program->functions[i].is_callback)
            infos[i + 1].type_id = GENERATED_FUNC_EXCEPTION;
    put_kfuncs(insns, program->insn_count);
    put_members(insns, program->insn_count);
    linux_bpf_put_maps(insns, program->insn_count, fds[program->kind][program->has_callback], GENERATOR_ALL_MAP_COUNT);
    struct linux_prog_load load = { .prog_type = peers[program->kind].prog_type,
                                    .attach_type = peers[program->kind].expected_type,
                                    .insn_count = program->insn_count,
                                    .insns = (uint64_t)(uintptr_t)insns,
                                    .license = linux_address("GPL"),
                                    .log_level = 1,
                                    .log_size = sizeof linux_log,
                                    .log = (uint64_t)(uintptr_t)linux_log,
                                    .btf_fd = (uint32_t)btf_fds[program->kind][program->has_callback],
                                    .func_info = (uint64_t)(uintptr_t)infos,
                                    .func_info_size = sizeof infos[0],
                                    .func_info_count = program->function_count + 1 };
    linux_log[0] = '\0';
    int fd = linux_bpf(LINUX_PROG_LOAD, &load, sizeof load);
    if (fd == -ENOSPC) {
        load.log_level = 0;
        load.log_size = 0;
        load.log = 0;
        fd = linux_bpf(LINUX_PROG_LOAD, &load, sizeof load);
    }
    if (fd >= 0)
        close(fd);
    return fd < 0 ? fd : 0;
}

/* Linux 6.18 reads memory that is none in jit_subprogs() for some programs that throw and have functions: an oops of the
 * machine that runs this. */
static bool harms_linux(const struct generated *program)
{
    return program->features[GENERATED_throw];
}

/* Linux walks loops round by round, which takes it seconds; those over iterators, which jump back always, it does not. */
static bool has_loop(const struct generated *program)
{
    for (uint32_t i = 0; i < program->insn_count; i += bpf_insn_slots(&program->insns[i])) {
        uint32_t class = BPF_CLASS(program->insns[i].opcode);
        if ((class == BPF_JMP || class == BPF_JMP32) && BPF_OP(program->insns[i].opcode) != BPF_JA &&
            program->insns[i].offset < 0)
            return true;
    }
    return false;
}

/* --- Counting reasons --- */

#define REASONS_MAX 400

struct reasons {
    char text[REASONS_MAX][120];
    uint32_t counts[REASONS_MAX], count;
};

static struct reasons only_here, only_there;

/* Numbers are all one. */
static void note(struct reasons *reasons, const char *text)
{
    char line[120];
    size_t length = 0;
    for (; *text != '\0' && *text != '\n' && length + 1 < sizeof line; text++) {
        bool digit = *text >= '0' && *text <= '9';
        if (!digit || length == 0 || line[length - 1] != 'N')
            line[length++] = digit ? 'N' : *text;
    }
    line[length] = '\0';
    uint32_t i = 0;
    while (i < reasons->count && strcmp(reasons->text[i], line) != 0)
        i++;
    if (i == REASONS_MAX)
        return;
    if (i == reasons->count)
        strcpy(reasons->text[reasons->count++], line);
    reasons->counts[i]++;
}

static void print_reasons(const char *title, const struct reasons *reasons)
{
    printf("%s\n", title);
    for (uint32_t shown = 0, below = UINT32_MAX; shown < 60; shown++) {
        uint32_t most = 0;
        for (uint32_t i = 0; i < reasons->count; i++)
            if (reasons->counts[i] < below && reasons->counts[i] > most)
                most = reasons->counts[i];
        if (most == 0)
            break;
        for (uint32_t i = 0; i < reasons->count; i++)
            if (reasons->counts[i] == most)
                printf("  %7u %s\n", most, reasons->text[i]);
        below = most;
    }
}

/* The instruction that Linux was at: its log has "12: (bf) r1 = r2", perhaps with registers before it. */
static uint32_t last_insn(void)
{
    uint32_t last = 0;
    for (const char *line = linux_log; line != NULL && *line != '\0';) {
        unsigned pc, code;
        if (sscanf(line, "%u: (%x)", &pc, &code) == 2)
            last = pc;
        line = strchr(line, '\n');
        line = line == NULL ? NULL : line + 1;
    }
    return last;
}

/* The line of the log that says why: the last one but the summary. */
static const char *last_line(int err)
{
    static char bare[80];
    bool bare_summary = strncmp(linux_log, "processed ", 10) == 0;
    char *end = strstr(linux_log, "\nprocessed ");
    if (end == NULL)
        end = linux_log + strlen(linux_log);
    while (end > linux_log && end[-1] == '\n')
        end--;
    *end = '\0';
    char *start = strrchr(linux_log, '\n');
    start = start == NULL ? linux_log : start + 1;
    if (*start != '\0' && !bare_summary)
        return start;
    snprintf(bare, sizeof bare, "(no reason in the log) %s", strerror(-err));
    return bare;
}

static void show(const struct generated *program, const char *why)
{
    printf("--- %s: %s\n", peers[program->kind].section, why);
    for (uint32_t i = 0; i < program->insn_count; i += bpf_insn_slots(&program->insns[i])) {
        char text[160];
        bpf_disasm_insn(text, sizeof text, program->insns, program->insn_count, i, NULL);
        printf("%4u: %s\n", i, text);
    }
}

/* --- All --- */

struct tally {
    uint64_t tried, same, accepted, only_here, dead;
    uint64_t to_show;
    const char *pattern;
};

static void show_some(struct tally *t, const struct generated *program, const char *why)
{
    if (t->to_show == 0 || (t->pattern != NULL && strstr(why, t->pattern) == NULL))
        return;
    t->to_show--;
    show(program, why);
}

/* False: it is accepted and does what it must not. */
static bool judge(const struct generated *program, struct soundness_counts *counts, struct tally *t)
{
    static char text[40000];
    struct bpf_verify_result result;
    int err = linux_verdict(program);
    bool here = soundness_verify(program, &result), there = err == 0;
    t->tried++;
    t->same += here == there;
    t->accepted += here && there;
    if (here && !there) {
        /* What is dead here was walked there: numbers known here decide a jump. */
        char why[200];
        bool dead = !soundness_walks(program, last_insn());
        snprintf(why, sizeof why, "%s%.150s", dead ? "[dead code here] " : "", last_line(err));
        t->dead += dead;
        note(&only_here, why);
        show_some(t, program, why);
        t->only_here++;
        if (!soundness_program(program, counts, text, sizeof text)) {
            printf("accepted here only, and wrong: %s\n", text);
            return false;
        }
    } else if (!here && there) {
        const char *why = strchr(result.text, ':');
        note(&only_there, why == NULL ? result.text : why);
        show_some(t, program, result.text);
    }
    return true;
}

int main(int argc, char **argv)
{
    bool own = argc > 1 && strcmp(argv[1], "--own") == 0;
    bool objects = own || (argc > 1 && strcmp(argv[1], "--objects") == 0);
    uint32_t flags = GENERATE_GLOBALS | (objects ? GENERATE_OBJECTS : 0) | (own ? GENERATE_OWN : 0);
    if (objects) {
        argv++;
        argc--;
    }
    uint64_t count = argc > 1 ? strtoull(argv[1], NULL, 0) : 10000;
    uint64_t seed = argc > 2 ? strtoull(argv[2], NULL, 0) : 1;
    struct tally t = { .to_show = argc > 3 ? strtoull(argv[3], NULL, 0) : 0,
                       .pattern = argc > 4 ? argv[4] : NULL };
    struct soundness_counts counts = { 0 };
    bool fine = true;
    if (make_peers() != 0 || (objects && find_kfuncs() != 0))
        return 77;
    soundness_begin();
    soundness_inputs(INPUTS);
    for (uint64_t n = 0; n < count && fine; n++) {
        static struct generated program;
        static uint8_t bytes[SOUNDNESS_BYTES_MAX];
        size_t size = soundness_bytes(seed, n, bytes);
        enum generated_kind kind = (enum generated_kind)(GENERATED_AXIOM + 1 + n % 3);
        generate_program_of(kind, flags, bytes, size, &program);
        if (!has_loop(&program) && !harms_linux(&program))
            fine = judge(&program, &counts, &t);
    }
    printf("%" PRIu64 " programs, %" PRIu64 " verdicts alike (%" PRIu64 " accepted by both)\n",
           t.tried, t.same, t.accepted);
    printf("%" PRIu64 " accepted here only (%" PRIu64
           " of them refused for code that is dead here), each run %d times in each way to verify "
           "it (%" PRIu64 " runs): %s\n",
           t.only_here, t.dead, INPUTS, counts.runs, fine ? "no harm" : "HARM");
    print_reasons("accepted here only; Linux says:", &only_here);
    print_reasons("accepted by Linux only; here:", &only_there);
    soundness_end();
    return !fine;
}
