/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* Material that tests use but the project does not carry (real recordings, conformance suites).
 *
 * It lies in $AXIOM_SHARED, or in ../shared beside the checkout. A test that misses it says so on stdout in a line that
 * starts with "skipped:", which tools/test counts. */
#pragma once
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

/* Fills `path` with the place of `name` ("traces/x/y.sr"); false, after the skip line, if it is not there. */
static inline bool shared_path(const char *name, char *path, size_t size)
{
    const char *root = getenv("AXIOM_SHARED");
    if (root != NULL)
        snprintf(path, size, "%s/%s", root, name);
    else
        snprintf(path, size, "%s/../shared/%s", AXIOM_SOURCE_DIR, name);
    if (access(path, R_OK) == 0)
        return true;
    printf("skipped: shared/%s is not there (set AXIOM_SHARED to the folder that has it)\n", name);
    return false;
}
