/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* One row: its name and value in the gutter, its lanes in the plot. The second recording is drawn first, in its own
 * colour: where both say the same the first covers it, so what is seen of it is what differs. */
#include "draw_lane.h"
#include "format.h"

#include <stdio.h>
#include <string.h>

static const char *const group_names[MODEL_GROUP_COUNT] = {
    [MODEL_LINES] = "LINES",           [MODEL_PWM] = "PWM",
    [MODEL_SENSORS] = "SENSORS",       [MODEL_BUSES] = "BUSES",
    [MODEL_PROGRAMS] = "BPF PROGRAMS", [MODEL_SCHEDULER] = "SCHEDULER",
    [MODEL_SAFETY] = "SAFETY",         [MODEL_LOG] = "LOG",
    [MODEL_OTHER] = "OTHER",
};

uint64_t draw_visible_end(const struct view *view)
{
    return view->span_ns > UINT64_MAX - view->from_ns ? UINT64_MAX : view->from_ns + view->span_ns;
}

int draw_known_width(const struct view *view)
{
    double x = view_x_of(view, view_end(view)) - view->at.plot.x + 1;
    return x < 0 ? 0 : x > view->at.plot.width ? view->at.plot.width : (int)x;
}

void draw_over(const struct view *view, struct canvas *canvas, int x, int y, int height,
               uint32_t colour)
{
    if (view->model_count > 1)
        draw_fill(canvas, x, y, 1, height, view->theme->back);
    draw_fill(canvas, x, y, 1, height, colour);
}

bool draw_value_at_left(const struct view *view, struct lane *lane, int64_t *value)
{
    uint64_t grain = view->span_ns / (uint64_t)view->at.plot.width;
    return view->from_ns > 0 && lane_value_before(lane, view->from_ns - 1, grain, value);
}

uint64_t draw_take_columns(struct view *view, struct lane *lane)
{
    uint64_t count = 0;
    lane_columns(lane, view->from_ns, view->span_ns, (uint32_t)view->at.plot.width, view->columns);
    for (int x = 0; x < view->at.plot.width; x++)
        count += view->columns[x].count;
    return count;
}

void draw_clip_to_plot(const struct view *view, struct canvas *canvas)
{
    canvas_clip(canvas, (struct rect){ view->at.plot.x, canvas->clip_y, view->at.plot.width,
                                       canvas->clip_bottom - canvas->clip_y });
}

/* --- edges --- */

static uint32_t edge_colour(const struct view *view, const struct band *band, int64_t value)
{
    if (band->colour != 0)
        return band->colour;
    return value & 2 ? view->theme->output : view->theme->input;
}

/* A level held over columns [from, to). */
static void draw_level(struct view *view, struct canvas *canvas, const struct band *band, int from,
                       int to, int64_t value)
{
    int x = view->at.plot.x + from, thick = view_px(view, 1.4) > 0 ? view_px(view, 1.4) : 1;
    uint32_t colour = edge_colour(view, band, value);
    if (to <= from)
        return;
    if (value & 1) {
        if (!band->second)
            draw_fill(canvas, x, band->top, to - from, band->bottom - band->top,
                      with_alpha(colour, 38));
        draw_fill(canvas, x, band->top, to - from, thick, colour);
    } else {
        draw_fill(canvas, x, band->bottom - thick, to - from, thick, colour);
    }
}

/* Edges are changes: before the first the line was the other way. Up to column `to`. */
static void draw_level_before(struct view *view, struct canvas *canvas, struct lane *lane,
                              const struct band *band, int to)
{
    struct lane_point first;
    struct band faint = *band;
    faint.colour = view->theme->faint;
    if (lane_point_at(lane, 0, &first, NULL, NULL))
        draw_level(view, canvas, &faint, 0, to, !(first.value & 1));
}

