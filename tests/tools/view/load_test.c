/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* A recording into lanes, with memory for all of it and with nearly none. */
#include <string.h>
#include <tests/check_main.h>

#include "load.h"
#include "made.h"

#define STEPS 12000u

struct loaded {
    struct mcap_file_writer *file;
    struct model model;
    struct load *load;
};

static void setup(struct loaded *l, uint32_t steps, uint64_t memory)
{
    struct load_error error;
    l->file = made_recording(steps);
    ck_assert_ptr_nonnull(l->file);
    /* bytes of a writer into memory are whole once it is finished */
    struct mcap_bytes bytes = mcap_memory_bytes(l->file);
    ck_assert_int_eq(model_init(&l->model), 0);
    ck_assert_msg(load_open_memory(bytes.at, bytes.size, memory, &l->model, &l->load, &error) == 0,
                  "%s", error.text);
    ck_assert_msg(load_all(l->load, &error) == 0, "%s", error.text);
    ck_assert_str_eq(load_warning(l->load), "");
}

static void teardown(struct loaded *l)
{
    struct mcap_error error;
    load_close(l->load);
    model_free(&l->model);
    mcap_file_close(l->file, &error);
}

START_TEST(each_kind_has_its_lane)
{
    struct loaded l;
    struct lane_point point;
    char text[300];
    setup(&l, 1200, 0);
    struct model_lane *step = model_find_lane(&l.model, EVENT_GPIO, EVENT_LAYER_MACHINE, 17, 0, "");
    ck_assert_ptr_nonnull(step);
    ck_assert_str_eq(step->name, "step_x");
    ck_assert_str_eq(step->note, "GPIO17");
    ck_assert_uint_eq(step->lane.count, 1200);
    struct model_lane *pwm = model_find_lane(&l.model, EVENT_PWM, EVENT_LAYER_MACHINE, 0, 0, "");
    model_describe(&l.model, pwm, 3, text, sizeof text);
    ck_assert_str_eq(text, "15 % of 1 kHz");
    struct model_lane *z =
        model_find_lane(&l.model, EVENT_IIO, EVENT_LAYER_MACHINE, 0, IIO_ACCEL_Z, "imu0");
    ck_assert(lane_before(&z->lane, 5000002, &point, NULL));
    ck_assert_int_eq(point.value, -8500000000);
    model_describe(&l.model, z, 5, text, sizeof text);
    ck_assert_str_eq(text, "-8.5 m/s²");
    struct model_lane *bus = model_find_lane(&l.model, EVENT_I2C, EVENT_LAYER_MACHINE, 1, 0, "");
    model_label(&l.model, bus, 0, text, sizeof text);
    ck_assert_str_eq(text, "44 W 2c 06 NACK");
    model_label(&l.model, bus, 1, text, sizeof text);
    ck_assert_str_eq(text, "44 W 2c 06 R 66 67 a2 80 00 a2");
    ck_assert_uint_eq(lane_summarise(&bus->lane, 0, 1).flags, 0);
    ck_assert_uint_eq(lane_summarise(&bus->lane, 0, 4).flags, LANE_FLAG_ERROR);
    struct model_lane *run =
        model_find_lane(&l.model, EVENT_BPF_RUN, EVENT_LAYER_KERNEL, 0, 0, "shocks\x1b[31m");
    ck_assert_str_eq(run->name, "shocks·[31m");
    model_label(&l.model, run, 1, text, sizeof text);
    ck_assert_str_eq(text, "0 dropped");
    model_label(&l.model, run, 96, text, sizeof text);
    ck_assert_str_eq(text, "1 ended early");
    struct model_lane *cpu = model_find_lane(&l.model, EVENT_SCHED, EVENT_LAYER_KERNEL, 0, 0, "");
    model_label(&l.model, cpu, 0, text, sizeof text);
    ck_assert_str_eq(text, "imu0");
    struct model_lane *log = model_find_lane(&l.model, EVENT_LOG, EVENT_LAYER_KERNEL, 0, 0, "");
    model_label(&l.model, log, 0, text, sizeof text);
    ck_assert_str_eq(text, "i2c: ·· · no answer ··· turned");
    teardown(&l);
}
END_TEST

