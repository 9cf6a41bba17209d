/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* The cases of tests/bpf/cases/: programs as text with the verdict that they must get.
 *
 *     case:    index into a value, bounded by a mask
 *     context: gpio/                        (a section; this one if left out)
 *     pre:     r6 = map_value(array8), r1 = scalar
 *     code:    r1 &= 7; r6 += r1
 *              r0 = *(u8 *)(r6 + 0); exit
 *     expect:  accept
 *     expect:  refuse out of bounds "r6"    (reason, and words that the text must have)
 *     result:  5                            (accepted: what it returns for a context of zeros)
 *
 * `pre` sets registers up: map_value(NAME) is a looked up value not NULL, record(BYTES) a reserved
 * record, scalar a number of which nothing is known. R9 then holds the context. `kcall NAME` calls a kernel function
 * (generated_btf.c). An accepted program
 * is run, with contexts of zeros, of ones and of noise, in the checked interpreter and in the
 * ordinary one: no bad access, equal results. */
#include "assembler.h"
#include "generated_btf.h"
#include "host_env.h"

#include <bpf/btf.h>
#include <bpf/interp.h>
#include <bpf/verifier.h>
#include <bpf_unverified/unverified.h>

#include <bpf_linux/contexts.h>
#include <bpf_linux/helpers.h>
#include <bpf_linux/kfuncs.h>

#include <check.h>
#include <ctype.h>
#include <dirent.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* --- The maps that cases may name
 * -------------------------------------------------------------------------------------- */

static const struct bpf_map_spec specs[] = {
    MAP_SPEC("array8", BPF_MAP_TYPE_ARRAY, 4, 8, 4, 0),
    MAP_SPEC("array64", BPF_MAP_TYPE_ARRAY, 4, 64, 4, 0),
    MAP_SPEC("array48", BPF_MAP_TYPE_ARRAY, 4, 48, 1, 0),
    MAP_SPEC("hash16", BPF_MAP_TYPE_HASH, 8, 16, 8, 0),
    MAP_SPEC("ring", BPF_MAP_TYPE_RINGBUF, 0, 0, 4096, 0),
    MAP_SPEC("series", AXIOM_MAP_TYPE_TIMESERIES, 4, 16, 8, 0),
    MAP_SPEC("rodata", BPF_MAP_TYPE_ARRAY, 4, 32, 1, BPF_F_RDONLY_PROG),
    MAP_SPEC("bss", BPF_MAP_TYPE_ARRAY, 4, 64, 1, 0),
    MAP_SPEC("progs", BPF_MAP_TYPE_PROG_ARRAY, 4, 4, 2, 0),
};
#define MAP_COUNT (sizeof specs / sizeof specs[0])

static struct host_env host;
static struct bpf_map *maps[MAP_COUNT];

static void make_maps(void)
{
    host_env_init(&host);
    for (size_t i = 0; i < MAP_COUNT; i++) {
        struct bpf_error error;
        int err = bpf_map_create(&host.env, &specs[i], &maps[i], &error);
        ck_assert_msg(err == 0, "%s: %s", specs[i].name, error.text);
    }
}

static void put_maps(void)
{
    for (size_t i = 0; i < MAP_COUNT; i++)
        bpf_map_put(maps[i]);
}

/* --- Reading case files
 * ------------------------------------------------------------------------------------------------
 */

struct test_case {
    const char *file;
    unsigned line;
    char name[120], context[40], pre[200], code[8000], expect[200], result[40];
};

#define CASE_MAX 600
static struct test_case *cases[CASE_MAX];
static int case_count;

static void strip(char *text)
{
    size_t length = strlen(text);
    while (length > 0 && isspace((unsigned char)text[length - 1]))
        text[--length] = '\0';
}

static const char *value_of(const char *line, const char *key)
{
    size_t length = strlen(key);
    if (strncmp(line, key, length) != 0 || line[length] != ':')
        return NULL;
    line += length + 1;
    return line + strspn(line, " \t");
}

