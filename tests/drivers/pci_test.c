/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* PCI by ECAM and virtio over it on a model, in a booted kernel in sim; then configuration spaces that were
 * changed at random. */
#include "driver_check.h"
#include "hostile_pci.h"

#include <axiom/errno.h>
#include <core/block.h>
#include <string.h>
#include <tests/check_main.h>

#define SPACES 400u

static uint8_t bytes[64 * BLOCK_SECTOR_SIZE], other[64 * BLOCK_SECTOR_SIZE];

static const char *disk_body(void)
{
    struct block_device *disk = block_device_at(0);
    BODY(disk != NULL && block_device_at(1) == NULL);
    BODY(disk->sector_count == 512 && !disk->read_only);
    for (uint32_t i = 0; i < sizeof other; i++)
        other[i] = (uint8_t)(i * 7 + i / 256);
    BODY(block_write(disk, 300, 64, other) == 0 && block_flush(disk) == 0);
    BODY(block_read(disk, 300, 64, bytes) == 0 && memcmp(bytes, other, sizeof bytes) == 0);
    BODY(block_read(disk, 100, 1, bytes) == -EIO);
    BODY(block_read(disk, 511, 1, bytes) == 0 && block_read(disk, 511, 2, bytes) == -EINVAL);
    return NULL;
}

START_TEST(a_disk_behind_pci_keeps_what_is_written)
{
    struct driver_run run = { .cpus = 2, .seed = 1, .body = disk_body };
    run.fdt = driver_board("virtio-pci", &run.fdt_size);
    hostile_pci_edits(NULL, 0);
    driver_survives(&run);
    ck_assert_uint_eq(run.result.warning_count, 0);
    ck_assert_uint_eq(run.errors, 1); /* the sector that cannot be read */
}
END_TEST

START_TEST(no_configuration_space_breaks_the_boot)
{
    struct driver_run run = { .cpus = 1, .seed = 1 };
    run.fdt = driver_board("virtio-pci", &run.fdt_size);
    uint32_t state = 1;
    for (uint32_t i = 0; i < SPACES; i++) {
        uint8_t edits[32 * HOSTILE_PCI_EDIT];
        for (uint32_t k = 0; k < sizeof edits; k++) {
            state = state * 1664525u + 1013904223u;
            edits[k] = (uint8_t)(state >> 24);
        }
        hostile_pci_edits(edits, i % 32 * HOSTILE_PCI_EDIT);
        ck_assert_int_eq(driver_run(&run), 0);
        ck_assert_uint_eq(run.pages_left, 0);
    }
}
END_TEST

/* A list that leads back to itself, and one that leads out. */
START_TEST(lists_of_capabilities_end)
{
    struct driver_run run = { .cpus = 1, .seed = 1 };
    run.fdt = driver_board("virtio-pci", &run.fdt_size);
    static const uint8_t loops[][HOSTILE_PCI_EDIT] = {
        { 8, 0x41, 0x40 }, { 8, 0x41, 0x58 }, { 8, 0x59, 0x40 },
        { 8, 0x34, 0xff }, { 8, 0x34, 0xfc },
    };
    for (uint32_t i = 0; i < 5; i++) {
        hostile_pci_edits(loops[i], HOSTILE_PCI_EDIT);
        ck_assert_int_eq(driver_run(&run), 0);
        ck_assert_uint_eq(run.pages_left, 0);
    }
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("drivers/pci");
    TCase *cases = tcase_create("pci");
    tcase_add_test(cases, a_disk_behind_pci_keeps_what_is_written);
    tcase_add_test(cases, no_configuration_space_breaks_the_boot);
    tcase_add_test(cases, lists_of_capabilities_end);
    suite_add_tcase(suite, cases);
    return check_main(suite);
}
