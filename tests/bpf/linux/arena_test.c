/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* Arenas: which can be, which programs have one, and that nothing here runs them. What is done with addresses in them
 * the running kernel says (sweep.c, ../selftests/programs/arena.c). */
#include "../prog_builder.h"
#include "host_env.h"

#include <axiom/errno.h>
#include <bpf/verifier.h>
#include <bpf_linux/contexts.h>
#include <bpf_linux/helpers.h>
#include <bpf_linux/maps.h>

#include <string.h>
#include <tests/check_main.h>

#define ARENA               33u
#define MMAPABLE            (1u << 10)
#define TO_KERNEL(dst, src) I(BPF_ALU64 | BPF_MOV | BPF_X, dst, src, 1, BPF_CAST_TO_KERNEL)

static struct host_env host;
static struct bpf_map *maps[2];

static int create(uint32_t key_size, uint32_t pages, uint32_t flags, uint64_t place,
                  struct bpf_map **out)
{
    const struct bpf_map_spec spec = { .name = "arena",
                                       .type = ARENA,
                                       .key_size = key_size,
                                       .max_entries = pages,
                                       .flags = flags,
                                       .map_extra = place };
    return bpf_linux_map_create(&host.env, &spec, out, NULL);
}

static void setup(void)
{
    host_env_init(&host);
    host.env.helpers = bpf_linux_helpers;
    host.env.helper_count = bpf_linux_helper_count;
    for (int i = 0; i < 2; i++)
        ck_assert_int_eq(create(0, 2, MMAPABLE, 0, &maps[i]), 0);
}

static void teardown(void)
{
    for (int i = 0; i < 2; i++)
        bpf_map_put(maps[i]);
}

/* kernel/bpf/arena.c, arena_map_alloc() */
START_TEST(definitions_are_linuxs)
{
    const uint32_t whole = 1u << 20; /* pages of 4 GiB */
    const struct {
        uint32_t key_size, pages, flags;
        uint64_t place;
        int error;
    } rows[] = {
        { 0, 1, MMAPABLE, 0, 0 },
        { 0, whole, MMAPABLE, 0, 0 },
        { 0, 1, MMAPABLE | 1u << 17 | 1u << 18, UINT64_C(1) << 44, 0 },
        { 4, 1, MMAPABLE, 0, -EINVAL },
        { 0, 0, MMAPABLE, 0, -EINVAL },
        { 0, 1, 0, 0, -EINVAL },
        { 0, 1, MMAPABLE | 1u << 2, 0, -EINVAL },
        { 0, 1, MMAPABLE, 4097, -EINVAL },
        { 0, whole + 1, MMAPABLE, 0, -E2BIG },
        { 0, 2, MMAPABLE, 0xfffff000, -ERANGE },
        { 0, 1, MMAPABLE, 0xfffff000, 0 },
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct bpf_map *map = NULL;
        int err = create(rows[i].key_size, rows[i].pages, rows[i].flags, rows[i].place, &map);
        ck_assert_msg(err == rows[i].error, "row %zu: %d", i, err);
        if (err == 0)
            bpf_map_put(map);
    }
}
END_TEST

static int verify(const char *section, const struct bpf_insn *insns, uint32_t count,
                  bool check_only, const char *words)
{
    static struct bpf_verify_result result;
    const struct bpf_context_layout *own = bpf_context_by_section(section);
    const struct bpf_verify_request request = {
        .env = &host.env,
        .name = "arena",
        .insns = insns,
        .insn_count = count,
        .maps = maps,
        .map_count = 2,
        .context = own != NULL ? own : bpf_linux_context_by_section(section),
        .memory_limit = (size_t)1 << 20,
        .check_only = check_only,
    };
    int err = bpf_verify(&request, &result);
    ck_assert_msg(words == NULL || strstr(result.text, words) != NULL, "%s", result.text);
    return err;
}

