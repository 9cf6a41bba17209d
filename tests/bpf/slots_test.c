/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* What an object's maps hold when it is loaded: maps in maps, programs in program arrays, constants;
 * and code for fields that this kernel does not have. */
#include "host_env.h"
#include <axiom/errno.h>
#include <bpf/elf.h>
#include <bpf/interp.h>

#include <stdio.h>
#include <string.h>
#include <tests/check_main.h>

static struct host_env host;
static struct bpf_object *object;
static struct bpf_verify_result result;
static _Alignas(16) uint8_t stack[BPF_RUN_STACK_SIZE];

static struct bpf_object *open_object(const char *path, struct bpf_btf *kernel_btf)
{
    static uint8_t bytes[1 << 20];
    const struct bpf_object_options options = { .kernel_btf = kernel_btf };
    struct bpf_object *opened;
    struct bpf_error error = { 0 };
    FILE *file = fopen(path, "rb");
    ck_assert_msg(file != NULL, "%s", path);
    size_t size = fread(bytes, 1, sizeof bytes, file);
    fclose(file);
    int err = bpf_object_open_with(&host.env, bytes, size, &options, &opened, &error);
    ck_assert_msg(err == 0, "%s", error.text);
    return opened;
}

/* Another object's types stand for a kernel's: they lack what is asked for. */
static void setup(void)
{
    host_env_init(&host);
    struct bpf_object *other = open_object(AXIOM_BINARY_DIR "/tests/bpf/features.bpf.o", NULL);
    object = open_object(AXIOM_BINARY_DIR "/tests/bpf/slots.bpf.o", bpf_object_btf(other));
    bpf_object_close(other);
}

static void teardown(void)
{
    bpf_object_close(object);
    ck_assert_int_eq(host.live_bytes, 0);
}

static struct bpf_map *map_of(const char *name)
{
    int index = bpf_object_map_index(object, name);
    ck_assert_int_ge(index, 0);
    return bpf_object_map(object, (uint32_t)index);
}

static uint32_t index_of(const char *name)
{
    uint32_t i = 0;
    while (strcmp(bpf_object_program(object, i)->name, name) != 0)
        ck_assert_uint_lt(++i, bpf_object_program_count(object));
    return i;
}

static void create(void)
{
    struct bpf_error error = { 0 };
    int err = bpf_object_create_maps(object, &error);
    ck_assert_msg(err == 0, "%s", error.text);
}

static struct bpf_prog *load(const char *name)
{
    int err = bpf_object_verify(object, index_of(name), &result);
    ck_assert_msg(err == 0, "%s", result.text);
    return result.prog;
}

static int64_t run(const struct bpf_prog *prog)
{
    struct axiom_timer_ctx context = { 0 };
    struct bpf_run state = { .stack = stack, .stack_size = sizeof stack, .insn_limit = 100000 };
    uint64_t r0 = bpf_prog_run(prog, &context, &state);
    ck_assert_int_eq(state.error, 0);
    return (int32_t)r0;
}

START_TEST(maps_of_maps_are_filled)
{
    create();
    uint32_t slot = 0;
    ck_assert_ptr_eq(bpf_map_lookup(map_of("outer"), &slot), map_of("left"));
    slot = 1;
    ck_assert_ptr_null(bpf_map_lookup(map_of("outer"), &slot));
    slot = 2;
    ck_assert_ptr_eq(bpf_map_lookup(map_of("outer"), &slot), map_of("right"));
    bpf_map_clear_objects(map_of("outer"));
}
END_TEST

START_TEST(program_arrays_are_filled)
{
    create();
    struct bpf_prog *progs[8] = { 0 };
    struct bpf_error error = { 0 };
    progs[index_of("first")] = load("first");
    ck_assert_int_eq(run(progs[index_of("first")]), 1);
    progs[index_of("second")] = load("second");
    ck_assert_int_eq(bpf_object_fill_programs(object, progs, &error), 0);
    ck_assert_int_eq(run(progs[index_of("first")]), 2);
    uint32_t one = 1;
    ck_assert_uint_eq(*(uint64_t *)bpf_map_lookup(map_of("right"), &one), 10);
    bpf_map_clear_objects(map_of("chain"));
    bpf_prog_put(progs[index_of("first")]);
    bpf_prog_put(progs[index_of("second")]);
}
END_TEST

START_TEST(programs_of_one_kind_call_each_other)
{
    create();
    struct bpf_prog *first = load("first");
    ck_assert_int_eq(bpf_object_verify(object, index_of("stranger"), &result), -EINVAL);
    ck_assert_msg(strstr(result.text, "chain") != NULL, "%s", result.text);
    bpf_prog_put(first);
}
END_TEST

START_TEST(constants_are_frozen_and_decide_branches)
{
    create();
    uint32_t zero = 0, changed[2] = { 7, 7 };
    ck_assert_int_eq(bpf_map_outer_update(map_of(".rodata"), &zero, changed, 0), -EPERM);
    struct bpf_prog *guarded = load("guarded");
    ck_assert_int_eq(run(guarded), 3);
    bpf_prog_put(guarded);
}
END_TEST

START_TEST(constants_are_set_before)
{
    int data = bpf_object_map_index(object, ".rodata");
    ck_assert_int_ge(data, 0);
    uint32_t size = bpf_object_map_spec(object, (uint32_t)data)->value_size, ones[64];
    memset(ones, 1, sizeof ones);
    ck_assert_uint_le(size, sizeof ones);
    ck_assert_int_eq(bpf_object_set_data(object, (uint32_t)data, 1, ones, size), -EINVAL);
    ck_assert_int_eq(bpf_object_set_data(object, 999, 0, ones, 1), -EINVAL);
    ck_assert_int_eq(bpf_object_set_data(object, (uint32_t)data, 0, ones, size), 0);
    create();
    ck_assert_int_eq(bpf_object_set_data(object, (uint32_t)data, 0, ones, size), -EINVAL);
    ck_assert_int_eq(bpf_object_verify(object, index_of("guarded"), &result), -EACCES);
}
END_TEST

START_TEST(what_the_kernel_does_not_have_may_stand_behind_a_check)
{
    create();
    struct bpf_prog *optional = load("optional");
    ck_assert_int_eq(run(optional), 4);
    bpf_prog_put(optional);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("bpf object slots");
    TCase *tcase = tcase_create("slots");
    tcase_add_checked_fixture(tcase, setup, teardown);
    tcase_add_test(tcase, maps_of_maps_are_filled);
    tcase_add_test(tcase, program_arrays_are_filled);
    tcase_add_test(tcase, programs_of_one_kind_call_each_other);
    tcase_add_test(tcase, constants_are_frozen_and_decide_branches);
    tcase_add_test(tcase, constants_are_set_before);
    tcase_add_test(tcase, what_the_kernel_does_not_have_may_stand_behind_a_check);
    suite_add_tcase(suite, tcase);
    return check_main(suite);
}
