/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* bpf-linux-tables [--all]: the tables of bpf/linux against the running kernel. For every kind of
 * program: which helpers it may call and which of them want the GPL, which bytes of its context it
 * may read and write, which results it may have. Each question is a program of a few instructions
 * that both judge.
 *
 * What only Linux allows is counted, and listed with --all: a kernel newer than 6.12 allows more.
 * What only we allow is always listed, and is a failure. */
#include "host_env.h"
#include "linux_attr.h"
#include <bpf/btf.h>
#include <bpf/insn.h>
#include <bpf/verifier.h>
#include <bpf_linux/contexts.h>
#include <bpf_linux/helpers.h>
#include <bpf_linux/kfuncs.h>
#include <bpf_linux/maps.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static struct host_env host;
static struct bpf_btf *kernel_btf;
static bool list_all;
static char linux_log[8192];
static struct bpf_verify_result result;
static const char *gpl = "GPL";
static uint32_t other_errno;

static struct tally {
    uint32_t asked, both, none, only_ours, only_linux;
} helpers, licenses, kfuncs, maps, reads, writes, results;

/* --- One question --- */

struct target {
    const struct bpf_context_layout *layout;
    uint32_t btf_id;
};

static int ask_linux(const struct target *target, const struct bpf_insn *insns, uint32_t count,
                     const char *license)
{
    struct linux_prog_load load = {
        .prog_type = target->layout->prog_type,
        .insn_count = count,
        .insns = (uint64_t)(uintptr_t)insns,
        .license = (uint64_t)(uintptr_t)license,
        .log_level = 1,
        .log_size = sizeof linux_log,
        .log = (uint64_t)(uintptr_t)linux_log,
        .flags = (target->layout->rules & BPF_RULE_SLEEPABLE) != 0 ? LINUX_PROG_SLEEPABLE : 0,
        .attach_type = target->layout->expected_type,
        .attach_btf_id = target->btf_id,
    };
    linux_log[0] = '\0';
    int fd = linux_bpf(LINUX_PROG_LOAD, &load, sizeof load);
    if (fd < 0)
        return fd;
    close(fd);
    return 0;
}

static int ask_us(const struct target *target, const struct bpf_insn *insns, uint32_t count,
                  const char *license)
{
    const struct bpf_verify_request request = {
        .env = &host.env,
        .name = "question",
        .insns = insns,
        .insn_count = count,
        .context = target->layout,
        .kernel_btf = kernel_btf,
        .attach_btf_id = target->btf_id,
        .license = license,
        .check_only = true,
    };
    return bpf_verify(&request, &result);
}

static void compare(struct tally *tally, bool ours, bool theirs, const struct target *target,
                    const char *what)
{
    tally->asked++;
    tally->both += ours && theirs;
    tally->none += !ours && !theirs;
    tally->only_ours += ours && !theirs;
    tally->only_linux += !ours && theirs;
    if (ours != theirs && (ours || list_all))
        printf("  %s: %s: only %s allow%s it\n", target->layout->section_prefix, what,
               ours ? "we" : "Linux", ours ? "" : "s");
}

/* --- What is asked --- */

static struct bpf_insn result_of(const struct target *target)
{
    const struct bpf_context_layout *layout = target->layout;
    return (struct bpf_insn){ .opcode = BPF_ALU64 | BPF_MOV,
                              .dst_reg = 0,
                              .imm = layout->result_checked ? layout->result_min : 0 };
}

static const struct bpf_insn finish = { .opcode = BPF_JMP | BPF_EXIT };

/* Arguments other than the context are not set, so that only calls without them are accepted: what
 * counts is whether the helper is there at all. */
