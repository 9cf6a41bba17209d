/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* Lanes against the plainest code that can answer the same: a list of all points. */
#include <string.h>
#include <tests/check_main.h>

#include "lane.h"

#define POINTS  40000u
#define COLUMNS 173u

static struct lane_point truth[POINTS];
static uint32_t seed;

static uint32_t rnd(uint32_t below)
{
    seed = seed * 1664525u + 1013904223u;
    return (seed >> 8) % below;
}

/* Bursts, gaps and equal times. */
static void make(struct lane *lane, enum lane_kind kind, struct lane_pager *pager)
{
    uint64_t time = 1000;
    seed = 7;
    lane_init(lane, kind, pager);
    for (uint32_t i = 0; i < POINTS; i++) {
        time += rnd(100) == 0 ? rnd(1000000) : rnd(40);
        int64_t value = kind == LANE_EDGE ? (int64_t)(i & 1) : (int64_t)rnd(2000) - 1000;
        truth[i] = (struct lane_point){ time, value };
        uint8_t extra[3] = { (uint8_t)i, (uint8_t)(i >> 8), (uint8_t)(i >> 16) };
        ck_assert_int_eq(lane_add(lane, time, value, extra, i % 4), 0);
    }
    ck_assert_uint_eq(lane->count, POINTS);
}

static uint64_t find(uint64_t time)
{
    uint64_t i = 0;
    while (i < POINTS && truth[i].time_ns < time)
        i++;
    return i;
}

START_TEST(finding_is_finding)
{
    struct lane lane;
    make(&lane, LANE_ANALOG, NULL);
    for (uint32_t i = 0; i < 400; i++) {
        uint64_t time = truth[rnd(POINTS)].time_ns + rnd(3) - 1;
        uint64_t expected = find(time), index;
        struct lane_point point;
        ck_assert_uint_eq(lane_find(&lane, time), expected);
        uint64_t after = find(time + 1);
        ck_assert_int_eq(lane_before(&lane, time, &point, &index), after > 0);
        if (after > 0) {
            ck_assert_uint_eq(index, after - 1);
            ck_assert_int_eq(point.value, truth[after - 1].value);
        }
    }
    ck_assert_uint_eq(lane_find(&lane, UINT64_MAX), POINTS);
    ck_assert_uint_eq(lane_find(&lane, 0), 0);
    lane_free(&lane);
}
END_TEST

START_TEST(summaries_are_of_exactly_these_points)
{
    struct lane lane;
    make(&lane, LANE_ANALOG, NULL);
    for (uint32_t i = 0; i < 200; i++) {
        uint64_t a = truth[rnd(POINTS)].time_ns, b = truth[rnd(POINTS)].time_ns + 1;
        uint64_t from = a < b ? a : b, to = a < b ? b : a;
        struct lane_summary sum = lane_summarise(&lane, from, to);
        uint64_t first = find(from), last = find(to);
        ck_assert_uint_eq(sum.count, last - first);
        ck_assert_uint_eq(lane_count_between(&lane, from, to), last - first);
        int64_t min = INT64_MAX, max = INT64_MIN;
        for (uint64_t k = first; k < last; k++) {
            min = truth[k].value < min ? truth[k].value : min;
            max = truth[k].value > max ? truth[k].value : max;
        }
        if (last > first) {
            ck_assert_int_eq(sum.min, min);
            ck_assert_int_eq(sum.max, max);
            ck_assert_int_eq(sum.last, truth[last - 1].value);
        }
    }
    lane_free(&lane);
}
END_TEST

/* A node no wider than a column may stand one column aside; nothing may be missing or made up. */
static void check_columns(struct lane *lane, uint64_t from, uint64_t span)
{
    struct lane_summary columns[COLUMNS];
    struct lane_summary plain[COLUMNS + 2] = { 0 };
    uint64_t total = 0, expected = 0;
    lane_columns(lane, from, span, COLUMNS, columns);
    for (uint64_t i = find(from); i < POINTS && truth[i].time_ns - from < span; i++) {
        uint32_t x = (uint32_t)((double)(truth[i].time_ns - from) * COLUMNS / (double)span);
        struct lane_summary one = {
            truth[i].time_ns, truth[i].time_ns, truth[i].value, truth[i].value, truth[i].value, 1, 0
        };
        lane_summary_merge(&plain[(x < COLUMNS ? x : COLUMNS - 1) + 1], &one);
        expected++;
    }
    for (uint32_t x = 0; x < COLUMNS; x++) {
        const struct lane_summary *c = &columns[x];
        struct lane_summary near = { 0 };
        total += c->count;
        for (uint32_t n = x; n < x + 3; n++)
            lane_summary_merge(&near, &plain[n]);
        if (plain[x + 1].count > 0)
            ck_assert(c->count > 0 || (x > 0 && columns[x - 1].count > 0));
        if (c->count > 0) {
            ck_assert_uint_gt(near.count, 0);
            ck_assert_int_ge(c->min, near.min);
            ck_assert_int_le(c->max, near.max);
        }
    }
    ck_assert_uint_ge(total, expected);
    ck_assert_uint_le(total, expected + COLUMNS);
}