void draw_edges(struct view *view, struct canvas *canvas, struct lane *lane,
                const struct band *band)
{
    int64_t value = 0;
    bool known = draw_value_at_left(view, lane, &value);
    int width = draw_known_width(view), held = 0,
        thick = view_px(view, 1.4) > 0 ? view_px(view, 1.4) : 1;
    lane_columns(lane, view->from_ns, view->span_ns, (uint32_t)view->at.plot.width, view->columns);
    for (int x = 0; x < width; x++) {
        const struct lane_summary *column = &view->columns[x];
        if (column->count == 0)
            continue;
        if (!known && !band->second)
            draw_level_before(view, canvas, lane, band, x);
        if (known)
            draw_level(view, canvas, band, held, x, value);
        if (column->count == 1 && (!known || (value & 1) != (column->last & 1))) {
            if (known)
                draw_fill(canvas, view->at.plot.x + x, band->top, thick, band->bottom - band->top,
                          edge_colour(view, band, column->last));
            held = x;
        } else if (column->count == 1) {
            held = x;
        } else {
            /* More than a pixel can tell: a solid bar, denser where there is more. */
            uint32_t alpha = column->count < 4 ? 150 : column->count < 16 ? 185 : 225;
            draw_over(view, canvas, view->at.plot.x + x, band->top, band->bottom - band->top,
                      with_alpha(edge_colour(view, band, column->last), alpha));
            held = x + 1;
        }
        value = column->last;
        known = true;
    }
    if (known)
        draw_level(view, canvas, band, held, width, value);
    else if (!band->second)
        draw_level_before(view, canvas, lane, band, width);
}

/* --- the gutter --- */

static void draw_name(struct view *view, struct canvas *canvas, const struct row *row)
{
    const struct theme *theme = view->theme;
    const struct model_lane *lane = row->first;
    int pad = view_px(view, 12), right = view->at.gutter.width - view_px(view, 8);
    bool scaled = lane->lane.kind == LANE_ANALOG || lane->lane.kind == LANE_PWM;
    int room = right - pad - (scaled ? view_px(view, 40) : 0);
    int y = row->y + (row->height - font_height(view->font)) / 2;
    char note[MODEL_NAME_MAX * 2] = "";
    bool axes = lane->event_kind == EVENT_IIO && lane->sub <= IIO_ANGL_VEL_Z;
    if (lane->event_kind == EVENT_IIO)
        snprintf(note, sizeof note, "%s  %s",
                 !axes                        ? lane->note
                 : lane->sub < IIO_ANGL_VEL_X ? "accel"
                                              : "anglvel",
                 lane->unit);
    else if (lane->unit[0] != '\0')
        snprintf(note, sizeof note, "%s%s%s", lane->note, lane->note[0] != '\0' ? "  " : "",
                 lane->unit);
    else
        snprintf(note, sizeof note, "%s", lane->note);
    if (lane->derived && note[0] == '\0')
        snprintf(note, sizeof note, "kernel");
    bool below = row->height >= view_px(view, 40);
    if (below)
        y -= font_height(view->small) / 2;
    int used = draw_text_fit(canvas, view->font, pad, y, room, lane->name,
                             row->hidden || lane->derived ? theme->faint : theme->text);
    int note_x = below ? pad : pad + used + view_px(view, 7);
    int note_y = below ? y + font_height(view->font)
                       : y + (font_height(view->font) - font_height(view->small)) / 2 + 1;
    if (right - note_x > view_px(view, 20))
        note_x += draw_text_fit(canvas, view->small, note_x, note_y,
                                (below ? room + pad : right) - note_x, note, theme->faint);
    for (uint32_t i = 0; i < ROW_LANES && axes; i++) {
        static const char *const names[] = { "x", "y", "z" };
        note_x += view_px(view, 7);
        if (row->lane[i] != NULL || row->other[i] != NULL)
            draw_text(canvas, view->small, note_x, note_y, names[i], theme->axis[i]);
    }
    if (row->differs) {
        int size = view_px(view, 3);
        draw_fill(canvas, 0, row->y + 1, size, row->height - 2, theme->error);
    }
}

