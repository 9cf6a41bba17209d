/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* Assertions and panic.
 *
 * BUG_ON: the kernel itself is wrong; stays on in release. Never for input: programs, ELF, traces, user pointers and
 * devices are input and get an errno. WARN_ON: what we can survive and want to hear of; gives the condition's value. */
#pragma once
#include <axiom/types.h>

/* Ends the image: the last words (place, text, registers or backtrace, the log's end) go to the console. In a simulated
 * image also seed, virtual time, event number and trace position, then abort(). Any context. Provided by core/panic.c;
 * a program without the kernel (a fuzzer, a tool) provides its own. */
_Noreturn void panic_at(const char *file, int line, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
void warn_at(const char *file, int line, const char *text);

#define panic(...) panic_at(__FILE__, __LINE__, __VA_ARGS__)

#define BUG_ON(condition)                       \
    do {                                        \
        if (__builtin_expect(!!(condition), 0)) \
            panic("BUG_ON(%s)", #condition);    \
    } while (0)

#define WARN_ON(condition)                           \
    ({                                               \
        bool warn_on_ = !!(condition);               \
        if (__builtin_expect(warn_on_, 0))           \
            warn_at(__FILE__, __LINE__, #condition); \
        warn_on_;                                    \
    })
