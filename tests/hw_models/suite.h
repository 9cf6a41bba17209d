/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* A Check program of one suite on the test board. */
#pragma once
#include "board.h"
#include <tests/check_main.h>

static inline int suite_run(const char *name, void (*setup)(void), const TTest *const *tests,
                            size_t count, void (*setup_other)(void), const TTest *const *others,
                            size_t other_count)
{
    Suite *suite = suite_create(name);
    TCase *cases = tcase_create(name), *more = tcase_create("other board");
    tcase_add_checked_fixture(cases, setup, board_teardown);
    for (size_t i = 0; i < count; i++)
        tcase_add_test(cases, tests[i]);
    suite_add_tcase(suite, cases);
    tcase_add_checked_fixture(more, setup_other != NULL ? setup_other : setup, board_teardown);
    for (size_t i = 0; i < other_count; i++)
        tcase_add_test(more, others[i]);
    suite_add_tcase(suite, more);
    return check_main(suite);
}
