/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* Expectations at run time: each assertion is a small state machine fed with every event. Parsing
 * is expect_parse.c. */
#include "expect.h"
#include "expect_internal.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static bool compare_numbers(int64_t a, enum comparison op, int64_t b)
{
    switch (op) {
    case COMPARE_EQ:
        return a == b;
    case COMPARE_NE:
        return a != b;
    case COMPARE_LT:
        return a < b;
    case COMPARE_LE:
        return a <= b;
    case COMPARE_GT:
        return a > b;
    case COMPARE_GE:
        return a >= b;
    }
    return false;
}

static bool condition_holds(const struct condition *c, const struct event *event)
{
    struct event_value value;
    if (!event_field(event, c->field, &value))
        return false;
    if (!value.is_text)
        return c->is_number && compare_numbers(value.number, c->op, c->number);
    return compare_numbers(strcmp(value.text, c->text), c->op, 0);
}

static bool conditions_hold(const struct condition *list, uint32_t count, const struct event *event)
{
    for (uint32_t i = 0; i < count; i++) {
        if (!condition_holds(&list[i], event))
            return false;
    }
    return true;
}

static bool matches(const struct match *m, const char *topic, const struct event *event)
{
    return strcmp(m->topic, topic) == 0 && conditions_hold(m->where, m->where_count, event);
}

/* The first reason stays: what follows is usually its consequence. */
__attribute__((format(printf, 2, 3))) static void fail(struct assertion *a, const char *format, ...)
{
    if (a->failed)
        return;
    a->failed = true;
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(a->why, sizeof a->why, format, arguments);
    va_end(arguments);
}

static void fail_at(struct assertion *a, const char *what, const struct event *event)
{
    char text[160];
    event_describe(event, text, sizeof text);
    fail(a, "%s at %" PRIu64 " ns (event %" PRIu64 "): %s", what, event->time_ns, event->sequence,
         text);
}

/* An answer at the cause's own time counts also when it was told first: what happens at one time
 * has no before. */
static void step_within(struct assertion *a, const char *topic, const struct event *event)
{
    /* Deadlines lie in order: the oldest is the first to pass. */
    if (a->open_count > 0 && event->time_ns > a->deadline[a->open_first]) {
        fail(a, "nothing came by %" PRIu64 " ns", a->deadline[a->open_first]);
        return;
    }
    if (matches(&a->match, topic, event)) {
        a->open_count = 0; /* one answer serves all that wait for it */
        a->answered = true;
        a->answered_ns = event->time_ns;
    }
    if (matches(&a->after, topic, event)) {
        a->seen++;
        if (a->answered && a->answered_ns == event->time_ns)
            return;
        if (a->open_count == EXPECT_OPEN_MAX) {
            fail(a, "more than %d causes wait for an answer at once", EXPECT_OPEN_MAX);
            return;
        }
        if (a->open_count == 0)
            a->open_first = 0;
        a->deadline[(a->open_first + a->open_count++) % EXPECT_OPEN_MAX] =
            event->time_ns + a->within_ns;
    }
}

static void step(struct assertion *a, const char *topic, const struct event *event)
{
    switch (a->kind) {
    case ASSERT_COUNT:
        if (matches(&a->match, topic, event))
            a->seen++;
        break;
    case ASSERT_NEVER:
        if (a->armed && matches(&a->match, topic, event))
            fail_at(a, "it came", event);
        if (!a->armed && matches(&a->after, topic, event))
            a->armed = true;
        break;
    case ASSERT_EVERY:
        if (matches(&a->match, topic, event)) {
            a->seen++;
            if (!conditions_hold(a->must, a->must_count, event))
                fail_at(a, "not so", event);
        }
        break;
    case ASSERT_LAST:
        if (matches(&a->match, topic, event)) {
            a->seen++;
            a->last_holds = conditions_hold(a->must, a->must_count, event);
            event_describe(event, a->last_text, sizeof a->last_text);
        }
        break;
    case ASSERT_WITHIN:
        step_within(a, topic, event);
        break;
    }
}

void expect_event(struct expect *expect, const char *topic, const struct event *event)
{
    for (uint32_t i = 0; i < expect->count; i++) {
        if (!expect->assertions[i].failed)
            step(&expect->assertions[i], topic, event);
    }
}

static void finish(struct assertion *a, uint64_t end_ns)
{
    switch (a->kind) {
    case ASSERT_COUNT:
        if (!compare_numbers((int64_t)a->seen, a->count_op, a->count))
            fail(a, "counted %" PRIu64, a->seen);
        break;
    case ASSERT_EVERY:
    case ASSERT_LAST:
        if (a->seen == 0)
            fail(a, "there was no such event");
        else if (a->kind == ASSERT_LAST && !a->last_holds)
            fail(a, "the last was: %s", a->last_text);
        break;
    case ASSERT_WITHIN:
        if (a->seen == 0)
            fail(a, "the cause never came");
        else if (a->open_count > 0)
            fail(a, "nothing came by %" PRIu64 " ns; the run ended at %" PRIu64 " ns",
                 a->deadline[a->open_first], end_ns);
        break;
    case ASSERT_NEVER:
        /* Without its cause it would hold for nothing: that is not what the writer meant. */
        if (!a->armed)
            fail(a, "the event after which it must not come never came");
        break;
    }
}

uint32_t expect_finish(struct expect *expect, uint64_t end_ns)
{
    uint32_t failed = 0;
    for (uint32_t i = 0; i < expect->count; i++) {
        finish(&expect->assertions[i], end_ns);
        failed += expect->assertions[i].failed;
    }
    return failed;
}

uint32_t expect_count(const struct expect *expect)
{
    return expect->count;
}

void expect_verdict(const struct expect *expect, uint32_t index, struct expect_verdict *out)
{
    const struct assertion *a = &expect->assertions[index];
    *out = (struct expect_verdict){
        .line = a->line, .source = a->source, .holds = !a->failed, .why = a->why
    };
}
