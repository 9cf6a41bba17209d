/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* The running Linux as second judge: random programs of the soundness generator, as raw tracepoint
 * programs, go to this verifier and to bpf(2).
 *
 *     bpf-linux-peer COUNT [SEED [SHOW]]
 *
 * Prints how often both say the same, and for each way to differ its reasons with how often; SHOW
 * prints so many programs of those that only this verifier accepts. It is no test of verdicts: newer
 * kernels know more than 6.12, and both are incomplete in their own ways. Where both accept, what the
 * program does is the engines' business (differential tests elsewhere). Exit 77: bpf(2) cannot be
 * used here. */
#include <bpf/disasm.h>
#include <bpf/verifier.h>
#include <bpf_linux/contexts.h>
#include <bpf_linux/helpers.h>

#include "generator.h"
#include "host_env.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#define COMMAND_MAP_CREATE 0
#define COMMAND_PROG_LOAD  5
#define COMMAND_MAP_FREEZE 22
#define BYTES_MAX          600

struct map_create {
    uint32_t type, key_size, value_size, max_entries, flags;
    uint8_t rest[100];
};

struct prog_load {
    uint32_t prog_type, insn_count;
    uint64_t insns, license;
    uint32_t log_level, log_size;
    uint64_t log;
    uint32_t version, flags;
    uint8_t rest[88];
};

static struct host_env host;
static struct bpf_map *maps[GENERATOR_MAP_COUNT];
static int fds[GENERATOR_MAP_COUNT];
static char linux_log[1 << 20];

static const struct bpf_map_spec specs[GENERATOR_MAP_COUNT] = {
    [GENERATOR_ARRAY8] = MAP_SPEC("array8", BPF_MAP_TYPE_ARRAY, 4, 8, 4, 0),
    [GENERATOR_ARRAY48] = MAP_SPEC("array48", BPF_MAP_TYPE_ARRAY, 4, 48, 4, 0),
    [GENERATOR_HASH16] = MAP_SPEC("hash16", BPF_MAP_TYPE_HASH, 8, 16, 4, 0),
    [GENERATOR_RING] = MAP_SPEC("ring", BPF_MAP_TYPE_RINGBUF, 0, 0, 4096, 0),
    [GENERATOR_BSS] = MAP_SPEC("bss", BPF_MAP_TYPE_ARRAY, 4, 64, 1, 0),
    [GENERATOR_RODATA] = MAP_SPEC("rodata", BPF_MAP_TYPE_ARRAY, 4, 32, 1, BPF_F_RDONLY_PROG),
};

static int make_maps(void)
{
    for (uint32_t i = 0; i < GENERATOR_MAP_COUNT; i++) {
        struct bpf_error error = { 0 };
        struct map_create create = {
            .type = specs[i].type,
            .key_size = specs[i].key_size,
            .value_size = specs[i].value_size,
            .max_entries = specs[i].max_entries,
            .flags = specs[i].flags,
        };
        fds[i] = (int)syscall(SYS_bpf, COMMAND_MAP_CREATE, &create, sizeof create);
        if (fds[i] < 0 || bpf_map_create(&host.env, &specs[i], &maps[i], &error) != 0) {
            printf("skipped: map %s: %s %s\n", specs[i].name, strerror(errno), error.text);
            return -1;
        }
    }
    return 0;
}

static int linux_verdict(const struct generated *program)
{
    struct bpf_insn insns[GENERATED_INSN_MAX];
    memcpy(insns, program->insns, program->insn_count * sizeof *insns);
    for (uint32_t i = 0; i < program->insn_count; i += bpf_insn_slots(&insns[i])) {
        bool map = insns[i].opcode == (BPF_LD | BPF_IMM | BPF_DW) &&
                   (insns[i].src_reg == BPF_PSEUDO_MAP_IDX ||
                    insns[i].src_reg == BPF_PSEUDO_MAP_IDX_VALUE) &&
                   (uint32_t)insns[i].imm < GENERATOR_MAP_COUNT;
        if (!map)
            continue;
        bool value = insns[i].src_reg == BPF_PSEUDO_MAP_IDX_VALUE;
        insns[i].src_reg = value ? BPF_PSEUDO_MAP_VALUE : BPF_PSEUDO_MAP_FD;
        insns[i].imm = fds[insns[i].imm];
    }
    struct prog_load load = { .prog_type = BPF_LINUX_RAW_TRACEPOINT,
                              .insn_count = program->insn_count,
                              .insns = (uint64_t)(uintptr_t)insns,
                              .license = (uint64_t)(uintptr_t) "GPL",
                              .log_level = 1,
                              .log_size = sizeof linux_log,
                              .log = (uint64_t)(uintptr_t)linux_log };
    linux_log[0] = '\0';
    long fd = syscall(SYS_bpf, COMMAND_PROG_LOAD, &load, sizeof load);
    if (fd < 0 && errno == ENOSPC) {
        load.log_level = 0;
        load.log_size = 0;
        load.log = 0;
        fd = syscall(SYS_bpf, COMMAND_PROG_LOAD, &load, sizeof load);
    }
    int err = fd < 0 ? -errno : 0;
    if (fd >= 0)
        close((int)fd);
    return err;
}

