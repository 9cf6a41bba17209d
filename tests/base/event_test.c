/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* The registry of sinks where CPUs emit at once: what is done in the lock, and what is not. */
#include <axiom/event.h>

#include <string.h>
#include <tests/check_main.h>

static int held, taken;
static uint64_t now;

static uint64_t lock(void)
{
    if (held != 0)
        return EVENT_LOCK_HELD;
    held = 1;
    taken++;
    return 7;
}

static void unlock(uint64_t state)
{
    ck_assert_uint_eq(state, 7);
    ck_assert_int_eq(held, 1);
    held = 0;
}

static const struct event_lock test_lock = { lock, unlock };

static uint64_t clock_ns(void)
{
    ck_assert_int_eq(held, taken > 0);
    return ++now;
}

static struct {
    char order[16];
    uint64_t sequence[16];
    uint32_t count;
    bool emits;
} seen;

static void note(char name, const struct event *event)
{
    seen.order[seen.count] = name;
    seen.sequence[seen.count++] = event->sequence;
}

static void serial_emit(struct event_sink *sink, const struct event *event)
{
    (void)sink;
    ck_assert_int_eq(held, taken > 0);
    note('s', event);
    if (seen.emits) {
        struct event inner = { .kind = EVENT_TIMER };
        event_emit(&inner);
    }
}

static void concurrent_emit(struct event_sink *sink, const struct event *event)
{
    (void)sink;
    ck_assert_int_eq(held, 0);
    note('c', event);
}

static struct event_sink serial = { .emit = serial_emit, .kinds = UINT32_MAX };
static struct event_sink concurrent = {
    .emit = concurrent_emit,
    .kinds = 1u << EVENT_LOG,
    .concurrent = true,
};

static void setup(void)
{
    event_registry_reset();
    held = taken = 0;
    now = 0;
    memset(&seen, 0, sizeof seen);
}

static void emit(enum event_kind kind)
{
    struct event event = { .kind = (uint8_t)kind };
    event_emit(&event);
}

START_TEST(sinks_are_called_in_the_lock_but_the_concurrent_after_it)
{
    event_lock_set(&test_lock);
    event_sink_add(&concurrent);
    event_sink_add(&serial);
    event_clock_set(clock_ns);
    taken = 0;
    emit(EVENT_LOG);
    emit(EVENT_TIMER);
    ck_assert_str_eq(seen.order, "scs");
    ck_assert_uint_eq(seen.sequence[0], 1);
    ck_assert_uint_eq(seen.sequence[1], 1);
    ck_assert_uint_eq(seen.sequence[2], 2);
    ck_assert_int_eq(taken, 2);
    ck_assert_int_eq(held, 0);
}
END_TEST

START_TEST(a_sink_that_emits_does_not_wait_for_itself)
{
    event_lock_set(&test_lock);
    event_sink_add(&serial);
    seen.emits = true;
    emit(EVENT_LOG);
    emit(EVENT_LOG);
    ck_assert_str_eq(seen.order, "ss");
    ck_assert_uint_eq(seen.sequence[1], 2);
    ck_assert_int_eq(held, 0);
}
END_TEST

START_TEST(skipped_events_count_only_where_one_cpu_emits)
{
    event_skip();
    ck_assert_uint_eq(event_sequence(), 1);
    event_lock_set(&test_lock);
    event_skip();
    ck_assert_uint_eq(event_sequence(), 1);
    event_registry_reset();
    event_skip();
    ck_assert_uint_eq(event_sequence(), 1);
}
END_TEST

START_TEST(without_a_lock_sinks_are_called_in_their_order)
{
    event_sink_add(&concurrent);
    event_sink_add(&serial);
    emit(EVENT_LOG);
    event_sink_remove(&concurrent);
    emit(EVENT_LOG);
    ck_assert_str_eq(seen.order, "css");
    ck_assert_int_eq(taken, 0);
    event_sink_remove(&serial);
    ck_assert(!event_wanted(EVENT_LOG));
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("event");
    TCase *cases = tcase_create("event");
    tcase_add_checked_fixture(cases, setup, event_registry_reset);
    tcase_add_test(cases, sinks_are_called_in_the_lock_but_the_concurrent_after_it);
    tcase_add_test(cases, a_sink_that_emits_does_not_wait_for_itself);
    tcase_add_test(cases, skipped_events_count_only_where_one_cpu_emits);
    tcase_add_test(cases, without_a_lock_sinks_are_called_in_their_order);
    suite_add_tcase(suite, cases);
    return check_main(suite);
}
