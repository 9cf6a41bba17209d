/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* The bar on top: what is looked at, and when. The bar below: what the mouse is over, what the cursors measure. */
#include "format.h"
#include "measure.h"
#include "view.h"

#include <stdio.h>
#include <string.h>

static void draw_badge(struct view *view, struct canvas *canvas, int *right, const char *text,
                       uint32_t colour)
{
    struct rect top = view->at.top;
    int width = text_width(view->bold, text) + view_px(view, 16);
    int height = font_height(view->bold) + view_px(view, 4);
    int y = top.y + (top.height - height) / 2;
    *right -= width;
    draw_round(canvas, (struct rect){ *right, y, width, height }, view_px(view, 4),
               with_alpha(colour, 50));
    draw_text(canvas, view->bold, *right + view_px(view, 8), y + view_px(view, 2), text, colour);
    *right -= view_px(view, 8);
}

static void draw_top(struct view *view, struct canvas *canvas)
{
    const struct theme *theme = view->theme;
    struct rect top = view->at.top;
    char text[200];
    int right = top.width - view_px(view, 12), x = view_px(view, 12);
    draw_fill(canvas, 0, 0, top.width, top.height, theme->bar);
    draw_fill(canvas, 0, top.height - 1, top.width, 1, theme->line);
    if (view->live && !view->live_ended)
        draw_badge(view, canvas, &right, view->live_paused ? "PAUSED" : "LIVE",
                   view->live_paused ? theme->cursor_a : theme->error);
    else if (view->live)
        draw_badge(view, canvas, &right, "RUN ENDED", theme->muted);
    else if (view->playing)
        draw_badge(view, canvas, &right, "PLAYING", theme->pwm);
    if (view->speed < 1 || view->speed > 1) {
        snprintf(text, sizeof text, "%g×", view->speed);
        draw_badge(view, canvas, &right, text, theme->muted);
    }
    if (view->progress < 1000) {
        snprintf(text, sizeof text, "reading %u %%", view->progress / 10);
        draw_badge(view, canvas, &right, text, theme->input);
    }
    format_time(text, sizeof text, view->playhead_ns - view_origin(view), 1000);
    right -= text_width(view->bold, text);
    int y = (top.height - font_height(view->bold)) / 2;
    draw_text(canvas, view->bold, right, y, text, theme->text);
    right -= view_px(view, 16);

    y = (top.height - font_height(view->title)) / 2;
    x += draw_text_fit(canvas, view->title, x, y, right - x, view->model[0]->title, theme->text);
    int small_y = (top.height - font_height(view->font)) / 2;
    if (view->model_count > 1) {
        x += view_px(view, 10);
        x += draw_text_fit(canvas, view->font, x, small_y, right - x, "against", theme->muted);
        x += view_px(view, 10);
        x += draw_text_fit(canvas, view->title, x, y, right - x, view->model[1]->title,
                           theme->other);
    }
    x += view_px(view, 16);
    if (right - x > view_px(view, 60))
        draw_text_fit(canvas, view->font, x, small_y, right - x, view->model[0]->about,
                      theme->muted);
}

/* What is under the mouse, or of the selected row at the playhead. */
static void describe_place(struct view *view, char *to, size_t size)
{
    to[0] = '\0';
    bool hover = view->mouse_inside && view->mouse_x >= view->at.plot.x;
    uint32_t at = hover ? view_row_at(view, view->mouse_y) : view->selected;
    uint64_t when = hover ? view_time_at(view, view->mouse_x) : view->playhead_ns;
    if (at >= view->row_count || view->rows[at].heading)
        return;
    size_t used = (size_t)snprintf(to, size, "%s", view->rows[at].first->name);
    for (uint32_t i = 0; i < ROW_LANES && used < size; i++) {
        struct model_lane *lane = view->rows[at].lane[i];
        struct lane_point point;
        uint64_t index;
        char text[300], moment[48];
        if (lane == NULL || !lane_before(&lane->lane, when, &point, &index))
            continue;
        model_describe(view->model[0], lane, index, text, sizeof text);
        format_time(moment, sizeof moment, point.time_ns - view_origin(view), 1);
        used += (size_t)snprintf(to + used, size - used, "   %s", text);
        if (used < size && (i + 1 == ROW_LANES || view->rows[at].lane[i + 1] == NULL))
            used += (size_t)snprintf(to + used, size - used, "   since %s", moment);
    }
}

static void draw_bottom(struct view *view, struct canvas *canvas)
{
    const struct theme *theme = view->theme;
    struct rect at = view->at.bottom;
    char text[700];
    int y = at.y + (at.height - font_height(view->font)) / 2, left = view_px(view, 12);
    int right = at.width - view_px(view, 12);
    draw_fill(canvas, 0, at.y, at.width, at.height, theme->bar);
    draw_fill(canvas, 0, at.y, at.width, 1, theme->line);
    if (view->searching) {
        snprintf(text, sizeof text, "search: %s▏", view->search);
        draw_text_fit(canvas, view->bold, left, y, right - left, text, theme->text);
        return;
    }
    if (view->cursor[0].set || view->cursor[1].set)
        measure_text(view, text, sizeof text);
    else if (view->dropped > 0)
        snprintf(text, sizeof text,
                 "too fast for the window: %llu of the events; the recording has them",
                 (unsigned long long)view->dropped);
    else if (view->warning[0] != '\0')
        snprintf(text, sizeof text, "%s", view->warning);
    else
        snprintf(text, sizeof text, "? help");
    int width = text_width(view->font, text);
    width = width < right - left ? width : right - left;
    draw_text_fit(canvas, view->font, right - width, y, width, text,
                  view->cursor[0].set ? theme->text : theme->faint);
    right -= width + view_px(view, 24);
    if (view->message[0] != '\0')
        snprintf(text, sizeof text, "%s", view->message);
    else if (view->diverged && !view->mouse_inside)
        snprintf(text, sizeof text, "%s", view->divergence);
    else
        describe_place(view, text, sizeof text);
    if (right > left)
        draw_text_fit(canvas, view->font, left, y, right - left, text, theme->muted);
}

void draw_bars(struct view *view, struct canvas *canvas)
{
    draw_top(view, canvas);
    draw_bottom(view, canvas);
}
