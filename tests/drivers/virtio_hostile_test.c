/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* The virtio drivers against devices that do anything (tests/fuzz's virtio target does the same with bytes that
 * look for new ways). */
#include "virtio_hostile.h"

#include <tests/check_main.h>

#define DEVICES 150u

START_TEST(nothing_that_a_device_says_is_believed)
{
    size_t size;
    const void *fdt = driver_board("virtio-hostile", &size);
    uint32_t state = 1;
    for (uint32_t i = 0; i < DEVICES; i++) {
        uint8_t bytes[600];
        for (uint32_t k = 0; k < sizeof bytes; k++) {
            state = state * 1664525u + 1013904223u;
            bytes[k] = (uint8_t)(state >> 24);
        }
        hostile_run(fdt, size, bytes, i % 8 == 0 ? i % 3 : sizeof bytes);
    }
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("drivers/virtio_hostile");
    TCase *cases = tcase_create("hostile");
    tcase_add_test(cases, nothing_that_a_device_says_is_believed);
    suite_add_tcase(suite, cases);
    return check_main(suite);
}
