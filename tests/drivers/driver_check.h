/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* What the tests of drivers say of a run on a board: that it was good, and that a boot which lacks any one allocation
 * leaves nothing behind. */
#pragma once
#include "driver_body.h"

#include <check.h>
#include <stdlib.h>

#define DRIVER_ALLOCATIONS_MAX 400u

static inline struct driver_run driver_on_board(const char *board, driver_body *body, uint32_t cpus,
                                                uint64_t seed)
{
    struct driver_run run = { .cpus = cpus, .seed = seed, .body = body };
    run.fdt = driver_board(board, &run.fdt_size);
    run.verbose = getenv("VERBOSE") != NULL;
    return run;
}

/* Runs it, whatever its log says: its body is content, and no page is left behind. */
static inline void driver_survives(struct driver_run *run)
{
    ck_assert_int_eq(driver_run(run), 0);
    ck_assert_msg(run->said == NULL, "%s", run->said);
    ck_assert_uint_eq(run->pages_left, 0);
}

/* Runs it, with so many errors in the log at most. */
static inline void driver_check(struct driver_run *run, uint32_t errors_max)
{
    driver_survives(run);
    ck_assert_int_eq(run->result.kernel_error, 0);
    ck_assert_uint_eq(run->result.warning_count, 0);
    ck_assert_uint_le(run->errors, errors_max);
}

/* Once for each allocation that a boot makes, of which there are more than `least`. */
static inline void driver_check_without_memory(struct driver_run run, uint32_t least)
{
    uint32_t nth = 1;
    for (; nth < DRIVER_ALLOCATIONS_MAX; nth++) {
        run.fail_kernel_allocation = nth;
        (void)driver_run(&run);
        ck_assert_uint_eq(run.pages_left, 0);
        ck_assert_uint_eq(run.result.leaked_stacks, 0);
        if (run.result.kernel_allocations < nth)
            break;
    }
    ck_assert_uint_gt(nth, least);
    ck_assert_uint_lt(nth, DRIVER_ALLOCATIONS_MAX);
}

/* Bytes that look like any. */
static inline void driver_pattern(uint8_t *to, size_t size, uint32_t seed)
{
    for (size_t i = 0; i < size; i++) {
        seed = seed * 1664525u + 1013904223u;
        to[i] = (uint8_t)(seed >> 24);
    }
}
