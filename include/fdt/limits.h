/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* What libfdt.h wants of limits.h: the compiler's own would look for libc's. */
#pragma once
#define INT_MAX   __INT_MAX__
#define UINT_MAX  (__INT_MAX__ * 2u + 1u)