#define VERIFY(check_only, words, ...)                                             \
    __extension__({                                                                \
        const struct bpf_insn insns_[] = { __VA_ARGS__, MOV_K(0, 0), EXIT() };     \
        verify("tc", insns_, sizeof insns_ / sizeof *insns_, check_only, (words)); \
    })

START_TEST(a_program_has_one_arena)
{
    ck_assert_int_eq(VERIFY(true, NULL, LDDW_MAP(1, 0), TO_KERNEL(2, 1), LDX(BPF_DW, 3, 2, -7)), 0);
    ck_assert_int_eq(VERIFY(true, NULL, LDDW_MAP(1, 0), LDDW_VALUE(1, 0, 4096), TO_KERNEL(2, 1)),
                     0);
    ck_assert_int_eq(VERIFY(true, "one arena per program", LDDW_MAP(1, 0), LDDW_MAP(2, 1)), -EBUSY);
    ck_assert_int_eq(
        VERIFY(true, "one arena per program", LDDW_VALUE(1, 1, 0), LDDW_VALUE(2, 0, 0)), -EBUSY);
    ck_assert_int_eq(VERIFY(true, "names no arena", MOV_K(1, 0), TO_KERNEL(2, 1)), -EINVAL);
}
END_TEST

START_TEST(variables_lie_inside)
{
    ck_assert_int_eq(
        VERIFY(true, NULL, LDDW_VALUE(1, 0, 8192), TO_KERNEL(2, 1), LDX(BPF_B, 3, 2, 0)), 0);
    ck_assert_int_eq(VERIFY(true, "which has 8192", LDDW_VALUE(1, 0, 8193)), -EINVAL);
    ck_assert_int_eq(VERIFY(true, "no memory to access", LDDW_VALUE(1, 0, 0), LDX(BPF_B, 3, 1, 0)),
                     -EACCES);
}
END_TEST

/* Sums with the address and without it, of 64 bits, on two paths. */
START_TEST(arithmetic_is_with_it_always_or_never)
{
    ck_assert_int_eq(VERIFY(true, "on one path", LDX(BPF_W, 7, 1, 0), LDDW_MAP(1, 0), MOV_K(2, 1),
                            JUMP_K(BPF_JEQ, 7, 0, 1), TO_KERNEL(2, 2), ALU_K(BPF_ADD, 2, 8)),
                     -EINVAL);
    ck_assert_int_eq(VERIFY(true, NULL, LDX(BPF_W, 7, 1, 0), LDDW_MAP(1, 0), MOV_K(2, 1),
                            JUMP_K(BPF_JEQ, 7, 0, 1), TO_KERNEL(2, 2), ALU32_K(BPF_ADD, 2, 8)),
                     0);
}
END_TEST

/* The proof holds where there is an arena: not here. */
START_TEST(no_program_with_an_address_is_made)
{
    ck_assert_int_eq(VERIFY(false, "there are no arenas here", LDDW_MAP(1, 0), TO_KERNEL(2, 1)),
                     -EINVAL);
    ck_assert_int_eq(VERIFY(false, "outside of the map's value", LDDW_VALUE(1, 0, 0)), -EINVAL);
    const struct bpf_insn insns[] = { LDDW_MAP(1, 0), MOV_K(0, 0), EXIT() };
    ck_assert_int_eq(verify("gpio/", insns, 4, true, "have no arenas"), -EPERM);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("bpf arenas");
    TCase *tcase = tcase_create("arena");
    tcase_add_checked_fixture(tcase, setup, teardown);
    tcase_add_test(tcase, definitions_are_linuxs);
    tcase_add_test(tcase, a_program_has_one_arena);
    tcase_add_test(tcase, variables_lie_inside);
    tcase_add_test(tcase, arithmetic_is_with_it_always_or_never);
    tcase_add_test(tcase, no_program_with_an_address_is_made);
    suite_add_tcase(suite, tcase);
    return check_main(suite);
}