static void ask_helper(const struct target *target, uint32_t id)
{
    const struct bpf_insn insns[] = { { .opcode = BPF_JMP | BPF_CALL, .imm = (int32_t)id },
                                      result_of(target),
                                      finish };
    char what[80];
    const struct bpf_helper *row = bpf_helper_find_for(&host.env, id, target->layout);
    if (row == NULL)
        return;
    snprintf(what, sizeof what, "bpf_%s()", row->name);
    int err = ask_linux(target, insns, 3, gpl);
    bool theirs = err == 0 || (strstr(linux_log, "unknown func") == NULL &&
                               strstr(linux_log, "cannot use helper") == NULL &&
                               strstr(linux_log, "not supported for program type") == NULL &&
                               strstr(linux_log, "helper call is not allowed in probe") == NULL);
    bool ours = ask_us(target, insns, 3, gpl) == 0 || result.reason != BPF_REJECT_HELPER;
    /* This machine's: locked down, and built without error injection. */
    bool is_local = id == 36 || id == 58;
    compare(&helpers, ours && (theirs || !is_local), theirs, target, what);
    if (!ours || !theirs)
        return;
    err = ask_linux(target, insns, 3, "Proprietary");
    theirs = err == 0 || strstr(linux_log, "GPL") == NULL;
    ours = ask_us(target, insns, 3, "Proprietary") == 0 || result.reason != BPF_REJECT_HELPER;
    compare(&licenses, ours, theirs, target, what);
}

static void ask_kfunc(const struct target *target, const char *name)
{
    uint32_t id = bpf_btf_find(kernel_btf, name, BPF_BTF_FUNC);
    const struct bpf_insn insns[] = { { .opcode = BPF_JMP | BPF_CALL,
                                        .src_reg = 2 /* BPF_PSEUDO_KFUNC_CALL */,
                                        .imm = (int32_t)id },
                                      result_of(target),
                                      finish };
    char what[80];
    snprintf(what, sizeof what, "%s()", name);
    if (id == 0)
        return;
    bool theirs = ask_linux(target, insns, 3, gpl) == 0 || strstr(linux_log, "not allowed") == NULL;
    bool ours = ask_us(target, insns, 3, gpl) == 0 || result.reason != BPF_REJECT_HELPER;
    compare(&kfuncs, ours, theirs, target, what);
}

static void ask_access(const struct target *target, uint32_t offset, uint32_t size, bool write)
{
    static const uint8_t sizes[] = { [1] = BPF_B, [2] = BPF_H, [4] = BPF_W, [8] = BPF_DW };
    uint8_t opcode = (uint8_t)((write ? BPF_STX : BPF_LDX) | BPF_MEM | sizes[size]);
    const struct bpf_insn insns[] = {
        result_of(target),
        { .opcode = opcode,
          .dst_reg = write ? 1 : 2,
          .src_reg = write ? 0 : 1,
          .offset = (int16_t)offset },
        finish,
    };
    char what[80];
    snprintf(what, sizeof what, "%s %u bytes at %u", write ? "writing" : "reading", size, offset);
    bool theirs = ask_linux(target, insns, 3, gpl) == 0;
    compare(write ? &writes : &reads, ask_us(target, insns, 3, gpl) == 0, theirs, target, what);
}

static void ask_result(const struct target *target, int32_t value)
{
    const struct bpf_insn insns[] = { { .opcode = BPF_ALU64 | BPF_MOV, .dst_reg = 0, .imm = value },
                                      finish };
    char what[80];
    snprintf(what, sizeof what, "result %d", value);
    bool theirs = ask_linux(target, insns, 2, gpl) == 0;
    compare(&results, ask_us(target, insns, 2, gpl) == 0, theirs, target, what);
}

/* --- Definitions of maps --- */

static int number_btf = -1; /* types with one: int, of which id 1 is */

static void load_number_btf(void)
{
    static const uint32_t types[] = {
        0x0001eb9f, 24, 0, 16, 16, 5, 1, 1u << 24, 4, 1u << 24 | 32, 0x746e6900, 0,
    };
    struct linux_btf_load load = { .btf = linux_address(types), .size = 24 + 16 + 5 };
    number_btf = linux_bpf(LINUX_BTF_LOAD, &load, sizeof load);
}

