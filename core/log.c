/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* The log ring.
 *
 * Slots of fixed size: line n is in slot n % LOG_LINE_COUNT, so that a line costs one copy, never
 * an allocation, and the newest lines survive everything, a panic included. Each line is an event
 * too; whoever prints the log is a sink. */
#include <axiom/errno.h>
#include <axiom/event.h>
#include <axiom/format.h>
#include <axiom/string.h>
#include <core/log.h>
#include <core/spinlock.h>
#include <core/time.h>
#include <internal/boot.h>
#include <internal/panic.h>

static struct spinlock log_lock;
/* log_lock protects: */
static struct log_entry ring[LOG_LINE_COUNT];
static uint64_t line_count;

int log_init(void)
{
    spin_lock_init(&log_lock);
    line_count = 0;
    return 0;
}

static void ring_put(enum log_level level, const char *text)
{
    struct irq_state state = spin_lock_irqsave(&log_lock);
    struct log_entry *entry = &ring[line_count % LOG_LINE_COUNT];
    entry->number = line_count++;
    entry->time_ns = ktime_get_ns();
    entry->level = (uint8_t)level;
    string_copy(entry->text, sizeof entry->text, text);
    spin_unlock_irqrestore(&log_lock, state);
}

void log_line(enum log_level level, const char *format, ...)
{
    char text[LOG_LINE_MAX + 1];
    va_list arguments;
    va_start(arguments, format);
    format_text_va(text, sizeof text, format, arguments);
    va_end(arguments);

    ring_put(level, text);
    struct event event = {
        .kind = EVENT_LOG,
        .layer = EVENT_LAYER_KERNEL,
        .role = EVENT_ROLE_OBSERVATION,
        .text = { .text = text, .source = "", .level = (uint8_t)level },
    };
    event_emit(&event);
}

uint64_t log_count(void)
{
    return __atomic_load_n(&line_count, __ATOMIC_RELAXED);
}

int log_read(uint64_t number, struct log_entry *out)
{
    struct irq_state state = spin_lock_irqsave(&log_lock);
    int err = 0;
    if (number >= line_count || line_count - number > LOG_LINE_COUNT)
        err = -ENOENT;
    else
        *out = ring[number % LOG_LINE_COUNT];
    spin_unlock_irqrestore(&log_lock, state);
    return err;
}

/* Without the lock: the CPU that panics may hold it. */
void log_last_words(uint32_t lines, void (*write)(const char *text, size_t size))
{
    uint64_t first = line_count > lines ? line_count - lines : 0;
    for (uint64_t number = first; number < line_count; number++) {
        const struct log_entry *entry = &ring[number % LOG_LINE_COUNT];
        char text[LOG_LINE_MAX + 40];
        int length = format_text(text, sizeof text, "  [%5llu.%09llu] <%u> %s\n",
                                 (unsigned long long)(entry->time_ns / NSEC_PER_SEC),
                                 (unsigned long long)(entry->time_ns % NSEC_PER_SEC), entry->level,
                                 entry->text);
        write(text, (size_t)length);
    }
}
