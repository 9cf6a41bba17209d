/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* Words of the kernel's command line; those that there are stand in option.c's table. From the boot's start to its end;
 * any context. */
#pragma once
#include <axiom/types.h>

/* True if `word` stands there alone between blanks. */
bool option_given(const char *word);

/* The number of the word NAME=NUMBER (decimal). False: it is not there; or it is no number from `least`
 * to `most`, which the log is told. */
bool option_number(const char *name, uint64_t least, uint64_t most, uint64_t *out);
