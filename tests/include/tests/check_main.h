/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* main() of a test program with one suite. */
#pragma once
#include <check.h>
#include <stdlib.h>

/* Runs and frees the suite, as loudly as CK_VERBOSITY says; what main() returns. */
static inline int check_main(Suite *suite)
{
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_ENV);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed != 0 ? EXIT_FAILURE : EXIT_SUCCESS;
}
