/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* What axiom/bug.h wants from a program without the kernel. */
#include <axiom/bug.h>

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

_Noreturn void panic_at(const char *file, int line, const char *format, ...)
{
    va_list arguments;
    fprintf(stderr, "panic at %s:%d: ", file, line);
    va_start(arguments, format);
    vfprintf(stderr, format, arguments);
    va_end(arguments);
    fputc('\n', stderr);
    abort();
}

void warn_at(const char *file, int line, const char *text)
{
    fprintf(stderr, "warning at %s:%d: %s\n", file, line, text);
}
