/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* Programs at every kind of attach point of a running board: which of them run, in which order, with
 * what in their contexts, and what their return values do. tests/replay/programs/hotpath.bpf.c
 * writes its calls into a ring buffer; they are read here from the events of its records. */
#include <axiom/crc32.h>
#include <axiom/errno.h>
#include <core/gpio.h>
#include <stdio.h>
#include <string.h>
#include <tests/check_main.h>

#include "rig.h"

static struct rig rig;

#define CHECK(condition)         \
    do {                         \
        if (!(condition))        \
            rig_print_log(&rig); \
        ck_assert(condition);    \
    } while (0)

/* As in hotpath.bpf.c. */
enum who { FIRST = 1, SECOND, BOTH, FALLING, KHZ, SEVEN_HZ, ONESHOT, TEMPERATURE };
struct call {
    uint64_t who, time_ns, sequence, a, b, c;
};

#define RISE_NS  (250 * RIG_MS)
#define FALL_NS  (251 * RIG_MS)
#define AGAIN_NS (252 * RIG_MS)
#define END_NS   (2050 * RIG_MS)
#define TICK_NS  19u /* of the clock that the kernel reads, rounded up */

static void add_inputs(void)
{
    static const uint8_t quantity[] = { IIO_ACCEL_X };
    rig_line(&rig, RISE_NS, 17, true);
    rig_line(&rig, RISE_NS, 50, true);
    rig_line(&rig, FALL_NS, 17, false);
    rig_line(&rig, FALL_NS, 50, false);
    rig_line(&rig, AGAIN_NS, 17, true);
    for (uint32_t k = 0; k < 20; k++) {
        int64_t nano = (k % 2 == 0 ? 1 : -1) * INT64_C(2000000000);
        rig_sensor(&rig, (300 + 20 * k) * RIG_MS, "imu0", quantity, &nano, 1);
    }
}

static void run_hotpath(uint32_t cpus, uint64_t seed)
{
    rig_init(&rig);
    rig_module(&rig, "tests/replay/hotpath.bpf.o");
    rig.config.command_line = "bpf.required";
    rig.config.end_time_ns = END_NS;
    rig.config.cpu_count = cpus;
    rig.config.seed = seed;
    if (cpus > 1)
        rig.config.schedule =
            (struct sim_schedule){ .policy = SIM_SCHEDULE_SEEDED, .switch_one_in = 9 };
    add_inputs();
    rig_run(&rig, NULL);
    CHECK(rig.result.error == 0);
    CHECK(rig.result.kernel_error == 0);
    CHECK(rig.event_count < RIG_EVENT_MAX);
}

static void setup(void)
{
    run_hotpath(1, 1);
}

static void teardown(void)
{
    rig_exit(&rig);
}

/* The nth call written down by `who`; false: there were fewer. */
static bool find_call(enum who who, uint32_t nth, struct call *out)
{
    for (uint32_t i = 0; i < rig.event_count; i++) {
        const struct rig_event *at = &rig.events[i];
        if (at->event.kind != EVENT_BPF_MAP || strcmp(at->name, "calls") != 0)
            continue;
        memcpy(out, at->bytes, sizeof *out);
        if (out->who == who && nth-- == 0)
            return true;
    }
    return false;
}

static uint32_t runs(const char *program)
{
    return rig_count(&rig, EVENT_BPF_RUN, EVENT_LAYER_KERNEL, program);
}

/* --- edges --- */

START_TEST(all_programs_of_an_edge_run_in_the_order_of_attaching)
{
    static const char *const order[] = { "first", "second", "both",   "falling",
                                         "both",  "first",  "second", "both" };
    uint32_t at = 0;
    for (uint32_t i = 0; i < rig.event_count; i++) {
        const struct rig_event *event = &rig.events[i];
        if (event->event.kind != EVENT_BPF_RUN ||
            (strcmp(event->name, "first") != 0 && strcmp(event->name, "second") != 0 &&
             strcmp(event->name, "both") != 0 && strcmp(event->name, "falling") != 0))
            continue;
        CHECK(at < ARRAY_SIZE(order));
        /* Two banks at one time: either may come first, but each in its own order. */
        if (event->event.time_ns != FALL_NS)
            ck_assert_str_eq(event->name, order[at]);
        at++;
    }
    ck_assert_uint_eq(at, ARRAY_SIZE(order));
    ck_assert_uint_eq(runs("first"), 2);
    ck_assert_uint_eq(runs("second"), 2);
    ck_assert_uint_eq(runs("both"), 3);
    ck_assert_uint_eq(runs("falling"), 1);
}
END_TEST

