/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* Lanes of things that happen at a moment (transfers, runs, texts), and of states that last. */
#include "draw_lane.h"
#include "format.h"

#include <stdio.h>
#include <string.h>

static uint32_t flag_colour(const struct view *view, uint32_t flags, uint32_t plain)
{
    if (flags & (LANE_FLAG_ERROR | LANE_FLAG_REFUSED))
        return view->theme->error;
    return flags & LANE_FLAG_DROPPED ? view->theme->dropped : plain;
}

static uint32_t moment_colour(const struct view *view, const struct model_lane *lane)
{
    return lane->lane.kind == LANE_BUS   ? view->theme->bus
           : lane->lane.kind == LANE_RUN ? view->theme->run
                                         : view->theme->mark;
}

/* A cross: what is wrong is not told by its colour alone. */
static void draw_cross(struct canvas *canvas, double x, double y, double arm, float width,
                       uint32_t colour)
{
    draw_line(canvas, (float)(x - arm), (float)(y - arm), (float)(x + arm), (float)(y + arm), width,
              colour);
    draw_line(canvas, (float)(x - arm), (float)(y + arm), (float)(x + arm), (float)(y - arm), width,
              colour);
}

static void draw_dense(struct view *view, struct canvas *canvas, struct model_lane *lane,
                       const struct band *band)
{
    int width = draw_known_width(view), height = band->bottom - band->top;
    uint32_t plain = moment_colour(view, lane);
    for (int x = 0; x < width; x++) {
        const struct lane_summary *column = &view->columns[x];
        if (column->count == 0)
            continue;
        uint32_t colour =
            band->colour != 0 ? band->colour : flag_colour(view, column->flags, plain);
        uint32_t alpha = column->count < 2 ? 130 : column->count < 8 ? 170 : 215;
        bool wrong = column->flags & (LANE_FLAG_ERROR | LANE_FLAG_REFUSED);
        int inset = wrong ? 0 : height / 6;
        draw_over(view, canvas, view->at.plot.x + x, band->top + inset, height - 2 * inset,
                  with_alpha(colour, wrong ? 255 : alpha));
    }
}

static int duration_px(const struct view *view, struct model_lane *lane, uint64_t index)
{
    struct lane_point point;
    const uint8_t *extra;
    size_t size;
    uint64_t ns = 0;
    if (!lane_point_at(&lane->lane, index, &point, &extra, &size))
        return 0;
    if (lane->lane.kind == LANE_BUS && size >= sizeof(struct lane_bus)) {
        struct lane_bus bus;
        memcpy(&bus, extra, sizeof bus);
        ns = bus.duration_ns;
    } else if (lane->lane.kind == LANE_RUN && size >= sizeof(struct lane_run)) {
        struct lane_run run;
        memcpy(&run, extra, sizeof run);
        ns = run.duration_ns;
    }
    double px = (double)ns * view->at.plot.width / (double)view->span_ns;
    return px < 100000 ? (int)px : 100000;
}

/* One moment with room for its label. */
static void draw_flagged(struct view *view, struct canvas *canvas, const struct model *model,
                         struct model_lane *lane, uint64_t index, const struct lane_point *point,
                         int x, int room, const struct band *band)
{
    char text[LANE_EXTRA_MAX];
    uint32_t flags = (uint32_t)point->value;
    uint32_t colour =
        band->colour != 0 ? band->colour : flag_colour(view, flags, moment_colour(view, lane));
    int height = band->bottom - band->top, pad = view_px(view, 5);
    int bar = view_px(view, 2) > 0 ? view_px(view, 2) : 1;
    bool wrong = flags & (LANE_FLAG_ERROR | LANE_FLAG_REFUSED);
    int mark = wrong ? view_px(view, 11) : 0;
    if (band->second) {
        draw_fill(canvas, x, band->top, bar, height, colour);
        return;
    }
    int text_y = band->top + (height - font_height(view->small)) / 2;
    model_label(model, lane, index, text, sizeof text);
    int wanted = text_width(view->small, text) + 2 * pad + mark;
    int box = wanted < room ? wanted : room;
    if (text[0] != '\0' && box > view_px(view, 18) + mark) {
        draw_round(canvas, (struct rect){ x, band->top, box, height }, view_px(view, 3),
                   with_alpha(colour, 46));
        draw_text_fit(canvas, view->small, x + pad + mark, text_y, box - 2 * pad - mark, text,
                      view->theme->text);
    }
    /* How long it took, where that is known: a line along the bottom. */
    int took = duration_px(view, lane, index);
    if (took > bar)
        draw_fill(canvas, x, band->bottom - bar, took, bar, colour);
    draw_fill(canvas, x, band->top, bar, height, colour);
    if (wrong && room > mark)
        draw_cross(canvas, x + pad + mark * 0.35, band->top + height / 2.0, 3 * view->scale,
                   (float)(1.6 * view->scale), colour);
}

