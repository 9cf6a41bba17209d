/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* What a dying image says: everything that brings one back to the place, and names of functions. */
#include <arch/cpu.h>
#include <axiom/bug.h>
#include <signal.h>
#include <string.h>
#include <sys/wait.h>
#include <tests/check_main.h>
#include <unistd.h>

#include "fake_image.h"

static uint32_t produced;

static int edges(void *context, struct sim_input *out)
{
    (void)context;
    produced++;
    *out = (struct sim_input){ .time_ns = produced * 1500000000ull,
                               .source_ns = produced * 1000ull,
                               .position = produced + 7000ull,
                               .level = produced % 2 != 0 };
    return 1;
}

__attribute__((noinline)) static void static_function_that_fails(void)
{
    BUG_ON(fake.irq_count == 3);
    __asm__ volatile(""); /* no tail call above */
}

static void failing_irq(void)
{
    static_function_that_fails();
    struct mmio gpio = fake_map(FAKE_GPIO_BASE);
    mmio_write64(&gpio, GPIO_CHANGED, UINT64_MAX);
}

static int main_of_kernel(const struct boot_info *info)
{
    (void)info;
    struct mmio intc = fake_map(FAKE_INTC_BASE);
    mmio_write32(&intc, INTC_ENABLE, 0x7fffffff);
    fake.irq = failing_irq;
    fake_idle_until_stop();
    return 0;
}

static void run_to_panic(void)
{
    static const char *const targets[] = { "gpio/chip0/3" };
    struct sim_config config = fake_config();
    struct sim_result result;
    config.seed = 424242;
    config.targets = targets;
    config.target_count = 1;
    config.next_input = edges;
    produced = 0;
    fake_reset(main_of_kernel);
    sim_run(&config, &result);
}

/* Runs it in a child; its stderr into text; the signal that ended it. */
static int last_words(void (*function)(void), char *text, size_t size)
{
    int ends[2];
    ck_assert_int_eq(pipe(ends), 0);
    pid_t child = fork();
    if (child == 0) {
        dup2(ends[1], STDERR_FILENO);
        close(ends[0]);
        function();
        _exit(0);
    }
    close(ends[1]);
    size_t used = 0;
    ssize_t got;
    while ((got = read(ends[0], text + used, size - 1 - used)) > 0)
        used += (size_t)got;
    text[used] = '\0';
    close(ends[0]);
    int status;
    waitpid(child, &status, 0);
    return WIFSIGNALED(status) ? WTERMSIG(status) : 0;
}

START_TEST(a_panic_says_where_it_was_and_aborts)
{
    static char text[65536];
    ck_assert_int_eq(last_words(run_to_panic, text, sizeof text), SIGABRT);
    static const char *const expected[] = {
        "BUG_ON(fake.irq_count == 3)",
        "panic_test.c",
        "seed 424242",
        "virtual time 4.500000000 s",
        "event 3",
        "trace position 7003",
        "input 3",
        "source time 3000 ns",
        "backtrace:",
        "static_function_that_fails+",
        "failing_irq+",
        "arch_sim_take_irqs+",
        "fake_idle_until_stop+",
        "main_of_kernel+",
        "CPU 0: running",
    };
    for (size_t i = 0; i < ARRAY_SIZE(expected); i++)
        ck_assert_msg(strstr(text, expected[i]) != NULL, "no '%s' in:\n%s", expected[i], text);
}
END_TEST

static int bad_access_main(const struct boot_info *info)
{
    (void)info;
    struct mmio gpio = fake_map(FAKE_GPIO_BASE);
    mmio_read32(&gpio, FAKE_SIZE);
    return 0;
}

static int misaligned_main(const struct boot_info *info)
{
    (void)info;
    struct mmio gpio = fake_map(FAKE_GPIO_BASE);
    mmio_read32(&gpio, 2);
    return 0;
}

static int unmapped_main(const struct boot_info *info)
{
    (void)info;
    struct mmio gpio = fake_map(FAKE_GPIO_BASE);
    mmio_unmap(&gpio);
    mmio_write8(&gpio, 0, 1);
    return 0;
}

static int (*bad_main)(const struct boot_info *info);

static void run_bad(void)
{
    struct sim_config config = fake_config();
    struct sim_result result;
    fake_reset(bad_main);
    sim_run(&config, &result);
}

START_TEST(a_wrong_register_access_is_a_panic_that_names_the_device)
{
    static char text[65536];
    bad_main = bad_access_main;
    ck_assert_int_eq(last_words(run_bad, text, sizeof text), SIGABRT);
    ck_assert_ptr_nonnull(strstr(text, "gpio@1000: register access of 4 bytes at offset 0x100"));
    bad_main = misaligned_main;
    ck_assert_int_eq(last_words(run_bad, text, sizeof text), SIGABRT);
    ck_assert_ptr_nonnull(strstr(text, "offset 0x2 is misaligned"));
    bad_main = unmapped_main;
    ck_assert_int_eq(last_words(run_bad, text, sizeof text), SIGABRT);
    ck_assert_ptr_nonnull(strstr(text, "not mapped"));
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("sim/panic");
    TCase *cases = tcase_create("panic");
    tcase_add_test(cases, a_panic_says_where_it_was_and_aborts);
    tcase_add_test(cases, a_wrong_register_access_is_a_panic_that_names_the_device);
    suite_add_tcase(suite, cases);
    return check_main(suite);
}