static void ask_map(uint32_t type, uint32_t key, uint32_t value, uint32_t entries, uint32_t flags)
{
    bool is_storage = type == 24 || type == 28 || type == 29 || type == 32;
    struct linux_map_create attr = { .type = type,
                                     .key_size = key,
                                     .value_size = value,
                                     .max_entries = entries,
                                     .flags = flags,
                                     .btf_fd = is_storage ? (uint32_t)number_btf : 0,
                                     .btf_key = is_storage,
                                     .btf_value = is_storage };
    const struct bpf_map_spec spec = { .name = "question",
                                       .type = type,
                                       .key_size = key,
                                       .value_size = value,
                                       .max_entries = entries,
                                       .flags = flags,
                                       .btf_key_type_id = is_storage,
                                       .btf_value_type_id = is_storage };
    struct bpf_map *map;
    int fd = linux_bpf(LINUX_MAP_CREATE, &attr, sizeof attr);
    int theirs = fd < 0 ? fd : 0, ours = bpf_linux_map_create(&host.env, &spec, &map, NULL);
    if (fd >= 0)
        close(fd);
    if (ours == 0)
        bpf_map_put(map);
    maps.asked++;
    maps.both += ours == 0 && theirs == 0;
    maps.none += ours != 0 && ours == theirs;
    maps.only_ours += ours == 0 && theirs != 0;
    maps.only_linux += theirs == 0 && ours != 0;
    other_errno += ours != 0 && theirs != 0 && ours != theirs;
    if (ours != theirs && (ours == 0 || list_all))
        printf("  map type %u, key %u, value %u, %u entries, flags 0x%x: %d here, %d in Linux\n",
               type, key, value, entries, flags, ours, theirs);
}

static void ask_maps(void)
{
    static const uint32_t types[] = { 4,  7,  8,  14, 15, 16, 17, 18, 19,
                                      20, 21, 24, 25, 28, 29, 31, 32 },
                          keys[] = { 0, 4, 8, 16, 512, 513 },
                          values[] = { 0, 4, 8, 12, 32, 1016, 1024, 65536 },
                          entries[] = { 0, 1, 3, 4096 };
    load_number_btf();
    for (size_t t = 0; t < ARRAY_SIZE(types); t++)
        for (size_t k = 0; k < ARRAY_SIZE(keys); k++)
            for (size_t v = 0; v < ARRAY_SIZE(values); v++)
                for (size_t e = 0; e < ARRAY_SIZE(entries); e++)
                    for (uint32_t bit = 0; bit <= 14; bit++) {
                        bool is_storage =
                            types[t] == 24 || types[t] == 28 || types[t] == 29 || types[t] == 32;
                        /* The type given is an int: other sizes are refused for that. */
                        if (is_storage && values[v] != 4)
                            continue;
                        /* How many CPUs a kernel may have is its configuration. */
                        if (types[t] == 16 && entries[e] > 64)
                            continue;
                        uint32_t flags = bit == 0 ? 0 : 1u << (bit - 1);
                        ask_map(types[t], keys[k], values[v], entries[e], flags);
                        if (is_storage)
                            ask_map(types[t], keys[k], values[v], entries[e], flags | 1u);
                    }
    if (number_btf >= 0)
        close((int)number_btf);
}

/* --- Every kind --- */

