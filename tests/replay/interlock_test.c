/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* The safety interlock on the whole machine: every origin of a stop times every actuator times
 * latched or not, a stop in the middle of a PWM period, and every interleaving of a stop and a
 * writer on two CPUs with up to two preemptions. What counts is the pad, as the chip says it
 * (GPIO STATUS: what goes to the pad, and whether it is driven). */
#include <axiom/bits.h>
#include <axiom/errno.h>
#include <core/gpio.h>
#include <core/interlock.h>
#include <core/pwm.h>
#include <core/thread.h>
#include <core/wait.h>
#include <hw/regs/rp1_gpio.h>
#include <stdio.h>
#include <stdlib.h>
#include <tests/check_main.h>

#include "rig.h"

#define IO_BASE    UINT64_C(0x1f000d0000)
#define PADS_BASE  UINT64_C(0x1f000f0000)
#define BANK_SIZE  0xc000u
#define PWM_LINE   12u
#define EDGE_LINE  17u
#define LEVEL_OFF  2
#define STOP_NS    (RIG_BODY_NS + 10 * RIG_MS)
#define RUN_END_NS (RIG_BODY_NS + 60 * RIG_MS)

static struct rig rig;
static struct mmio io, pads;

#define CHECK(condition)         \
    do {                         \
        if (!(condition))        \
            rig_print_log(&rig); \
        ck_assert(condition);    \
    } while (0)

/* 0, 1, or LEVEL_OFF: not driven. */
static int pad_level(uint32_t line)
{
    uint32_t status = mmio_read32(&io, RP1_GPIO_STATUS(line));
    bool off = (mmio_read32(&pads, RP1_PAD(line)) & RP1_PAD_OD) != 0;
    if (off || (status & RP1_STATUS_OETOPAD) == 0)
        return LEVEL_OFF;
    return (status & RP1_STATUS_OUTTOPAD) != 0;
}

/* The actuators of the board's tree. */
enum actuator { X_ENABLE, Y_ENABLE, TOOL_RELEASE, SPINDLE, ACTUATOR_COUNT };
static const uint32_t actuator_line[ACTUATOR_COUNT] = { 22, 23, 24, PWM_LINE };
static const int actuator_safe[ACTUATOR_COUNT] = { 0, 0, LEVEL_OFF, 0 };

static int move(enum actuator actuator, const char *origin)
{
    const struct pwm_state on = { .period_ns = 100 * RIG_MS,
                                  .duty_ns = 99 * RIG_MS,
                                  .enabled = true };
    if (actuator == SPINDLE)
        return pwm_apply(0, 0, &on, origin);
    return gpio_direction_output(0, actuator_line[actuator], true, origin);
}

static int move_again(enum actuator actuator, const char *origin)
{
    if (actuator == SPINDLE)
        return move(actuator, origin);
    return gpio_set(0, actuator_line[actuator], true, origin);
}

/* --- origins of a stop --- */

enum origin { FROM_THREAD, FROM_INTERRUPT, FROM_INSIDE_A_WRITE, FROM_OTHER_CPU, ORIGIN_COUNT };
static const char *const origin_name[ORIGIN_COUNT] = { "thread", "edge program", "nested",
                                                       "other CPU" };

static void stop_on_edge(struct gpio_chip *chip, uint32_t line, enum gpio_edge edge,
                         uint64_t bank_level, uint64_t time_ns)
{
    (void)chip;
    (void)edge;
    (void)bank_level;
    (void)time_ns;
    if (line == EDGE_LINE)
        interlock_stop(origin_name[FROM_INTERRUPT]);
}

static const struct attach_hooks stop_hooks = { .gpio_edge = stop_on_edge };

static int stop_on_cpu_1(void *argument)
{
    (void)argument;
    interlock_stop(origin_name[FROM_OTHER_CPU]);
    return 0;
}

