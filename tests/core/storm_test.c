/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* An interrupt that storms is masked with a message; one that is only busy is not. */
#include "port.h"

#include <core/log.h>
#include <core/thread.h>
#include <core/time.h>
#include <hw/device.h>
#include <string.h>
#include <tests/check_main.h>

#define LINE 3u

extern const struct driver port_board_driver;
const struct driver *const driver_table[] = { &port_board_driver, NULL };

static uint64_t count, pause_ns, take_ns;
static uint64_t end_ns;

static bool logged(const char *text)
{
    for (uint64_t i = 0; i < log_count(); i++) {
        struct log_entry entry;
        if (log_read(i, &entry) == 0 && strstr(entry.text, text) != NULL)
            return true;
    }
    return false;
}

static void pull(void *context)
{
    (void)context;
    port_pull(LINE);
}

/* The line is active again pause_ns after each handling, which takes take_ns. */
static void handle(struct irq *irq, void *context)
{
    (void)irq;
    (void)context;
    count++;
    delay_ns(take_ns);
    if (ktime_get_ns() < end_ns)
        port_plan(port_now_ns() + pause_ns, pull, NULL);
}

static void body(void *argument)
{
    (void)argument;
    struct irq *irq = port_irq(LINE);
    count = 0;
    end_ns = ktime_get_ns() + 5ull * NSEC_PER_SEC;
    ck_assert_int_eq(irq_request(irq, handle, NULL, "storm"), 0);
    port_pull(LINE);
    ck_assert_int_eq(thread_sleep_until(end_ns), 0);
    irq_free(irq);
}

static void run(uint64_t take, uint64_t pause)
{
    const struct port_options options = { 0 };
    take_ns = take;
    pause_ns = pause;
    ck_assert_int_eq(port_run(&options, body, NULL), 0);
}

START_TEST(a_line_that_storms_is_masked)
{
    run(50000, 1000);
    ck_assert(logged("irq: storm (interrupt 3 of"));
    ck_assert(logged("storms: it is masked"));
    ck_assert_uint_gt(count, 19000); /* a second's worth and two looks more */
    ck_assert_uint_lt(count, 24000);
}
END_TEST

START_TEST(a_line_that_is_busy_is_not)
{
    run(20000, 30000);
    ck_assert(!logged("storms"));
    ck_assert_uint_gt(count, 90000);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("core/storm");
    TCase *cases = tcase_create("storm");
    tcase_add_test(cases, a_line_that_storms_is_masked);
    tcase_add_test(cases, a_line_that_is_busy_is_not);
    suite_add_tcase(suite, cases);
    return check_main(suite);
}
