/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* panic, warning and log for host programs that link freestanding modules without the kernel:
 * tools, tests, fuzzers. */
#include <axiom/bug.h>
#include <axiom/log.h>

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

void panic_at(const char *file, int line, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    fprintf(stderr, "%s:%d: ", file, line);
    vfprintf(stderr, format, arguments);
    fputc('\n', stderr);
    va_end(arguments);
    abort();
}

void warn_at(const char *file, int line, const char *text)
{
    fprintf(stderr, "%s:%d: WARN_ON(%s)\n", file, line, text);
}

void log_line(enum log_level level, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    fprintf(stderr, "<%d> ", (int)level);
    vfprintf(stderr, format, arguments);
    fputc('\n', stderr);
    va_end(arguments);
}