static void stop_from(enum origin origin)
{
    struct thread *thread;
    const struct thread_options options = {
        .name = "stopper", .entry = stop_on_cpu_1, .sched = { .priority = 90 }, .cpu_mask = 2
    };
    switch (origin) {
    case FROM_THREAD:
        interlock_stop(origin_name[origin]);
        break;
    case FROM_INTERRUPT:
        attach_hooks = &stop_hooks;
        if (gpio_edges_get(0, EDGE_LINE, GPIO_EDGE_RISING) != 0)
            abort();
        rig_sleep_until(STOP_NS + 10 * RIG_MS);
        break;
    case FROM_INSIDE_A_WRITE:
        if (interlock_write_begin("test", ACTUATOR_GPIO, 0, actuator_line[X_ENABLE]) != 0)
            abort();
        interlock_stop(origin_name[origin]);
        interlock_write_end();
        break;
    case FROM_OTHER_CPU:
        if (thread_create(&options, &thread) != 0)
            abort();
        (void)thread_join(thread);
        break;
    default:
        abort();
    }
}

/* --- the matrix --- */

static struct {
    enum origin origin;
    enum actuator actuator;
    bool latched_before;
    int moved, before, after_stop, refused, after_refused, rearm_unprivileged, rearm, after_rearm;
    int moved_again, after_move;
    bool latched, input_works;
} matrix;

static void matrix_body(struct rig *unused)
{
    (void)unused;
    io = rig_mmio(IO_BASE, BANK_SIZE);
    pads = rig_mmio(PADS_BASE, BANK_SIZE);
    matrix.moved = move(matrix.actuator, "test");
    rig_sleep_until(RIG_BODY_NS + 5 * RIG_MS);
    matrix.before = pad_level(actuator_line[matrix.actuator]);
    if (matrix.latched_before)
        interlock_stop("earlier");
    if (matrix.latched_before && matrix.origin == FROM_INSIDE_A_WRITE)
        interlock_stop("again"); /* a write cannot begin any more */
    else
        stop_from(matrix.origin);
    matrix.latched = interlock_latched();
    matrix.after_stop = pad_level(actuator_line[matrix.actuator]);
    matrix.refused = move_again(matrix.actuator, "hung process");
    if (matrix.refused == -EPERM)
        matrix.refused = move(matrix.actuator, "hung process");
    matrix.after_refused = pad_level(actuator_line[matrix.actuator]);
    matrix.input_works = gpio_direction_input(0, 26, GPIO_PULL_UP) == 0 && gpio_get(0, 26) == 1;
    matrix.rearm_unprivileged = interlock_rearm("user", false);
    matrix.rearm = interlock_rearm("operator", true);
    rig_sleep_until(RIG_BODY_NS + 40 * RIG_MS);
    matrix.after_rearm = pad_level(actuator_line[matrix.actuator]);
    matrix.moved_again = move_again(matrix.actuator, "test");
    rig_sleep_until(RIG_BODY_NS + 50 * RIG_MS);
    matrix.after_move = pad_level(actuator_line[matrix.actuator]);
    mmio_unmap(&io);
    mmio_unmap(&pads);
}

static uint32_t interlock_events(enum interlock_action action)
{
    uint32_t count = 0;
    for (uint32_t i = 0; i < rig.event_count; i++)
        count += rig.events[i].event.kind == EVENT_INTERLOCK &&
                 rig.events[i].event.interlock.action == action;
    return count;
}

START_TEST(a_stop_from_anywhere_holds_every_actuator)
{
    matrix.origin = (enum origin)(_i % ORIGIN_COUNT);
    matrix.actuator = (enum actuator)(_i / ORIGIN_COUNT % ACTUATOR_COUNT);
    matrix.latched_before = _i / ORIGIN_COUNT / ACTUATOR_COUNT != 0;
    int safe = actuator_safe[matrix.actuator];
    rig_init(&rig);
    rig.config.cpu_count = 2;
    rig.config.end_time_ns = RUN_END_NS;
    rig_line(&rig, STOP_NS, EDGE_LINE, true);
    rig_run(&rig, matrix_body);
    CHECK(rig.result.error == 0);
    CHECK(rig.result.kernel_error == 0);
    CHECK(matrix.moved == 0);
    CHECK(matrix.before == 1);
    CHECK(matrix.latched);
    CHECK(matrix.after_stop == safe);
    CHECK(matrix.refused == -EPERM);
    CHECK(matrix.after_refused == safe);
    CHECK(matrix.input_works);
    CHECK(matrix.rearm_unprivileged == -EPERM);
    CHECK(matrix.rearm == 0);
    CHECK(matrix.after_rearm == safe); /* nothing starts by itself */
    CHECK(matrix.moved_again == 0);
    CHECK(matrix.after_move == 1);
    CHECK(interlock_events(INTERLOCK_STOP) == 1);
    CHECK(interlock_events(INTERLOCK_REFUSED) == 2);
    CHECK(interlock_events(INTERLOCK_REARM) == 1);
    rig_exit(&rig);
}
END_TEST

