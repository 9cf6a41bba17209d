/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* Pictures against golden ones, with a tolerance for another version of the font's renderer: means of 8x8 pixels are
 * compared. A lane that is missing must be beyond it. AXIOM_GOLDEN=write writes them anew: look at them. */
#include <check.h>
#include <png.h>
#include <stdlib.h>
#include <string.h>

#include "command.h"
#include "load.h"
#include "made.h"
#include "measure.h"
#include "view.h"

#define WIDTH     1000
#define HEIGHT    720
#define BLOCK     8
#define MEAN_FAR  12
#define SHARE_MAX 0.003

struct scene {
    struct mcap_file_writer *file;
    struct model model;
    struct load *load;
    struct view view;
    struct canvas canvas;
    uint32_t *pixels;
};

static void setup(struct scene *s)
{
    struct load_error error;
    const char *reason = "";
    memset(s, 0, sizeof *s);
    s->file = made_recording(3000);
    struct mcap_bytes bytes = mcap_memory_bytes(s->file);
    ck_assert_int_eq(model_init(&s->model), 0);
    ck_assert_int_eq(load_open_memory(bytes.at, bytes.size, 0, &s->model, &s->load, &error), 0);
    ck_assert_int_eq(load_all(s->load, &error), 0);
    snprintf(s->model.title, sizeof s->model.title, "made.mcap");
    ck_assert_int_eq(view_init(&s->view), 0);
    ck_assert_msg(view_set_scale(&s->view, 1, &reason) == 0, "%s", reason);
    s->view.model[s->view.model_count++] = &s->model;
    s->pixels = calloc(WIDTH * HEIGHT, sizeof *s->pixels);
    canvas_init(&s->canvas, s->pixels, WIDTH, HEIGHT, WIDTH);
}

static void teardown(struct scene *s)
{
    struct mcap_error error;
    view_free(&s->view);
    load_close(s->load);
    model_free(&s->model);
    mcap_file_close(s->file, &error);
    free(s->pixels);
}

static void paint(struct scene *s)
{
    view_update(&s->view);
    view_layout(&s->view, WIDTH, HEIGHT);
    view_draw(&s->view, &s->canvas);
}

static void golden_path(char *to, size_t size, const char *name)
{
    snprintf(to, size, "%s/tests/tools/view/golden/%s.png", AXIOM_SOURCE_DIR, name);
}

static uint8_t *read_golden(const char *path)
{
    png_image image = { .version = PNG_IMAGE_VERSION };
    ck_assert_msg(png_image_begin_read_from_file(&image, path), "%s: %s", path, image.message);
    image.format = PNG_FORMAT_RGB;
    ck_assert_uint_eq(image.width, WIDTH);
    ck_assert_uint_eq(image.height, HEIGHT);
    uint8_t *rgb = malloc(PNG_IMAGE_SIZE(image));
    ck_assert(png_image_finish_read(&image, NULL, rgb, 0, NULL));
    return rgb;
}

static bool block_differs(const struct scene *s, const uint8_t *golden, int bx, int by)
{
    int sum[3] = { 0 };
    for (int y = by; y < by + BLOCK; y++) {
        for (int x = bx; x < bx + BLOCK; x++) {
            uint32_t pixel = s->pixels[y * WIDTH + x];
            const uint8_t *at = &golden[(y * WIDTH + x) * 3];
            for (int c = 0; c < 3; c++)
                sum[c] += (int)(pixel >> (16 - 8 * c) & 0xff) - at[c];
        }
    }
    for (int c = 0; c < 3; c++) {
        if (abs(sum[c]) > MEAN_FAR * BLOCK * BLOCK)
            return true;
    }
    return false;
}

/* The share of blocks that are far from the golden picture's. */
static double difference(const struct scene *s, const char *name, bool may_write)
{
    char path[400], reason[300];
    golden_path(path, sizeof path, name);
    const char *write = getenv("AXIOM_GOLDEN");
    if (may_write && write != NULL && strcmp(write, "write") == 0)
        ck_assert_msg(png_write(path, &s->canvas, reason, sizeof reason) == 0, "%s", reason);
    uint8_t *golden = read_golden(path);
    int far = 0;
    for (int y = 0; y < HEIGHT; y += BLOCK) {
        for (int x = 0; x < WIDTH; x += BLOCK)
            far += block_differs(s, golden, x, y);
    }
    free(golden);
    return (double)far / (WIDTH / BLOCK * (HEIGHT / BLOCK));
}

START_TEST(all_of_it_in_the_dark)
{
    struct scene s;
    setup(&s);
    s.view.playhead_ns = 1500000000;
    paint(&s);
    double share = difference(&s, "all", true);
    ck_assert_msg(share < SHARE_MAX, "%f of the picture is another", share);
    teardown(&s);
}
END_TEST