static void append(char *to, size_t size, const char *text)
{
    ck_assert_uint_lt(strlen(to) + strlen(text) + 2, size);
    strcat(to, text);
    strcat(to, "\n");
}

/* `pre` as instructions. */
static void add_setup(const char *pre, char *code, size_t size)
{
    char copy[200], *item, *rest = copy;
    if (*pre == '\0')
        return;
    snprintf(copy, sizeof copy, "%s", pre);
    append(code, size, "r9 = r1");
    while ((item = strsep(&rest, ",")) != NULL) {
        char text[400], name[40];
        unsigned reg, bytes;
        if (sscanf(item, " r%u = map_value(%39[a-z0-9])", &reg, name) == 2) {
            const char *key = strcmp(name, "hash16") == 0 ? "u64" : "u32";
            snprintf(
                text, sizeof text,
                "*(%s *)(r10 - 512) = 0; r2 = r10; r2 += -512; r1 = map[%s]; call map_lookup_elem\n"
                "if r0 != 0 goto +2; r0 = 0; exit; r%u = r0",
                key, name, reg);
        } else if (sscanf(item, " r%u = record(%u)", &reg, &bytes) == 2) {
            snprintf(text, sizeof text,
                     "r1 = map[ring]; r2 = %u; r3 = 0; call ringbuf_reserve; if r0 != 0 goto +2; "
                     "r0 = 0; exit; r%u = r0",
                     bytes, reg);
        } else if (sscanf(item, " r%u = scalar", &reg) == 1 && strstr(item, "= scalar") != NULL) {
            snprintf(text, sizeof text, "r%u = *(u64 *)(r9 + 0)", reg);
        } else {
            ck_abort_msg("pre: '%s'", item);
        }
        append(code, size, text);
    }
}

/* --- Running a case
 * ----------------------------------------------------------------------------------------------------
 */

static _Alignas(16) uint8_t stack[BPF_RUN_STACK_SIZE];

static void run_both(const struct test_case *c, const struct bpf_prog *prog, int kind)
{
    uint64_t context[AXIOM_BPF_CONTEXT_SLOT_MAX], copy[AXIOM_BPF_CONTEXT_SLOT_MAX];
    for (unsigned i = 0; i < AXIOM_BPF_CONTEXT_SLOT_MAX; i++)
        context[i] = kind == 0   ? 0
                     : kind == 1 ? UINT64_MAX
                                 : ((uint64_t)kind * 0x9e3779b97f4a7c15u) * (i + 3) >> kind;
    memcpy(copy, context, sizeof copy);
    struct bpf_run run = { .stack = stack, .stack_size = sizeof stack, .insn_limit = 10000000 };
    struct bpf_region region = { copy, bpf_context_size(bpf_prog_context(prog)), true };
    uint64_t checked = bpf_prog_run_checked(prog, copy, 0, &region, 1, &run);
    ck_assert_msg(run.error == 0, "%s:%u: %s: accepted, but its run fails at insn %u with %d",
                  c->file, c->line, c->name, run.error_insn, run.error);
    ck_assert_msg(run.insn_count <= bpf_prog_bounds(prog)->worst_case_insns,
                  "%s:%u: %s: ran %" PRIu64 " instructions, worst case was %" PRIu64, c->file,
                  c->line, c->name, run.insn_count, bpf_prog_bounds(prog)->worst_case_insns);
    if (kind == 0 && c->result[0] != '\0')
        ck_assert_msg((int64_t)checked == strtoll(c->result, NULL, 0),
                      "%s:%u: %s: returns %" PRId64, c->file, c->line, c->name, (int64_t)checked);
    /* Only where nothing of the first run remains in maps can the second be compared. */
    bool has_state = strstr(c->code, "map[") != NULL || strchr(c->pre, '(') != NULL;
    memcpy(copy, context, sizeof copy);
    uint64_t plain = bpf_prog_run(prog, copy, &run);
    ck_assert_msg(has_state || plain == checked,
                  "%s:%u: %s: %" PRIu64 " checked, %" PRIu64 " plain", c->file, c->line, c->name,
                  checked, plain);
}