static void draw_heading(struct view *view, struct canvas *canvas, const struct row *row)
{
    const struct theme *theme = view->theme;
    int width = view->at.gutter.width + view->at.plot.width;
    int y = row->y + (row->height - font_height(view->small)) / 2;
    uint32_t hidden = 0;
    char text[64];
    for (const struct row *r = row + 1; r < view->rows + view->row_count && !r->heading; r++)
        hidden += r->height == 0;
    draw_fill(canvas, 0, row->y, width, row->height, theme->heading);
    draw_fill(canvas, 0, row->y, width, 1, theme->line);
    int size = view_px(view, 4), x = view_px(view, 5), middle = row->y + row->height / 2;
    if (row->folded)
        for (int i = 0; i < size; i++)
            draw_fill(canvas, x + i, middle - (size - i), 1, 2 * (size - i), theme->muted);
    else
        draw_arrow(canvas, x + size / 2 + 1, middle + size / 2, size, false, theme->muted);
    draw_text(canvas, view->small, view_px(view, 16), y, group_names[row->group], theme->muted);
    if (hidden > 0) {
        snprintf(text, sizeof text, "%u hidden", hidden);
        draw_text_right(canvas, view->small, view->at.gutter.width - view_px(view, 8), y, text,
                        theme->faint);
    }
}

static void draw_grid(struct view *view, struct canvas *canvas, const struct row *row)
{
    uint64_t step =
        tick_step((uint64_t)((double)view->span_ns * view_px(view, 90) / view->at.plot.width));
    uint64_t origin = view_origin(view), end = draw_visible_end(view);
    uint64_t first =
        view->from_ns >= origin ? (view->from_ns - origin) / step * step + origin : origin;
    for (uint64_t t = first; t < end && t >= first; t += step) {
        int x = (int)view_x_of(view, t);
        if (x >= view->at.plot.x)
            draw_fill(canvas, x, row->y, 1, row->height, view->theme->grid);
    }
}

void draw_row(struct view *view, struct canvas *canvas, struct row *row)
{
    if (row->heading) {
        draw_heading(view, canvas, row);
        return;
    }
    struct rect plot = view->at.plot,
                old = { canvas->clip_x, canvas->clip_y, canvas->clip_right - canvas->clip_x,
                        canvas->clip_bottom - canvas->clip_y };
    int air = view_px(
        view, row->first->lane.kind == LANE_ANALOG || row->first->lane.kind == LANE_PWM ? 7 : 4);
    struct band band = { row->y + air, row->y + row->height - air, 0, false };
    draw_grid(view, canvas, row);
    draw_fill(canvas, 0, row->y + row->height - 1, view->at.gutter.width + plot.width, 1,
              view->theme->grid_strong);
    if (row->first->lane.kind == LANE_ANALOG) {
        draw_analog(view, canvas, row, band);
    } else if (row->first->lane.kind == LANE_PWM) {
        draw_pwm(view, canvas, row, band);
    } else {
        draw_clip_to_plot(view, canvas);
        for (uint32_t side = 2; side-- > 0;) {
            struct model_lane *lane = side == 0 ? row->lane[0] : row->other[0];
            struct band own = band;
            /* Once they were compared: what is the same need not be drawn twice. */
            if (lane == NULL || (side == 1 && view->compared && !row->differs))
                continue;
            own.second = side == 1;
            own.colour = side == 1 ? view->theme->other : 0;
            if (lane->lane.kind == LANE_EDGE)
                draw_edges(view, canvas, &lane->lane, &own);
            else if (lane->lane.kind == LANE_STATE)
                draw_states(view, canvas, view->model[side], lane, &own);
            else
                draw_moments(view, canvas, view->model[side], lane, &own);
        }
    }
    canvas_clip(canvas, old);
    draw_name(view, canvas, row);
}
