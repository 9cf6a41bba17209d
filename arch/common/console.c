/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* The console of an image, and the log on it.
 *
 * Lines of several CPUs must not mix, but a panicking CPU must not wait for one that will never let
 * go: the lock is tried for a while, then ignored. */
#include <arch/cpu.h>
#include <arch/irqflags.h>
#include <axiom/event.h>
#include <axiom/format.h>
#include <axiom/log.h>
#include <port/console.h>
#include <stdarg.h>

#define TRIES_MAX 1000000u

static void (*device)(void *context, const char *text, size_t size);
static void *device_context;
static uint32_t busy;
static struct event_sink log_sink;
static uint8_t log_level;

void console_set(void (*write)(void *context, const char *text, size_t size), void *context)
{
    device_context = context;
    device = write;
}

bool arch_console_lock(void)
{
    bool taken = false;
    for (uint32_t i = 0; i < TRIES_MAX && !taken; i++)
        taken = __atomic_exchange_n(&busy, 1, __ATOMIC_ACQUIRE) == 0;
    return taken;
}

void arch_console_unlock(bool taken)
{
    if (taken)
        __atomic_store_n(&busy, 0, __ATOMIC_RELEASE);
}

void arch_console_write(const char *text, size_t size)
{
    if (device == NULL)
        return;
    struct arch_irqflags flags = arch_irq_save();
    bool taken = arch_console_lock();
    device(device_context, text, size);
    arch_console_unlock(taken);
    arch_irq_restore(flags);
}

void console_print(const char *format, ...)
{
    char text[LOG_LINE_MAX + 2];
    va_list arguments;
    va_start(arguments, format);
    int length = format_text_va(text, LOG_LINE_MAX, format, arguments);
    va_end(arguments);
    if (length < 0)
        return;
    if (length > LOG_LINE_MAX - 1)
        length = LOG_LINE_MAX - 1;
    text[length++] = '\n';
    arch_console_write(text, (size_t)length);
}

static void print_event(struct event_sink *sink, const struct event *event)
{
    (void)sink;
    if (event->text.level > log_level)
        return;
    console_print("[%5llu.%06llu] %s", (unsigned long long)(event->time_ns / NSEC_PER_SEC),
                  (unsigned long long)(event->time_ns % NSEC_PER_SEC / NSEC_PER_USEC),
                  event->text.text);
}

struct event_sink *console_log_sink(uint8_t level)
{
    log_level = level;
    log_sink = (struct event_sink){
        .emit = print_event,
        .kinds = 1u << EVENT_LOG,
        .concurrent = true,
    };
    return &log_sink;
}
