/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* One row: its name and value in the gutter, its lanes in the plot. The second recording is drawn first, in its own
 * colour: where both say the same the first covers it, so what is seen of it is what differs. */
#include "format.h"
#include "view.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

struct band {
    int top, bottom; /* where the lane's high and low are drawn */
    uint32_t colour; /* 0: the kind's own */
    bool second;     /* the other recording's */
};

static const char *const group_names[MODEL_GROUP_COUNT] = {
    [MODEL_LINES] = "LINES",           [MODEL_PWM] = "PWM",
    [MODEL_SENSORS] = "SENSORS",       [MODEL_BUSES] = "BUSES",
    [MODEL_PROGRAMS] = "BPF PROGRAMS", [MODEL_SCHEDULER] = "SCHEDULER",
    [MODEL_SAFETY] = "SAFETY",         [MODEL_LOG] = "LOG",
    [MODEL_OTHER] = "OTHER",
};

static uint64_t visible_end(const struct view *view)
{
    return view->span_ns > UINT64_MAX - view->from_ns ? UINT64_MAX : view->from_ns + view->span_ns;
}

/* Columns up to the newest event: beyond it nobody knows. */
static int known_width(const struct view *view)
{
    double x = view_x_of(view, view_end(view)) - view->at.plot.x + 1;
    return x < 0 ? 0 : x > view->at.plot.width ? view->at.plot.width : (int)x;
}

/* A column in a colour that is not opaque, over whatever the second recording left there. */
static void draw_over(const struct view *view, struct canvas *canvas, int x, int y, int height,
                      uint32_t colour)
{
    if (view->model_count > 1)
        draw_fill(canvas, x, y, 1, height, view->theme->back);
    draw_fill(canvas, x, y, 1, height, colour);
}

/* What a lane says where the plot begins. */
static bool value_at_left(const struct view *view, struct lane *lane, int64_t *value)
{
    uint64_t grain = view->span_ns / (uint64_t)view->at.plot.width;
    return view->from_ns > 0 && lane_value_before(lane, view->from_ns - 1, grain, value);
}

/* The lane's columns into view->columns; how many points they stand for, about. */
static uint64_t take_columns(struct view *view, struct lane *lane)
{
    uint64_t count = 0;
    lane_columns(lane, view->from_ns, view->span_ns, (uint32_t)view->at.plot.width, view->columns);
    for (int x = 0; x < view->at.plot.width; x++)
        count += view->columns[x].count;
    return count;
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

static void draw_edges(struct view *view, struct canvas *canvas, struct lane *lane,
                       const struct band *band)
{
    int64_t value = 0;
    bool known = value_at_left(view, lane, &value);
    int width = known_width(view), held = 0,
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

/* --- values --- */

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
    bool known = value_at_left(view, lane, &before);
    int width = known_width(view), held = 0,
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

/* From here on only the plot, not the gutter. */
static void clip_to_plot(const struct view *view, struct canvas *canvas)
{
    canvas_clip(canvas, (struct rect){ view->at.plot.x, canvas->clip_y, view->at.plot.width,
                                       canvas->clip_bottom - canvas->clip_y });
}

static void draw_analog(struct view *view, struct canvas *canvas, struct row *row, struct band band)
{
    struct scale scale;
    if (!value_scale(row, &scale))
        return;
    draw_value_grid(view, canvas, row, &band, &scale);
    clip_to_plot(view, canvas);
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
    uint64_t end = visible_end(view);
    struct lane_point point, next;
    const uint8_t *extra;
    size_t size;
    struct lane_pwm pwm;
    bool any = false;
    if (take_columns(view, lane) > 200)
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

static void draw_pwm(struct view *view, struct canvas *canvas, struct row *row, struct band band)
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
    clip_to_plot(view, canvas);
    for (uint32_t side = 2; side-- > 0;) {
        struct model_lane *lane = side == 0 ? row->lane[0] : row->other[0];
        uint32_t colour = side == 0 ? theme->pwm : theme->other;
        if (lane != NULL && !draw_waveform(view, canvas, &lane->lane, &band, colour))
            draw_values(view, canvas, &lane->lane, &band, &percent, colour, side == 0, false);
    }
}

/* --- things that happen at a moment --- */

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
    int width = known_width(view), height = band->bottom - band->top;
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

static void draw_moments(struct view *view, struct canvas *canvas, const struct model *model,
                         struct model_lane *lane, const struct band *band)
{
    uint64_t end = visible_end(view);
    struct lane_point point, next;
    if (take_columns(view, &lane->lane) * (uint64_t)view_px(view, 5) >
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

static void draw_states(struct view *view, struct canvas *canvas, const struct model *model,
                        struct model_lane *lane, const struct band *band)
{
    const struct theme *theme = view->theme;
    int width = known_width(view), height = band->bottom - band->top, held = 0;
    int64_t value = 0;
    bool known = value_at_left(view, &lane->lane, &value);
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
    uint64_t origin = view_origin(view), end = visible_end(view);
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
        clip_to_plot(view, canvas);
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