START_TEST(an_edges_context_says_what_happened)
{
    struct call call;
    for (uint32_t nth = 0; nth < 2; nth++) {
        uint64_t at_ns = nth == 0 ? RISE_NS : AGAIN_NS;
        for (enum who who = FIRST; who <= SECOND; who++) {
            CHECK(find_call(who, nth, &call));
            ck_assert(call.time_ns <= at_ns && at_ns - call.time_ns < TICK_NS);
            ck_assert_uint_eq(call.sequence, nth + 1);
            ck_assert_uint_eq(call.a, 1); /* AXIOM_GPIO_RISING */
            ck_assert_uint_eq(call.b, 1);
            ck_assert_uint_eq(call.c >> 17 & 1, 1);
        }
    }
    for (uint32_t nth = 0; nth < 3; nth++) {
        CHECK(find_call(BOTH, nth, &call));
        ck_assert_uint_eq(call.sequence, nth + 1);
        ck_assert_uint_eq(call.a, nth % 2 == 0 ? 1 : 2);
        ck_assert_uint_eq(call.b, nth % 2 == 0);
        ck_assert_uint_eq(call.c, 17);
    }
    CHECK(find_call(FALLING, 0, &call));
    ck_assert_uint_eq(call.a, 2); /* lines 34..53 are the third bank */
    ck_assert_uint_eq(call.b, 0);
    ck_assert_uint_eq(call.c, 50);
    CHECK(!find_call(FALLING, 1, &call));
}
END_TEST

START_TEST(levels_are_refused_with_what_there_is)
{
    rig_exit(&rig);
    rig_init(&rig);
    rig_module(&rig, "tests/replay/level.bpf.o");
    rig.config.command_line = "bpf.required";
    rig_run(&rig, NULL);
    CHECK(rig.result.kernel_error == -EINVAL);
    CHECK(rig_log_count(&rig, "section 'gpio/chip0/line17/high' names no attach point") == 1);
    CHECK(rig_log_count(&rig, "levels are not attach points yet") == 1);
}
END_TEST

/* What the desk refuses before (tests/cli/sign_test.sh), the kernel refuses itself. */
START_TEST(unsigned_programs_are_refused_where_signatures_are_required)
{
    rig_exit(&rig);
    rig_init(&rig);
    rig_module(&rig, "tests/replay/hotpath.bpf.o");
    rig.config.command_line = "bpf.required bpf.require_signed";
    rig_run(&rig, NULL);
    CHECK(rig.result.kernel_error == -EACCES);
    CHECK(rig_log_count(&rig, "the object is not signed") == 1);
}
END_TEST

/* --- timers --- */

/* Each expiry n stands at start + n / rate, to the nanosecond; the program runs at the clock's next
 * tick. */
static void check_rate(enum who who, const char *program, uint64_t rate_hz, uint32_t nth,
                       uint64_t number, uint64_t start_ns)
{
    struct call call;
    CHECK(find_call(who, nth, &call));
    ck_assert_uint_eq(call.sequence, number);
    ck_assert_uint_eq(call.time_ns, start_ns + number * NSEC_PER_SEC / rate_hz);
    ck_assert(call.a >= call.time_ns && call.a - call.time_ns < TICK_NS);
    ck_assert_uint_eq(call.b, NSEC_PER_SEC / rate_hz);
    uint64_t until_ns = rig.result.stop_time_ns - start_ns;
    ck_assert_uint_eq(runs(program), until_ns * rate_hz / NSEC_PER_SEC);
}

START_TEST(timers_keep_their_rates)
{
    struct call call;
    CHECK(find_call(KHZ, 0, &call));
    uint64_t start_ns = call.time_ns - RIG_MS;
    ck_assert_uint_lt(start_ns, 50 * RIG_MS); /* the boot's end */
    check_rate(KHZ, "khz", 1000, 0, 1, start_ns);
    check_rate(KHZ, "khz", 1000, 1, 50, start_ns);
    CHECK(find_call(SEVEN_HZ, 0, &call));
    start_ns = call.time_ns - NSEC_PER_SEC / 7;
    for (uint32_t n = 1; n <= 14; n++)
        check_rate(SEVEN_HZ, "seven_hz", 7, n - 1, n, start_ns);
    ck_assert_uint_eq(runs("oneshot"), 1);
}
END_TEST

/* --- policies and guards --- */

START_TEST(a_policy_clamps_and_refuses_and_guards_refuse)
{
    struct call call;
    CHECK(find_call(ONESHOT, 0, &call));
    ck_assert_int_eq((int64_t)call.a, 0);
    ck_assert_uint_eq(call.b, 100000);
    ck_assert_uint_eq(call.c, 50000); /* of 90,000 asked for */
    CHECK(find_call(ONESHOT, 1, &call));
    ck_assert_int_eq((int64_t)call.a, -ERANGE); /* the guard's */
    ck_assert_int_eq((int64_t)call.b, -EBUSY);  /* the policy's */
    ck_assert_uint_eq(call.c, 100000);          /* as before both */
    CHECK(find_call(ONESHOT, 2, &call));
    ck_assert_int_eq((int64_t)call.a, 0);
    ck_assert_int_eq((int64_t)call.b, -EACCES);
    ck_assert_uint_eq(call.c, 0);
    /* And on the pins: the clamped waveform is the only one, line 22 never rose. */
    for (uint32_t i = 0; i < rig.event_count; i++) {
        const struct event *event = &rig.events[i].event;
        if (event->kind == EVENT_PWM && event->pwm.enabled)
            ck_assert_uint_eq(event->pwm.duty_ns, 50000);
        if (event->kind == EVENT_GPIO && event->gpio.line == 22)
            ck_assert_uint_eq(event->gpio.level, 0);
    }
    const struct rig_event *pwm = rig_find(&rig, EVENT_PWM, EVENT_LAYER_MACHINE, NULL, 0);
    CHECK(pwm != NULL);
}
END_TEST

