/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* The thread that runs the tests, and its watchdog.
 *
 * The watchdog is a timer: if the test that was running TIMEOUT_NS ago still is, the kernel panics,
 * and with it every CPU says where it is. On the command line: `ktest=NAME` runs the
 * one test, `ktest=panic` (and others, see end_somehow()) ends the image in a way to be looked at. */
#include "ktest.h"

#include <arch/cpu.h>
#include <axiom/bug.h>
#include <axiom/errno.h>
#include <axiom/format.h>
#include <axiom/string.h>
#include <core/addon.h>
#include <core/thread.h>
#include <core/time.h>
#include <internal/boot.h>

#define TIMEOUT_NS (100ull * NSEC_PER_SEC)
#define HANG_NS    (1ull * NSEC_PER_SEC) /* when it is to hang, nobody wants to wait so long */
#define OPTION     "ktest="
#define OPTION_MAX 64

static const struct ktest *const suites[] = { ktest_contracts, ktest_memory, ktest_sched,
                                              ktest_time,      ktest_bpf,    ktest_disk,
                                              ktest_events,    ktest_port };

static struct thread *runner;
static uint32_t number, failures;
static bool failed;
static const char *running, *note;
static struct timer watchdog;
static uint32_t watched;
static uint64_t watch_ns;
static char option[OPTION_MAX];

static void say(const char *format, ...) __attribute__((format(printf, 1, 2)));
static void say(const char *format, ...)
{
    char text[256];
    va_list arguments;
    va_start(arguments, format);
    int length = format_text_va(text, sizeof text, format, arguments);
    va_end(arguments);
    arch_console_write(text, (size_t)length < sizeof text ? (size_t)length : sizeof text - 1);
}

void ktest_failed(const char *file, int line, const char *condition)
{
    failed = true;
    say("# %s:%d: not true: %s\n", file, line, condition);
}

void ktest_note(const char *why)
{
    note = why;
}

static void bark(struct timer *timer, void *context)
{
    (void)context;
    if (watched == number && running != NULL)
        panic("watchdog: the test \"%s\" does not end", running);
    watched = number;
    timer_start(timer, ktime_get_ns() + watch_ns);
}

/* What runs longer than twice so long hangs. */
static void watch_begin(uint64_t ns)
{
    watch_ns = ns;
    watched = UINT32_MAX;
    timer_init(&watchdog, bark, NULL);
    timer_start(&watchdog, ktime_get_ns() + watch_ns);
}

static void run_one(const struct ktest *test)
{
    number++;
    failed = false;
    note = NULL;
    if (arch_cpu_count() < test->cpus) {
        say("ok %u - %s # SKIP needs %u CPUs\n", number, test->name, test->cpus);
        return;
    }
    running = test->name;
    test->run();
    running = NULL;
    failures += failed;
    say("%s %u - %s%s%s\n", failed ? "not ok" : "ok", number, test->name, note != NULL ? " # " : "",
        note != NULL ? note : "");
}

static bool wanted(const struct ktest *test)
{
    return option[0] == '\0' || strcmp(option, test->name) == 0;
}

static uint32_t each_wanted(void (*run)(const struct ktest *test))
{
    uint32_t count = 0;
    for (uint32_t i = 0; i < ARRAY_SIZE(suites); i++) {
        for (const struct ktest *test = suites[i]; test->name != NULL; test++) {
            if (!wanted(test))
                continue;
            count++;
            if (run != NULL)
                run(test);
        }
    }
    return count;
}

static void end_somehow(const char *how)
{
    if (strcmp(how, "panic") == 0)
        panic("asked to by the command line");
    else if (strcmp(how, "reboot") == 0)
        arch_reboot();
    else if (strcmp(how, "off") == 0)
        arch_power_off();
    else if (!ktest_port_end(how))
        say("Bail out! no test is called \"%s\"\n", how);
}

static int run_all(void *argument)
{
    (void)argument;
    uint32_t count = each_wanted(NULL);
    if (count == 0) {
        running = option;
        watch_begin(HANG_NS);
        end_somehow(option);
        failures = 1;
    } else {
        say("TAP version 13\n1..%u\n", count);
        watch_begin(TIMEOUT_NS / 2);
        each_wanted(run_one);
        say("# %u of %u failed, %u CPU%s\n", failures, count, arch_cpu_count(),
            arch_cpu_count() == 1 ? "" : "s");
    }
    running = NULL;
    timer_cancel_sync(&watchdog);
    kernel_stop();
    return 0;
}

/* "ktest=..." up to the next blank. */
static void option_read(const char *line)
{
    option[0] = '\0';
    for (const char *at = line; at != NULL; at = strchr(at, ' ')) {
        at += *at == ' ';
        if (!string_starts_with(at, OPTION))
            continue;
        at += sizeof OPTION - 1;
        size_t length = 0;
        while (length + 1 < sizeof option && at[length] != ' ' && at[length] != '\0') {
            option[length] = at[length];
            length++;
        }
        option[length] = '\0';
        return;
    }
}

int addon_init(void)
{
    number = failures = watched = 0;
    running = note = NULL;
    option_read(boot_info()->command_line);
    const struct thread_options options = {
        .name = "ktest",
        .entry = run_all,
        .sched = { .policy = SCHED_POLICY_FIFO, .priority = 30 },
    };
    return thread_create(&options, &runner);
}

void addon_exit(void)
{
    thread_join(runner);
}
