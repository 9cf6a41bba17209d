/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* The virtio drivers on models of the devices, in a booted kernel in sim. */
#include "driver_check.h"

#include <axiom/errno.h>
#include <core/block.h>
#include <core/console.h>
#include <core/thread.h>
#include <string.h>
#include <tests/check_main.h>

static struct driver_run on_board(driver_body *body, uint32_t cpus)
{
    return driver_on_board("virtio-mmio", body, cpus, 1);
}

static void check_run(driver_body *body, uint32_t cpus)
{
    struct driver_run run = on_board(body, cpus);
    driver_check(&run, UINT32_MAX);
}

/* --- block --- */

static uint8_t bytes[64 * BLOCK_SECTOR_SIZE], other[64 * BLOCK_SECTOR_SIZE];

static const char *disk_body(void)
{
    struct block_device *disk = block_device_at(0), *rom = block_device_at(1);
    BODY(disk != NULL && rom != NULL && block_device_at(2) == NULL);
    BODY(disk->sector_count == 512 && !disk->read_only);
    BODY(rom->sector_count == 40 && rom->read_only);
    /* More than a slot, so in pieces; a sector holds its number. */
    BODY(block_read(disk, 200, 64, bytes) == 0);
    for (uint32_t i = 0; i < sizeof bytes; i += 4)
        BODY(memcmp(&bytes[i], &(uint32_t){ 200 + i / 512 }, 4) == 0);
    driver_pattern(other, sizeof other, 1);
    BODY(block_write(disk, 300, 64, other) == 0 && block_flush(disk) == 0);
    BODY(block_read(disk, 300, 64, bytes) == 0 && memcmp(bytes, other, sizeof bytes) == 0);
    BODY(block_read(disk, 364, 1, bytes) == 0 && memcmp(bytes, &(uint32_t){ 364 }, 4) == 0);
    /* Ends. */
    BODY(block_read(disk, 511, 1, bytes) == 0 && block_read(disk, 511, 2, bytes) == -EINVAL);
    BODY(block_read(disk, UINT64_MAX, 2, bytes) == -EINVAL &&
         block_read(disk, 0, 0, bytes) == -EINVAL);
    /* Errors, and life after them. */
    BODY(block_read(disk, 100, 1, bytes) == -EIO && block_write(disk, 98, 4, bytes) == -EIO);
    BODY(block_read(disk, 101, 1, bytes) == 0 && block_read(disk, 99, 1, bytes) == 0);
    BODY(block_write(rom, 0, 1, bytes) == -EROFS && block_flush(rom) == 0);
    BODY(block_read(rom, 39, 1, bytes) == 0 && memcmp(bytes, &(uint32_t){ 39 }, 4) == 0);
    return NULL;
}

START_TEST(a_disk_keeps_what_is_written)
{
    check_run(disk_body, 1);
}
END_TEST

static int writer(void *argument)
{
    uint32_t number = *(const uint32_t *)argument;
    struct block_device *disk = block_device_at(0);
    static uint8_t own[8][20 * BLOCK_SECTOR_SIZE], back[8][20 * BLOCK_SECTOR_SIZE];
    for (uint32_t round = 0; round < 4; round++) {
        driver_pattern(own[number], sizeof own[number], number * 10 + round);
        if (block_write(disk, 200 + number * 20, 20, own[number]) != 0 ||
            block_read(disk, 200 + number * 20, 20, back[number]) != 0 ||
            memcmp(own[number], back[number], sizeof own[number]) != 0)
            return 1;
    }
    return 0;
}

/* More threads than the driver has slots. */
static const char *crowd_body(void)
{
    static const uint32_t numbers[8] = { 0, 1, 2, 3, 4, 5, 6, 7 };
    struct thread *threads[8];
    int bad = 0;
    for (uint32_t i = 0; i < 8; i++) {
        const struct thread_options options = { .name = "writer",
                                                .entry = writer,
                                                .argument = (void *)(uintptr_t)&numbers[i] };
        BODY(thread_create(&options, &threads[i]) == 0);
    }
    for (uint32_t i = 0; i < 8; i++)
        bad += thread_join(threads[i]);
    BODY(bad == 0);
    return NULL;
}

START_TEST(threads_share_a_disk)
{
    check_run(crowd_body, 1);
    check_run(crowd_body, 4);
}
END_TEST

/* --- console: what is sent comes back --- */

static const char *console_body(void)
{
    struct console_device *port = console_device_at(0);
    BODY(port != NULL && console_device_at(1) == NULL);
    BODY(console_read(port, bytes, 10, ktime_get_ns() + NSEC_PER_MSEC) == -ETIMEDOUT);
    for (uint32_t round = 0; round < 8; round++) {
        uint32_t size = 1 + round * 125, got = 0;
        driver_pattern(other, size, round);
        BODY(console_write(port, other, size) == 0);
        while (got < size) {
            int count = console_read(port, bytes + got, (uint32_t)sizeof bytes - got,
                                     ktime_get_ns() + NSEC_PER_SEC);
            BODY(count > 0);
            got += (uint32_t)count;
        }
        BODY(got == size && memcmp(bytes, other, size) == 0);
    }
    return NULL;
}

START_TEST(a_console_carries_bytes_both_ways)
{
    check_run(console_body, 1);
    check_run(console_body, 2);
}
END_TEST

/* --- the nth allocation fails --- */

START_TEST(a_boot_without_memory_leaves_nothing_behind)
{
    driver_check_without_memory(on_board(NULL, 1), 30);
}
END_TEST

START_TEST(equal_runs_are_equal)
{
    struct driver_run run = on_board(disk_body, 2);
    driver_run(&run);
    uint64_t hash = run.result.state_hash, end = run.result.end_time_ns;
    driver_run(&run);
    ck_assert_uint_eq(run.result.state_hash, hash);
    ck_assert_uint_eq(run.result.end_time_ns, end);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("drivers/virtio");
    TCase *cases = tcase_create("virtio");
    tcase_add_test(cases, a_disk_keeps_what_is_written);
    tcase_add_test(cases, threads_share_a_disk);
    tcase_add_test(cases, a_console_carries_bytes_both_ways);
    tcase_add_test(cases, a_boot_without_memory_leaves_nothing_behind);
    tcase_add_test(cases, equal_runs_are_equal);
    suite_add_tcase(suite, cases);
    return check_main(suite);
}
