/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* What stands around the lanes: bars, ruler, overview, cursors. */
#include "format.h"
#include "view.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void draw_ruler(struct view *view, struct canvas *canvas)
{
    const struct theme *theme = view->theme;
    struct rect at = view->at.ruler;
    uint64_t step = tick_step((uint64_t)((double)view->span_ns * view_px(view, 90) / at.width));
    uint64_t origin = view_origin(view);
    uint64_t first = view->from_ns >= origin ? (view->from_ns - origin) / step * step : 0;
    char text[48];
    draw_fill(canvas, 0, at.y, at.x + at.width, at.height, theme->panel);
    draw_fill(canvas, 0, at.y + at.height - 1, at.x + at.width, 1, theme->line);
    canvas_clip(canvas, at);
    for (uint64_t t = first; t - first <= view->span_ns + step && t >= first; t += step) {
        double x = view_x_of(view, t + origin);
        draw_fill(canvas, (int)x, at.y + at.height - view_px(view, 7), 1, view_px(view, 7),
                  theme->muted);
        for (int i = 1; i < 5; i++)
            draw_fill(canvas, (int)(x + i * (double)step / 5 * at.width / (double)view->span_ns),
                      at.y + at.height - view_px(view, 4), 1, view_px(view, 4), theme->line);
        format_time(text, sizeof text, t, step);
        if (x >= at.x)
            draw_text(canvas, view->small, (int)x + view_px(view, 4), at.y + view_px(view, 4), text,
                      theme->muted);
    }
    canvas_unclip(canvas);
    /* Far in, the ruler's labels share most of their digits: say where it is in full at the left. */
    format_duration(text, sizeof text, view->span_ns);
    int x = draw_text_fit(canvas, view->small, view_px(view, 12), at.y + view_px(view, 6),
                          view->at.gutter.width, "shown: ", theme->faint);
    draw_text(canvas, view->small, view_px(view, 12) + x, at.y + view_px(view, 6), text,
              theme->muted);
}

/* --- the overview: all of the recording, and where the plot is in it --- */

static double overview_x(const struct view *view, uint64_t time_ns)
{
    uint64_t start = view_start(view), end = view_end(view);
    double share =
        end > start && time_ns > start ? (double)(time_ns - start) / (double)(end - start) : 0;
    return view->at.overview.x + (share > 1 ? 1 : share) * view->at.overview.width;
}

/* How much happens in each column, over all lanes; what is wrong among it. False: no memory. */
static bool count_density(struct view *view, uint32_t width)
{
    uint64_t start = view_start(view), span = view_end(view) - start;
    if (view->density != NULL && view->density_width == width &&
        view->density_events == view->model[0]->event_count)
        return true;
    free(view->density);
    view->density = calloc(width, sizeof *view->density);
    view->density_width = width;
    view->density_events = view->model[0]->event_count;
    for (uint32_t m = 0; m < view->model[0]->lane_count && view->density != NULL; m++) {
        struct model_lane *lane = view->model[0]->lanes[m];
        if (lane->group == MODEL_SCHEDULER || lane->group == MODEL_OTHER || lane->derived)
            continue;
        lane_columns(&lane->lane, start, span + 1, width, view->columns);
        for (uint32_t x = 0; x < width; x++) {
            struct density *d = &view->density[x];
            if (__builtin_add_overflow(d->count, view->columns[x].count, &d->count))
                d->count = UINT32_MAX;
            d->wrong |= lane->group == MODEL_SAFETY && view->columns[x].count > 0;
        }
    }
    return view->density != NULL;
}

static void draw_density(struct view *view, struct canvas *canvas, struct rect at)
{
    const struct theme *theme = view->theme;
    uint32_t most = 1;
    if (!count_density(view, (uint32_t)at.width))
        return;
    for (int x = 0; x < at.width; x++)
        most = view->density[x].count > most ? view->density[x].count : most;
    for (int x = 0; x < at.width; x++) {
        /* The square root lets the quiet parts be seen beside the busy ones. */
        double share = sqrt((double)view->density[x].count / most);
        int high = (int)(share * (at.height - view_px(view, 8))) + 1;
        if (view->density[x].count > 0)
            draw_fill(canvas, at.x + x, at.y + at.height - high - view_px(view, 2), 1, high,
                      with_alpha(theme->input, 150));
    }
    for (int x = 0; x < at.width; x++) {
        if (view->density[x].wrong)
            draw_fill(canvas, at.x + x, at.y + view_px(view, 2), view_px(view, 2), view_px(view, 5),
                      theme->error);
    }
}

