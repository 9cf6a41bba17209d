/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* Judges the verifier by Linux's table tests of its verifier (tables.sh writes them into a file).
 *
 *     bpf-selftest-tables FILE [--linux]
 *
 * Each case is verified as its kind of program, privileged; what is accepted here and there is run by the interpreter
 * over the packets that the case gives, and must return its values. With --linux the running kernel is asked too.
 * Prints a line for each case that is judged otherwise, then counts; fails where something is accepted that Linux 6.12
 * refuses, where a value is wrong, or where more is refused than `known_refused`.
 *
 * A map of kernel pointers (map_kptr) points to types that a test module brings: they are made here, beside the
 * kernel's own. Cases that call such a module's functions are skipped. */
#include <bpf/verifier.h>
#include <bpf_linux/contexts.h>
#include <bpf_linux/maps.h>

#include "judge.h"
#include "tables.h"
#include "tables_linux.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* test_verifier.c's POINTER_VALUE, 0xcafe4all, is 0xcafe4a and a suffix. */
#define ANY_VALUE 0xcafe4au

static struct bpf_env *env;
static struct table_types types;
static struct bpf_btf *map_types;    /* of the values of map_kptr */
static struct bpf_btf *kernel_types; /* and of a test module */

/* --- Maps --- */

/* What btf_raw_types of test_verifier.c says of struct btf_ptr. */
#define TYPE_POINTED 6
static const struct bpf_special_field kptr_fields[] = {
    { BPF_SPECIAL_KPTR, 0, 8, TYPE_POINTED, 1 },
    { BPF_SPECIAL_KPTR, 8, 8, TYPE_POINTED, 2 },
    { BPF_SPECIAL_KPTR, 16, 8, TYPE_POINTED + 1, 2 },
};

/* test_verifier.c: do_test_fixup() */
static const struct bpf_map_spec map_specs[TABLE_MAP_COUNT] = {
    [TABLE_map_hash_8b] = { .name = "hash_8b",
                            .type = 1,
                            .key_size = 8,
                            .value_size = 8,
                            .max_entries = 1 },
    [TABLE_map_hash_48b] = { .name = "hash_48b",
                             .type = 1,
                             .key_size = 8,
                             .value_size = 48,
                             .max_entries = 1 },
    [TABLE_map_array_48b] = { .name = "array_48b",
                              .type = 2,
                              .key_size = 4,
                              .value_size = 48,
                              .max_entries = 1 },
    [TABLE_map_array_small] = { .name = "array_small",
                                .type = 2,
                                .key_size = 4,
                                .value_size = 1,
                                .max_entries = 1 },
    [TABLE_map_event_output] = { .name = "events",
                                 .type = 4,
                                 .key_size = 4,
                                 .value_size = 4,
                                 .max_entries = 1 },
    [TABLE_map_ringbuf] = { .name = "ringbuf", .type = 27, .max_entries = 4096 },
    [TABLE_map_kptr] = { .name = "kptr",
                         .type = 2,
                         .key_size = 4,
                         .value_size = 24,
                         .max_entries = 1,
                         .special_field_count = 3,
                         .special_fields = kptr_fields },
};

/* Types and strings, with BTF's header before them (Linux: Documentation/bpf/btf.rst §2). */
static size_t make_btf(const uint32_t *type_words, uint32_t type_bytes, const char *strings,
                       uint32_t string_bytes, uint8_t *out)
{
    const uint32_t header[] = { 0x0001eb9f, 24, 0, type_bytes, type_bytes, string_bytes };
    memcpy(out, header, sizeof header);
    memcpy(out + sizeof header, type_words, type_bytes);
    memcpy(out + sizeof header + type_bytes, strings, string_bytes);
    return sizeof header + type_bytes + string_bytes;
}

#define BTF_MAX (24 + sizeof(uint32_t) * TABLE_TYPES + TABLE_STRINGS)

static struct bpf_btf *parse_btf(const uint32_t *type_words, uint32_t type_bytes,
                                 const char *strings, uint32_t string_bytes)
{
    uint8_t bytes[BTF_MAX];
    struct bpf_error error = { 0 };
    struct bpf_btf *btf = NULL;
    size_t size = make_btf(type_words, type_bytes, strings, string_bytes, bytes);
    if (bpf_btf_parse(env, bytes, size, &btf, &error) != 0)
        printf("types cannot be read: %s\n", error.text);
    return btf;
}

static uint32_t string_bytes_of(const struct bpf_btf *btf)
{
    uint32_t low = 0, high = UINT32_C(1) << 30;
    while (low < high) {
        uint32_t middle = low + (high - low) / 2;
        if (bpf_btf_string(btf, middle) == NULL)
            high = middle;
        else
            low = middle + 1;
    }
    return low;
}

