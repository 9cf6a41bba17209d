/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* Commands that move through time: the visible stretch, playhead, pace, and cursors. */
#include "action.h"
#include "command.h"

#include <math.h>
#include <string.h>

static void show_from(struct view *view, double from)
{
    double most = (double)view_end(view) + (double)view->span_ns / 2;
    double least = (double)view_start(view) - (double)view->span_ns / 2;
    from = from > most ? most : from < least ? least : from;
    view->from_ns = from <= 0 ? 0 : from >= 1.8e19 ? UINT64_MAX : (uint64_t)from;
    view->fitted = false;
    view->follow = false;
}

void view_pan(struct view *view, double pixels)
{
    /* In whole ns, so that far from zero nothing is lost to a double's digits. */
    double ns = pixels * (double)view->span_ns / view->at.plot.width;
    uint64_t by = (uint64_t)fabs(ns);
    uint64_t from = view->from_ns;
    uint64_t start = view_start(view), end = view_end(view), half = view->span_ns / 2;
    if (ns < 0) {
        uint64_t least = start > half ? start - half : 0;
        from = from > by ? from - by : 0;
        view->from_ns = from < least ? least : from;
    } else {
        from = from > UINT64_MAX - by ? UINT64_MAX : from + by;
        uint64_t most = end > half ? end - half : end;
        view->from_ns =
            from > most && by > 0 ? (most > view->from_ns ? most : view->from_ns) : from;
    }
    view->fitted = false;
    view->follow = false;
}

void view_zoom(struct view *view, double factor, double x)
{
    uint64_t fixed;
    uint64_t all = view_end(view) - view_start(view);
    if (x < 0) {
        x = view_x_of(view, view->playhead_ns);
        if (x < view->at.plot.x || x > view->at.plot.x + view->at.plot.width)
            x = view->at.plot.x + view->at.plot.width / 2.0;
    }
    fixed = view_time_at(view, x);
    double span = (double)view->span_ns * factor;
    double most = (double)all * 4 + 1000;
    span = span < SPAN_LEAST_NS ? SPAN_LEAST_NS : span > most ? most : span;
    view->span_ns = (uint64_t)span;
    double left = (x - view->at.plot.x) / view->at.plot.width * span;
    bool follow = view->follow;
    view->from_ns = left <= 0 ? fixed : (double)fixed > left ? fixed - (uint64_t)left : 0;
    view->fitted = false;
    view->follow = follow;
}

/* Into sight, near the middle if it was not. */
static void show_time(struct view *view, uint64_t time_ns)
{
    uint64_t span = view->span_ns;
    if (time_ns >= view->from_ns && time_ns - view->from_ns <= span)
        return;
    view->from_ns = time_ns > span / 2 ? time_ns - span / 2 : 0;
    view->fitted = false;
    view->follow = false;
}

void view_go(struct view *view, uint64_t time_ns)
{
    view->playhead_ns = time_ns;
    show_time(view, time_ns);
}

void act_pan(struct view *view, double amount, double x)
{
    (void)x;
    view_pan(view, amount * view->at.plot.width);
}

void act_zoom(struct view *view, double amount, double x)
{
    view_zoom(view, amount, x);
}

void act_fit(struct view *view, double amount, double x)
{
    (void)amount;
    (void)x;
    view_fit(view);
}

void act_start(struct view *view, double amount, double x)
{
    (void)amount;
    (void)x;
    view_go(view, view_start(view));
}

void act_end(struct view *view, double amount, double x)
{
    (void)amount;
    (void)x;
    view_go(view, view_end(view));
}

void act_playhead(struct view *view, double amount, double x)
{
    (void)amount;
    view->playhead_ns =
        view_time_at(view, x >= 0 ? x : view->at.plot.x + view->at.plot.width / 2.0);
    view->follow = false;
}

