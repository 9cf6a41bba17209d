/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* The drivers of a RISC-V board's interrupts and clock on models of them, in a booted kernel in sim, with virtio
 * devices as the ones that interrupt. */
#include "driver_check.h"

#include <axiom/errno.h>
#include <core/block.h>
#include <core/console.h>
#include <core/irq.h>
#include <core/thread.h>
#include <core/time.h>
#include <libfdt.h>
#include <string.h>
#include <tests/check_main.h>

static struct driver_run on_board(driver_body *body, uint32_t cpus, uint64_t seed)
{
    return driver_on_board("riscv-virt", body, cpus, seed);
}

static void check_run(driver_body *body, uint32_t cpus, uint64_t seed)
{
    struct driver_run run = on_board(body, cpus, seed);
    driver_check(&run, 0);
}

static uint8_t bytes[8 * BLOCK_SECTOR_SIZE];

static const char *devices_body(void)
{
    struct block_device *disk = block_device_at(0);
    struct console_device *port = console_device_at(0);
    BODY(disk != NULL && port != NULL);
    for (uint32_t sector = 0; sector < 64; sector += 8) {
        BODY(block_read(disk, sector, 8, bytes) == 0);
        BODY(memcmp(&bytes[512], &(uint32_t){ sector + 1 }, 4) == 0);
    }
    for (uint32_t i = 0; i < 10; i++) {
        BODY(console_write(port, "interrupt", 9) == 0);
        BODY(console_read(port, bytes, 9, ktime_get_ns() + NSEC_PER_SEC) == 9);
    }
    uint64_t taken, spurious;
    irq_counts(&taken, &spurious);
    BODY(taken >= 18 && spurious == 0);
    return NULL;
}

START_TEST(sources_reach_their_drivers)
{
    check_run(devices_body, 1, 1);
    check_run(devices_body, 3, 2);
}
END_TEST

static int sleeper(void *argument)
{
    (void)argument;
    for (uint32_t i = 0; i < 20; i++) {
        uint64_t before = ktime_get_ns();
        thread_sleep_for(150 * NSEC_PER_USEC);
        uint64_t slept = ktime_get_ns() - before;
        if (slept < 150 * NSEC_PER_USEC || slept > 250 * NSEC_PER_USEC)
            return 1;
    }
    return 0;
}

/* The alarm of every CPU, and wake-ups from one to another. */
static const char *clock_body(void)
{
    struct thread *threads[6];
    int bad = 0;
    for (uint32_t i = 0; i < 6; i++) {
        const struct thread_options options = {
            .name = "sleeper",
            .entry = sleeper,
            .cpu_mask = 1u << i % 3,
        };
        BODY(thread_create(&options, &threads[i]) == 0);
    }
    for (uint32_t i = 0; i < 6; i++)
        bad += thread_join(threads[i]);
    BODY(bad == 0);
    return NULL;
}

START_TEST(every_hart_has_its_alarm)
{
    for (uint64_t seed = 1; seed <= 4; seed++)
        check_run(clock_body, 3, seed);
}
END_TEST

START_TEST(a_boot_without_memory_leaves_nothing_behind)
{
    driver_check_without_memory(on_board(NULL, 1, 1), 20);
}
END_TEST

/* --- trees that make no sense --- */

static uint64_t damaged[8192];

static void *tree_copy(struct driver_run *run)
{
    memcpy(damaged, run->fdt, run->fdt_size);
    run->fdt = damaged;
    return damaged;
}

static int node_at(void *fdt, const char *path)
{
    int node = fdt_path_offset(fdt, path);
    ck_assert_int_ge(node, 0);
    return node;
}

static const char *no_disk_body(void)
{
    BODY(block_device_at(0) == NULL);
    return NULL;
}

/* The PLIC is not there then; the kernel is, with the hart's own clock. */
static void plic_is_refused(void (*damage)(void *fdt))
{
    struct driver_run run = on_board(no_disk_body, 1, 1);
    damage(tree_copy(&run));
    driver_survives(&run);
}

static void cells_set(void *fdt, const char *path, const char *name, uint32_t first, uint32_t value)
{
    int size = 0;
    int node = node_at(fdt, path);
    const fdt32_t *cells = fdt_getprop(fdt, node, name, &size);
    ck_assert_ptr_nonnull(cells);
    fdt32_t big = cpu_to_fdt32(value);
    ck_assert_int_eq(
        fdt_setprop_inplace_namelen_partial(fdt, node, name, (int)strlen(name), first * 4, &big, 4),
        0);
}

#define PLIC "/soc/plic@c000000"

static void no_context(void *fdt)
{
    cells_set(fdt, PLIC, "interrupts-extended", 7, 11);
}

static void context_of_nobody(void *fdt)
{
    cells_set(fdt, PLIC, "interrupts-extended", 6, 0x7777);
}

static void registers_too_short(void *fdt)
{
    cells_set(fdt, PLIC, "reg", 3, 0x203000);
}

START_TEST(a_plic_that_makes_no_sense_is_left_alone)
{
    plic_is_refused(no_context);
    plic_is_refused(context_of_nobody);
    plic_is_refused(registers_too_short);
}
END_TEST

/* Sources beyond the last one: the device has no interrupt, and no driver. */
START_TEST(a_source_that_does_not_exist_is_refused)
{
    struct driver_run run = on_board(no_disk_body, 1, 1);
    cells_set(tree_copy(&run), "/soc/virtio_mmio@10001000", "interrupts", 0, 0);
    driver_survives(&run);
    ck_assert_uint_ge(run.errors, 1);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("drivers/riscv");
    TCase *cases = tcase_create("riscv");
    tcase_add_test(cases, sources_reach_their_drivers);
    tcase_add_test(cases, every_hart_has_its_alarm);
    tcase_add_test(cases, a_boot_without_memory_leaves_nothing_behind);
    tcase_add_test(cases, a_plic_that_makes_no_sense_is_left_alone);
    tcase_add_test(cases, a_source_that_does_not_exist_is_refused);
    suite_add_tcase(suite, cases);
    return check_main(suite);
}