void draw_moments(struct view *view, struct canvas *canvas, const struct model *model,
                  struct model_lane *lane, const struct band *band)
{
    uint64_t end = draw_visible_end(view);
    struct lane_point point, next;
    if (draw_take_columns(view, &lane->lane) * (uint64_t)view_px(view, 5) >
        (uint64_t)view->at.plot.width) {
        draw_dense(view, canvas, lane, band);
        return;
    }
    int right = view->at.plot.x + view->at.plot.width;
    uint64_t index = lane_find(&lane->lane, view->from_ns);
    /* The label of the one before may still be in sight. */
    for (uint64_t i = index > 0 ? index - 1 : 0;
         lane_point_at(&lane->lane, i, &point, NULL, NULL) && point.time_ns < end; i++) {
        double x = view_x_of(view, point.time_ns);
        double to = lane_point_at(&lane->lane, i + 1, &next, NULL, NULL)
                        ? view_x_of(view, next.time_ns)
                        : right;
        if (x < view->at.plot.x - 2000)
            continue;
        int room = (int)((to < right ? to : right) - x) - view_px(view, 2);
        draw_flagged(view, canvas, model, lane, i, &point, (int)x, room, band);
    }
}

/* --- states --- */

static bool is_idle(const char *name)
{
    return strncmp(name, "idle", 4) == 0 || strncmp(name, "swapper", 7) == 0;
}

void draw_states(struct view *view, struct canvas *canvas, const struct model *model,
                 struct model_lane *lane, const struct band *band)
{
    const struct theme *theme = view->theme;
    int width = draw_known_width(view), height = band->bottom - band->top, held = 0;
    int64_t value = 0;
    bool known = draw_value_at_left(view, &lane->lane, &value);
    lane_columns(&lane->lane, view->from_ns, view->span_ns, (uint32_t)view->at.plot.width,
                 view->columns);
    for (int x = 0; x <= width; x++) {
        const struct lane_summary *column = x < width ? &view->columns[x] : NULL;
        if (column != NULL && column->count == 0)
            continue;
        const char *name = model_text_at(model, (uint32_t)value);
        bool idle = is_idle(name);
        uint32_t colour = band->second ? theme->other
                          : idle       ? theme->grid_strong
                                       : theme->state[(uint32_t)value % ARRAY_SIZE(theme->state)];
        if (known && x > held && !(band->second && idle)) {
            int inset = idle ? height / 3 : 0;
            draw_fill(canvas, view->at.plot.x + held, band->top + inset, x - held,
                      height - 2 * inset, with_alpha(colour, band->second ? 120 : 255));
            if (!idle && x - held > view_px(view, 22))
                draw_text_fit(canvas, view->small, view->at.plot.x + held + view_px(view, 5),
                              band->top + (height - font_height(view->small)) / 2,
                              x - held - view_px(view, 9), name, theme->text);
        }
        if (column == NULL)
            break;
        if (column->count > 1) {
            /* Several threads in one pixel: the last one's colour, or the one that is not idle. */
            int64_t busy =
                is_idle(model_text_at(model, (uint32_t)column->last)) ? column->max : column->last;
            draw_fill(canvas, view->at.plot.x + x, band->top, 1, height,
                      with_alpha(band->second
                                     ? theme->other
                                     : theme->state[(uint64_t)busy % ARRAY_SIZE(theme->state)],
                                 column->count > 8 ? 255 : 190));
        }
        held = column->count > 1 ? x + 1 : x;
        value = column->last;
        known = true;
    }
}
