/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* Writes Linux's table tests of its verifier into a file (tables.h): `tables-dump >FILE`.
 *
 * Compiled by tables.sh against the kernel package's headers. tables_extract.h, made by it, is the part of the
 * package's test_verifier.c that declares the table and fills in its long programs; verifier/tests.h is the table. */
#include <assert.h>
#include <errno.h>
#include <limits.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <linux/types.h>

#include <linux/bpf.h>
#include <linux/bpf_perf_event.h>
#include <linux/btf.h>
#include <linux/filter.h>
#include <linux/if_ether.h>

#include "bpf_rand.h"
#include "test_btf.h"

#include "tables.h"

#ifndef ARRAY_SIZE
#define ARRAY_SIZE(array) (sizeof(array) / sizeof *(array))
#endif
#ifndef offsetofend
#define offsetofend(type, member) (offsetof(type, member) + sizeof(((type *)0)->member))
#endif
#include "tables_extract.h"

#define FLAG_STRICT (1u << 0)
#define FLAG_ANY    (1u << 1)

/* tables.sh puts a case of this name before those of each file. */
#define FILE_MARK '@'

static void put_text(char *to, size_t size, const char *from)
{
    snprintf(to, size, "%s", from == NULL ? "" : from);
}

static void put_runs(const struct bpf_test *test, struct table_case *out)
{
    int runs = test->runs == 0 ? 1 : test->runs;
    out->run_count = runs < 0 ? UINT32_MAX : (uint32_t)runs;
    for (int i = 0; i < runs; i++) {
        out->runs[i].value = test->retvals[i].retval;
        memcpy(out->runs[i].packet, test->retvals[i].data, sizeof out->runs[i].packet);
    }
}

/* The flags that it is loaded with. */
static uint32_t load_flags(const struct bpf_test *test)
{
    uint32_t flags = test->flags & ~3u;
    if (test->flags & F_LOAD_WITH_STRICT_ALIGNMENT)
        flags |= FLAG_STRICT;
    if (test->flags & F_NEEDS_EFFICIENT_UNALIGNED_ACCESS)
        flags |= FLAG_ANY;
    return flags;
}

static void put_types(const struct bpf_test *test, struct table_case *out)
{
    uint32_t count = 0;
    if (test->btf_types[0] == 0)
        return;
    while (count < MAX_BTF_TYPES && test->btf_types[count] != BTF_END_RAW)
        count++;
    out->type_bytes = count * (uint32_t)sizeof *test->btf_types;
    memcpy(out->types, test->btf_types, out->type_bytes);
    memcpy(out->strings, test->btf_strings, sizeof out->strings);
}

/* Instructions: those that are not all zeros, or what was filled in. */
static const struct bpf_insn *find_insns(struct bpf_test *test, uint32_t *count)
{
    if (test->fill_helper != NULL) {
        test->fill_insns = calloc(MAX_TEST_INSNS, sizeof *test->fill_insns);
        test->fill_helper(test);
        *count = (uint32_t)test->prog_len;
        return test->fill_insns;
    }
    *count = MAX_INSNS;
    while (*count > 1 && test->insns[*count - 1].code == 0 && test->insns[*count - 1].imm == 0)
        --*count;
    return test->insns;
}

static void put_case(struct bpf_test *test, const char *file)
{
    static struct table_case out;
    memset(&out, 0, sizeof out);
    const struct bpf_insn *insns = find_insns(test, &out.insn_count);
    put_text(out.file, sizeof out.file, file);
    put_text(out.name, sizeof out.name, test->descr);
    put_text(out.message, sizeof out.message, test->errstr);
    put_text(out.attach, sizeof out.attach, test->kfunc);
#define PUT_FIXUPS(name)                 \
    for (int i = 0; i < MAX_FIXUPS; i++) \
        out.fixups[TABLE_##name][i] = (uint32_t)test->fixup_##name[i];
    TABLE_MAPS(PUT_FIXUPS)
    for (int i = 0; i < MAX_FIXUPS && test->fixup_kfunc_btf_id[i].kfunc != NULL; i++) {
        put_text(out.kfuncs[i].name, sizeof out.kfuncs[i].name, test->fixup_kfunc_btf_id[i].kfunc);
        out.kfuncs[i].insn_index = (uint32_t)test->fixup_kfunc_btf_id[i].insn_idx;
    }
    out.accepted = test->result == ACCEPT || test->result == VERBOSE_ACCEPT;
    out.prog_type = test->prog_type != 0 ? test->prog_type : BPF_PROG_TYPE_SOCKET_FILTER;
    out.attach_type = test->expected_attach_type;
    out.load_flags = load_flags(test);
    put_runs(test, &out);
    out.function_count = (uint32_t)test->func_info_cnt;
    for (uint32_t i = 0; i < out.function_count; i++) {
        out.functions[i].insn_index = test->func_info[i].insn_off;
        out.functions[i].type_id = test->func_info[i].type_id;
    }
    put_types(test, &out);
    fwrite(&out, sizeof out, 1, stdout);
    fwrite(insns, sizeof *insns, out.insn_count, stdout);
    free(test->fill_insns);
}

int main(void)
{
    static struct table_types types = { .type_bytes = sizeof btf_raw_types,
                                        .string_bytes = sizeof btf_str_sec };
    const char *file = "";
    _Static_assert(sizeof btf_raw_types <= sizeof types.types, "room for them");
    _Static_assert(sizeof btf_str_sec <= sizeof types.strings, "room for them");
    memcpy(types.types, btf_raw_types, sizeof btf_raw_types);
    memcpy(types.strings, btf_str_sec, sizeof btf_str_sec);
    fwrite(&types, sizeof types, 1, stdout);
    srand(1);
    for (size_t i = 0; i < ARRAY_SIZE(tests); i++) {
        if (tests[i].descr[0] == FILE_MARK)
            file = tests[i].descr + 1;
        else
            put_case(&tests[i], file);
    }
    return ferror(stdout) || fflush(stdout) != 0;
}
