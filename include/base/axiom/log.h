/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* The kernel's log: lines of text with a level and the time, kept in a ring (core/log.c) and given to the event sinks. */
#pragma once
#include <axiom/types.h>

/* Linux's levels (syslog, RFC 5424 §6.2.1). */
enum log_level {
    LOG_ERR = 3,
    LOG_WARNING = 4,
    LOG_NOTICE = 5,
    LOG_INFO = 6,
    LOG_DEBUG = 7,
};

/* One line without the newline; longer than LOG_LINE_MAX is cut. Any context; allocates nothing. Provided by
 * core/log.c; a program without the kernel provides its own. */
#define LOG_LINE_MAX 240
void log_line(enum log_level level, const char *format, ...) __attribute__((format(printf, 2, 3)));

#define log_err(...)     log_line(LOG_ERR, __VA_ARGS__)
#define log_warning(...) log_line(LOG_WARNING, __VA_ARGS__)
#define log_notice(...)  log_line(LOG_NOTICE, __VA_ARGS__)
#define log_info(...)    log_line(LOG_INFO, __VA_ARGS__)
#define log_debug(...)   log_line(LOG_DEBUG, __VA_ARGS__)