static void check_refusal(const struct test_case *c, const struct bpf_verify_result *result)
{
    char reason[60] = "", words[120] = "";
    int count = sscanf(c->expect, "refuse %59[^\"\n]\"%119[^\"]\"", reason, words);
    ck_assert_msg(count >= 1, "%s:%u: expect: '%s'", c->file, c->line, c->expect);
    strip(reason);
    ck_assert_msg(strcmp(bpf_reject_name(result->reason), reason) == 0,
                  "%s:%u: %s: expected '%s', got '%s': %s", c->file, c->line, c->name, reason,
                  bpf_reject_name(result->reason), result->text);
    ck_assert_msg(strstr(result->text, words) != NULL, "%s:%u: %s: no \"%s\" in: %s", c->file,
                  c->line, c->name, words, result->text);
    if (getenv("AXIOM_VERBOSE") != NULL)
        printf("%s: %s\n", c->name, result->text);
}

/* Axiom's attach points, and Linux's kinds of program, which are only judged. */
static const struct bpf_context_layout *context_of(const char *section)
{
    const struct bpf_context_layout *own = bpf_context_by_section(section);
    return own != NULL ? own : bpf_linux_context_by_section(section);
}

/* `text` with calls of kernel functions as the assembler has them. */
static void add_code(const char *text, char *code, size_t size)
{
    char part[sizeof cases[0]->code], name[40];
    for (const char *call; (call = strstr(text, "kcall ")) != NULL; text = call + 6 + strlen(name)) {
        snprintf(part, sizeof part, "%.*s", (int)(call - text), text);
        append(code, size, part);
        ck_assert_int_eq(sscanf(call, "kcall %39[a-z_]", name), 1);
        ck_assert_msg(generated_kfunc_named(name) != 0, "%s()", name);
        snprintf(part, sizeof part, ".insn 0x85 0 2 0 %d", generated_kfunc_named(name));
        code[strlen(code) - 1] = ' ';
        append(code, size, part);
        code[strlen(code) - 1] = ' ';
    }
    append(code, size, text);
}

/* The kernel is Linux then. */
static struct bpf_btf *make_kernel_btf(void)
{
    uint8_t bytes[GENERATED_KERNEL_BTF_MAX];
    struct bpf_btf *btf = NULL;
    struct bpf_error error;
    int err = bpf_btf_parse(&host.env, bytes, generated_kernel_btf(bytes), &btf, &error);
    ck_assert_msg(err == 0, "%s", error.text);
    host.env.helpers = bpf_linux_helpers;
    host.env.helper_count = bpf_linux_helper_count;
    host.env.kfuncs = bpf_linux_kfuncs;
    host.env.kfunc_count = bpf_linux_kfunc_count;
    return btf;
}

static void run_case(const struct test_case *c)
{
    static struct assembly assembly;
    static char code[9000];
    bool calls_kernel = strstr(c->code, "kcall ") != NULL;
    code[0] = '\0';
    add_setup(c->pre, code, sizeof code);
    add_code(c->code, code, sizeof code);
    make_maps();
    ck_assert_msg(assemble(code, maps, MAP_COUNT, &assembly), "%s:%u: %s: %s", c->file, c->line,
                  c->name, assembly.error);
    struct bpf_verify_request request = {
        .env = &host.env,
        .name = c->name,
        .insns = assembly.insns,
        .insn_count = assembly.insn_count,
        .maps = maps,
        .map_count = MAP_COUNT,
        .context = context_of(c->context[0] != '\0' ? c->context : "gpio/"),
        .kernel_btf = calls_kernel ? make_kernel_btf() : NULL,
        .check_only = calls_kernel,
    };
    struct bpf_verify_result result;
    int err = bpf_verify(&request, &result);
    if (strcmp(c->expect, "accept") == 0) {
        ck_assert_msg(err == 0, "%s:%u: %s: %s", c->file, c->line, c->name, result.text);
        for (int kind = 0; kind < 6 && request.context->slot_count != 0; kind++)
            run_both(c, result.prog, kind);
        bpf_prog_destroy(result.prog);
    } else {
        ck_assert_msg(err != 0, "%s:%u: %s: accepted", c->file, c->line, c->name);
        check_refusal(c, &result);
        ck_assert_ptr_null(result.prog);
    }
    bpf_btf_put(request.kernel_btf);
    put_maps();
    ck_assert_int_eq(host.live_bytes, 0);
}