/* --- the middle of a period --- */

static int mid_period[3];

static void mid_period_body(struct rig *unused)
{
    (void)unused;
    io = rig_mmio(IO_BASE, BANK_SIZE);
    pads = rig_mmio(PADS_BASE, BANK_SIZE);
    const struct pwm_state half = { .period_ns = 20 * RIG_MS,
                                    .duty_ns = 10 * RIG_MS,
                                    .enabled = true };
    (void)pwm_apply(0, 0, &half, "test");
    /* 44 ms are two periods and 4 ms: high for 6 ms more. */
    rig_sleep_until(RIG_BODY_NS + 44 * RIG_MS);
    mid_period[0] = pad_level(PWM_LINE);
    interlock_stop("test");
    mid_period[1] = pad_level(PWM_LINE);
    rig_sleep_until(RIG_BODY_NS + 62 * RIG_MS); /* the counter goes on behind the pad */
    mid_period[2] = pad_level(PWM_LINE);
    mmio_unmap(&io);
    mmio_unmap(&pads);
}

START_TEST(a_stop_does_not_wait_for_the_period)
{
    rig_init(&rig);
    rig.config.end_time_ns = RIG_BODY_NS + 70 * RIG_MS;
    rig_run(&rig, mid_period_body);
    CHECK(rig.result.kernel_error == 0);
    CHECK(mid_period[0] == 1);
    CHECK(mid_period[1] == 0);
    CHECK(mid_period[2] == 0);
    rig_exit(&rig);
}
END_TEST

/* --- interleavings --- */

/* Which CPU does which, and how the writer writes. */
struct race {
    const char *what;
    int (*write)(void);
    bool stop_first; /* the agent on CPU 0 stops and CPU 1 writes, or the other way round */
};

static int write_line(void)
{
    return gpio_direction_output(0, actuator_line[X_ENABLE], true, "race");
}

static int write_level(void)
{
    return gpio_set(0, actuator_line[X_ENABLE], true, "race");
}

static int write_pwm(void)
{
    return move(SPINDLE, "race");
}

/* What a driver must not be asked to do: past the interlock. Planted, to see that the search would
 * find a writer that does not hold the lock. */
static int write_past_the_interlock(void)
{
    struct gpio_chip *chip = gpio_chip_find(0);
    return chip->ops->direction_output(chip, actuator_line[X_ENABLE], true);
}

static struct {
    const struct race *race;
    uint32_t go, done; /* atomic */
    bool safe_after_stop, safe_at_the_end;
    int result;
    bool has_moved, was_refused; /* among all interleavings */
    uint64_t points;
} racing;

static bool all_safe(void)
{
    for (uint32_t i = 0; i < ACTUATOR_COUNT; i++) {
        if (pad_level(actuator_line[i]) != actuator_safe[i])
            return false;
    }
    return true;
}

static void race_stop(void)
{
    interlock_stop("race");
    racing.safe_after_stop = all_safe();
}

static void race_side(bool stops)
{
    if (stops)
        race_stop();
    else
        racing.result = racing.race->write();
}

static int race_other(void *argument)
{
    (void)argument;
    while (!__atomic_load_n(&racing.go, __ATOMIC_ACQUIRE))
        delay_relax(TIME_NEVER);
    race_side(!racing.race->stop_first);
    __atomic_store_n(&racing.done, 1, __ATOMIC_RELEASE);
    return 0;
}

static void race_body(struct rig *unused)
{
    (void)unused;
    struct thread *other;
    const struct thread_options options = {
        .name = "other", .entry = race_other, .sched = { .priority = 90 }, .cpu_mask = 2
    };
    io = rig_mmio(IO_BASE, BANK_SIZE);
    pads = rig_mmio(PADS_BASE, BANK_SIZE);
    /* Lines are outputs already, so that a level alone is a movement too. */
    for (uint32_t i = 0; i < SPINDLE; i++)
        (void)gpio_direction_output(0, actuator_line[i], false, "test");
    __atomic_store_n(&racing.go, 0, __ATOMIC_RELEASE);
    __atomic_store_n(&racing.done, 0, __ATOMIC_RELEASE);
    if (thread_create(&options, &other) != 0)
        abort();
    rig_sleep_until(RIG_BODY_NS + 5 * RIG_MS);
    struct irq_state state = cpu_irq_save();
    sim_points_begin();
    __atomic_store_n(&racing.go, 1, __ATOMIC_RELEASE);
    race_side(racing.race->stop_first);
    while (!__atomic_load_n(&racing.done, __ATOMIC_ACQUIRE))
        delay_relax(TIME_NEVER);
    sim_points_end();
    cpu_irq_restore(state);
    (void)thread_join(other);
    rig_sleep_until(RIG_BODY_NS + 25 * RIG_MS);
    racing.safe_at_the_end = all_safe();
    mmio_unmap(&io);
    mmio_unmap(&pads);
}

