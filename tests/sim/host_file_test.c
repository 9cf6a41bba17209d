/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* The recorder's file: what was written is there, a full disk refuses whole writes, the reserve
 * still takes the footer. */
#include <axiom/errno.h>
#include <fcntl.h>
#include <host/file.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <tests/check_main.h>
#include <unistd.h>

static char path[64];

static void new_path(void)
{
    strcpy(path, "/tmp/axiom-file-XXXXXX");
    int descriptor = mkstemp(path);
    ck_assert_int_ge(descriptor, 0);
    close(descriptor);
}

static uint8_t byte_at(uint64_t offset)
{
    return (uint8_t)(offset * 2654435761u >> 13);
}

static void check_content(uint64_t size)
{
    FILE *file = fopen(path, "rb");
    ck_assert_ptr_nonnull(file);
    uint64_t same = 0;
    int got;
    while ((got = getc(file)) == byte_at(same))
        same++;
    ck_assert_uint_eq(same, size);
    ck_assert_int_eq(got, EOF);
    fclose(file);
    unlink(path);
}

static int write_pattern(struct host_file *file, size_t size)
{
    static uint8_t data[3 * HOST_FILE_BUFFER];
    uint64_t at = host_file_size(file);
    for (size_t i = 0; i < size; i++)
        data[i] = byte_at(at + i);
    return host_file_write(file, data, size);
}

START_TEST(pieces_of_all_sizes_make_the_file)
{
    struct host_file *file;
    new_path();
    ck_assert_int_eq(host_file_create(path, 0, &file), 0);
    static const size_t sizes[] = { 1,
                                    7,
                                    HOST_FILE_BUFFER - 9,
                                    HOST_FILE_BUFFER,
                                    0,
                                    HOST_FILE_BUFFER + 1,
                                    13,
                                    3 * HOST_FILE_BUFFER,
                                    5 };
    uint64_t total = 0;
    for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
        ck_assert_int_eq(write_pattern(file, sizes[i]), 0);
        total += sizes[i];
        ck_assert_uint_eq(host_file_size(file), total);
    }
    ck_assert_int_eq(host_file_close(file), 0);
    check_content(total);
}
END_TEST

START_TEST(a_full_disk_refuses_whole_writes_and_the_reserve_is_there)
{
    struct host_file *file;
    new_path();
    ck_assert_int_eq(host_file_create(path, 10000, &file), 0);
    ck_assert_int_eq(host_file_reserve(file, 2000), 0);
    ck_assert_int_eq(host_file_reserve(file, 20000), -ENOSPC);
    ck_assert_int_eq(write_pattern(file, 7000), 0);
    ck_assert_int_eq(write_pattern(file, 1001), -ENOSPC);
    ck_assert_int_eq(host_file_error(file), -ENOSPC);
    ck_assert_int_eq(write_pattern(file, 1), -ENOSPC); /* it stays */
    ck_assert_uint_eq(host_file_size(file), 7000);
    host_file_release_reserve(file);
    ck_assert_int_eq(write_pattern(file, 2000), 0);
    ck_assert_int_eq(host_file_close(file), 0);
    check_content(9000);
}
END_TEST

START_TEST(a_file_can_be_cut_in_the_buffer_and_before_it)
{
    struct host_file *file;
    new_path();
    ck_assert_int_eq(host_file_create(path, 0, &file), 0);
    write_pattern(file, HOST_FILE_BUFFER + 500);
    write_pattern(file, 500);
    ck_assert_int_eq(host_file_truncate(file, HOST_FILE_BUFFER + 600), 0);
    ck_assert_int_eq(host_file_truncate(file, HOST_FILE_BUFFER + 601), -EINVAL);
    ck_assert_int_eq(host_file_truncate(file, 100), 0);
    write_pattern(file, 50);
    ck_assert_int_eq(host_file_close(file), 0);
    check_content(150);
}
END_TEST

START_TEST(a_file_that_cannot_be_made_says_why)
{
    struct host_file *file;
    ck_assert_int_eq(host_file_create("/nowhere/at/all", 0, &file), -ENOENT);
    /* A device that is always full. */
    if (host_file_create("/dev/full", 0, &file) == 0) {
        ck_assert_int_eq(write_pattern(file, 100), 0);
        ck_assert_int_eq(host_file_close(file), -ENOSPC);
    }
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("sim/host_file");
    TCase *cases = tcase_create("file");
    tcase_add_test(cases, pieces_of_all_sizes_make_the_file);
    tcase_add_test(cases, a_full_disk_refuses_whole_writes_and_the_reserve_is_there);
    tcase_add_test(cases, a_file_can_be_cut_in_the_buffer_and_before_it);
    tcase_add_test(cases, a_file_that_cannot_be_made_says_why);
    suite_add_tcase(suite, cases);
    return check_main(suite);
}