static struct test_case *new_case(const char *file, unsigned line, const char *name)
{
    if (case_count == CASE_MAX)
        abort();
    struct test_case *c = calloc(1, sizeof *c);
    c->file = strdup(file);
    c->line = line;
    snprintf(c->name, sizeof c->name, "%s", name);
    cases[case_count++] = c;
    return c;
}

/* The member that a line's key names. */
static char *member_of(struct test_case *c, const char *line, size_t *size, const char **value)
{
    if ((*value = value_of(line, "context")) != NULL)
        return *size = sizeof c->context, c->context;
    if ((*value = value_of(line, "pre")) != NULL)
        return *size = sizeof c->pre, c->pre;
    if ((*value = value_of(line, "code")) != NULL)
        return *size = sizeof c->code, c->code;
    if ((*value = value_of(line, "expect")) != NULL)
        return *size = sizeof c->expect, c->expect;
    if ((*value = value_of(line, "result")) != NULL)
        return *size = sizeof c->result, c->result;
    return NULL;
}

static void read_file(const char *path)
{
    FILE *file = fopen(path, "r");
    struct test_case *c = NULL;
    char line[400];
    unsigned number = 0;
    while (file != NULL && fgets(line, sizeof line, file) != NULL) {
        const char *value;
        size_t size;
        number++;
        strip(line);
        if (line[0] == '\0' || line[0] == '#')
            continue;
        if ((value = value_of(line, "case")) != NULL) {
            c = new_case(strrchr(path, '/') + 1, number, value);
            continue;
        }
        char *member = c != NULL ? member_of(c, line, &size, &value) : NULL;
        if (member != NULL && member != c->code) {
            snprintf(member, size, "%s", value);
        } else if (c != NULL && (member != NULL || isspace((unsigned char)line[0]))) {
            strcat(strcat(c->code, member != NULL ? value : line), "\n");
        } else {
            fprintf(stderr, "%s:%u: '%s' is no line of a case\n", path, number, line);
            exit(1);
        }
    }
    if (file != NULL)
        fclose(file);
}

static int by_name(const void *a, const void *b)
{
    return strcmp(a, b);
}

static void read_files(void)
{
    static char files[64][300];
    size_t count = 0;
    const char *folder = AXIOM_SOURCE_DIR "/tests/bpf/cases";
    DIR *dir = opendir(folder);
    for (struct dirent *entry; dir != NULL && (entry = readdir(dir)) != NULL && count < 64;)
        if (strstr(entry->d_name, ".txt") != NULL)
            snprintf(files[count++], sizeof files[0], "%s/%s", folder, entry->d_name);
    if (dir != NULL)
        closedir(dir);
    qsort(files, count, sizeof files[0], by_name);
    for (size_t i = 0; i < count; i++)
        read_file(files[i]);
}

START_TEST(every_case_gets_its_verdict)
{
    run_case(cases[_i]);
}
END_TEST

START_TEST(the_cases_are_there)
{
    ck_assert_int_gt(case_count, 200);
}
END_TEST

int main(void)
{
    read_files();
    Suite *suite = suite_create("bpf/verifier/cases");
    TCase *tests = tcase_create("cases");
    tcase_set_timeout(tests, 60);
    tcase_add_test(tests, the_cases_are_there);
    tcase_add_loop_test(tests, every_case_gets_its_verdict, 0, case_count);
    suite_add_tcase(suite, tests);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_NORMAL);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    for (int i = 0; i < case_count; i++) {
        free((void *)(uintptr_t)cases[i]->file);
        free(cases[i]);
    }
    return failed != 0;
}
