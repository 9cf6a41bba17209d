/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* Lanes of values: steps or curves with a scale in the gutter, and PWM as the waveform that it is. */
#include "draw_lane.h"
#include "format.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

struct scale {
    double low, high; /* values at band's bottom and top */
};

static int y_of(const struct band *band, const struct scale *scale, int64_t value)
{
    double share = ((double)value - scale->low) / (scale->high - scale->low);
    share = share < 0 ? 0 : share > 1 ? 1 : share;
    return band->bottom - 1 - (int)(share * (band->bottom - band->top - 1) + 0.5);
}

/* A value held over columns [from, to): a step. */
static void draw_held(struct view *view, struct canvas *canvas, const struct band *band, int from,
                      int to, int y, uint32_t colour, bool filled)
{
    int x = view->at.plot.x + from, thick = view_px(view, 1.4) > 0 ? view_px(view, 1.4) : 1;
    if (to <= from)
        return;
    if (filled && y < band->bottom)
        draw_fill(canvas, x, y, to - from, band->bottom - y, with_alpha(colour, 44));
    draw_fill(canvas, x, y, to - from, thick, colour);
}

static void draw_values(struct view *view, struct canvas *canvas, struct lane *lane,
                        const struct band *band, const struct scale *scale, uint32_t colour,
                        bool filled, bool dotted)
{
    int64_t before = 0;
    bool known = draw_value_at_left(view, lane, &before);
    int width = draw_known_width(view), held = 0,
        thick = view_px(view, 1.4) > 0 ? view_px(view, 1.4) : 1;
    int y = known ? y_of(band, scale, before) : 0;
    lane_columns(lane, view->from_ns, view->span_ns, (uint32_t)view->at.plot.width, view->columns);
    uint32_t seen = 0;
    for (int x = 0; x < width; x++)
        seen += view->columns[x].count > 0;
    bool dots = seen > 0 && seen * (uint32_t)view_px(view, 14) < (uint32_t)width && dotted;
    for (int x = 0; x < width; x++) {
        const struct lane_summary *column = &view->columns[x];
        if (column->count == 0)
            continue;
        if (known)
            draw_held(view, canvas, band, held, x, y, colour, filled);
        int top = y_of(band, scale, column->max), bottom = y_of(band, scale, column->min);
        if (known) {
            top = y < top ? y : top;
            bottom = y > bottom ? y : bottom;
        }
        if (filled)
            draw_fill(canvas, view->at.plot.x + x, top, 1, band->bottom - top,
                      with_alpha(colour, 44));
        draw_fill(canvas, view->at.plot.x + x, top, column->count > 1 ? 1 : thick,
                  bottom - top + thick, colour);
        y = y_of(band, scale, column->last);
        if (dots)
            draw_disc(canvas, (float)(view->at.plot.x + x) + 0.5f, (float)y + (float)thick / 2,
                      (float)(2.2 * view->scale), colour);
        held = column->count > 1 ? x + 1 : x;
        known = true;
    }
    if (known)
        draw_held(view, canvas, band, held, width, y, colour, filled);
}

/* The extremes of a row's lanes, with air, and lines at round values with their labels in the gutter. */
static bool value_scale(const struct row *row, struct scale *scale)
{
    bool any = false;
    double low = 0, high = 0;
    for (uint32_t i = 0; i < 2 * ROW_LANES; i++) {
        const struct model_lane *lane = i < ROW_LANES ? row->lane[i] : row->other[i - ROW_LANES];
        int64_t min, max;
        if (lane == NULL || !lane_range(&lane->lane, &min, &max))
            continue;
        low = !any || (double)min < low ? (double)min : low;
        high = !any || (double)max > high ? (double)max : high;
        any = true;
    }
    double air = (high - low) * 0.06;
    if (air < 1e-9 * fabs(high) || air <= 0)
        air = fabs(high) > 0 ? fabs(high) * 0.05 : 1e9;
    *scale = (struct scale){ low - air, high + air };
    return any;
}

static void draw_value_grid(struct view *view, struct canvas *canvas, const struct row *row,
                            const struct band *band, const struct scale *scale)
{
    char text[40];
    double step = value_step((scale->high - scale->low) / 1e9 /
                             ((band->bottom - band->top) / view_px(view, 17) + 1));
    int last = INT32_MAX;
    for (double v = ceil(scale->low / 1e9 / step) * step; v <= scale->high / 1e9; v += step) {
        int y = y_of(band, scale, (int64_t)(v * 1e9));
        draw_fill(canvas, view->at.plot.x, y, view->at.plot.width, 1, view->theme->grid_strong);
        int text_y = y - font_height(view->small) / 2;
        if (text_y < row->y || text_y + font_height(view->small) > row->y + row->height ||
            last - y < font_height(view->small))
            continue;
        last = y;
        snprintf(text, sizeof text, "%.6g", fabs(v) < step / 1e3 ? 0.0 : v);
        draw_text_right(canvas, view->small, view->at.plot.x - view_px(view, 7), text_y, text,
                        view->theme->faint);
        if (v + step <= v)
            break;
    }
}