START_TEST(a_moment_in_the_light)
{
    struct scene s;
    setup(&s);
    s.view.theme = &theme_light;
    s.view.playhead_ns = 505000000;
    s.view.fitted = false;
    s.view.from_ns = 480000000;
    s.view.span_ns = 60000000;
    s.view.cursor[0] = (struct cursor){ true, 490000000 };
    s.view.cursor[1] = (struct cursor){ true, 530000000 };
    s.view.selected = 1;
    paint(&s);
    double share = difference(&s, "moment", true);
    ck_assert_msg(share < SHARE_MAX, "%f of the picture is another", share);
    teardown(&s);
}
END_TEST

START_TEST(a_lane_that_is_missing_is_seen)
{
    struct scene s;
    setup(&s);
    s.view.playhead_ns = 1500000000;
    paint(&s);
    s.view.rows[2].hidden = true;
    paint(&s);
    ck_assert(difference(&s, "all", false) > SHARE_MAX);
    teardown(&s);
}
END_TEST

START_TEST(cursors_measure_frequency_and_duty)
{
    struct lane lane;
    struct measurement m;
    lane_init(&lane, LANE_EDGE, NULL);
    for (uint32_t i = 0; i < 1000; i++) { /* 1 kHz, 30 % */
        lane_add(&lane, 1000000u * i, 1, NULL, 0);
        lane_add(&lane, 1000000u * i + 300000, 0, NULL, 0);
    }
    measure_lane(&lane, 900500000, 100500000, &m);
    ck_assert_uint_eq(m.between_ns, 800000000);
    ck_assert_uint_eq(m.rising, 800);
    ck_assert_uint_eq(m.falling, 800);
    ck_assert(m.has_frequency && m.hertz > 999.999 && m.hertz < 1000.001);
    ck_assert(m.has_duty && m.duty > 0.29999 && m.duty < 0.30001);
    measure_lane(&lane, 100000, 200000, &m); /* all high, no edge */
    ck_assert(!m.has_frequency && m.has_duty && m.duty > 0.9999);
    lane_free(&lane);
}
END_TEST

START_TEST(commands_find_their_way)
{
    struct scene s;
    setup(&s);
    paint(&s);
    struct view *view = &s.view;
    view->selected = 1;
    ck_assert_str_eq(view->rows[1].first->name, "step_x");
    view_do(view, COMMAND_NEXT_EDGE, -1);
    view_do(view, COMMAND_NEXT_EDGE, -1);
    ck_assert_uint_eq(view->playhead_ns, 2000000);
    view_do(view, COMMAND_NEXT_EVENT, -1);
    ck_assert_uint_eq(view->playhead_ns, 2000002);
    view_do(view, COMMAND_PREVIOUS_EDGE, -1);
    ck_assert_uint_eq(view->playhead_ns, 2000000);
    /* zooming keeps the time under the mouse */
    double x = view->at.plot.x + 300;
    uint64_t there = view_time_at(view, x);
    for (int i = 0; i < 20; i++)
        view_do(view, COMMAND_ZOOM_IN, x);
    uint64_t then = view_time_at(view, x);
    ck_assert_uint_le(then > there ? then - there : there - then, view->span_ns / 50 + 2);
    /* names, times, texts */
    snprintf(view->search, sizeof view->search, "SHOCK");
    view_do(view, COMMAND_SEARCH_NEXT, -1);
    ck_assert_uint_eq(view->rows[view->selected].group, MODEL_PROGRAMS);
    snprintf(view->search, sizeof view->search, "1.25s");
    view_do(view, COMMAND_SEARCH_NEXT, -1);
    ck_assert_uint_eq(view->playhead_ns, 1250000000);
    snprintf(view->search, sizeof view->search, "nack");
    view_do(view, COMMAND_SEARCH_NEXT, -1);
    ck_assert_uint_eq(view->playhead_ns, 1260000003);
    view_do(view, COMMAND_SEARCH_BACK, -1);
    ck_assert_uint_eq(view->playhead_ns, 1200000003);
    /* each command has a name, a help and a key of its own */
    for (int i = 0; i < COMMAND_COUNT; i++) {
        const struct view_command *c = &view_commands[i];
        ck_assert_ptr_nonnull(c->name);
        ck_assert_int_eq(command_by_name(c->name), i);
        ck_assert_int_eq(command_of_key(c->key, c->modifiers), i);
    }
    teardown(&s);
}
END_TEST

int main(void)
{
    struct font *font;
    const char *reason;
    if (font_open(12, false, &font, &reason) != 0) {
        printf("skipped: %s\n", reason);
        return 77;
    }
    font_close(font);
    Suite *suite = suite_create("view/draw");
    TCase *tcase = tcase_create("draw");
    tcase_add_test(tcase, all_of_it_in_the_dark);
    tcase_add_test(tcase, a_moment_in_the_light);
    tcase_add_test(tcase, a_lane_that_is_missing_is_seen);
    tcase_add_test(tcase, cursors_measure_frequency_and_duty);
    tcase_add_test(tcase, commands_find_their_way);
    suite_add_tcase(suite, tcase);
    SRunner *runner = srunner_create(suite);
    srunner_set_fork_status(runner, CK_NOFORK);
    srunner_run_all(runner, CK_NORMAL);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed != 0;
}