/* One boot with these preemptions; true: the stop held. */
static bool race_holds(const struct sim_switch *script, uint32_t count)
{
    rig_init(&rig);
    rig.config.cpu_count = 2;
    rig.config.end_time_ns = RIG_BODY_NS + 30 * RIG_MS;
    rig.config.schedule.policy = SIM_SCHEDULE_SCRIPTED;
    rig.config.schedule.window = true;
    rig.config.schedule.script_count = count;
    for (uint32_t i = 0; i < count; i++)
        rig.config.schedule.script[i] = script[i];
    rig_run(&rig, race_body);
    CHECK(rig.result.error == 0);
    CHECK(rig.result.kernel_error == 0);
    CHECK(racing.result == 0 || racing.result == -EPERM);
    racing.has_moved |= racing.result == 0;
    racing.was_refused |= racing.result == -EPERM;
    racing.points = rig.result.point_count;
    bool holds = racing.safe_after_stop && racing.safe_at_the_end;
    rig_exit(&rig);
    return holds;
}

/* Every way to preempt at most twice: away from the CPU that runs and back. Returns how many
 * interleavings broke the stop; the count of all is in *tried. */
static uint32_t search(const struct race *race, uint32_t *tried)
{
    racing.race = race;
    racing.has_moved = racing.was_refused = false;
    uint32_t broken = !race_holds(NULL, 0);
    *tried = 1;
    uint64_t points = racing.points;
    for (uint64_t first = 0; first < points; first++) {
        struct sim_switch script[2] = { { .point = first, .cpu = 1 } };
        broken += !race_holds(script, 1);
        ++*tried;
        uint64_t second_end = racing.points;
        for (uint64_t second = first + 1; second < second_end; second++) {
            script[1] = (struct sim_switch){ .point = second, .cpu = 0 };
            broken += !race_holds(script, 2);
            ++*tried;
        }
    }
    return broken;
}

static const struct race races[] = {
    { "a line becomes an output, then stop", write_line, false },
    { "stop, then a line becomes an output", write_line, true },
    { "a level, then stop", write_level, false },
    { "stop, then a level", write_level, true },
    { "PWM, then stop", write_pwm, false },
    { "stop, then PWM", write_pwm, true },
};

START_TEST(no_interleaving_moves_an_actuator_after_a_stop)
{
    uint32_t tried;
    uint32_t broken = search(&races[_i], &tried);
    printf("interlock: %s: %u interleavings, %u points\n", races[_i].what, tried,
           (unsigned)racing.points);
    ck_assert_uint_gt(tried, 100);
    ck_assert_uint_eq(broken, 0);
    ck_assert(racing.has_moved && racing.was_refused); /* both orders did occur */
}
END_TEST

START_TEST(the_search_finds_a_writer_without_the_lock)
{
    const struct race planted = { "planted", write_past_the_interlock, false };
    uint32_t tried;
    ck_assert_uint_gt(search(&planted, &tried), 0);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("replay/interlock");
    TCase *tcase = tcase_create("interlock");
    tcase_set_timeout(tcase, 110);
    tcase_add_loop_test(tcase, a_stop_from_anywhere_holds_every_actuator, 0,
                        2 * ORIGIN_COUNT * ACTUATOR_COUNT);
    tcase_add_test(tcase, a_stop_does_not_wait_for_the_period);
    tcase_add_loop_test(tcase, no_interleaving_moves_an_actuator_after_a_stop, 0,
                        (int)ARRAY_SIZE(races));
    tcase_add_test(tcase, the_search_finds_a_writer_without_the_lock);
    suite_add_tcase(suite, tcase);
    return check_main(suite);
}