void draw_analog(struct view *view, struct canvas *canvas, struct row *row, struct band band)
{
    struct scale scale;
    if (!value_scale(row, &scale))
        return;
    draw_value_grid(view, canvas, row, &band, &scale);
    draw_clip_to_plot(view, canvas);
    for (uint32_t i = 0; i < ROW_LANES; i++) {
        if (row->other[i] != NULL && (!view->compared || row->differs))
            draw_values(view, canvas, &row->other[i]->lane, &band, &scale, view->theme->other,
                        false, true);
    }
    for (uint32_t i = ROW_LANES; i-- > 0;) {
        if (row->lane[i] != NULL)
            draw_values(view, canvas, &row->lane[i]->lane, &band, &scale, view->theme->axis[i],
                        false, true);
    }
}

/* --- PWM --- */

/* The waveform from one change to the next; its phase starts with the change, as the hardware's does. */
static void draw_pulses(struct view *view, struct canvas *canvas, const struct band *band,
                        const struct lane_pwm *pwm, uint64_t from, uint64_t to, uint32_t colour)
{
    double ns_px = (double)view->span_ns / view->at.plot.width, period_px;
    int thick = view_px(view, 1.4) > 0 ? view_px(view, 1.4) : 1, end;
    if (from < view->from_ns) /* whole periods before the plot are left out */
        from += (view->from_ns - from) / pwm->period_ns * pwm->period_ns;
    double x = view_x_of(view, from), x_end = view_x_of(view, to);
    double right = view->at.plot.x + view->at.plot.width + 4;
    bool inverted = pwm->inverted != 0;
    period_px = (double)pwm->period_ns / ns_px;
    double high_px =
        (double)(pwm->duty_ns < pwm->period_ns ? pwm->duty_ns : pwm->period_ns) / ns_px;
    if (x_end > right)
        x_end = right;
    for (; x < x_end; x += period_px) {
        int rise = (int)x, fall = (int)fmin(x + high_px, x_end);
        end = (int)fmin(x + period_px, x_end);
        int y_first = inverted ? band->bottom - thick : band->top;
        int y_then = inverted ? band->top : band->bottom - thick;
        int fill_from = inverted ? fall : rise, fill_to = inverted ? end : fall;
        draw_fill(canvas, fill_from, band->top, fill_to - fill_from, band->bottom - band->top,
                  with_alpha(colour, 38));
        draw_fill(canvas, rise, y_first, fall - rise, thick, colour);
        draw_fill(canvas, fall, y_then, end - fall, thick, colour);
        if (high_px > 0.5)
            draw_fill(canvas, rise, band->top, thick, band->bottom - band->top, colour);
        if (high_px > 0.5 && fall < end)
            draw_fill(canvas, fall, band->top, thick, band->bottom - band->top, colour);
    }
}

/* Zoomed in far enough for its pulses: true if that was drawn. */
static bool draw_waveform(struct view *view, struct canvas *canvas, struct lane *lane,
                          const struct band *band, uint32_t colour)
{
    double ns_px = (double)view->span_ns / view->at.plot.width;
    uint64_t end = draw_visible_end(view);
    struct lane_point point, next;
    const uint8_t *extra;
    size_t size;
    struct lane_pwm pwm;
    bool any = false;
    if (draw_take_columns(view, lane) > 200)
        return false;
    uint64_t index = lane_find(lane, view->from_ns);
    index = index > 0 ? index - 1 : 0;
    for (int pass = 0; pass < 2; pass++) {
        for (uint64_t i = index;
             lane_point_at(lane, i, &point, &extra, &size) && point.time_ns < end; i++) {
            if (size < sizeof pwm)
                return false;
            memcpy(&pwm, extra, sizeof pwm);
            bool on = pwm.enabled && pwm.period_ns > 0;
            if (pass == 0) {
                any |= on;
                if (on && (double)pwm.period_ns / ns_px < 6)
                    return false;
                continue;
            }
            uint64_t to =
                lane_point_at(lane, i + 1, &next, NULL, NULL) ? next.time_ns : view_end(view);
            if (on)
                draw_pulses(view, canvas, band, &pwm, point.time_ns, to, colour);
            else
                draw_fill(canvas, (int)fmax(view_x_of(view, point.time_ns), view->at.plot.x),
                          band->bottom - 1,
                          (int)(fmin(view_x_of(view, to), view->at.plot.x + view->at.plot.width) -
                                fmax(view_x_of(view, point.time_ns), view->at.plot.x)),
                          1, colour);
        }
        if (!any)
            return false;
    }
    return true;
}

void draw_pwm(struct view *view, struct canvas *canvas, struct row *row, struct band band)
{
    const struct scale percent = { 0, 1e6 };
    const struct theme *theme = view->theme;
    for (int i = 0; i <= 2; i++)
        draw_fill(canvas, view->at.plot.x, y_of(&band, &percent, i * 500000), view->at.plot.width,
                  1, theme->grid_strong);
    draw_text_right(canvas, view->small, view->at.plot.x - view_px(view, 7),
                    band.top - font_height(view->small) / 2 + 1, "100 %", theme->faint);
    draw_text_right(canvas, view->small, view->at.plot.x - view_px(view, 7),
                    band.bottom - font_height(view->small) / 2 - 1, "0", theme->faint);
    draw_clip_to_plot(view, canvas);
    for (uint32_t side = 2; side-- > 0;) {
        struct model_lane *lane = side == 0 ? row->lane[0] : row->other[0];
        uint32_t colour = side == 0 ? theme->pwm : theme->other;
        if (lane != NULL && !draw_waveform(view, canvas, &lane->lane, &band, colour))
            draw_values(view, canvas, &lane->lane, &band, &percent, colour, side == 0, false);
    }
}
