/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* Backtraces by frame pointers; every frame is checked before it is followed. Any context. */
#pragma once
#include <axiom/types.h>

/* Prints who called whom: first `pc`, then the return addresses of the frames from `fp` on. */
void backtrace_print(uint64_t pc, uint64_t fp);
/* The caller's own, without the caller. */
void backtrace_print_here(void);
