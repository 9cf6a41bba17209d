/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* The table of Linux's helpers against the names and numbers of this machine's own linux/bpf.h, and
 * against itself. */
#include <bpf_linux/contexts.h>
#include <bpf_linux/helpers.h>

#include <string.h>
#include <tests/check_main.h>

/* linux/bpf.h and bpf/insn.h cannot be seen by one source: names from the text. */
#include <stdio.h>

#define ID_MAX 300
static char linux_names[ID_MAX][64];

static unsigned read_names(void)
{
    FILE *file = fopen("/usr/include/linux/bpf.h", "r");
    char line[400], name[64];
    unsigned count = 0, number;
    bool inside = false;
    while (file != NULL && fgets(line, sizeof line, file) != NULL) {
        if (strstr(line, "BPF_FUNC_MAPPER(FN") != NULL)
            inside = true;
        else if (inside && sscanf(line, " FN(%63[a-z0-9_A-Z])", name) == 1 && count < ID_MAX)
            strcpy(linux_names[count++], name);
        else if (inside && sscanf(line, " FN(%63[a-z0-9_A-Z], %u", name, &number) == 2 &&
                 number < ID_MAX)
            strcpy(linux_names[count = number], name), count++;
        else if (inside && count > 0)
            break;
    }
    if (file != NULL)
        fclose(file);
    return count;
}

START_TEST(every_helper_of_linux_has_its_number)
{
    unsigned count = read_names();
    if (count == 0) {
        printf("skipped: no /usr/include/linux/bpf.h\n");
        return;
    }
    ck_assert_uint_gt(count, 180);
    struct bpf_env env = { .helpers = bpf_linux_helpers, .helper_count = bpf_linux_helper_count };
    for (unsigned id = 1; id < count; id++) {
        const struct bpf_helper *row = bpf_helper_find(&env, id);
        ck_assert_msg(row != NULL, "no row for %s", linux_names[id]);
        ck_assert_str_eq(row->name, linux_names[id]);
    }
}
END_TEST

START_TEST(rows_are_sorted_and_make_sense)
{
    for (uint32_t i = 0; i < bpf_linux_helper_count; i++) {
        const struct bpf_helper *row = &bpf_linux_helpers[i];
        ck_assert(i == 0 || row[-1].id <= row->id);
        ck_assert_msg(row->prog_types != 0, "%s: nobody may call it", row->name);
        bool has_map = false, has_btf = false, has_callback = false, has_size = false;
        for (int a = 0; a < BPF_HELPER_ARG_MAX; a++) {
            enum bpf_arg_type type = row->args[a] & BPF_ARG_BASE;
            has_map |= type == BPF_ARG_MAP;
            has_btf |= type == BPF_ARG_BTF;
            has_callback |= type == BPF_ARG_CALLBACK;
            has_size |= type == BPF_ARG_SIZE || type == BPF_ARG_SIZE_OR_ZERO;
            bool memory =
                type == BPF_ARG_MEM_READ || type == BPF_ARG_MEM_WRITE || type == BPF_ARG_MEM_UPDATE;
            enum bpf_arg_type next =
                a + 1 < BPF_HELPER_ARG_MAX ? row->args[a + 1] & BPF_ARG_BASE : BPF_ARG_NONE;
            ck_assert_msg(memory == (next == BPF_ARG_SIZE || next == BPF_ARG_SIZE_OR_ZERO),
                          "%s: memory and its size belong together", row->name);
            bool fixed = type >= BPF_ARG_FIXED_READ && type <= BPF_ARG_FIXED_UPDATE;
            ck_assert_msg(fixed == (row->fixed_sizes[a] != 0), "%s: a fixed size", row->name);
        }
        ck_assert_msg(has_map == (row->map_types != 0), "%s: a map and its types", row->name);
        ck_assert_msg(has_btf == (row->btf_name != NULL) || row->returns == BPF_RETURN_KPTR_OR_NULL,
                      "%s: a BTF argument and its name", row->name);
        ck_assert_msg(has_callback == (row->callback != BPF_CALLBACK_NONE), "%s", row->name);
        ck_assert_msg(row->returns != BPF_RETURN_SIZE || has_size, "%s", row->name);
        bool gives_btf = row->returns == BPF_RETURN_BTF || row->returns == BPF_RETURN_BTF_OR_NULL;
        ck_assert_msg(gives_btf == (row->return_name != NULL), "%s: its result", row->name);
    }
}
END_TEST

START_TEST(a_meaning_depends_on_the_kind_of_program)
{
    struct bpf_env env = { .helpers = bpf_linux_helpers, .helper_count = bpf_linux_helper_count };
    struct bpf_context_layout xdp = { .prog_type = BPF_LINUX_XDP };
    struct bpf_context_layout tracing = { .prog_type = BPF_LINUX_TRACING };
    struct bpf_context_layout lookup = { .prog_type = BPF_LINUX_SK_LOOKUP };
    ck_assert(bpf_helper_find_for(&env, 188, &xdp)->args[0] == BPF_ARG_CONTEXT);
    ck_assert(bpf_helper_find_for(&env, 188, &tracing)->args[0] == BPF_ARG_BTF);
    ck_assert(!bpf_helper_allowed(bpf_helper_find_for(&env, 188, &lookup), &lookup));
    ck_assert_ptr_null(bpf_helper_find_for(&env, 212, &xdp));
    ck_assert_ptr_null(bpf_helper_find(&env, 0));
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("bpf/linux/helpers");
    TCase *tests = tcase_create("table");
    tcase_add_test(tests, every_helper_of_linux_has_its_number);
    tcase_add_test(tests, rows_are_sorted_and_make_sense);
    tcase_add_test(tests, a_meaning_depends_on_the_kind_of_program);
    suite_add_tcase(suite, tests);
    return check_main(suite);
}
