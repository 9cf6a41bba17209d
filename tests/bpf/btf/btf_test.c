/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* BTF: the running kernel's five megabytes and an object of ours, printed as bpftool prints them;
 * names and tags found; hostile bytes refused or harmless. */
#include <bpf/btf.h>

#include "host_env.h"
#include <tests/check_main.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#define KERNEL_BTF "/sys/kernel/btf/vmlinux"
#define OBJECT     AXIOM_BINARY_DIR "/tests/bpf/btf/types.bpf.o"

static struct host_env host;

static uint8_t *read_file(const char *path, size_t *size)
{
    FILE *file = fopen(path, "rb");
    if (file == NULL)
        return NULL;
    size_t capacity = 1u << 20;
    uint8_t *bytes = malloc(capacity);
    *size = 0;
    for (size_t got; (got = fread(bytes + *size, 1, capacity - *size, file)) > 0;) {
        *size += got;
        if (*size == capacity)
            bytes = realloc(bytes, capacity *= 2);
    }
    fclose(file);
    return bytes;
}

/* The .BTF section of our object, by objcopy. */
static uint8_t *object_btf(size_t *size)
{
    char command[1024], path[] = "/tmp/axiom-btf-XXXXXX";
    int fd = mkstemp(path);
    ck_assert_int_ge(fd, 0);
    close(fd);
    snprintf(command, sizeof command,
             "objcopy -I elf64-little -O binary --only-section=.BTF --set-section-flags .BTF=alloc "
             "%s %s",
             OBJECT, path);
    ck_assert_int_eq(system(command), 0);
    uint8_t *bytes = read_file(path, size);
    unlink(path);
    ck_assert_uint_gt(*size, 0);
    return bytes;
}

static struct bpf_btf *parse(const uint8_t *bytes, size_t size)
{
    struct bpf_btf *btf;
    struct bpf_error error = { 0 };
    ck_assert_msg(bpf_btf_parse(&host.env, bytes, size, &btf, &error) == 0, "%s", error.text);
    return btf;
}

static void setup(void)
{
    host_env_init(&host);
}

struct comparison {
    FILE *judge;
    uint64_t line_count;
};

static void compare_line(void *user, const char *line)
{
    struct comparison *comparison = user;
    static char expected[4096];
    ck_assert_msg(fgets(expected, sizeof expected, comparison->judge) != NULL,
                  "bpftool has no line for: %s", line);
    expected[strcspn(expected, "\n")] = '\0';
    ck_assert_str_eq(line, expected);
    comparison->line_count++;
}

static bool have_bpftool(void)
{
    return system("bpftool version >/dev/null 2>&1") == 0;
}

static void prints_as_bpftool(const struct bpf_btf *btf, const char *path)
{
    char command[512];
    snprintf(command, sizeof command, "bpftool btf dump file %s format raw", path);
    struct comparison comparison = { popen(command, "r"), 0 };
    bpf_btf_print(btf, compare_line, &comparison);
    ck_assert_int_eq(fgetc(comparison.judge), EOF);
    pclose(comparison.judge);
    printf("%s: %llu lines as bpftool prints them\n", path,
           (unsigned long long)comparison.line_count);
}

static double now_ms(void)
{
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return (double)time.tv_sec * 1e3 + (double)time.tv_nsec / 1e6;
}

START_TEST(kernel_types_are_read_and_printed)
{
    size_t size;
    uint8_t *bytes = read_file(KERNEL_BTF, &size);
    if (bytes == NULL) {
        puts("skipped: this kernel has no " KERNEL_BTF);
        return;
    }
    double before = now_ms();
    struct bpf_btf *btf = parse(bytes, size);
    printf("%s: %zu bytes, %u types, parsed and indexed in %.1f ms, %zu bytes of memory\n",
           KERNEL_BTF, size, bpf_btf_type_count(btf), now_ms() - before, bpf_btf_memory(btf));
    ck_assert_uint_lt(bpf_btf_memory(btf), size * 2);
    uint32_t task = bpf_btf_find(btf, "task_struct", BPF_BTF_STRUCT);
    struct bpf_btf_type type;
    ck_assert(task != 0 && bpf_btf_type_at(btf, task, &type));
    ck_assert_str_eq(type.name, "task_struct");
    ck_assert_uint_eq(bpf_btf_find(btf, "task_struct", BPF_BTF_ENUM), 0);
    /* Each named type is found by its name: the first of that name and kind. */
    for (uint32_t id = 1; id <= bpf_btf_type_count(btf); id++) {
        ck_assert(bpf_btf_type_at(btf, id, &type));
        if (type.name[0] == '\0')
            continue;
        uint32_t found = bpf_btf_find(btf, type.name, type.kind);
        ck_assert(found != 0 && found <= id);
    }
    if (have_bpftool())
        prints_as_bpftool(btf, KERNEL_BTF);
    else
        puts("skipped: no bpftool to compare with");
    bpf_btf_put(btf);
    free(bytes);
    ck_assert_int_eq(host.live_bytes, 0);
}
END_TEST

