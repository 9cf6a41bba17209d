/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* The log ring, warnings, and what a panic leaves behind. */
#include "port.h"

#include <axiom/bug.h>
#include <axiom/errno.h>
#include <axiom/event.h>
#include <core/log.h>
#include <core/thread.h>
#include <hw/device.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <tests/check_main.h>
#include <unistd.h>

extern const struct driver port_board_driver;
const struct driver *const driver_table[] = { &port_board_driver, NULL };

static char last_event[LOG_LINE_MAX + 2];
static uint8_t last_level;
static uint32_t event_count;

static void keep(struct event_sink *sink, const struct event *event)
{
    (void)sink;
    snprintf(last_event, sizeof last_event, "%s", event->text.text);
    last_level = event->text.level;
    event_count++;
}

static void ring_body(void *argument)
{
    (void)argument;
    struct event_sink sink = { .emit = keep, .kinds = 1u << EVENT_LOG };
    event_sink_add(&sink);
    event_count = 0;
    uint64_t first = log_count();
    thread_sleep_until(1234567);
    for (uint32_t i = 0; i < LOG_LINE_COUNT + 10; i++)
        log_notice("line %u", i);
    ck_assert_uint_eq(log_count(), first + LOG_LINE_COUNT + 10);
    ck_assert_uint_eq(event_count, LOG_LINE_COUNT + 10);
    ck_assert_str_eq(last_event, "line 265");
    ck_assert_uint_eq(last_level, LOG_NOTICE);

    struct log_entry entry;
    ck_assert_int_eq(log_read(log_count(), &entry), -ENOENT);
    ck_assert_int_eq(log_read(first + 9, &entry), -ENOENT); /* overwritten */
    ck_assert_int_eq(log_read(first + 10, &entry), 0);
    ck_assert_str_eq(entry.text, "line 10");
    ck_assert_uint_eq(entry.number, first + 10);
    ck_assert_uint_eq(entry.time_ns, 1234567);
    ck_assert_uint_eq(entry.level, LOG_NOTICE);

    char long_text[2 * LOG_LINE_MAX];
    memset(long_text, 'x', sizeof long_text - 1);
    long_text[sizeof long_text - 1] = '\0';
    log_err("%s", long_text);
    ck_assert_uint_eq(strlen(last_event), LOG_LINE_MAX);
    ck_assert_int_eq(log_read(log_count() - 1, &entry), 0);
    ck_assert_uint_eq(strlen(entry.text), LOG_LINE_MAX);

    ck_assert(WARN_ON(event_count > 1));
    ck_assert(!WARN_ON(event_count == 0));
    ck_assert(strstr(last_event, "WARN_ON(event_count > 1) at ") == last_event);
    event_sink_remove(&sink);
}

START_TEST(the_ring_keeps_the_last_lines)
{
    ck_assert_int_eq(port_run(NULL, ring_body, NULL), 0);
    struct log_entry entry; /* still there after the kernel's end */
    ck_assert_int_eq(log_read(log_count() - 1, &entry), 0);
    ck_assert_str_eq(entry.text, "kernel: stopping");
}
END_TEST

static void panic_body(void *argument)
{
    (void)argument;
    log_info("the line before");
    panic("answer %d", 42);
}

START_TEST(a_panic_says_where_why_and_what_was_before)
{
    int out[2];
    ck_assert_int_eq(pipe(out), 0);
    pid_t child = fork();
    if (child == 0) {
        dup2(out[1], STDERR_FILENO);
        port_run(NULL, panic_body, NULL);
        _exit(0);
    }
    close(out[1]);
    char text[8192];
    size_t length = 0;
    ssize_t got;
    while ((got = read(out[0], text + length, sizeof text - 1 - length)) > 0)
        length += (size_t)got;
    text[length] = '\0';
    close(out[0]);
    int status;
    waitpid(child, &status, 0);
    ck_assert(WIFSIGNALED(status) && WTERMSIG(status) == SIGABRT);
    ck_assert_ptr_nonnull(strstr(text, "kernel panic at "));
    ck_assert_ptr_nonnull(strstr(text, "log_test.c:"));
    ck_assert_ptr_nonnull(strstr(text, ": answer 42\n"));
    ck_assert_ptr_nonnull(strstr(text, "<6> the line before\n"));
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("log");
    TCase *tcase = tcase_create("log");
    suite_add_tcase(suite, tcase);
    tcase_add_test(tcase, the_ring_keeps_the_last_lines);
    tcase_add_test(tcase, a_panic_says_where_why_and_what_was_before);
    return check_main(suite);
}
