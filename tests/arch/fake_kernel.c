/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* What the core gives every image, for tests that run a port without it: panic, warnings, log. */
#include <axiom/bug.h>
#include <axiom/log.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

_Noreturn void panic_at(const char *file, int line, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    fprintf(stderr, "panic: %s:%d: ", file, line);
    vfprintf(stderr, format, arguments);
    fputc('\n', stderr);
    va_end(arguments);
    abort();
}

void warn_at(const char *file, int line, const char *text)
{
    fprintf(stderr, "warning: %s:%d: %s\n", file, line, text);
}

void log_line(enum log_level level, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    fprintf(stderr, "<%d> ", level);
    vfprintf(stderr, format, arguments);
    fputc('\n', stderr);
    va_end(arguments);
}