void act_follow(struct view *view, double amount, double x)
{
    (void)amount;
    (void)x;
    view->follow = !view->follow;
    view->fitted = false;
}

/* The nearest moment of a lane beyond `from`; false if none. */
static bool neighbour(struct lane *lane, uint64_t from, bool forward, uint64_t *out)
{
    struct lane_point point;
    if (forward) {
        if (from == UINT64_MAX ||
            !lane_point_at(lane, lane_find(lane, from + 1), &point, NULL, NULL))
            return false;
    } else if (from == 0 || !lane_before(lane, from - 1, &point, NULL)) {
        return false;
    }
    *out = point.time_ns;
    return true;
}

static bool row_neighbour(struct row *row, uint64_t from, bool forward, uint64_t *best, bool any)
{
    for (uint32_t i = 0; i < 2 * ROW_LANES; i++) {
        struct model_lane *lane = i < ROW_LANES ? row->lane[i] : row->other[i - ROW_LANES];
        uint64_t at;
        if (lane != NULL && neighbour(&lane->lane, from, forward, &at) &&
            (!any || (forward ? at < *best : at > *best))) {
            *best = at;
            any = true;
        }
    }
    return any;
}

static void step(struct view *view, bool forward, bool all_rows)
{
    uint64_t best = 0;
    bool any = false;
    struct row *selected = view_selected_row(view);
    for (uint32_t i = 0; i < view->row_count; i++) {
        struct row *row = &view->rows[i];
        if (row->heading || row->height == 0 || (!all_rows && row != selected))
            continue;
        any = row_neighbour(row, view->playhead_ns, forward, &best, any);
    }
    if (any)
        view_go(view, best);
    else
        view_say(view, !all_rows && selected == NULL ? "select a lane first (↑ ↓)"
                       : forward                     ? "nothing later"
                                                     : "nothing earlier");
}

void act_step_lane(struct view *view, double amount, double x)
{
    (void)x;
    step(view, amount > 0, false);
}

void act_step_any(struct view *view, double amount, double x)
{
    (void)x;
    step(view, amount > 0, true);
}

static void pace(struct view *view)
{
    if (view->set_pace != NULL)
        view->set_pace(view->input_context, view->live_paused, view->speed);
}

void act_speed(struct view *view, double amount, double x)
{
    (void)x;
    view->speed *= amount;
    if (view->speed > 1024)
        view->speed = 1024;
    if (view->speed < 1.0 / 1024)
        view->speed = 1.0 / 1024;
    pace(view);
}

void act_play(struct view *view, double amount, double x)
{
    (void)amount;
    (void)x;

    if (view->live && !view->live_ended) {
        view->live_paused = !view->live_paused;
        pace(view);
        return;
    }
    if (!view->playing && view->playhead_ns >= view_end(view))
        view_go(view, view_start(view));
    view->playing = !view->playing;
}

void act_cursor(struct view *view, double amount, double x)
{
    view->cursor[amount > 0] =
        (struct cursor){ true, x >= 0 ? view_time_at(view, x) : view->playhead_ns };
}

void act_clear(struct view *view, double amount, double x)
{
    (void)amount;
    (void)x;
    view->cursor[0].set = view->cursor[1].set = view->show_help = false;
}

void act_zoom_cursors(struct view *view, double amount, double x)
{
    (void)amount;
    (void)x;

    if (!view->cursor[0].set || !view->cursor[1].set) {
        view_say(view, "set both cursors first (A, B)");
        return;
    }
    uint64_t a = view->cursor[0].time_ns, b = view->cursor[1].time_ns;
    uint64_t from = a < b ? a : b, span = a < b ? b - a : a - b;
    uint64_t air = span / 20;
    view->span_ns = span + 2 * air > SPAN_LEAST_NS ? span + 2 * air : SPAN_LEAST_NS;
    show_from(view, from > air ? (double)(from - air) : 0);
    view->from_ns = from > air ? from - air : 0;
}
