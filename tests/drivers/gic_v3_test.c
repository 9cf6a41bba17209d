/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* The GICv3 driver on its model, in a booted kernel in sim: private interrupts (timers), shared ones (a
 * disk), IPIs (threads of other CPUs). */
#include "driver_check.h"

#include <axiom/errno.h>
#include <core/block.h>
#include <core/thread.h>
#include <core/time.h>
#include <string.h>
#include <tests/check_main.h>

static struct driver_run on_board(driver_body *body, uint32_t cpus)
{
    return driver_on_board("gic-v3", body, cpus, 1);
}

static void check_run(driver_body *body, uint32_t cpus)
{
    struct driver_run run = on_board(body, cpus);
    driver_check(&run, 0);
}

static const char *sleep_body(void)
{
    uint64_t start = ktime_get_ns();
    for (uint32_t i = 0; i < 20; i++)
        thread_sleep_for(NSEC_PER_MSEC);
    uint64_t passed = ktime_get_ns() - start;
    BODY(passed >= 20 * NSEC_PER_MSEC && passed < 30 * NSEC_PER_MSEC);
    return NULL;
}

START_TEST(private_interrupts_come)
{
    check_run(sleep_body, 1);
    check_run(sleep_body, 4);
}
END_TEST

static const char *disk_body(void)
{
    static uint8_t to[8 * BLOCK_SECTOR_SIZE], from[8 * BLOCK_SECTOR_SIZE];
    struct block_device *disk = block_device_at(0);
    BODY(disk != NULL);
    memset(to, 0x5a, sizeof to);
    for (uint32_t i = 0; i < 10; i++)
        BODY(block_write(disk, 8 * i, 8, to) == 0);
    BODY(block_read(disk, 72, 8, from) == 0 && memcmp(to, from, sizeof to) == 0);
    return NULL;
}

START_TEST(shared_interrupts_come)
{
    check_run(disk_body, 1);
    check_run(disk_body, 4);
}
END_TEST

static int sleeper(void *argument)
{
    (void)argument;
    for (uint32_t i = 0; i < 5; i++)
        thread_sleep_for(100 * NSEC_PER_USEC);
    return 7;
}

/* A thread that may run on one other CPU only: waking it there takes an IPI, and so does its end. */
static const char *ipi_body(void)
{
    for (uint32_t cpu = 0; cpu < 4; cpu++) {
        struct thread *thread;
        const struct thread_options options = { .name = "sleeper",
                                                .entry = sleeper,
                                                .cpu_mask = 1u << cpu };
        BODY(thread_create(&options, &thread) == 0);
        BODY(thread_join(thread) == 7);
    }
    return NULL;
}

START_TEST(ipis_come)
{
    check_run(ipi_body, 4);
}
END_TEST

START_TEST(a_boot_without_memory_leaves_nothing_behind)
{
    driver_check_without_memory(on_board(NULL, 1), 20);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("drivers/gic_v3");
    TCase *cases = tcase_create("gic_v3");
    tcase_add_test(cases, private_interrupts_come);
    tcase_add_test(cases, shared_interrupts_come);
    tcase_add_test(cases, ipis_come);
    tcase_add_test(cases, a_boot_without_memory_leaves_nothing_behind);
    suite_add_tcase(suite, cases);
    return check_main(suite);
}