START_TEST(types_of_an_object_are_read)
{
    size_t size;
    uint8_t *bytes = object_btf(&size);
    struct bpf_btf *btf = parse(bytes, size);
    struct bpf_btf_type type;
    struct bpf_btf_member member;
    struct bpf_btf_enumerator value;
    uint32_t id = bpf_btf_find(btf, "bits", BPF_BTF_STRUCT), size_bytes;
    ck_assert(bpf_btf_type_at(btf, id, &type) && type.kind_flag);
    ck_assert(bpf_btf_member_at(btf, &type, 1, &member));
    ck_assert_str_eq(member.name, "b");
    ck_assert_uint_eq(member.bit_offset, 3);
    ck_assert_uint_eq(member.bitfield_bits, 13);
    ck_assert(!bpf_btf_member_at(btf, &type, type.member_count, &member));
    ck_assert_int_eq(bpf_btf_size(btf, bpf_btf_find(btf, "tight_t", BPF_BTF_TYPEDEF), &size_bytes),
                     0);
    ck_assert_uint_eq(size_bytes, 6);
    ck_assert(bpf_btf_type_at(btf, bpf_btf_find(btf, "small", BPF_BTF_ENUM), &type));
    /* Whether it is signed is known since clang 16 only: before, 32 bits without a sign. */
    ck_assert(bpf_btf_enumerator_at(btf, &type, 0, &value));
    ck_assert_int_eq((int32_t)value.value, -1);
    id = bpf_btf_find(btf, "global_function", BPF_BTF_FUNC);
    ck_assert_uint_ne(id, 0);
    const char *tag = bpf_btf_decl_tag(btf, id, 0, "arg:");
    ck_assert(tag != NULL && strcmp(tag, "nonnull") == 0);
    ck_assert_ptr_null(bpf_btf_decl_tag(btf, id, BPF_BTF_WHOLE, "arg:"));
    id = bpf_btf_find(btf, "bits", BPF_BTF_VAR);
    ck_assert(bpf_btf_decl_tag(btf, id, BPF_BTF_WHOLE, "a_variable") != NULL);
    if (have_bpftool())
        prints_as_bpftool(btf, OBJECT);
    bpf_btf_put(btf);
    free(bytes);
    ck_assert_int_eq(host.live_bytes, 0);
}
END_TEST

START_TEST(flavors_are_candidates_of_each_other)
{
    size_t size, length = strlen("shape");
    uint8_t *bytes = object_btf(&size);
    struct bpf_btf *btf = parse(bytes, size);
    ck_assert_uint_eq(bpf_btf_essential_length("shape___old"), length);
    ck_assert_uint_eq(bpf_btf_essential_length("a___b___c"), 5);
    ck_assert_uint_eq(bpf_btf_essential_length("___x"), 4);
    ck_assert_uint_eq(bpf_btf_essential_length("a____b"), 6);
    ck_assert_uint_eq(bpf_btf_essential_length("a___"), 4);
    uint32_t count = 0, last = 0;
    for (uint32_t id = 0; (id = bpf_btf_next_flavor(btf, "shape", length, id)) != 0;) {
        struct bpf_btf_type type;
        bpf_btf_type_at(btf, id, &type);
        count += type.kind == BPF_BTF_STRUCT;
        ck_assert_uint_gt(id, last);
        last = id;
    }
    ck_assert_uint_eq(count, 2);
    bpf_btf_put(btf);
    free(bytes);
}
END_TEST

