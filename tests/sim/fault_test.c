/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* The fault script: what it refuses (with the line), and what its rules do. */
#include <axiom/errno.h>
#include <hw/sysreg.h>
#include <string.h>
#include <tests/check_main.h>

#include "fake_image.h"

#define MS 1000000u

/* --- errors --- */

static int nothing_main(const struct boot_info *info)
{
    (void)info;
    return 0;
}

static const char *reason_of(const char *script)
{
    static struct sim_result result;
    struct sim_config config = fake_config();
    config.fault_script = script;
    fake_reset(nothing_main);
    int err = sim_run(&config, &result);
    if (err == 0)
        return "accepted";
    ck_assert_int_eq(err, -EINVAL);
    return result.reason;
}

START_TEST(a_wrong_line_is_refused_with_its_number_and_the_way_out)
{
    static const struct {
        const char *script, *reason;
    } cases[] = {
        { "at 1s stuck-line chip0 line=3\n", "accepted" },
        { "# only\n\n   \t\r\n  # comments", "accepted" },
        { "from 1.5ms to 2s sensor-freeze imu0 # why", "accepted" },
        { "every 3 lost-irq gpio@1000 output=0 count=2", "accepted" },
        { "random 1/10 stuck-line gpio@1000", "accepted" },
        { "at 18446744073s stuck-line chip0", "not a time" },
        { "\n\nsometimes nack chip0", "line 3: 'sometimes' is not at" },
        { "at soon nack chip0", "line 1: 'soon' is not a time" },
        { "at 5 nack chip0", "line 1: '5' is not a time" },
        { "at 5h nack chip0", "line 1: '5h' is not a time" },
        { "at", "line 1: a time is missing" },
        { "at 1s", "line 1: the kind of fault is missing" },
        { "at 1s explode chip0", "line 1: 'explode' is no fault; there are nack" },
        { "at 1s nack", "line 1: the device is missing" },
        { "at 1s nack chip7", "line 1: no device with a model is called 'chip7'" },
        { "at 1s nack chip0 bit=2", "line 1: 'bit=2': nack takes byte=... and count=N" },
        { "at 1s nack chip0 byte=x", "line 1: 'x' is not a number" },
        { "at 1s nack chip0 byte=99999999999999999999999", "is not a number" },
        { "at 1s late-irq chip0 delay=3", "line 1: '3' is not a time" },
        { "at 1s sensor-freeze imu0 x=1", "sensor-freeze takes only count=N" },
        { "at 1s nack chip0 count=many", "count is not a number" },
        { "every 0 nack chip0", "line 1: '0' is not a count" },
        { "every nack chip0", "'nack' is not a count" },
        { "random 3/2 nack chip0", "not a chance" },
        { "random 3 nack chip0", "not a chance" },
        { "random 1/0 nack chip0", "not a chance" },
        { "from 1s until 2s nack chip0", "'to' is missing" },
        { "from 1s to nack chip0", "'nack' is not a time" },
        { "at 1s time-jump", "time-jump takes by=TIME" },
        { "at 1s time-jump by=0s", "time-jump takes by=TIME" },
        { "at 1s time-jump by=1s more", "time-jump takes by=TIME only" },
        { "every 2 time-jump by=1s", "time-jump is written once, and with 'at'" },
        { "at 1s time-jump by=1s\nat 2s time-jump by=1s", "line 2: time-jump is written once" },
        { "allocation", "is not the number of an allocation" },
        { "allocation 0", "is not the number of an allocation" },
        { "allocation 3 4", "takes a number only" },
    };
    for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
        const char *reason = reason_of(cases[i].script);
        ck_assert_msg(strstr(reason, cases[i].reason) != NULL, "%s: %s", cases[i].script, reason);
    }
}
END_TEST

START_TEST(a_script_has_a_limit_and_long_words_are_survived)
{
    static char script[65 * 32 + 1];
    script[0] = '\0';
    for (int i = 0; i < 65; i++)
        strcat(script, "at 1s stuck-line chip0\n");
    ck_assert_ptr_nonnull(strstr(reason_of(script), "line 65: more than 64 rules"));
    memset(script, 'x', sizeof script - 1);
    ck_assert_ptr_nonnull(strstr(reason_of(script), "line 1"));
}
END_TEST

/* --- effects --- */

static uint64_t irq_times[64];

static void noting_irq(void)
{
    struct mmio gpio = fake_map(FAKE_GPIO_BASE);
    irq_times[(fake.irq_count - 1) % 64] = sysreg_read(SYSREG_CNTVCT_EL0);
    mmio_write64(&gpio, GPIO_CHANGED, mmio_read64(&gpio, GPIO_CHANGED));
}

static int idle_main(const struct boot_info *info)
{
    (void)info;
    struct mmio intc = fake_map(FAKE_INTC_BASE);
    mmio_write32(&intc, INTC_ENABLE, 0x7fffffff);
    fake.irq = noting_irq;
    fake_idle_until_stop();
    return 0;
}