/* Linux: bpf_testmod_kfunc.h's struct prog_test_member and prog_test_ref_kfunc, with their sizes. */
static struct bpf_btf *add_module_types(struct bpf_btf *kernel)
{
    enum { STRUCT = BPF_BTF_STRUCT << 24 };
    if (kernel == NULL)
        return NULL;
    static const char strings[] = "\0prog_test_member\0prog_test_ref_kfunc\0a\0b";
    enum { MEMBER = 1, REF = 18, A = 38, B = 40 };
    uint32_t integer = bpf_btf_find(kernel, "int", BPF_BTF_INT), base = string_bytes_of(kernel);
    const uint32_t words[] = {
        base + MEMBER, STRUCT | 2, 8,  base + A, integer, 0, base + B, integer, 32,
        base + REF,    STRUCT | 2, 32, base + A, integer, 0, base + B, integer, 32,
    };
    uint8_t bytes[BTF_MAX];
    struct bpf_error error = { 0 };
    struct bpf_btf *btf = NULL;
    size_t size = make_btf(words, sizeof words, strings, sizeof strings, bytes);
    if (bpf_btf_parse_split(env, kernel, bytes, size, &btf, &error) != 0)
        printf("types of a module cannot be made: %s\n", error.text);
    return btf;
}

static struct bpf_map *make_map(enum table_map which)
{
    struct bpf_map *map = NULL;
    struct bpf_error error = { 0 };
    if (bpf_linux_map_create(env, &map_specs[which], &map, &error) != 0)
        printf("map %s: %s\n", map_specs[which].name, error.text);
    /* test_verifier.c: update_map() */
    const uint32_t value[12] = { 7 * 4, [7] = 0xabcdef12 }, key = 0;
    if (map != NULL && map_specs[which].type == 2 && map_specs[which].value_size <= sizeof value &&
        map_specs[which].special_field_count == 0)
        bpf_map_update(map, &key, value, 0);
    return map;
}

/* --- A case as a request --- */

struct request {
    struct bpf_verify_request verify;
    struct bpf_map *maps[TABLE_MAP_COUNT];
    uint32_t map_count;
    struct bpf_debug_func functions[TABLE_FIXUP_MAX];
    struct bpf_debug_info debug;
    const char *skip; /* why it is not judged, or NULL */
};

static const struct bpf_context_layout *find_context(const struct table_case *c)
{
    uint32_t attach = c->attach_type;
    const struct bpf_context_layout *same_type = NULL;
    /* Linux: bpf_prog_load_fixup_attach_type() */
    if (c->prog_type == BPF_LINUX_CGROUP_SOCK && attach == 0)
        attach = BPF_LINUX_CGROUP_INET_SOCK_CREATE;
    for (uint32_t i = 0; i < bpf_linux_context_count; i++) {
        const struct bpf_context_layout *row = &bpf_linux_contexts[i];
        if (row->prog_type == c->prog_type && row->expected_type == attach)
            return row;
        if (row->prog_type == c->prog_type)
            same_type = row;
    }
    /* Linux: bpf_prog_load_check_attach() wants one of those that there are. */
    bool strict = c->prog_type == BPF_LINUX_CGROUP_SOCK ||
                  c->prog_type == BPF_LINUX_CGROUP_SOCK_ADDR ||
                  c->prog_type == BPF_LINUX_CGROUP_SKB ||
                  c->prog_type == BPF_LINUX_CGROUP_SOCKOPT || c->prog_type == BPF_LINUX_SK_LOOKUP ||
                  c->prog_type == BPF_LINUX_TRACING || c->prog_type == BPF_LINUX_LSM;
    return strict ? NULL : same_type;
}

static uint32_t find_attach(const struct table_case *c)
{
    static const struct {
        uint32_t attach;
        const char *prefix;
        enum bpf_btf_kind kind;
    } kinds[] = {
        { BPF_LINUX_TRACE_RAW_TP, "btf_trace_", BPF_BTF_TYPEDEF },
        { BPF_LINUX_LSM_MAC, "bpf_lsm_", BPF_BTF_FUNC },
        { BPF_LINUX_TRACE_ITER, "bpf_iter_", BPF_BTF_FUNC },
    };
    char name[96];
    enum bpf_btf_kind kind = BPF_BTF_FUNC;
    snprintf(name, sizeof name, "%s", c->attach);
    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++)
        if (kinds[i].attach == c->attach_type) {
            snprintf(name, sizeof name, "%s%s", kinds[i].prefix, c->attach);
            kind = kinds[i].kind;
        }
    return c->attach[0] == '\0' || judge_kernel_types() == NULL
               ? 0
               : bpf_btf_find(judge_kernel_types(), name, kind);
}