/* A module's types over our object's: header, one struct with a member of the base's type. */
START_TEST(split_types_continue_their_base)
{
    size_t size;
    uint8_t *bytes = object_btf(&size);
    struct bpf_btf *base = parse(bytes, size);
    uint32_t shape = bpf_btf_find(base, "shape", BPF_BTF_STRUCT),
             base_count = bpf_btf_type_count(base);
    uint32_t base_strings;
    memcpy(&base_strings, bytes + 20, 4);
    uint32_t split[] = { 0x0001eb9f,       24,    0, 24, 24, 12, base_strings + 1, 4u << 24 | 1, 4,
                         base_strings + 5, shape, 0, 0,  0,  0 };
    memcpy(&split[12], "\0mod\0in\0\0\0\0", 12);
    struct bpf_btf *btf;
    ck_assert_int_eq(bpf_btf_parse_split(&host.env, base, split, sizeof split, &btf, NULL), 0);
    bpf_btf_put(base);
    struct bpf_btf_type type;
    struct bpf_btf_member member;
    ck_assert_uint_eq(bpf_btf_type_count(btf), base_count + 1);
    ck_assert(bpf_btf_type_at(btf, base_count + 1, &type));
    ck_assert_str_eq(type.name, "mod");
    ck_assert(bpf_btf_member_at(btf, &type, 0, &member));
    ck_assert_str_eq(member.name, "in");
    ck_assert_uint_eq(member.type, shape);
    ck_assert_uint_eq(bpf_btf_find(btf, "mod", BPF_BTF_STRUCT), base_count + 1);
    ck_assert_uint_eq(bpf_btf_find(btf, "shape", BPF_BTF_STRUCT), shape);
    bpf_btf_put(btf);
    free(bytes);
    ck_assert_int_eq(host.live_bytes, 0);
}
END_TEST

static void forget_line(void *user, const char *line)
{
    *(size_t *)user += strlen(line);
}

/* Everything that can be asked of what was taken. */
static void use(const struct bpf_btf *btf)
{
    size_t printed = 0;
    uint32_t size_bytes;
    struct bpf_btf_type type;
    bpf_btf_print(btf, forget_line, &printed);
    for (uint32_t id = 0; id <= bpf_btf_type_count(btf) + 1; id++) {
        bpf_btf_size(btf, id, &size_bytes);
        bpf_btf_resolve(btf, id, &type);
        if (bpf_btf_type_at(btf, id, &type))
            bpf_btf_find(btf, type.name, type.kind);
        bpf_btf_decl_tag(btf, id, 0, "");
        bpf_btf_has_type_tag(btf, id, "tagged");
    }
}

START_TEST(damaged_bytes_do_no_harm)
{
    size_t size;
    uint8_t *bytes = object_btf(&size);
    struct bpf_btf *btf;
    struct bpf_error error;
    for (size_t cut = 0; cut < size; cut++) {
        uint8_t *copy = malloc(cut + 1);
        memcpy(copy, bytes, cut);
        error = (struct bpf_error){ 0 };
        int err = bpf_btf_parse(&host.env, copy, cut, &btf, &error);
        ck_assert(err < 0 && error.error == err && error.text[0] != '\0');
        free(copy);
    }
    srand(3);
    for (int round = 0; round < 3000; round++) {
        uint8_t *copy = malloc(size);
        memcpy(copy, bytes, size);
        for (int change = rand() % 6; change >= 0; change--)
            copy[(size_t)rand() % size] = (uint8_t)rand();
        if (bpf_btf_parse(&host.env, copy, size, &btf, &error) == 0) {
            free(copy);
            use(btf);
            bpf_btf_put(btf);
        } else {
            free(copy);
        }
    }
    free(bytes);
    ck_assert_int_eq(host.live_bytes, 0);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("btf");
    TCase *tcase = tcase_create("btf");
    tcase_set_timeout(tcase, 110);
    tcase_add_checked_fixture(tcase, setup, NULL);
    tcase_add_test(tcase, kernel_types_are_read_and_printed);
    tcase_add_test(tcase, types_of_an_object_are_read);
    tcase_add_test(tcase, flavors_are_candidates_of_each_other);
    tcase_add_test(tcase, split_types_continue_their_base);
    tcase_add_test(tcase, damaged_bytes_do_no_harm);
    suite_add_tcase(suite, tcase);
    return check_main(suite);
}
