/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#include "measure.h"

#include "format.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#define EDGES_MAX 4000000u /* beyond this counting them all would be felt: then no duty */

struct edges {
    uint64_t rising, falling;
    uint64_t first_rise, last_rise;
    uint64_t high_ns;         /* from the start to the end */
    uint64_t high_periods_ns; /* within whole periods */
};

static void walk_edges(struct lane *lane, uint64_t from, uint64_t to, struct edges *e)
{
    struct lane_point before, point;
    bool high = from > 0 && lane_before(lane, from - 1, &before, NULL) && (before.value & 1);
    uint64_t since = from, high_at_last_rise = 0;
    for (uint64_t i = lane_find(lane, from);
         lane_point_at(lane, i, &point, NULL, NULL) && point.time_ns < to; i++) {
        bool level = point.value & 1;
        if (level == high)
            continue;
        if (high)
            e->high_ns += point.time_ns - since;
        if (level) {
            if (e->rising++ == 0)
                e->first_rise = point.time_ns, high_at_last_rise = e->high_ns;
            e->last_rise = point.time_ns;
            e->high_periods_ns = e->high_ns - high_at_last_rise;
        } else {
            e->falling++;
        }
        since = point.time_ns;
        high = level;
    }
    if (high)
        e->high_ns += to - since;
}

void measure_lane(struct lane *lane, uint64_t a_ns, uint64_t b_ns, struct measurement *out)
{
    uint64_t from = a_ns < b_ns ? a_ns : b_ns, to = a_ns < b_ns ? b_ns : a_ns;
    *out = (struct measurement){ .between_ns = to - from };
    if (lane == NULL || from == to)
        return;
    if (lane->kind == LANE_ANALOG) {
        struct lane_summary all = lane_summarise(lane, from, to);
        out->is_analog = all.count > 0;
        out->min = all.min;
        out->max = all.max;
        return;
    }
    if (lane->kind != LANE_EDGE || lane_count_between(lane, from, to) > EDGES_MAX)
        return;
    struct edges e = { 0 };
    walk_edges(lane, from, to, &e);
    out->rising = e.rising;
    out->falling = e.falling;
    out->has_duty = true;
    out->duty = (double)e.high_ns / (double)(to - from);
    if (e.rising >= 2) {
        uint64_t periods_ns = e.last_rise - e.first_rise;
        out->has_frequency = true;
        out->hertz = (double)(e.rising - 1) * 1e9 / (double)periods_ns;
        out->duty = (double)e.high_periods_ns / (double)periods_ns;
    }
}

static size_t put_cursor(const struct view *view, int which, char *to, size_t size)
{
    char moment[48];
    if (!view->cursor[which].set)
        return 0;
    format_time(moment, sizeof moment, view->cursor[which].time_ns - view_origin(view), 1000);
    return (size_t)snprintf(to, size, "%c %s   ", 'A' + which, moment);
}

static void put_lane(const char *name, const char *unit, const struct measurement *m, char *to,
                     size_t size)
{
    char text[48], more[48];
    if (m->is_analog) {
        format_nano(text, sizeof text, m->min, unit);
        format_nano(more, sizeof more, m->max, unit);
        snprintf(to, size, "   %s: %s to %s", name, text, more);
    } else if (m->has_frequency) {
        format_hertz(text, sizeof text, m->hertz);
        snprintf(to, size, "   %s: %" PRIu64 " rising, %s, duty %.4g %%", name, m->rising, text,
                 m->duty * 100);
    } else if (m->has_duty) {
        snprintf(to, size, "   %s: %" PRIu64 " rising, %" PRIu64 " falling, high %.4g %% of it",
                 name, m->rising, m->falling, m->duty * 100);
    }
}

void measure_text(struct view *view, char *to, size_t size)
{
    size_t used = put_cursor(view, 0, to, size);
    used += put_cursor(view, 1, to + used, size - used);
    if (!view->cursor[0].set || !view->cursor[1].set)
        return;
    struct measurement m;
    char between[48], rate[48];
    struct row *row = view->selected < view->row_count ? &view->rows[view->selected] : NULL;
    struct model_lane *lane = row != NULL && !row->heading ? row->lane[0] : NULL;
    measure_lane(lane != NULL ? &lane->lane : NULL, view->cursor[0].time_ns,
                 view->cursor[1].time_ns, &m);
    format_duration(between, sizeof between, m.between_ns);
    used += (size_t)snprintf(to + used, size - used, "Δ %s", between);
    if (m.between_ns > 0) {
        format_hertz(rate, sizeof rate, 1e9 / (double)m.between_ns);
        used += (size_t)snprintf(to + used, size - used, " (%s)", rate);
    }
    if (lane != NULL && used < size)
        put_lane(lane->name, lane->unit, &m, to + used, size - used);
}