START_TEST(columns_hold_what_happened_there)
{
    struct lane lane;
    make(&lane, LANE_ANALOG, NULL);
    uint64_t start = truth[0].time_ns, all = truth[POINTS - 1].time_ns - start + 1;
    check_columns(&lane, start, all);
    check_columns(&lane, 0, all * 2);
    for (uint32_t i = 0; i < 60; i++) {
        uint64_t span = 1 + all / (1u + rnd(100000));
        check_columns(&lane, truth[rnd(POINTS)].time_ns, span);
    }
    lane_free(&lane);
}
END_TEST

START_TEST(an_order_that_is_none_is_counted)
{
    struct lane lane;
    lane_init(&lane, LANE_EDGE, NULL);
    lane_add(&lane, 10, 1, NULL, 0);
    lane_add(&lane, 9, 0, NULL, 0);
    lane_add(&lane, 10, 0, NULL, 0);
    ck_assert_uint_eq(lane.count, 2);
    ck_assert_uint_eq(lane.disordered, 1);
    lane_free(&lane);
}
END_TEST

/* --- giving points up --- */

static bool load_truth(struct lane_pager *pager, struct lane *lane, uint32_t block)
{
    (void)pager;
    lane_refill_begin(lane, block);
    for (uint32_t i = block * LANE_BLOCK_POINTS; i < (block + 1) * LANE_BLOCK_POINTS; i++) {
        uint8_t extra[3] = { (uint8_t)i, (uint8_t)(i >> 8), (uint8_t)(i >> 16) };
        ck_assert(lane_refill(lane, block, truth[i].time_ns, truth[i].value, extra, i % 4));
    }
    ck_assert(!lane_refill(lane, block, truth[0].time_ns, 0, NULL, 0));
    return lane_refill_end(lane, block);
}

START_TEST(points_that_were_given_up_come_back)
{
    struct lane lane;
    struct lane_pager pager = { .load = load_truth };
    make(&lane, LANE_MARK, &pager);
    uint64_t full = pager.bytes;
    uint32_t evicted = 0;
    while (lane_evict(&lane))
        evicted++;
    ck_assert_uint_eq(evicted, POINTS / LANE_BLOCK_POINTS);
    ck_assert_uint_lt(pager.bytes, full / 3);
    for (uint32_t i = 0; i < POINTS; i++) {
        struct lane_point point;
        const uint8_t *extra;
        size_t size;
        ck_assert(lane_point_at(&lane, i, &point, &extra, &size));
        ck_assert_uint_eq(point.time_ns, truth[i].time_ns);
        ck_assert_int_eq(point.value, truth[i].value);
        ck_assert_uint_eq(size, i % 4);
        if (size > 0)
            ck_assert_uint_eq(extra[0], (uint8_t)i);
    }
    ck_assert_uint_eq(pager.loads, evicted);
    check_columns(&lane, truth[0].time_ns, truth[POINTS - 1].time_ns);
    lane_free(&lane);
    ck_assert_uint_eq(pager.bytes, 0);
}
END_TEST

START_TEST(points_that_are_gone_leave_their_summaries)
{
    struct lane lane;
    struct lane_pager pager = { 0 };
    struct lane_point point;
    make(&lane, LANE_ANALOG, &pager);
    while (lane_evict(&lane))
        ;
    ck_assert(!lane_point_at(&lane, 0, &point, NULL, NULL));
    ck_assert(lane_before(&lane, truth[6000].time_ns, &point, NULL));
    struct lane_summary columns[COLUMNS], all = { 0 };
    lane_columns(&lane, truth[0].time_ns, truth[POINTS - 1].time_ns, COLUMNS, columns);
    for (uint32_t i = 0; i < COLUMNS; i++)
        lane_summary_merge(&all, &columns[i]);
    ck_assert_int_eq(all.min, lane_summarise(&lane, 0, UINT64_MAX).min);
    /* a window inside a summary that reaches beyond both its ends */
    lane_columns(&lane, truth[1000].time_ns, 3, COLUMNS, columns);
    lane_free(&lane);
}
END_TEST

static bool load_too_few(struct lane_pager *pager, struct lane *lane, uint32_t block)
{
    (void)pager;
    lane_refill_begin(lane, block);
    lane_refill(lane, block, truth[0].time_ns, 0, NULL, 0);
    return lane_refill_end(lane, block);
}

START_TEST(a_file_that_changed_is_found_out)
{
    struct lane lane;
    struct lane_pager pager = { .load = load_too_few };
    struct lane_point point;
    make(&lane, LANE_EDGE, &pager);
    while (lane_evict(&lane))
        ;
    ck_assert(!lane_point_at(&lane, 0, &point, NULL, NULL));
    ck_assert_uint_eq(lane.blocks[0]->count, LANE_BLOCK_POINTS);
    lane_free(&lane);
    ck_assert_uint_eq(pager.bytes, 0);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("view/lane");
    TCase *tcase = tcase_create("lane");
    tcase_add_test(tcase, finding_is_finding);
    tcase_add_test(tcase, summaries_are_of_exactly_these_points);
    tcase_add_test(tcase, columns_hold_what_happened_there);
    tcase_add_test(tcase, an_order_that_is_none_is_counted);
    tcase_add_test(tcase, points_that_were_given_up_come_back);
    tcase_add_test(tcase, points_that_are_gone_leave_their_summaries);
    tcase_add_test(tcase, a_file_that_changed_is_found_out);
    suite_add_tcase(suite, tcase);
    return check_main(suite);
}