static void same_points(struct loaded *a, struct loaded *b)
{
    ck_assert_uint_eq(a->model.lane_count, b->model.lane_count);
    for (uint32_t i = 0; i < a->model.lane_count; i++) {
        struct lane *p = &a->model.lanes[i]->lane, *q = &b->model.lanes[i]->lane;
        struct lane_point at_p, at_q;
        const uint8_t *extra_p, *extra_q;
        size_t size_p, size_q;
        ck_assert_uint_eq(p->count, q->count);
        for (uint64_t k = 0; k < p->count; k++) {
            ck_assert(lane_point_at(p, k, &at_p, &extra_p, &size_p));
            ck_assert_msg(lane_point_at(q, k, &at_q, &extra_q, &size_q), "lane %s point %llu",
                          b->model.lanes[i]->name, (unsigned long long)k);
            ck_assert_uint_eq(at_p.time_ns, at_q.time_ns);
            ck_assert_int_eq(at_p.value, at_q.value);
            ck_assert_uint_eq(size_p, size_q);
            if (size_p > 0)
                ck_assert_int_eq(memcmp(extra_p, extra_q, size_p), 0);
        }
    }
}

START_TEST(little_memory_shows_the_same)
{
    struct loaded all, little;
    setup(&all, STEPS, 0);
    setup(&little, STEPS, 100000);
    model_trim(&little.model);
    ck_assert_uint_gt(little.model.pager->evictions, 5);
    ck_assert_uint_lt(little.model.pager->bytes, all.model.pager->bytes / 2);
    same_points(&all, &little);
    ck_assert_uint_gt(little.model.pager->loads, 5);
    teardown(&all);
    teardown(&little);
}
END_TEST

START_TEST(a_file_that_is_none_says_so)
{
    struct model model;
    struct load *load;
    struct load_error error;
    ck_assert_int_eq(model_init(&model), 0);
    ck_assert_int_ne(load_open_memory("not an MCAP file at all", 23, 0, &model, &load, &error), 0);
    ck_assert(strstr(error.text, "memory") != NULL);
    ck_assert_int_ne(load_open("/nonexistent/file.mcap", NULL, 0, &model, &load, &error), 0);
    model_free(&model);
}
END_TEST

START_TEST(a_cut_file_shows_what_is_whole)
{
    struct mcap_error close_error;
    struct load_error error;
    struct model model;
    struct load *load;
    struct mcap_file_writer *file = made_recording(2000);
    struct mcap_bytes bytes = mcap_memory_bytes(file);
    ck_assert_int_eq(model_init(&model), 0);
    ck_assert_int_eq(load_open_memory(bytes.at, bytes.size / 2, 0, &model, &load, &error), 0);
    ck_assert_int_eq(load_all(load, &error), 0);
    ck_assert_uint_gt(model.event_count, 1000);
    ck_assert_str_ne(load_warning(load), "");
    load_close(load);
    model_free(&model);
    mcap_file_close(file, &close_error);
}
END_TEST

START_TEST(printable_is_valid_and_cut_at_characters)
{
    char to[8];
    printable(to, sizeof to, "ab\ncd");
    ck_assert_str_eq(to, "ab·cd");
    printable(to, sizeof to, "µµµµµ");
    ck_assert_str_eq(to, "µµµ");
    printable(to, sizeof to, "\xc3(\xf5");
    ck_assert_str_eq(to, "·(·");
    printable(to, sizeof to, "");
    ck_assert_str_eq(to, "");
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("view/load");
    TCase *tcase = tcase_create("load");
    tcase_add_test(tcase, each_kind_has_its_lane);
    tcase_add_test(tcase, little_memory_shows_the_same);
    tcase_add_test(tcase, a_file_that_is_none_says_so);
    tcase_add_test(tcase, a_cut_file_shows_what_is_whole);
    tcase_add_test(tcase, printable_is_valid_and_cut_at_characters);
    suite_add_tcase(suite, tcase);
    return check_main(suite);
}
