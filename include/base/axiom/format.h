/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* printf without libc: %d %i %u %x %X %o %c %s %p %% with flags - 0 + space #, width, precision, * and the lengths
 * hh h l ll z t j. No floating point: a kernel has none. Pointers print as 0x… in hex. Any context. */
#pragma once
#include <axiom/types.h>
#include <stdarg.h>

/* As C11 snprintf: always terminates when size > 0, returns the length that the whole text would have. */
int format_text(char *to, size_t size, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
int format_text_va(char *to, size_t size, const char *format, va_list arguments)
    __attribute__((format(printf, 3, 0)));