/* Something that programs of the kind attach to. */
static uint32_t find_target(const struct bpf_context_layout *layout)
{
    static const struct {
        uint8_t expected;
        const char *name;
        enum bpf_btf_kind kind;
    } targets[] = {
        { BPF_LINUX_TRACE_RAW_TP, "btf_trace_sched_switch", BPF_BTF_TYPEDEF },
        { BPF_LINUX_TRACE_FENTRY, "vfs_read", BPF_BTF_FUNC },
        { BPF_LINUX_TRACE_FEXIT, "vfs_read", BPF_BTF_FUNC },
        { BPF_LINUX_MODIFY_RETURN, "security_file_open", BPF_BTF_FUNC },
        { BPF_LINUX_LSM_MAC, "bpf_lsm_file_open", BPF_BTF_FUNC },
        { BPF_LINUX_LSM_CGROUP, "bpf_lsm_socket_bind", BPF_BTF_FUNC },
        { BPF_LINUX_TRACE_ITER, "bpf_iter_task", BPF_BTF_FUNC },
    };
    for (size_t i = 0; (layout->rules & BPF_RULE_BTF_ARGUMENTS) != 0 && i < ARRAY_SIZE(targets);
         i++)
        if (targets[i].expected == layout->expected_type)
            return bpf_btf_find(kernel_btf, targets[i].name, targets[i].kind);
    return 0;
}

static void judge(const struct bpf_context_layout *layout)
{
    const struct target target = { layout, find_target(layout) };
    const struct bpf_insn nothing[] = { result_of(&target), finish };
    int err = ask_linux(&target, nothing, 2, gpl);
    if (err != 0) {
        printf("  %s: not judged, Linux says %s to a program that does nothing\n",
               layout->section_prefix, strerror(-err));
        return;
    }
    for (uint32_t id = 1; id <= 211; id++)
        ask_helper(&target, id);
    for (uint32_t i = 0; i < bpf_linux_kfunc_count; i++)
        ask_kfunc(&target, bpf_linux_kfuncs[i].name);
    uint32_t bytes = layout->size_bytes < 256 ? layout->size_bytes + 8 : 256;
    for (uint32_t offset = 0; offset < bytes; offset++) {
        for (uint32_t size = 1; size <= 8; size *= 2) {
            ask_access(&target, offset, size, false);
            ask_access(&target, offset, size, true);
        }
    }
    for (int32_t value = -2; value <= 5; value++)
        ask_result(&target, value);
}

static void print(const char *what, const struct tally *tally)
{
    printf("%-10s asked %6u: both allow %6u, none %6u, only Linux %4u, only we %4u\n", what,
           tally->asked, tally->both, tally->none, tally->only_linux, tally->only_ours);
}

static bool read_kernel_btf(void)
{
    static uint8_t bytes[64u << 20];
    struct bpf_error error = { 0 };
    FILE *file = fopen("/sys/kernel/btf/vmlinux", "rb");
    size_t size = file == NULL ? 0 : fread(bytes, 1, sizeof bytes, file);
    if (file != NULL)
        fclose(file);
    return size > 0 && bpf_btf_parse(&host.env, bytes, size, &kernel_btf, &error) == 0;
}

int main(int argc, char **argv)
{
    list_all = argc > 1 && strcmp(argv[1], "--all") == 0;
    host_env_init(&host);
    host.env.helpers = bpf_linux_helpers;
    host.env.helper_count = bpf_linux_helper_count;
    host.env.kfuncs = bpf_linux_kfuncs;
    host.env.kfunc_count = bpf_linux_kfunc_count;
    const struct bpf_insn nothing[] = { { .opcode = BPF_ALU64 | BPF_MOV }, finish };
    const struct target filter = { bpf_linux_context_by_section("socket"), 0 };
    if (!read_kernel_btf() || ask_linux(&filter, nothing, 2, gpl) != 0) {
        printf("skipped: bpf() is not allowed here, or the kernel has no types\n");
        return 77;
    }
    for (uint32_t i = 0; i < bpf_linux_context_count; i++)
        judge(&bpf_linux_contexts[i]);
    ask_maps();
    print("helpers", &helpers);
    print("licenses", &licenses);
    print("kfuncs", &kfuncs);
    print("maps", &maps);
    printf("           refused with another errno: %u\n", other_errno);
    print("reads", &reads);
    print("writes", &writes);
    print("results", &results);
    bpf_btf_put(kernel_btf);
    return (helpers.only_ours | maps.only_ours | kfuncs.only_ours | licenses.only_ours |
            reads.only_ours | writes.only_ours | results.only_ours | other_errno) != 0;
}