static void fix_maps(const struct table_case *c, struct bpf_insn *insns, struct request *r)
{
    for (uint32_t which = 0; which < TABLE_MAP_COUNT; which++) {
        if (c->fixups[which][0] == 0)
            continue;
        r->maps[r->map_count] = make_map((enum table_map)which);
        for (uint32_t i = 0; i < TABLE_FIXUP_MAX && c->fixups[which][i] != 0; i++) {
            struct bpf_insn *insn = &insns[c->fixups[which][i]];
            insn->imm = (int32_t)r->map_count;
            insn->src_reg = insn->src_reg == BPF_PSEUDO_MAP_VALUE ? BPF_PSEUDO_MAP_IDX_VALUE
                                                                  : BPF_PSEUDO_MAP_IDX;
        }
        r->map_count++;
    }
    if (c->fixups[TABLE_map_kptr][0] != 0)
        r->verify.btf = bpf_btf_get(map_types);
}

/* False: a function is wanted that a test module brings. */
static bool fix_kfuncs(const struct table_case *c, struct bpf_insn *insns)
{
    for (uint32_t i = 0; i < TABLE_FIXUP_MAX && c->kfuncs[i].name[0] != '\0'; i++) {
        uint32_t id = judge_kernel_types() == NULL
                          ? 0
                          : bpf_btf_find(judge_kernel_types(), c->kfuncs[i].name, BPF_BTF_FUNC);
        if (id == 0)
            return false;
        insns[c->kfuncs[i].insn_index].imm = (int32_t)id;
    }
    return true;
}

static void make_request(const struct table_case *c, struct bpf_insn *insns, struct request *r)
{
    *r = (struct request){ .verify = {
                               .env = env,
                               .name = c->name,
                               .insns = insns,
                               .insn_count = c->insn_count,
                               .maps = r->maps,
                               .context = find_context(c),
                               .kernel_btf = kernel_types,
                               .attach_btf_id = find_attach(c),
                               .license = "GPL",
                               .sleepable = (c->load_flags & 1u << 4) != 0,
                               .strict_alignment = (c->load_flags & 1u) != 0,
                               .memory_limit = (size_t)256 << 20,
                               .ignore_budget = true,
                           } };
    fix_maps(c, insns, r);
    r->verify.map_count = r->map_count;
    if (!fix_kfuncs(c, insns))
        r->skip = "it needs functions of a kernel module";
    if (c->type_bytes != 0 && r->verify.btf == NULL)
        r->verify.btf = parse_btf(c->types, c->type_bytes, c->strings, sizeof c->strings);
    for (uint32_t i = 0; i < c->function_count; i++) {
        struct bpf_btf_type type;
        uint32_t linkage = BPF_BTF_STATIC;
        if (r->verify.btf != NULL && bpf_btf_type_at(r->verify.btf, c->functions[i].type_id, &type))
            (void)bpf_btf_linkage(r->verify.btf, &type, &linkage);
        r->functions[i] = (struct bpf_debug_func){ .insn_index = c->functions[i].insn_index,
                                                   .name = "",
                                                   .type_id = c->functions[i].type_id,
                                                   .is_global = linkage == BPF_BTF_GLOBAL };
    }
    r->debug = (struct bpf_debug_info){ .funcs = r->functions, .func_count = c->function_count };
    if (c->function_count != 0)
        r->verify.debug = &r->debug;
}

static void drop_request(struct request *r)
{
    for (uint32_t i = 0; i < r->map_count; i++)
        if (r->maps[i] != NULL)
            bpf_map_put(r->maps[i]);
    bpf_btf_put(r->verify.btf);
}

/* --- The verdict --- */

static struct totals {
    unsigned judged, agreed, unsafe, refused, skipped;
    unsigned run, right, not_run;
    unsigned asked, same, only_here, only_linux, linux_unlike;
} all;

static void disagree(const struct table_case *c, const char *what, const char *why)
{
    printf("  %s \"%s\": %s: ", c->file, c->name, what);
    for (; *why != '\0'; why++)
        putchar(*why == '\n' ? ' ' : *why);
    putchar('\n');
}

static void check_values(const struct table_case *c, const struct bpf_prog *prog)
{
    char text[128] = "";
    for (uint32_t i = 0; c->run_count <= TABLE_RUN_MAX && i < c->run_count; i++) {
        uint64_t r0 = 0;
        int err = test_run(prog, c->runs[i].packet, &r0, text, sizeof text);
        if (err == -EOPNOTSUPP) {
            all.not_run++;
            return;
        }
        all.run++;
        if (err == 0 && (c->runs[i].value == ANY_VALUE || (uint32_t)r0 == c->runs[i].value)) {
            all.right++;
            continue;
        }
        if (err == 0)
            snprintf(text, sizeof text, "run %u gives %u instead of %u", i, (uint32_t)r0,
                     c->runs[i].value);
        disagree(c, "WRONG VALUE", text);
    }
}