static uint32_t produced;

/* An edge each millisecond, ten of them. */
static int ten_edges(void *context, struct sim_input *out)
{
    (void)context;
    if (produced == 10)
        return 0;
    produced++;
    *out = (struct sim_input){ .time_ns = (uint64_t)produced * MS, .level = produced % 2 != 0 };
    return 1;
}

static struct fake_sink sink;

static struct sim_result run_with(const char *script)
{
    static const char *const targets[] = { "gpio/chip0/3" };
    struct event_sink *sinks[] = { &sink.sink };
    struct sim_config config = fake_config();
    struct sim_result result;
    config.fault_script = script;
    config.targets = targets;
    config.target_count = 1;
    config.next_input = ten_edges;
    config.settle_ns = 100 * MS;
    config.sinks = sinks;
    config.sink_count = 1;
    fake_sink_init(&sink);
    produced = 0;
    fake_reset(idle_main);
    ck_assert_int_eq(sim_run(&config, &result), 0);
    ck_assert_uint_eq(sink.kinds[EVENT_FAULT], result.fault_count);
    return result;
}

START_TEST(a_lost_interrupt_is_not_seen_and_says_so)
{
    ck_assert_uint_eq(run_with(NULL).fault_count, 0);
    ck_assert_uint_eq(fake.irq_count, 10);
    /* Once lost, the output stays active: no further activation until somebody looks. */
    ck_assert_uint_eq(run_with("at 3ms lost-irq gpio@1000 output=0").fault_count, 1);
    ck_assert_uint_eq(fake.irq_count, 2);
    const struct event *fault = NULL;
    for (uint64_t i = 0; i < sink.count; i++) {
        if (sink.last[i].kind == EVENT_FAULT)
            fault = &sink.last[i];
    }
    ck_assert_ptr_nonnull(fault);
    ck_assert_uint_eq(fault->time_ns, 3 * MS);
    /* Another output's rule is not meant. */
    ck_assert_uint_eq(run_with("at 3ms lost-irq gpio@1000 output=1").fault_count, 0);
    ck_assert_uint_eq(fake.irq_count, 10);
}
END_TEST

START_TEST(a_late_interrupt_comes_late)
{
    ck_assert_uint_eq(run_with("at 10ms late-irq gpio@1000 delay=2500us").fault_count, 1);
    ck_assert_uint_eq(fake.irq_count, 10);
    ck_assert_uint_eq(irq_times[8], 9 * MS);
    ck_assert_uint_eq(irq_times[9], 12500000);
}
END_TEST

START_TEST(triggers_count_occasions_windows_and_injections)
{
    ck_assert_uint_eq(run_with("every 4 stuck-line chip0 line=3").fault_count, 2);
    ck_assert_uint_eq(run_with("every 2 stuck-line chip0 count=3").fault_count, 3);
    ck_assert_uint_eq(run_with("from 2.5ms to 5ms stuck-line chip0").fault_count, 2);
    ck_assert_uint_eq(run_with("at 2.5ms stuck-line chip0").fault_count, 1);
    ck_assert_uint_eq(run_with("every 1 stuck-line chip0 line=4").fault_count, 0);
    uint64_t some = run_with("random 1/2 stuck-line chip0").fault_count;
    ck_assert(some > 0 && some < 10);
    ck_assert_uint_eq(run_with("random 1/2 stuck-line chip0").fault_count, some);
    ck_assert_uint_eq(run_with("random 1/1 stuck-line chip0").fault_count, 10);
    ck_assert_uint_eq(run_with("random 0/1 stuck-line chip0").fault_count, 0);
}
END_TEST

START_TEST(a_time_jump_makes_what_came_due_meanwhile_late)
{
    struct sim_result result = run_with("at 3.5ms time-jump by=4ms");
    ck_assert_uint_eq(result.fault_count, 1);
    ck_assert_uint_eq(fake.irq_count, 10);
    ck_assert_uint_eq(irq_times[2], 3 * MS);
    for (int i = 3; i < 7; i++) /* edges 4, 5, 6 and 7 */
        ck_assert_uint_eq(irq_times[i], 7500000);
    ck_assert_uint_eq(irq_times[7], 8 * MS);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("sim/fault");
    TCase *cases = tcase_create("fault");
    tcase_add_test(cases, a_wrong_line_is_refused_with_its_number_and_the_way_out);
    tcase_add_test(cases, a_script_has_a_limit_and_long_words_are_survived);
    tcase_add_test(cases, a_lost_interrupt_is_not_seen_and_says_so);
    tcase_add_test(cases, a_late_interrupt_comes_late);
    tcase_add_test(cases, triggers_count_occasions_windows_and_injections);
    tcase_add_test(cases, a_time_jump_makes_what_came_due_meanwhile_late);
    suite_add_tcase(suite, cases);
    return check_main(suite);
}
