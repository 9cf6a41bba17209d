/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* Expectations: the language, and each assertion both holding and not. Events are made up here;
 * what a real run emits is judged by tests/replay. */
#include "expect.h"

#include <stdio.h>
#include <string.h>
#include <tests/check_main.h>

static struct expect *parse(const char *text)
{
    struct expect *expect;
    struct expect_error error;
    int err = expect_parse(text, strlen(text), &expect, &error);
    ck_assert_msg(err == 0, "line %u: %s", error.line, error.text);
    return expect;
}

static void refuses(const char *text, uint32_t line, const char *why)
{
    struct expect *expect;
    struct expect_error error;
    ck_assert_int_ne(expect_parse(text, strlen(text), &expect, &error), 0);
    ck_assert_uint_eq(error.line, line);
    ck_assert_msg(strstr(error.text, why) != NULL, "'%s' does not say '%s'", error.text, why);
}

static void pwm(struct expect *expect, uint64_t time_ns, uint64_t duty_ns)
{
    struct event event = { .kind = EVENT_PWM,
                           .time_ns = time_ns,
                           .pwm = { .period_ns = 1000, .duty_ns = duty_ns, .enabled = 1 } };
    expect_event(expect, "/pwm/chip0/0", &event);
}

static void stop(struct expect *expect, uint64_t time_ns)
{
    struct event event = { .kind = EVENT_INTERLOCK,
                           .time_ns = time_ns,
                           .interlock = { INTERLOCK_STOP, "position", "" } };
    expect_event(expect, "/interlock", &event);
}

static void map_entry(struct expect *expect, int64_t first, int64_t second)
{
    uint32_t key = 0;
    int64_t value[2] = { first, second };
    struct event event = { .kind = EVENT_BPF_MAP,
                           .bpf_map = { .map = "m",
                                        .key = (uint8_t *)&key,
                                        .value = (uint8_t *)value,
                                        .key_size = 4,
                                        .value_size = 16 } };
    expect_event(expect, "/bpf/map/m", &event);
}

/* Ends the run and says whether the one assertion held. */
static bool holds(struct expect *expect, uint64_t end_ns)
{
    uint32_t failed = expect_finish(expect, end_ns);
    struct expect_verdict verdict;
    expect_verdict(expect, 0, &verdict);
    ck_assert_uint_eq(failed, !verdict.holds);
    ck_assert(verdict.holds || verdict.why[0] != '\0');
    expect_free(expect);
    return failed == 0;
}

START_TEST(count_counts_what_matches)
{
    struct expect *e = parse("count /pwm/chip0/0 where duty_ns > 10: == 2");
    pwm(e, 1, 5);
    pwm(e, 2, 11);
    pwm(e, 3, 500);
    ck_assert(holds(e, 10));
    e = parse("count /pwm/chip0/0: >= 1");
    ck_assert(!holds(e, 10));
}
END_TEST

START_TEST(never_waits_for_its_cause)
{
    const char *text = "never /pwm/chip0/0 where duty_ns > 0 after /interlock where action == stop";
    struct expect *e = parse(text);
    pwm(e, 1, 5);
    stop(e, 2);
    pwm(e, 3, 0);
    ck_assert(holds(e, 10));
    e = parse(text);
    stop(e, 2);
    pwm(e, 3, 1);
    ck_assert(!holds(e, 10));
    e = parse(text); /* the cause never came: it would hold for nothing */
    pwm(e, 1, 5);
    ck_assert(!holds(e, 10));
}
END_TEST

START_TEST(within_has_a_deadline)
{
    const char *text =
        "within 2us after /interlock where action == stop: /pwm/chip0/0 where duty_ns == 0";
    struct expect *e = parse(text);
    stop(e, 1000);
    pwm(e, 3000, 0);
    ck_assert(holds(e, 10000));
    e = parse(text);
    stop(e, 1000);
    pwm(e, 3001, 0);
    ck_assert(!holds(e, 10000));
    e = parse(text); /* the run ends first */
    stop(e, 1000);
    ck_assert(!holds(e, 1500));
    e = parse(text); /* the answer came before the cause */
    pwm(e, 900, 0);
    stop(e, 1000);
    ck_assert(!holds(e, 10000));
}
END_TEST

START_TEST(last_and_every_want_an_event)
{
    struct expect *e = parse("last /bpf/map/m where key == 0: s64[0] == -7 and s64[1] < 1us");
    map_entry(e, 3, 3);
    map_entry(e, -7, 999);
    ck_assert(holds(e, 10));
    e = parse("last /bpf/map/m where key == 0: s64[0] == -7");
    map_entry(e, -7, 0);
    map_entry(e, 3, 3);
    ck_assert(!holds(e, 10));
    e = parse("every /pwm/chip0/0: duty_ns <= 100 and enabled == 1");
    ck_assert(!holds(e, 10));
    e = parse("every /pwm/chip0/0: duty_ns <= 100");
    pwm(e, 1, 100);
    ck_assert(holds(e, 10));
    e = parse("every /pwm/chip0/0: duty_ns <= 100");
    pwm(e, 1, 101);
    pwm(e, 2, 100);
    ck_assert(!holds(e, 10));
}
END_TEST

START_TEST(texts_are_compared_as_texts)
{
    struct expect *e =
        parse("count /interlock where origin == \"position\" and action == stop: == 1");
    stop(e, 5);
    ck_assert(holds(e, 10));
    e = parse("count /interlock where origin == other: == 0");
    stop(e, 5);
    ck_assert(holds(e, 10));
}
END_TEST

START_TEST(what_is_wrong_is_told_with_its_line)
{
    refuses("# fine\n\nsometimes /x: == 1\n", 3, "no assertion");
    refuses("count x: == 1", 1, "no topic");
    refuses("count /x == 1", 1, "':' is missing");
    refuses("count /x: = 1", 1, "no comparison");
    refuses("count /x: == many", 1, "no number");
    refuses("count /x: == 1 2", 1, "too much");
    refuses("within soon after /x: /y", 1, "no duration");
    refuses("last /x: text == \"open", 1, "quote");
    refuses("every /x:", 1, "missing");
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("expect");
    TCase *cases = tcase_create("expect");
    tcase_add_test(cases, count_counts_what_matches);
    tcase_add_test(cases, never_waits_for_its_cause);
    tcase_add_test(cases, within_has_a_deadline);
    tcase_add_test(cases, last_and_every_want_an_event);
    tcase_add_test(cases, texts_are_compared_as_texts);
    tcase_add_test(cases, what_is_wrong_is_told_with_its_line);
    suite_add_tcase(suite, cases);
    return check_main(suite);
}