/* --- samples --- */

START_TEST(filters_drop_samples)
{
    uint32_t samples = 0, kept = 0, dropped_wrong = 0;
    for (uint32_t i = 0; i < rig.event_count; i++) {
        const struct rig_event *at = &rig.events[i];
        if (at->event.kind != EVENT_IIO || at->event.layer != EVENT_LAYER_KERNEL)
            continue;
        if (strcmp(at->name, "sht31") == 0) {
            /* The temperature only, every other one; humidity has no program. */
            ck_assert_uint_eq(at->event.iio.dropped, samples % 2 == 0 ? 0 : 1);
            samples++;
        } else {
            bool negative = at->event.iio.nano[0] < 0;
            dropped_wrong += at->event.iio.dropped != (negative ? 1 : 0);
            kept += !negative;
        }
    }
    ck_assert_uint_eq(samples, 3);
    ck_assert_uint_eq(dropped_wrong, 0);
    ck_assert_uint_eq(kept, 10);
    ck_assert_uint_eq(runs("accel_x"), 20);
    struct call call;
    CHECK(find_call(TEMPERATURE, 2, &call));
    ck_assert_uint_eq(call.sequence, 3);
    ck_assert_uint_eq(call.c, IIO_TEMP);
}
END_TEST

/* --- what the number of CPUs must not change --- */

static uint32_t outputs_digest(uint32_t *map_entries)
{
    uint32_t crc = 0;
    *map_entries = 0;
    for (uint32_t i = 0; i < rig.event_count; i++) {
        const struct rig_event *at = &rig.events[i];
        if (at->event.role != EVENT_ROLE_OUTPUT)
            continue;
        uint64_t head[] = { at->event.kind, at->event.layer, at->event.time_ns };
        if (at->event.kind == EVENT_BPF_MAP) /* of the end; how long that takes is another thing */
            head[2] = 0;
        crc = crc32_update(crc, head, sizeof head);
        crc = crc32_update(crc, at->name, strlen(at->name));
        crc = crc32_update(crc, at->key, sizeof at->key);
        crc = crc32_update(crc, at->bytes, sizeof at->bytes);
        if (at->event.kind == EVENT_BPF_RUN) {
            crc = crc32_update(crc, &at->event.bpf_run.context_digest, sizeof(uint64_t));
            crc = crc32_update(crc, &at->event.bpf_run.return_value, sizeof(uint64_t));
        }
        *map_entries += at->event.kind == EVENT_BPF_MAP && strcmp(at->name, "scattered") == 0;
    }
    return crc;
}

START_TEST(no_number_of_cpus_and_no_seed_reaches_the_outputs)
{
    static const uint32_t cpus[] = { 1, 2, 4, 8 };
    uint32_t entries, one = outputs_digest(&entries);
    uint64_t hash = rig.result.state_hash, switches = 0;
    ck_assert_uint_gt(entries, 50); /* the hash map, in one order */
    for (size_t i = 0; i < ARRAY_SIZE(cpus); i++) {
        for (uint64_t seed = 1; seed <= 3; seed++) {
            rig_exit(&rig);
            run_hotpath(cpus[i], seed * 1001);
            switches += rig.result.switch_count;
            ck_assert_msg(outputs_digest(&entries) == one && rig.result.state_hash == hash,
                          "%u CPUs, seed %u: other outputs", cpus[i], (unsigned)seed * 1001);
        }
    }
    ck_assert_uint_gt(switches, 50); /* the interleavings were others */
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("replay/program");
    TCase *tcase = tcase_create("program");
    tcase_add_checked_fixture(tcase, setup, teardown);
    tcase_set_timeout(tcase, 100);
    tcase_add_test(tcase, all_programs_of_an_edge_run_in_the_order_of_attaching);
    tcase_add_test(tcase, an_edges_context_says_what_happened);
    tcase_add_test(tcase, levels_are_refused_with_what_there_is);
    tcase_add_test(tcase, timers_keep_their_rates);
    tcase_add_test(tcase, a_policy_clamps_and_refuses_and_guards_refuse);
    tcase_add_test(tcase, unsigned_programs_are_refused_where_signatures_are_required);
    tcase_add_test(tcase, filters_drop_samples);
    tcase_add_test(tcase, no_number_of_cpus_and_no_seed_reaches_the_outputs);
    suite_add_tcase(suite, tcase);
    return check_main(suite);
}