static void ask_linux(const struct table_case *c, const struct bpf_insn *insns,
                      const struct request *r, bool here, const char *text)
{
    struct table_linux_program p = {
        .insns = insns,
        .insn_count = c->insn_count,
        .prog_type = c->prog_type,
        .attach_type =
            c->prog_type == BPF_LINUX_CGROUP_SOCK && c->attach_type == 0 ? 2 : c->attach_type,
        .attach_btf_id = r->verify.attach_btf_id,
        .flags = c->load_flags,
        .functions = &c->functions[0].insn_index,
        .function_count = c->function_count,
    };
    uint8_t btf[BTF_MAX];
    p.btf = btf;
    p.btf_size = c->type_bytes == 0
                     ? 0
                     : make_btf(c->types, c->type_bytes, c->strings, sizeof c->strings, btf);
    char log[256] = "";
    int err = tables_linux_load(&p, r->verify.maps, r->map_count, log, sizeof log);
    if (err == -ENODEV)
        return;
    all.asked++;
    all.same += here == (err == 0);
    all.linux_unlike += (err == 0) != c->accepted;
    if ((err == 0) != c->accepted)
        disagree(c,
                 err == 0 ? "the running kernel accepts, 6.12 refuses"
                          : "the running kernel refuses, 6.12 accepts",
                 log);
    if (here && err != 0)
        all.only_here++;
    if (!here && err == 0) {
        all.only_linux++;
        disagree(c, "the running kernel accepts", text);
    }
}

static void judge(const struct table_case *c, struct bpf_insn *insns, bool with_linux)
{
    struct request r;
    struct bpf_verify_result result = { 0 };
    make_request(c, insns, &r);
    if (r.skip != NULL) {
        all.skipped++;
        drop_request(&r);
        return;
    }
    r.verify.check_only = true;
    int err = r.verify.context == NULL ? -EINVAL : bpf_verify(&r.verify, &result);
    all.judged++;
    if (c->accepted && err != 0) {
        all.refused++;
        disagree(c, "REFUSED, Linux accepts", result.text);
    } else if (!c->accepted && err == 0) {
        all.unsafe++;
        disagree(c, "ACCEPTED, Linux refuses", c->message);
    } else {
        all.agreed++;
        if (!c->accepted && judge_is_unsupported(&result) && r.verify.context != NULL)
            disagree(c, "refused as unknown (counts as agreed)", result.text);
    }
    if (with_linux && c->fixups[TABLE_map_kptr][0] == 0)
        ask_linux(c, insns, &r, err == 0, result.text);
    if (err == 0 && c->accepted) {
        r.verify.check_only = false;
        if (bpf_verify(&r.verify, &result) == 0)
            check_values(c, result.prog);
        else
            all.not_run++;
        bpf_prog_destroy(result.prog);
    }
    drop_request(&r);
}

int main(int argc, char **argv)
{
    const unsigned known_refused = 4; /* docs/CAVEATS.md */
    bool with_linux = argc > 2 && strcmp(argv[2], "--linux") == 0;
    FILE *file = argc < 2 ? NULL : fopen(argv[1], "rb");
    static struct table_case c;
    env = judge_env();
    if (file == NULL || env == NULL || fread(&types, sizeof types, 1, file) != 1) {
        fprintf(stderr, "usage: bpf-selftest-tables FILE [--linux]\n");
        return 2;
    }
    kernel_types = add_module_types(judge_kernel_types());
    map_types = parse_btf(types.types, types.type_bytes, types.strings, types.string_bytes);
    while (fread(&c, sizeof c, 1, file) == 1) {
        struct bpf_insn *insns = calloc(c.insn_count + 1u, sizeof *insns);
        if (insns == NULL || fread(insns, sizeof *insns, c.insn_count, file) != c.insn_count)
            break;
        judge(&c, insns, with_linux);
        free(insns);
    }
    fclose(file);
    bpf_btf_put(map_types);
    bpf_btf_put(kernel_types);
    judge_end();
    printf("%u of %u verdicts agree; %u accepted that Linux refuses, %u refused that it accepts; "
           "%u skipped (a kernel "
           "module); %u of %u values right, %u programs not run\n",
           all.agreed, all.judged, all.unsafe, all.refused, all.skipped, all.right, all.run,
           all.not_run);
    if (all.asked != 0)
        printf("the running kernel: %u of %u verdicts are ours, %u accepted here only, %u there "
               "only; it differs from "
               "6.12 in %u\n",
               all.same, all.asked, all.only_here, all.only_linux, all.linux_unlike);
    return all.judged == 0 || all.unsafe != 0 || all.refused > known_refused ||
           all.run != all.right;
}
