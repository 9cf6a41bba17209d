/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* Where the viewer's program is. */
#pragma once
#include <stdbool.h>
#include <stddef.h>

/* The path of axiom-view, which stands beside this command; false: this build has none. */
bool viewer_path(char *to, size_t size);
/* Complains that it has none, and how to get it; an exit code. */
int viewer_missing(void);