void draw_overview(struct view *view, struct canvas *canvas)
{
    const struct theme *theme = view->theme;
    struct rect at = view->at.overview;
    draw_fill(canvas, 0, at.y, at.x + at.width, at.height, theme->panel);
    draw_fill(canvas, 0, at.y + at.height - 1, at.x + at.width, 1, theme->line);
    char text[64];
    format_count(text, sizeof text - 8, view->model[0]->event_count);
    strcat(text, " events");
    draw_text(canvas, view->small, view_px(view, 12), at.y + view_px(view, 5), text, theme->muted);
    format_duration(text, sizeof text, view_end(view) - view_start(view));
    draw_text(canvas, view->small, view_px(view, 12),
              at.y + view_px(view, 5) + font_height(view->small), text, theme->faint);
    canvas_clip(canvas, at);
    draw_density(view, canvas, at);
    uint64_t end =
        view->span_ns > UINT64_MAX - view->from_ns ? UINT64_MAX : view->from_ns + view->span_ns;
    int left = (int)overview_x(view, view->from_ns), right = (int)overview_x(view, end);
    if (right - left < 3)
        right = left + 3;
    draw_fill(canvas, at.x, at.y, left - at.x, at.height - 1, with_alpha(theme->back, 150));
    draw_fill(canvas, right, at.y, at.x + at.width - right, at.height - 1,
              with_alpha(theme->back, 150));
    draw_frame(canvas, (struct rect){ left, at.y, right - left, at.height - 1 }, theme->muted);
    if (view->diverged)
        draw_fill(canvas, (int)overview_x(view, view->diverged_ns), at.y, view_px(view, 2),
                  at.height, theme->other);
    draw_fill(canvas, (int)overview_x(view, view->playhead_ns), at.y, 1, at.height,
              theme->playhead);
    canvas_unclip(canvas);
}

/* --- cursors --- */

static void draw_flag(struct view *view, struct canvas *canvas, double x, const char *text,
                      uint32_t colour)
{
    struct rect ruler = view->at.ruler;
    int width = text_width(view->small, text) + view_px(view, 8),
        height = font_height(view->small) + 2;
    int left = (int)x;
    if (left + width > ruler.x + ruler.width)
        left -= width;
    draw_round(canvas, (struct rect){ left, ruler.y + 2, width, height }, view_px(view, 2), colour);
    draw_text(canvas, view->small, left + view_px(view, 4), ruler.y + 3, text, view->theme->back);
}

void draw_cursors(struct view *view, struct canvas *canvas)
{
    const struct theme *theme = view->theme;
    struct rect at = { view->at.plot.x, view->at.ruler.y, view->at.plot.width,
                       view->at.ruler.height + view->at.plot.height };
    const uint32_t colours[] = { theme->cursor_a, theme->cursor_b };
    int bottom = at.y + at.height, line = view_px(view, 1.3) > 0 ? view_px(view, 1.3) : 1;
    canvas_clip(canvas, at);
    if (view->cursor[0].set && view->cursor[1].set) {
        double a = view_x_of(view, view->cursor[0].time_ns),
               b = view_x_of(view, view->cursor[1].time_ns);
        double left = a < b ? a : b, right = a < b ? b : a;
        left = left < at.x ? at.x : left;
        right = right > at.x + at.width ? at.x + at.width : right;
        if (right > left)
            draw_fill(canvas, (int)left, view->at.plot.y, (int)(right - left), view->at.plot.height,
                      with_alpha(theme->cursor_a, 20));
    }
    if (view->diverged) {
        double x = view_x_of(view, view->diverged_ns);
        if (x >= at.x && x < at.x + at.width) {
            draw_dashed_v(canvas, (int)x, view->at.plot.y, bottom, view_px(view, 5),
                          view_px(view, 3), theme->other);
            draw_flag(view, canvas, x, "first difference", theme->other);
        }
    }
    double head = view_x_of(view, view->playhead_ns);
    if (head >= at.x - 1 && head < at.x + at.width) {
        draw_fill(canvas, (int)head, at.y + at.height - view->at.plot.height, line,
                  view->at.plot.height, with_alpha(theme->playhead, 200));
        draw_arrow(canvas, (int)head + line / 2, view->at.plot.y - 1, view_px(view, 6), false,
                   theme->playhead);
    }
    for (int i = 0; i < 2; i++) {
        double x = view_x_of(view, view->cursor[i].time_ns);
        if (!view->cursor[i].set || x < at.x || x >= at.x + at.width)
            continue;
        draw_fill(canvas, (int)x, view->at.plot.y, line, view->at.plot.height, colours[i]);
        draw_flag(view, canvas, x, i == 0 ? "A" : "B", colours[i]);
    }
    canvas_unclip(canvas);
}
