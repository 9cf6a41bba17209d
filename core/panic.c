/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* The end of an image that cannot go on: what went wrong, the log's end, then the port's part
 * (registers, backtrace, in sim the seed and the event). Takes no lock, so that it works wherever
 * the kernel stood. */
#include <arch/cpu.h>
#include <arch/irqflags.h>
#include <axiom/bug.h>
#include <axiom/format.h>
#include <axiom/log.h>
#include <axiom/string.h>
#include <internal/panic.h>
#include <stdarg.h>

#define LAST_LINES 24

void panic_at(const char *file, int line, const char *format, ...)
{
    static bool panicking; /* a panic is the end of the process or machine: never set up again */
    (void)arch_irq_save();
    if (!panicking) {
        panicking = true;
        char text[LOG_LINE_MAX + 1];
        va_list arguments;
        va_start(arguments, format);
        format_text_va(text, sizeof text, format, arguments);
        va_end(arguments);

        char head[LOG_LINE_MAX + 1];
        format_text(head, sizeof head, "\nkernel panic at %s:%d: ", file, line);
        arch_console_write(head, strlen(head));
        arch_console_write(text, strlen(text));
        static const char log_head[] = "\nthe log's last lines:\n";
        arch_console_write(log_head, sizeof log_head - 1);
        log_last_words(LAST_LINES, arch_console_write);
    }
    arch_panic();
}

void warn_at(const char *file, int line, const char *text)
{
    log_warning("WARN_ON(%s) at %s:%d", text, file, line);
}
