/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* Structs of programs: laid out as the kernel has them, each program for its member. */
#include "host_env.h"
#include <axiom/errno.h>
#include <bpf/btf.h>
#include <bpf/elf.h>
#include <bpf_linux/contexts.h>

#include <stdio.h>
#include <string.h>
#include <tests/check_main.h>

static struct host_env host;
static struct bpf_object *types, *object;
static struct bpf_error error;
static uint8_t registered[256];

struct kernel_rig {
    uint8_t common[64];
    void *start;
    long added_later;
    void *stop;
    char name[16];
    unsigned rate;
};

static int take(void *user, struct bpf_map *map)
{
    uint32_t zero = 0;
    (void)user;
    ck_assert_uint_le(map->value_size, sizeof registered);
    /* What is being registered is not yet to be seen from outside. */
    return bpf_map_outer_lookup(map, &zero, registered, 0) == 0 ? 0 : -EIO;
}

static int open_object(const char *name, const struct bpf_object_options *options,
                       struct bpf_object **out)
{
    static uint8_t bytes[1 << 20];
    char path[512];
    snprintf(path, sizeof path, "%s/tests/bpf/%s", AXIOM_BINARY_DIR, name);
    FILE *file = fopen(path, "rb");
    ck_assert_msg(file != NULL, "%s", path);
    size_t size = fread(bytes, 1, sizeof bytes, file);
    fclose(file);
    return bpf_object_open_with(&host.env, bytes, size, options, out, &error);
}

static void setup(void)
{
    const struct bpf_object_options none = { 0 };
    host_env_init(&host);
    host.env.struct_ops_register = take;
    ck_assert_int_eq(open_object("struct_ops_kernel.bpf.o", &none, &types), 0);
}

static int open_with_kernel(const char *name, struct bpf_btf *kernel)
{
    const struct bpf_object_options options = { .kernel_btf = kernel,
                                                .context_by_section =
                                                    bpf_linux_context_by_section };
    return open_object(name, &options, &object);
}

static void teardown(void)
{
    bpf_object_close(types);
    ck_assert_int_eq(host.live_bytes, 0);
}

static const struct bpf_object_program *program(const char *name, uint32_t *index)
{
    for (*index = 0; *index < bpf_object_program_count(object); ++*index) {
        if (strcmp(bpf_object_program(object, *index)->name, name) == 0)
            return bpf_object_program(object, *index);
    }
    ck_abort_msg("no program %s", name);
    return NULL;
}

START_TEST(programs_know_their_member_of_the_kernels_struct)
{
    uint32_t index;
    ck_assert_msg(open_with_kernel("struct_ops.bpf.o", bpf_object_btf(types)) == 0, "%s",
                  error.text);
    uint32_t id = bpf_btf_find(bpf_object_btf(types), "rig_ops", BPF_BTF_STRUCT);
    ck_assert_uint_eq(program("start", &index)->attach_btf_id, id);
    ck_assert_uint_eq(program("start", &index)->attach_member, 0);
    ck_assert_uint_eq(program("stop", &index)->attach_member, 2);
    const struct bpf_map_spec *rig =
        bpf_object_map_spec(object, (uint32_t)bpf_object_map_index(object, "rig"));
    ck_assert_uint_eq(rig->type, BPF_MAP_TYPE_STRUCT_OPS);
    ck_assert_uint_eq(rig->value_size, 128);
    ck_assert_uint_eq(rig->flags, 0);
    ck_assert_uint_eq(
        bpf_object_map_spec(object, (uint32_t)bpf_object_map_index(object, "linked"))->flags,
        BPF_F_LINK);
    bpf_object_close(object);
}
END_TEST

START_TEST(members_go_by_name_and_programs_into_their_places)
{
    static struct bpf_verify_result result;
    struct bpf_prog *progs[2] = { NULL };
    ck_assert_int_eq(open_with_kernel("struct_ops.bpf.o", bpf_object_btf(types)), 0);
    ck_assert_msg(bpf_object_create_maps(object, &error) == 0, "%s", error.text);
    for (uint32_t i = 0; i < 2; i++) {
        ck_assert_msg(bpf_object_verify(object, i, &result) == 0, "%s", result.text);
        progs[i] = result.prog;
    }
    uint32_t start, stop, rig = (uint32_t)bpf_object_map_index(object, "rig");
    struct bpf_map *map = bpf_object_map(object, rig);
    program("start", &start);
    program("stop", &stop);
    ck_assert_int_eq(bpf_object_fill_programs(object, progs, &error), 0);
    ck_assert_ptr_eq(bpf_struct_ops_prog(map, offsetof(struct kernel_rig, start)), progs[start]);
    ck_assert_ptr_eq(bpf_struct_ops_prog(map, offsetof(struct kernel_rig, stop)), progs[stop]);
    ck_assert_ptr_null(bpf_struct_ops_prog(map, offsetof(struct kernel_rig, added_later)));
    ck_assert_msg(bpf_object_register(object, rig, &error) == 0, "%s", error.text);
    ck_assert_int_eq(bpf_object_register(object, rig, &error), -EBUSY);
    struct kernel_rig value;
    uint32_t zero = 0;
    ck_assert_int_eq(bpf_map_outer_lookup(map, &zero, registered, 0), 0);
    memcpy(&value, registered, sizeof value);
    ck_assert_str_eq(value.name, "rig");
    ck_assert_uint_eq(value.rate, 50);
    ck_assert_int_eq(value.added_later, 0);
    ck_assert_int_eq(bpf_object_fill_programs(object, progs, &error), -EBUSY);
    for (uint32_t i = 0; i < bpf_object_map_count(object); i++)
        bpf_map_clear_objects(bpf_object_map(object, i));
    for (uint32_t i = 0; i < 2; i++)
        bpf_prog_put(progs[i]);
    bpf_object_close(object);
}
END_TEST

START_TEST(a_kernel_without_the_struct_says_so)
{
    ck_assert_int_eq(open_with_kernel("struct_ops.bpf.o", NULL), 0);
    ck_assert_int_lt(bpf_object_create_maps(object, &error), 0);
    ck_assert_msg(strstr(error.text, "no struct_ops of that type") != NULL, "%s", error.text);
    bpf_object_close(object);
}
END_TEST

START_TEST(a_member_that_the_kernel_lacks_must_be_zero)
{
    ck_assert_int_eq(open_with_kernel("bad_struct_ops.bpf.o", bpf_object_btf(types)), -EINVAL);
    ck_assert_msg(strstr(error.text, "member removed is not in the kernel's struct") != NULL, "%s",
                  error.text);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("bpf struct_ops");
    TCase *tcase = tcase_create("struct_ops");
    tcase_add_checked_fixture(tcase, setup, teardown);
    tcase_add_test(tcase, programs_know_their_member_of_the_kernels_struct);
    tcase_add_test(tcase, members_go_by_name_and_programs_into_their_places);
    tcase_add_test(tcase, a_kernel_without_the_struct_says_so);
    tcase_add_test(tcase, a_member_that_the_kernel_lacks_must_be_zero);
    suite_add_tcase(suite, tcase);
    return check_main(suite);
}