/* Linux walks loops round by round, which takes it seconds. */
static bool has_loop(const struct generated *program)
{
    for (uint32_t i = 0; i < program->insn_count; i += bpf_insn_slots(&program->insns[i])) {
        uint32_t class = BPF_CLASS(program->insns[i].opcode);
        if ((class == BPF_JMP || class == BPF_JMP32) && program->insns[i].offset < 0)
            return true;
    }
    return false;
}

/* --- Counting reasons --- */

#define REASONS_MAX 400

struct reasons {
    char text[REASONS_MAX][100];
    uint32_t counts[REASONS_MAX], count;
};

static struct reasons only_here, only_there;

/* Numbers are all one. */
static void note(struct reasons *reasons, const char *text)
{
    char line[100];
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
    for (uint32_t shown = 0, below = UINT32_MAX; shown < 40; shown++) {
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

/* The line of the log that says why: the last one but the summary. */
static const char *last_line(void)
{
    char *end = strstr(linux_log, "\nprocessed ");
    if (end == NULL)
        return "(no log)";
    *end = '\0';
    char *start = strrchr(linux_log, '\n');
    return start == NULL ? linux_log : start + 1;
}

static void show(const struct generated *program, const char *why)
{
    printf("--- %s\n", why);
    for (uint32_t i = 0; i < program->insn_count; i += bpf_insn_slots(&program->insns[i])) {
        char text[160];
        bpf_disasm_insn(text, sizeof text, program->insns, program->insn_count, i, NULL);
        printf("%4u: %s\n", i, text);
    }
}

int main(int argc, char **argv)
{
    uint64_t count = argc > 1 ? strtoull(argv[1], NULL, 0) : 10000, same = 0, accepted = 0, tried = 0;
    uint64_t seed = argc > 2 ? strtoull(argv[2], NULL, 0) : 1;
    uint64_t to_show = argc > 3 ? strtoull(argv[3], NULL, 0) : 0;
    const char *pattern = argc > 4 ? argv[4] : NULL;
    host_env_init(&host);
    if (make_maps() != 0)
        return 77;
    host.env.helpers = bpf_linux_helpers;
    host.env.helper_count = bpf_linux_helper_count;
    for (uint64_t n = 0; n < count; n++) {
        uint8_t bytes[BYTES_MAX];
        static struct generated program;
        size_t size = 20 + n % (sizeof bytes - 20);
        for (size_t i = 0; i < size; i++) {
            seed = seed * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
            bytes[i] = (uint8_t)(seed >> 56);
        }
        generate_program(bytes, size, &program);
        if (has_loop(&program))
            continue;
        tried++;
        struct bpf_verify_request request = {
            .env = &host.env,
            .name = "random",
            .insns = program.insns,
            .insn_count = program.insn_count,
            .maps = maps,
            .map_count = GENERATOR_MAP_COUNT,
            .context = bpf_linux_context_by_section("raw_tp"),
            .memory_limit = (size_t)64 << 20,
            .ignore_budget = true,
            .check_only = true,
            .insn_limit = 20000,
        };
        struct bpf_verify_result result;
        bool here = bpf_verify(&request, &result) == 0;
        bool there = linux_verdict(&program) == 0;
        same += here == there;
        accepted += here && there;
        if (here && !there) {
            const char *why = last_line();
            note(&only_here, why);
            if (to_show > 0 && (pattern == NULL || strstr(why, pattern) != NULL)) {
                to_show--;
                show(&program, why);
            }
        } else if (!here && there) {
            const char *why = strchr(result.text, ':');
            note(&only_there, why == NULL ? result.text : why);
            if (to_show > 0 && pattern != NULL && strstr(result.text, pattern) != NULL) {
                to_show--;
                show(&program, result.text);
            }
        }
    }
    printf("%llu programs, %llu verdicts alike (%llu accepted by both)\n",
           (unsigned long long)tried, (unsigned long long)same, (unsigned long long)accepted);
    print_reasons("accepted here only; Linux says:", &only_here);
    print_reasons("accepted by Linux only; here:", &only_there);
    for (uint32_t i = 0; i < GENERATOR_MAP_COUNT; i++)
        bpf_map_put(maps[i]);
    return 0;
}
